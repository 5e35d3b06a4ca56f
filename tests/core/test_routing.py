"""Where a video belongs (acceptance 13-15 and 24): one right folder with its reasons, or a reason why there is none."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.model import Episode, ExternalIds, Movie, Show
from medialib.naming import JELLYFIN, ORIGINAL, PLEX, NamingPreset, ParsedName, parse_name, unsafe_reason
from medialib.routing import Route, Routed, RoutingPolicy, Unrouted, new_movie, new_show, route
from medialib.testing.strategies import dates, texts

SHOW = Show("show-name", "Show Name")
ALL = RoutingPolicy(tv="tv", anime="anime", movies="films")


def routed(
    name: str,
    title: Show | Movie = SHOW,
    policy: RoutingPolicy = ALL,
    episodes: tuple[Episode, ...] = (),
) -> Route:
    return route(name, parse_name(name), title, policy, episodes=episodes)


def place(*arguments: object) -> str:
    found = routed(*arguments)  # type: ignore[arg-type]
    assert isinstance(found, Routed), found
    return str(found.place)


def reason(*arguments: object) -> str:
    found = routed(*arguments)  # type: ignore[arg-type]
    assert isinstance(found, Unrouted), found
    return str(found)


@pytest.mark.parametrize(
    ("preset", "name", "expected"),
    [
        (ORIGINAL, "Show.Name.S01E02.mkv", "tv:Show Name/Season 01/Show.Name.S01E02.mkv"),
        (PLEX, "Show.Name.S01E02.mkv", "tv:Show Name/Season 01/Show Name - S01E02.mkv"),
        (JELLYFIN, "Show.Name.S01E02.mkv", "tv:Show Name/Season 01/Show Name - S01E02.mkv"),
        (PLEX, "Show.Name.S01E01E02.mkv", "tv:Show Name/Season 01/Show Name - S01E01-E02.mkv"),
        (PLEX, "Show.Name.S01E01-E03.mkv", "tv:Show Name/Season 01/Show Name - S01E01-E03.mkv"),
        (ORIGINAL, "Show.Name.S00E03.mkv", "tv:Show Name/Season 00/Show.Name.S00E03.mkv"),
        (PLEX, "Show.Name.S00E03.mkv", "tv:Show Name/Specials/Show Name - S00E03.mkv"),
        (JELLYFIN, "Show.Name.S00E03.mkv", "tv:Show Name/Season 00/Show Name - S00E03.mkv"),
        (PLEX, "Show.Name.2x05.mkv", "tv:Show Name/Season 02/Show Name - S02E05.mkv"),
        (PLEX, "Show.Name.S21E1071.mkv", "tv:Show Name/Season 21/Show Name - S21E1071.mkv"),
        (PLEX, "Show.Name.2024.05.17.mkv", "tv:Show Name/Season 2024/Show Name - 2024-05-17.mkv"),
        (ORIGINAL, "Show.Name.2024.05.17.mkv", "tv:Show Name/Season 2024/Show.Name.2024.05.17.mkv"),
    ],
)
def test_an_episode_goes_to_its_season(preset: NamingPreset, name: str, expected: str) -> None:
    """`Show.Name.S01E02.mkv` / route → `Show Name/Season 01/…`; season 0 as each server wants it."""
    assert place(name, SHOW, RoutingPolicy(tv="tv", preset=preset)) == expected


def test_what_was_routed_says_what_it_holds_and_why() -> None:
    name = "Pack/Show.Name.S01E02.Proper.Repack.1080p.BluRay.REMUX.H264-GRP.mkv"
    found = routed(name)
    assert isinstance(found, Routed)
    unit = found.holding.unit
    assert unit is not None
    assert (unit.kind, unit.key, unit.season, unit.episodes, unit.aired) == ("episode", "show-name", 1, (2,), None)
    assert found.holding.release == name
    assert found.holding.role == "video"
    assert dict(found.holding.details) == {
        "resolution": "1080p",
        "source": "BluRay",
        "video_codec": "H.264",
        "release_group": "GRP",
        "proper": "yes",
        "repack": "yes",
        "remux": "yes",
        "languages": "",
    }
    assert found.reasons == ("show 'Show Name'", "the name says S01E02", "named for original")


def test_a_version_is_kept() -> None:
    found = routed("[G] Show Name - 01v2 [ABCD1234].mkv", SHOW, ALL, (Episode("show-name", 1, 1, absolute=1),))
    assert isinstance(found, Routed)
    assert found.holding.details["version"] == "2"
    assert found.holding.details["crc32"] == "ABCD1234"


PIECE = Show("one-piece", "One Piece", type="anime")
MAP = (Episode("one-piece", 21, 180, absolute=1071), Episode("one-piece", 21, 181, "Gear 5", absolute=1072))


def test_an_absolute_number_is_mapped() -> None:
    """`[G] One Piece - 1071 [ABCD1234].mkv`, absolute map present → mapped season and episode."""
    plex = RoutingPolicy(tv="tv", anime="anime", preset=PLEX)
    assert (
        place("[G] One Piece - 1071 [ABCD1234].mkv", PIECE, plex, MAP)
        == "anime:One Piece/Season 21/One Piece - S21E180.mkv"
    )
    assert place("[G] One Piece - 1072.mkv", PIECE, plex, MAP).endswith("One Piece - S21E181 - Gear 5.mkv")
    found = routed("[G] One Piece - 1071-1072 [1080p].mkv", PIECE, plex, MAP[::-1])
    assert isinstance(found, Routed)
    assert found.holding.unit is not None
    assert found.holding.unit.episodes == (180, 181)
    assert found.reasons[1] == "absolute episode 1071, 1072 is S21E180E181"


def test_an_absolute_number_without_map_or_with_an_ambiguous_one_is_not_moved() -> None:
    """No map, or an ambiguous one → not moved, reason reported."""
    name = "[G] One Piece - 1071 [ABCD1234].mkv"
    assert reason(name, PIECE) == (
        "the catalogue does not know which season of 'One Piece' absolute episode 1071 is in. "
        'Let a provider tell its episodes: medialib shows add "One Piece".'
    )
    assert reason(name, PIECE, ALL, (Episode("one-piece", 20, 1, absolute=1070),)) == reason(name, PIECE)
    twice = (*MAP, Episode("one-piece", 22, 1, absolute=1071))
    assert reason(name, PIECE, ALL, twice) == "absolute episode 1071 of 'One Piece' may be any of S21E180, S22E01"
    apart = (MAP[0], Episode("one-piece", 22, 1, absolute=1072))
    assert reason("[G] One Piece - 1071-1072 [1080p].mkv", PIECE, ALL, apart) == (
        "absolute episodes 1071, 1072 of 'One Piece' lie in several seasons"
    )


def test_an_episode_without_a_season_is_looked_up_too() -> None:
    parsed = ParsedName(name="x", title="One Piece", episodes=(1071,), confidence=1.0)
    found = route("x.mkv", parsed, PIECE, ALL, episodes=MAP)
    assert isinstance(found, Routed)
    assert found.holding.unit is not None
    assert (found.holding.unit.season, found.holding.unit.episodes) == (21, (180,))


def test_a_daily_goes_by_the_episodes_of_that_day() -> None:
    plex = RoutingPolicy(tv="tv", preset=PLEX)
    day = date(2024, 5, 17)
    second, first = (
        Episode("show-name", 29, 50, "Guest", aired=day),
        Episode("show-name", 29, 49, aired=day),
    )
    name = "Show.Name.2024.05.17.mkv"
    assert place(name, SHOW, plex, (second,)) == "tv:Show Name/Season 29/Show Name - S29E50 - Guest.mkv"
    assert place(name, SHOW, plex, (second, first)) == "tv:Show Name/Season 29/Show Name - S29E49-E50.mkv"
    assert reason(name, SHOW, plex, (second, Episode("show-name", 0, 3, aired=day))) == (
        "episodes of several seasons were broadcast on 2024-05-17"
    )
    found = routed(name, SHOW, plex, (Episode("show-name", 29, 51, aired=date(2024, 5, 18)),))
    assert isinstance(found, Routed)
    assert found.holding.unit is not None
    assert (found.holding.unit.season, found.holding.unit.aired) == (None, day)
    assert found.reasons[1] == "a daily of 2024-05-17"


def test_the_catalogue_knows_the_title_of_an_episode_better_than_the_name() -> None:
    plex = RoutingPolicy(tv="tv", preset=PLEX)
    name = "Show.Name.S01E02.The.Harbour.1080p.mkv"
    assert place(name, SHOW, plex).endswith("/Show Name - S01E02 - The Harbour.mkv")
    assert place(name, SHOW, plex, (Episode("show-name", 1, 2, "Harbours"),)).endswith(" - S01E02 - Harbours.mkv")
    assert place(name, SHOW, plex, (Episode("show-name", 1, 2),)).endswith(" - S01E02 - The Harbour.mkv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("[G] Show Name - 12.5 [1080p].mkv", "episode 12.5 stands between two episodes"),
        ("Show.Name.S01-S03.1080p.WEB-GRP.mkv", "its name spans several seasons"),
        ("Show.Name.S01.1080p.WEB-GRP.mkv", "it names a whole season, not an episode"),
        ("Show.Name.S01E02.Sample.mkv", "it is a sample, not an episode or a film"),
        ("Show.Name.1999.1080p.BluRay.mkv", "its name has no episode number or date"),
        ("qwrtpsd.mkv", "its name is read with a confidence of 0.10, below 0.30. Rename it, or lower"),
    ],
)
def test_what_has_no_one_place_says_why(name: str, expected: str) -> None:
    assert reason(name).startswith(expected)


def test_an_extra_is_no_episode() -> None:
    parsed = ParsedName(name="x", kind="extra", title="Show Name", seasons=(1,), episodes=(1,), confidence=1.0)
    assert route("x.mkv", parsed, SHOW, ALL) == Unrouted("it is an extra, not an episode or a film")


def test_the_confidence_asked_for_is_the_users() -> None:
    name = "Show.Name.S01E02.mkv"
    confidence = parse_name(name).confidence
    assert isinstance(routed(name, SHOW, RoutingPolicy(tv="tv", minimum_confidence=confidence)), Routed)
    assert isinstance(routed(name, SHOW, RoutingPolicy(tv="tv", minimum_confidence=confidence + 0.01)), Unrouted)


def test_a_film_goes_to_the_films() -> None:
    """A movie goes to `movie_path` as `Title (Year)/Title (Year).ext`."""
    matrix = Movie("the-matrix-1999", "The Matrix", year=1999, ids=ExternalIds(tmdb=603))
    name = "The.Matrix.1999.1080p.BluRay.x264-GRP.mkv"
    plex = RoutingPolicy(movies="films", preset=PLEX)
    assert place(name, matrix, plex) == "films:The Matrix (1999) {tmdb-603}/The Matrix (1999).mkv"
    assert place(name, matrix) == "films:The Matrix (1999)/The Matrix (1999).mkv"
    found = routed(name, matrix)
    assert isinstance(found, Routed)
    assert found.holding.unit is not None
    assert (found.holding.unit.kind, found.holding.unit.key) == ("movie", "the-matrix-1999")
    assert reason(name, matrix, RoutingPolicy(tv="tv")) == (
        "it is a film, and no folder for films is configured. Set library.movies."
    )


def test_roots() -> None:
    """Anime goes to its own root where there is one, else to that of the series."""
    name = "Show.Name.S01E02.mkv"
    anime = Show("show-name", "Show Name", type="anime")
    assert place(name, anime).startswith("anime:")
    assert place(name, anime, RoutingPolicy(tv="tv")).startswith("tv:")
    assert place(name, SHOW).startswith("tv:")
    assert reason(name, SHOW, RoutingPolicy(anime="anime", movies="films")) == (
        "it is an episode, and no folder for series is configured. Set library.tv."
    )


def test_a_folder_of_the_users_own_is_used() -> None:
    """`--override-dir` uses the given name; one that leaves the root is refused."""
    assert place("Show.Name.S01E02.mkv", Show("s", "Show", folder="My Show")).startswith("tv:My Show/Season 01/")
    film = Movie("f", "Film", folder="My Film")
    assert place("Film.1999.1080p.BluRay.mkv", film) == "films:My Film/Film.mkv"
    for folder in ("../away", "/etc", "a\x00b", "x" * 300, "caf\udce9"):
        assert reason("Show.Name.S01E02.mkv", Show("s", "Show", folder=folder)).startswith("its path would be")
        assert "another folder" in reason("Film.1999.1080p.BluRay.mkv", Movie("f", "Film", folder=folder))


def test_a_new_show_and_a_new_film_from_a_name() -> None:
    assert new_show(parse_name("The.Office.US.S01E01.mkv")) == Show("the-office-us", "The Office (US)", source="name")
    assert new_show(parse_name("Show.Name.2019.S01E02.mkv"), {"show-name-2019", "show-name-2019-2"}).key == (
        "show-name-2019-3"
    )
    assert new_show(parse_name("[G] One Piece - 1071 [ABCD1234].mkv")).type == "anime"
    assert new_show(parse_name("Daily.Show.2024.05.17.mkv")).type == "daily"
    assert new_show(parse_name("Show.Name.S01E02.mkv")).type == "standard"
    assert new_movie(ParsedName(name="x", title="...")).key == "untitled"
    assert new_movie(ParsedName(name="x")).title == ""


any_title = st.one_of(
    texts(40), st.sampled_from(("Fate/stay: night?", "...", "CON", "AC/DC", "x" * 300, "é" * 200, "\u202eRTL\u200f"))
)
numbers = st.one_of(st.integers(0, 10**6), st.sampled_from((0.5, 12.5)))
parsed_names = st.builds(
    ParsedName,
    name=st.just("x"),
    kind=st.sampled_from(("episode", "anime", "daily", "special", "movie", "extra", "unknown")),
    title=st.none() | any_title,
    year=st.none() | st.integers(1900, 2100),
    seasons=st.lists(st.integers(0, 3000), max_size=2).map(tuple),
    episodes=st.lists(numbers, max_size=40).map(tuple),
    absolute_episodes=st.lists(numbers, max_size=2).map(tuple),
    episode_title=st.none() | any_title,
    date=st.none() | dates(),
    country=st.none() | st.sampled_from(("US", "GB")),
    season_pack=st.booleans(),
    confidence=st.floats(0, 1),
)
records = st.one_of(
    st.builds(
        Show,
        key=st.just("k"),
        title=any_title,
        year=st.none() | st.integers(0, 9999),
        type=st.sampled_from(("standard", "anime", "daily")),
        folder=st.just("") | any_title,
        ids=st.builds(ExternalIds, tvdb=st.none() | st.integers(0, 10**9)),
    ),
    st.builds(Movie, key=st.just("k"), title=any_title, year=st.none() | st.integers(0, 9999)),
)
policies = st.builds(
    RoutingPolicy,
    tv=st.sampled_from((None, "tv")),
    anime=st.sampled_from((None, "anime")),
    movies=st.sampled_from((None, "films")),
    preset=st.sampled_from((ORIGINAL, PLEX, JELLYFIN)),
)
catalogues = st.lists(
    st.builds(
        Episode,
        show=st.just("k"),
        season=st.integers(0, 30),
        number=st.integers(0, 2000),
        title=st.none() | any_title,
        absolute=st.none() | st.integers(0, 5),
        aired=st.none() | dates(),
    ),
    max_size=4,
)


@given(any_title, parsed_names, records, policies, catalogues)
def test_every_place_is_valid_everywhere(
    name: str, parsed: ParsedName, title: Show | Movie, policy: RoutingPolicy, episodes: list[Episode]
) -> None:
    """A valid path inside the root for any title and name, ≤ 255 bytes a part; never an exception."""
    found = route(f"in/{name}.mkv", parsed, title, policy, episodes=iter(episodes))
    if isinstance(found, Unrouted):
        assert found.reason
        return
    assert unsafe_reason(found.place.path) is None
    parts = found.place.path.split("/")
    assert len(parts) >= (2 if isinstance(title, Movie) else 3)
    assert all(len(part.encode()) <= 255 for part in parts)
    assert len(parts[-1].encode()) <= 255 - len(".en.forced.srt")
    assert found.place.location in {policy.tv, policy.anime, policy.movies} - {None}
    assert found.reasons
    assert all(found.reasons)
    unit = found.holding.unit
    assert unit is not None
    assert unit.key == title.key
    assert (unit.kind == "movie") is isinstance(title, Movie)
    if unit.kind == "episode":
        assert unit.aired is not None or (unit.season is not None and unit.episodes)
        # whatever the catalogue's order, the answer is the same
        again = route(f"in/{name}.mkv", parsed, title, policy, episodes=episodes[::-1])
        assert isinstance(again, Unrouted) or again.place == found.place


@given(parsed_names, st.sets(st.sampled_from(("untitled", "con", "ac-dc", "untitled-2"))))
def test_a_new_key_is_free_and_lower_case(parsed: ParsedName, taken: set[str]) -> None:
    """Its key avoids those in `taken`; keys are lower-case and hold no separators."""
    for record in (new_show(parsed, taken), new_movie(parsed, taken)):
        assert record.key not in taken
        assert record.key == record.key.casefold()
        assert record.key
        assert "/" not in record.key
        assert (record.year, record.source) == (parsed.year, "name")
        # all taken at once: another key still
        assert new_movie(parsed, {*taken, new_movie(parsed, taken).key}).key != new_movie(parsed, taken).key


def test_the_parts_of_a_film_have_names_of_their_own() -> None:
    policy = RoutingPolicy(movies="movies", preset=PLEX)
    places = set()
    for part in (1, 2):
        name = f"Long.Film.1999.Part.{part}.1080p.BluRay.mkv"
        routed = route(name, parse_name(name), Movie("long-film", "Long Film", 1999), policy)
        assert isinstance(routed, Routed)
        places.add(routed.place.path)
        assert parse_name(routed.place.path).part == part
    assert places == {f"Long Film (1999)/Long Film (1999) - part{part}.mkv" for part in (1, 2)}

"""Names are valid on every file system, and what is written is read back (acceptance 21, 24, 27, 28, 58)."""

from __future__ import annotations

import datetime
import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from medialib.model import ExternalIds
from medialib.naming import parse_name
from medialib.naming.rendering import (
    JELLYFIN,
    KODI,
    ORIGINAL,
    PLEX,
    NamingPreset,
    collision_key,
    companion_suffix,
    safe_part,
    unsafe_reason,
)

ORDINARY = ("Silent", "Harbour", "Märchen", "Night", "Kitchen", "Über", "Boats", "River's", "Crown", "Harvest", "Oak")
PRESETS = [PLEX, JELLYFIN, KODI, ORIGINAL]
WINDOWS_FORBIDS = set('<>:"/\\|?*') | {chr(number) for number in range(32)} | {"\x7f"}
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
any_text = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="aé\u0301. :/\\CONcon123-_¹\u200f\u202e\ud800\x00\n\ufb01ẞ", max_size=400),
    st.sampled_from(
        ["CON", "con.txt", "COM1 .x", "nul", "LPT¹", "...", "", " ", "x" * 300, "é" * 300, "a\u0301" * 200]
    ),
)


def assert_valid_everywhere(part: str, limit: int = 255) -> None:
    assert part
    assert len(part.encode()) <= limit
    assert not set(part) & WINDOWS_FORBIDS
    assert not part.startswith((".", " "))
    assert not part.endswith((".", " "))
    assert part.partition(".")[0].rstrip().casefold() not in DEVICES
    assert part == unicodedata.normalize("NFC", part)
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in part)
    assert unsafe_reason(part) is None


@settings(max_examples=500)
@given(any_text, st.integers(-5, 300))
@example("CON", 40)
@example("e\u0301" * 150, 40)
def test_any_text_makes_a_valid_part(text: str, room: int) -> None:
    """Valid on Linux, macOS, Windows and SMB; short enough; never empty; applying twice changes nothing."""
    part = safe_part(text, room=room)
    assert_valid_everywhere(part, max(16, 255 - max(0, room)))
    assert safe_part(part, room=room) == part


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60))
def test_both_unicode_forms_make_the_same_part(text: str) -> None:
    """macOS hands out decomposed names, others composed ones: the part must not depend on it."""
    assert safe_part(unicodedata.normalize("NFD", text)) == safe_part(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("Fate/stay: night?", "Fate-stay - night"),
        ("...", "Untitled"),
        ("CON", "CON_"),
        ("con.mkv", "con_.mkv"),
        ("Console", "Console"),
        ("AC/DC", "AC-DC"),
        ("Cafe\u0301", "Café"),
        ("\u200fשלום\u200e", "שלום"),
        ("a\x00b\nc", "ab c"),
        ("Trailing. . .", "Trailing"),
        (".hidden", "hidden"),
        ('Say "Hi" <now>|*', "Say 'Hi' now-"),
        ("C:\\x", "C-x"),
        ("Re:Harbour", "Re-Harbour"),
        ("12:01", "12-01"),
        ("Harbour : Night", "Harbour - Night"),
        ("A:\u200f B", "A - B"),
        ("a//b", "a-b"),
        ("Who:", "Who"),
        ("\udc80x", "x"),
    ],
)
def test_hard_titles(title: str, part: str) -> None:
    assert safe_part(title) == part


def test_a_cut_never_parts_a_letter_from_its_accents() -> None:
    part = safe_part("x" + "q\u0301" * 100)
    assert part.endswith("q\u0301")
    assert len(part.encode()) <= 215


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("", "empty"),
        ("../x", "climbs"),
        ("a/../b", "climbs"),
        ("a\\..\\b", "climbs"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share", "absolute"),
        ("C:\\Windows", "drive"),
        ("c:x", "drive"),
        ("a\nb", "U+000A"),
        ("a\x7f", "U+007F"),
        ("a\0b", "NUL"),
        ("a\udcff", "UTF-8"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("a/./b", "empty part"),
        ("é" * 128, "longer than 255 bytes"),
    ],
)
def test_hostile_paths_are_refused_with_a_reason(path: str, word: str) -> None:
    reason = unsafe_reason(path)
    assert reason is not None
    assert word in reason


@pytest.mark.parametrize("path", ["a", "a/b.mkv", "..a/b..", "Show: Name/CON", "é" * 127, "[G] x - 01.mkv", "...x"])
def test_unusual_but_harmless_paths_pass(path: str) -> None:
    assert unsafe_reason(path) is None


@given(st.text(max_size=300))
def test_any_path_is_answered(path: str) -> None:
    """A path that passes never leaves its folder."""
    if unsafe_reason(path) is None:
        assert ".." not in path.replace("\\", "/").split("/")
        path.encode()


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=40))
def test_collision_key_is_blind_to_form_and_case(text: str) -> None:
    """Forms of one name are one key, and the key of a key is itself."""
    key = collision_key(text)
    assert collision_key(unicodedata.normalize("NFD", text)) == key
    assert collision_key(unicodedata.normalize("NFC", text)) == key
    assert collision_key(text.casefold()) == key
    assert collision_key(key) == key


@pytest.mark.parametrize(
    ("stem", "name", "suffix"),
    [
        ("Show.S01E01", "Show.S01E01.en.forced.srt", ".en.forced.srt"),
        ("Show.S01E01", "Show.S01E01.srt", ".srt"),
        ("Show.S01E01", "Show.S01E01-thumb.jpg", "-thumb.jpg"),
        ("Show.S01E01", "show.s01e01.SRT", ".SRT"),
        ("Cafe\u0301", "Cafe\u0301.srt", ".srt"),
        ("Show.S01E01", "Show.S01E010.srt", None),
        ("Show.S01E01", "Show.S01E01", None),
        ("Show.S01E01", "Other.srt", None),
        ("", "x.srt", None),
    ],
)
def test_companions_belong_by_stem(stem: str, name: str, suffix: str | None) -> None:
    assert companion_suffix(stem, name) == suffix


def test_folders() -> None:
    ids = ExternalIds(tmdb=603, tvdb=7, imdb="tt1")
    assert PLEX.show_folder("Show", 2019, ids) == "Show (2019) {tvdb-7}"
    assert JELLYFIN.movie_folder("Film", 1999, ids) == "Film (1999) [tmdbid-603]"
    assert JELLYFIN.show_folder("Show", None, ExternalIds(imdb="tt1")) == "Show [imdbid-tt1]"
    assert ORIGINAL.show_folder("Show Name", None, ids) == "Show Name"
    assert PLEX.show_folder("Show", 2019, ExternalIds()) == "Show (2019)"
    assert KODI.show_folder("Show", 2019, ids) == "Show (2019) [tvdbid-7]"
    assert KODI.movie_folder("Film", 1999, ExternalIds(tvdb=7)) == "Film (1999)"
    assert PLEX.movie_folder("Film (1999)", 1999) == "Film (1999)"
    assert PLEX.movie_folder("2012", 2012) == "2012 (2012)"
    assert [preset.season_folder(1) for preset in PRESETS] == ["Season 01"] * 4
    assert [preset.season_folder(0) for preset in PRESETS] == ["Specials", "Season 00", "Season 00", "Season 00"]
    assert_valid_everywhere(PLEX.show_folder("x" * 400, 2019, ids))


def test_episode_files() -> None:
    day = datetime.date(2024, 5, 17)
    assert PLEX.episode_file("Title", extension="mkv", season=1, episodes=(2, 3), episode_title="A: B") == (
        "Title - S01E02-E03 - A - B.mkv"
    )
    assert PLEX.episode_file("Title", extension=".mkv", season=1, episodes=(2,)) == "Title - S01E02.mkv"
    assert PLEX.episode_file("Title", extension="mkv", season=4, episodes=(5, 9)) == "Title - S04E05E09.mkv"
    assert KODI.episode_file("Title", extension="mkv", season=1, episodes=(2, 3, 4)) == "Title - S01E02E03E04.mkv"
    assert PLEX.episode_file("Title", extension="mkv", season=1, episodes=(2,), part=2) == "Title - S01E02 - part2.mkv"
    assert PLEX.episode_file("Title", extension="mkv", season=1, episodes=(2,), year=2019) == "Title - S01E02.mkv"
    assert PLEX.episode_file("24", extension="mkv", season=1, episodes=(2,), year=2001) == "24 (2001) - S01E02.mkv"
    assert PLEX.episode_file("Title", extension="mkv", absolute_episodes=(5, 9)) == "Title - 05+09.mkv"
    assert PLEX.episode_file("Title", extension="mkv", season=0, episodes=(1,)) == "Title - S00E01.mkv"
    assert PLEX.episode_file("Title", extension="mkv", season=1, episodes=(2.5,)) == "Title - S01E02.5.mkv"
    assert PLEX.episode_file("Title", extension="mkv", date=day) == "Title - 2024-05-17.mkv"
    assert PLEX.episode_file("Title", extension="mkv", absolute_episodes=(1071,)) == "Title - 1071.mkv"
    assert PLEX.episode_file("Title", extension="mkv", absolute_episodes=(7, 8)) == "Title - 07-08.mkv"
    assert PLEX.episode_file("Title", extension="mkv", episodes=(5,)) == "Title - 05.mkv"
    assert PLEX.episode_file("Title", extension="mkv") == "Title.mkv"
    assert PLEX.episode_file("Title", extension="") == "Title"
    assert ORIGINAL.episode_file("Title", extension="mkv", season=1, episodes=(2,)) == "Title - S01E02.mkv"
    assert ORIGINAL.episode_file("T", extension="mkv", original="Show: S01E02.mkv") == "Show - S01E02.mkv"
    assert ORIGINAL.episode_file("T", extension="mkv", original="Show.S01E02") == "Show.S01E02.mkv"


@pytest.mark.parametrize("title", ["-", "._-", "[]", "{-}", "...", " "])
def test_a_title_of_nothing_but_marks_is_untitled(title: str) -> None:
    assert PLEX.show_folder(title, 2019) == "Untitled (2019)"
    assert PLEX.episode_file(title, extension="mkv", season=1, episodes=(2,)) == "Untitled - S01E02.mkv"


def test_no_title_can_pass_for_an_identifier_or_an_edition() -> None:
    """Plex takes what stands in square or curly brackets for something to leave out, an identifier or an edition."""
    assert PLEX.movie_folder("Sea {tmdb-1}", 2019, ExternalIds(tmdb=2)) == "Sea tmdb-1 (2019) {tmdb-2}"
    assert PLEX.movie_file("[Sea] 2", 2019, extension="mkv", edition="Cut} {tmdb-1}") == (
        "Sea 2 (2019) {edition-Cut tmdb-1}.mkv"
    )
    assert JELLYFIN.episode_file("Sea", extension="mkv", season=1, episodes=(2,), episode_title="A [tvdbid-1]") == (
        "Sea - S01E02 - A tvdbid-1.mkv"
    )


def test_movie_files() -> None:
    assert PLEX.movie_file("Film", 1999, extension="mkv") == "Film (1999).mkv"
    assert PLEX.movie_file("Film", extension="mkv") == "Film.mkv"
    assert ORIGINAL.movie_file("Film", 1999, extension="mkv") == "Film (1999).mkv"
    cut = "Director's Cut"
    ids = ExternalIds(tmdb=603, imdb="tt1")
    assert PLEX.movie_file("Film", 1999, extension="mkv", edition=cut, ids=ids) == (
        "Film (1999) {edition-Director's Cut}.mkv"
    )
    assert KODI.movie_file("Film", 1999, extension="mkv", edition=cut, ids=ids) == "Film (1999) - Director's Cut.mkv"
    assert ORIGINAL.movie_file("Film", 1999, extension="mkv", edition=cut, ids=ids) == "Film (1999).mkv"
    assert KODI.movie_file("Film", 1999, extension="mkv", part=1) == "Film (1999) - part1.mkv"


@given(any_text, st.none() | st.integers(1900, 2030), st.none() | st.sampled_from(["Final Cut", "Extended"]))
def test_versions_for_jellyfin_begin_with_the_name_of_their_folder(
    title: str, year: int | None, edition: str | None
) -> None:
    """Jellyfin takes files for versions of one film only if each begins with the whole name of the folder."""
    ids = ExternalIds(tmdb=603, imdb="tt1")
    folder = JELLYFIN.movie_folder(title, year, ids)
    name = JELLYFIN.movie_file(title, year, extension="mkv", edition=edition, ids=ids)
    assert name == (f"{folder} - {edition}.mkv" if edition else f"{folder}.mkv")


@given(any_text, st.sampled_from(PRESETS), st.integers(0, 20))
def test_both_unicode_forms_make_the_same_name(title: str, preset: NamingPreset, number: int) -> None:
    """A title is the same in composed and decomposed form, and so is every name made of it."""
    composed, decomposed = (unicodedata.normalize(form, title) for form in ("NFC", "NFD"))
    assert preset.show_folder(composed, 2019) == preset.show_folder(decomposed, 2019)
    assert preset.movie_file(composed, 2019, extension="mkv") == preset.movie_file(decomposed, 2019, extension="mkv")
    names = [
        preset.episode_file(text, extension="mkv", season=1, episodes=(number,), episode_title=text)
        for text in (composed, decomposed)
    ]
    assert names[0] == names[1] == unicodedata.normalize("NFC", names[0])


@given(any_text, any_text, st.sampled_from(PRESETS), st.sampled_from(["mkv", ".mp4", "x/y", ""]))
def test_files_of_any_title_leave_room_for_companions(
    title: str, episode_title: str, preset: NamingPreset, extension: str
) -> None:
    """The number and the extension survive whatever the titles are; 40 bytes stay free."""
    name = preset.episode_file(title, extension=extension, season=1, episodes=(2,), episode_title=episode_title)
    assert_valid_everywhere(name, 215)
    assert "S01E02" in name
    kept = preset.episode_file(title, extension=extension, season=1, episodes=(2,), original=title + ".mkv")
    assert_valid_everywhere(kept, 215)
    film = preset.movie_file(title, 1999, extension=extension)
    assert_valid_everywhere(film, 215)
    assert "(1999)" in film
    assert_valid_everywhere(preset.show_folder(title, 2019, ExternalIds(tvdb=7)))
    assert_valid_everywhere(preset.season_folder(1, title=title))


@given(any_text, any_text, st.sampled_from(PRESETS))
def test_there_is_room_for_what_stands_beside_a_video(title: str, episode_title: str, preset: NamingPreset) -> None:
    """The longest companions that we write, and a copy on its way, still have names."""
    name = preset.episode_file(title, extension="mkv", season=1, episodes=(2,), episode_title=episode_title)
    stem = name.removesuffix(".mkv")
    for companion in (f"{stem}.en.forced.srt", f"{stem}.zh-Hant.sdh.forced.2.srt", f"{name}.part"):
        assert len(companion.encode()) <= 255
        assert unsafe_reason(companion) is None


ordinary_titles = st.lists(
    st.sampled_from(
        [
            "Silent",
            "Harbour",
            "Märchen",
            "Night",
            "Kitchen",
            "Über",
            "Boats",
            "River's",
            "Crown",
            "Harvest",
            "Lantern",
            "Oak",
        ]
    ),
    min_size=1,
    max_size=4,
).map(" ".join)


@given(ordinary_titles, st.integers(0, 99), st.integers(1, 400), st.integers(0, 3), ordinary_titles)
def test_what_is_written_is_read_back(title: str, season: int, episode: int, more: int, episode_title: str) -> None:
    """Rendering and parsing are inverse for ordinary titles."""
    episodes = tuple(range(episode, episode + more + 1))
    for preset in PRESETS:
        name = preset.episode_file(
            title, extension="mkv", season=season, episodes=episodes, episode_title=episode_title
        )
        path = f"{preset.show_folder(title, 2019)}/{preset.season_folder(season)}/{name}"
        for written in (name, path):
            found = parse_name(written)
            assert found.title == title
            assert found.seasons == (season,)
            assert found.episodes == episodes
            assert found.episode_title == episode_title
            assert found.container == "mkv"


@given(ordinary_titles, st.dates(datetime.date(1950, 1, 1), datetime.date(2035, 12, 31)), st.integers(1, 1899))
def test_dates_numbers_and_films_are_read_back(title: str, day: datetime.date, number: int) -> None:
    """The same for dailies, absolute numbers and films."""
    found = parse_name(PLEX.episode_file(title, extension="mkv", date=day))
    assert (found.title, found.date) == (title, day)
    assume(number >= 1)
    found = parse_name(PLEX.episode_file(title, extension="mkv", absolute_episodes=(number,)))
    assert (found.title, found.absolute_episodes) == (title, (number,))
    found = parse_name(PLEX.movie_file(title, day.year, extension="mkv"))
    assert (found.title, found.year, found.kind) == (title, day.year, "movie")

"""Templates in the manner of Sonarr and Radarr: what they say, what vanishes, and what is refused with which word."""

from __future__ import annotations

import datetime
import pickle
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from medialib.errors import UsageError
from medialib.model import ExternalIds
from medialib.naming import (
    JELLYFIN,
    KODI,
    ORIGINAL,
    PLEX,
    InvalidTemplate,
    NameFacts,
    ParsedName,
    Template,
    TemplateKind,
    edition_label,
    parse_name,
    parse_template,
    preset_from_templates,
    unsafe_reason,
)
from medialib.naming.rendering.tokens import TOKENS

RELEASE = parse_name("Dark.S01E02.PROPER.2160p.NF.WEB-DL.DDP5.1.DV.HDR10.H.265-GRP.mkv")
NOTHING = ParsedName(name="")
EPISODE: dict[str, Any] = {
    "title": "The Dark: Show",
    "year": 2019,
    "season": 1,
    "episodes": (2, 3),
    "episode_title": "A: Bé & C",
    "release": RELEASE,
    "ids": ExternalIds(tvdb=7, imdb="tt5", tvmaze=8, anidb=9),
    "original": "dark.s01e02",
}
FILM: dict[str, Any] = {
    "title": "Brazil",
    "year": 1985,
    "ids": ExternalIds(tmdb=68, imdb="tt0088846"),
    "edition": "Final Cut",
    "release": parse_name("Brazil.1985.Final.Cut.1080p.BluRay.REMUX.AVC.DTS-HD.MA.5.1-GRP.mkv"),
}
QUALITY = (
    "[{Quality Full}]{[MediaInfo VideoDynamicRangeType]}[{MediaInfo VideoBitDepth}bit]{[MediaInfo VideoCodec]}"
    "[{Mediainfo AudioCodec} {MediaInfo AudioChannels}]{MediaInfo AudioLanguages}{-Release Group}"
)


def written(template: str, kind: TemplateKind | None = None, /, **facts: Any) -> str:
    return parse_template(template, kind).write(NameFacts(**facts))


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{Series Title} - S{season:00}E{episode:00}", "The Dark - Show - S01E02-E03"),
        ("{Series TitleYear}", "The Dark - Show (2019)"),
        ("{Series TitleThe}", "Dark - Show, The"),
        ("{Series TitleTheYear}", "Dark - Show, The (2019)"),
        ("{Series CleanTitle}", "The Dark Show"),
        ("{Series CleanTitleYear}", "The Dark Show 2019"),
        ("{Series CleanTitleThe}", "Dark Show, The"),
        ("{Series TitleFirstCharacter}", "D"),
        ("{Series TitleClear}", "The Dark - Show"),
        ("{Series.CleanTitle}.{season:0}x{episode:00}.{Episode.CleanTitle}", "The.Dark.Show.1x02-x03.A.Be.and.C"),
        ("{series_cleantitle}", "the_dark_show"),
        ("{SERIES CLEANTITLE}", "THE DARK SHOW"),
        ("{Series Title:10}", "The Dark"),
        ("{Series Title:-8}", "k - Show"),
        ("{Series Year} {season:000} {episode:000}", "2019 001 002-003"),
        ("s{season:00}e{episode:00}", "s01e02-e03"),
        ("S{season:00} E{episode:00}", "S01 E02-E03"),
        ("Season {season}", "Season 1"),
        ("{Episode Title}", "A - Bé & C"),
        ("{Series Title} {tvdb-{TvdbId}}", "The Dark - Show {tvdb-7}"),
        ("{Series Title} [tvdbid-{TvdbId}]", "The Dark - Show [tvdbid-7]"),
        ("{ImdbId} {TvMazeId} {AniDbId}", "tt5 8 9"),
        ("{Quality Full}", "WEBDL-2160p Proper"),
        ("{Quality Title} {Quality Proper}", "WEBDL-2160p Proper"),
        ("{MediaInfo Simple}", "h265 EAC3"),
        ("{MediaInfo Full}", "h265 EAC3"),
        ("{MediaInfo VideoDynamicRange} {Streaming Service}", "HDR Netflix"),
        ("{Series CleanTitle} " + QUALITY, "The Dark Show [WEBDL-2160p Proper][DV HDR10][h265][EAC3 5.1]-GRP"),
        ("{Original Title}", "dark.s01e02"),
        ("{Original Filename}", "dark.s01e02"),
        ("{{{Series CleanTitle}}}", "{The Dark Show}"),
        ("{Series CleanTitle} [uncut", "The Dark Show [uncut"),
        ("{Series CleanTitle} ([uncut", "The Dark Show ([uncut"),
        ("({Series Year})", "(2019)"),
        ("(a) {Series Year}]", "(a) 2019]"),
    ],
)
def test_what_tokens_say(template: str, name: str) -> None:
    assert written(template, **EPISODE) == name


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{Movie Title} ({Release Year}) {tmdb-{TmdbId}}", "Brazil (1985) {tmdb-68}"),
        (
            "{Movie TitleYear} {edition-{Edition Tags}} {[Quality Full]}",
            "Brazil (1985) {edition-Final Cut} [Remux-1080p]",
        ),
        ("{Movie CleanTitle} {[Mediainfo AudioCodec}{ Mediainfo AudioChannels]}", "Brazil [DTS-HD 5.1]"),
        ("{Movie Title} {imdb-{ImdbId}}{ [Release Group]}", "Brazil {imdb-tt0088846} [GRP]"),
    ],
)
def test_what_tokens_of_films_say(template: str, name: str) -> None:
    assert written(template, "movie_file", **FILM) == name


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{Series Title} - {Episode Title}", "X"),
        ("{Series Title} - {Episode Title} - end", "X - end"),
        ("{Series Title} {Episode Title}- end", "X- end"),
        ("- {Series Title}", "- X"),
        ("{Episode Title} - {Series Title}", "X"),
        ("{Episode Title} {[Quality Full]} {Series Title}", "X"),
        ("{Series Title} ({Series Year})", "X"),
        ("{Series Title} [{Quality Full} {MediaInfo VideoCodec}]", "X"),
        ("{Series Title} [{MediaInfo VideoBitDepth}bit]", "X"),
        ("{Series Title} {tvdb-{TvdbId}}", "X"),
        ("{Series Title} [a ({Series Year})]", "X"),
        ("{Series Title} (b)", "X (b)"),
        ("{Series Title} {[Quality Full]}{-Release Group}", "X"),
        ("{Series Title}.{Episode.Title}.end", "X.end"),
        (f"{{Series Title}} {QUALITY}", "X"),
        ("{Series Title} {Quality Proper} {Edition Tags} {Part} {Air-Date} {Release Hash} {absolute:000}", "X"),
        ("{Series Title} {Original Title} {Episode CleanTitle} {TmdbId} {ImdbId}", "X"),
    ],
)
def test_what_is_not_known_vanishes_with_what_goes_with_it(template: str, name: str) -> None:
    assert written(template, title="X") == name


def test_an_episode_without_a_season_is_named_all_the_same() -> None:
    """By its date, else by its absolute number; where the template asks for these too, once."""
    day = datetime.date(2024, 5, 17)
    standard = "{Series Title} - S{season:00}E{episode:00} - {Episode Title}"
    assert written(standard, "episode_file", title="X", date=day, episode_title="Hi") == "X - 2024-05-17 - Hi"
    assert written(standard, "episode_file", title="X", absolute_episodes=(7, 8)) == "X - 07-08"
    assert written(standard, "episode_file", title="X", episodes=(5,)) == "X - 05"
    assert written(standard, "episode_file", title="X", season=1, episodes=(5,), date=day) == "X - S01E05"
    assert written(standard, "episode_file", title="X") == "X"
    daily = "{Series Title} - {Air-Date} - S{season:00}E{episode:00} - {Episode Title}"
    assert written(daily, "episode_file", title="X", date=day, episode_title="Hi") == "X - 2024-05-17 - Hi"
    assert written(daily, "episode_file", title="X", absolute_episodes=(7,)) == "X - 07"
    assert written("{Series Title} {Air Date} S{season}E{episode}", title="X", date=day) == "X 2024 05 17"
    anime = "{Series Title} - S{season:00}E{episode:00} - {absolute:000} - {Episode Title}"
    both = {"title": "X", "season": 1, "episodes": (5, 6), "absolute_episodes": (15, 16)}
    assert written(anime, "episode_file", **both) == "X - S01E05-E06 - 015-016"
    assert written(anime, "episode_file", title="X", absolute_episodes=(15,)) == "X - 015"
    assert written(anime, "episode_file", title="X", date=day) == "X - 2024-05-17"
    apart = "{Series Title} {season:00} {episode:00} {Episode Title}"
    assert written(apart, "episode_file", title="X", season=1, episodes=(5,)) == "X 01 05"
    assert written(apart, "episode_file", title="X", date=day, episode_title="Hi") == "X Hi - 2024-05-17"


def test_a_part_is_named_whether_or_not_the_template_asks_for_it() -> None:
    assert written("{Movie Title}", "movie_file", title="F", part=2) == "F - part2"
    assert written("{Movie Title}{ - Part} {[Quality Full]}", "movie_file", title="F", part=2) == "F - part2"
    assert written("{Movie Title}{ - Part}", "movie_file", title="F") == "F"
    assert written("{Original Title}", "movie_file", title="F", part=2, original="f-cd2") == "f-cd2"
    assert written("{Movie Title}", "movie_folder", title="F", part=2) == "F"


def test_what_is_too_long_gives_way_in_turn() -> None:
    """The title of the episode first, then the title, then the release; numbers, years and identifiers stay."""
    template = parse_template("{Series TitleYear} - S{season:00}E{episode:00} - {Episode Title} {[Quality Full]}", None)
    facts = NameFacts(**{**EPISODE, "title": "x" * 100, "episode_title": "y" * 300})
    assert template.write(facts).startswith("x" * 100 + " (2019) - S01E02-E03 - yyy")
    assert template.write(facts).endswith("yyy [WEBDL-2160p Proper]")
    short = template.write(facts, longest=100)
    assert short.endswith("x (2019) - S01E02-E03 - [WEBDL-2160p Proper]")
    assert 96 < len(short) <= 100
    assert re.fullmatch(r"x{8,} \(2019\) - S01E02-E03", template.write(facts, longest=40))
    assert template.write(facts, longest=16).startswith("xxxx (2019)")
    folder = parse_template("{Series TitleYear} {tvdb-{TvdbId}}", "show_folder")
    assert folder.write(NameFacts(title="é" * 400, year=2019, ids=ExternalIds(tvdb=7))) == "é" * 80 + " (2019) {tvdb-7}"


@pytest.mark.parametrize(
    ("template", "kind", "words"),
    [
        ("", None, "at least one token"),
        ("  ", None, "at least one token"),
        ("{Series Title}" + "x" * 300, None, "at most 300 characters, this one has 314"),
        ("{Series Title}" + "x" * 81, None, "more than 80 bytes"),
        ("a/{Series Title}", None, "one part of a path"),
        ("a\\{Series Title}", None, "one part of a path"),
        ("{Series Title}: x", None, "':' cannot stand in a name"),
        ("{Serie Title}", None, "{Serie Title} is no token; did you mean {Series Title}?"),
        ("{Qality Full}", None, "{Qality Full} is no token; did you mean {Quality Full}?"),
        ("{Series Titel}", "show_folder", "did you mean {Series Title}?"),
        ("{zzzzz}", "season_folder", "{zzzzz} is no token; there are {Series Title}, "),
        ("{Series Title}", "movie_file", "says nothing in the file of a film; did you mean {Movie Title}?"),
        ("{Movie Title}", "episode_file", "says nothing in the file of an episode; did you mean {Series Title}?"),
        ("{Quality Full}", "movie_folder", "says nothing in the folder of a film"),
        ("{Edition Tags}", "show_folder", "says nothing in the folder of a show"),
        ("S{season:00}E{episode:00}", "season_folder", "{episode} says nothing in the folder of a season"),
        ("{Custom Formats}", None, "{Custom Formats} is no token"),
        ("{Series Title", None, "the { at character 1 is never closed"),
        ("a {tvdb-{TvdbId}", None, "a { is never closed"),
        ("a {tvdb-[{TvdbId}", None, "a { is never closed"),
        ("Series Title}", None, "the } at character 13 closes nothing"),
        ("{}", None, "{} is no token"),
        ("{Series Title!}", None, "{Series Title!} is no token"),
        ("{season:x}", None, "{season:x} is no number of digits: write {season:00}"),
        ("{season:}", None, "{season:} is no number of digits"),
        ("{Series Title:0}", None, "{Series Title:0} is no length"),
        ("{Series Title:00}", None, "is no length"),
        ("{Series Year}", "show_folder", "{Series Title} is missing: without it, several would have one name"),
        ("{Series TitleFirstCharacter}", "show_folder", "{Series Title} is missing"),
        ("{Series Title}", "season_folder", "{season:00} is missing"),
        ("{Series Title}", "episode_file", "S{season:00}E{episode:00} is missing"),
        ("{Series Title} - {Air-Date}", "episode_file", "S{season:00}E{episode:00} is missing"),
        ("{Release Year}", "movie_folder", "{Movie Title} is missing"),
        ("{Release Year}", "movie_file", "{Movie Title} is missing"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_right_word(
    template: str, kind: TemplateKind | None, words: str
) -> None:
    with pytest.raises(InvalidTemplate, match=re.escape(words)) as caught:
        parse_template(template, kind)
    assert isinstance(caught.value, UsageError)
    assert isinstance(caught.value, ValueError)


def test_brackets_within_braces_are_closed_by_them() -> None:
    assert written("{edition-[{Edition Tags}}", title="F", edition="X") == "{edition-[X}"
    assert written("{edition-({Edition Tags}]x}", title="F", edition="X") == "{edition-(X]x}"
    assert written("{edition-[({Edition Tags}}", title="F") == "Untitled"


def test_a_template_is_a_value() -> None:
    template = parse_template("{Series Title} {[Quality Full]}")
    assert template == parse_template("{Series Title} {[Quality Full]}")
    assert len({template, parse_template("{Series Title} {[Quality Full]}")}) == 1
    assert str(template) == template.text
    assert pickle.loads(pickle.dumps((PLEX, template))) == (PLEX, template)


def test_a_preset_of_ones_own() -> None:
    own = preset_from_templates(
        PLEX,
        show_folder="{Series Title} {tvdb-{TvdbId}}{tmdb-{TmdbId}}",
        season_folder="{Series Title} S{season:00}",
        episode_file=parse_template("{Series.Title}.S{season:00}E{episode:00}{-Release Group}"),
        movie_folder="{Movie Title}",
        movie_file="{Movie Title}{.Quality Title}",
    )
    ids = ExternalIds(tvdb=7, tmdb=8)
    assert own.name == "plex with templates of your own"
    assert own.show_folder("Show", 2019, ids) == "Show {tvdb-7}{tmdb-8}"
    assert own.show_folder("Show", 2019) == "Show"
    assert [own.season_folder(number, title="Show") for number in (0, 1)] == ["Show S00", "Show S01"]
    assert (
        own.episode_file("A Show", extension="mkv", season=1, episodes=(2,), release=RELEASE) == "A.Show.S01E02-GRP.mkv"
    )
    assert own.movie_folder("Film", 1999) == "Film"
    assert own.movie_file("Film", 1999, extension="mkv", release=RELEASE) == "Film.WEBDL-2160p.mkv"
    assert preset_from_templates(KODI) == KODI
    assert preset_from_templates(KODI, name="mine").name == "mine"
    several = preset_from_templates(KODI, episode_file="S{season:00}E{episode:00}")
    assert several.episode_file("X", extension="mkv", season=1, episodes=(1, 2)) == "S01E01E02.mkv"
    kept = preset_from_templates(ORIGINAL, episode_file="{Series Title} S{season:00}E{episode:00}")
    assert kept.episode_file("X", extension="mkv", season=1, episodes=(2,), original="x.mkv") == "X S01E02.mkv"
    named = preset_from_templates(JELLYFIN, episode_file="{Original Title}")
    assert named.episode_file("X", extension="mkv", original="a.b.mkv") == "a.b.mkv"
    with pytest.raises(InvalidTemplate, match="did you mean"):
        preset_from_templates(movie_file="{Series Title}")


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ((), None),
        (("directors",), "Director's Cut"),
        (("extended", "directors"), "Extended Director's Cut"),
        (("remastered", "special"), "Remastered Special Edition"),
        (("imax",), "IMAX"),
        (("unrated",), "Unrated"),
    ],
)
def test_editions_are_written_as_people_write_them(words: tuple[str, ...], label: str | None) -> None:
    assert edition_label(words) == label
    if label is not None:
        name = PLEX.movie_file("Film", 1999, extension="mkv", edition=label)
        assert set(parse_name(name).edition) == set(words)


@pytest.mark.parametrize(
    ("release", "quality"),
    [
        ("X.S01E01.1080p.BluRay.x264-G", "Bluray-1080p"),
        ("X.S01E01.1080p.WEBRip.x264-G", "WEBRip-1080p"),
        ("X.S01E01.1080p.WEB.h264-G", "WEBDL-1080p"),
        ("X.S01E01.720p.HDTV.x264-G", "HDTV-720p"),
        ("X.S01E01.PDTV.x264-G", "SDTV"),
        ("X.S01E01.720p.PDTV.x264-G", "HDTV-720p"),
        ("X.S01E01.DVDRip.XviD-G", "DVD"),
        ("X.S01E01.REPACK.1080p.WEB-DL.x264-G", "WEBDL-1080p Repack"),
        ("[G] X - 01v2 [1080p].mkv", "1080p v2"),
        ("[G] X - 01v1 [1080p].mkv", "1080p"),
        ("X.S01E01", ""),
    ],
)
def test_qualities_are_named_as_those_programs_name_them(release: str, quality: str) -> None:
    assert written("{Series Title} {Quality Full}", title="X", release=parse_name(release)) == f"X {quality}".strip()


def test_what_else_a_release_says() -> None:
    release = ParsedName(
        name="x", languages=("de", "en"), subtitle_languages=("fr",), hdr=("SDR",), bit_depth=10, video_codec="XviD"
    )
    shown = "{MediaInfo AudioLanguages}{MediaInfo SubtitleLanguages} {MediaInfo VideoBitDepth} {MediaInfo VideoCodec}"
    assert written(shown, title="X", release=release) == "[DE+EN][FR] 10 XviD"
    assert written("{Series Title}{ MediaInfo VideoDynamicRange}", title="X", release=release) == "X"
    assert written("{MediaInfo Full}", title="X", release=release) == "XviD [DE+EN] [FR]"


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("A Show", "S|Show, A|A Show|A Show"),
        ("The", "T|The|The|The"),
        ("...", "U|Untitled|Untitled|Untitled"),
        ("¿¡", "_|¿¡|¿¡|¿¡"),
        ("Show (2019)", "S|Show (2019)|Show|Show 2019"),
        ("(2019)", "2|(2019)|(2019)|2019"),
        ("Don\u2019t & Do", "D|Don\u2019t & Do|Don\u2019t & Do|Dont and Do"),
    ],
)
def test_forms_of_a_title(title: str, said: str) -> None:
    tokens = ("Series TitleFirstCharacter", "Series TitleThe", "Series TitleWithoutYear", "Series CleanTitle")
    assert "|".join(written(f"{{{token}}}", title=title) for token in tokens) == said


anything = st.text(max_size=40)
all_facts = st.builds(
    NameFacts,
    title=anything,
    year=st.none() | st.integers(0, 9999),
    ids=st.builds(ExternalIds, tmdb=st.none() | st.integers(0), imdb=st.none() | anything),
    season=st.none() | st.integers(0, 3000),
    episodes=st.lists(st.integers(0, 3000), max_size=5).map(tuple),
    absolute_episodes=st.lists(st.integers(0, 3000), max_size=5).map(tuple),
    date=st.none() | st.dates(),
    episode_title=st.none() | anything,
    edition=st.none() | anything,
    part=st.none() | st.integers(1, 9),
    original=st.none() | anything,
    release=st.builds(
        ParsedName,
        name=st.just(""),
        release_group=st.none() | anything,
        resolution=st.none() | anything,
        languages=st.lists(anything, max_size=2).map(tuple),
        audio_channels=st.none() | anything,
    ),
)
pieces = st.one_of(
    st.sampled_from([f"{{{token.name}}}" for token in TOKENS.values()]),
    st.sampled_from(["S{season:00}E{episode:00}", "[{Quality Full}]", "{tmdb-{TmdbId}}", "{-Release Group}", " - "]),
    st.text(alphabet=" .-_[](){}abc", max_size=4),
)


def taken(text: str) -> Template | None:
    try:
        return parse_template(text)
    except InvalidTemplate:
        return None


@given(st.lists(pieces, max_size=8).map("".join), all_facts)
def test_any_template_and_any_facts_make_a_valid_name(text: str, facts: NameFacts) -> None:
    """A template is refused with an InvalidTemplate, or makes a safe part of a path of whatever is known."""
    template = taken(text)
    if template is not None:
        name = template.write(facts)
        assert unsafe_reason(name) is None
        assert len(name.encode()) <= 215
        assert name == template.write(facts)


@example("\ud800{Series Title}")
@given(st.text(alphabet=st.characters() | st.sampled_from("{}[]():0"), max_size=60))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    template = taken(text)
    assert template is None or str(template) == text


@given(st.integers(0, 99), st.lists(st.integers(1, 200), min_size=1, max_size=4), st.booleans())
def test_numbers_survive_any_template_that_is_taken(season: int, numbers: list[int], repeats: bool) -> None:
    """Season and episodes are read back from every form of numbering."""
    facts = NameFacts(title="Silent Harbour", season=season, episodes=tuple(numbers))
    for form in ("S{season:00}E{episode:00}", "s{season}e{episode:000}"):
        name = parse_template(f"{{Series Title}} - {form}", "episode_file").write(facts, repeats=repeats)
        found = parse_name(f"{name}.mkv")
        assert (found.title, found.seasons) == ("Silent Harbour", (season,))
        assert set(found.episodes) == set(numbers)

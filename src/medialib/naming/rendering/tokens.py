"""The tokens of templates: what each is called, where it may stand and what it says.

Names and values follow the naming pages of Sonarr and Radarr (wiki.servarr.com). What those programs read out of the
file itself (``MediaInfo …``) is here what the release name says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

import attrs

from medialib.naming.parsed import ParsedName
from medialib.naming.rendering.facts import NameFacts, episode_run, quality_of
from medialib.naming.rendering.safety import NAMELESS, writable

__all__ = ["TOKENS", "TemplateKind", "Token", "token_key"]

TemplateKind = Literal["show_folder", "season_folder", "episode_file", "movie_folder", "movie_file"]
"""What a template makes the name of."""


@attrs.frozen
class Token:
    """One thing that a template can say."""

    name: str
    """As people write it: ``Series TitleYear``."""
    value: Callable[[NameFacts, int], str]
    """What it says, numbers with at least so many digits; empty where that is not known."""
    kinds: frozenset[TemplateKind]
    """The templates it may stand in."""
    counts: bool = False
    """Whether it says numbers."""


def token_key(name: str) -> str:
    """What all ways to write a token have in common.

    >>> token_key("Series.TitleYear") == token_key("series titleyear")
    True
    """
    return re.sub(r"[^a-z0-9]", "", name.casefold())


_ARTICLE: Final = re.compile(r"(?i)(the|an|a) +(?=\S)(.+)")
_UNCLEAR: Final = re.compile(r"(?i).*\d\W*|(?:season|staffel|saison|part)", re.DOTALL)
_YEAR_BEHIND: Final = re.compile(r"\s*\((?:19|20)\d\d\)$")


_TAG_MARKS: Final = str.maketrans("", "", "[]{}")


def _words(text: str | None) -> str:
    """Text without square and curly brackets, for servers and readers take what stands in them for tags."""
    return " ".join(writable((text or "").translate(_TAG_MARKS)).split()).strip(" .")


def _title(facts: NameFacts) -> str:
    title = _words(facts.title)
    return title if title.strip(" .-_") else NAMELESS


def _year(facts: NameFacts) -> str:
    return "" if facts.year is None else str(facts.year)


def _with_year(title: str, year: str) -> str:
    """Behind a title that ends with its year already, none is written again."""
    return title if not year or title.endswith(f"({year})") else f"{title} ({year})"


def _clear_title(facts: NameFacts) -> str:
    """A title that ends with a number, or is a word that counts, with its year: none takes it for a year or number."""
    title = _title(facts)
    return _with_year(title, _year(facts)) if _UNCLEAR.fullmatch(title) else title


def _article_behind(title: str) -> str:
    found = _ARTICLE.fullmatch(title)
    return f"{found[2]}, {found[1]}" if found else title


def _plain(title: str) -> str:
    """Letters, digits and spaces only, without accents."""
    split = unicodedata.normalize("NFD", title.replace("&", "and"))
    kept = "".join(
        letter if letter.isalnum() else "" if letter in "'\u2019`" else " "
        for letter in split
        if not unicodedata.combining(letter)
    )
    return " ".join(unicodedata.normalize("NFC", kept).split()) or title


def _first_letter(facts: NameFacts) -> str:
    shown = _article_behind(_title(facts))
    return next((letter.upper() for letter in _plain(shown) if letter.isalnum()), "_")


def _air_date(facts: NameFacts) -> str:
    return "" if facts.date is None else f"{facts.date:%Y %m %d}"


def _proper(release: ParsedName) -> str:
    if release.repack:
        return "Repack"
    if release.proper:
        return "Proper"
    return f"v{release.version}" if release.version is not None and release.version > 1 else ""


def _quality_full(release: ParsedName) -> str:
    return " ".join(word for word in (quality_of(release), _proper(release)) if word)


def _video_codec(release: ParsedName) -> str:
    codec = release.video_codec or ""
    return "h" + codec[2:] if codec.startswith("H.") else codec


def _dynamic_range(release: ParsedName) -> str:
    return "HDR" if set(release.hdr) - {"SDR"} else ""


def _languages(codes: tuple[str, ...]) -> str:
    return f"[{'+'.join(code.upper() for code in codes)}]" if codes else ""


def _video_and_audio(release: ParsedName) -> str:
    return " ".join(word for word in (_video_codec(release), *release.audio_codecs) if word)


def _media_info_full(release: ParsedName) -> str:
    words = (_video_and_audio(release), _languages(release.languages), _languages(release.subtitle_languages))
    return " ".join(word for word in words if word)


def _of_release(value: Callable[[ParsedName], str | None]) -> Callable[[NameFacts], str]:
    return lambda facts: writable(value(facts.release) or "").strip(" .")


def _number(value: object) -> str:
    return "" if value is None else str(value)


_SERIES: Final[frozenset[TemplateKind]] = frozenset({"show_folder", "season_folder", "episode_file"})
_SEASONS: Final[frozenset[TemplateKind]] = frozenset({"season_folder", "episode_file"})
_EPISODES: Final[frozenset[TemplateKind]] = frozenset({"episode_file"})
_MOVIES: Final[frozenset[TemplateKind]] = frozenset({"movie_folder", "movie_file"})
_MOVIE_FILES: Final[frozenset[TemplateKind]] = frozenset({"movie_file"})
_FILES: Final = _EPISODES | _MOVIE_FILES
_ANY: Final = _SERIES | _MOVIES


def _text(name: str, value: Callable[[NameFacts], str], kinds: frozenset[TemplateKind]) -> Token:
    return Token(name, lambda facts, _: value(facts), kinds)


def _counted(name: str, numbers: Callable[[NameFacts], tuple[float, ...]], kinds: frozenset[TemplateKind]) -> Token:
    def value(facts: NameFacts, width: int) -> str:
        return episode_run(numbers(facts), width=width, letter="", repeats=False)

    return Token(name, value, kinds, counts=True)


def _titles(word: str, kinds: frozenset[TemplateKind]) -> tuple[Token, ...]:
    """The forms of a title that both programs have; ``word`` is ``Series`` or ``Movie``."""

    def without_year(facts: NameFacts) -> str:
        return _YEAR_BEHIND.sub("", _title(facts)) or _title(facts)

    return (
        _text(f"{word} Title", _title, kinds),
        _text(f"{word} TitleYear", lambda facts: _with_year(_title(facts), _year(facts)), kinds),
        _text(f"{word} TitleWithoutYear", without_year, kinds),
        _text(f"{word} TitleThe", lambda facts: _article_behind(_title(facts)), kinds),
        _text(f"{word} TitleTheYear", lambda facts: _with_year(_article_behind(_title(facts)), _year(facts)), kinds),
        _text(f"{word} CleanTitle", lambda facts: _plain(_title(facts)), kinds),
        _text(f"{word} CleanTitleYear", lambda facts: _plain(_with_year(_title(facts), _year(facts))), kinds),
        _text(f"{word} CleanTitleThe", lambda facts: _article_behind(_plain(_title(facts))), kinds),
        _text(f"{word} TitleFirstCharacter", _first_letter, kinds),
    )


_ALL: Final = (
    *_titles("Series", _SERIES),
    _text("Series TitleClear", _clear_title, _SERIES),
    _text("Series Year", _year, _SERIES),
    *_titles("Movie", _MOVIES),
    _text("Release Year", _year, _MOVIES),
    _text("TvdbId", lambda facts: _number(facts.ids.tvdb), _ANY),
    _text("TmdbId", lambda facts: _number(facts.ids.tmdb), _ANY),
    _text("ImdbId", lambda facts: writable(facts.ids.imdb or "")[:16].strip(" ."), _ANY),
    _text("TvMazeId", lambda facts: _number(facts.ids.tvmaze), _SERIES),
    _text("AniDbId", lambda facts: _number(facts.ids.anidb), _SERIES),
    _counted("season", lambda facts: () if facts.season is None else (facts.season,), _SEASONS),
    _counted("episode", lambda facts: () if facts.season is None else facts.episodes, _EPISODES),
    _counted("absolute", lambda facts: facts.absolute_episodes, _EPISODES),
    _text("Air Date", _air_date, _EPISODES),
    _text("Episode Title", lambda facts: _words(facts.episode_title), _EPISODES),
    _text(
        "Episode CleanTitle",
        lambda facts: _plain(_words(facts.episode_title)),
        _EPISODES,
    ),
    _text("Edition Tags", lambda facts: _words(facts.edition), _MOVIE_FILES),
    _text("Part", lambda facts: "" if facts.part is None else f"part{facts.part}", _FILES),
    _text("Quality Full", _of_release(_quality_full), _FILES),
    _text("Quality Title", _of_release(quality_of), _FILES),
    _text("Quality Proper", _of_release(_proper), _FILES),
    _text("MediaInfo Simple", _of_release(_video_and_audio), _FILES),
    _text("MediaInfo Full", _of_release(_media_info_full), _FILES),
    _text("MediaInfo VideoCodec", _of_release(_video_codec), _FILES),
    _text("MediaInfo VideoBitDepth", _of_release(lambda release: _number(release.bit_depth)), _FILES),
    _text("MediaInfo VideoDynamicRange", _of_release(_dynamic_range), _FILES),
    _text("MediaInfo VideoDynamicRangeType", _of_release(lambda release: " ".join(release.hdr)), _FILES),
    _text("MediaInfo AudioCodec", _of_release(lambda release: " ".join(release.audio_codecs)), _FILES),
    _text("MediaInfo AudioChannels", _of_release(lambda release: release.audio_channels), _FILES),
    _text("MediaInfo AudioLanguages", _of_release(lambda release: _languages(release.languages)), _FILES),
    _text("MediaInfo SubtitleLanguages", _of_release(lambda release: _languages(release.subtitle_languages)), _FILES),
    _text("Release Group", _of_release(lambda release: release.release_group), _FILES),
    _text("Release Hash", _of_release(lambda release: release.crc32), _FILES),
    _text("Streaming Service", _of_release(lambda release: release.streaming_service), _FILES),
    _text("Original Title", lambda facts: writable(facts.original or "").strip(" ."), _FILES),
    _text("Original Filename", lambda facts: writable(facts.original or "").strip(" ."), _FILES),
)

TOKENS: Final[Mapping[str, Token]] = MappingProxyType({token_key(token.name): token for token in _ALL})
"""Every token by its `token_key`."""

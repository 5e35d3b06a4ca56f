"""Rules that a show or film passes or fails by its year, genres, countries, language, status, type, source and ids.

A rule is written as on a command line: ``drama,comedy`` wants any of the two, ``!reality`` refuses it, and
``drama,!reality`` wants the one without the other. Several rules of one field must all hold. The word ``none`` stands
for what is not known.

============  ==================================================================================================
year          ``2011``, ``2010-2015``, ``2010-``, ``-2015``
genre         a genre, or whole words of one: ``fantasy`` is found in ``Sci-Fi & Fantasy``
country       ISO 3166-1 alpha-2; UK is read as GB
language      ISO 639-1, or its name: ``ja``, ``jpn``, ``japanese``
status        a provider's word, or one of ``running``, ``ended``, ``planned``, which stand for theirs
type          ``standard``, ``anime``, ``daily``, ``movie``
source        ``user``, ``name`` or a provider
missing       an id that it lacks: ``tmdb``, ``tvdb``, ``tvmaze``, ``anidb``, ``imdb``, or ``any``
============  ==================================================================================================

Letter case does not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import attrs

from medialib.errors import UsageError
from medialib.filters import Verdict, tokens_of
from medialib.matching.identify import COUNTRY_WORDS
from medialib.metadata import TitleMetadata
from medialib.model import ExternalIds, Movie, Show
from medialib.naming.languages import LANGUAGE_CODES, LANGUAGE_WORDS, TWO_LETTER_CODES

__all__ = ["TitleRule", "TitleRules", "TitleType", "judge_title", "lacks_details"]

Described: TypeAlias = Show | Movie | TitleMetadata
TitleType: TypeAlias = Literal["standard", "anime", "daily", "movie"]
"""How a show is numbered, or that it is a film."""

UNKNOWN: Final = "none"
"""The value of a rule that stands for what is not known."""
_ID_NAMES: Final = tuple(attrs.fields_dict(ExternalIds))
_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {"standard": "standard", "anime": "anime", "daily": "daily", "movie": "movie", "film": "movie"}
)
_STATUSES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "running": frozenset({"running", "returning series", "continuing", "in production"}),
        "ended": frozenset({"ended", "canceled", "cancelled"}),
        "planned": frozenset({"planned", "upcoming", "in development", "to be determined", "pilot"}),
    }
)
"""What TVmaze, TMDB and TheTVDB call the same."""
_CODE_OF_COUNTRY: Final = {word.casefold(): code for code, words in COUNTRY_WORDS.items() for word in words}
_YEARS: Final = re.compile(r"(\d{4})?\s*(-|\.\.)?\s*(\d{4})?")
_FAR: Final = 9999


@attrs.frozen
class TitleRule:
    """One rule on one field."""

    field: str
    """The field of `TitleRules` that it is on."""
    wanted: tuple[str, ...] = ()
    """Values of which one must be there; empty: any will do."""
    excluded: tuple[str, ...] = ()
    """Values of which none may be there."""


Texts: TypeAlias = Iterable[str | TitleRule]
"""Rules on one field, as texts or read already."""


@attrs.frozen(init=False)
class TitleRules:
    """Which titles are wanted. Each field takes rules as texts.

    Raises UsageError for a value that a field cannot have.

    >>> TitleRules(year=["2010-2015"], genre=["drama,!reality"]).genre
    (TitleRule(field='genre', wanted=('drama',), excluded=('reality',)),)
    >>> TitleRules(language=["klingon"])
    Traceback (most recent call last):
    medialib.errors.UsageError: there is no language 'klingon'. Give its ISO 639-1 code or its English name.
    """

    year: tuple[TitleRule, ...]
    """Years of the first broadcast or of release."""
    genre: tuple[TitleRule, ...]
    """Genres."""
    country: tuple[TitleRule, ...]
    """Countries that it comes from."""
    language: tuple[TitleRule, ...]
    """Original language."""
    status: tuple[TitleRule, ...]
    """Whether it goes on."""
    type: tuple[TitleRule, ...]
    """How it is numbered, or that it is a film."""
    source: tuple[TitleRule, ...]
    """Where its record comes from."""
    missing: tuple[TitleRule, ...]
    """Ids that it lacks."""

    def __init__(
        self,
        *,
        year: Texts = (),
        genre: Texts = (),
        country: Texts = (),
        language: Texts = (),
        status: Texts = (),
        type: Texts = (),  # noqa: A002 - what it is called everywhere
        source: Texts = (),
        missing: Texts = (),
    ) -> None:
        self.__attrs_init__(
            _rules("year", year),
            _rules("genre", genre),
            _rules("country", country),
            _rules("language", language),
            _rules("status", status),
            _rules("type", type),
            _rules("source", source),
            _rules("missing", missing),
        )

    def also(self, **texts: Iterable[str]) -> TitleRules:
        """These rules, and further ones, named as the fields are.

        >>> str(TitleRules(year=["2011"]).also(year=["!2012"], type=["anime"]))
        'year 2011, year !2012, type anime'
        """
        return TitleRules(**{name: (*getattr(self, name), *texts.get(name, ())) for name in _FIELDS})

    def __iter__(self) -> Iterator[TitleRule]:
        return (rule for name in _FIELDS for rule in getattr(self, name))

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in _FIELDS)

    def __str__(self) -> str:
        said = (f"{rule.field} {','.join((*rule.wanted, *(f'!{value}' for value in rule.excluded)))}" for rule in self)
        return ", ".join(said)


_FIELDS: Final = tuple(attrs.fields_dict(TitleRules))


def judge_title(title: Described, rules: TitleRules) -> Verdict:
    """Whether a show or film is wanted, with what speaks for it, or else with everything that speaks against it.

    >>> dark = Show("dark", "Dark", year=2017, genres=("Drama", "Mystery"), language="de")
    >>> judge_title(dark, TitleRules(year=["2015-2018"], genre=["mystery"])).reasons
    ('year 2017', 'genre Mystery')
    >>> judge_title(dark, TitleRules(genre=["comedy"], country=["DE"]))
    Verdict(passed=False, reasons=('genre is Drama, Mystery, not comedy', 'country is not known'))
    """
    speaking_for: list[str] = []
    against: list[str] = []
    for rule in rules:
        objection, agreed = _judge(rule, _told(title, rule.field))
        if objection is not None:
            against.append(objection)
        speaking_for.extend(agreed)
    return Verdict(False, tuple(against)) if against else Verdict(True, tuple(speaking_for))


def lacks_details(title: Described, rules: TitleRules) -> bool:
    """Whether a rule is on a field of which nothing is told, so that more should be asked before it is judged.

    >>> lacks_details(Show("dark", "Dark"), TitleRules(status=["ended"]))
    True
    """
    return any(not _told(title, rule.field) for rule in rules if rule.field != "missing")


def _judge(rule: TitleRule, told: tuple[str, ...]) -> tuple[str | None, list[str]]:
    found = {value: _matching(rule.field, value, told) for value in (*rule.wanted, *rule.excluded)}
    unwanted = [each for value in rule.excluded for each in found[value]]
    if unwanted:
        return f"{_LABELS[rule.field]} {', '.join(dict.fromkeys(unwanted))} is not wanted", []
    agreed = list(dict.fromkeys(each for value in rule.wanted for each in found[value]))
    if rule.wanted and not agreed:
        if not told:
            return f"{_LABELS[rule.field]} is not known" if rule.field != "missing" else "it has every id", []
        if rule.field == "missing":
            return f"it has the id {' and '.join(rule.wanted)}", []
        return f"{_LABELS[rule.field]} is {', '.join(told)}, not {' or '.join(rule.wanted)}", []
    return None, [f"{_LABELS[rule.field]} {', '.join(agreed)}"] if agreed else []


def _matching(field: str, value: str, told: tuple[str, ...]) -> tuple[str, ...]:
    """What of `told` a value of a rule names; what is not known is named by ``none``."""
    if value == UNKNOWN and field != "missing":
        return () if told else ("not known",)
    if field == "missing" and value == "any":
        return told
    return tuple(each for each in told if _MATCHES.get(field, _same)(value, each))


def _told(title: Described, field: str) -> tuple[str, ...]:
    match field:
        case "year":
            return () if title.year is None else (str(title.year),)
        case "genre":
            return title.genres
        case "country":
            return title.countries
        case "language":
            return () if title.language is None else (title.language,)
        case "status":
            status = None if isinstance(title, Movie) else title.status
            return () if status is None else (status,)
        case "type":
            film = isinstance(title, Movie) or (isinstance(title, TitleMetadata) and title.kind == "movie")
            return ("movie",) if film else (getattr(title, "type", "standard"),)
        case "source":
            return (title.provider if isinstance(title, TitleMetadata) else title.source,)
        case _:
            return tuple(name for name in _ID_NAMES if getattr(title.ids, name) is None)


def _same(value: str, told: str) -> bool:
    return value == told.casefold()


def _same_years(value: str, told: str) -> bool:
    first, last = _years(value)
    return first <= int(told) <= last


def _same_genre(value: str, told: str) -> bool:
    words, wanted = _words(told), _words(value)
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))


def _same_status(value: str, told: str) -> bool:
    return told.casefold() in _STATUSES.get(value, (value,))


_MATCHES: Final[Mapping[str, Callable[[str, str], bool]]] = MappingProxyType(
    {"year": _same_years, "genre": _same_genre, "status": _same_status}
)
_LABELS: Final = {name: name for name in _FIELDS} | {"missing": "missing id"}


@lru_cache(4096)
def _words(genre: str) -> tuple[str, ...]:
    return tokens_of(" ".join(tokens_of(genre)).replace("science fiction", "sci fi"))


@lru_cache(256)
def _years(text: str) -> tuple[int, int]:
    match = _YEARS.fullmatch(text)
    if match is None or not (match[1] or match[3]) or (match[1] and match[3] and not match[2]):
        raise UsageError(f"{text!r} is no year", remedy="Give one, or a range: 2011, 2010-2015, 2010-, -2015.")
    if match[2] is None:
        return int(match[1] or match[3]), int(match[1] or match[3])
    first, last = int(match[1] or 0), int(match[3] or _FAR)
    return min(first, last), max(first, last)


# ------------------------------------------------------------------------------------------------------- reading rules


def _rules(field: str, texts: Texts) -> tuple[TitleRule, ...]:
    given = (texts,) if isinstance(texts, str) else texts
    return tuple(text if isinstance(text, TitleRule) else _rule(field, text) for text in given)


def _rule(field: str, text: str) -> TitleRule:
    wanted: list[str] = []
    excluded: list[str] = []
    for piece in text.split(","):
        bare = piece.strip()
        negated = bare.startswith("!")
        value = bare.removeprefix("!").strip().casefold()
        if not value:
            raise UsageError(f"{field} {text!r} leaves a value empty", remedy="Separate values by single commas.")
        (excluded if negated else wanted).append(value if value == UNKNOWN else _READ.get(field, str)(value))
    return TitleRule(field, tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(excluded)))


def _year(value: str) -> str:
    _years(value)
    return value


def _country(value: str) -> str:
    code = _CODE_OF_COUNTRY.get(value, value)
    if re.fullmatch("[a-z]{2}", code.casefold()) is None:
        raise UsageError(f"{value!r} is no country", remedy="Give its code of two letters (ISO 3166-1): DE, JP, US.")
    return code.casefold()


def _language(value: str) -> str:
    code = LANGUAGE_WORDS.get(value) or LANGUAGE_CODES.get(value) or TWO_LETTER_CODES.get(value)
    if code is None and value in LANGUAGE_WORDS.values():
        code = value
    if code is None:
        raise UsageError(f"there is no language {value!r}", remedy="Give its ISO 639-1 code or its English name.")
    return code


def _one_of(field: str, known: Mapping[str, str], value: str) -> str:
    if value not in known:
        raise UsageError(f"there is no {field} {value!r}", remedy=f"There are {', '.join(dict.fromkeys(known))}.")
    return known[value]


_READ: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "year": _year,
        "country": _country,
        "language": _language,
        "type": partial(_one_of, "type", _TYPES),
        "missing": partial(_one_of, "id", {name: name for name in (*_ID_NAMES, "any")}),
    }
)

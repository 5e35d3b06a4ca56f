"""What TheTVDB's answers (API v4) say of series and films: from parsed JSON to values, without asking anybody.

An answer that lacks what everything rests on (the list that was asked for, a title's number) raises `UnusableAnswer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import attrs

from medialib.metadata import TitleKind, TitleMetadata
from medialib.model import ExternalIds, ShowType
from medialib.providers import tvdb_fields as fields
from medialib.providers.iso_codes import country_code, language_codes

__all__ = ["found_titles", "named_numbers", "title_of"]

Names: TypeAlias = Sequence[tuple[str, str]]

SOURCES: Final = {"imdb": "imdb", "themoviedbcom": "tmdb", "tvmaze": "tvmaze"}
"""Names of sources of remote ids, letters only, and the field of `ExternalIds` that each fills."""
DAILY_GENRES: Final = frozenset({"talk show", "news"})


def found_titles(answer: object, kind: TitleKind, language: str) -> tuple[TitleMetadata, ...]:
    """The titles of a list of search results, in its order; entries without a name are passed over.

    >>> entry = {"tvdb_id": "900101", "name": "The Long Voyage", "year": "2011", "country": "gbr"}
    >>> [(found.reference, found.countries) for found in found_titles({"data": [entry]}, "show", "en")]
    [('tvdb:900101', ('GB',))]
    """
    wanted = "series" if kind == "show" else "movie"
    found: dict[int, TitleMetadata] = {}
    for record in fields.records(fields.data_of(answer), "data"):
        if fields.text(record, "type") not in (None, wanted):
            continue
        number, country = _search_number(record), fields.text(record, "country")
        described = _described(
            kind,
            number,
            language,
            record,
            names=_simple_names(record, "translations"),
            summaries=_simple_names(record, "overviews"),
            aliases=fields.texts(record, "aliases"),
            own_language=fields.text(record, "primary_language"),
            countries=() if country is None else (country,),
            genres=fields.texts(record, "genres"),
            status=fields.text(record, "status"),
            ids=_ids(fields.records(record.get("remote_ids"), "remote_ids")),
            first=fields.text(record, "first_air_time"),
        )
        if described is not None:
            found.setdefault(number, described)
    return tuple(found.values())


def title_of(answer: object, kind: TitleKind, language: str) -> TitleMetadata:
    """The title that an extended record of a series or film tells of.

    >>> voyage = {"id": 900101, "name": "Die lange Reise", "originalLanguage": "deu", "year": "2011", "translations": {
    ...     "nameTranslations": [{"language": "eng", "name": "The Long Voyage"}]}}
    >>> found = title_of({"status": "success", "data": voyage}, "show", "en")
    >>> found.title, found.original_title, found.language, found.year
    ('The Long Voyage', 'Die lange Reise', 'de', 2011)
    """
    record = fields.record_of(fields.data_of(answer), "data")
    number = fields.number(record, "id")
    if number is None:
        raise fields.unusable("data.id")
    translations = fields.part(record, "translations")
    status, release = fields.part(record, "status"), fields.part(record, "first_release")
    producing = fields.records(record.get("production_countries"), "production_countries")
    countries = [fields.text(record, "originalCountry"), *(fields.text(each, "country") for each in producing)]
    described = _described(
        kind,
        number,
        language,
        record,
        names=_translated(translations, "nameTranslations", "name"),
        summaries=_translated(translations, "overviewTranslations", "overview"),
        aliases=_alias_names(record),
        own_language=fields.text(record, "originalLanguage"),
        countries=[country for country in countries if country is not None],
        genres=[name for each in fields.records(record.get("genres"), "genres") if (name := fields.text(each, "name"))],
        status=fields.text(status, "name"),
        ids=_ids(fields.records(record.get("remoteIds"), "remoteIds")),
        first=fields.text(record, "firstAired") or fields.text(release, "date"),
    )
    if described is None:
        raise fields.unusable("data.name")
    return described


def named_numbers(answer: object, kind: TitleKind) -> tuple[int, ...]:
    """TheTVDB's numbers of the series or films among what bears a remote id.

    >>> named_numbers({"data": [{"people": {"id": 5}}, {"series": {"id": 900101}}]}, "show")
    (900101,)
    """
    found: dict[int, None] = {}
    for entry in fields.records(fields.data_of(answer), "data"):
        record = fields.part(entry, "series" if kind == "show" else "movie")
        number = fields.number(record, "id")
        if number:  # what is not there may be told as an empty record, whose number is 0
            found[number] = None
    return tuple(found)


def _described(
    kind: TitleKind,
    number: int,
    language: str,
    record: fields.Record,
    *,
    names: Names,
    summaries: Names,
    aliases: Iterable[str],
    own_language: str | None,
    countries: Iterable[str],
    genres: Iterable[str],
    status: str | None,
    ids: ExternalIds,
    first: str | None,
) -> TitleMetadata | None:
    year = fields.year_of(fields.text(record, "year")) or fields.year_of(first)
    spoken = fields.language_of(own_language)
    name = fields.text(record, "name")
    chosen = _in_language(names, language) or name or (names[0][1] if names else None)
    if chosen is None:
        return None
    called = _without_year(chosen, year)
    original = (None if spoken is None else _in_language(names, spoken)) or name
    others = (_without_year(each, year) for each in (*aliases, *(translated for _, translated in names)))
    found_genres = tuple(dict.fromkeys(genres))
    return TitleMetadata(
        provider="tvdb",
        id=number,
        kind=kind,
        title=called,
        original_title=None if original is None else _without_year(original, year),
        year=year,
        aliases=tuple(dict.fromkeys(each for each in others if each != called)),
        ids=attrs.evolve(ids, tvdb=number),
        language=spoken,
        countries=tuple(dict.fromkeys(code for each in countries if (code := country_code(each)) is not None)),
        genres=found_genres,
        status=status,
        type=_show_type(found_genres, spoken) if kind == "show" else "standard",
        summary=_plain(_in_language(summaries, language) or fields.text(record, "overview")),
    )


def _show_type(genres: Iterable[str], language: str | None) -> ShowType:
    words = {genre.casefold() for genre in genres}
    if "anime" in words or ("animation" in words and language == "ja"):
        return "anime"
    return "daily" if words & DAILY_GENRES else "standard"


def _without_year(name: str, year: int | None) -> str:
    """TheTVDB tells namesakes apart by the year behind the name, which is a field of its own here."""
    bare = name.removesuffix(f"({year})").rstrip()
    return bare or name


def _plain(summary: str | None) -> str | None:
    return None if summary is None else summary.replace("\r\n", "\n")


def _in_language(texts: Names, language: str) -> str | None:
    for code in (*language_codes(language), language, *fields.OWN_LANGUAGE_CODES.get(language, ())):
        for its_code, text in texts:
            if its_code == code:
                return text
    return None


def _ids(records: Iterable[fields.Record]) -> ExternalIds:
    found: dict[str, Any] = {}
    for record in records:
        source, value = fields.text(record, "sourceName") or "", fields.text(record, "id") or ""
        field = SOURCES.get(re.sub(r"[^a-z]", "", source.lower()))
        if field == "imdb" and re.fullmatch(r"tt\d+", value):
            found.setdefault(field, value)
        elif field not in (None, "imdb") and re.fullmatch(r"[0-9]{1,18}", value):
            found.setdefault(str(field), int(value))
    return ExternalIds(**found)


def _search_number(record: fields.Record) -> int:
    said = fields.text(record, "tvdb_id") or (fields.text(record, "id") or "").rpartition("-")[2]
    if not re.fullmatch(r"[0-9]{1,18}", said):
        raise fields.unusable("data.tvdb_id")
    return int(said)


def _simple_names(record: fields.Record, key: str) -> Names:
    texts = fields.part(record, key)
    return [(code, text) for code in texts if (text := fields.text(texts, code)) is not None]


def _translated(translations: fields.Record, key: str, field: str) -> Names:
    found = []
    for each in fields.records(translations.get(key), key):
        code, text = fields.text(each, "language"), fields.text(each, field)
        if code is not None and text is not None and each.get("isAlias") is not True:
            found.append((code, text))
    return found


def _alias_names(record: fields.Record) -> list[str]:
    return [name for each in fields.records(record.get("aliases"), "aliases") if (name := fields.text(each, "name"))]

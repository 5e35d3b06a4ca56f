"""The single fields of TheTVDB's answers (API v4): each is read by itself and may be null, empty or missing.

What has another type than its documentation says raises `UnusableAnswer`, which names the field and never quotes the
answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, TypeAlias

from medialib.errors import UnusableAnswer
from medialib.providers.iso_codes import language_code

__all__ = [
    "OWN_LANGUAGE_CODES",
    "Record",
    "data_of",
    "date_of",
    "language_of",
    "number",
    "part",
    "record_of",
    "records",
    "text",
    "texts",
    "token",
    "unusable",
    "year_of",
]

Record: TypeAlias = Mapping[str, Any]

OWN_LANGUAGE_CODES: Final[Mapping[str, tuple[str, ...]]] = {"zh": ("zhtw", "yue"), "pt": ("pt",)}
"""TheTVDB's codes besides ISO 639-2: Chinese of Taiwan, Cantonese, Portuguese of Brazil."""


def unusable(where: str) -> UnusableAnswer:
    """The error for an answer that is not in its documented form at a field.

    >>> str(unusable("data.id"))
    "TheTVDB's answer is not in its documented form at data.id. Try again later."
    """
    return UnusableAnswer(f"TheTVDB's answer is not in its documented form at {where}", remedy="Try again later.")


def data_of(answer: object) -> object:
    """What an answer's envelope holds, null included.

    >>> data_of({"status": "success", "data": [1]}), data_of({"status": "success", "data": None})
    ([1], None)
    """
    envelope = record_of(answer, "the top")
    if "data" not in envelope or envelope.get("status") not in (None, "success"):
        raise unusable("status or data")
    return envelope["data"]


def token(answer: object) -> str:
    """The token out of an answer to a login: to be sent in a header, so it has no spaces and nothing but ASCII.

    >>> token({"status": "success", "data": {"token": "abc"}})
    'abc'
    """
    found = text(record_of(data_of(answer), "data"), "token")
    if found is None or not re.fullmatch(r"[!-~]+", found):
        raise unusable("data.token")
    return found


def record_of(value: object, where: str) -> Record:
    """A value that must be a record.

    >>> record_of({"id": 1}, "data")
    {'id': 1}
    """
    if not isinstance(value, Mapping):
        raise unusable(where)
    return value


def part(record: Record, key: str) -> Record:
    """A record within a record; empty where there is none.

    >>> part({"status": {"name": "Ended"}}, "status"), part({}, "status")
    ({'name': 'Ended'}, {})
    """
    value = record.get(key)
    return {} if value is None else record_of(value, key)


def records(value: object, where: str) -> list[Record]:
    """A list of records; TheTVDB tells an empty one as null too, and single gaps in one.

    >>> records([{"id": 1}, None], "data"), records(None, "data")
    ([{'id': 1}], [])
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise unusable(where)
    found = [record_of(each, where) for each in value if each is not None]
    if value and not found:  # a list of nothing but gaps is not an empty one
        raise unusable(where)
    return found


def texts(record: Record, key: str) -> list[str]:
    """A list of texts, empty ones left out.

    >>> texts({"aliases": ["Long Voyage", " ", None]}, "aliases"), texts({}, "aliases")
    (['Long Voyage'], [])
    """
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(each is None or isinstance(each, str) for each in value):
        raise unusable(key)
    return [each.strip() for each in value if each and each.strip()]


def text(record: Record, key: str) -> str | None:
    """A text without space around it; None for an empty one. A whole number counts as one.

    >>> text({"year": "2011 "}, "year"), text({"year": 2011}, "year"), text({"year": ""}, "year")
    ('2011', '2011', None)
    """
    value = record.get(key)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise unusable(key)
    return value.strip() or None


def number(record: Record, key: str) -> int | None:
    """A whole number, also where it is told as a text.

    >>> number({"id": 7}, "id"), number({"id": "7"}, "id"), number({}, "id")
    (7, 7, None)
    """
    said = text(record, key)
    if said is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,18}", said):
        raise unusable(key)
    return int(said)


def date_of(said: str | None) -> date | None:
    """The date that a text begins with; dates that are none stand in the data of volunteers and say nothing.

    >>> date_of("2011-05-17"), date_of("0000-00-00"), date_of(None)
    (datetime.date(2011, 5, 17), None, None)
    """
    try:
        return None if said is None else date.fromisoformat(said[:10])
    except ValueError:
        return None


def year_of(said: str | None) -> int | None:
    """The year that a text begins with.

    >>> year_of("2011"), year_of("2011-05-17"), year_of("0000"), year_of("soon"), year_of(None)
    (2011, 2011, None, None, None)
    """
    found = re.match(r"[0-9]{4}", said or "")
    return int(found[0]) or None if found else None


def language_of(code: str | None) -> str | None:
    """The ISO 639-1 code of a language given by one of TheTVDB's codes; None where it has none.

    >>> language_of("jpn"), language_of("zhtw"), language_of("pt"), language_of("und"), language_of(None)
    ('ja', 'zh', 'pt', None, None)
    """
    if code is None:
        return None
    for two, codes in OWN_LANGUAGE_CODES.items():
        if code in codes:
            return two
    return language_code(code)

"""How values are kept in columns: any text, any instant, plain JSON data, on every database alike.

Databases disagree on text. SQLite ends one at NUL in its own functions, PostgreSQL refuses NUL, and neither takes the
lone surrogates that carry undecodable bytes of file names. So such characters are written as others, in a code that
keeps order and prefixes: what a column sorts and compares is right without decoding it, ordinary text is stored as it
is, and a person who looks into the database can read it.

PostgreSQL's indexes also take no text of more than some 2,700 bytes, and a path may have more. There a key of more
than `LONGEST_KEY` bytes is kept as its start with a digest of the whole, which tells it from every other; the whole
stands in the column ``long_keys`` of its row, from where `medialib.catalogue.long_keys` puts it back.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from medialib.model import utc

__all__ = [
    "CUT",
    "KEPT",
    "LONGEST_KEY",
    "EscapedText",
    "Instant",
    "Json",
    "KeyText",
    "WholeNumber",
    "cut_key",
    "escape",
    "is_coded",
    "keys_are_cut",
    "unescape",
]

WholeNumber = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number of up to 64 bits, which is what SQLite's INTEGER is."""

LONGEST_KEY = 800
"""Bytes that a key may have in an index of PostgreSQL: three of them fit, and no index has more."""
CUT = "\x01\x03"
"""What stands between the start of a key that was cut and the digest of the whole; `escape` never writes it."""
KEPT = 100
"""Characters that a key keeps of its start when it is cut: at most six bytes each, so that mark and digest fit too."""

# U+0001 and U+E000 begin the code; each sorts where what it stands for would.
_STRANGE = re.compile("[\x00\x01\ud800-\udfff\ue000]")
_CODED = re.compile("\x01([\x01\x02])|\ue000([\u3400-\u3bff\ue000])")
_SURROGATES, _STAND_INS = 0xD800, 0x3400


def escape(text: str) -> str:
    r"""The text without NUL and surrogates, in a code that keeps order and prefixes.

    >>> escape("Amélie"), escape("a\x00b"), escape("caf\udce9")
    ('Amélie', 'a\x01\x01b', 'caf\ue000㣩')
    """
    if text.isascii() and "\x00" not in text and "\x01" not in text:
        return text
    return _STRANGE.sub(_code, text)


def is_coded(text: str) -> bool:
    """Whether a text from the database has anything in it that stands for something else."""
    return "\x01" in text or "\ue000" in text


def unescape(text: str) -> str:
    r"""The text that `escape` wrote.

    >>> unescape(escape("caf\udce9\x00\x01\ue000")) == "caf\udce9\x00\x01\ue000"
    True
    """
    if is_coded(text):
        return _CODED.sub(_decode, text)
    return text


def _code(match: re.Match[str]) -> str:
    letter = match[0]
    if letter == "\x00":
        return "\x01\x01"
    if letter == "\x01":
        return "\x01\x02"
    if letter == "\ue000":
        return "\ue000\ue000"
    return "\ue000" + chr(ord(letter) - _SURROGATES + _STAND_INS)


def _decode(match: re.Match[str]) -> str:
    if match[1] is not None:
        return "\x00" if match[1] == "\x01" else "\x01"
    if match[2] == "\ue000":
        return "\ue000"
    return chr(ord(match[2]) - _STAND_INS + _SURROGATES)


class EscapedText(TypeDecorator[str]):
    """Any Python text, sorted by code point as Python sorts it."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """A text column that sorts by code point: SQLite's do, PostgreSQL's must be told."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What is sent to the database."""
        return None if value is None else escape(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """What comes back."""
        return None if value is None else unescape(value)


def cut_key(text: str) -> str | None:
    r"""What is kept of a key that is too long for an index, escaped; None for one that is not.

    >>> cut_key("Show.S01E01.mkv") is None
    True
    >>> len(cut_key("x" * 10_000)), cut_key("x" * 10_000) == cut_key("x" * 10_001)
    (166, False)
    """
    if len(text) * 6 <= LONGEST_KEY:
        return None
    coded = escape(text).encode()
    if len(coded) <= LONGEST_KEY:
        return None
    return f"{escape(text[:KEPT])}{CUT}{hashlib.sha256(coded).hexdigest()}"


def keys_are_cut(dialect: Dialect) -> bool:
    """Whether a database needs its keys cut."""
    return dialect.name == "postgresql"


class KeyText(EscapedText):
    """Text that stands in an index: any Python text, cut where it is too long for the database's indexes."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What is sent to the database."""
        if value is None:
            return None
        return (cut_key(value) if keys_are_cut(dialect) else None) or escape(value)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept and given back in UTC. A naive one, which names no instant, is a ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What is sent to the database."""
        return None if value is None else utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What comes back; SQLite's has lost its zone, which was UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """Plain JSON data as text. A database's own JSON type would refuse NUL and surrogates."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """What is sent to the database; None is no data. Surrogates stay single, as an ASCII escape would not keep."""
        return None if value is None else escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """What comes back."""
        return None if value is None else json.loads(unescape(value))

"""How values are kept in columns: any text, any instant, plain JSON data, on every database alike.

Databases disagree on text. SQLite ends one at NUL in its own functions, PostgreSQL refuses NUL, and neither takes the
lone surrogates that carry undecodable bytes of file names. So such characters are written as others, in a code that
keeps order and prefixes: what a column sorts and compares is right without decoding it, ordinary text is stored as it
is, and a person who looks into the database can read it.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from medialib.model import utc

__all__ = ["EscapedText", "Instant", "Json", "escape", "unescape"]

# U+0001 and U+E000 begin the code; each sorts where what it stands for would.
_STRANGE = re.compile("[\x00\x01\ud800-\udfff\ue000]")
_CODED = re.compile("\x01([\x01\x02])|\ue000([\u3400-\u3bff\ue000])")
_SURROGATES, _STAND_INS = 0xD800, 0x3400


def escape(text: str) -> str:
    r"""The text without NUL and surrogates, in a code that keeps order and prefixes.

    >>> escape("Amélie"), escape("a\x00b"), escape("caf\udce9")
    ('Amélie', 'a\x01\x01b', 'caf\ue000㣩')
    """
    return _STRANGE.sub(_code, text)


def unescape(text: str) -> str:
    r"""The text that `escape` wrote.

    >>> unescape(escape("caf\udce9\x00\x01\ue000")) == "caf\udce9\x00\x01\ue000"
    True
    """
    if "\x01" in text or "\ue000" in text:
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

"""Durations, sizes and file modes, as people write them and back.

What is written by a ``format_…`` function reads back as the same value.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

__all__ = [
    "format_duration",
    "format_mode",
    "format_size",
    "parse_duration",
    "parse_mode",
    "parse_size",
]

_MICROSECONDS: Final = {
    "w": 604_800_000_000,
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
}
_BYTES: Final = {
    "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgtp", start=1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgtp", start=1)},
}
_NUMBER = r"\d{1,18}(?:\.\d{1,12})?"
_DURATION_PART = re.compile(rf"\s*({_NUMBER})\s*(ms|[wdhms])\s*", re.ASCII)
_SIZE = re.compile(rf"({_NUMBER})\s*([a-z]+)", re.ASCII | re.IGNORECASE)
_MODE = re.compile(r"(?:0o|0)?([0-7]{3,4})", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """The duration that a text names: numbers with ``w``, ``d``, ``h``, ``m``, ``s`` or ``ms``; without, seconds.

    Raises ValueError for anything else, for what is negative, and for more than `timedelta` can hold.

    >>> parse_duration("90s")
    datetime.timedelta(seconds=90)
    >>> parse_duration("1h30m") == parse_duration("90 m") == parse_duration("5400")
    True
    >>> parse_duration("banana")
    Traceback (most recent call last):
    ValueError: wants a duration such as 90s, 5m, 2h or 30d
    """
    stripped = text.strip()
    if re.fullmatch(_NUMBER, stripped, re.ASCII):
        stripped += "s"
    position, total = 0, Decimal(0)
    while part := _DURATION_PART.match(stripped, position):
        total += Decimal(part[1]) * _MICROSECONDS[part[2]]
        position = part.end()
    if position == 0 or position != len(stripped):
        raise ValueError("wants a duration such as 90s, 5m, 2h or 30d")
    try:
        return timedelta(microseconds=int(total))
    except OverflowError:
        raise ValueError("is too long a duration") from None


def format_duration(duration: timedelta) -> str:
    """The shortest text of one unit that reads back as the same duration, which must not be negative.

    >>> from datetime import timedelta
    >>> [format_duration(timedelta(seconds=seconds)) for seconds in (90, 300, 86400, 0.25, 0)]
    ['90s', '5m', '1d', '250ms', '0s']
    """
    microseconds = duration // timedelta(microseconds=1)
    for unit in ("d", "h", "m", "s", "ms"):
        if microseconds and microseconds % _MICROSECONDS[unit] == 0:
            return f"{microseconds // _MICROSECONDS[unit]}{unit}"
    return f"{Decimal(microseconds) / 1_000_000:f}s"


def parse_size(text: str) -> int:
    """The bytes that a text names: a number with ``B``, ``kB`` … ``PB`` (1000s), ``KiB`` … ``PiB`` (1024s), or none.

    Raises ValueError for anything else, negative sizes and parts of a byte among it. Case does not matter.

    >>> parse_size("1 GiB"), parse_size("500 MB"), parse_size("1.5kib"), parse_size("42")
    (1073741824, 500000000, 1536, 42)
    >>> parse_size("10G")
    Traceback (most recent call last):
    ValueError: wants a size such as 500 MB or 1 GiB, or a whole number of bytes
    """
    stripped = text.strip()
    if re.fullmatch(r"\d{1,18}", stripped, re.ASCII):
        return int(stripped)
    match = _SIZE.fullmatch(stripped)
    if match is not None and match[2].lower() in _BYTES:
        size = Decimal(match[1]) * _BYTES[match[2].lower()]
        if size == size.to_integral_value():
            return int(size)
    raise ValueError("wants a size such as 500 MB or 1 GiB, or a whole number of bytes")


def format_size(size: int) -> str:
    """The shortest exact text of a number of bytes.

    >>> format_size(1 << 30), format_size(1536), format_size(500_000_000), format_size(42)
    ('1 GiB', '1536 B', '500 MB', '42 B')
    """
    for unit in ("PiB", "PB", "TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "kB"):
        if size and size % _BYTES[unit.lower()] == 0:
            return f"{size // _BYTES[unit.lower()]} {unit}"
    return f"{size} B"


def parse_mode(text: str) -> int:
    """The permission bits that an octal text names: ``644``, ``0644`` or ``0o644``.

    Raises ValueError for anything else.

    >>> oct(parse_mode("0644")), oct(parse_mode("0o2775"))
    ('0o644', '0o2775')
    """
    match = _MODE.fullmatch(text.strip())
    if match is None:
        raise ValueError('wants an octal mode in quotes, such as "0644"')
    return int(match[1], 8)


def format_mode(mode: int) -> str:
    """Permission bits as octal text.

    >>> format_mode(0o644)
    '0644'
    """
    return f"{mode:04o}"

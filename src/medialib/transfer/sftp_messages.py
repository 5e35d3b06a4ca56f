"""SFTP version 3 as bytes: requests are put together, short replies are read. No input or output here.

Source: draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL for its extensions. What a far side cannot rightly send
raises `NotSftp`. Streams of replies are taken apart in `sftp_replies`, names and attributes read in `sftp_names`.
"""

from __future__ import annotations

import errno
import struct
from enum import IntEnum, IntFlag
from typing import NamedTuple

__all__ = [
    "LIMITS",
    "LONGEST_REPLY",
    "MODEST_READ",
    "POSIX_RENAME",
    "Limits",
    "NotSftp",
    "OpenFor",
    "Reply",
    "Request",
    "parse_extensions",
    "parse_handle",
    "parse_limits",
    "parse_status",
    "request",
    "span",
    "string",
    "times",
]

LIMITS = b"limits@openssh.com"
"""The extension by which a server tells how much one request may ask for."""
MODEST_READ = 2**15
"""Bytes that every server must give in one answer."""
LONGEST_REPLY = 2**24
"""Bytes that a reply may have, whatever the server says of its limits."""
POSIX_RENAME = b"posix-rename@openssh.com"
"""The extension that renames by one step and replaces what is there."""


class Request(IntEnum):
    """What can be asked."""

    INIT = 1
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    SETSTAT = 9
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    RMDIR = 15
    REALPATH = 16
    STAT = 17
    RENAME = 18
    READLINK = 19
    EXTENDED = 200


class Reply(IntEnum):
    """What can be answered."""

    VERSION = 2
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED_REPLY = 201


class OpenFor(IntFlag):
    """How a file is opened."""

    READ = 1
    WRITE = 2
    APPEND = 4
    CREATE = 8
    TRUNCATE = 16
    EXCLUSIVE = 32


class NotSftp(Exception):
    """The far side does not keep to the protocol, so nothing it says further can be understood."""


class Limits(NamedTuple):
    """How large a server lets requests be."""

    packet: int = 34000
    """Bytes of a whole request or reply. The default is what every server must take."""
    read: int = MODEST_READ
    """Bytes one READ may ask for."""
    write: int = 32768
    """Bytes one WRITE may carry."""


_WORD = struct.Struct(">I")
_SPAN = struct.Struct(">QI")
_TWO_WORDS = struct.Struct(">II")
_HEAD = struct.Struct(">IBI")
_FOUR_LONG = struct.Struct(">QQQQ")


def request(kind: int, number: int, body: bytes) -> bytes:
    """A whole request.

    >>> request(Request.CLOSE, 7, string(b"h")).hex()
    '0000000a04000000070000000168'
    """
    return _HEAD.pack(5 + len(body), kind, number) + body


def string(data: bytes | memoryview) -> bytes:
    """Bytes with their length before them.

    >>> string(b"ab").hex()
    '000000026162'
    """
    return _WORD.pack(len(data)) + bytes(data)


def span(offset: int, length: int) -> bytes:
    """A stretch of a file, as READ takes it.

    >>> span(1, 2).hex()
    '000000000000000100000002'
    """
    return _SPAN.pack(offset, length)


def times(accessed: int, changed: int) -> bytes:
    """Attributes that hold nothing but times, in whole seconds since the epoch.

    >>> times(1, 2).hex()
    '000000080000000100000002'
    """
    return _WORD.pack(8) + _TWO_WORDS.pack(accessed, changed)


def parse_extensions(body: bytes | memoryview) -> dict[bytes, bytes]:
    """The pairs of name and data in a ``VERSION`` reply. Raises `NotSftp`.

    >>> parse_extensions(string(b"posix-rename@openssh.com") + string(b"1"))
    {b'posix-rename@openssh.com': b'1'}
    """
    data, at, found = bytes(body), 0, {}
    while at < len(data):
        name, at = _string(data, at)
        found[name], at = _string(data, at)
    return found


def parse_limits(body: bytes | memoryview) -> Limits:
    """What a server says of its limits; where it says 0, or less than every server must take, that least.

    >>> parse_limits(bytes.fromhex("0000000000040000" "000000000003fc00" "000000000003fc00" "0000000000000000"))
    Limits(packet=262144, read=261120, write=261120)
    """
    if len(body) < _FOUR_LONG.size:
        raise NotSftp("limits that are cut short")
    packet, read, write, _ = _FOUR_LONG.unpack_from(body)
    least = Limits()
    # Not more than can be parsed, whatever is offered.
    most = LONGEST_REPLY // 2
    return Limits(
        min(max(packet, least.packet), most), min(max(read, least.read), most), min(max(write, least.write), most)
    )


def parse_handle(body: bytes | memoryview) -> bytes:
    """The handle in a ``HANDLE`` reply: at most 256 bytes, as the draft says. Raises `NotSftp`.

    >>> parse_handle(string(b"h"))
    b'h'
    """
    handle, _ = _string(bytes(body), 0)
    if len(handle) > 256:
        raise NotSftp(f"a handle of {len(handle)} bytes")
    return handle


def parse_status(body: bytes | memoryview) -> Exception | None:
    """What a ``STATUS`` reply means: None for success, EOFError for the end, else an OSError with an errno.

    Plain failures have EIO. Raises `NotSftp` if there is no code.

    >>> parse_status(bytes.fromhex("00000002") + string(b"gone") + string(b""))
    FileNotFoundError(2, 'gone')
    """
    data = bytes(body)
    if len(data) < 4:
        raise NotSftp("a status without a code")
    (code,) = _WORD.unpack_from(data)
    try:
        said = _string(data, 4)[0].decode("utf-8", "replace")
    except NotSftp:  # version 2 servers say no more than the code
        said = ""
    text = " ".join(said[:500].split()) or f"status {code}"
    if code == 0:
        return None
    if code == 1:
        return EOFError(text)
    return OSError({2: errno.ENOENT, 3: errno.EACCES, 8: errno.EOPNOTSUPP}.get(code, errno.EIO), text)


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    if len(data) < at + 4:
        raise NotSftp("a string without a length")
    (length,) = _WORD.unpack_from(data, at)
    found = data[at + 4 : at + 4 + length]
    if len(found) < length:
        raise NotSftp("a string that is cut short")
    return found, at + 4 + length

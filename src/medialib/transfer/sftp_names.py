"""Names and attributes as SFTP version 3 sends them: listings have tens of thousands. No input or output here."""

from __future__ import annotations

import stat
import struct
from typing import NamedTuple

from medialib.transfer.sftp_messages import NotSftp

__all__ = ["RemoteAttributes", "parse_attributes", "parse_names"]

_WORD = struct.Struct(">I")
_TWO_WORDS = struct.Struct(">II")
_LONG = struct.Struct(">Q")
_USUAL = struct.Struct(">IQIIIII")
_EXTENDED = 0x80000000
_LONG_NAME_KINDS = {ord("d"): stat.S_IFDIR, ord("l"): stat.S_IFLNK, ord("-"): stat.S_IFREG}


class RemoteAttributes(NamedTuple):
    """What an SFTP server says of a file: a listing's line. A tuple, because listings have tens of thousands."""

    name: str
    """Last part of the path, undecodable bytes by surrogateescape."""
    mode: int
    """File type and permissions as in `os.stat`; 0 if the server does not say."""
    size: int
    """Bytes."""
    mtime: int
    """Time of last change, whole seconds since the epoch, UTC."""
    uid: int
    """Owner."""
    gid: int
    """Group."""


def parse_attributes(body: bytes | memoryview) -> RemoteAttributes:
    """What an ``ATTRS`` reply says, without a name. Raises `NotSftp`.

    >>> parse_attributes(bytes.fromhex("00000001" "0000000000000005")).size
    5
    """
    try:
        return _attributes("", bytes(body), 0, 0)[0]
    except struct.error:
        raise NotSftp("attributes that are cut short") from None


def parse_names(body: bytes | memoryview) -> list[RemoteAttributes]:
    """Read the body of a ``NAME`` reply: a count and that many names with their attributes. Raises `NotSftp`.

    A last name of which the attributes are missing is taken without: some servers answer ``REALPATH`` so.

    >>> parse_names(bytes.fromhex("00000001" "00000001ff" "00000000" "0000000c" "000081a4" "0000000a" "0000000b"))
    [RemoteAttributes(name='\\udcff', mode=33188, size=0, mtime=11, uid=0, gid=0)]
    """
    data = bytes(body)
    try:
        (count,) = _WORD.unpack_from(data)
        position = 4
        found = []
        for _ in range(count):
            (length,) = _WORD.unpack_from(data, position)
            long_name = position + 8 + length
            name = data[position + 4 : long_name - 4]
            if len(name) < length:
                raise NotSftp("names that are cut short")
            decoded = name.decode("utf-8", "surrogateescape")
            if long_name - 4 == len(data) and count == 1:
                return [RemoteAttributes(decoded, 0, 0, 0, 0, 0)]
            (length,) = _WORD.unpack_from(data, long_name - 4)
            kind = _LONG_NAME_KINDS.get(data[long_name], 0) if length else 0
            position = long_name + length
            if data[position : position + 4] == b"\0\0\0\x0f":
                _, size, uid, gid, mode, _, mtime = _USUAL.unpack_from(data, position)
                position += 32
                found.append(RemoteAttributes(decoded, mode if mode & 0o170000 else mode | kind, size, mtime, uid, gid))
            else:
                entry, position = _attributes(decoded, data, position, kind)
                found.append(entry)
    except (struct.error, IndexError):
        raise NotSftp("names that are cut short") from None
    return found


def _attributes(name: str, data: bytes, position: int, kind: int) -> tuple[RemoteAttributes, int]:
    """Attributes in any form, and where they end. Raises struct.error if they are cut short."""
    (flags,) = _WORD.unpack_from(data, position)
    size = uid = gid = mode = mtime = 0
    position += 4
    if flags & 1:
        (size,) = _LONG.unpack_from(data, position)
        position += 8
    if flags & 2:
        uid, gid = _TWO_WORDS.unpack_from(data, position)
        position += 8
    if flags & 4:
        (mode,) = _WORD.unpack_from(data, position)
        position += 4
    if flags & 8:
        _, mtime = _TWO_WORDS.unpack_from(data, position)
        position += 8
    if flags & _EXTENDED:
        (pairs,) = _WORD.unpack_from(data, position)
        position += 4
        for _ in range(2 * pairs):
            (skipped,) = _WORD.unpack_from(data, position)
            position += 4 + skipped
    return RemoteAttributes(name, mode if stat.S_IFMT(mode) else mode | kind, size, mtime, uid, gid), position

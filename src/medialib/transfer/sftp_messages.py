"""SFTP version 3 as bytes: requests are put together, replies are taken apart where they lie. No input or output here.

Source: draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL for its extensions. What a far side cannot rightly send
raises `NotSftp`; lengths are judged before anything of that length is waited for.
"""

from __future__ import annotations

import errno
import stat
import struct
from enum import IntEnum, IntFlag
from typing import NamedTuple

__all__ = [
    "LIMITS",
    "POSIX_RENAME",
    "Limits",
    "NotSftp",
    "OpenFor",
    "RemoteAttributes",
    "Reply",
    "ReplyParser",
    "ReplyPart",
    "Request",
    "parse_attributes",
    "parse_extensions",
    "parse_handle",
    "parse_limits",
    "parse_names",
    "parse_status",
    "request",
    "span",
    "string",
    "times",
]

LIMITS = b"limits@openssh.com"
"""The extension by which a server tells how much one request may ask for."""
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


class Limits(NamedTuple):
    """How large a server lets requests be."""

    packet: int = 34000
    """Bytes of a whole request or reply. The default is what every server must take."""
    read: int = 32768
    """Bytes one READ may ask for."""
    write: int = 32768
    """Bytes one WRITE may carry."""


class ReplyPart(NamedTuple):
    """A reply, or, of the bytes of a file, a stretch of one."""

    kind: int
    """A `Reply`, or a number that is none."""
    number: int
    """Which request is answered; the protocol's version for ``VERSION``."""
    body: memoryview
    """What follows the number; for ``DATA`` the file's bytes alone. It lies in what was fed to the parser."""
    left: int
    """How many bytes of the file this reply still owes; 0 for every other kind."""


_WORD = struct.Struct(">I")
_SPAN = struct.Struct(">QI")
_TWO_WORDS = struct.Struct(">II")
_KIND = struct.Struct(">IB")
_HEAD = struct.Struct(">IBI")
_DATA_HEAD = struct.Struct(">IBII")
_USUAL = struct.Struct(">IQIIIII")
_FOUR_LONG = struct.Struct(">QQQQ")
_USUAL_FLAGS = 0x0000000F
_EXTENDED = 0x80000000
_DATA = int(Reply.DATA)
_LONGEST = 2**24
_LONG_NAME_KINDS = {ord("d"): stat.S_IFDIR, ord("l"): stat.S_IFLNK, ord("-"): stat.S_IFREG}


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


class ReplyParser:
    """Takes a stream of bytes apart into replies, however it was cut.

    Bytes of files are handed on as they come, where they lie; every other reply when it is whole. A reply that claims
    `longest` bytes or more is refused.

    >>> parser = ReplyParser()
    >>> parts = parser.feed(bytes.fromhex("0000000c" "67" "00000007" "00000003" "6162"))
    >>> [(part.number, bytes(part.body), part.left) for part in parts + parser.feed(b"c")]
    [(7, b'ab', 1), (7, b'c', 0)]
    """

    def __init__(self, *, longest: int = _LONGEST) -> None:
        self._longest = longest
        self._held = bytearray()
        self._number = 0
        self._left = 0
        self._unread = 0

    @property
    def between(self) -> bool:
        """Whether everything fed so far belongs to whole replies."""
        return not (self._held or self._left or self._unread)

    def feed(self, data: bytes | memoryview) -> list[ReplyPart]:
        """The replies, or parts of them, in the next bytes. Raises `NotSftp`."""
        found: list[ReplyPart] = []
        view = memoryview(data)
        at, end = 0, len(view)
        while at < end:
            if self._left:
                taken = min(self._left, end - at)
                self._left -= taken
                found.append(ReplyPart(_DATA, self._number, view[at : at + taken], self._left))
                at += taken
            elif self._unread:
                taken = min(self._unread, end - at)
                self._unread -= taken
                at += taken
            elif not self._held and end - at >= _DATA_HEAD.size:
                at = self._whole(view, at, end, found)
            else:
                at = self._gathered(view, at, end, found)
        return found

    def _whole(self, view: memoryview, at: int, end: int, found: list[ReplyPart]) -> int:
        length: int
        length, kind, number = _HEAD.unpack_from(view, at)
        self._judge(length)
        if kind == _DATA:
            self._begin(length, number, _WORD.unpack_from(view, at + 9)[0], found)
            return at + _DATA_HEAD.size
        if end - at < 4 + length:
            self._held += view[at:]
            return end
        found.append(ReplyPart(kind, number, view[at + 9 : at + 4 + length], 0))
        return at + 4 + length

    def _gathered(self, view: memoryview, at: int, end: int, found: list[ReplyPart]) -> int:
        held = self._held
        length, kind = _KIND.unpack_from(held) if len(held) >= 5 else (1, 0)
        if len(held) >= 5:
            self._judge(length)
        wanted = _DATA_HEAD.size if kind == _DATA else 4 + int(length)
        taken = min(wanted - len(held), end - at)
        held += view[at : at + taken]
        if len(held) == wanted and wanted > 5:
            self._held = bytearray()
            if kind == _DATA:
                _, _, number, inner = _DATA_HEAD.unpack(held)
                self._begin(length, number, inner, found)
            else:
                found.append(ReplyPart(kind, _WORD.unpack_from(held, 5)[0], memoryview(held)[9:], 0))
        return at + taken

    def _judge(self, length: int) -> None:
        if not 5 <= length < self._longest:
            raise NotSftp(f"a reply of {length} bytes")

    def _begin(self, length: int, number: int, inner: int, found: list[ReplyPart]) -> None:
        if inner + 9 > length:
            raise NotSftp(f"{inner} bytes of a file in a reply of {length}")
        # Some servers let a mark of the file's end follow, which only later versions know.
        self._number, self._left, self._unread = number, inner, length - 9 - inner
        if not inner:
            found.append(ReplyPart(_DATA, number, memoryview(b""), 0))


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
    most = _LONGEST // 2
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
        (size,) = struct.unpack_from(">Q", data, position)
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


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    if len(data) < at + 4:
        raise NotSftp("a string without a length")
    (length,) = _WORD.unpack_from(data, at)
    found = data[at + 4 : at + 4 + length]
    if len(found) < length:
        raise NotSftp("a string that is cut short")
    return found, at + 4 + length

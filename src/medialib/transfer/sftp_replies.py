"""A stream of bytes taken apart into SFTP replies where they lie. No input or output here.

What a far side cannot rightly send raises `NotSftp`; lengths are judged before anything of that length is waited for.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from medialib.transfer.sftp_messages import LONGEST_REPLY, NotSftp, Reply

__all__ = ["ReplyParser", "ReplyPart"]

_WORD = struct.Struct(">I")
_KIND = struct.Struct(">IB")
_HEAD = struct.Struct(">IBI")
_DATA_HEAD = struct.Struct(">IBII")
_DATA = int(Reply.DATA)


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


class ReplyParser:
    """Takes a stream of bytes apart into replies, however it was cut.

    Bytes of files are handed on as they come, where they lie; every other reply when it is whole. A reply that claims
    `longest` bytes or more is refused.

    >>> parser = ReplyParser()
    >>> parts = parser.feed(bytes.fromhex("0000000c" "67" "00000007" "00000003" "6162"))
    >>> [(part.number, bytes(part.body), part.left) for part in parts + parser.feed(b"c")]
    [(7, b'ab', 1), (7, b'c', 0)]
    """

    def __init__(self, *, longest: int = LONGEST_REPLY) -> None:
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

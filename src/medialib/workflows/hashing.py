"""Reading a file's content for what it comes to under one or more algorithms, in one pass."""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from typing import BinaryIO

import attrs

from medialib.errors import Cancelled
from medialib.model import Digest, DigestAlgorithm
from medialib.ports import CancelToken, Location
from medialib.workflows.ed2k import Ed2k

__all__ = ["Content", "Digester", "content_hash", "read_content", "read_stream"]

_BLOCK = 1 << 20


@attrs.frozen
class Content:
    """What reading a file found."""

    size: int
    """Bytes."""
    digests: tuple[Digest, ...]
    """What they come to, in the order asked for; of an ed2k hash that has two forms, both."""

    def value(self, algorithm: DigestAlgorithm) -> str | None:
        """The value under one algorithm; None if it was not asked for."""
        return next((digest.value for digest in self.digests if digest.algorithm == algorithm), None)


class Digester:
    """Takes bytes as they come, and tells what they come to under several algorithms.

    Raises UsageError where ed2k is asked for and pycryptodome is not installed.

    >>> digester = Digester(["crc32", "md5"])
    >>> digester.update(b"123456789")
    >>> [str(digest) for digest in digester.content().digests]
    ['CRC32 cbf43926', 'MD5 25f9e794323b453885f5181f1b624d0b']
    """

    def __init__(self, algorithms: Iterable[DigestAlgorithm]) -> None:
        self._algorithms: tuple[DigestAlgorithm, ...] = tuple(dict.fromkeys(algorithms))
        # not for secrecy: only to tell one content from another
        self._hashes = {
            name: hashlib.new(name, usedforsecurity=False) for name in self._algorithms if name not in ("crc32", "ed2k")
        }
        self._ed2k = Ed2k() if "ed2k" in self._algorithms else None
        self._crc32 = 0
        self.size = 0

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        self.size += len(data)
        for each in self._hashes.values():
            each.update(data)
        if self._ed2k is not None:
            self._ed2k.update(data)
        if "crc32" in self._algorithms:
            self._crc32 = zlib.crc32(data, self._crc32)

    def content(self) -> Content:
        """What all bytes so far come to."""
        return Content(
            self.size, tuple(Digest(name, value) for name in self._algorithms for value in self._values(name))
        )

    def _values(self, name: DigestAlgorithm) -> tuple[str, ...]:
        if name == "crc32":
            return (f"{self._crc32:08x}",)
        return self._ed2k.values() if self._ed2k is not None and name == "ed2k" else (self._hashes[name].hexdigest(),)


def content_hash(location: Location, path: str, cancelled: CancelToken) -> str:
    """SHA-256 of a file's bytes, lower-case hex; raises Cancelled when asked to stop."""
    return read_content(location, path, ["sha256"], cancelled).digests[0].value


def read_content(
    location: Location,
    path: str,
    algorithms: Iterable[DigestAlgorithm],
    cancelled: CancelToken,
    arrived: Callable[[int], None] | None = None,
) -> Content:
    """Read a whole file for what it comes to; from its disk, not from memory, where the system can be told so.

    `arrived` is told of each count of bytes. Raises as `Location.open` does, OSError if reading fails, and Cancelled
    when asked to stop.
    """
    with closing(location.open(path)) as stream:
        return read_stream(stream, algorithms, cancelled, arrived)


def read_stream(
    stream: BinaryIO,
    algorithms: Iterable[DigestAlgorithm],
    cancelled: CancelToken,
    arrived: Callable[[int], None] | None = None,
) -> Content:
    """Read a stream to its end; see `read_content`."""
    digester = Digester(algorithms)
    _forget(stream)
    for block in _blocks(stream):
        if cancelled.is_set():
            raise Cancelled("stopped while a file was read")
        digester.update(block)
        if arrived is not None:
            arrived(len(block))
    _forget(stream)
    return digester.content()


def _blocks(stream: BinaryIO) -> Iterator[bytes | memoryview]:
    """The bytes of a stream, in memory that is used again and again where the stream fills it itself."""
    if not isinstance(stream, io.FileIO):
        while block := stream.read(_BLOCK):
            yield block
        return
    memory = memoryview(bytearray(_BLOCK))
    while count := stream.readinto(memory):
        yield memory[:count]


def _forget(stream: BinaryIO) -> None:
    """Drop what memory holds of a file: before, so that the disk is asked; after, so that nothing useful is crowded
    out. Bytes that are not on the disk yet stay."""
    with suppress(OSError, AttributeError, io.UnsupportedOperation):
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

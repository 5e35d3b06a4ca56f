"""The ed2k hash, by which AniDB knows files.

A file is cut into chunks of 9,728,000 bytes. The hash of a file shorter than one chunk is its MD4; of any other it is
the MD4 of its chunks' MD4s, one after the other. Programs disagree where the size is an exact multiple of the chunk,
and both forms are in use (https://wiki.anidb.net/Ed2k-hash calls them *red* and *blue*):

- *red*, eDonkey's and eMule's own, adds the MD4 of an empty chunk to the list. AniDB's AVDump enters this one as a
  file's ed2k hash, so it comes first here.
- *blue* leaves that chunk out. AVDump enters it besides, as the alternative, and AniDB has files under it as well.

So such a file has two hashes, and is the same file if either agrees; AniDB is asked by the first, then by the second.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from medialib.errors import UsageError

if TYPE_CHECKING:
    from Crypto.Hash.MD4 import MD4Hash

__all__ = ["CHUNK", "Ed2k", "can_hash_ed2k"]

CHUNK: Final = 9_728_000
"""Bytes of a chunk."""


@cache
def can_hash_ed2k() -> bool:
    """Whether what computes MD4 is installed; many builds of OpenSSL, and so `hashlib`, have it no more."""
    return find_spec("Crypto") is not None


class Ed2k:
    """Takes bytes as they come. Raises UsageError where pycryptodome is not installed.

    >>> hashing = Ed2k()
    >>> hashing.update(b"abc")
    >>> hashing.values()
    ('a448017aaf21d8525fc10ae87aa6729d',)
    """

    def __init__(self) -> None:
        self._done = bytearray()
        self._chunk, self._filled = _md4(), 0

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        view = memoryview(data)
        while view:
            taken = view[: CHUNK - self._filled]
            self._chunk.update(taken)
            self._filled += len(taken)
            view = view[len(taken) :]
            if self._filled == CHUNK:
                self._done += self._chunk.digest()
                self._chunk, self._filled = _md4(), 0

    def values(self) -> tuple[str, ...]:
        """What all bytes so far come to, lower-case hex: one value, or the red and the blue one; see above."""
        last = self._chunk.digest()
        if not self._done:
            return (last.hex(),)
        whole = _md4(bytes(self._done) + last).hexdigest()
        if self._filled:
            return (whole,)
        # a single chunk that is exactly full is, in the blue form, nothing but that chunk's own MD4
        return whole, self._done.hex() if len(self._done) == len(last) else _md4(bytes(self._done)).hexdigest()


def _md4(data: bytes = b"") -> MD4Hash:
    try:
        from Crypto.Hash import MD4
    except ImportError:
        raise UsageError(
            "ed2k hashes want pycryptodome, which is not installed", remedy='Install it: pip install "medialib[anidb]".'
        ) from None
    return MD4.new(data)  # noqa: S303 - not for secrecy: AniDB knows files by it

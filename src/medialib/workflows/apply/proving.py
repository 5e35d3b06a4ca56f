"""Proof of a received file before it has its name: against checksums, against the disk, against the remote's word.

Checksums other than the one that every transfer computes are computed in the same pass, by watching what goes into the
part. A transfer that fills parts in another order, or past their streams, costs one more pass and nothing else.
"""

from __future__ import annotations

import io
from contextlib import closing
from typing import Any, BinaryIO, Literal, TypeAlias, cast

import attrs

from medialib.errors import ContentChanged, MedialibError
from medialib.model import Digest, DigestAlgorithm, FileEntry
from medialib.planning import Fetch
from medialib.ports import (
    CancelToken,
    Location,
    Part,
    PartRecord,
    Received,
    SupportsDigests,
    SupportsHolding,
    SupportsProving,
    SupportsReserving,
    SupportsSettling,
    Untold,
    offers,
)
from medialib.workflows.hashing import Digester, read_stream

__all__ = ["Proof", "ProofLevel", "WatchedPart", "prove"]

ProofLevel: TypeAlias = Literal["received", "written", "remote"]
"""How far a received file is proven: by its hash in passing; by reading it again from the disk as well; by what the
remote says of its own copy besides."""


@attrs.frozen
class Proof:
    """What proving a file found out, for the journal."""

    written_sha256: str | None = None
    """SHA-256 of what was read again from the disk; None if it was not."""
    remote_digest: Digest | None = None
    """What the remote said; None if it was not asked, or did not tell."""
    note: str = ""
    """What could not be proven, and why."""


class WatchedPart:
    """A `Part` around another that digests, under some algorithms, what passes into it."""

    def __init__(self, inner: Part, algorithms: tuple[DigestAlgorithm, ...]) -> None:
        self._inner = inner
        self._algorithms = algorithms
        self._digester = Digester(algorithms)

    @property
    def record(self) -> PartRecord | None:
        """See `Part.record`."""
        return self._inner.record

    def read(self) -> BinaryIO:
        """See `Part.read`; what is read from here on is digested, being what will be kept if it is proven."""
        self._digester = Digester(self._algorithms)
        return cast(BinaryIO, _Watched(self._inner.read(), self._digester))

    def write(self, offset: int) -> BinaryIO:
        """See `Part.write`."""
        if self._digester.size != offset:
            self._digester = Digester(self._algorithms)
        return cast(BinaryIO, _Watched(self._inner.write(offset), self._digester))

    def hold(self, content: bytes | bytearray | memoryview) -> bool:
        """See `SupportsHolding.hold`."""
        if not offers(self._inner, SupportsHolding) or not self._inner.hold(content):
            return False
        self._digester = Digester(self._algorithms)
        self._digester.update(memoryview(content))
        return True

    def reserve(self, size: int) -> None:
        """See `SupportsReserving.reserve`; nothing is kept where the inner part cannot."""
        if isinstance(self._inner, SupportsReserving):
            self._inner.reserve(size)

    def release(self) -> None:
        """See `SupportsReserving.release`."""
        if isinstance(self._inner, SupportsReserving):
            self._inner.release()

    def note(self, record: PartRecord) -> None:
        """See `Part.note`."""
        self._inner.note(record)

    def settle(self, *, mtime_ns: int) -> None:
        """See `SupportsSettling.settle`; left to `publish` where the inner part cannot."""
        if offers(self._inner, SupportsSettling):
            self._inner.settle(mtime_ns=mtime_ns)

    def prove(self, size: int, sha256: str, *, cancelled: CancelToken) -> bool:
        """See `SupportsProving.prove`; a disk of this machine is not asked."""
        return offers(self._inner, SupportsProving) and self._inner.prove(size, sha256, cancelled=cancelled)

    def publish(self, *, mtime_ns: int) -> int:
        """See `Part.publish`."""
        return self._inner.publish(mtime_ns=mtime_ns)

    def discard(self) -> None:
        """See `Part.discard`."""
        self._inner.discard()

    def agrees(self, size: int, expected: tuple[Digest, ...]) -> bool:
        """Whether every byte of a file of that size was seen, and they come to what is expected."""
        return self._digester.size == size and set(expected) <= set(self._digester.content().digests)


class _Watched(io.RawIOBase):
    """A stream whose bytes are digested as they pass, in either direction."""

    def __init__(self, inner: BinaryIO, digester: Digester) -> None:
        super().__init__()
        self._inner, self._digester = inner, digester

    def readable(self) -> bool:
        return self._inner.readable()

    def writable(self) -> bool:
        return self._inner.writable()

    def readinto(self, buffer: Any) -> int:
        data = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        self._digester.update(data)
        return len(data)

    def write(self, data: Any) -> int:
        taken = self._inner.write(data)
        self._digester.update(memoryview(data)[:taken])
        return taken

    def flush(self) -> None:
        if not self._inner.closed:
            self._inner.flush()

    def fileno(self) -> int:
        return self._inner.fileno()

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()


def prove(
    action: Fetch, received: Received, part: Part, source: Location, level: ProofLevel, cancelled: CancelToken
) -> Proof:
    """Prove what was received, before it has its name.

    Raises ContentChanged if it is not what a checksum says: then the part stays for a look, and the next run judges it
    again without sending a byte. Raises ContentChanged if the disk gives back other bytes than it was given: then the
    part is discarded. Raises Cancelled when asked to stop.
    """
    own = Digest("sha256", received.sha256)
    others = tuple(digest for digest in action.expected if digest.algorithm != "sha256")
    wrong = [(digest, own) for digest in action.expected if digest.algorithm == "sha256" and digest != own]
    watched = isinstance(part, WatchedPart) and part.agrees(received.size, others)
    written = None
    if offers(part, SupportsProving) and part.prove(received.size, received.sha256, cancelled=cancelled):
        written = received.sha256
    if (level != "received" and written is None) or (others and not watched):
        algorithms: tuple[DigestAlgorithm, ...] = ("sha256", *(digest.algorithm for digest in others))
        with closing(part.read()) as stream:
            content = read_stream(stream, algorithms, cancelled)
        written = content.value("sha256")
        if written != received.sha256:
            part.discard()
            raise ContentChanged(
                f"{action.target}: the disk gives back other bytes than were received (SHA-256 {written}, not"
                f" {received.sha256})",
                remedy="Check the disk and the memory of this machine before anything else.",
            )
        found = {digest.algorithm: digest for digest in content.digests}
        wrong += [(digest, found[digest.algorithm]) for digest in others if digest not in content.digests]
    if wrong:
        _note(action, received, part, source)
        expected, found_instead = wrong[0]
        raise ContentChanged(
            f"{action.source}: its content has {found_instead}, and {expected} was expected",
            remedy=f"It came as the remote has it, and is kept as the part of {action.target} for a look.",
        )
    if level != "remote":
        return Proof(written)
    try:
        return attrs.evolve(_asked(action, own, source, cancelled), written_sha256=written)
    except MedialibError:
        _note(action, received, part, source)
        raise


def _note(action: Fetch, received: Received, part: Part, source: Location) -> None:
    """Let the next run have what was received, however small."""
    entry = FileEntry(action.source.path, action.size, action.mtime_ns)
    part.note(PartRecord.of(source, entry, received.size, received.sha256))


def _asked(action: Fetch, own: Digest, source: Location, cancelled: CancelToken) -> Proof:
    """What the remote says of its own copy."""
    if not offers(source, SupportsDigests):
        return Proof(note=f"{source.name} tells no hashes")
    told = source.digest(action.source.path, (own.algorithm,), cancelled=cancelled)
    if isinstance(told, Untold):
        return Proof(note=f"{source.name} does not tell its hash: {told.reason}")
    if told != own:
        raise ContentChanged(
            f"{action.source}: what was received has {own}, and the remote says that its own copy has {told}",
            remedy=f"It is kept as the part of {action.target} for a look.",
        )
    return Proof(remote_digest=told)

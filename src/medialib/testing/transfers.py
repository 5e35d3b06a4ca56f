"""The conformance suite of transfers, and a location that loses its connection on order."""

# What a test asks for stands in its name.
# ruff: noqa: D102

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, cast

import attrs
import pytest

from medialib.errors import Cancelled, ConnectionLost, ContentChanged
from medialib.model import FileEntry, RefusedEntry
from medialib.ports import Location, LocationTraits, Part, Transfer, WritableLocation
from medialib.testing.locations import Backdoor, files_of

__all__ = ["InterruptedLocation", "TransferConformance"]

_CONTENT = bytes(range(256)) * 12_000
"""Three megabytes, so that several pieces are under way."""


class InterruptedLocation:
    """A `Location` around another whose streams fail after `after` bytes each, as long as `times` is not used up.

    With `silent` they stop answering instead, until `released` is set.
    """

    def __init__(self, inner: Location, *, after: int, times: int = 1, silent: bool = False) -> None:
        self.inner = inner
        self.after = after
        self.times = times
        self.silent = silent
        self.released = threading.Event()

    @property
    def name(self) -> str:
        """That of the location inside, as are all other answers."""
        return self.inner.name

    @property
    def traits(self) -> LocationTraits:
        return self.inner.traits

    def address(self, path: str) -> str:
        return self.inner.address(path)

    def walk(self, path: str = "") -> Iterator[FileEntry | RefusedEntry]:
        return self.inner.walk(path)

    def entry(self, path: str) -> FileEntry | None:
        return self.inner.entry(path)

    def entries(self, paths: Iterable[str]) -> Mapping[str, FileEntry]:
        return self.inner.entries(paths)

    def open(self, path: str, *, offset: int = 0) -> BinaryIO:
        stream = self.inner.open(path, offset=offset)
        if self.times <= 0:
            return stream
        self.times -= 1
        return cast(BinaryIO, _Interrupted(self, stream))

    def close(self) -> None:
        self.inner.close()


class _Interrupted(io.RawIOBase):
    def __init__(self, location: InterruptedLocation, stream: BinaryIO) -> None:
        super().__init__()
        self._location, self._stream, self._left = location, stream, location.after

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            if self._location.silent:
                self._location.released.wait(30)
            raise ConnectionLost("the line was cut", remedy="Try again.")
        data = self._stream.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


class TransferConformance:
    """Every `Transfer` passes this between any two locations.

    Fixtures: ``transfer``; ``source``, an empty location, with its ``source_backdoor``; ``target``, an empty writable
    location, with its ``target_backdoor``.
    """

    @pytest.fixture
    def transfer(self) -> Transfer:
        raise LookupError("a conformance suite needs the fixture 'transfer'")

    @pytest.fixture
    def source(self) -> Location:
        raise LookupError("a conformance suite needs the fixture 'source'")

    @pytest.fixture
    def source_backdoor(self) -> Backdoor:
        raise LookupError("a conformance suite needs the fixture 'source_backdoor'")

    @pytest.fixture
    def target(self) -> WritableLocation:
        raise LookupError("a conformance suite needs the fixture 'target'")

    @pytest.fixture
    def target_backdoor(self) -> Backdoor:
        raise LookupError("a conformance suite needs the fixture 'target_backdoor'")

    @pytest.fixture
    def entry(self, source: Location, source_backdoor: Backdoor) -> FileEntry:
        """A file of three megabytes at the source, as listed."""
        source_backdoor.write("show/a.mkv", _CONTENT)
        found = source.entry("show/a.mkv")
        assert found is not None
        return found

    @pytest.mark.parametrize("size", [0, 1, 2**20, 2**20 + 1])
    def test_files_of_any_size_arrive_whole(
        self, transfer: Transfer, source: Location, source_backdoor: Backdoor, target: WritableLocation, size: int
    ) -> None:
        content = (_CONTENT * 2)[:size]
        source_backdoor.write("a.mkv", content)
        entry = source.entry("a.mkv")
        assert entry is not None
        counts: list[int] = []
        part = target.part("b.mkv")
        received = transfer.receive(source, entry, part, cancelled=threading.Event(), arrived=counts.append)
        assert (received.size, received.resumed_at) == (size, 0)
        assert received.sha256 == hashlib.sha256(content).hexdigest()
        assert sum(counts) == size
        assert target.entry("b.mkv") is None
        part.publish(mtime_ns=entry.mtime_ns)
        with target.open("b.mkv") as stream:
            assert stream.read() == content

    def test_a_lost_connection_is_resumed_where_it_was_lost(
        self, transfer: Transfer, source: Location, entry: FileEntry, target: WritableLocation
    ) -> None:
        cut = InterruptedLocation(source, after=1_500_000)
        counts: list[int] = []
        with pytest.raises(ConnectionLost):
            transfer.receive(cut, entry, target.part("a.mkv"), cancelled=threading.Event(), arrived=counts.append)
        assert sum(counts) == 1_500_000
        record = target.part("a.mkv").record
        if not target.traits.appends:
            assert record is None
            assert self._receive(transfer, cut, entry, target) == (0, _CONTENT)
            return
        assert record is not None
        assert record.offset == 1_500_000
        assert record.sha256 == hashlib.sha256(_CONTENT[:1_500_000]).hexdigest()
        received = self._receive(transfer, cut, entry, target)
        assert received == (1_500_000, _CONTENT)

    def test_cancelling_takes_less_than_a_second_and_keeps_the_part(
        self, transfer: Transfer, source: Location, entry: FileEntry, target: WritableLocation
    ) -> None:
        mute = InterruptedLocation(source, after=1_100_000, silent=True)
        cancelled = threading.Event()
        asked: list[float] = []

        def arrived(count: int) -> None:
            if not asked:
                threading.Timer(0.1, cancelled.set).start()
                asked.append(time.monotonic())

        with pytest.raises(Cancelled):
            transfer.receive(mute, entry, target.part("a.mkv"), cancelled=cancelled, arrived=arrived)
        assert time.monotonic() - asked[0] < 1.1
        mute.released.set()
        resumed_at, content = self._receive(transfer, source, entry, target)
        assert (resumed_at > 0) == target.traits.appends
        assert content == _CONTENT

    @pytest.mark.parametrize("change", ["longer", "shorter", "other content", "gone"])
    def test_a_file_that_changes_while_it_is_read_is_not_kept(
        self,
        transfer: Transfer,
        source: Location,
        source_backdoor: Backdoor,
        entry: FileEntry,
        target: WritableLocation,
        change: str,
    ) -> None:
        contents = {"longer": _CONTENT + b"more", "shorter": _CONTENT[:-1000], "other content": _CONTENT[::-1]}

        def arrived(count: int) -> None:
            if change != "gone":
                source_backdoor.write("show/a.mkv", contents[change], entry.mtime_ns + 5_000_000_000)
            elif source_backdoor.read("show/a.mkv") is not None:
                source_backdoor.remove("show/a.mkv")

        part = target.part("a.mkv")
        with pytest.raises(ContentChanged):
            transfer.receive(source, entry, part, cancelled=threading.Event(), arrived=arrived)
        assert part.record is None
        assert files_of(target) == {}

    @pytest.mark.parametrize("listed", [-1, 1])
    def test_a_size_that_was_never_true_is_noticed(
        self, transfer: Transfer, source: Location, entry: FileEntry, target: WritableLocation, listed: int
    ) -> None:
        wrong = attrs.evolve(entry, size=entry.size + listed)
        with pytest.raises(ContentChanged):
            self._receive(transfer, source, wrong, target)
        assert files_of(target) == {}

    @pytest.mark.parametrize("what", ["part", "hash", "source", "size", "mtime", "beyond", "short"])
    def test_only_proven_bytes_of_the_same_file_are_used_again(
        self, transfer: Transfer, source: Location, entry: FileEntry, target: WritableLocation, what: str
    ) -> None:
        part = target.part("a.mkv")
        with pytest.raises(ConnectionLost):
            self._receive(transfer, InterruptedLocation(source, after=1_500_000), entry, target)
        record = part.record
        if not target.traits.appends:
            assert record is None
            assert self._receive(transfer, source, entry, target) == (0, _CONTENT)
            return
        assert record is not None
        altered = {
            "hash": attrs.evolve(record, sha256="00" * 32),
            "source": attrs.evolve(record, source="elsewhere:/a"),
            "size": attrs.evolve(record, size=record.size + 1),
            "mtime": attrs.evolve(record, mtime_ns=record.mtime_ns + 1),
            "beyond": attrs.evolve(record, offset=entry.size + 1),
        }
        part.note(altered.get(what, record))
        if what in ("part", "short"):
            with part.write(700_000) as sink:
                sink.write(b"?" * (800_000 if what == "part" else 1))
        assert self._receive(transfer, source, entry, target) == (0, _CONTENT)

    def test_a_complete_part_needs_no_byte(
        self, transfer: Transfer, source: Location, entry: FileEntry, target: WritableLocation
    ) -> None:
        part = target.part("a.mkv")
        transfer.receive(source, entry, part, cancelled=threading.Event(), arrived=_unheard)
        assert self._receive(transfer, source, entry, target) == (entry.size, _CONTENT)

    @staticmethod
    def _receive(transfer: Transfer, source: Location, entry: FileEntry, target: WritableLocation) -> tuple[int, bytes]:
        """Receive and publish ``a.mkv``; where it was resumed, and what it then holds."""
        counts: list[int] = []
        part: Part = target.part("a.mkv")
        received = transfer.receive(source, entry, part, cancelled=threading.Event(), arrived=counts.append)
        assert sum(counts) == received.size == entry.size
        part.publish(mtime_ns=entry.mtime_ns)
        assert files_of(target).keys() == {"a.mkv"}
        with target.open("a.mkv") as stream:
            content = b"".join(iter(lambda: stream.read(2**20), b""))
        assert received.sha256 == hashlib.sha256(content).hexdigest()
        return received.resumed_at, content


def _unheard(count: int) -> None:
    """Told of bytes, and does nothing."""

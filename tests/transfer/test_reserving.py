"""Room that is kept on a disk: at once or not at all, never as length, and given back when it is not used."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from medialib.errors import ConnectionLost
from medialib.model import FileEntry
from medialib.ports import PartRecord, SupportsReserving
from medialib.testing.failing_disk import small_disk
from medialib.testing.memory_location import MemoryLocation
from medialib.testing.transfers import InterruptedLocation
from medialib.transfer import LocalLocation, StreamTransfer
from medialib.transfer.local_part import LocalPart
from medialib.transfer.reserving import reserve_room

MEBIBYTE = 2**20
CONTENT = bytes(range(256)) * (8 * MEBIBYTE // 256)


@pytest.fixture(params=["the disk of temporary files", "a small disk"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk that can keep room."""
    place = tmp_path / "disk"
    place.mkdir()
    if request.param == "a small disk":
        with small_disk(place, "12m"):
            yield place
        return
    with (place / "probe").open("wb") as file:
        if not reserve_room(file.fileno(), 0, MEBIBYTE):
            pytest.skip("the file system of temporary files keeps no room")
    (place / "probe").unlink()
    yield place


def taken(file: Path) -> int:
    """Bytes of the disk that a file takes up."""
    return file.stat().st_blocks * 512


def begun(folder: Path) -> LocalPart:
    part = LocalLocation("films", folder).part("a.mkv")
    assert isinstance(part, LocalPart)
    return part


def test_room_is_kept_while_the_stream_is_open_and_no_longer(folder: Path) -> None:
    part, file = begun(folder), folder / "a.mkv.part"
    part.reserve(len(CONTENT))
    with part.write(0) as sink:
        sink.write(CONTENT[:MEBIBYTE])
        assert file.stat().st_size == MEBIBYTE
        assert taken(file) >= len(CONTENT)
    assert file.stat().st_size == MEBIBYTE
    assert taken(file) < 2 * MEBIBYTE
    with part.write(MEBIBYTE) as sink:
        # what was asked for held once
        assert taken(file) < 2 * MEBIBYTE
        sink.write(CONTENT[MEBIBYTE:])
    part.publish(mtime_ns=0)
    assert (folder / "a.mkv").read_bytes() == CONTENT


def test_what_a_dead_process_kept_is_given_back(folder: Path) -> None:
    for by_writing in (False, True):
        part = begun(folder)
        file = folder / "a.mkv.part"
        with part.write(0) as sink:
            sink.write(CONTENT[:MEBIBYTE])
        # what a process that was killed did not come to give back
        with file.open("r+b") as stream:
            assert reserve_room(stream.fileno(), MEBIBYTE, len(CONTENT) - MEBIBYTE)
        assert (file.stat().st_size, taken(file) >= len(CONTENT)) == (MEBIBYTE, True)
        if by_writing:
            part.write(MEBIBYTE).close()
        else:
            part.release()
        assert file.stat().st_size == MEBIBYTE
        assert taken(file) < 2 * MEBIBYTE
    begun(folder).discard()
    begun(folder).release()
    assert list(folder.iterdir()) == []


def test_zeros_take_up_room_like_anything_else(folder: Path) -> None:
    """A sparse file of the remote comes as bytes: no hole is left that another program could need the room of."""
    source, target = MemoryLocation("source"), LocalLocation("films", folder)
    entry = source.put("a.mkv", bytes(4 * MEBIBYTE))
    part = target.part("a.mkv")
    StreamTransfer().receive(source, entry, part, cancelled=threading.Event(), arrived=_unheard)
    part.publish(mtime_ns=0)
    assert taken(folder / "a.mkv") == 4 * MEBIBYTE


def test_what_was_cut_off_is_resumed_and_keeps_no_room_meanwhile(folder: Path) -> None:
    source, target = MemoryLocation("source"), LocalLocation("films", folder)
    entry = source.put("a.mkv", CONTENT)
    cut = InterruptedLocation(source, after=3 * MEBIBYTE)
    with pytest.raises(ConnectionLost):
        receive(cut, entry, target)
    part = folder / "a.mkv.part"
    assert part.stat().st_size == 3 * MEBIBYTE
    assert taken(part) < 4 * MEBIBYTE
    assert receive(cut, entry, target) == 3 * MEBIBYTE
    assert taken(part) == len(CONTENT)
    target.part("a.mkv").publish(mtime_ns=0)
    assert (folder / "a.mkv").read_bytes() == CONTENT


def test_no_room_for_the_whole_is_known_before_the_first_byte(tmp_path: Path) -> None:
    asked: list[str] = []
    source = MemoryLocation("source", before=lambda operation, path: asked.append(operation))
    entry = source.put("a.mkv", CONTENT)
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, "6m"):
        target = LocalLocation("films", folder)
        with pytest.raises(OSError, match=r"a\.mkv\.part") as caught:
            receive(source, entry, target)
        assert caught.value.errno == errno.ENOSPC
        part = folder / "a.mkv.part"
        assert (part.stat().st_size, taken(part)) == (0, 0)
        # a smaller one has room
        assert receive(source, source.put("b.mkv", CONTENT[: 5 * MEBIBYTE]), target) == 0


def test_what_came_before_is_kept_where_the_rest_has_no_room(tmp_path: Path) -> None:
    source, folder = MemoryLocation("source"), tmp_path / "disk"
    entry = source.put("a.mkv", CONTENT)
    folder.mkdir()
    with small_disk(folder, "6m"):
        target = LocalLocation("films", folder)
        part = target.part("a.mkv")
        with part.write(0) as sink:
            sink.write(CONTENT[:MEBIBYTE])
        part.note(PartRecord.of(source, entry, MEBIBYTE, hashlib.sha256(CONTENT[:MEBIBYTE]).hexdigest()))
        with pytest.raises(OSError, match="space"):
            receive(source, entry, target)
        record = target.part("a.mkv").record
        assert record is not None
        assert record.offset == MEBIBYTE
        assert (folder / "a.mkv.part").read_bytes() == CONTENT[:MEBIBYTE]


@pytest.mark.parametrize("size", [1, MEBIBYTE])
def test_small_files_keep_nothing(tmp_path: Path, size: int) -> None:
    source, target = MemoryLocation("source"), _Kept("target")
    receive(source, source.put("a.mkv", CONTENT[:size]), target)
    assert target.sizes == []
    receive(source, source.put("b.mkv", CONTENT[: MEBIBYTE + 1]), target)
    assert target.sizes == [MEBIBYTE + 1]


class _Kept(MemoryLocation):
    """Notes what is asked to be kept."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.sizes: list[int] = []

    def part(self, path: str) -> object:  # type: ignore[override]
        part = super().part(path)
        assert isinstance(part, SupportsReserving)
        inner: Callable[[int], None] = part.reserve

        def reserve(size: int) -> None:
            self.sizes.append(size)
            inner(size)

        part.reserve = reserve  # type: ignore[method-assign]
        return part


def test_a_pipe_keeps_none() -> None:
    reading, writing = os.pipe()
    try:
        assert not reserve_room(writing, 0, 10)
    finally:
        os.close(reading)
        os.close(writing)


def receive(
    source: MemoryLocation | InterruptedLocation, entry: FileEntry, target: MemoryLocation | LocalLocation
) -> int:
    """Receive ``a.mkv`` into its part; where it was resumed."""
    part = target.part(entry.path)
    return StreamTransfer().receive(source, entry, part, cancelled=threading.Event(), arrived=_unheard).resumed_at


def _unheard(count: int) -> None:
    """Told of bytes, and does nothing."""

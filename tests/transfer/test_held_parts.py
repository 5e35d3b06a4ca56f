"""Small files that have no name until they are published."""

from __future__ import annotations

from pathlib import Path

import pytest

from medialib.errors import TargetTaken
from medialib.ports import Part, PartRecord, SupportsHolding
from medialib.transfer import LocalLocation

RECORD = PartRecord("box:/a.mkv", 3, 0, 3, "00")


@pytest.fixture
def part(tmp_path: Path) -> Part:
    found = LocalLocation("films", tmp_path).part("a.mkv")
    assert isinstance(found, SupportsHolding)
    if not found.hold(b"123"):
        pytest.skip("the file system of temporary files keeps none without a name")
    return found


def test_nothing_stands_there_until_it_is_published(part: Part, tmp_path: Path) -> None:
    assert list(tmp_path.iterdir()) == []
    with part.read() as stream:
        assert stream.read() == b"123"
    assert part.publish(mtime_ns=5_000_000_000) == 5_000_000_000
    assert [file.name for file in tmp_path.iterdir()] == ["a.mkv"]
    assert (tmp_path / "a.mkv").read_bytes() == b"123"
    assert (tmp_path / "a.mkv").stat().st_mtime_ns == 5_000_000_000


@pytest.mark.parametrize("name", ["a.mkv", "A.mkv"])
def test_what_stands_there_is_not_replaced(part: Part, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"other")
    with pytest.raises(TargetTaken):
        part.publish(mtime_ns=0)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {name: b"other"}


def test_a_note_makes_it_a_part_that_is_found_again(part: Part, tmp_path: Path) -> None:
    part.note(RECORD)
    again = LocalLocation("films", tmp_path).part("a.mkv")
    assert again.record == RECORD
    again.publish(mtime_ns=0)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mkv"]


def test_discarded_it_leaves_nothing(part: Part, tmp_path: Path) -> None:
    part.discard()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        part.publish(mtime_ns=0)


def test_a_part_that_was_begun_is_not_held(tmp_path: Path) -> None:
    location = LocalLocation("films", tmp_path)
    with location.part("a.mkv").write(0) as sink:
        sink.write(b"1")
    part = location.part("a.mkv")
    assert isinstance(part, SupportsHolding)
    assert not part.hold(b"123")

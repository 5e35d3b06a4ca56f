"""Whether a file is open for writing, asked of the real system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from medialib.errors import UnsafePath
from medialib.ports import SupportsWriters
from medialib.transfer import LocalLocation
from medialib.transfer.writers import open_for_writing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


def test_a_writer_is_seen_and_a_reader_is_none(tmp_path: Path) -> None:
    file = tmp_path / "a.mkv"
    file.write_bytes(b"x")
    assert open_for_writing(str(file)) is False
    with file.open("rb"):
        assert open_for_writing(str(file)) is False
    with file.open("ab"):
        assert open_for_writing(str(file)) is True
    assert open_for_writing(str(file)) is False


def test_a_writer_in_another_process_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "a.mkv"
    code = f"import sys; f = open({str(file)!r}, 'wb'); print('open', flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == b"open\n"
    assert open_for_writing(str(file)) is True
    process.stdin.close()
    process.wait(timeout=10)
    process.stdout.close()
    assert open_for_writing(str(file)) is False


def test_what_cannot_be_told_is_not_guessed(tmp_path: Path) -> None:
    assert open_for_writing(str(tmp_path / "absent")) is None
    assert open_for_writing("/dev/null") is None


def test_asking_does_not_end_us_when_somebody_opens_the_file(tmp_path: Path) -> None:
    """A lease that is broken while it is held must not send a signal that kills."""
    file = tmp_path / "a.mkv"
    file.write_bytes(b"")
    code = f"import sys\nwhile not sys.stdin.closed:\n    open({str(file)!r}, 'ab').close()\n"
    writer = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        answers = {open_for_writing(str(file)) for _ in range(2000)}
    finally:
        writer.kill()
        writer.wait()
        assert writer.stdin is not None
        writer.stdin.close()
    assert answers <= {True, False}


def test_a_local_location_can_tell(tmp_path: Path) -> None:
    location = LocalLocation("incoming", str(tmp_path))
    assert isinstance(location, SupportsWriters)
    (tmp_path / "a.mkv").write_bytes(b"")
    assert location.being_written("a.mkv") is False
    with pytest.raises(UnsafePath):
        location.being_written("../a.mkv")

"""Real processes on a real disk and a real SQLite catalogue: killed with SIGKILL, and several at once."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medialib.library import open_library

KILLED_AT_EVENT = """
import os, signal, sys
from medialib.library import open_library

left = int(sys.argv[2])

def observer(event):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1

with open_library(sys.argv[1]) as library:
    library.perform("sync", observer=observer)
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    for folder in ("remote/Pack.S01.1080p-GRP", "incoming", "tv", "movies"):
        (tmp_path / folder).mkdir(parents=True)
    for number in range(1, 9):
        file = tmp_path / f"remote/Pack.S01.1080p-GRP/Pack.S01E0{number}.1080p-GRP.mkv"
        file.write_bytes(os.urandom(1 << 16))
        file.with_suffix(".en.srt").write_text(f"subtitle {number}")
    (tmp_path / "remote/Film.Name.2001.1080p.BluRay.x264-GRP.mkv").write_bytes(os.urandom(3 << 20))
    hour_ago = time.time() - 3600
    for file in (tmp_path / "remote").rglob("*.*"):
        os.utime(file, (hour_ago, hour_ago))
    path = tmp_path / "medialib.toml"
    path.write_text(
        '[catalogue]\nurl = "catalogue.db"\n'
        f'[remotes.box]\nurl = "file://{tmp_path}/remote"\n'
        '[download]\nincoming = "incoming"\nminimum_free = 0\n'
        '[library]\ntv = "tv"\nmovies = "movies"\n'
    )
    return path


def hashes(folder: Path) -> list[str]:
    """The SHA-256 of every file below a folder that is not medialib's own."""
    return sorted(
        hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and ".medialib" not in file.parts
    )


def assert_whole(configuration: Path) -> None:
    """Every file stands whole in exactly one place of the library, and in one row of the inventory."""
    root = configuration.parent
    wanted = hashes(root / "remote")
    assert sorted(hashes(root / "tv") + hashes(root / "movies")) == wanted
    assert hashes(root / "incoming") == []
    with open_library(configuration, read_only=True) as library:
        rows = list(library.catalogue.inventory.all())
        assert sorted(row.holding.sha256 or "" for row in rows) == wanted
        for row in rows:
            assert (root / row.place.location / row.place.path).stat().st_size == row.size
        for run in library.catalogue.journal.runs():
            assert run.state != "running"


@pytest.mark.parametrize("event", [0, 1, 2, 5, 9, 14, 20, 27, 33, 38, 44, 51, 57, 63, 70, 76])
def test_sigkill_at_any_moment_is_survived(configuration: Path, event: int) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVENT, str(configuration), str(event)], capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    for file in (configuration.parent / "tv").rglob("*.mkv"):
        assert file.stat().st_size == 1 << 16
    with open_library(configuration) as library:
        library.perform("sync")
    assert_whole(configuration)


def test_several_processes_at_once_do_everything_once(configuration: Path) -> None:
    command = [sys.executable, "-m", "medialib_cli", "-c", str(configuration), "sync"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    assert sum("nothing to do" in output for output in outputs) == 2, outputs
    assert_whole(configuration)


def test_a_run_is_undone_to_the_byte(configuration: Path) -> None:
    root = configuration.parent

    def tree() -> dict[str, tuple[int, str]]:
        return {
            str(file.relative_to(root)): (file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).hexdigest())
            for folder in ("incoming", "tv", "movies")
            for file in (root / folder).rglob("*")
            if file.is_file() and ".medialib" not in file.parts
        }

    with open_library(configuration) as library:
        library.perform("download")
        before, known = tree(), list(library.catalogue.known_files.of_remote("box"))
        routed = library.perform("route")
        assert tree() != before
        taken = library.apply(library.plan_undo(routed.run))
        assert taken.whole
        assert tree() == before
        assert list(library.catalogue.inventory.all()) == []
        assert list(library.catalogue.shows.all()) == []
        assert list(library.catalogue.known_files.of_remote("box")) == known
    assert [child.name for child in (root / "tv").iterdir()] == []

"""Four files under way from a real server to a real disk: room, disks that fail, lanes that fail, stops and deaths."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from medialib.library import Library
from medialib.ports import PartRecord
from medialib.testing.failing_disk import FailingDisk, Hook, SteppedLocation, remount, small_disk, thin_disk
from medialib.testing.faulty_proxy import CutOff, FaultyProxy
from medialib.testing.hostile_sftp import HostileFile, HostileSftpServer
from medialib.testing.servers import SshServer
from medialib.transfer.local_part import load_note

if TYPE_CHECKING:
    from .conftest import House
else:
    House = Any

MEBIBYTE = 2**20
MOST_TWICE = 8 * MEBIBYTE
"""Bytes that may come again after a line or a process was lost."""
LONG_AGO = time.time() - 3600


@attrs.frozen
class Ground:
    """A house, and what is on its remote."""

    house: House
    server: SshServer
    remote: Path
    originals: dict[str, bytes]

    def connect(self, port: int | None = None, *, bandwidth: str = "0") -> None:
        """Let the configuration lead to the server, by another port if given."""
        port = self.server.port if port is None else port
        known = self.house.folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {self.server.host_key_line}\n")
        self.house.configure(
            f"sftp://{self.server.username}@127.0.0.1:{port}{self.remote}",
            key_file=str(self.server.user_key),
            known_hosts=str(known),
        )
        text = self.house.config.read_text()
        self.house.config.write_text(text.replace("minimum_free = 0", f'minimum_free = 0\nbandwidth = "{bandwidth}"'))

    @contextmanager
    def stepped(self, before: Hook) -> Iterator[Library]:
        """The library, with a hook before every step on the disk that is fetched to."""
        with self.house.library() as library:
            assert library.incoming is not None
            yield attrs.evolve(library, incoming=SteppedLocation(library.incoming, before))

    def parts(self) -> dict[str, tuple[Path, PartRecord | None]]:
        """What is on its way, by final name, with its note."""
        folder = self.house.folder / "incoming"
        found = {}
        for note in folder.glob("*.part.json"):
            part = note.with_suffix("")
            if part.exists():
                found[part.name.removesuffix(".part")] = part, load_note(note.read_bytes())
        return found

    def assert_fetched(self) -> None:
        """Everything stands in the incoming folder, whole, and nothing else does."""
        assert self.house.files("incoming") == {f"incoming/{name}": content for name, content in self.originals.items()}
        assert self.parts() == {}
        known = self.house.rows("select path from known_files where state = 'fetched'")
        assert sorted(Path(path).name for (path,) in known) == sorted(self.originals)
        self.house.assert_closed()


@pytest.fixture
def ground(house: Callable[[str], House], ssh_server: SshServer, tmp_path: Path) -> Callable[..., Ground]:
    """Makes the ground for files of these sizes."""

    def make(*sizes: int) -> Ground:
        remote = tmp_path / "remote"
        remote.mkdir()
        originals = {}
        for number, size in enumerate(sizes, 1):
            originals[f"Show.S01E{number:02}.mkv"] = os.urandom(MEBIBYTE) * (size // MEBIBYTE) + os.urandom(
                size % MEBIBYTE
            )
        for name, content in originals.items():
            (remote / name).write_bytes(content)
            os.utime(remote / name, (LONG_AGO, LONG_AGO))
        made = Ground(house("house"), ssh_server, remote, originals)
        made.connect()
        return made

    return make


# ------------------------------------------------------------------------------------------------------- room on a disk


def test_what_is_under_way_counts_for_the_room(ground: Callable[..., Ground]) -> None:
    on = ground(*4 * [1_900_000])
    with small_disk(on.house.folder / "incoming", "6m"):
        done = on.house.run("download")
        assert done.returncode == 3
        assert "not enough room" in done.stdout
        assert len(on.house.files("incoming")) == 3
        assert on.parts() == {}
        remount(on.house.folder / "incoming", "size=12m")
        assert on.house.run("download").returncode == 0
        on.assert_fetched()


def test_a_disk_that_others_fill_harms_what_has_no_room_kept_and_nothing_else(ground: Callable[..., Ground]) -> None:
    """A large file goes on in the room that is kept for it; small ones that came too late keep what they have."""
    on = ground(3_000_000, 900_000, 900_000, 200_000)
    incoming = on.house.folder / "incoming"
    with small_disk(incoming, "6m"):
        filler = incoming / ".filler"

        def fill(operation: str, path: str) -> None:
            if operation != "write" or filler.exists() or "E01" not in path:
                return
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))

        with on.stepped(fill) as library:
            report = library.perform("download").reports[0]
        assert filler.exists()
        assert "incoming/Show.S01E01.mkv" in on.house.files("incoming")
        assert all("Make room" in line.outcome.detail for line in report.failures if line.outcome is not None)
        on.house.assert_nothing_half({**on.originals, ".filler": filler.read_bytes()})
        filler.unlink()
        assert on.house.run("download").returncode == 0
        on.assert_fetched()


# ------------------------------------------------------------------------------------- what cannot be seen on the disk


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_what_cannot_be_seen_on_the_disk_has_no_name_and_is_fetched_anew(
    ground: Callable[..., Ground], code: int
) -> None:
    on = ground(2_000_000, 1_500_000, 700_000, 100_000, 100, 100)
    with on.stepped(FailingDisk(0, code, operations=frozenset(("sync",)))) as library:
        work = library.perform("download")
    assert len(work.reports[0].failures) == len(on.originals)
    assert not work.reports[0].whole
    assert on.house.files("incoming") == {}
    assert all(record is None or not record.sha256 for _, record in on.parts().values())
    with on.house.library() as library:
        report = library.perform("download").reports[0]
    assert report.whole
    # not one byte of what the disk refused was taken as proven
    assert {line.outcome.detail for line in report.lines if line.outcome is not None} == {""}
    on.assert_fetched()


def test_a_disk_that_promised_more_than_it_has(ground: Callable[..., Ground]) -> None:
    """Thin provisioning: writing goes well, seeing it on the disk does not."""
    on = ground(6_000_000, 5_000_000, 200_000, 100)
    incoming = on.house.folder / "incoming"
    with thin_disk(incoming, backing="4m", promised="64m") as grow:
        done = on.house.run("download")
        assert done.returncode == 3
        assert "incoming/Show.S01E01.mkv" not in on.house.files("incoming")
        on.house.assert_nothing_half(on.originals)
        grow("80m")
        assert on.house.run("download").returncode == 0
        on.assert_fetched()


# ---------------------------------------------------------------------------------------------------------------- lanes


def under_way(on: Ground, *, least: int) -> subprocess.Popen[str]:
    """A download, once all its files are under way and so many bytes of them are there."""
    process = subprocess.Popen(
        on.house.command("download"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=on.house.environment,
    )
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with suppress(FileNotFoundError):
            sizes = [(on.house.folder / f"incoming/{name}.part").stat().st_size for name in on.originals]
            if min(sizes) > 0 and sum(sizes) > least:
                break
        time.sleep(0.005)
    return process


def test_ctrl_c_with_four_under_way_keeps_what_came_of_each(ground: Callable[..., Ground]) -> None:
    on = ground(*4 * [5 * MEBIBYTE])
    on.connect(bandwidth="3 MiB")
    process = under_way(on, least=3 * MEBIBYTE)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    parts = on.parts()
    assert on.house.files("incoming") == {}
    assert parts.keys() == on.originals.keys()
    kept = {name: record.offset for name, (_, record) in parts.items() if record is not None}
    # what was written was noted, to the byte, and nothing is kept on the disk beyond it
    assert kept == {name: part.stat().st_size for name, (part, _) in parts.items()}
    assert all(part.stat().st_blocks * 512 < kept[name] + MEBIBYTE for name, (part, _) in parts.items())
    on.house.assert_closed()
    on.connect()
    with on.house.library() as library:
        report = library.perform("download").reports[0]
    assert {line.outcome.detail for line in report.lines if line.outcome is not None} == {
        f"resumed at byte {offset}" for offset in kept.values()
    }
    on.assert_fetched()


def test_sigkill_with_four_under_way_sends_little_again_and_gives_back_the_room(ground: Callable[..., Ground]) -> None:
    on = ground(*4 * [12 * MEBIBYTE])
    on.connect(bandwidth="10 MiB")
    process = under_way(on, least=13 * MEBIBYTE)
    process.kill()
    process.communicate(timeout=20)
    parts = on.parts()
    assert parts.keys() == on.originals.keys()
    there = sum(part.stat().st_size for part, _ in parts.values())
    noted = sum(record.offset for _, record in parts.values() if record is not None)
    assert 0 < noted <= there <= noted + MOST_TWICE
    on.house.assert_nothing_half(on.originals)
    # any run gives back what the dead one had kept, whether it fetches or not
    on.house.run("route")
    assert on.parts().keys() == on.originals.keys()
    assert all(part.stat().st_blocks * 512 < part.stat().st_size + MEBIBYTE for part, _ in on.parts().values())
    on.connect()
    assert on.house.run("download").returncode == 0
    on.assert_fetched()


def test_a_lost_line_with_four_under_way_sends_little_again(ground: Callable[..., Ground]) -> None:
    on = ground(*4 * [9 * MEBIBYTE])
    cuts = {1: [CutOff(14 * MEBIBYTE)], 2: [CutOff(9 * MEBIBYTE)]}
    with FaultyProxy(on.server.port, choose=lambda count: cuts.get(count, ())) as proxy:
        on.connect(proxy.port)
        for _ in range(2):
            done = on.house.run("download")
            on.house.assert_nothing_half(on.originals)
            if done.returncode == 0:
                break
        assert len(proxy.struck) == 2
        on.assert_fetched()
        total = sum(map(len, on.originals.values()))
        # packets of encryption and questions about files add little
        most = total * 1.02 + len(cuts) * MOST_TWICE + MEBIBYTE
        assert proxy.delivered <= most, f"{proxy.delivered - total} bytes came again after {len(cuts)} cuts"


def test_one_that_fails_holds_up_no_other(house: Callable[[str], House], tmp_path: Path) -> None:
    home = house("house")
    files = [HostileFile(b"Show.S01E0%d.mkv" % n, os.urandom(1_500_000)) for n in range(1, 6)]
    ill = attrs.evolve(files[1], failing_from=700_000)
    with HostileSftpServer(tmp_path / "server", *(ill if file is files[1] else file for file in files)) as server:
        home.configure(server.url, key_file=str(server.user_key), known_hosts=str(server.known_hosts))
        done = home.run("download")
        assert done.returncode == 3
        assert "Show.S01E02.mkv" in done.stdout
        assert home.files("incoming") == {
            f"incoming/{file.name.decode()}": file.content for file in files if file is not files[1]
        }
        server.serve(*files)
        assert home.run("download").returncode == 0
        assert sorted(home.files("incoming").values()) == sorted(file.content for file in files)
        home.assert_closed()

"""Servers that lie: whatever they say is refused by name, nothing is written outside, and the other files go on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medialib.errors import ConnectionLost, HostKeyChanged, MedialibError, OutOfReach
from medialib.model import FileEntry, RefusedEntry
from medialib.testing.faulty_proxy import FaultyProxy, FlippedBit, Lag
from medialib.testing.hostile_sftp import (
    IMPOSSIBLE_NAMES,
    HostileEntry,
    HostileFile,
    HostileFolder,
    HostileLink,
    HostileSftpServer,
)
from medialib.transfer import FsspecLocation, open_location
from medialib.transfer.sftp import SftpFileSystem

if TYPE_CHECKING:
    from .conftest import House
else:
    House = Any

GOOD = HostileFile(b"Good.S01E01.mkv", b"good " * 2000)
CONTENT = os.urandom(100_000)


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.fixture
def served(house: Callable[[str], House], tmp_path: Path) -> Iterator[Callable[..., House]]:
    """A house whose remote is a hostile server with these entries, and a good file."""
    servers: list[HostileSftpServer] = []

    def serve(*entries: HostileEntry, **options: Any) -> House:
        server = HostileSftpServer(tmp_path / "hostile", GOOD, *entries, **options)
        servers.append(server.__enter__())
        home = house("house")
        home.configure(server.url, key_file=str(server.user_key), known_hosts=str(server.known_hosts))
        return home

    yield serve
    for server in servers:
        server.__exit__()
        assert server.attempts == []


def assert_only_good(home: House) -> None:
    assert home.files() == {"tv/Good/Season 01/Good.S01E01.mkv": GOOD.content}
    home.assert_closed()


LINKS = (
    HostileLink(b"out.S01E01.mkv", b"/etc/passwd"),
    HostileLink(b"climbing.S01E01.mkv", b"../etc/passwd"),
    HostileLink(b"nothing.S01E01.mkv", b"nowhere.mkv"),
    HostileLink(b"itself.S01E01.mkv", b"itself.S01E01.mkv"),
    HostileLink(b"circle1.S01E01.mkv", b"circle2.S01E01.mkv"),
    HostileLink(b"circle2.S01E01.mkv", b"circle1.S01E01.mkv"),
    HostileLink(b"folder.S01", b"."),
    HostileLink(b"outside.S01", b"/etc"),
)


def test_impossible_names_and_links_are_refused_by_name_and_the_others_go_on(
    served: Callable[..., House], tmp_path: Path
) -> None:
    home = served(*(HostileFile(name) for name in IMPOSSIBLE_NAMES), *LINKS)
    before = tree(tmp_path)
    done = home.run("sync")
    assert done.returncode == 3
    assert done.stdout.count("refused box:") == len(IMPOSSIBLE_NAMES) + len(LINKS)
    for told in ("climbs.higher", "absolute", "drive", "undecodable", "nul", "longlong", "out.S01E01", "itself.S01E01"):
        assert told in done.stdout
    assert not set("\x1b\0") & set(done.stdout)
    assert_only_good(home)
    allowed = ("house/catalogue.db", "house/tv/Good", "house/incoming/.medialib")
    assert {path for path in tree(tmp_path) - before if not path.startswith(allowed)} == set()


def test_a_name_in_a_folder_can_be_no_more_than_a_name(served: Callable[..., House]) -> None:
    # below a folder, what looks like a drive is a name like any other
    names = [name for name in IMPOSSIBLE_NAMES if not name.startswith(b"C:")]
    home = served(HostileFolder(b"Pack.S01", tuple(HostileFile(name) for name in names)))
    done = home.run("sync")
    assert done.returncode == 3
    assert done.stdout.count("refused box:Pack.S01/") == len(names)
    assert_only_good(home)


LIARS = {
    "more is claimed than there is": HostileFile(b"Liar.S01E01.mkv", CONTENT, claimed=len(CONTENT) + 1),
    "far more is claimed": HostileFile(b"Liar.S01E01.mkv", CONTENT, claimed=10 * len(CONTENT)),
    "less is claimed than there is": HostileFile(b"Liar.S01E01.mkv", CONTENT, claimed=len(CONTENT) - 1),
    "nothing is claimed": HostileFile(b"Liar.S01E01.mkv", CONTENT, claimed=0),
    "its bytes change while it is read": HostileFile(
        b"Liar.S01E01.mkv",
        CONTENT,
        becomes=HostileFile(b"Liar.S01E01.mkv", CONTENT[::-1], mtime=1_600_000_000),
        becomes_after=40_000,
    ),
    "its time changes while it is read": HostileFile(
        b"Liar.S01E01.mkv",
        CONTENT,
        becomes=HostileFile(b"Liar.S01E01.mkv", CONTENT, mtime=1_600_000_000),
        becomes_after=1,
    ),
    "it grows while it is read": HostileFile(
        b"Liar.S01E01.mkv",
        CONTENT,
        becomes=HostileFile(b"Liar.S01E01.mkv", CONTENT + b"more"),
        becomes_after=40_000,
    ),
    "reading fails in the middle": HostileFile(b"Liar.S01E01.mkv", CONTENT, failing_from=50_000),
    "reading gives nothing and no end": HostileFile(b"Liar.S01E01.mkv", CONTENT, at_most=0),
}


@pytest.mark.parametrize("lie", LIARS)
def test_a_file_that_is_not_as_it_was_said_to_be_never_gets_its_name(served: Callable[..., House], lie: str) -> None:
    home = served(LIARS[lie])
    with home.library() as library:
        work = library.perform("sync")
        assert work.state == "partial"
        failures = [line for report in work.reports for line in report.failures]
        assert ["Liar.S01E01.mkv" in line.outcome.detail for line in failures if line.outcome] == [True]
    assert_only_good(home)


def test_an_empty_answer_of_a_silent_server_ends_in_time(served: Callable[..., House]) -> None:
    home = served(HostileFile(b"Silent.S01E01.mkv", CONTENT, silent_from=30_000))
    began = time.monotonic()
    done = home.run("sync", timeout=60)
    assert time.monotonic() - began < 30
    assert done.returncode == 3
    assert "Silent.S01E01.mkv" in done.stdout
    assert_only_good(home)


def test_a_changed_bit_in_a_file_is_recorded_as_it_came(served: Callable[..., House]) -> None:
    """Nothing tells a client over SFTP that a disk far away is ill; but what came is what is recorded."""
    flipped = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    home = served(HostileFile(b"Ill.S01E01.mkv", CONTENT, served=flipped))
    assert home.run("sync").returncode == 0
    originals = {"Ill.S01E01.mkv": flipped, "Good.S01E01.mkv": GOOD.content}
    home.assert_settled(originals)


def test_a_host_that_shows_another_key_is_left_with_a_remedy(served: Callable[..., House]) -> None:
    home = served(turning_host_key=True)
    with home.library() as library:
        assert library.perform("sync").state == "done"
    done = home.run("sync")
    assert done.returncode == 1
    assert "ssh-keygen" in done.stderr
    assert done.stderr.count("\n") == 1
    assert_only_good(home)


def test_a_host_key_that_changes_in_the_middle_ends_the_work(tmp_path: Path) -> None:
    with HostileSftpServer(tmp_path / "hostile", GOOD, turning_host_key=True) as server:
        location = open_location("box", server.url, **server.connection)
        assert [entry.path for entry in location.walk()] == ["Good.S01E01.mkv"]
        location.close()
        with pytest.raises(HostKeyChanged):
            location.open("Good.S01E01.mkv")
        location.close()


def test_a_folder_without_end_is_out_of_reach_and_named(tmp_path: Path) -> None:
    with HostileSftpServer(tmp_path / "hostile", GOOD, HostileFolder(b"Endless", endless=True)) as server:
        connection = {**server.connection, "host": "127.0.0.1"}
        filesystem = SftpFileSystem(**connection, most_names=5000)
        seen: list[str] = []
        with pytest.raises(OutOfReach, match="more than 5000 names in one folder") as caught:
            seen.extend(entry.path for entry in FsspecLocation("box", filesystem, server.root).walk())
        assert caught.value.remedy
        assert seen == ["Good.S01E01.mkv"]
        # what was asked ahead of it leaves the connection usable
        assert filesystem.cat_file(f"{server.root}/Good.S01E01.mkv") == GOOD.content
        assert server.connections == 1
        filesystem.close()


def test_names_without_measure_are_a_folder_without_end(tmp_path: Path) -> None:
    long = tuple(HostileFile(b"%d" % number + b"x" * 10_000) for number in range(200))
    with HostileSftpServer(tmp_path / "hostile", *long) as server:
        filesystem = SftpFileSystem("127.0.0.1", **server.connection, most_names=1000)
        with pytest.raises(OutOfReach, match="more than 1000 names"):
            filesystem.ls(server.root)
        filesystem.close()


def test_a_tree_without_a_floor_has_one_here(tmp_path: Path) -> None:
    deep = HostileFolder(b"deep", (HostileFile(b"a.mkv"),), bottomless=True)
    with HostileSftpServer(tmp_path / "hostile", deep) as server:
        location = open_location("box", server.url, **server.connection)
        found = list(location.walk())
        location.close()
        assert sum(isinstance(entry, FileEntry) for entry in found) == 100
        assert [entry.reason for entry in found if isinstance(entry, RefusedEntry)] == ["it lies 100 folders deep"]


def test_a_tree_that_branches_without_end_is_out_of_reach(tmp_path: Path) -> None:
    twig = HostileFolder(b"b", (), bottomless=True)
    for _ in range(12):
        twig = HostileFolder(b"b", (twig, HostileFolder(b"c", (twig,))))
    with HostileSftpServer(tmp_path / "hostile", twig) as server:
        filesystem = SftpFileSystem("127.0.0.1", **server.connection)
        with pytest.raises(OutOfReach, match="more than 500 names"):
            list(FsspecLocation("box", filesystem, server.root, most_names=500).walk())
        filesystem.close()


# ------------------------------------------------------------------------------------------------- falsified on the way


def located(server: HostileSftpServer, proxy: FaultyProxy, **changes: Any) -> SftpFileSystem:
    server.remember_host_key(proxy.port)
    options = {**server.connection, "port": proxy.port, "timeout": 1.0, "connect_timeout": 1.0, "attempts": 1}
    return SftpFileSystem("127.0.0.1", **(options | changes))


@pytest.mark.parametrize("way", ["to client", "to server"])
def test_a_bit_that_flips_on_the_way_is_a_lost_connection_and_never_content(tmp_path: Path, way: Any) -> None:
    content = os.urandom(300_000)
    with HostileSftpServer(tmp_path / "hostile", HostileFile(b"a.mkv", content)) as server:
        last = 200_000 if way == "to client" else 2600
        for at in range(2000, last, (last - 2000) // 11):
            with FaultyProxy(server.port, FlippedBit(at, at % 8, way)) as proxy:
                filesystem = located(server, proxy)
                with pytest.raises(ConnectionLost) as caught:
                    assert filesystem.cat_file(f"{server.root}/a.mkv") == content, "never reached with the bit flipped"
                assert len(str(caught.value).splitlines()) == 1
                assert proxy.struck
                filesystem.close()


def test_a_bit_that_flips_during_the_greeting_is_an_error_in_one_line(tmp_path: Path) -> None:
    """Before keys are agreed on nothing is protected; a falsified greeting may look like anything but an answer."""
    with HostileSftpServer(tmp_path / "hostile", GOOD) as server:
        for at in range(0, 2000, 41):
            # some flips leave both sides waiting, so patience is short; a busy machine may need more of it to get there
            assert any(_greeted_with_a_flip(server, FlippedBit(at, at % 8), patience) for patience in (0.4, 2.0, 8.0))


def _greeted_with_a_flip(server: HostileSftpServer, flip: FlippedBit, patience: float) -> bool:
    """Whether the flip was met; what is read is right, or said to be wrong in one line."""
    with FaultyProxy(server.port, flip) as proxy:
        filesystem = located(server, proxy, connect_timeout=patience)
        said = ""
        try:
            assert filesystem.cat_file(f"{server.root}/Good.S01E01.mkv") == GOOD.content
        except MedialibError as error:
            said = str(error)
        assert len(said.splitlines()) <= 1
        filesystem.close()
        return bool(proxy.struck)


def test_a_slow_line_is_only_slow(tmp_path: Path) -> None:
    with HostileSftpServer(tmp_path / "hostile", GOOD) as server, FaultyProxy(server.port, Lag(0.03)) as proxy:
        filesystem = located(server, proxy)
        assert filesystem.cat_file(f"{server.root}/Good.S01E01.mkv") == GOOD.content
        began = time.monotonic()
        filesystem.info(f"{server.root}/Good.S01E01.mkv")
        assert time.monotonic() - began >= 0.06
        filesystem.close()

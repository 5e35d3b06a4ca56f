"""Many files at once through the fsspec face: walked, fetched, read in stretches; from real servers and odd ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.callbacks import Callback
from fsspec.implementations.local import LocalFileSystem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialib.errors import ConnectionLost, OutOfReach
from medialib.naming import unsafe_reason
from medialib.testing.faulty_proxy import CutOff, FaultyProxy
from medialib.testing.hostile_sftp import HostileFile, HostileSftpServer
from medialib.testing.servers import SshServer
from medialib.testing.sftp_manners import HandlesReused, NoExtensions, OutOfOrder, ShortReads
from medialib.transfer.remote import _PLAIN_NAME
from medialib.transfer.sftp import SftpFileSystem

CONTENT = os.urandom(100_000)


@pytest.fixture(scope="module")
def filesystem(ssh_server: SshServer) -> Iterator[SftpFileSystem]:
    filesystem = SftpFileSystem(**ssh_server.connection)
    yield filesystem
    filesystem.close()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "served"
    for number in range(150):
        folder = root / f"{number % 7}" / f"{number % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.nfo").write_bytes(CONTENT[: number * 100])
    (root / "large.mkv").write_bytes(CONTENT * 30)
    (root / "0" / "empty").mkdir()
    (root / "to-file").symlink_to("1/1/1.nfo")
    (root / "to-folder").symlink_to("1")
    return root


@pytest.mark.parametrize("how", [{}, {"maxdepth": 1}, {"maxdepth": 2}, {"topdown": False}, {"detail": True}], ids=str)
def test_walking_finds_what_fsspec_finds_locally(filesystem: SftpFileSystem, tree: Path, how) -> None:
    def ordered(found):
        return [(path, sorted(folders), sorted(files)) for path, folders, files in found]

    # fsspec's local file system takes a link to a folder for one; over SFTP a link is a link, and is not entered
    (tree / "to-folder").unlink()
    ours, theirs = ordered(filesystem.walk(str(tree), **how)), ordered(LocalFileSystem().walk(str(tree), **how))
    assert sorted(ours) == sorted(theirs)
    assert filesystem.find(str(tree)) == sorted(LocalFileSystem().find(str(tree)))
    assert filesystem.find(str(tree), withdirs=True, maxdepth=2) == sorted(
        LocalFileSystem().find(str(tree), withdirs=True, maxdepth=2)
    )
    assert filesystem.glob(f"{tree}/*/1/*.nfo") == sorted(LocalFileSystem().glob(f"{tree}/*/1/*.nfo"))


def test_folders_taken_out_are_not_entered(filesystem: SftpFileSystem, tree: Path) -> None:
    met = []
    for path, folders, _ in filesystem.walk(str(tree)):
        met.append(path)
        folders[:] = [name for name in folders if name in ("3", "2")]
    assert sorted(met) == [str(tree), f"{tree}/2", f"{tree}/2/2", f"{tree}/3", f"{tree}/3/2"]


@pytest.mark.parametrize("after", [3000, 4000, 4500, 5000, 6000, 9000, 12_000])
def test_a_lost_connection_is_no_empty_folder(ssh_server: SshServer, tree: Path, tmp_path: Path, after: int) -> None:
    # however often it is lost: each connection carries so many bytes
    with FaultyProxy(ssh_server.port, CutOff(after), strikes=1000) as proxy:
        (tmp_path / "known").write_text(f"[127.0.0.1]:{proxy.port} {ssh_server.host_key_line}\n")
        changes = {"port": proxy.port, "known_hosts": tmp_path / "known", "timeout": 5, "attempts": 1}
        filesystem = SftpFileSystem(**{**ssh_server.connection, **changes})
        try:
            found = filesystem.find(str(tree))
        except ConnectionLost:
            assert after < 12_000
        else:
            assert len(found) == 153
        with pytest.raises(ConnectionLost):
            filesystem.get(f"{tree}/", str(tmp_path / "here"), recursive=True)
        filesystem.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Counting(Callback):
    branches: int = 0

    def branched(self, path_1, path_2, **kwargs):
        self.branches += 1
        return Callback()


def test_a_tree_is_fetched_whole(filesystem: SftpFileSystem, tree: Path, tmp_path: Path) -> None:
    (tree / "to-folder").unlink()
    callback = Counting()
    filesystem.get(f"{tree}/", str(tmp_path / "here"), recursive=True, callback=callback)
    assert contents(tmp_path / "here") == contents(tree)
    assert (tmp_path / "here/0/empty").is_dir()
    assert callback.size == callback.value == callback.branches == 150 + 2 + 7 + 21 + 2


def test_files_named_one_by_one(filesystem: SftpFileSystem, tree: Path, tmp_path: Path) -> None:
    remote = [f"{tree}/to-file", f"{tree}/large.mkv", f"{tree}/0/0/0.nfo"]
    local = [str(tmp_path / name) for name in "abc"]
    filesystem.get(remote, local)
    assert [Path(name).read_bytes() for name in local] == [CONTENT[:100], CONTENT * 30, b""]
    filesystem.get(f"{tree}/1/1/*.nfo", f"{tmp_path}/there/")
    assert contents(tmp_path / "there") == contents(tree / "1/1")


def test_what_is_missing_leaves_nothing_behind(filesystem: SftpFileSystem, tree: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        filesystem.get([f"{tree}/large.mkv", f"{tree}/absent"], [str(tmp_path / "a"), str(tmp_path / "b")])
    assert not (tmp_path / "b").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]


def test_a_pipe_is_refused_and_not_waited_for(filesystem: SftpFileSystem, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    os.mkfifo(tmp_path / "served/pipe")
    with pytest.raises(OutOfReach, match="neither a file nor a folder"):
        filesystem.get(f"{tmp_path}/served/", f"{tmp_path}/here/", recursive=True)


POSITIONS = st.none() | st.integers(-350_000, 350_000)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), POSITIONS, POSITIONS), min_size=1, max_size=20))
def test_stretches_are_slices(filesystem: SftpFileSystem, tmp_path: Path, wanted) -> None:
    """``cat_ranges(paths, starts, ends)[n] == content(paths[n])[starts[n]:ends[n]]``"""
    files = [CONTENT[:size] * times for size, times in ((0, 1), (1, 1), (32768, 1), (100_000, 3), (99_999, 1))]
    for number, content in enumerate(files):
        (tmp_path / str(number)).write_bytes(content)
    found = filesystem.cat_ranges(
        [f"{tmp_path}/{number}" for number, _, _ in wanted],
        [start for _, start, _ in wanted],
        [end for _, _, end in wanted],
    )
    for (number, start, end), result in zip(wanted, found, strict=True):
        if number == 5:
            assert isinstance(result, FileNotFoundError)
        else:
            assert result == files[number][start:end]


def test_many_files_at_once(filesystem: SftpFileSystem, tree: Path) -> None:
    (tree / "to-folder").unlink()
    paths = [path for path in filesystem.find(str(tree)) if filesystem.isfile(path)]
    assert filesystem.cat(paths) == {path: Path(path).read_bytes() for path in paths}
    assert filesystem.cat_ranges(paths, 10, 20) == [Path(path).read_bytes()[10:20] for path in paths]
    with pytest.raises(FileNotFoundError):
        filesystem.cat_ranges([*paths, f"{tree}/absent"], 0, 1, on_error="raise")
    with pytest.raises(ValueError, match="as many"):
        filesystem.cat_ranges(paths, [1], [2])


@pytest.mark.parametrize(
    "manners", [(ShortReads(3000), OutOfOrder(7)), (NoExtensions(), HandlesReused()), (ShortReads(1),)], ids=str
)
def test_stretches_from_servers_with_manners(tmp_path: Path, manners) -> None:
    size = 300 if manners == (ShortReads(1),) else 70_000
    files = tuple(HostileFile(b"%d" % number, CONTENT[number : number + size]) for number in range(80))
    with HostileSftpServer(tmp_path / "server", *files, manners=manners) as server:
        filesystem = SftpFileSystem("127.0.0.1", **{**server.connection, "attempts": 1})
        paths = [f"{server.root}/{number}" for number in range(80)]
        assert filesystem.cat_ranges(paths, 5, -5) == [file.content[5:-5] for file in files]
        assert filesystem.cat_ranges(paths, 0, 10**6) == [file.content for file in files]
        filesystem.get(f"{server.root}/", f"{tmp_path}/here/", recursive=True)
        assert contents(tmp_path / "here") == {file.name.decode(): file.content for file in files}
        filesystem.close()


@given(st.one_of(st.text(max_size=210), st.text(alphabet=" .abC0_-[](){}:\\/\x7f\x00é", max_size=8)))
def test_a_plain_name_is_a_safe_one(name: str) -> None:
    """Where the short way says yes, so does the law, whatever safe folder the name is in."""
    if _PLAIN_NAME(name):
        assert unsafe_reason(name) is None
        assert unsafe_reason(f"Some Show/{name}") is None

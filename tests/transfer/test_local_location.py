"""What only a disk of this machine can show: modes, owners, links on the way, ways of renaming, notes gone bad."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import OutOfReach, TargetTaken, UnsafePath, UsageError
from medialib.ports import PartRecord
from medialib.testing.locations import files_of
from medialib.transfer import LocalLocation, open_location
from medialib.transfer.local_part import dump_note, load_note, part_address
from medialib.transfer.placing import _atomically, _by_link, _by_placeholder, rename_without_replacing

WAYS = [_atomically, _by_link, _by_placeholder]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_renaming_replaces_nothing(root: Path, way: Callable[[str, str], None]) -> None:
    old, new, third = (str(root / name) for name in ("old", "new", "third"))
    Path(old).write_text("1")
    assert rename_without_replacing(old, new, ways=(way,))
    assert [path.name for path in root.iterdir()] == ["new"]
    Path(third).write_text("3")
    with pytest.raises(FileExistsError):
        rename_without_replacing(new, third, ways=(way,))
    assert (Path(new).read_text(), Path(third).read_text()) == ("1", "3")
    with pytest.raises(FileNotFoundError):
        rename_without_replacing(old, str(root / "fourth"), ways=(way,))
    assert not (root / "fourth").exists()


def test_a_way_that_is_not_offered_gives_place_to_the_next(root: Path) -> None:
    def not_offered(source: str, target: str) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    def elsewhere(source: str, target: str) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    (root / "a").write_text("1")
    assert rename_without_replacing(str(root / "a"), str(root / "b"), ways=(not_offered, _by_link))
    assert not rename_without_replacing(str(root / "b"), str(root / "c"), ways=(not_offered, elsewhere))
    with pytest.raises(OSError, match="Invalid argument"):
        rename_without_replacing(str(root / "b"), str(root / "c"), ways=(not_offered,))
    assert [path.name for path in root.iterdir()] == ["b"]


def test_modes_of_what_is_placed_and_made(root: Path) -> None:
    location = LocalLocation("films", root, file_mode=0o664, folder_mode=0o2775, group=os.getgid(), owner=os.getuid())
    location.make_folder("a/b")
    assert mode(root / "a" / "b") == 0o2775
    with location.part("a/x").write(0) as sink:
        sink.write(b"1")
    location.part("a/x").publish(mtime_ns=5)
    assert mode(root / "a" / "x") == 0o664
    (root / "y").touch(mode=0o600)
    location.rename("y", location, "a/y")
    assert mode(root / "a" / "y") == 0o664
    location.flush()


def test_a_refused_rename_leaves_the_mode_as_it_was(root: Path) -> None:
    location = LocalLocation("films", root, file_mode=0o664)
    (root / "folder").mkdir()
    (root / "folder" / "taken").touch()
    (root / "y").touch(mode=0o600)
    with pytest.raises(TargetTaken):
        location.rename("y", location, "folder/taken")
    assert mode(root / "y") == 0o600


def test_an_unknown_owner_is_refused_at_once(root: Path) -> None:
    with pytest.raises(UsageError, match="no user named"):
        LocalLocation("films", root, owner="no such user")
    with pytest.raises(UsageError, match="no group named"):
        LocalLocation("films", root, group="no such group")


def test_links_on_the_way_lead_nothing_out(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("theirs")
    (root / "away").symlink_to(tmp_path / "outside")
    (root / "mine").write_text("mine")
    location = LocalLocation("films", root)
    for attempt in (
        lambda: location.part("away/new"),
        lambda: location.make_folder("away/new"),
        lambda: location.rename("mine", location, "away/new"),
        lambda: location.rename("away/file", location, "stolen"),
        lambda: location.remove("away/file", size=6, mtime_ns=0),
        lambda: location.remove_folder("away/sub"),
        lambda: location.open("away/file"),
        lambda: location.has_folder("away"),
        lambda: list(location.walk("away")),
    ):
        with pytest.raises(UnsafePath):
            attempt()
    assert sorted(path.name for path in (tmp_path / "outside").iterdir()) == ["file"]
    assert (root / "mine").exists()


def test_a_link_is_neither_moved_nor_written_through(root: Path, tmp_path: Path) -> None:
    location = LocalLocation("films", root)
    (root / "real").write_text("1")
    (root / "link").symlink_to("real")
    with pytest.raises(UnsafePath, match="links are not moved"):
        location.rename("link", location, "other")
    (tmp_path / "victim").write_text("precious")
    (root / "new.part").symlink_to(tmp_path / "victim")
    (root / "new.part.json").touch()
    with pytest.raises(OSError, match=r"symbolic links"):
        location.part("new").write(0)
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_root_that_is_a_link_is_a_root(root: Path, tmp_path: Path) -> None:
    (root / "a").write_text("1")
    (tmp_path / "alias").symlink_to(root)
    assert set(files_of(LocalLocation("films", tmp_path / "alias"))) == {"a"}


def test_devices_and_pipes_are_refused_not_opened(root: Path) -> None:
    os.mkfifo(root / "pipe")
    location = LocalLocation("films", root)
    [refused] = location.walk()
    assert "neither a file nor a folder" in refused.reason
    assert location.entry("pipe") is None
    with pytest.raises(FileNotFoundError):
        location.open("pipe")


def test_names_that_others_add_meanwhile_are_seen(root: Path) -> None:
    location = LocalLocation("films", root)
    with location.part("a.mkv").write(0) as sink:
        sink.write(b"1")
    location.part("a.mkv").publish(mtime_ns=0)
    (root / "B.mkv").touch()
    with location.part("b.mkv").write(0) as sink:
        sink.write(b"2")
    with pytest.raises(TargetTaken, match=r"B\.mkv"):
        location.part("b.mkv").publish(mtime_ns=0)
    (root / "B.mkv").unlink()
    location.part("b.mkv").publish(mtime_ns=0)
    assert set(files_of(location)) == {"a.mkv", "b.mkv"}


@pytest.mark.parametrize(
    "note", [b"", b"{", b"[]", b"null", b"7", b'{"format": "medialib.part/2"}', b"\xff", b"[" * 9999]
)
def test_a_note_that_cannot_be_read_is_none(root: Path, note: bytes) -> None:
    (root / "a.part.json").write_bytes(note)
    assert LocalLocation("films", root).part("a").record is None


@given(
    st.builds(
        PartRecord,
        source=st.text(st.characters(exclude_categories=[])),
        size=st.integers(0, 2**63),
        mtime_ns=st.integers(-(2**63), 2**63),
        offset=st.integers(0, 2**63),
        sha256=st.from_regex("[0-9a-f]{64}", fullmatch=True),
    )
)
def test_a_note_says_what_was_noted(record: PartRecord) -> None:
    assert load_note(dump_note(record)) == record


@given(st.text(min_size=1, max_size=255).filter(lambda name: "/" not in name and len(os.fsencode(name)) <= 255))
def test_names_of_parts_fit_and_differ(name: str) -> None:
    part = part_address(f"/srv/{name}")
    assert part != f"/srv/{name}"
    assert part.startswith("/srv/")
    assert len(os.fsencode(f"{part.removeprefix('/srv/')}.json.part")) <= 255


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody whom permissions bind and come back")
def test_an_unreadable_folder_is_out_of_reach(tmp_path: Path) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Path(folder, "secret").mkdir(mode=0o700)
        location = LocalLocation("films", folder)
        os.seteuid(65534)
        try:
            with pytest.raises(OutOfReach, match="secret"):
                list(location.walk())
            with pytest.raises(OutOfReach):
                location.entry("secret/a")
            with pytest.raises(OutOfReach):
                location.make_folder("new")
        finally:
            os.seteuid(0)


def test_addresses_choose_the_location(root: Path) -> None:
    (root / "a").write_text("1")
    for url in (str(root), f"file://{root}"):
        assert isinstance(open_location("films", url), LocalLocation)
    for url in ("sftp:///x", "sftp://host:port/x", "nonsense://x"):
        with pytest.raises(UsageError):
            open_location("films", url)


def test_importing_loads_neither_paramiko_nor_fsspec() -> None:
    program = (
        "import sys, medialib.transfer; print([m for m in ('paramiko', 'fsspec', 'tenacity') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"

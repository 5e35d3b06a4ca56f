"""The main job with its folders on another machine: a real SSH server, killed processes, undo, and the doctor."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medialib.testing.killing import killed_once

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

SHOW = "Show.Name.S01E02.1080p.WEB.mkv"
FILM = "Film.Name.2001.1080p.BluRay.x264-GRP.mkv"


class Nas:
    """A home whose incoming folder and library are folders of an SSH server."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.folder = home.remote.parent / f"{home.remote.name}-nas"
        self.host = f"sftp://{home.server.username}@{home.server.host}:{home.server.port}"
        for name in ("incoming", "tv", "movies"):
            (self.folder / name).mkdir(parents=True)
        self.configure()

    def configure(self, *, download: str = "", library: str = "", server: str = "", minimum: str = "0") -> None:
        self.home.configure()
        url = f"{self.host}{self.home.remote}"
        (self.home.folder / "medialib.toml").write_text(
            f"""\
[catalogue]
url = "catalogue.db"
[remotes.box]
url = "{url}"
key_file = "{self.home.server.user_key}"
known_hosts = "{self.home.server.known_hosts}"
agent = false
[servers.nas]
url = "{self.host}"
key_file = "{self.home.server.user_key}"
known_hosts = "{self.home.server.known_hosts}"
agent = false
timeout = "5s"
{server}
[download]
incoming = "{self.host}{self.folder}/incoming"
minimum_free = {minimum}
{download}
[library]
tv = "{self.host}{self.folder}/tv"
movies = "{self.host}{self.folder}/movies"
{library}
[metadata]
provider = "none"
"""
        )

    def files(self) -> dict[str, bytes]:
        """Every file on the NAS, medialib's own folders left out."""
        return {
            str(file.relative_to(self.folder)): file.read_bytes()
            for file in sorted(self.folder.rglob("*"))
            if file.is_file() and ".medialib" not in file.parts
        }


@pytest.fixture
def nas(home: Home) -> Nas:
    return Nas(home)


def test_a_library_on_another_machine_is_filled_and_taken_back(nas: Nas) -> None:
    home = nas.home
    show, film = os.urandom(300_000), os.urandom(90_000)
    home.put(SHOW, show)
    home.put(FILM, film)
    home.put("Show.Name.S01E02.1080p.WEB.en.srt", "subtitle")
    assert home.medialib("config", "validate").code == 0
    before = home.digest()
    assert home.medialib("sync", "-n").code == 0
    assert home.digest() == before
    assert nas.files() == {}
    answer = home.medialib("sync")
    assert answer.code == 0, answer
    placed = {
        "movies/Film Name (2001)/Film Name (2001).mkv": film,
        "tv/Show Name/Season 01/Show.Name.S01E02.1080p.WEB.en.srt": b"subtitle",
        "tv/Show Name/Season 01/" + SHOW: show,
    }
    assert nas.files() == placed
    there = nas.folder / "tv/Show Name/Season 01" / SHOW
    assert int(there.stat().st_mtime) == int((home.remote / SHOW).stat().st_mtime)
    again = home.medialib("sync")
    assert (again.code, again.out.strip()) == (0, "nothing to do")
    assert home.medialib("library", "verify", "--all").code == 0
    assert home.medialib("undo").code == 0
    assert nas.files() == {}
    kept = [path.read_bytes() for path in (nas.folder / "incoming/.medialib/recycle").rglob("*") if path.is_file()]
    assert sorted(kept) == sorted(placed.values())


def test_a_download_that_is_killed_leaves_no_half_file_and_is_resumed(nas: Nas) -> None:
    """kill -9 while a large file is on its way; the next run proves what is there and sends only the rest."""
    home = nas.home
    nas.configure(download='bandwidth = "10 MB"')
    content = os.urandom(30_000_000)
    home.put(SHOW, content)
    part = nas.folder / "incoming" / f"{SHOW}.part"
    note = part.with_name(f"{part.name}.json")
    command = [sys.executable, "-m", "medialib_cli", "--config", str(home.folder / "medialib.toml"), "download"]

    def due() -> bool:
        return note.exists() and b'"offset": ' in note.read_bytes() and part.stat().st_size > 13_000_000

    ended = killed_once(due, command)
    assert ended.killed, ended.output
    # a note that was just being written may stand there, too
    assert nas.files().keys() - {f"incoming/{SHOW}.part.json.part"} == {
        f"incoming/{SHOW}.part",
        f"incoming/{SHOW}.part.json",
    }
    nas.configure()
    answer = home.medialib("download", "--json").document
    (result,) = answer["results"]
    assert result["result"] == "done"
    resumed = int(result["detail"].removeprefix("resumed at byte ").split(";")[0])
    assert resumed >= 8_000_000
    assert nas.files() == {f"incoming/{SHOW}": content}
    assert home.rows("select state from known_files") == [("fetched",)]


@pytest.mark.parametrize("what", ["part", "json", "file"])
def test_a_kill_at_any_moment_of_a_sync_is_made_good_by_the_next(nas: Nas, what: str) -> None:
    home = nas.home
    contents = {f"Show.Name.S01E{number:02}.1080p.WEB.mkv": os.urandom(400_000) for number in range(1, 9)}
    for name, content in contents.items():
        home.put(name, content)
    ends = {"part": ".part", "json": ".json", "file": ".mkv"}
    command = [sys.executable, "-m", "medialib_cli", "--config", str(home.folder / "medialib.toml"), "sync"]
    killed_once(lambda: any(path.name.endswith(ends[what]) for path in nas.folder.rglob("*")), command)
    for path, content in nas.files().items():
        name = path.rpartition("/")[2]
        assert name.endswith((".part", ".json", ".new")) or content == contents[name]
    assert home.medialib("sync").code == 0
    assert {Path(path).name: content for path, content in nas.files().items()} == contents
    assert home.rows("select state from journal_runs where state = 'running'") == []


def test_what_stands_there_is_never_replaced_and_full_disks_are_refused(nas: Nas) -> None:
    home = nas.home
    home.put(SHOW, b"new")
    (nas.folder / "incoming" / SHOW.upper()).write_bytes(b"theirs")
    answer = home.medialib("download")
    assert answer.code == 3
    assert nas.files()[f"incoming/{SHOW.upper()}"] == b"theirs"
    assert f"incoming/{SHOW}" not in nas.files()
    (nas.folder / "incoming" / SHOW.upper()).unlink()
    nas.configure(minimum='"1000 TB"')
    refused = home.medialib("download")
    assert refused.code == 1
    assert "not enough room" in refused.out + refused.err


def test_the_doctor_tells_what_an_address_is_good_for(nas: Nas) -> None:
    home = nas.home
    before = set(nas.folder.rglob("*"))
    answer = home.medialib("doctor", "--write-test", "--json")
    checks = {check["subject"]: check for check in answer.document["checks"]}
    assert checks["abilities of tv"]["state"] == "ok"
    assert checks["folder incoming: writing"]["finding"] == "a file was made and removed"
    assert checks["folder incoming: space"]["state"] == "ok"
    assert set(nas.folder.rglob("*")) == before
    (nas.folder / "tv").rmdir()
    gone = {check["subject"]: check for check in home.medialib("doctor", "--json").document["checks"]}
    assert gone["folder tv"]["state"] == "failed"
    home.put(SHOW)
    assert home.medialib("sync").code == 1
    assert not (nas.folder / "tv").exists()


def test_what_cannot_be_set_there_is_refused_with_its_key(nas: Nas) -> None:
    home = nas.home
    nas.configure(library='group = "media"\nfile_mode = "0640"')
    refused = home.medialib("config", "validate")
    assert refused.code == 2
    assert "library.group: cannot be set where download.incoming is, on sftp://" in refused.err
    assert "file_mode" not in refused.err
    nas.configure(library='anime = "data://x"')
    unusable = home.medialib("sync")
    assert unusable.code == 2
    assert "files cannot be carried to data://" in unusable.err
    nas.configure(library='anime = "sftp://me:cAnAry@nas.example/anime"')
    secret = home.medialib("config", "validate")
    assert secret.code == 2
    assert "library.anime: holds a password" in secret.err
    assert "cAnAry" not in secret.err + secret.out

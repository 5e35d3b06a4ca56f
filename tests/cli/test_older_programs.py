"""The files and commands of the program that medialib takes over from, used as they were."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medialib.testing.metadata_world import invented_world
from medialib.testing.servers import milvus_server
from medialib.testing.tmdb_server import TmdbServer

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

INI = """\
[SFTP]
host = {server.host}
port = {server.port}
username = {server.username}
ssh_key_path = ./ssh/box_key
paths = {remote}/one/,{remote}/two/

[Database]
#type = postgres
type = sqlite

[PostgreSQL]
host = localhost
port = 5432
database = sync2nas
user = postgres
password = 100%wrong

[Milvus]
host = localhost
port = 19530

[SQLite]
db_file = ./database/sync2nas.db

[Transfers]
incoming = ./incoming

[TMDB]
api_key = a1234567-b123-c123-d123-e12345678901

[Routing]
anime_tv_path = {folder}/anime_tv/
movie_path = {folder}/movies/
"""


@pytest.fixture
def older(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder of the older program: its INI file, its key, its host known to ssh."""
    folder = home.folder / "older"
    for name in ("config", "ssh", "database", "incoming", "anime_tv", "movies", ".ssh"):
        (folder / name).mkdir(parents=True)
    (folder / "config/sync2nas_config.ini").write_text(
        INI.format(server=home.server, remote=home.remote, folder=folder)
    )
    (folder / "ssh/box_key").write_bytes(home.server.user_key.read_bytes())
    (folder / "ssh/box_key").chmod(0o600)
    (folder / ".ssh/known_hosts").write_bytes(home.server.known_hosts.read_bytes())
    with TmdbServer(invented_world(), key="a1234567-b123-c123-d123-e12345678901") as tmdb:
        monkeypatch.setenv("HOME", str(folder))
        monkeypatch.setenv("MEDIALIB_TMDB__URL", tmdb.api)
        for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.chdir(folder)
        yield folder


def medialib(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "medialib_cli", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done


def test_its_commands_run_as_they_were(home: Home, older: Path) -> None:
    """`download-from-remote`, then `route-files --auto-add`, first dry; series of all kinds go to its one folder."""
    home.put("one/The.Long.Voyage.S01E02.1080p.mkv")
    home.put("one/deep/er/[G] Kaizoku no Uta - 14 [ABCD1234].mkv")
    home.put("two/The.Glass.Harbour.2019.1080p.BluRay.mkv")
    home.put("three/Not.Asked.For.S01E01.mkv")
    fetched = medialib("-vv", "download-from-remote")
    assert fetched.returncode == 0, fetched.stderr
    assert {file.name for file in (older / "incoming").rglob("*.mkv")} == {
        "The.Long.Voyage.S01E02.1080p.mkv",
        "[G] Kaizoku no Uta - 14 [ABCD1234].mkv",
        "The.Glass.Harbour.2019.1080p.BluRay.mkv",
    }
    assert medialib("download-from-remote").stdout.strip().endswith("nothing to do")

    unknown = medialib("route-files")
    assert unknown.returncode == 3
    assert "--auto-add" in unknown.stdout
    dry = medialib("route-files", "--auto-add", "--dry-run")
    assert dry.returncode == 0, dry.stdout + dry.stderr
    assert "add show Kaizoku no Uta (2012)" in dry.stdout
    assert not list((older / "anime_tv").iterdir())
    done = medialib("route-files", "--auto-add")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(
        str(file.relative_to(older)) for top in ("anime_tv", "movies") for file in (older / top).rglob("*.mkv")
    ) == [
        "anime_tv/Kaizoku no Uta (2012)/Season 02/[G] Kaizoku no Uta - 14 [ABCD1234].mkv",
        "anime_tv/The Long Voyage (2011)/Season 01/The.Long.Voyage.S01E02.1080p.mkv",
        "movies/The Glass Harbour (2019)/The Glass Harbour (2019).mkv",
    ]
    assert (older / "database/sync2nas.db").exists()


def test_its_other_commands(home: Home, older: Path) -> None:
    home.put("one/The.Long.Voyage.S01E02.1080p.mkv")
    home.put("two/The.Glass.Harbour.2019.1080p.BluRay.mkv")
    assert medialib("bootstrap-downloads").returncode == 0
    assert "nothing to do" in medialib("download-from-remote").stdout
    added = medialib("add-show", "Example Showname", "--tmdb-id", "202", "--override-dir")
    assert added.returncode == 0, added.stderr
    assert [folder.name for folder in (older / "anime_tv").iterdir()] == ["Example Showname"]
    listed = medialib("add-show", "Nosferatu")
    assert listed.returncode == 1
    assert "[tmdb:203]" in listed.stderr


def test_its_own_database_is_not_touched(older: Path) -> None:
    """The file that `db_file` names may be the older program's: it is refused, and said what to do."""
    import sqlite3

    with sqlite3.connect(older / "database/sync2nas.db") as connection:
        connection.execute("CREATE TABLE tv_shows (id INTEGER)")
    connection.close()
    before = (older / "database/sync2nas.db").read_bytes()
    refused = medialib("download-from-remote")
    assert refused.returncode == 1
    assert "no catalogue of medialib" in refused.stderr
    assert (older / "database/sync2nas.db").read_bytes() == before


def test_its_database_in_milvus_is_medialibs_too(home: Home, older: Path, tmp_path: Path) -> None:
    """The sections are read as they were; what Milvus is unfit for goes into the user's own folder."""
    file = older / "config/sync2nas_config.ini"
    with milvus_server(tmp_path / "milvus") as server:
        text = (
            file.read_text().replace("type = sqlite", "type = milvus").replace("port = 19530", f"port = {server.port}")
        )
        file.write_text(text.replace("[Milvus]\nhost = localhost", f"[Milvus]\nhost = {server.host}"))
        home.put("one/The.Long.Voyage.S01E02.1080p.mkv")
        home.put("two/The.Glass.Harbour.2019.1080p.BluRay.mkv")
        assert medialib("download-from-remote").returncode == 0
        assert medialib("download-from-remote").stdout.strip() == "nothing to do"
        beside = older / f".local/share/medialib/milvus-{server.host}-{server.port}.sqlite"
        assert beside.exists()
        assert not list((older / "database").iterdir())
        url = f"milvus://{server.host}:{server.port}?beside={beside}"
        assert f'url = "{url}"' in medialib("config", "migrate").stdout
        assert medialib("undo").returncode == 0

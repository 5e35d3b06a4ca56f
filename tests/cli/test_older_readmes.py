"""Every command that the READMEs of the two older programs print, with the effect that they document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medialib.testing.metadata_world import invented_world
from medialib.testing.tmdb_server import TmdbServer
from medialib.testing.tvdb_server import TvdbServer
from medialib_cli.app import main

if TYPE_CHECKING:
    from .conftest import Home

KEY = "a1234567-b123-c123-d123-e12345678901"
FIRST = """\
[SFTP]
host = {server.host}
port = {server.port}
username = {server.username}
ssh_key_path = {server.user_key}
path = {remote}

[SQLite]
db_file = ./database/sync2nas.db

[TVDB]
api_key = {key}

[Routing]
tv_path = {folder}/tv
anime_tv_path = {folder}/anime_tv

[Transfers]
incoming = ./incoming
"""
SECOND = """\
[SFTP]
host = {server.host}
port = {server.port}
username = {server.username}
ssh_key_path = {server.user_key}
paths = {remote}/one/,{remote}/two/

[Database]
type = sqlite

[SQLite]
db_file = ./database/sync2nas.db

[Transfers]
incoming = ./incoming

[TMDB]
api_key = {key}

[Routing]
anime_tv_path = {folder}/anime_tv/
movie_path = {folder}/movies/
"""
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def folder(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder of an older program, with its services; the catalogue is that of the home."""
    folder = home.folder / "older"
    for name in ("config", "database", "incoming", "tv", "anime_tv", "movies", ".ssh"):
        (folder / name).mkdir(parents=True)
    for name in ("one", "two"):
        (home.remote / name).mkdir()
    (folder / ".ssh/known_hosts").write_bytes(home.server.known_hosts.read_bytes())
    monkeypatch.setenv("HOME", str(folder))
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("MEDIALIB_CATALOGUE__URL", home.address)
    monkeypatch.chdir(folder)
    world = invented_world()
    with ExitStack() as services:
        tmdb = services.enter_context(TmdbServer(world, key=KEY))
        tvdb = services.enter_context(TvdbServer(world, key=KEY))
        monkeypatch.setenv("MEDIALIB_TMDB__URL", tmdb.api)
        monkeypatch.setenv("MEDIALIB_TVDB__URL", tvdb.url + "/v4")
        yield folder


@pytest.fixture
def run(home: Home) -> Run:
    """A command as it is printed, without the program's name."""

    def run(*words: str) -> tuple[int, str]:
        home.capture.readouterr()
        with pytest.raises(SystemExit) as end:
            main(words)
        said = home.capture.readouterr()
        assert "Traceback" not in said.err
        assert isinstance(end.value.code, int)
        return end.value.code, said.out + said.err

    return run


def configured(home: Home, folder: Path, text: str) -> None:
    (folder / "config/sync2nas_config.ini").write_text(
        text.format(server=home.server, remote=home.remote, folder=folder, key=KEY)
    )


def videos(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*.mkv") if ".medialib" not in file.parts)


@pytest.mark.every_catalogue
def test_the_first_readme(home: Home, folder: Path, run: Run) -> None:
    configured(home, folder, FIRST)
    home.put("old/The.Long.Voyage.S01E01.mkv")
    assert run("--full-sftp-table-refresh")[0] == 0
    assert "nothing to do" in run("-d")[1]
    home.put("The.Long.Voyage.S01E02.mkv")
    assert run("--create-show", "The Long Voyage", "--dry-run")[0] == 0
    assert not list((folder / "tv").iterdir())
    assert run("--create-show", "The Long Voyage")[0] == 0
    again = run("--create-show", "The Long Voyage")
    assert again[0] == 0
    assert "already exists" in again[1]
    assert [each.name for each in (folder / "tv").iterdir()] == ["The Long Voyage (2011)"]
    assert run("-d")[0] == 0
    assert videos(folder) == ["incoming/The.Long.Voyage.S01E02.mkv"]
    assert run("-r")[0] == 0
    assert videos(folder) == ["tv/The Long Voyage (2011)/Season 01/The.Long.Voyage.S01E02.mkv"]
    home.put("The.Long.Voyage.S01E03.mkv")
    assert run("-d", "-r")[0] == 0
    assert len(videos(folder / "tv")) == 2
    code, said = run("-v")
    assert code == 0
    assert "sync" in said


def test_what_the_first_readme_promised(home: Home, folder: Path, run: Run) -> None:
    """Its roadmap: searching, updating one show by both ids, and the episodes of one show or of all."""
    configured(home, folder, FIRST)
    assert run("--create-show", "The Long Voyage")[0] == 0
    code, said = run("--search-show", "Nosferatu")
    assert code == 0
    assert "tvdb:900202" in said
    assert run("--update-episodes", "The Long Voyage")[0] == 0
    assert run("--update-all-episodes")[0] == 0
    assert run("--update-show", "the-long-voyage-2011", "900101")[0] == 0
    assert run("--update-show", "the-long-voyage-2011", "900202", "--dry-run")[0] == 0
    code, said = run("--log-level", "error", "--update-all-episodes")
    assert code == 0
    for words in (
        ("-d", "--create-show", "x"),
        ("-r", "--search-show", "x"),
        ("--update-all-episodes", "--update-episodes", "x"),
        ("--full-sftp-table-refresh", "-d"),
        ("-d", "sync"),
        ("--dry-run",),
        ("--update-show", "x", "y"),
        ("--log-level", "loud"),
    ):
        assert run(*words)[0] == 2, words


@pytest.mark.every_catalogue
def test_the_second_readme(home: Home, folder: Path, run: Run) -> None:
    configured(home, folder, SECOND)
    (folder / "anime_tv/Kaizoku no Uta (2012)").mkdir()
    home.put("one/deep/Not.Again.S01E01.mkv")
    assert run("bootstrap-downloads")[0] == 0
    assert run("bootstrap-tv-shows")[0] == 0
    assert run("bootstrap-episodes")[0] == 0
    assert "nothing to do" in run("download-from-remote")[1]
    home.put("one/Nosferatu.S01E01.mkv")
    home.put("two/The.Long.Voyage.S01E02.mkv")
    assert run("-vv", "download-from-remote")[0] == 0
    assert len(videos(folder / "incoming")) == 2
    assert run("add-show", "Nosferatu", "--tmdb-id", "201")[0] == 0
    code, said = run("route-files", "--auto-add", "--dry-run")
    assert code == 0
    assert "add show The Long Voyage (2011)" in said
    assert len(videos(folder / "incoming")) == 2
    assert run("route-files", "--auto-add")[0] == 0
    assert videos(folder) == [
        "anime_tv/Nosferatu (1998)/Season 01/Nosferatu.S01E01.mkv",
        "anime_tv/The Long Voyage (2011)/Season 01/The.Long.Voyage.S01E02.mkv",
    ]
    assert run("add-show", "Example Showname", "--tmdb-id", "401", "--override-dir")[0] == 0
    assert (folder / "anime_tv/Example Showname").is_dir()
    assert run("fix-show", "Nosferatu", "--tmdb-id", "203")[0] == 0
    assert "anime_tv/Nosferatu (2024)/Season 01/Nosferatu.S01E01.mkv" in videos(folder)
    listed = run("fix-show", "Nosferatu")
    assert listed[0] == 1
    assert "[tmdb:202]" in listed[1]
    assert run("backup-db")[0] == 0
    assert run("-vv")[0] == 0

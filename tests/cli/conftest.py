"""A user's folder with a configuration, and the command line run in it as a user would."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest

from medialib.errors import CatalogueMissing
from medialib.library import administration
from medialib.testing.metadata_world import MetadataWorld, invented_world
from medialib.testing.postgresql import PostgresqlServer
from medialib.testing.servers import SshServer, require_modules
from medialib.testing.tmdb_server import TmdbServer
from medialib.testing.tvmaze_server import TvmazeServer
from medialib_cli.app import main

KINDS = ("sqlite", "postgresql", "milvus-embedded", "milvus-server")
CONFIGURATION = """\
[catalogue]
url = "{catalogue}"
[remotes.box]
url = "{url}"
key_file = "{key}"
known_hosts = "{known_hosts}"
agent = false
timeout = "5s"
{remote}
[download]
incoming = "incoming"
minimum_free = 0
{download}
[library]
tv = "tv"
anime = "anime"
movies = "movies"
{library}
"""


@attrs.frozen
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


@attrs.define
class Home:
    """A folder with a remote on a real SSH server, an incoming folder, a library and a configuration."""

    folder: Path
    remote: Path
    server: SshServer
    capture: pytest.CaptureFixture[str]
    kind: str = "sqlite"
    """What keeps its catalogue: one of `KINDS`."""
    catalogue: str = "catalogue.db"
    """Address of that, as its configuration has it."""
    database: PostgresqlServer | None = None
    """Where that is, if it is PostgreSQL."""

    @property
    def address(self) -> str:
        """Address of its catalogue, wherever the working folder is."""
        return str(self.folder / self.catalogue) if self.kind == "sqlite" else self.catalogue

    def configure(self, *, url: str = "", key: str = "", known_hosts: str = "", **sections: str) -> None:
        """Write the configuration; sections get further lines."""
        text = CONFIGURATION.format(
            catalogue=self.catalogue,
            url=url or f"{self.server.url.removesuffix(str(self.server.root))}{self.remote}",
            key=key or self.server.user_key,
            known_hosts=known_hosts or self.server.known_hosts,
            **{name: sections.get(name, "") for name in ("remote", "download", "library")},
        )
        (self.folder / "medialib.toml").write_text(text)

    def medialib(self, *arguments: str) -> Answer:
        """Run a command with the configuration."""
        self.capture.readouterr()
        code: object = 0
        try:
            main(["--config", str(self.folder / "medialib.toml"), *arguments])
        except SystemExit as end:
            code = end.code
        said = self.capture.readouterr()
        assert isinstance(code, int)
        assert "Traceback" not in said.err
        return Answer(code, said.out, said.err)

    def at_a_terminal(self, *arguments: str, answers: tuple[str, ...]) -> tuple[int, str]:
        """Run a command on a pseudo-terminal; each answer is given once the next question stands."""
        near, far = pty.openpty()
        command = [sys.executable, "-m", "medialib_cli", "--config", str(self.folder / "medialib.toml"), *arguments]
        with subprocess.Popen(command, stdin=far, stdout=far, stderr=far, start_new_session=True) as process:
            os.close(far)
            said, waiting = "", list(answers)
            while True:
                try:
                    piece = os.read(near, 4096).decode(errors="replace")
                except OSError:
                    break
                said += piece
                if waiting and said.count("for none of them: ") > len(answers) - len(waiting):
                    os.write(near, f"{waiting.pop(0)}\n".encode())
            process.wait(30)
        os.close(near)
        return process.returncode, said

    def put(self, path: str, content: bytes | str = b"", *, age: float = 3600, where: str | None = None) -> Path:
        """A file on the remote (or below another folder), changed `age` seconds ago."""
        file = (self.remote if where is None else self.folder / where) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content or os.fsencode(path))
        moment = time.time() - age
        os.utime(file, (moment, moment))
        return file

    def files(self, *folders: str) -> dict[str, bytes]:
        """Every file below folders of the home (medialib's own left out), by path from the home."""
        return {
            str(file.relative_to(self.folder)): file.read_bytes()
            for folder in folders or ("incoming", "tv", "anime", "movies")
            for file in sorted((self.folder / folder).rglob("*"))
            if file.is_file() and ".medialib" not in file.parts
        }

    def digest(self) -> dict[str, tuple[int, str]]:
        """Time of last change and hash of every file of the home, the catalogue too."""
        kept: dict[str, tuple[int, str]] = {}
        skipped: tuple[Path, ...] = ()
        if self.kind.startswith("milvus"):
            # Milvus keeps its own files as it likes: what it answers counts, and the file beside it.
            skipped = (self.folder / "catalogue.db",)
            with suppress(CatalogueMissing):
                kept = {"catalogue": (0, administration.describe(self.address).summary.digest)}
        if self.database is not None:
            tables = self.rows("select tablename from pg_tables where schemaname = current_schema() order by 1")
            content = [
                self.rows(f"select * from {table} order by 1, 2" if table != "alembic_version" else f"table {table}")
                for (table,) in tables
            ]
            kept = {"catalogue": (0, hashlib.sha256(repr((tables, content)).encode()).hexdigest())}
        return kept | {
            str(file.relative_to(self.folder)): (
                file.stat().st_mtime_ns,
                hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "",
            )
            for file in sorted(self.folder.rglob("*"))
            if file.name == "beside.sqlite" or not {file, *file.parents}.intersection(skipped)
        }

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the catalogue's database says, past all of medialib's code; of Milvus, what a backup of it says."""
        if self.database is not None:
            return self.database.execute(query, schema=self.catalogue.partition("schema=")[2])
        with TemporaryDirectory() as folder:
            file = self.folder / "catalogue.db"
            if self.kind.startswith("milvus"):
                file = administration.back_up(self.address, Path(folder)).path
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
                return connection.execute(query).fetchall()


@attrs.frozen
class Services:
    """One invented world, told of by two services."""

    world: MetadataWorld
    tvmaze: TvmazeServer
    tmdb: TmdbServer
    key: str
    """The key that TMDB wants."""

    def use(self, home: Home, provider: str) -> Home:
        """Let a home ask one of them first; the other one can be asked as well."""
        home.configure(
            library=f"""
[metadata]
provider = "{provider}"
patience = "2s"
timeout = "3s"
[tvmaze]
url = "{self.tvmaze.url}"
[tmdb]
api_key = "{self.key}"
url = "{self.tmdb.api}"
"""
        )
        return home


@pytest.fixture
def services() -> Iterator[Services]:
    """Two metadata services on loopback."""
    world, key = invented_world(), "0123456789abcdef0123456789abcdef"
    with TvmazeServer(world) as tvmaze, TmdbServer(world, key=key) as tmdb:
        yield Services(world, tvmaze, tmdb, key)


@pytest.fixture
def asking(home: Home, services: Services) -> Home:
    """A home whose provider is TVmaze."""
    return services.use(home, "tvmaze")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mark = metafunc.definition.get_closest_marker("every_catalogue")
    if mark is not None:
        metafunc.parametrize("home", mark.args or KINDS, indirect=True)


@pytest.fixture
def home(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    ssh_server: SshServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Home:
    """A fresh home; the working folder is another one, and nothing of the environment's medialib reaches it.

    Its catalogue is in an SQLite file, unless the test is marked `every_catalogue` and has its turn on another kind.
    """
    for name in [name for name in os.environ if name.startswith("MEDIALIB_") and name != "MEDIALIB_REQUIRE_SERVERS"]:
        monkeypatch.delenv(name)
    folder, remote = tmp_path / "home", ssh_server.root / tmp_path.name
    for path in (folder / "incoming", folder / "tv", folder / "anime", folder / "movies", remote):
        path.mkdir(parents=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    found = Home(folder, remote, ssh_server, capsys, kind=getattr(request, "param", "sqlite"))
    match found.kind:
        case "postgresql":
            found.database = request.getfixturevalue("postgresql_server")
            found.catalogue = found.database.fresh_url()
        case "milvus-embedded":
            require_modules("pymilvus", "milvus_lite")
            found.catalogue = f"milvus:///{folder}/catalogue.db"
        case "milvus-server":
            server = request.getfixturevalue("milvus_server")
            database = f"t{secrets.token_hex(8)}"
            found.catalogue = f"milvus://{server.host}:{server.port}/{database}?beside={folder}/catalogue.sqlite"
    found.configure()
    return found

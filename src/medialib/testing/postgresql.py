"""A real PostgreSQL server on 127.0.0.1 for tests: one for a whole session of pytest, its worker processes included.

Every test has a schema of its own in one database, which costs some milliseconds. The fixture that a suite needs::

    @pytest.fixture(scope="session")
    def postgresql_server(tmp_path_factory):
        with shared_postgresql(tmp_path_factory.getbasetemp()) as server:
            yield server
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from medialib.testing.servers import free_port, unavailable

__all__ = ["PostgresqlServer", "shared_postgresql"]

_ACCOUNT = "medialib"
_DATABASE = "medialib"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # Nothing here outlives the tests.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
}


@attrs.frozen
class PostgresqlServer:
    """A server of one's own. Its superuser is `account`, who needs no password; others do."""

    folder: Path
    """Its files."""
    port: int
    """Where it listens, on 127.0.0.1."""
    programs: Path
    """Folder of initdb and pg_ctl."""
    account: str = _ACCOUNT
    """Who owns everything."""

    def url(self, database: str = _DATABASE, **options: str) -> str:
        """The address of a database."""
        query = "&".join(f"{key}={value}" for key, value in options.items())
        return f"postgresql://{self.account}@127.0.0.1:{self.port}/{database}{'?' if query else ''}{query}"

    def fresh_url(self, **options: str) -> str:
        """The address of a schema that nobody has used; it is made when a catalogue is opened there."""
        return self.url(schema=f"t{secrets.token_hex(8)}", **options)

    def execute(self, statement: str, *values: Any, database: str = _DATABASE, schema: str | None = None) -> list[Any]:
        """Carry out SQL, past all of medialib's code; the rows it answers, if any."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            if schema is not None:
                connection.execute("SELECT set_config('search_path', %s, false)", [schema])
            cursor = connection.execute(statement.encode(), values or None)
            return [] if cursor.description is None else cursor.fetchall()

    def start(self) -> None:
        """Start it; returns when it answers."""
        settings = " ".join(f"-c {name}='{value}'" for name, value in {**_SETTINGS, "port": str(self.port)}.items())
        log = self.folder / "log"
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", "60", "-l", str(log), "-o", settings, "start")

    def stop(self) -> None:
        """End it, and every connection with it, as a machine that loses power does."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")

    def make(self) -> None:
        """Make its files, and start it."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", self.account, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        rules = f"host all {self.account} 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (self.folder / "data" / "pg_hba.conf").write_text(rules)
        self.start()
        self.execute(f"CREATE DATABASE {_DATABASE}", database="postgres")

    def _run(self, program: str, *arguments: str) -> None:
        # A server refuses to be root's; it finds its files from a folder that its account may enter.
        account = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        output = self.folder / "output"
        with output.open("wb") as stream:
            done = subprocess.run(
                [*account, str(self.programs / program), *arguments],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            log = self.folder / "log"
            said = output.read_text(errors="replace") + (log.read_text(errors="replace") if log.exists() else "")
            raise RuntimeError(f"{program} failed: {said[-2000:]}")


@contextlib.contextmanager
def shared_postgresql(base: Path) -> Iterator[PostgresqlServer]:
    """The session's server: made by the first worker that asks, ended by the last; skips where there is none.

    `base` is the worker's base folder for temporary files; those of all workers of a session lie side by side.
    """
    programs = _programs()
    if programs is None:
        unavailable("not installed here: PostgreSQL (initdb, pg_ctl)")
        raise AssertionError("unavailable skips or fails")
    common = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    server = _join(common, programs)
    try:
        yield server
    finally:
        _leave(common, programs)


def _programs() -> Path | None:
    """The folder of the newest server's programs; None if there is none."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    # Debian keeps them off everybody's PATH, a folder for each version.
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(versions, key=lambda path: int(path.parent.name), default=None)


def _join(common: Path, programs: Path) -> PostgresqlServer:
    with _shared(common) as said:
        if not said:
            # Not below the tests' folder: that is closed to the server's account when root runs the tests.
            folder = Path(tempfile.mkdtemp(prefix="medialib-postgresql-"))
            server = PostgresqlServer(folder, free_port(), programs)
            server.make()
            said.update(folder=str(folder), port=server.port, users=0)
        said["users"] += 1
        return PostgresqlServer(Path(said["folder"]), said["port"], programs)


def _leave(common: Path, programs: Path) -> None:
    with _shared(common) as said:
        said["users"] -= 1
        if not said["users"]:
            PostgresqlServer(Path(said["folder"]), said["port"], programs).stop()
            shutil.rmtree(said["folder"], ignore_errors=True)
            said.clear()


@contextlib.contextmanager
def _shared(common: Path) -> Iterator[dict[str, Any]]:
    """What the workers of a session know in common, held by one at a time."""
    with (common / "postgresql.json").open("a+", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.seek(0)
        said: dict[str, Any] = json.loads(stream.read() or "{}")
        yield said
        stream.seek(0)
        stream.truncate()
        stream.write(json.dumps(said))

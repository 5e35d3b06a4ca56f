"""A user's folder: a remote by any address, an incoming folder, a library, a catalogue in SQLite, a command line."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from medialib.library import Library, open_library
from medialib.testing.tmdb_server import TMDB_KEY

CONFIGURATION = """\
[catalogue]
url = "catalogue.db"
[remotes.box]
url = "{url}"
agent = false
timeout = "{timeout}"
{remote}
[download]
incoming = "incoming"
minimum_free = 0
[library]
tv = "tv"
movies = "movies"
[metadata]
provider = "{provider}"
timeout = "500ms"
patience = "{patience}"
cache = "cache"
[tvmaze]
url = "{service}"
[tmdb]
api_key = "{key}"
url = "{service}"
"""
LOCAL = ("incoming", "tv", "movies")


@attrs.define
class House:
    """A folder with a configuration; what stands in it is looked at past all of medialib's code."""

    folder: Path

    def configure(
        self,
        url: str,
        *,
        timeout: str = "1s",
        provider: str = "none",
        service: str = "http://127.0.0.1:9",
        patience: str = "1s",
        **remote: str,
    ) -> None:
        """Write the configuration, with further lines for the remote."""
        self.config.write_text(
            CONFIGURATION.format(
                url=url,
                timeout=timeout,
                provider=provider,
                service=service,
                patience=patience,
                key=TMDB_KEY,
                remote="\n".join(f'{key} = "{value}"' for key, value in remote.items()),
            )
        )
        # it holds a key, and only its owner's file is not warned of
        self.config.chmod(0o600)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "medialib.toml"

    @property
    def environment(self) -> dict[str, str]:
        """The present one without what speaks to medialib, or to these tests."""
        return {name: value for name, value in os.environ.items() if not name.startswith("MEDIALIB_")}

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs medialib here."""
        return [sys.executable, "-m", "medialib_cli", "-c", str(self.config), *arguments]

    def run(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run medialib in a process of its own; no traceback may show."""
        done = subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=self.environment,
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        assert done.returncode in (0, 1, 3), done.stderr
        return done

    def library(self) -> Library:
        """The library, opened in this process."""
        return open_library(self.config, environment={})

    def files(self, *folders: str) -> dict[str, bytes]:
        """What stands under final names: every file that is no part and not medialib's own, by path from here."""
        return {
            str(file.relative_to(self.folder)): file.read_bytes()
            for folder in folders or LOCAL
            for file in sorted((self.folder / folder).rglob("*"))
            if file.is_file() and ".medialib" not in file.parts and not file.name.endswith((".part", ".part.json"))
        }

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the catalogue's database says."""
        connection = sqlite3.connect(f"file:{self.folder}/catalogue.db?mode=ro", uri=True)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def assert_nothing_half(self, originals: dict[str, bytes]) -> None:
        """Whatever has a final name is whole; `originals` are by the name on the remote, no two with one content."""
        whole = set(originals.values())
        for path, content in self.files().items():
            assert content in whole, f"{path} is not whole"

    def assert_settled(self, originals: dict[str, bytes]) -> None:
        """Each original stands in the library once, and is recorded once; no file is left over anywhere.

        Folders may be: removing an emptied one is tried once, by the run that emptied it.
        """
        placed = self.files("tv", "movies")
        assert sorted(placed.values()) == sorted(originals.values())
        assert self.files("incoming") == {}
        assert [str(path) for name in LOCAL for path in (self.folder / name).rglob("*.part*")] == []
        rows = self.rows("select location || '/' || path, size, sha256 from inventory order by 1")
        assert rows == [
            (path, len(content), hashlib.sha256(content).hexdigest()) for path, content in sorted(placed.items())
        ]
        known = self.rows("select path from known_files where state = 'fetched'")
        assert sorted(os.path.basename(path) for (path,) in known) == sorted(originals)  # noqa: PTH119 - a remote's path
        self.assert_closed()

    def assert_closed(self) -> None:
        """No run is open, and no line of the journal without its outcome."""
        assert self.rows("select id from journal_runs where state = 'running'") == []
        with self.library() as library:
            for run in library.catalogue.journal.runs():
                assert all(line.outcome is not None for line in library.catalogue.journal.lines(run.id))


@pytest.fixture
def house(tmp_path: Path) -> Callable[[str], House]:
    """Makes fresh houses, by name."""

    def make(name: str) -> House:
        folder = tmp_path / name
        for part in LOCAL:
            (folder / part).mkdir(parents=True)
        return House(folder)

    return make

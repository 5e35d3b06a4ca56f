"""What a user sees of ``medialib catalogue``, on a file and on a server."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medialib.catalogue import open_catalogue
from medialib.catalogue.copying import summarise
from medialib.model import Show
from medialib.testing.catalogue_copies import write_everywhere
from medialib.testing.postgresql import PostgresqlServer

if TYPE_CHECKING:
    from .conftest import Home


def fill(home: Home) -> str:
    """Put something into every repository; the digest."""
    with closing(open_catalogue(home.address)) as catalogue:
        write_everywhere(catalogue)
        return summarise(catalogue).digest


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "medialib"


@pytest.mark.every_catalogue
def test_a_catalogue_is_made_backed_up_and_put_back(home: Home) -> None:
    assert home.medialib("catalogue", "info").code == 1
    assert " made" in home.medialib("catalogue", "init").out
    assert "is there already" in home.medialib("catalogue", "init").out
    assert "is up to date" in home.medialib("catalogue", "migrate").out
    digest = fill(home)
    made = home.medialib("catalogue", "backup", "--json")
    backup = Path(made.document["path"])
    assert (made.code, made.document["digest"], backup.stat().st_mode & 0o777) == (0, digest, 0o600)
    assert str(backup) in home.medialib("catalogue", "backup", "--to", str(backup)).err
    with closing(open_catalogue(home.address)) as catalogue:
        catalogue.shows.add(Show("later", "Later"))
    restored = home.medialib("catalogue", "restore", str(backup))
    assert restored.code == 0
    (kept,) = [line.partition(": ")[2] for line in restored.out.splitlines() if "held before" in line]
    with closing(open_catalogue(kept, read_only=True)) as aside:
        assert aside.shows.get("later") is not None
    told = home.medialib("catalogue", "info", "--json").document
    assert told["digest"] == digest
    assert told["identity"] == made.document["identity"]
    assert told["kind"] == home.kind.partition("-")[0]
    assert told["counts"]["journal lines"] == 4
    assert told["latest"] == {"id": "20240517T120000Z-abcdef", "verb": "download", "state": "running"}
    checked = home.medialib("catalogue", "check")
    assert (checked.code, "is sound" in checked.out, digest in checked.out) == (0, True, True)
    said = home.medialib("catalogue", "info").out
    assert digest in said
    assert "4 journal lines" in said


@pytest.mark.every_catalogue
def test_a_catalogue_moves_and_the_work_goes_on(home: Home, postgresql_server: PostgresqlServer) -> None:
    """From a file to a server and the other way round; what was fetched is not fetched again."""
    home.put("Show.Name.S01E02.mkv", b"x" * 1000)
    assert home.medialib("sync").code == 0
    before = (home.folder / "medialib.toml").read_bytes()
    target = postgresql_server.fresh_url() if home.database is None else str(home.folder / "moved.db")
    moved = home.medialib("catalogue", "copy", "--to", target)
    assert moved.code == 0
    assert f'set url = "{target}" under [catalogue]' in moved.out
    assert (home.folder / "medialib.toml").read_bytes() == before
    digest = home.medialib("catalogue", "info", "--json").document["digest"]
    assert digest in moved.out
    again = home.medialib("catalogue", "copy", "--to", target)
    assert (again.code, "not empty" in again.err) == (1, True)
    home.catalogue = target
    home.configure()
    assert home.medialib("catalogue", "info", "--json").document["digest"] == digest
    assert "nothing to do" in home.medialib("sync").out
    assert home.medialib("undo").code == 0


def test_damage_is_an_exit_code_of_its_own(home: Home) -> None:
    fill(home)
    file = home.folder / "catalogue.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("INSERT INTO episodes (show, season, number) VALUES ('nobody', 1, 1)")
        connection.commit()
    checked = home.medialib("catalogue", "check", "--json")
    assert checked.code == checked.document["exit_code"] == 3
    assert len(checked.document["faults"]) == 1
    assert "is damaged" in home.medialib("catalogue", "check").out
    refused = home.medialib("catalogue", "backup")
    assert (refused.code, "damaged" in refused.err) == (1, True)
    assert not list(home.folder.glob("*.bak"))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("copy",), 2, "--to"),
        (("copy", "--to", "mysql://me:hunter2@db/x"), 2, "--to: 'mysql' is no known kind"),
        (("copy", "--to", "postgresql://me:hunter2@127.0.0.1:1/x"), 1, "cannot be reached"),
        (("copy", "--to", "postgresql://me:hunter2@127.0.0.1:port/x"), 2, "--to: has a port"),
        (("copy", "--to", "memory:"), 2, "forgotten"),
        (("backup", "--to", "/no/such/folder/backup.db"), 1, "/no/such/folder"),
        (("restore", "absent.db"), 1, "there is no catalogue at absent.db"),
        (("restore",), 2, "PATH"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_done_is_said(home: Home, arguments: tuple[str, ...], code: int, said: str) -> None:
    fill(home)
    before = home.digest()
    answer = home.medialib("catalogue", *arguments)
    assert answer.code == code
    assert said in answer.err
    assert "hunter2" not in answer.out + answer.err
    assert set(home.digest()) == set(before)


def test_a_password_in_an_address_is_not_shown(home: Home, postgresql_server: PostgresqlServer) -> None:
    fill(home)
    target = postgresql_server.fresh_url().replace("medialib@", "medialib:hunter2@")
    copied = home.medialib("-vv", "catalogue", "copy", "--to", target)
    assert copied.code == 0
    assert "medialib:••••@127.0.0.1" in copied.out
    document = home.medialib("catalogue", "copy", "--to", target, "--json")
    assert "hunter2" not in copied.out + copied.err + document.out + document.err


def test_the_older_spelling(home: Home) -> None:
    fill(home)
    assert home.medialib("backup-db", "--to", str(home.folder / "copy.db")).code == 0
    assert (home.folder / "copy.db").exists()

"""library verify with other workers, and divided among several processes on one catalogue."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medialib.catalogue import open_catalogue
from medialib.testing.postgresql import PostgresqlServer

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

FILES = 200


@pytest.fixture
def stocked(home: Home) -> Home:
    """Many files with a CRC32 in their names, two of them rotten."""
    for number in range(FILES):
        content = b"%d" % number * 20_000
        while f"{zlib.crc32(content):08X}"[0] not in "ACF":  # no number, and no episode's
            content += b"."
        name = f"Show {number % 10}/[Group] Show - {number:03} [{zlib.crc32(content):08X}].mkv"
        home.put(name, content if number not in (7, 130) else b"rotten", where="tv")
    return home


def configure(home: Home, more: str) -> None:
    file = home.folder / "medialib.toml"
    file.write_text(file.read_text() + more)


def states(answer: Any) -> dict[str, str]:
    return {each["place"]["path"]: each["state"] for each in answer["files"]}


def test_other_workers_find_the_same(stocked: Home) -> None:
    alone = stocked.medialib("--json", "library", "verify", "--all")
    assert (alone.code, alone.document["counts"]) == (3, {"whole": 198, "corrupt": 2})
    assert stocked.medialib("--json", "library", "verify", "--all", "--executor", "processes:2") == alone
    configure(stocked, '[work]\nexecutor = "threads:2"\n')
    assert stocked.medialib("--json", "library", "verify", "--all") == alone
    answer = stocked.medialib("library", "verify", "--all", "--executor", "fibres")
    assert answer.code == 2
    assert "an executor wants threads, threads:N, processes" in answer.err


def test_a_wrong_setting_is_told_with_its_key(stocked: Home) -> None:
    configure(stocked, '[work]\nexecutor = "dask://me:secret@host"\n')
    answer = stocked.medialib("library", "verify", "--all")
    assert answer.code == 2
    assert "work.executor: wants threads" in answer.err


def test_names_are_read_by_others_too(home: Home) -> None:
    names = ("Show.S01E02.mkv", "Film.2001.1080p.mkv")
    alone = home.medialib("--json", "parse", *names)
    assert home.medialib("--json", "parse", *names, "--executor", "processes:1") == alone


def command(home: Home, *options: str) -> list[str]:
    configuration = str(home.folder / "medialib.toml")
    return [sys.executable, "-m", "medialib_cli", "--config", configuration, "library", "verify", "--all", *options]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_processes_divide_a_run_and_take_over_from_one_that_is_killed(
    stocked: Home, database: str, request: pytest.FixtureRequest
) -> None:
    """What was entered before the kill is not read again; what the dead one had begun is."""
    address = str(stocked.folder / "catalogue.db")
    if database == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        address = server.fresh_url()
        file = stocked.folder / "medialib.toml"
        file.write_text(file.read_text().replace('url = "catalogue.db"', f'url = "{address}"'))
    first = subprocess.Popen(
        command(stocked, "--share", "may", "-v"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert first.stdout is not None
    for _ in range(3 * 40):  # a line a file and one a hop
        first.stdout.readline()
    first.kill()
    first.communicate(timeout=30)
    assert first.returncode == -signal.SIGKILL
    entered = sum(sum(share["counts"].values()) for share in shares(address))
    assert 0 < entered < FILES

    others = [
        subprocess.Popen(command(stocked, "--share", "may", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60) for process in others]
    assert [process.returncode for process in others] == [3, 3], told
    documents = [json.loads(output) for output, _ in told]
    read = [path for document in documents for path in states(document)]
    assert len(read) == len(set(read)) == FILES - entered
    for document in documents:
        assert document["counts"] == {"whole": 198, "corrupt": 2}
        assert [each["state"] for each in document["broken"]] == ["corrupt", "corrupt"]

    again = stocked.medialib("library", "verify", "--all", "--share", "may")
    assert again.code == 3
    assert again.out.count("corrupt tv:") == 2
    assert again.out.count("found by") == 2
    assert "200 files, 0 of them here: 198 whole, 2 corrupt" in again.out
    refused = stocked.medialib("library", "verify", "tv:Show 1", "--share", "may")
    assert refused.code == 2
    assert "is about something else" in refused.err


def shares(address: str) -> list[Any]:
    """What is entered for the shares of the run."""
    catalogue = open_catalogue(address, read_only=True)
    names = [name for name in catalogue.checkpoints.names() if name.startswith("shared/verify/may/")]
    found = [json.loads(catalogue.checkpoints.get(name) or "") for name in names]
    catalogue.close()
    return found


def test_ctrl_c_stops_at_once_with_processes_too(home: Home) -> None:
    """One file that takes hours, recorded with a hash; the workers are gone with the command."""
    with home.put("Show/Season 01/[Group] Show - 01 [00000000].mkv", where="tv").open("wb") as file:
        file.truncate(1 << 40)
    process = subprocess.Popen(
        command(home, "--executor", "processes:1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    end = time.monotonic() + 30
    while len(_children(process.pid)) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    workers = _children(process.pid)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert b"Traceback" not in errors
    assert workers
    assert not [worker for worker in workers if Path(f"/proc/{worker}/exe").exists()]


def _children(process: int) -> list[int]:
    """The processes that it has started, on any of its threads."""
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(FileNotFoundError):  # a thread that has just ended
            found += [int(word) for word in task.read_text().split()]
    return found

"""What a run leaves in its log, and shows on the screen, at each verbosity."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medialib.testing.servers import free_port

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any


def with_log(home: Home, level: str = "info", form: str = "json") -> Path:
    home.configure(library=f'[log]\nfile = "medialib.log"\nlevel = "{level}"\nformat = "{form}"\n')
    return home.folder / "medialib.log"


def logged(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("ascii").splitlines()]


def test_every_line_of_a_run_is_json_and_carries_the_run(home: Home) -> None:
    log = with_log(home, "debug")
    home.put("Show.S01E01.mkv")
    home.put("bad\udcff.S01E02.mkv")
    home.medialib("sync")
    lines = logged(log)
    ((run,),) = home.rows("select id from journal_runs")
    started = [line for line in lines if line.get("event") == "action_started"]
    assert {line["run"] for line in started} == {run}
    assert [line["level"] for line in lines if line.get("event") == "action_finished"].count("debug") >= 2
    assert all(line["time"].endswith("Z") for line in lines)
    refused = [line for line in lines if line["level"] == "warning"]
    assert {line["place"]["path"] for line in refused} == {"bad\udcff.S01E02.mkv"}
    assert "refused" in refused[0]["message"]


def test_failures_and_what_needs_attention_are_in_a_log_of_warnings(home: Home) -> None:
    log = with_log(home, "warning", "text")
    home.put("Show.S01E01.mkv")
    (home.folder / "incoming/Show.S01E01.mkv").mkdir()
    assert home.medialib("download").code == 1
    said = log.read_text()
    assert " ERROR [" in said
    assert "is taken" in said


def with_section(level: str) -> str:
    return f'[log]\nfile = "medialib.log"\nlevel = "{level}"\n'


def test_a_lost_connection_is_logged_with_each_new_try(home: Home) -> None:
    log = home.folder / "medialib.log"
    home.configure(url=f"sftp://me@127.0.0.1:{free_port()}/", library=with_section("info"))
    assert home.medialib("download").code == 1
    assert log.read_text().count("; trying again in ") == 2


def test_the_screen_says_a_failure_once_and_steps_only_when_asked(home: Home) -> None:
    home.put("Show.S01E01.mkv")
    blocker = home.folder / "incoming/Show.S01E01.mkv"
    blocker.mkdir()
    quiet = home.medialib("download")
    assert quiet.err == ""
    assert quiet.out.count("is taken") == 1
    blocker.rmdir()
    steps = home.medialib("download", "-v")
    assert "medialib: f1: fetch box:Show.S01E01.mkv" in steps.err
    assert "f1: done" not in steps.err
    home.put("Show.S01E02.mkv")
    assert ": done" in home.medialib("download", "-vv").err


def test_a_log_on_a_full_disk_never_breaks_the_run(home: Home) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with_log(home)
    home.put("Show.S01E01.mkv", os.urandom(100))
    answer = home.medialib("sync", "--log-file", "/dev/full")
    assert answer.code == 0
    assert answer.err.count("cannot be written") == 1
    assert home.files("tv")

"""What a person reads at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from medialib.errors import ConnectionLost
from medialib_cli.failures import exit_code_for

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any


class _Nameless(ConnectionLost):
    """As an adapter may have one of its own."""


def test_an_error_is_told_by_a_name_that_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_for(_Nameless("the line is dead"), as_json=True) == 1
    assert '"kind": "ConnectionLost"' in capsys.readouterr().out


def test_the_last_line_promises_no_more_than_undo_keeps(home: Home) -> None:
    home.put("Show.Name.S01E01.mkv", b"one")
    done = home.medialib("download").out
    assert done.startswith("1 action: 1 done\n")
    run = done.split()[-6].rstrip(";")
    assert f"run {run}; undo {run} takes it back" in done
    assert home.medialib("route").code == 0
    home.configure(remote='release = "delete"')
    assert home.medialib("release").out.strip().endswith("; it cannot be taken back")
    assert home.medialib("undo", run, "-n").out.startswith(f"undo of run {run}: ")
    moved = home.medialib("history").out.split("\n")[1].split()[0]
    assert home.medialib("undo", moved).out.startswith(f"undo of run {moved}\n")

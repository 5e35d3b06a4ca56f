"""What the README shows is true: its Python is run, its commands are run, its table is the program's own."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from medialib_cli.app import EXIT_CODES

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CONFIGURATION = """\
[remotes.seedbox]
url = "file://{folder}/remote"
[download]
incoming = "incoming"
minimum_free = 0
[library]
tv = "tv"
movies = "movies"
[catalogue]
url = "catalogue.db"
"""
RELEASE = "Lighthouse.Arithmetic.S01E03.1080p.WEB-DL.H264-KILN.mkv"


@pytest.fixture
def setting(tmp_path: Path) -> Path:
    """A configured library with one remote that is a folder."""
    for name in ("remote", "incoming", "tv", "movies"):
        (tmp_path / name).mkdir()
    file = tmp_path / "remote" / RELEASE
    file.write_bytes(b"moving pictures")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    (tmp_path / "config.toml").write_text(CONFIGURATION.format(folder=tmp_path))
    return tmp_path


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_python_examples(setting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(setting)
    text = "\n".join(blocks("pycon"))
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    assert len(test.examples) >= 15
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(test, out=said.append)
    assert not said, "".join(said)


def test_commands_of_the_main_job(setting: Path) -> None:
    commands = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]
    main_job = [command for command in commands if command.startswith("medialib ")]
    assert [shlex.split(command)[1] for command in main_job] == [
        *("sync", "sync", "explain", "undo"),
        *("download", "plan", "plan", "route"),
    ]
    environment = {**os.environ, "MEDIALIB_CONFIG": str(setting / "config.toml"), "NO_COLOR": "1"}
    said = []
    for command in main_job:
        words = [sys.executable, "-m", "medialib_cli", *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=setting, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        said.append(done.stdout)
    assert f"fetch seedbox:{RELEASE}" in said[0]
    assert "tv:Lighthouse Arithmetic/Season 01/" in said[2]
    placed = setting / "tv" / "Lighthouse Arithmetic" / "Season 01" / RELEASE
    assert placed.read_bytes() == b"moving pictures"


def test_exit_codes() -> None:
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)]
    assert codes == list(EXIT_CODES)


def test_the_two_commands_a_newcomer_needs() -> None:
    commands = [line for block in blocks("console") for line in block.splitlines()]
    assert commands[:3] == ["$ python -m pip install uv", "$ uv run medialib demo", "$ uv run pytest"]

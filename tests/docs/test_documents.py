"""The documents speak of commands, options, settings and files that exist."""

from __future__ import annotations

import doctest
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from medialib.config import describe_settings, parse_settings
from medialib.planning import load_plan
from medialib_cli.app import COMMANDS, app, load_command

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(path for path in ROOT.glob("docs/**/*.md") if "_" not in path.parts[-2][:1])])


def fenced(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in fenced(page, "console"):
            for line in block.splitlines():
                command = line.removeprefix("$ ").removeprefix("uv run ")
                if command.startswith("medialib "):
                    found.append((page.relative_to(ROOT).as_posix(), command))
    return found


def options_of(command: Any) -> set[str]:
    return {spelling for parameter in command.params for spelling in parameter.opts}


@pytest.mark.parametrize(("page", "line"), commands())
def test_commands_exist(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    root_options = options_of(get_command(app))
    while words[0].startswith("-"):
        assert words[0] in root_options, line
        words = words[2:]
    name, *rest = words
    assert name in COMMANDS, line
    command = load_command(name)
    while hasattr(command, "commands"):
        assert rest[0] in command.commands, line
        command, rest = command.commands[rest[0]], rest[1:]
    known = options_of(command) | {"--help"}
    for word in rest:
        if word.startswith("-"):
            assert word in known, f"{page}: {line}"


def test_there_are_commands_to_check() -> None:
    assert len(commands()) > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_configurations_are_valid(page: Path, tmp_path: Path) -> None:
    for block in fenced(page, "toml"):
        variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block), "filled in")
        environment = {"HOME": str(tmp_path), **variables}
        settings = parse_settings(tomllib.loads(block), folder=tmp_path, environment=environment)
        assert settings.warnings == (), block


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_named_settings_exist(page: Path) -> None:
    known = {each.path for each in describe_settings()}
    sections = {path.partition(".")[0] for path in known} - {"remotes", "servers"}
    named = re.findall(r"`([a-z]+\.[a-z_]+)`", page.read_text(encoding="utf-8"))
    files = ("config.toml", "config.yaml", "config.yml", "config.json", "library.py")
    wrong = [name for name in named if name.partition(".")[0] in sections and name not in {*known, *files}]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_python_on_pages_is_true(page: Path) -> None:
    if page.name == "README.md":
        return  # has a test, and a setting, of its own
    text = "\n".join(fenced(page, "pycon"))
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, page.name, 0)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(test, out=said.append)
    assert not said, "".join(said)


def test_the_plan_that_is_shown_can_be_read() -> None:
    (shown,) = fenced(ROOT / "docs" / "reference" / "plan.md", "json")
    assert [action.id for action in load_plan(shown).actions] == ["f1"]


def test_no_page_names_a_path_of_somebodys_machine() -> None:
    for page in PAGES:
        assert not re.search(r"(?<![\w.~])/(?:work|root|home/\w+|tmp)/", page.read_text(encoding="utf-8")), page


def test_the_layers_that_are_told_are_those_that_are_checked() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    for page in ("docs/concepts.md", "CONTRIBUTING.md"):
        told = next(block for block in reversed(fenced(ROOT / page, "text")) if "planning" in block)
        order = list(dict.fromkeys(re.findall(r"(?:^|│ |→ )(?:medialib\.)?(\w+)", told, re.MULTILINE)))
        places = [
            sorted(order.index(room) for room in layer.split(" | ") if not room.startswith("(")) for layer in layers
        ]
        ranked = [place for layer in places for place in layer]
        assert ranked == sorted(ranked), page

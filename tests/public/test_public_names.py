"""The public face: every name is there, documented, and loaded only when it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import medialib

HEAVY = ("paramiko", "requests", "sqlalchemy", "alembic", "rich", "typer", "fsspec")


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import medialib",
        "from medialib import parse_name; parse_name('Show.S01E01.mkv')",
        "from medialib import Plan, dump_plan, load_plan, route, identify, judge_path, select",
        "import medialib.naming, medialib.matching, medialib.routing, medialib.planning, medialib.ports",
        "import medialib.config, medialib.catalogue, medialib.transfer",
    ],
)
def test_the_pure_parts_load_nothing_heavy(code: str) -> None:
    assert loaded_after(code) == set()


def test_help_loads_no_room() -> None:
    code = "from medialib_cli.app import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    script = f"{code}import sys; print([m for m in sys.modules if m.startswith('medialib.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize("name", medialib.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert name in dir(medialib)
    value = getattr(medialib, name)
    if callable(value) and hasattr(value, "__module__") and not hasattr(value, "__args__"):
        assert value.__doc__


def test_the_table_of_homes_and_the_list_of_names_agree() -> None:
    assert set(medialib.__all__) == set(medialib._HOME)


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = medialib.nonsense

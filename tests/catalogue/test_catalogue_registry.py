"""Kinds of catalogue by the scheme of their address, medialib's own and those of other packages."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from medialib.catalogue import open_catalogue
from medialib.catalogue.registry import BUILT_IN, known_schemes, opener_of
from medialib.errors import ConfigurationError

PROJECT = Path(__file__).parents[2]
OWN = """\
from medialib.catalogue import MemoryCatalogue

def open_own(url, *, read_only=False, create=True, observer=None):
    return MemoryCatalogue(read_only=read_only, identity=url)
"""


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package that is installed, with kinds of catalogue of its own."""
    metadata = tmp_path / "own_catalogue-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: own-catalogue\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[medialib.catalogues]\nown = own_catalogue_of_a_test:open_own\nsqlite = own_catalogue_of_a_test:open_own\n"
        "wanting = own_catalogue_of_a_test_that_is_not_there:open_own\nwrong = own_catalogue_of_a_test:open_nothing\n"
    )
    (tmp_path / "own_catalogue_of_a_test.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_medialibs_own_are_entered_as_others_enter_theirs() -> None:
    entered = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["entry-points"]["medialib.catalogues"]
    assert entered == BUILT_IN
    for scheme in BUILT_IN:
        assert callable(opener_of(scheme))


@pytest.mark.usefixtures("added")
def test_another_package_adds_a_kind(tmp_path: Path) -> None:
    assert open_catalogue("own://anywhere").identity == "own://anywhere"
    assert open_catalogue("OWN://x", read_only=True).read_only
    assert {"own", "wanting", "wrong"} < set(known_schemes())
    kept = open_catalogue(f"sqlite:///{tmp_path}/c.db")
    assert kept.traits.persistent  # its own sqlite is not replaced
    kept.close()


@pytest.mark.usefixtures("added")
@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "mysql://me:hunter2@db/x",
            "'mysql' is no known kind; known are a path, memory, milvus, postgresql, sqlite, own",
        ),
        ("wanting://me:hunter2@db/x", "wanting needs what is not installed here: install what its package needs"),
        ("wrong://me:hunter2@db/x", "wrong is registered, but its package has no such opener"),
    ],
)
def test_what_cannot_be_opened_says_what_can(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_catalogue(url)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_without_its_driver_postgresql_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from medialib.catalogue import open_catalogue\n"
        "try: open_catalogue('postgresql://me:hunter2@db/x')\n"
        "except Exception as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "postgresql needs what is not installed here: pip install 'medialib[postgresql]'" in said
    assert "hunter2" not in said


def test_its_driver_is_loaded_for_postgresql_alone(tmp_path: Path) -> None:
    script = (
        "import sys; from medialib.catalogue import open_catalogue\n"
        "open_catalogue(sys.argv[1]).close()\n"
        "print([name for name in sys.modules if name.startswith(('psycopg', 'medialib.catalogue.postgresql'))])"
    )
    command = [sys.executable, "-c", script, f"sqlite:///{tmp_path}/c.db"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "[]"

"""The example of a kind of catalogue of one's own passes the suite, by the command that its page names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "own_catalogue"
PAGE = (ROOT / "docs" / "howto" / "write-a-catalogue.md").read_text(encoding="utf-8")


def test_the_example_passes_its_suite(tmp_path: Path) -> None:
    (words,) = re.findall(r"^\$ uv run pytest (.*) examples/own_catalogue$", PAGE, re.MULTILINE)
    command = [sys.executable, "-m", "pytest", *words.split(), "-q", "-p", "no:cacheprovider", str(EXAMPLE)]
    environment = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) > 50
    assert "skipped" not in done.stdout


def test_the_entry_point_of_the_page_names_the_example() -> None:
    (block,) = re.findall(r"^```ini\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    ((scheme, place),) = tomllib.loads(block)["project"]["entry-points"]["medialib.catalogues"].items()
    module, _, name = place.partition(":")
    assert f"def {name}(" in (EXAMPLE / f"{module}.py").read_text(encoding="utf-8")
    assert f'"{scheme}:///srv/medialib"' in PAGE

"""The example of a provider of one's own passes the suite, by the command that its page names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "own_provider"
PAGE = (ROOT / "docs" / "howto" / "write-a-provider.md").read_text(encoding="utf-8")


TRUSTING = """\
    if found is None:
        raise UnusableAnswer(f"Showbook sent no list of {key}", remedy="Try again later.")
    return found
"""


def proved(folder: Path, storage: Path, *more: str) -> subprocess.CompletedProcess[str]:
    (words,) = re.findall(r"^\$ uv run pytest (.*) examples/own_provider$", PAGE, re.MULTILINE)
    command = [sys.executable, "-m", "pytest", *words.split(), "-q", "-p", "no:cacheprovider", str(folder), *more]
    environment = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(storage), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_the_example_passes_its_suite(tmp_path: Path) -> None:
    done = proved(EXAMPLE, tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) > 60
    assert "skipped" not in done.stdout


def test_the_suite_notices_who_takes_trouble_for_nothing(tmp_path: Path) -> None:
    """As the page says: an answer without its list, taken for an empty list, fails."""
    source = (EXAMPLE / "showbook.py").read_text(encoding="utf-8")
    assert source.count(TRUSTING) == 1
    (tmp_path / "showbook.py").write_text(source.replace(TRUSTING, "    return found or []\n"), encoding="utf-8")
    shutil.copy(EXAMPLE / "test_showbook.py", tmp_path)
    done = proved(tmp_path, tmp_path / "storage", "-k", "another_form")
    assert done.returncode == 1, done.stdout[-4000:]
    assert "met Garbage" in done.stdout

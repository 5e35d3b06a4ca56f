from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_script_does_all_and_takes_it_back() -> None:
    words = [sys.executable, str(EXAMPLES / "preview_and_route.py")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    before, _, after = done.stdout.partition("Undone: True. The library now:\n")
    assert "movies:Resampled Hearts (2022)/Resampled Hearts (2022).mkv\n" in before
    assert "absolute episode 25" in before
    assert after == ""
    assert done.stdout.endswith("Undone: True. The library now:\n")


@pytest.mark.parametrize("name", ["names_and_routes.ipynb", "library_in_tables.ipynb"])
def test_the_notebooks_are_kept_without_outputs(name: str) -> None:
    notebook = json.loads((EXAMPLES / name).read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(code) > 8
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_examples_use_the_public_library_alone() -> None:
    for example in EXAMPLES.iterdir():
        if example.is_file():
            text = example.read_text(encoding="utf-8")
            assert "medialib_cli" not in text
            assert "medialib.testing" not in text

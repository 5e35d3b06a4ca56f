"""How well the reader does on real names: the share of the shared corpus whose core fields are all right."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]
SHARED = CHECKOUT / ".." / "shared"
CORPUS = SHARED / "corpus" / "naming-dev.jsonl"
SCORER = SHARED / "tools" / "score_naming.py"
FLOOR = 0.90
"""One point under what was measured when the reader last changed."""


def _load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not (CORPUS.exists() and SCORER.exists()), reason="the naming corpus is not beside this checkout")
def test_core_fields_of_the_corpus() -> None:
    scorer = _load(SCORER, "score_naming")
    adapter = _load(CHECKOUT / "benchmarks" / "naming_adapter.py", "naming_adapter")
    cases: list[dict[str, Any]] = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    score = scorer.run([case for case in cases if not case.get("fragment")], adapter.parse)
    assert score.errors == 0
    assert score.summary()["core"]["all"] >= FLOOR

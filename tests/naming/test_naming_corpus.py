"""How well the reader does on real names: the share of the shared corpus whose core fields are all right."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from medialib.naming import parse_name

CHECKOUT = Path(__file__).parents[2]
SHARED = CHECKOUT / ".." / "shared"
CORPUS = SHARED / "corpus" / "naming-dev.jsonl"
SCORER = SHARED / "tools" / "score_naming.py"
FLOOR = 0.93
"""One point under what was measured when the reader last changed."""


def _load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _cases() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    return [case for case in cases if not case.get("fragment")]


@pytest.mark.skipif(not (CORPUS.exists() and SCORER.exists()), reason="the naming corpus is not beside this checkout")
def test_core_fields_of_the_corpus() -> None:
    scorer = _load(SCORER, "score_naming")
    adapter = _load(CHECKOUT / "benchmarks" / "naming_adapter.py", "naming_adapter")
    score = scorer.run(_cases(), adapter.parse)
    assert score.errors == 0
    assert score.summary()["core"]["all"] >= FLOOR


@pytest.mark.skipif(not (CORPUS.exists() and SCORER.exists()), reason="the naming corpus is not beside this checkout")
def test_confidence_is_calibrated_on_the_corpus() -> None:
    """Most names are read with confidence, and of those hardly one has a wrong title, season or episode."""
    scorer = _load(SCORER, "score_naming")
    adapter = _load(CHECKOUT / "benchmarks" / "naming_adapter.py", "naming_adapter")
    cases = _cases()
    sure = wrong = 0
    for case in cases:
        options = case.get("options") or {}
        if parse_name(case["name"], kind=options.get("type")).confidence < 0.9:
            continue
        sure += 1
        verdicts = scorer.judge(case, adapter.parse(case["name"], options))
        identity = [verdicts.get(field) for field in ("title", "season", "episode", "absolute_episode")]
        wrong += not {"fn", "fp", "wrong"}.isdisjoint(identity)
    assert sure >= 0.85 * len(cases)
    assert wrong <= 0.01 * sure

"""Broken names neither raise nor stall, and what is read of each holds together: some of the benchmark's million."""

from __future__ import annotations

import importlib.util
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from medialib.naming import Finding, ParsedName, parse_name

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SAMPLE = 3000


@pytest.fixture(scope="module")
def hostile(module_patch: pytest.MonkeyPatch) -> ModuleType:
    module_patch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("hostile_names", BENCHMARKS / "hostile_names.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    module_patch.setitem(sys.modules, "hostile_names", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def module_patch() -> object:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_a_sample_of_broken_names(hostile: ModuleType) -> None:
    names = hostile._corpus(Path("there is none"))
    report = hostile.check(range(SAMPLE), seed=7, names=names)
    assert not report.faults, report.examples
    assert report.count == SAMPLE
    # the bar is 20 ms on a quiet machine; a machine under test is seldom quiet
    assert report.slowest[0][0] < 5 * hostile.TOO_SLOW, report.slowest[0]


def test_the_same_seed_makes_the_same_names(hostile: ModuleType) -> None:
    made = [[hostile.hostile_name(seed, number, ["Show.S01E01.mkv"]) for number in range(200)] for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert max(map(len, made[0] + made[2])) <= hostile.LONGEST


def test_what_does_not_hold_together_is_found(hostile: ModuleType) -> None:
    """The check itself sees what it is there for."""
    bad = ParsedName(
        name="abc",
        title="",
        confidence=2.0,
        episodes=tuple(range(3000)),
        findings=(Finding("title", "b", 1, 4), Finding("year", 1, 0, 2)),
    )
    assert hostile.faults(bad) == [
        "a span outside of the name",
        "findings out of order",
        "title and year share characters",
        "a confidence outside of 0 to 1",
        "more than 2000 numbers",
        "an empty text",
    ]


# ----------------------------------------------------------------------------------------------- names that once failed


@pytest.mark.parametrize("name", ["p0801 x 10E10S", "02E10S p027.S01E01.mkv", "32E70S ſ10E10S.mkv"])
def test_a_name_that_reads_backwards_both_ways_is_turned_once(name: str) -> None:
    assert parse_name(name[::-1]) == parse_name(name[::-1])
    assert "backwards" in parse_name(name).reasons[0]


@pytest.mark.parametrize(
    "name", ["[Kiln;720p]/Paper;Moons;2x01;[x];mkv", "FE2C873][52WY][PAPERMOON][0/.HDTV.Legendado"]
)
def test_a_file_has_no_group_of_the_characters_of_its_folder(name: str) -> None:
    found = parse_name(name).findings
    spans = sorted((item.start, item.end) for item in found if item.field in {"release_group", "title", "resolution"})
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


@pytest.mark.parametrize("run", ["\u2028" * 900, ".-_" * 300, "\r\n" * 450, "-" * 980])
def test_runs_of_separators_take_no_time(run: str, hostile: ModuleType) -> None:
    assert hostile._best_of_three(f"Paper{run}collection season x") < 5 * hostile.TOO_SLOW


@pytest.mark.parametrize(
    "name", ["[" + " " * 990, "[" + "\n" * 900 + "x", "_H.265" + "_" * 990 + ",", "[" + " \x85" * 480 + "]"]
)
def test_open_brackets_and_runs_before_a_group_take_no_time(name: str, hostile: ModuleType) -> None:
    assert hostile._best_of_three(name) < 5 * hostile.TOO_SLOW


def test_a_bracket_of_nothing_but_dots_is_no_other_title() -> None:
    assert parse_name("Paper Moons (.....) S01E01.mkv").alternative_titles == ()


@pytest.mark.parametrize("name", ["Paper Moons S03/10-bit][1080p][FLAC 5.1].mkv", "Paper Moons S03/10-bit 1080p.mkv"])
def test_a_leading_number_that_is_something_else_counts_no_episode(name: str) -> None:
    found = parse_name(name)
    assert (found.seasons, found.episodes, found.bit_depth) == ((3,), (), 10)

"""Pieces of one thing are known by their names, and the ones between them that are not there are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.completeness import announced, part_sets
from medialib.testing.strategies import paths


def missing(*there: str) -> list[str]:
    return [name for found in part_sets(dict.fromkeys(there, 7)) for name in found.missing]


@pytest.mark.parametrize(
    ("there", "absent"),
    [
        (["a.rar", "a.r00", "a.r01"], []),
        (["a.r00", "a.r01"], ["a.rar"]),
        (["a.rar", "a.r02"], ["a.r00", "a.r01"]),
        (["a.rar", *(f"a.r{number:02}" for number in range(100)), "a.s01"], ["a.s00"]),
        (["A.RAR", "A.R01"], ["A.R00"]),
        (["a.part1.rar", "a.part3.rar"], ["a.part2.rar"]),
        (["a.part02.rar"], ["a.part01.rar"]),
        (["a.part1.exe", "a.part2.rar"], []),
        ([f"a.part{number}.rar" for number in range(1, 12) if number != 9], ["a.part9.rar"]),
        (["a.7z.001", "a.7z.003"], ["a.7z.002"]),
        (["a.000", "a.002"], ["a.001"]),
        (["a.003"], ["a.001", "a.002"]),
        (["a.z01", "a.z03", "a.zip"], ["a.z02"]),
        (["a.z01"], ["a.zip"]),
        (["Film.CD2.avi"], ["Film.CD1.avi"]),
        (["Film (CD1).avi", "Film (CD2).avi"], []),
        (["a (1 of 3).rar", "a (3 of 3).rar"], ["a (2 of 3).rar"]),
        (["a.1of2.zip"], ["a.2of2.zip"]),
    ],
)
def test_gaps_are_named_as_the_others_are(there: list[str], absent: list[str]) -> None:
    assert missing(*there) == absent


@pytest.mark.parametrize(
    "there",
    [
        ["a.rar", "b.zip", "a.mkv"],
        ["raw.264", "raw.265"],
        ["Show.S02"],
        ["Show.S01E01.mkv", "Show.S01E05.mkv"],
        ["The.Sea.2of6.Ebb.mkv"],
        ["abcd2.avi", "McD2.mkv"],
        ["a.part9999.rar"],
        ["a.part25.rar"],
        ["Show.2024.05.17.mkv", "Show.720", "Show.1080"],
    ],
)
def test_what_is_no_set_waits_for_nothing(there: list[str]) -> None:
    assert missing(*there) == []


def test_every_piece_but_the_last_is_of_one_size() -> None:
    (found,) = part_sets({"a.rar": 50, "a.r00": 50, "a.r01": 12, "a.r02": 50, "a.r03": 7})
    assert found.short == ("a.r01",)
    (discs,) = part_sets({"a.cd1.avi": 5, "a.cd2.avi": 9})
    assert discs.short == ()
    (unknown,) = part_sets({"a.rar": None, "a.r00": None})
    assert (unknown.short, unknown.members) == ((), ("a.rar", "a.r00"))


def test_a_name_may_say_how_many_there_are() -> None:
    assert announced("Planet.07.of.10.mkv") == (7, 10)
    assert announced("Planet 11of10.mkv") is None
    assert announced("Proof.mkv") is None
    (found,) = part_sets({"a (1 of 2).rar": 1, "a (2 of 2).rar": 1})
    assert found.counted


@given(st.lists(paths() | st.from_regex(r"a\.(r|s|z|part|cd|0)?\d{1,4}(\.rar|of\d)?", fullmatch=True), max_size=6))
def test_members_are_there_and_the_missing_are_not(there: list[str]) -> None:
    for found in part_sets(dict.fromkeys(there, 1)):
        assert set(found.members) <= set(there)
        assert not {name.lower() for name in found.missing} & {name.lower() for name in there}
        assert len(set(found.missing)) == len(found.missing)


@given(st.sampled_from(["rar", "new rar", "split"]), st.integers(2, 120), st.data())
def test_a_set_without_a_gap_lacks_nothing_and_one_that_lost_a_piece_lacks_that(
    kind: str, count: int, data: st.DataObject
) -> None:
    whole = {
        "rar": ["a.rar", *(f"a.{'rs'[number // 100]}{number % 100:02}" for number in range(count))],
        "new rar": [f"a.part{number:03}.rar" for number in range(1, count + 1)],
        "split": [f"a.{number:03}" for number in range(1, count + 1)],
    }[kind]
    assert missing(*whole) == []
    lost = data.draw(st.sampled_from(whole[:-1]))
    assert missing(*(name for name in whole if name != lost)) == [lost]

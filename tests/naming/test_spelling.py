"""What the engine knows of its own expressions: where a tag can begin, and so where it need not be tried."""

from __future__ import annotations

import re

import pytest

from medialib.naming.claims import Reading
from medialib.naming.dates import find_dates
from medialib.naming.outline import outline
from medialib.naming.spelling import alternatives, beginnings


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"a(?:b|c)d", ("abd", "acd")),
        (r"[xyz]\d", ("x1", "z9")),
        (r"(?:DTS|AC)-?3", ("DTS3", "AC-3")),
        (r"(?<!x)b", ("b",)),
        (r"\.mkv", (".mkv",)),
    ],
)
def test_every_match_begins_as_was_foretold(pattern: str, texts: tuple[str, ...]) -> None:
    """Of all that an expression matches, the first two characters are among those it can begin with."""
    found = beginnings(pattern)
    for text in texts:
        match = re.fullmatch(pattern, text, re.IGNORECASE)
        assert match is not None
        assert any(text.casefold().startswith(begin.casefold()[:2]) for begin in found) or "" in found


def test_a_bracket_that_nothing_closes_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no bracket closes"):
        beginnings("(?:a")


def test_alternatives_inside_brackets_are_left_alone() -> None:
    assert alternatives("a|(?:b|c)|[|]") == ["a", "(?:b|c)", "[|]"]


def test_without_numbers_there_is_no_day() -> None:
    assert find_dates("Show without a day", 0, 18, []) == []


def test_what_is_not_understood_is_tried_everywhere() -> None:
    assert len(beginnings("(a)b")) > 50
    assert {each[:1] for each in beginnings("^ab")} == {"a"}


def test_a_word_that_began_before_the_part_is_none_of_it() -> None:
    assert outline("S01E02", 1, 6).letters == []
    assert outline(" S01E02", 1, 7).letters == [1]


def test_nothing_is_found_in_no_characters() -> None:
    claims = Reading(0, 4)
    assert not claims.claim("title", "", 2, 2)
    assert claims.claim("title", "Show", 0, 4)

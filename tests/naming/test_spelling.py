"""What the engine knows of its own expressions: where a tag can begin, and so where it need not be tried."""

from __future__ import annotations

import re

import pytest

from medialib.naming.dates import find_dates
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

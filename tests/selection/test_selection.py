"""What a person types to choose from a list (acceptance 43)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.selection import Selected, Unselected, select


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("1,3,5-8", (1, 3, 5, 6, 7, 8)),
        ("all", tuple(range(1, 11))),
        ("ALL", tuple(range(1, 11))),
        ("new", (2, 10)),
        ("new,1", (1, 2, 10)),
        ("9-2", tuple(range(2, 10))),
        (" 3 ; 1 ", (1, 3)),
        ("2..4", (2, 3, 4)),
        ("4,4,4-4", (4,)),
        ("1,,2,", (1, 2)),
        ("007", (7,)),
    ],
)
def test_right_sets(typed: str, numbers: tuple[int, ...]) -> None:
    assert select(typed, 10, new=[10, 2]) == Selected(numbers)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("x", "'x'"),
        ("", "nothing was typed"),
        (" , ", "nothing was typed"),
        ("0", "0 is not in the list"),
        ("11", "11 is not in the list"),
        ("5-99", "99 is not in the list"),
        ("1-", "'1-'"),
        ("-3", "'-3'"),
        ("1 2", "'1 2'"),
        ("²", "'²'"),
        ("new", "nothing in the list is new"),
        ("9" * 5000, "is not a number"),
    ],
)
def test_reasons(typed: str, word: str) -> None:
    answer = select(typed, 10)
    assert isinstance(answer, Unselected)
    assert word in answer.reason
    assert len(answer) == 0


def test_an_empty_list_has_nothing_to_choose() -> None:
    assert select("all", 0) == Unselected("the list is empty")


def test_new_outside_the_list_is_not_chosen() -> None:
    assert select("new", 3, new={2, 9}) == Selected((2,))


@given(st.text(max_size=40), st.integers(-3, 50), st.sets(st.integers(-5, 60)))
def test_any_text_is_answered_inside_the_list(typed: str, count: int, new: set[int]) -> None:
    """Whatever is typed: never raises, and what is chosen is ascending, unique and in the list."""
    answer = select(typed, count, new=new)
    if isinstance(answer, Selected):
        assert answer.numbers == tuple(sorted(set(answer.numbers)))
        assert all(1 <= number <= count for number in answer.numbers)
        assert len(answer) > 0
    else:
        assert answer.reason


@given(st.sets(st.integers(1, 40), min_size=1))
def test_listing_the_numbers_chooses_them(numbers: set[int]) -> None:
    """Joining by commas and selecting are inverse."""
    assert select(",".join(map(str, numbers)), 40) == Selected(tuple(sorted(numbers)))


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_range_has_no_direction(first: int, last: int) -> None:
    """``a-b`` and ``b-a`` are one range."""
    assert select(f"{first}-{last}", 40) == select(f"{last}-{first}", 40)

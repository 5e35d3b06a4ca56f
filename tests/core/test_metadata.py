"""What is made of a provider's lists of episodes."""

from __future__ import annotations

import attrs
from hypothesis import given
from hypothesis import strategies as st

from medialib.metadata import (
    EpisodeGroup,
    EpisodeMetadata,
    EpisodeOrder,
    in_order,
    with_absolute_numbers,
)


def season(number: int, count: int, first: int = 1) -> tuple[EpisodeMetadata, ...]:
    return tuple(EpisodeMetadata(number, first + at) for at in range(count))


def numbers(episodes: tuple[EpisodeMetadata, ...]) -> dict[tuple[int, int], int | None]:
    return {(each.season, each.number): each.absolute for each in episodes}


def order(*groups: EpisodeGroup) -> EpisodeOrder:
    return EpisodeOrder("g", "Absolute", "absolute", groups)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(0, 3), st.booleans())
def test_seasons_without_gaps_are_counted_through(counts: list[int], specials: int, counting_on: bool) -> None:
    """Whether seasons begin at 1 again or count on, the n-th regular episode is absolute episode n."""
    episodes: list[EpisodeMetadata] = list(season(0, specials))
    total = 0
    for number, count in enumerate(counts, start=1):
        episodes += season(number, count, total + 1 if counting_on else 1)
        total += count
    found = with_absolute_numbers(reversed(episodes))
    assert [each.absolute for each in found if each.season] == list(range(1, total + 1))
    assert all(each.absolute is None for each in found if not each.season)
    assert with_absolute_numbers(found) == found


def test_behind_a_gap_nothing_is_counted() -> None:
    within = with_absolute_numbers((EpisodeMetadata(1, 1), EpisodeMetadata(1, 3), EpisodeMetadata(2, 1)))
    assert numbers(within) == {(1, 1): 1, (1, 3): None, (2, 1): None}
    between = with_absolute_numbers((*season(1, 2), *season(3, 1)))
    assert numbers(between)[3, 1] is None
    odd_start = with_absolute_numbers((*season(1, 2), EpisodeMetadata(2, 7)))
    assert numbers(odd_start)[2, 7] is None


def test_the_providers_own_absolute_numbers_stay() -> None:
    given_numbers = (EpisodeMetadata(1, 1, absolute=100), EpisodeMetadata(1, 2))
    assert with_absolute_numbers(given_numbers, [order(EpisodeGroup(1, "All", season(1, 2)))]) == given_numbers


def test_an_absolute_order_decides() -> None:
    """Specials in it are not counted, wherever they stand."""
    aired = (*season(0, 2), *season(1, 2), *season(2, 2))
    groups = (EpisodeGroup(0, "Specials", season(0, 1)), EpisodeGroup(1, "A", (*season(2, 2), *season(1, 2))))
    found = numbers(with_absolute_numbers(aired, [order(*groups)]))
    assert found == {(0, 1): None, (0, 2): None, (2, 1): 1, (2, 2): 2, (1, 1): 3, (1, 2): 4}
    unnamed = order(EpisodeGroup(4, "Extras", season(1, 1)), EpisodeGroup(5, "", season(0, 1)))
    assert set(numbers(with_absolute_numbers(aired, [unnamed])).values()) == {None}


def test_orders_that_differ_say_nothing_where_they_do() -> None:
    one = order(EpisodeGroup(1, "All", (*season(1, 2), *season(2, 1))))
    other = order(EpisodeGroup(1, "All", (*season(1, 1), *season(2, 1))))
    found = numbers(with_absolute_numbers((*season(1, 2), *season(2, 1)), [one, other]))
    assert found == {(1, 1): 1, (1, 2): None, (2, 1): None}


def test_orders_of_other_kinds_do_not_count() -> None:
    arcs = attrs.evolve(order(EpisodeGroup(1, "Arc", tuple(reversed(season(1, 2))))), kind="story")
    assert numbers(with_absolute_numbers(season(1, 2), [arcs])) == {(1, 1): 1, (1, 2): 2}


@given(st.lists(st.integers(0, 5), max_size=5))
def test_an_order_keeps_every_episode(counts: list[int]) -> None:
    """Specials become season 0, the other groups seasons 1, 2, … in turn, and no two get one number."""
    groups = tuple(
        EpisodeGroup(at, "Specials" if at % 3 == 2 else f"Arc {at}", season(at + 1, count))
        for at, count in enumerate(counts)
    )
    found = in_order(order(*groups))
    assert len(found) == sum(counts) == len({(each.season, each.number) for each in found})
    assert sum(not each.season for each in found) == sum(counts[at] for at, group in enumerate(groups) if group.special)
    assert list(found) == sorted(found, key=lambda each: (each.season, each.number))

"""Absolute numbers and seasons say the same of an episode, in both directions (acceptance 14)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medialib.metadata import EpisodeMetadata, with_absolute_numbers
from medialib.model import Episode
from medialib.naming import AbsoluteNumbers, NotCounted, SeasonNumbers, absolute_to_season, season_to_absolute

PIECE = (
    Episode("one-piece", 0, 1),
    Episode("one-piece", 21, 180, absolute=1071),
    Episode("one-piece", 21, 181, absolute=1072),
    Episode("one-piece", 22, 1, absolute=1073),
)


def test_seasons_of_absolute_numbers() -> None:
    assert absolute_to_season((1071,), PIECE, show="One Piece") == SeasonNumbers(
        21, (180,), "absolute episode 1071 is S21E180"
    )
    assert absolute_to_season((1072, 1071), PIECE[::-1], show="One Piece") == SeasonNumbers(
        21, (180, 181), "absolute episode 1072, 1071 is S21E180E181"
    )


def test_absolute_numbers_of_seasons() -> None:
    assert season_to_absolute(21, (180, 181), iter(PIECE), show="One Piece") == AbsoluteNumbers(
        (1071, 1072), "S21E180E181 is absolute episode 1071, 1072"
    )


def test_what_would_be_a_guess_is_refused_with_a_reason() -> None:
    def seasons(*numbers: int, more: tuple[Episode, ...] = ()) -> NotCounted:
        found = absolute_to_season(numbers, (*PIECE, *more), show="One Piece")
        assert isinstance(found, NotCounted)
        return found

    def absolutes(season: int, *numbers: int, more: tuple[Episode, ...] = ()) -> NotCounted:
        found = season_to_absolute(season, numbers, (*PIECE, *more), show="One Piece")
        assert isinstance(found, NotCounted)
        return found

    twice = (Episode("one-piece", 23, 4, absolute=1071),)
    assert seasons(5) == NotCounted(
        "the catalogue does not know which season of 'One Piece' absolute episode 5 is in", unknown=True
    )
    assert seasons(1071, more=twice) == NotCounted("absolute episode 1071 of 'One Piece' may be any of S21E180, S23E04")
    assert seasons(1072, 1073) == NotCounted("absolute episodes 1072, 1073 of 'One Piece' lie in several seasons")
    assert seasons() == NotCounted("no absolute number is given")
    assert absolutes(0, 1) == NotCounted("the catalogue has no absolute number for S00E01 of 'One Piece'", unknown=True)
    assert absolutes(21, 180, more=twice) == NotCounted(
        "absolute episode 1071 of 'One Piece' may be any of S21E180, S23E04"
    )
    assert absolutes(22, 1, more=(Episode("one-piece", 22, 1, absolute=9),)) == NotCounted(
        "S22E01 of 'One Piece' may be any of the absolute episodes 9, 1073"
    )
    assert absolutes(21) == NotCounted("no episode is given")


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(0, 3), st.data())
def test_there_and_back(counts: list[int], specials: int, data: st.DataObject) -> None:
    """Of a list that was counted through, every run of one season is found from its absolute numbers and back."""
    listed = [EpisodeMetadata(0, number) for number in range(1, specials + 1)]
    for season, count in enumerate(counts, start=1):
        listed += [EpisodeMetadata(season, number) for number in range(1, count + 1)]
    known = with_absolute_numbers(data.draw(st.permutations(listed)))
    season = data.draw(st.integers(1, len(counts)))
    first = data.draw(st.integers(1, counts[season - 1]))
    numbers = tuple(range(first, data.draw(st.integers(first, counts[season - 1])) + 1))
    absolute = season_to_absolute(season, numbers, known, show="X")
    assert isinstance(absolute, AbsoluteNumbers)
    assert absolute.numbers == tuple(sum(counts[: season - 1]) + number for number in numbers)
    back = absolute_to_season(absolute.numbers, known, show="X")
    assert isinstance(back, SeasonNumbers)
    assert (back.season, back.episodes) == (season, numbers)

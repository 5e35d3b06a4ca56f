"""What a provider says now beside what was entered: nothing pinned changes by itself, and what moved is recognised."""

from __future__ import annotations

from datetime import date, timedelta

import attrs
from hypothesis import given
from hypothesis import strategies as st

from medialib.model import Episode, ExternalIds, Show
from medialib.routing import compare_episodes, compare_show

TITLES = ("Pilot", "The Storm", "The Calm", "Ashore", "Homeward", "Wreck", "Episode 7", "TBA", "Fog", "Anchor")


def day(number: int) -> date:
    return date(2020, 1, 1) + timedelta(days=7 * number)


def episode(season: int, number: int, title: str | None = None, aired: int | None = None, **more: int) -> Episode:
    return Episode("s", season, number, title, aired=None if aired is None else day(aired), **more)


@st.composite
def lists(draw: st.DrawFn) -> list[Episode]:
    """A show's episodes with repeated and missing titles, days and absolute numbers."""
    numbers = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), unique=True, max_size=8))
    return [
        Episode(
            "s",
            season,
            number,
            draw(st.none() | st.sampled_from(TITLES)),
            draw(st.none() | st.integers(1, 9)),
            draw(st.none() | st.integers(0, 5).map(day)),
        )
        for season, number in numbers
    ]


def test_an_episode_that_came_in_between_renumbers_those_behind_it() -> None:
    known = [episode(1, 1, "Pilot", 1), episode(1, 2, "The Storm", 2), episode(1, 3, "Ashore", 3)]
    fresh = [
        episode(1, 1, "Pilot", 1),
        episode(1, 2, "The Calm", 2),
        episode(1, 3, "The Storm", 3),
        episode(1, 4, "Ashore", 4),
    ]
    shifted = [attrs.evolve(each, aired=None) for each in fresh]
    found = compare_episodes(known, shifted)
    assert [(each.previous.number, each.episode.number) for each in found.renumbered] == [(2, 3), (3, 4)]
    assert found.renumbered[0].reasons == ("the same title 'The Storm'",)
    assert found.arriving == (shifted[1],)
    assert found.settled == tuple(known)
    assert [each.title for each in found.followed] == ["Pilot", "The Calm", "The Storm", "Ashore"]
    assert len(found.pinned) == 3


def test_episodes_without_telling_titles_are_recognised_by_their_days() -> None:
    known = [episode(1, number, f"Episode {number}", number) for number in (1, 2, 3)]
    fresh = [episode(2, number, f"Episode {number}", number) for number in (1, 2, 3)]
    found = compare_episodes(known, fresh)
    assert [str(each) for each in found.renumbered][:1] == [f"S01E01 is S02E01 now: alone broadcast on {day(1)}"]
    assert (found.added, found.gone, found.replaced) == ((), (), ())


def test_a_title_that_several_have_tells_nothing() -> None:
    known = [episode(1, 1, "Christmas", 1), episode(2, 1, "Fog", 50)]
    fresh = [episode(0, 1, "Christmas"), episode(0, 2, "Christmas"), episode(2, 1, "Fog", 50)]
    found = compare_episodes(known, fresh)
    assert not found.renumbered
    assert found.gone == (known[0],)
    # the same words years apart are not the same episode
    assert not compare_episodes([episode(0, 1, "Christmas", 1)], [episode(0, 2, "Christmas", 52)]).renumbered


def test_seasons_of_anime_are_recognised_by_absolute_numbers() -> None:
    known = [episode(1, number, absolute=number) for number in range(1, 5)]
    fresh = [episode(1, 1, absolute=1), episode(1, 2, absolute=2), *(episode(2, n, absolute=n + 2) for n in (1, 2))]
    found = compare_episodes(known, fresh)
    assert [(each.previous.number, each.episode.season) for each in found.renumbered] == [(3, 2), (4, 2)]


def test_what_is_new_or_filled_in_needs_no_leave() -> None:
    known = [episode(1, 1, "TBA", 1), episode(1, 2), episode(1, 3, "Ashore", 3)]
    fresh = [episode(1, 1, "Pilot", 1), episode(1, 2, "Fog", 2), episode(1, 3, "Ashore!", 4), episode(1, 4)]
    found = compare_episodes(known, fresh)
    assert found.pinned == ()
    assert found.settled == tuple(fresh) == found.followed
    assert len(found.corrected) == 3


def test_a_number_that_means_another_episode_now_is_pinned() -> None:
    known = [episode(1, 1, "Pilot", 1)]
    fresh = [episode(1, 1, "Wreck", 9)]
    found = compare_episodes(known, fresh)
    assert found.settled == tuple(known)
    assert found.pinned == ("S01E01 is 'Wreck' now, not 'Pilot'",)
    assert found.followed == tuple(fresh)


def test_the_days_of_a_daily_are_pinned() -> None:
    known, fresh = [episode(1, 1, "Guest", 1)], [episode(1, 1, "Guest", 2)]
    assert compare_episodes(known, fresh).settled == tuple(fresh)
    found = compare_episodes(known, fresh, dated=True)
    assert found.settled == tuple(known)
    assert found.pinned == (f"S01E01 is broadcast on {day(2)} now, not on {day(1)}",)
    assert found.followed == tuple(fresh)


@given(lists())
def test_nothing_differs_from_itself(known: list[Episode]) -> None:
    found = compare_episodes(known, known)
    assert found.settled == found.followed == found.known
    assert not any((found.added, found.corrected, found.renumbered, found.replaced, found.gone, found.pinned))


@given(lists(), lists(), st.booleans())
def test_nothing_that_is_pinned_changes_unasked(known: list[Episode], fresh: list[Episode], dated: bool) -> None:
    """Every number that was entered stays, with its absolute number; what is new takes numbers that were free."""
    found = compare_episodes(known, fresh, dated=dated)
    settled = {(each.season, each.number): each for each in found.settled}
    for old in known:
        new = settled[old.season, old.number]
        assert old.absolute in (None, new.absolute)
        assert new.title or not old.title
        assert not dated or old.aired in (None, new.aired)
    assert set(settled) <= {(each.season, each.number) for each in (*known, *fresh)}


@given(lists(), lists())
def test_what_is_followed_is_what_the_provider_says(known: list[Episode], fresh: list[Episode]) -> None:
    """Its numbers and absolute numbers, with what is gone from its list; each episode is one, and once is enough."""
    found = compare_episodes(known, fresh)
    followed = {(each.season, each.number): each for each in found.followed}
    for new in fresh:
        mine = followed[new.season, new.number]
        assert new.absolute in (None, mine.absolute)
        assert new.aired in (None, mine.aired)
    gone = {(each.season, each.number) for each in found.gone}
    assert set(followed) == gone | {(each.season, each.number) for each in fresh}
    olds = [each.previous for each in found.renumbered]
    news = [(each.episode.season, each.episode.number) for each in found.renumbered]
    assert len(set(olds)) == len(olds) <= len(known)
    assert len(set(news)) == len(news)
    assert all(each.reasons for each in found.renumbered)


@given(st.permutations(range(8)), st.lists(st.integers(1, 3), min_size=8, max_size=8))
def test_every_renumbering_of_telling_titles_is_recognised(order: list[int], seasons: list[int]) -> None:
    titles = ("Pilot", "The Storm", "Ashore", "Homeward", "Wreck", "Fog", "Anchor", "Lighthouse")
    known = [episode(1, at + 1, title, at) for at, title in enumerate(titles)]
    fresh = [episode(seasons[at], order[at] + 1, title, at) for at, title in enumerate(titles)]
    found = compare_episodes(known, fresh)
    assert {(each.previous.title, each.episode.season, each.episode.number) for each in found.renumbered} == {
        (new.title, new.season, new.number)
        for old, new in zip(known, fresh, strict=True)
        if (old.season, old.number) != (new.season, new.number)
    }
    again = compare_episodes(found.followed, fresh)
    assert again.followed == again.settled == found.followed
    assert again.pinned == ()


def test_a_show_keeps_its_name_until_that_is_asked_for() -> None:
    known = Show("dark", "Dark", year=2017, folder="Dark", aliases=("Finsternis",), ids=ExternalIds(tvmaze=1))
    fresh = Show("", "Dark Matters", year=2018, status="Ended", ids=ExternalIds(tvmaze=1, tvdb=2), genres=("Drama",))
    found = compare_show(known, fresh)
    assert found.settled == attrs.evolve(
        known,
        status="Ended",
        genres=("Drama",),
        ids=ExternalIds(tvmaze=1, tvdb=2),
    )
    assert (found.followed.title, found.followed.year) == ("Dark Matters", 2018)
    assert found.followed.aliases == ("Finsternis", "Dark")
    assert found.followed.folder == "Dark"
    assert len(found.pinned) == 2
    again = compare_show(found.followed, fresh)
    assert again.settled == again.followed == found.followed


def test_what_the_user_said_stays() -> None:
    known = Show("dark", "Dark", language="de", source="tvmaze", provenance={"language": "user"})
    assert compare_show(known, Show("", "Dark", language="en", source="tvmaze")).settled.language == "de"

"""The library's own records, made from what a provider says."""

from __future__ import annotations

import attrs
from hypothesis import given
from hypothesis import strategies as st

from medialib.metadata import TitleMetadata
from medialib.model import Episode, ExternalIds, Movie, Place, Show
from medialib.routing import (
    EpisodeChanges,
    RoutingPolicy,
    Unrouted,
    home_of,
    merge_episodes,
    movie_from,
    same_title,
    show_from,
)

PIRATES = TitleMetadata(
    "tmdb",
    301,
    "show",
    "Kaizoku no Uta",
    original_title="海賊の歌",
    year=2012,
    aliases=("Song of the Pirates", "KAIZOKU NO UTA", "song of the pirates"),
    ids=ExternalIds(tmdb=301),
    type="anime",
)


def test_a_show_has_all_its_names_once() -> None:
    show = show_from(PIRATES, {"kaizoku-no-uta-2012"}, folder="Pirates", alias="Kaizoku", order="g1")
    assert show.key == "kaizoku-no-uta-2012-2"
    assert show.aliases == ("海賊の歌", "Song of the Pirates", "Kaizoku")
    assert (show.folder, show.episode_order, show.source, show.type) == ("Pirates", "g1", "tmdb", "anime")


def test_a_film() -> None:
    film = movie_from(TitleMetadata("tmdb", 703, "movie", "Salt", year=2010, ids=ExternalIds(tmdb=703)), alias="Sel")
    assert film == Movie("salt-2010", "Salt", 2010, ("Sel",), ids=ExternalIds(tmdb=703), source="tmdb")


def test_the_same_title_shares_an_id_and_contradicts_none() -> None:
    show = Show("x", "X", ids=ExternalIds(tmdb=301, tvdb=5))
    assert same_title(show, PIRATES)
    assert not same_title(show, attrs.evolve(PIRATES, ids=ExternalIds(tmdb=301, tvdb=6)))
    assert not same_title(show, attrs.evolve(PIRATES, ids=ExternalIds(tvmaze=301)))
    assert not same_title(Show("x", "X"), PIRATES)


def test_homes() -> None:
    policy = RoutingPolicy(tv="tv", anime="anime", movies="movies")
    assert home_of(show_from(PIRATES), policy) == Place("anime", "Kaizoku no Uta (2012)")
    assert home_of(Movie("salt", "Salt", folder="Films/../x"), policy) != Place("movies", "Films/../x")
    assert isinstance(home_of(show_from(PIRATES), RoutingPolicy(movies="movies")), Unrouted)
    assert isinstance(home_of(Movie("salt", "Salt"), RoutingPolicy(tv="tv")), Unrouted)


def test_new_episodes_are_added_and_gaps_filled() -> None:
    known = [Episode("s", 1, 1, absolute=1), Episode("s", 1, 2, "Second")]
    fresh = [Episode("s", 1, 1, "First", 1), Episode("s", 1, 2, "Zwei", 2), Episode("s", 1, 3, "Third", 3)]
    assert merge_episodes(known, fresh) == EpisodeChanges(
        (known[0], known[1]), (fresh[0], Episode("s", 1, 2, "Second", 2), fresh[2])
    )


def test_a_pinned_number_stays_and_then_no_new_one_is_believed() -> None:
    """A provider that inserts an episode counts otherwise from there on: files were placed by the old count."""
    known = [Episode("s", 1, number, f"E{number}", number) for number in (1, 2)]
    fresh = [Episode("s", 1, 1, "E1", 1), Episode("s", 1, 2, "New", 3), Episode("s", 1, 3, "E2", 2)]
    changes = merge_episodes(known, fresh)
    assert changes.episodes == (Episode("s", 1, 3, "E2"),)
    assert changes.previous == ()
    assert changes.notes == (
        "S01E02 stays absolute episode 2, though it would be 3 now",
        "S01E03 would be absolute episode 2 now, which S01E02 is",
    )


episodes = st.lists(
    st.builds(
        Episode,
        st.just("s"),
        st.integers(0, 2),
        st.integers(1, 4),
        title=st.none() | st.sampled_from("ab"),
        absolute=st.none() | st.integers(1, 6),
    ),
    max_size=8,
    unique_by=(lambda each: (each.season, each.number), lambda each: each.absolute or object()),
)


@given(episodes, episodes)
def test_nothing_that_was_entered_changes(known: list[Episode], fresh: list[Episode]) -> None:
    """Titles, dates and absolute numbers that are there stay; no number stands for two episodes; twice is once."""
    changes = merge_episodes(known, fresh)
    after = {(each.season, each.number): each for each in known}
    after.update({(each.season, each.number): each for each in changes.episodes})
    for old in known:
        new = after[old.season, old.number]
        assert old.absolute in (None, new.absolute)
        assert old.title in (None, new.title)
    numbers = [each.absolute for each in after.values() if each.absolute is not None]
    assert len(numbers) == len(set(numbers))
    assert {(each.season, each.number) for each in fresh} <= after.keys()
    assert not merge_episodes(after.values(), fresh)
    assert set(changes.previous) <= set(known)

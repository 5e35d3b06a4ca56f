"""A reading that somebody proposes is borne out by the name, or it does not fit."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.matching import Identified, KnownTitle, ProposedReading, TitleIndex, Unidentified, judge_reading
from medialib.naming import parse_name
from medialib.testing.strategies import texts

TITLES = TitleIndex(
    [
        KnownTitle("show", "got", "Game of Thrones", 2011),
        KnownTitle("show", "law", "Law & Order", 1990),
        KnownTitle("show", "giants", "進撃の巨人", 2013),
        KnownTitle("movie", "salt", "Salt", 2010),
    ]
)


def episode(title: str, **fields: object) -> ProposedReading:
    return ProposedReading(title=title, kind="episode", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "proposed", "known"),
    [
        ("GameOfThrones.3x07.mkv", episode("Game of Thrones", seasons=(3,), episodes=(7,)), "got"),
        ("game_of_thrones - season 3 ep 7", episode("Game of Thrones", seasons=(3,), episodes=(7,)), "got"),
        ("Law.And.Order.S01E02", episode("Law & Order", seasons=(1,), episodes=(2,)), "law"),
        ("Law&Order 102 HDTV", episode("Law and Order", seasons=(1,), episodes=(2,)), "law"),
        ("[字幕组]進撃の巨人第01話", episode("進撃の巨人", absolute_episodes=(1,)), "giants"),
        ("Marvels.Agents.2013.S02", episode("Marvel's Agents", year=2013, seasons=(2,)), None),
        ("The Nightly Word 17 05 2024", episode("The Nightly Word", date=datetime.date(2024, 5, 17)), None),
        ("Salt 2010 x264", ProposedReading(title="Salt", kind="movie", year=2010), "salt"),
        ("Show.S01E01-E03", episode("Show", seasons=(1,), episodes=(1, 2, 3)), None),
        ("Show - 07 [Grp]", episode("Show", absolute_episodes=(7,), release_group="Grp"), None),
        ("Show.S01E02.A.Title.mkv", episode("Show", seasons=(1,), episodes=(2,), episode_title="A Title"), None),
    ],
)
def test_what_stands_in_the_name_fits(name: str, proposed: ProposedReading, known: str | None) -> None:
    judged = judge_reading(parse_name(name), proposed, TITLES)
    assert judged.faults == ()
    assert judged.fits
    assert all(name[each.start : each.end] == each.text for each in judged.borne)
    found = judged.match.title.key if isinstance(judged.match, Identified) else None
    assert found == known


@pytest.mark.parametrize(
    ("name", "proposed", "fault"),
    [
        ("GoT.S03E07", episode("Game of Thrones", seasons=(3,), episodes=(7,)), "title: 'Game of Thrones'"),
        ("Thrones.of.Game.S03E07", episode("Game of Thrones", seasons=(3,), episodes=(7,)), "not in this order"),
        ("Basalt.S01E01", episode("Salt", seasons=(1,), episodes=(1,)), "'Salt' does not stand in the name"),
        ("Show - 07", episode("Show", seasons=(1,), episodes=(7,)), "seasons: 1 does not stand in the name"),
        ("Show.S01E02.1080p", episode("Show", seasons=(1,), episodes=(1080,)), "episodes: 1080"),
        ("Show.S01E02", episode("Show", seasons=(1,), episodes=(2,), year=2020), "year: 2020"),
        ("Show.S01E02", episode("Show", date=datetime.date(2020, 1, 2)), "date: 2020-01-02"),
        ("Show.S01E02", episode(" ", seasons=(1,)), "title: it is empty"),
        ("Show.S01E02", episode("Show", seasons=(1,), release_group="Other"), "release_group: 'Other'"),
        ("Show.S01E02", episode("Show"), "kind: an episode wants"),
        ("Show.S01E02", ProposedReading(title="Show", kind="movie", episodes=(2,)), "kind: a film has no"),
        ("Show 7", episode("Show", episodes=(7,), absolute_episodes=(7,)), "say which of the two"),
    ],
)
def test_what_does_not_is_a_fault_however_likely(name: str, proposed: ProposedReading, fault: str) -> None:
    judged = judge_reading(parse_name(name), proposed, TITLES)
    assert not judged.fits
    assert fault in " | ".join(judged.faults)


def test_what_fits_by_a_stretch_is_doubted() -> None:
    name = parse_name("Game.of.the.Thrones.102")
    judged = judge_reading(name, episode("Game of Thrones", seasons=(1,), episodes=(2,)), TITLES)
    assert judged.fits
    assert len(judged.doubts) == 2
    assert {each.field for each in judged.differences} >= {"title", "kind"}


def test_a_title_that_fits_may_still_be_unknown() -> None:
    judged = judge_reading(parse_name("Nobody.Knows.S01E01"), episode("Nobody Knows", seasons=(1,)), TITLES)
    assert judged.fits
    assert isinstance(judged.match, Unidentified)


@given(texts(), st.integers(0, 40), st.integers(1, 400))
def test_only_numbers_of_the_text_or_of_the_rules_fit(name: str, season: int, number: int) -> None:
    """Whatever is proposed, what fits stands in the name as digits, or the parser reads or offers it."""
    parsed = parse_name(name)
    judged = judge_reading(parsed, episode("A", seasons=(season,), episodes=(number,)), TITLES)
    said = {each.field for each in judged.borne}
    if not judged.faults and not judged.doubts:
        assert {"title", "seasons", "episodes"} <= said
    for each in judged.borne:
        assert name[each.start : each.end] == each.text


@given(
    st.lists(st.sampled_from(["Alpha", "Beta", "Gamma"]), min_size=1, max_size=3),
    st.integers(1, 30),
    st.integers(1, 99),
)
def test_what_the_rules_read_fits(words: list[str], season: int, number: int) -> None:
    parsed = parse_name(f"{'.'.join(words)}.S{season:02}E{number:02}.1080p.WEB-GRP.mkv")
    assert parsed.title is not None
    own = episode(parsed.title, seasons=parsed.seasons, episodes=parsed.episodes, release_group=parsed.release_group)
    judged = judge_reading(parsed, own, TITLES)
    assert (judged.faults, judged.doubts, judged.differences) == ((), (), ())

"""Rules on titles: what they say is kept, and what they decide is theirs to say."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import UsageError
from medialib.matching import TitleRules, judge_title, lacks_details
from medialib.metadata import TitleMetadata
from medialib.model import ExternalIds, Movie, Show

DARK = Show(
    "dark",
    "Dark",
    year=2017,
    genres=("Drama", "Science-Fiction"),
    language="de",
    status="Ended",
    source="tvmaze",
    ids=ExternalIds(tvmaze=17861, imdb="tt5753856"),
)
GENRES = st.sampled_from(("Drama", "Comedy", "Sci-Fi & Fantasy", "Mystery", "Reality"))
SHOWS = st.builds(
    Show,
    st.just("key"),
    st.just("Title"),
    year=st.none() | st.integers(1950, 2030),
    type=st.sampled_from(("standard", "anime", "daily")),
    genres=st.lists(GENRES, unique=True, max_size=3).map(tuple),
    language=st.sampled_from((None, "de", "ja")),
    status=st.sampled_from((None, "Running", "Returning Series", "Ended")),
    ids=st.builds(ExternalIds, tmdb=st.none() | st.just(1), tvdb=st.none() | st.just(2)),
)
TEXTS = {
    "year": st.integers(1950, 2030).map(str) | st.just("none"),
    "genre": st.sampled_from(("drama", "comedy", "fantasy", "reality", "none")),
    "language": st.sampled_from(("de", "japanese", "none")),
    "status": st.sampled_from(("running", "ended", "none")),
    "type": st.sampled_from(("standard", "anime", "daily", "movie")),
    "missing": st.sampled_from(("tmdb", "tvdb", "any")),
}
RULES = st.fixed_dictionaries({}, optional={name: st.lists(text, max_size=2) for name, text in TEXTS.items()})


@pytest.mark.parametrize(
    ("rules", "passed"),
    [
        ({"year": "2010-2017"}, True),
        ({"year": "2018-"}, False),
        ({"year": "..2016"}, False),
        ({"year": "2020-2010"}, True),
        ({"genre": "sci-fi"}, True),
        ({"genre": "science fiction,comedy"}, True),
        ({"genre": ["drama", "comedy"]}, False),
        ({"genre": "drama,!science-fiction"}, False),
        ({"genre": "rama"}, False),
        ({"language": "German"}, True),
        ({"language": "ger"}, True),
        ({"status": "ended"}, True),
        ({"status": "canceled"}, False),
        ({"country": "uk"}, False),
        ({"country": "none"}, True),
        ({"type": "movie"}, False),
        ({"source": "TVmaze"}, True),
        ({"missing": "tvdb"}, True),
        ({"missing": "imdb"}, False),
        ({"missing": "any,!tvmaze"}, True),
        ({"missing": "any,!tvdb"}, False),
    ],
)
def test_what_a_rule_means(rules: dict[str, str], passed: bool) -> None:
    verdict = judge_title(DARK, TitleRules(**rules))  # type: ignore[arg-type]
    assert verdict.passed is passed
    assert verdict.reasons


@pytest.mark.parametrize(
    "rules",
    [
        {"year": "twenty"},
        {"year": "2010 2011"},
        {"year": "-"},
        {"country": "Japan"},
        {"language": "xx-yy"},
        {"type": "cartoon"},
        {"missing": "isbn"},
        {"genre": "drama,,comedy"},
        {"genre": ""},
    ],
)
def test_what_no_rule_can_be(rules: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        TitleRules(**rules)  # type: ignore[arg-type]
    assert caught.value.remedy


def test_titles_of_providers_and_films_are_judged_alike() -> None:
    told = TitleMetadata("tmdb", 1, "movie", "Salt", countries=("GB",))
    assert judge_title(told, TitleRules(country=["uk"], type=["film"], source=["tmdb"]))
    assert judge_title(Movie("salt", "Salt", 2010), TitleRules(type=["movie"], year=["2010"], status=["none"]))
    assert lacks_details(told, TitleRules(status=["ended"]))
    assert not lacks_details(told, TitleRules(country=["GB"], missing=["imdb"]))


@given(SHOWS, RULES)
def test_a_verdict_says_why(show: Show, texts: dict[str, list[str]]) -> None:
    """A title passes a set of rules if it passes each of them; a rule and its contrary never agree."""
    rules = TitleRules(**texts)
    verdict = judge_title(show, rules)
    each = [judge_title(show, TitleRules(**{name: [text]})) for name, found in texts.items() for text in found]
    assert verdict.passed is all(each)
    assert set(verdict.reasons) == {reason for one in each if bool(one) is verdict.passed for reason in one.reasons}
    for name, found in texts.items():
        for text in found:
            contrary = judge_title(show, TitleRules(**{name: [f"!{text}"]}))
            assert contrary.passed is not judge_title(show, TitleRules(**{name: [text]})).passed


@given(SHOWS, RULES)
def test_rules_are_values(show: Show, texts: dict[str, list[str]]) -> None:
    rules = TitleRules(**texts)
    assert TitleRules().also(**texts) == rules == attrs.evolve(rules)
    assert bool(rules) is bool(list(rules))
    assert all(str(value) in str(rules) for rule in rules for value in rule.wanted)

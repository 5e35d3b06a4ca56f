"""Which of the titles that a provider offers is chosen, and when none is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.matching import Chosen, NotChosen, Wanted, choose_title, wanted_of, wanted_title
from medialib.metadata import TitleMetadata
from medialib.naming import parse_name


def show(number: int, title: str, year: int | None = None, **values: object) -> TitleMetadata:
    return TitleMetadata("tvmaze", number, "show", title, year=year, **values)  # type: ignore[arg-type]


NOSFERATU = (show(1, "Nosferatu", 1998), show(2, "Nosferatu", 2014, countries=("DE",)), show(3, "Nosferatu", 2024))


def chosen(wanted: Wanted, *offered: TitleMetadata) -> int:
    choice = choose_title(wanted, offered)
    assert isinstance(choice, Chosen), choice
    return choice.title.id


def test_the_only_one_of_that_name_is_chosen_whatever_else_is_offered() -> None:
    choice = choose_title(Wanted("dark"), [show(1, "Dark Matter"), show(2, "DARK!"), show(3, "The Dark")])
    assert isinstance(choice, Chosen)
    assert choice.title.id == 2
    assert choice.score == 1.0
    assert choice.reasons == ("the same words as its title 'DARK!'",)
    assert {offer.title.id for offer in choice.runners_up} == {1, 3}
    assert all(offer.score < 0.95 for offer in choice.runners_up)


def test_several_of_that_name_are_a_question() -> None:
    choice = choose_title(Wanted("Nosferatu"), NOSFERATU)
    assert isinstance(choice, NotChosen)
    assert choice.ambiguous
    assert [offer.title.id for offer in choice.offers] == [1, 2, 3]
    assert "Nosferatu (2014, DE) [tvmaze:2]" in choice.reason


def test_a_year_or_a_country_decides() -> None:
    assert chosen(Wanted("Nosferatu", year=2024), *NOSFERATU) == 3
    assert chosen(Wanted("Nosferatu", country="DE"), *NOSFERATU) == 2
    assert chosen(wanted_title("Nosferatu (2014)"), *NOSFERATU) == 2


def test_a_year_that_nobody_has_decides_nothing() -> None:
    choice = choose_title(Wanted("Nosferatu", year=1979), NOSFERATU)
    assert isinstance(choice, NotChosen)
    assert not choice.ambiguous
    assert "not 1979" in str(choice.offers[0])


def test_a_year_next_to_it_is_shown_and_not_chosen() -> None:
    choice = choose_title(Wanted("Salt", "movie", 2011), [TitleMetadata("tmdb", 7, "movie", "Salt", year=2010)])
    assert isinstance(choice, NotChosen)
    assert choice.offers[0].score == pytest.approx(0.9)


def test_a_year_that_belongs_to_the_title_is_none() -> None:
    assert chosen(Wanted("Space", year=1999), show(1, "Space: 1999", 1975)) == 1


def test_other_titles_count_as_much() -> None:
    attack = show(9, "Attack on Titan", 2013, original_title="進撃の巨人", aliases=("Shingeki no Kyojin",))
    assert chosen(Wanted("Shingeki no Kyojin"), attack) == 9
    assert chosen(Wanted("進撃の巨人"), attack) == 9
    assert chosen(Wanted("AoT", alternatives=("Attack on Titan",)), attack) == 9


def test_the_country_may_be_part_of_the_title() -> None:
    offered = (show(1, "Ghosts", 2019, countries=("GB",)), show(2, "Ghosts US", 2021), show(3, "Ghosts", 2021))
    assert chosen(Wanted("Ghosts", country="GB"), offered[0], offered[2]) in (1, 3)
    us = choose_title(Wanted("Ghosts", country="US"), [offered[0], offered[1]])
    assert isinstance(us, Chosen)
    assert us.title.id == 2


def test_films_are_no_shows() -> None:
    choice = choose_title(Wanted("Salt"), [TitleMetadata("tmdb", 7, "movie", "Salt")])
    assert choice == NotChosen("no show called 'Salt' was found")


def test_what_is_near_is_named() -> None:
    choice = choose_title(Wanted("Drak Matter"), [show(1, "Dark Matter", 2015), show(2, "Zebra")])
    assert isinstance(choice, NotChosen)
    assert choice.reason == "no show is called 'Drak Matter'; near are Dark Matter (2015) [tvmaze:1]"


def test_what_a_name_asks_for() -> None:
    assert wanted_of(parse_name("The.Matrix.1999.1080p.mkv")) == Wanted("The Matrix", "movie", 1999)
    assert wanted_of(parse_name("S01E01.mkv")) is None
    assert wanted_title("The Office (UK)") == Wanted("The Office", country="GB")
    assert wanted_title("What (If)") == Wanted("What (If)")
    assert str(Wanted("Dark", year=2017)) == "'Dark' (2017)"


titles = st.builds(
    show,
    st.integers(1, 5),
    st.sampled_from(("Dark", "dark", "Dark Matter", "", "...", "Ame\u0301lie", "Amélie")),
    st.none() | st.integers(2015, 2017),
)


@given(
    st.builds(Wanted, st.sampled_from(("Dark", "Amelie", "...", "x")), year=st.none() | st.integers(2015, 2017)),
    st.lists(titles, max_size=5),
)
def test_never_a_guess(wanted: Wanted, offered: list[TitleMetadata]) -> None:
    """What is chosen has the same words and contradicts no year; the order of the offers decides nothing."""
    choice = choose_title(wanted, offered)
    turned = choose_title(wanted, list(reversed({title.reference: title for title in offered}.values())))
    assert isinstance(choice, Chosen) == isinstance(turned, Chosen)
    assert all(0 <= offer.score <= 1 for offer in getattr(choice, "offers", getattr(choice, "runners_up", ())))
    if isinstance(choice, Chosen):
        assert isinstance(turned, Chosen)
        assert choice.title.id == turned.title.id
        assert choice.score == 1.0
        assert None in (wanted.year, choice.title.year) or wanted.year == choice.title.year

"""Which title a name means: exact words only, no guessing between equals (acceptance 16, 62)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.matching import (
    Identified,
    KnownTitle,
    TitleIndex,
    Unidentified,
    identify,
    known_title,
    normalise_title,
)
from medialib.model import Movie, Show
from medialib.naming import ParsedName, parse_name


def show(key: str, title: str, year: int | None = None, *aliases: str) -> KnownTitle:
    return KnownTitle("show", key, title, year, aliases)


def film(key: str, title: str, year: int | None = None, *aliases: str) -> KnownTitle:
    return KnownTitle("movie", key, title, year, aliases)


def episode(title: str, **fields: object) -> ParsedName:
    return ParsedName(name="x", title=title, seasons=(1,), episodes=(1,), **fields)  # type: ignore[arg-type]


def key_of(name: str, *titles: KnownTitle) -> str | None:
    match = identify(parse_name(name), TitleIndex(titles))
    return match.title.key if isinstance(match, Identified) else None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Marvel’s Agents of S.H.I.E.L.D.", "Marvels Agents of S H I E L D"),
        ("Law & Order", "Law and Order"),
        ("Law ＆ Order", "law.and.order"),
        ("Amélie", "AMELIE"),
        ("Ame\u0301lie", "Amélie"),
        ("Άλφα", "αλφα"),
        ("Alien³", "Alien3"),
        ("Straße", "strasse"),
        ("ﬁlm", "film"),
        ("ŉ", "n"),
        ("Шерлок", "шерлок"),
        ("[G] A_B-C", "g a b c"),
        ("ＡＢＣ", "abc"),
    ],
)
def test_the_same_words_in_another_dress(one: str, other: str) -> None:
    """Case, accents, punctuation and "&" for "and" do not count."""
    assert normalise_title(one) == normalise_title(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Мой", "Мои"),
        ("が", "か"),
        ("ば", "ぱ"),
        ("の", "ノ"),
        ("की", "का"),
        ("ตี", "ตู"),
        ("ёлка", "елка"),
        ("...", "!!!"),
        ("進撃の巨人", "進撃の巨"),
        ("עִיר", "עיר"),
    ],
)
def test_letters_that_differ_stay_different(one: str, other: str) -> None:
    """Cyrillic, Japanese, Hindi and Thai marks tell words apart; so does a title of mere punctuation."""
    assert normalise_title(one) != normalise_title(other)


titles_of_any_script = st.text(
    st.one_of(st.characters(exclude_categories=()), st.sampled_from("aÉe\u0301йи\u0306がか\u3099की&'’´_ . ŉ＆ẞ"))
)


@given(titles_of_any_script)
def test_normalising_twice_changes_nothing(text: str) -> None:
    """`normalise_title` is idempotent, and its words are parted by single spaces."""
    once = normalise_title(text)
    assert normalise_title(once) == once
    # plain letters go another, faster way, to the same end
    plain = "".join(letter for letter in text if letter.isascii())
    assert normalise_title(plain + "ä") == normalise_title(plain + "a")
    assert once == " ".join(once.split())


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_the_unicode_form_does_not_count(text: str) -> None:
    """Both forms of a title are the same words."""
    assert normalise_title(unicodedata.normalize("NFD", text)) == normalise_title(text)


def test_a_record_becomes_a_title() -> None:
    assert known_title(Show("dark", "Dark", year=2017, aliases=("Finsternis",))) == show(
        "dark", "Dark", 2017, "Finsternis"
    )
    assert known_title(Movie("dark", "Dark")) == film("dark", "Dark")


def test_an_alias_with_a_comma_matches_only_as_a_whole() -> None:
    """An alias with a comma → matches only as a whole."""
    titles = [show("lucky", "Lucky Stars", 2007, "Ready, Steady")]
    assert key_of("Ready.Steady.S01E01.mkv", *titles) == "lucky"
    assert key_of("Ready,.Steady.S01E01.mkv", *titles) == "lucky"
    assert key_of("Ready.S01E01.mkv", *titles) is None
    assert key_of("Steady.S01E01.mkv", *titles) is None
    match = identify(parse_name("Ready.Steady.S01E01.mkv"), TitleIndex(titles))
    assert isinstance(match, Identified)
    assert match.reasons == ("'Ready Steady' is the alias of 'Lucky Stars'",)


BOTH = (show("dark-2017", "Dark", 2017), show("dark-1998", "Dark", 1998))


@pytest.mark.parametrize("titles", [BOTH, BOTH[::-1]])
def test_two_shows_of_one_title(titles: tuple[KnownTitle, ...]) -> None:
    """Of several that fit, the one whose year is in the name wins; otherwise `Unidentified`, with all of them."""
    assert key_of("Dark.2017.S01E01.mkv", *titles) == "dark-2017"
    assert key_of("Dark.1998.S01E01.mkv", *titles) == "dark-1998"
    for name in ("Dark.S01E01.mkv", "dark - 1x02.mkv"):
        match = identify(parse_name(name), TitleIndex(titles))
        assert isinstance(match, Unidentified)
        assert match.ambiguous
        assert {candidate.title.key for candidate in match.candidates} == {"dark-2017", "dark-1998"}
        assert "Dark (2017) [dark-2017]" in match.reason
        assert "Dark (1998) [dark-1998]" in match.reason


def test_a_year_that_no_title_has_objects_and_never_assumes() -> None:
    """The years must not contradict each other; the nearest is shown."""
    match = identify(parse_name("Dark.2001.S01E01.mkv"), TitleIndex([*BOTH, show("darc", "Darc")]))
    assert isinstance(match, Unidentified)
    assert not match.ambiguous
    assert [candidate.title.key for candidate in match.candidates[:2]] == ["dark-2017", "dark-1998"]
    assert len(match.candidates) == len({candidate.title.key for candidate in match.candidates})
    assert "the name says 2001, not 2017" in match.reason


def test_the_objections_to_an_alias_are_told_once() -> None:
    """A title found under two of its names is one candidate."""
    office = show("office", "The Office", 2005, "The Office US", "The Office USA")
    match = identify(episode("The Office", year=2001, country="US"), TitleIndex([office]))
    assert isinstance(match, Unidentified)
    assert [candidate.title.key for candidate in match.candidates] == ["office"]


def test_a_title_without_year_yields_to_the_one_of_that_year() -> None:
    undated = show("dark", "Dark")
    assert key_of("Dark.2017.S01E01.mkv", undated, *BOTH) == "dark-2017"
    assert key_of("Dark.2020.S01E01.mkv", undated, *BOTH) == "dark"
    assert key_of("Dark.2020.S01E01.mkv", undated, show("dark-b", "Dark")) is None


def test_a_year_that_is_part_of_the_title_contradicts_nothing() -> None:
    """`Space: 1999` was first broadcast in 1975; names of it seldom say so."""
    space = show("space", "Space: 1999", 1975)
    assert key_of("Space.1999.S01E01.mkv", space) == "space"
    assert key_of("Space.1999.1975.S01E01.mkv", space) == "space"
    assert key_of("Space.S01E01.mkv", space) is None
    assert key_of("Wonder.Woman.1984.1080p.BluRay.mkv", film("ww", "Wonder Woman 1984", 2020)) == "ww"
    assert key_of("Wonder.Woman.1984.1080p.mkv", film("ww", "Wonder Woman", 2020)) is None
    assert key_of("Blade.Runner.2049.2017.mkv", film("br", "Blade Runner 2049", 2017)) == "br"
    assert key_of("1917.2019.mkv", film("1917", "1917", 2019)) == "1917"


def test_country_suffixes() -> None:
    """A country in the name chooses the title that has it, in any of its spellings."""
    american, british = show("office-us", "The Office (US)", 2005), show("office-uk", "The Office (UK)", 2001)
    plain = show("office", "The Office", 2010)
    assert key_of("The.Office.US.S01E01.mkv", plain, american, british) == "office-us"
    assert key_of("The.Office.UK.S01E01.mkv", plain, american, british) == "office-uk"
    assert key_of("The.Office.S01E01.mkv", plain, american, british) == "office"
    assert key_of("The.Office.S01E01.mkv", american, british) is None
    assert key_of("The.Office.US.S01E01.mkv", plain, british) == "office"
    assert identify(episode("Skins", country="FR"), TitleIndex([show("skins-fr", "Skins FR")])).title.key == "skins-fr"  # type: ignore[union-attr]
    match = identify(episode("The Office", country="US"), TitleIndex([plain, show("other", "The Office")]))
    assert isinstance(match, Unidentified)
    assert match.ambiguous


def test_films_are_no_shows() -> None:
    """A name of an episode never means a film, nor the other way round."""
    fargo, series = film("fargo-film", "Fargo", 1996), show("fargo-show", "Fargo", 2014)
    assert key_of("Fargo.S01E01.mkv", fargo, series) == "fargo-show"
    assert key_of("Fargo.1996.1080p.BluRay.mkv", fargo, series) == "fargo-film"
    match = identify(parse_name("Fargo.S01E01.mkv"), TitleIndex([fargo]))
    assert match == Unidentified("no show is called 'Fargo'")


def test_alternative_titles_count() -> None:
    parsed = episode("進撃の巨人", alternative_titles=("Attack on Titan",))
    match = identify(parsed, TitleIndex([show("aot", "Attack on Titan")]))
    assert isinstance(match, Identified)
    assert match.reasons == ("'Attack on Titan' is the title of 'Attack on Titan'",)


def test_near_misses_are_shown_and_never_chosen() -> None:
    """Titles that are merely similar are shown and never chosen."""
    titles = TitleIndex([show("matter", "Dark Matter"), show("matters", "Dark Matters"), film("film", "Dark Mattr")])
    match = identify(parse_name("Dark.Mattr.S01E01.mkv"), titles)
    assert isinstance(match, Unidentified)
    assert [candidate.title.key for candidate in match.candidates] == ["matter", "matters"]
    assert match.reason == "no show is called 'Dark Mattr'; nearest is 'Dark Matter' (95 % of the letters agree)"
    assert [candidate.score for candidate in match.candidates] == sorted(
        (candidate.score for candidate in match.candidates), reverse=True
    )


def test_no_title_is_a_reason() -> None:
    assert identify(ParsedName(name="x"), TitleIndex()) == Unidentified("the name has no title that could be read")


def test_runners_up_are_kept() -> None:
    match = identify(parse_name("Dark.2017.S01E01.mkv"), TitleIndex([*BOTH, show("dark", "Dark")]))
    assert isinstance(match, Identified)
    assert [candidate.title.key for candidate in match.runners_up] == ["dark", "dark-1998"]


def test_a_title_entered_again_goes_by_its_new_names_only() -> None:
    """Enter a title, or replace the one of the same kind and key."""
    index = TitleIndex([show("a", "Alpha", 2001, "First", "first"), show("b", "Beta")])
    index.add(show("a", "Alpha Two", 2002, "First"))
    assert index.named("Alpha") == index.named("Alpha 2001") == index.named("First 2001") == ()
    assert [title.year for title in index.named("first 2002")] == [2002]
    assert index.near("Alpha", "show", limit=1) == ()
    assert [title.key for title in index.named("beta")] == ["b"]


names = st.sampled_from(("Dark", "dark", "Dark US", "Dark 2017", "Dark, Two", "Two", "Мой", "Мои", "Dark 1998", "Да"))
known = st.builds(
    KnownTitle,
    st.sampled_from(("show", "movie")),
    st.sampled_from("abcd"),
    names,
    st.sampled_from((None, 1998, 2017)),
    st.lists(names, max_size=2).map(tuple),
)
parsed_names = st.builds(
    ParsedName,
    name=st.just("x"),
    title=names,
    year=st.sampled_from((None, 1998, 2017, 2020)),
    country=st.sampled_from((None, "US", "GB")),
    seasons=st.sampled_from(((), (1,))),
    alternative_titles=st.lists(names, max_size=1).map(tuple),
)


@given(
    st.lists(known, max_size=4, unique_by=lambda title: (title.kind, title.key)).flatmap(
        lambda titles: st.tuples(st.just(titles), st.permutations(titles))
    ),
    parsed_names,
)
def test_the_order_of_titles_decides_nothing(
    orders: tuple[list[KnownTitle], list[KnownTitle]], parsed: ParsedName
) -> None:
    """No guessing between equals: what is chosen is the same whatever order the catalogue has."""
    one, other = (identify(parsed, TitleIndex(titles)) for titles in orders)
    assert isinstance(one, Identified) == isinstance(other, Identified)
    if isinstance(one, Identified) and isinstance(other, Identified):
        assert one.title == other.title
        assert one.title not in [candidate.title for candidate in one.runners_up]
    elif isinstance(one, Unidentified) and isinstance(other, Unidentified):
        assert one.ambiguous == other.ambiguous
        assert {item.title for item in one.candidates} == {item.title for item in other.candidates}


@given(st.lists(known, max_size=4, unique_by=lambda title: (title.kind, title.key)), parsed_names)
def test_what_is_chosen_has_the_words_and_no_other_year(titles: list[KnownTitle], parsed: ParsedName) -> None:
    """One of its names has the same words, whole, and the years do not contradict each other."""
    match = identify(parsed, TitleIndex(titles))
    if isinstance(match, Identified):
        chosen = match.title
        assert (chosen.kind == "show") is parsed.is_episode
        own = {normalise_title(name) for name in (chosen.title, *chosen.aliases)}
        own |= {f"{name} {chosen.year}" for name in own}
        endings = ("", f" {parsed.year}", " us", " usa", " uk", " gb")
        said = {f"{normalise_title(parsed.title or '')}{ending}" for ending in endings}
        said |= {normalise_title(name) for name in parsed.alternative_titles}
        assert own & said
        if parsed.year is not None and chosen.year not in (None, parsed.year):
            assert any(name.endswith(str(parsed.year)) for name in own)
    else:
        assert match.reason

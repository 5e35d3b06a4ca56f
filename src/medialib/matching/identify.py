"""Which known show or film a parsed name means, with the score of every candidate and no guessing between equals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal, TypeAlias

import attrs
from rapidfuzz import fuzz, process

from medialib.model import Movie, Show
from medialib.naming import ParsedName

__all__ = [
    "COUNTRY_WORDS",
    "Candidate",
    "Identified",
    "KnownTitle",
    "TitleIndex",
    "Unidentified",
    "identify",
    "known_title",
    "normalise_title",
]


@attrs.frozen
class KnownTitle:
    """One title of the catalogue, with all its names."""

    kind: Literal["show", "movie"]
    """Which table it is in."""
    key: str
    """Its key there."""
    title: str
    """The title as a person writes it."""
    year: int | None = None
    """Year of the first broadcast or of release."""
    aliases: tuple[str, ...] = ()
    """Other names; each matches only as a whole."""


@attrs.frozen
class Candidate:
    """A title that a name may mean."""

    title: KnownTitle
    """The title."""
    score: float
    """0 to 1; 1 is the same words."""
    reason: str
    """What agreed or did not, for a reader."""


@attrs.frozen
class Identified:
    """Exactly one title fits."""

    title: KnownTitle
    """The title."""
    score: float
    """0 to 1."""
    reasons: tuple[str, ...]
    """Why this one, for a reader."""
    runners_up: tuple[Candidate, ...] = ()
    """The next best, best first."""


@attrs.frozen
class Unidentified:
    """No title fits, or more than one does."""

    reason: str
    """Why, for a reader."""
    candidates: tuple[Candidate, ...] = ()
    """What came nearest, best first."""
    ambiguous: bool = False
    """Whether several fit equally well, so that a person must choose."""


Match: TypeAlias = Identified | Unidentified
"""What `identify` answers."""


def normalise_title(text: str) -> str:
    """The words of a title, for comparison: case, accents, punctuation and "&" for "and" do not count.

    >>> normalise_title("Marvel’s Agents of S.H.I.E.L.D.") == normalise_title("marvels agents of s h i e l d")
    True
    >>> normalise_title("Law & Order"), normalise_title("Amélie"), normalise_title("進撃の巨人")
    ('law and order', 'amelie', '進撃の巨人')
    """
    if text.isascii() and (words := text.translate(_ASCII).split()):
        return " ".join(words)
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.replace("´", "")).casefold())
    text = re.sub("['’ʼ`´]", "", text).replace("&", " and ")
    # NFKD takes Japanese voicing marks and Cyrillic й apart, and vowels of Hindi and Thai are marks of their own: only
    # marks on Latin and Greek letters are dropped, and those on no letter at all.
    kept: list[str] = []
    for letter in text:
        if not _is_mark(letter) or (kept and kept[-1] >= "\u0400" and (kept[-1].isalnum() or _is_mark(kept[-1]))):
            kept.append(letter)
    text = unicodedata.normalize("NFC", "".join(kept))
    words = "".join(letter if letter.isalnum() or _is_mark(letter) else " " for letter in text).split()
    return " ".join(words) or " ".join(text.split())


_ASCII = {
    ord(letter): letter.lower() if letter.isalnum() else None if letter in "'`" else " and " if letter == "&" else " "
    for letter in map(chr, range(128))
}
"""What `normalise_title` makes of plain letters, most titles being made of those alone: a tenth of the time."""


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M")


def known_title(record: Show | Movie) -> KnownTitle:
    """A show or film as a title to match against.

    >>> known_title(Show("dark", "Dark", year=2017)).kind
    'show'
    """
    kind: Literal["show", "movie"] = "show" if isinstance(record, Show) else "movie"
    return KnownTitle(kind, record.key, record.title, record.year, record.aliases)


class TitleIndex:
    """Titles, found by any of their names in constant time.

    >>> index = TitleIndex([KnownTitle("show", "dark", "Dark", 2017)])
    >>> [title.key for title in index.named("DARK")]
    ['dark']
    """

    def __init__(self, titles: Iterable[KnownTitle] = ()) -> None:
        self._titles: dict[tuple[str, str], KnownTitle] = {}
        self._by_name: dict[str, dict[tuple[str, str], None]] = {}
        for title in titles:
            self.add(title)

    def add(self, title: KnownTitle) -> None:
        """Enter a title, or replace the one of the same kind and key."""
        identity = (title.kind, title.key)
        if identity in self._titles:
            for form in _all_forms(self._titles[identity]):
                del self._by_name[form][identity]
        self._titles[identity] = title
        for form in _all_forms(title):
            self._by_name.setdefault(form, {})[identity] = None

    def named(self, name: str) -> tuple[KnownTitle, ...]:
        """The titles that go by this name, in the order they were entered."""
        return tuple(self._titles[identity] for identity in self._by_name.get(normalise_title(name), {}))

    def near(self, name: str, kind: str, limit: int = 5) -> tuple[Candidate, ...]:
        """The titles of a kind whose names are most like this one, best first."""
        wanted = normalise_title(name)
        best: dict[tuple[str, str], float] = {}
        found = process.extract(wanted, self._by_name.keys(), scorer=fuzz.ratio, limit=limit * 4, score_cutoff=80.0)
        for form, score, _ in found:
            for identity in self._by_name[form]:
                if identity[0] == kind:
                    best[identity] = max(best.get(identity, 0.0), score / 100)
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit]
        return tuple(
            Candidate(self._titles[identity], round(score, 3), f"{round(100 * score)} % of the letters agree")
            for identity, score in ranked
        )


def _forms(name: str, year: int | None) -> tuple[str, ...]:
    plain = normalise_title(name)
    if year is None or plain.endswith(f" {year}"):
        return (plain,)
    return (plain, f"{plain} {year}")


def _all_forms(title: KnownTitle) -> tuple[str, ...]:
    names = (title.title, *title.aliases)
    return tuple(dict.fromkeys(form for name in names for form in _forms(name, title.year)))


def identify(parsed: ParsedName, titles: TitleIndex) -> Match:
    """Which of `titles` the name means.

    A title fits if one of its names has the same words as the name's title (with its year or country, if it has one)
    and the years do not contradict each other. Of several that fit, the one whose year is in the name wins; otherwise
    the answer is `Unidentified`, with all of them. Titles that are merely similar are shown and never chosen.

    >>> from medialib.naming import parse_name
    >>> dark, matter = KnownTitle("show", "dark", "Dark", 2017), KnownTitle("show", "matter", "Dark Matter", 2015)
    >>> titles = TitleIndex([dark, matter])
    >>> identify(parse_name("Dark.S01E02.1080p.WEB.mkv"), titles).title.key
    'dark'
    >>> identify(parse_name("Drak.Mattr.S01E02.mkv"), titles).candidates[0].title.title
    'Dark Matter'
    """
    if parsed.title is None:
        return Unidentified("the name has no title that could be read")
    kind = "show" if parsed.is_episode else "movie"
    names = [parsed.title]
    with_year = None if parsed.year is None else f"{parsed.title} {parsed.year}"
    if with_year is not None:
        names.append(with_year)
    if parsed.country is not None:
        names.extend(f"{parsed.title} {word}" for word in COUNTRY_WORDS.get(parsed.country, (parsed.country,)))
    names.extend(parsed.alternative_titles)
    fitting: dict[str, tuple[KnownTitle, str]] = {}
    objections: dict[str, Candidate] = {}
    for name in names:
        for title in titles.named(name):
            if title.kind != kind or title.key in fitting:
                continue
            # "Space: 1999" was first broadcast in 1975: a year that belongs to the title contradicts nothing
            if name != with_year and None not in (parsed.year, title.year) and parsed.year != title.year:
                objections[title.key] = Candidate(
                    title, 0.9, f"the same words, but the name says {parsed.year}, not {title.year}"
                )
                continue
            fitting[title.key] = (title, name)
    if not fitting:
        # a film's year differs by one between countries and festivals often enough to ask, never enough to assume
        near = [candidate for candidate in titles.near(parsed.title, kind) if candidate.title.key not in objections]
        candidates = (*objections.values(), *near)
        reason = f"no {'show' if kind == 'show' else 'film'} is called {parsed.title!r}"
        if candidates:
            reason += f"; nearest is {candidates[0].title.title!r} ({candidates[0].reason})"
        return Unidentified(reason, candidates)
    chosen = list(fitting.values())
    if len(chosen) > 1 and parsed.year is not None:
        chosen = [(title, name) for title, name in chosen if title.year == parsed.year] or chosen
    if len(chosen) > 1 and parsed.country is not None:
        longer = [(title, name) for title, name in chosen if normalise_title(name) != normalise_title(parsed.title)]
        chosen = longer or chosen
    ranked = tuple(Candidate(title, 1.0, "the same words") for title, _ in fitting.values())
    if len(chosen) > 1:
        listed = ", ".join(f"{title.title} ({title.year or 'no year'}) [{title.key}]" for title, _ in chosen)
        return Unidentified(f"{parsed.title!r} may be any of {listed}", ranked, ambiguous=True)
    title, name = chosen[0]
    how = "title" if normalise_title(name) in _forms(title.title, title.year) else "alias"
    return Identified(
        title,
        1.0,
        (f"{name!r} is the {how} of {title.title!r}",),
        tuple(candidate for candidate in (*ranked, *objections.values()) if candidate.title.key != title.key),
    )


COUNTRY_WORDS: dict[str, tuple[str, ...]] = {"GB": ("UK", "GB"), "US": ("US", "USA")}
"""How release names spell a country that tells two shows apart."""

"""Which of the titles that a provider offers is the one that was meant, with every score and no guessing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

import attrs
from rapidfuzz import fuzz

from medialib.matching.identify import COUNTRY_WORDS, normalise_title
from medialib.metadata import TitleKind, TitleMetadata
from medialib.naming import ParsedName

__all__ = ["Choice", "Chosen", "NotChosen", "Offer", "Wanted", "choose_title", "wanted_of", "wanted_title"]


@attrs.frozen
class Wanted:
    """What is looked for."""

    title: str
    """The title, as a release name or a person has it."""
    kind: TitleKind = "show"
    """Whether it is a series or a film."""
    year: int | None = None
    """Year of the first broadcast or of release, if it was said."""
    country: str | None = None
    """Country that tells it from others of its name, ISO 3166-1 alpha-2, if it was said."""
    alternatives: tuple[str, ...] = ()
    """Other titles that the same name gives."""

    def __str__(self) -> str:
        return f"{self.title!r}" + ("" if self.year is None else f" ({self.year})")


@attrs.frozen
class Offer:
    """A title that a provider offers, and how well it fits."""

    title: TitleMetadata
    """The title."""
    score: float
    """0 to 1; 1 has the same words and contradicts nothing."""
    reasons: tuple[str, ...]
    """What agrees and what does not, for a reader."""

    def __str__(self) -> str:
        return f"{title_line(self.title)}: {', '.join(self.reasons)}"


@attrs.frozen
class Chosen:
    """Exactly one title fits."""

    title: TitleMetadata
    """The title."""
    score: float
    """0 to 1."""
    reasons: tuple[str, ...]
    """Why this one, for a reader."""
    runners_up: tuple[Offer, ...] = ()
    """The next best, best first."""


@attrs.frozen
class NotChosen:
    """No title fits, or more than one does."""

    reason: str
    """Why, for a reader."""
    offers: tuple[Offer, ...] = ()
    """Everything that was offered, best first."""
    ambiguous: bool = False
    """Whether several fit equally well, so that a person must choose."""


Choice: TypeAlias = Chosen | NotChosen
"""What `choose_title` answers."""

_FITTING = 0.95
_NEAR = 0.6


def title_line(title: TitleMetadata) -> str:
    """One title for a list of candidates.

    >>> title_line(TitleMetadata("tvmaze", 82, "show", "The Long Voyage", year=2011, countries=("GB",)))
    'The Long Voyage (2011, GB) [tvmaze:82]'
    """
    told = ", ".join((str(title.year or "no year"), *title.countries))
    return f"{title.title} ({told}) [{title.reference}]"


def wanted_of(parsed: ParsedName) -> Wanted | None:
    """What a release name asks for; None if no title could be read.

    >>> from medialib.naming import parse_name
    >>> wanted_of(parse_name("Ghosts.UK.2019.S01E01.1080p.mkv"))
    Wanted(title='Ghosts', kind='show', year=2019, country='GB', alternatives=())
    """
    if parsed.title is None:
        return None
    kind: TitleKind = "show" if parsed.is_episode else "movie"
    return Wanted(parsed.title, kind, parsed.year, parsed.country, parsed.alternative_titles)


def wanted_title(text: str, kind: TitleKind = "show") -> Wanted:
    """What a person asks for, with a year or country behind the title in parentheses if there is one.

    >>> wanted_title("Nosferatu (2014)"), wanted_title("The Office (US)").country
    (Wanted(title='Nosferatu', kind='show', year=2014, country=None, alternatives=()), 'US')
    """
    title, year, country = text.strip(), None, None
    if (match := re.fullmatch(r"(.+?)\s*\(((?:18|19|20)\d\d)\)", title)) is not None:
        title, year = match[1], int(match[2])
    by_word = {word: code for code, words in COUNTRY_WORDS.items() for word in words}
    if (match := re.fullmatch(r"(.+?)\s*\(([A-Z]{2,3})\)", title)) is not None and match[2] in by_word:
        title, country = match[1], by_word[match[2]]
    return Wanted(title, kind, year, country)


def choose_title(wanted: Wanted, offered: Iterable[TitleMetadata]) -> Choice:
    """Which of the titles is the wanted one.

    A title fits if one of its names has the same words as the wanted one and neither year nor country contradict.
    Exactly one must: of several that fit, a year or a country that was said decides, nothing else does.

    >>> voyage = TitleMetadata("tvmaze", 82, "show", "The Long Voyage", year=2011)
    >>> again = TitleMetadata("tvmaze", 83, "show", "The Long Voyage", year=2020)
    >>> choose_title(Wanted("the long voyage", year=2020), [voyage, again]).title.id
    83
    >>> choose_title(Wanted("the long voyage"), [voyage, again]).ambiguous
    True
    """
    judged = {title.reference: _judge(wanted, title) for title in offered if title.kind == wanted.kind}
    offers = tuple(sorted(judged.values(), key=lambda offer: -offer.score))
    fitting = [offer for offer in offers if offer.score >= _FITTING]
    if len(fitting) > 1 and wanted.year is not None:
        fitting = [offer for offer in fitting if offer.title.year == wanted.year] or fitting
    if len(fitting) > 1 and wanted.country is not None:
        fitting = [offer for offer in fitting if wanted.country in offer.title.countries] or fitting
    what = "show" if wanted.kind == "show" else "film"
    if len(fitting) == 1:
        offer = fitting[0]
        others = tuple(other for other in offers if other is not offer)
        return Chosen(offer.title, offer.score, offer.reasons, others)
    if fitting:
        listed = ", ".join(title_line(offer.title) for offer in fitting)
        return NotChosen(f"{wanted} may be any of {listed}", offers, ambiguous=True)
    if not offers:
        return NotChosen(f"no {what} called {wanted} was found")
    near = ", ".join(title_line(offer.title) for offer in offers[:3] if offer.score >= _NEAR)
    return NotChosen(f"no {what} is called {wanted}" + (f"; near are {near}" if near else ""), offers)


def _judge(wanted: Wanted, title: TitleMetadata) -> Offer:
    asked = {normalise_title(name) for name in (wanted.title, *wanted.alternatives)}
    if wanted.year is not None:
        asked.add(normalise_title(f"{wanted.title} {wanted.year}"))
    for word in COUNTRY_WORDS.get(wanted.country or "", ()):
        asked.add(normalise_title(f"{wanted.title} {word}"))
    names = [name for name in (title.title, title.original_title, *title.aliases) if name]
    score, name = max(
        (fuzz.ratio(normalise_title(name), form) / 100, name) for name in dict.fromkeys(names or [""]) for form in asked
    )
    forms = {normalise_title(name) for name in names}
    reasons: list[str]
    if forms & asked:
        exact = next(name for name in names if normalise_title(name) in asked)
        score = 1.0
        reasons = [f"the same words as its {'title' if exact == title.title else 'other title'} {exact!r}"]
    else:
        # what is merely alike is shown and never chosen
        score = min(score, _FITTING - 0.05)
        reasons = [f"{round(100 * score)} % of the letters agree with {name!r}"]
    if wanted.year is not None and title.year is not None:
        years = normalise_title(f"{wanted.title} {wanted.year}")
        if wanted.year == title.year:
            reasons.append(f"of {title.year}")
        elif years not in forms:
            # a year differs by one between countries often enough to ask, never enough to assume
            score -= 0.1 if abs(wanted.year - title.year) == 1 else 0.3
            reasons.append(f"of {title.year}, not {wanted.year}")
    if wanted.country is not None and title.countries and wanted.country not in title.countries:
        score -= 0.2
        reasons.append(f"from {', '.join(title.countries)}, not {wanted.country}")
    return Offer(title, round(max(score, 0.0), 3), tuple(reasons))

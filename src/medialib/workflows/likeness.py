"""How far shows are alike, and which of many are most like any of many others without comparing each with each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import attrs

from medialib.model import Movie, Show

__all__ = ["LEAST_NEARNESS", "Alike", "Record", "compare_shows", "most_alike"]

LEAST_NEARNESS = 0.5
"""Cosine from which two titles are called alike; "Dark" and "Ozark", which share their end, come to 0.45."""

Record: TypeAlias = Show | Movie
"""What has a title."""

_GENRES = 0.4
_ALL_BUT_GENRES = 0.3  # what year, language and numbering add at most
_ROUNDING = 0.001  # scores have three digits


@attrs.frozen
class Alike:
    """A title that was found."""

    record: Record
    """The show or film."""
    score: float
    """0 to 1, where 1 is the same words, or agreement in everything that is compared."""
    reasons: tuple[str, ...]
    """Why, for a reader; never empty."""


def compare_shows(show: Show, other: Show, *, nearness: float = 0.0, how: str = "titles lie near") -> Alike | None:
    """How far two shows agree in genres, years, language, numbering, and titles by a `nearness` of 0 to 1.

    Genres count 0.4 by their share of all that both have, titles 0.3, years 0.15 down to nothing at ten years apart,
    language 0.1, and being anime or daily both 0.05. None where neither a genre nor the titles agree: that two shows
    are of one year and language recommends neither.

    >>> one = Show("dark", "Dark", year=2017, genres=("Drama", "Mystery"), language="de")
    >>> found = compare_shows(one, Show("1899", "1899", year=2022, genres=("Mystery",), language="de"))
    >>> found.score, found.reasons
    (0.375, ('both Mystery', '2022, near 2017', 'both in de'))
    >>> compare_shows(one, Show("babylon-berlin", "Babylon Berlin", year=2017, language="de"))
    """
    reasons: list[str] = []
    theirs = {genre.casefold() for genre in other.genres}
    shared = [genre for genre in show.genres if genre.casefold() in theirs]
    score = 0.0
    if shared:
        score += _GENRES * len(shared) / len(theirs | {genre.casefold() for genre in show.genres})
        reasons.append(f"both {', '.join(shared)}")
    if nearness >= LEAST_NEARNESS:
        score += 0.3 * min(nearness, 1.0)
        reasons.append(how)
    if not reasons:
        return None
    if show.year is not None and other.year is not None and abs(show.year - other.year) < 10:
        score += 0.15 * (1 - abs(show.year - other.year) / 10)
        reasons.append(f"both {show.year}" if show.year == other.year else f"{other.year}, near {show.year}")
    if show.language is not None and show.language == other.language:
        score += 0.1
        reasons.append(f"both in {show.language}")
    if show.type == other.type != "standard":
        score += 0.05
        reasons.append(f"both {show.type}")
    return Alike(other, round(score, 3), tuple(reasons))


_Genres: TypeAlias = frozenset[str]


class _Traits(NamedTuple):
    """What of a show decides its likeness to another, genres and title apart."""

    year: int | None
    language: str | None
    numbering: str


class _Found(NamedTuple):
    """How alike a show is to the one of those that are liked that it is most like; of several, the first."""

    score: float
    before: int
    """The position of that one, negated, so that the greatest is the best."""


_NOWHERE = _Found(-math.inf, 0)


def most_alike(
    liked: Sequence[Show],
    others: Iterable[Show],
    near: Sequence[Mapping[str, float]],
    *,
    count: int,
    how: Callable[[float], str],
) -> list[tuple[Show, Alike]]:
    """The `count` of `others` that `compare_shows` finds most like any of `liked`, each with that one; best first.

    Equals are by title and key; of several that one is equally like, it comes with the first. `near` has, for each that
    is liked, how near the titles of others are, by key; what is not in it is not near. `how` says what a nearness
    means. No show is in both.

    Genres and traits that many shows have in common are compared once, the most promising first, and none that could
    not come among the best any more.

    >>> dark = Show("dark", "Dark", year=2017, genres=("Drama", "Mystery"))
    >>> others = [Show("1899", "1899", year=2022, genres=("Mystery",)), Show("taxi", "Taxi", genres=("Comedy",))]
    >>> [(show.key, alike.record.key) for show, alike in most_alike([dark], others, [{}], count=5, how=str)]
    [('dark', '1899')]
    """
    by_key = {show.key: show for show in others}
    best: dict[str, _Found] = {}
    for at, (show, nearness) in enumerate(zip(liked, near, strict=True)):
        for key in nearness.keys() & by_key.keys():
            alike = compare_shows(show, by_key[key], nearness=nearness[key])
            if alike is not None:
                best[key] = max(best.get(key, _NOWHERE), _Found(alike.score, -at))
    for members, found in _by_genres(liked, by_key.values(), count):
        for show in members:
            best[show.key] = max(best.get(show.key, _NOWHERE), found)
    chosen = sorted(best, key=lambda key: (-best[key].score, by_key[key].title, key))[:count]
    return [_told(liked, near, -best[key].before, by_key[key], how) for key in chosen]


def _told(
    liked: Sequence[Show], near: Sequence[Mapping[str, float]], at: int, other: Show, how: Callable[[float], str]
) -> tuple[Show, Alike]:
    nearness = near[at].get(other.key, 0.0)
    alike = compare_shows(liked[at], other, nearness=nearness, how=how(nearness))
    assert alike is not None, "it was found alike before"
    return liked[at], alike


def _by_genres(liked: Sequence[Show], others: Iterable[Show], count: int) -> list[tuple[list[Show], _Found]]:
    """What those that may be among the best come to by all but their titles; those that share no genre are left out."""
    groups: dict[_Genres, dict[_Traits, list[Show]]] = {}
    for show in others:
        groups.setdefault(frozenset(_genres(show)), {}).setdefault(_traits(show), []).append(show)
    wanted: dict[tuple[str, ...], dict[_Traits, int]] = {}
    for at, show in enumerate(liked):
        wanted.setdefault(_genres(show), {}).setdefault(_traits(show), at)
    found: dict[tuple[_Genres, _Traits], _Found] = {}
    least = -math.inf
    pairs = _pairs(wanted, groups)
    for share in sorted(pairs, reverse=True):
        if _GENRES * share + _ALL_BUT_GENRES + _ROUNDING < least:
            break
        for mine, theirs in pairs[share]:
            for at in wanted[mine].values():
                for traits, members in groups[theirs].items():
                    alike = compare_shows(liked[at], members[0])
                    assert alike is not None, "they share a genre"
                    place = theirs, traits
                    found[place] = max(found.get(place, _NOWHERE), _Found(alike.score, -at))
        scores = ((one.score, len(groups[theirs][traits])) for (theirs, traits), one in found.items())
        least = _last_score(scores, count)
    return [(groups[theirs][traits], one) for (theirs, traits), one in found.items()]


def _pairs(
    wanted: Iterable[tuple[str, ...]], groups: Iterable[_Genres]
) -> dict[float, list[tuple[tuple[str, ...], _Genres]]]:
    """Genres with others that share one of them, by the share of what they have in common."""
    having: dict[str, list[_Genres]] = {}
    for theirs in groups:
        for genre in theirs:
            having.setdefault(genre, []).append(theirs)
    pairs: dict[float, list[tuple[tuple[str, ...], _Genres]]] = {}
    for mine in wanted:
        shared = Counter(theirs for genre in mine for theirs in having.get(genre, ()))
        for theirs, times in shared.items():
            pairs.setdefault(times / len(theirs.union(mine)), []).append((mine, theirs))
    return pairs


def _last_score(found: Iterable[tuple[float, int]], count: int) -> float:
    """The score of the last of the best `count`, of scores and how many have each; none if there are not so many.

    >>> _last_score([(0.5, 10), (0.75, 2)], 2), _last_score([(0.5, 10), (0.75, 2)], 13)
    (0.75, -inf)
    """
    for score, times in sorted(found, reverse=True):
        count -= times
        if count <= 0:
            return score
    return -math.inf


def _genres(show: Show) -> tuple[str, ...]:
    return tuple(genre.casefold() for genre in show.genres)


def _traits(show: Show) -> _Traits:
    return _Traits(show.year, show.language, show.type)

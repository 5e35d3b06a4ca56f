"""What a provider says now of a show and its episodes, beside what was entered before.

Numbers, and the title, year and type of a show, are *pinned*: files stand by them. What a provider says otherwise of
those is recognised and told apart from what is merely new, and never mixed with it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TypeAlias

import attrs
from rapidfuzz import fuzz

from medialib.matching import normalise_title
from medialib.model import Episode, Show

__all__ = ["EpisodeComparison", "Renumbered", "ShowComparison", "compare_episodes", "compare_show"]

Number: TypeAlias = tuple[int, int]
"""Season and number of an episode."""

_NEAR_DAYS = 2
"""Two days of first broadcast that lie so near may be one, told in two time zones."""
_MISSPELT = 70
_DESCRIBED = ("status", "genres", "language", "countries")
_BARE = re.compile(r"(?:tba|tbd|to be (?:announced|determined)|(?:episode|folge|part|chapter|ep|day|week|no)?\s*#?\d+)")


@attrs.frozen
class Renumbered:
    """An episode that the provider has under another number now."""

    previous: Episode
    """As it was entered."""
    episode: Episode
    """As the provider has it now."""
    reasons: tuple[str, ...]
    """By what it was recognised, for a reader."""

    def __str__(self) -> str:
        return f"{code(self.previous)} is {code(self.episode)} now: {', '.join(self.reasons)}"


@attrs.frozen
class EpisodeComparison:
    """A show's episodes as they were entered, and as its provider lists them now."""

    known: tuple[Episode, ...]
    """As they were entered, by season and number."""
    added: tuple[Episode, ...] = ()
    """New ones, at numbers that were free."""
    corrected: tuple[tuple[Episode, Episode], ...] = ()
    """Those at their old numbers of which more is known now, or a title or day of broadcast that is another: before
    and after."""
    renumbered: tuple[Renumbered, ...] = ()
    """Those that are the same under other numbers."""
    restated: tuple[tuple[Episode, Episode], ...] = ()
    """Those at their old numbers whose absolute number, or day if files stand by that, is another: before and after."""
    replaced: tuple[tuple[Episode, Episode], ...] = ()
    """Those at whose numbers there is another episode now, and which were found nowhere else: before and after."""
    gone: tuple[Episode, ...] = ()
    """Those that are not listed any more. They stay."""
    arriving: tuple[Episode, ...] = ()
    """New ones whose numbers are not free before others are renumbered."""

    @property
    def settled(self) -> tuple[Episode, ...]:
        """The episodes with what is new, and everything that is pinned as it was."""
        found = {_number(episode): episode for episode in self.known}
        found.update({_number(after): after for _, after in self.corrected})
        found.update({_number(episode): episode for episode in self.added})
        return tuple(found[number] for number in sorted(found))

    @property
    def followed(self) -> tuple[Episode, ...]:
        """The episodes as the provider numbers them now, with those that are gone from its list."""
        found = {_number(episode): episode for episode in self.settled}
        for each in self.renumbered:
            found.pop(_number(each.previous), None)
        found.update({_number(each.episode): each.episode for each in self.renumbered})
        found.update({_number(after): after for _, after in (*self.restated, *self.replaced)})
        found.update({_number(episode): episode for episode in self.arriving})
        return tuple(found[number] for number in sorted(found))

    @property
    def pinned(self) -> tuple[str, ...]:
        """What the provider numbers otherwise now, a line an episode, for a reader."""
        restated = (_restated(before, after) for before, after in self.restated)
        replaced = (f"{code(before)} is {_called(after)} now, not {_called(before)}" for before, after in self.replaced)
        arriving = (f"{code(episode)} is {_called(episode)} now" for episode in self.arriving)
        return (*map(str, self.renumbered), *restated, *replaced, *arriving)


@attrs.frozen
class ShowComparison:
    """The record of a show as it is, and as its provider describes it now."""

    settled: Show
    """The record with what is new, and everything that is pinned as it was."""
    followed: Show
    """The record with the provider's title, year and type, too; the old title is an alias of it."""
    pinned: tuple[str, ...] = ()
    """What the provider says otherwise of title, year and type, for a reader."""


def compare_show(known: Show, fresh: Show) -> ShowComparison:
    """What a provider says of a show now, beside its record; `fresh` is the record that it would make today.

    Status, genres, language and countries follow the provider, unless the user said them; gaps are filled, and names
    added. Key, folder, source and order of episodes stay.

    >>> dark = Show("dark", "Dark", source="tvmaze", status="Running")
    >>> found = compare_show(dark, Show("", "DARK", year=2017, status="Ended"))
    >>> found.settled.status, found.settled.year, found.settled.title, found.followed.title
    ('Ended', 2017, 'Dark', 'DARK')
    >>> found.pinned
    ("the title is 'DARK' now, not 'Dark'",)
    """
    names = {normalise_title(known.title): ""}
    names.update({normalise_title(alias): alias for alias in known.aliases})
    aliases = list(known.aliases)
    for alias in fresh.aliases:
        if normalise_title(alias) not in names:
            names[normalise_title(alias)] = alias
            aliases.append(alias)
    told = {
        field: getattr(fresh, field)
        for field in _DESCRIBED
        if getattr(fresh, field) and not (getattr(known, field) and known.said_by(field) == "user")
    }
    if known.year is None and fresh.year is not None:
        told["year"] = fresh.year
    settled = attrs.evolve(known, ids=known.ids.merged(fresh.ids), aliases=tuple(aliases), **told)
    settled = attrs.evolve(settled, provenance=_provenance(known, settled, fresh))
    pinned = [
        f"the {field} is {getattr(fresh, field)!r} now, not {getattr(settled, field)!r}"
        for field in ("title", "year", "type")
        if getattr(fresh, field) not in (None, "", getattr(settled, field))
    ]
    if not pinned:
        return ShowComparison(settled, settled)
    kept = [alias for alias in settled.aliases if normalise_title(alias) != normalise_title(fresh.title)]
    if normalise_title(settled.title) not in {normalise_title(name) for name in (*kept, fresh.title)}:
        kept.append(settled.title)
    followed = attrs.evolve(
        settled, title=fresh.title, year=fresh.year or settled.year, type=fresh.type, aliases=tuple(kept)
    )
    return ShowComparison(settled, followed, tuple(pinned))


def _provenance(known: Show, settled: Show, fresh: Show) -> Mapping[str, str]:
    """Who said what, where that is not the source of the record: what is new was said by whoever said it of `fresh`."""
    said = dict(known.provenance)
    new = [field for field in ("year", *_DESCRIBED) if getattr(settled, field) != getattr(known, field)]
    mine, all_ids = attrs.asdict(known.ids), attrs.asdict(settled.ids)
    new += [f"ids.{name}" for name in mine if mine[name] != all_ids[name]]
    for field in new:
        said[field] = fresh.said_by(field)
    return {field: who for field, who in said.items() if who != known.source}


def compare_episodes(known: Iterable[Episode], fresh: Iterable[Episode], *, dated: bool = False) -> EpisodeComparison:
    """What a provider lists now, beside the episodes that were entered.

    An episode under another number is recognised by its title, if that is a telling one and only one episode has it,
    else by its day of broadcast, if only one has that, else by its absolute number; what both say must not contradict
    it. `dated` says that files stand by their days (a daily show), so that those are pinned too.

    >>> before = [Episode("s", 1, 1, "Pilot"), Episode("s", 1, 2, "The Storm")]
    >>> after = [Episode("s", 1, 1, "Pilot"), Episode("s", 1, 2, "The Calm"), Episode("s", 1, 3, "The Storm")]
    >>> found = compare_episodes(before, after)
    >>> [str(each) for each in found.renumbered]
    ["S01E02 is S01E03 now: the same title 'The Storm'"]
    >>> found.settled == tuple(before), found.followed == tuple(after)
    (True, True)
    """
    matching = _Matching(known, fresh)
    pairs = matching.pairs()
    corrected, restated, replaced = [], [], []
    renumbered = []
    # where absolute numbers are counted otherwise, it cannot be told by which count a release name goes
    counted = {old.absolute for old, _, _ in pairs if old.absolute is not None} | {
        episode.absolute for episode in matching.known.values() if episode.absolute is not None
    }
    contrary = _counts_differ(pairs, matching)
    for old, new, reasons in pairs:
        if _number(old) != _number(new):
            renumbered.append(Renumbered(old, _filled(old, new, absolute=new.absolute), reasons))
            continue
        absolute = old.absolute if old.absolute is not None or contrary else new.absolute
        if old.absolute is None and new.absolute in counted:
            absolute = None
        after = _filled(old, new, absolute=absolute)
        if dated and old.aired is not None and new.aired not in (None, old.aired):
            after = attrs.evolve(after, aired=old.aired)
        if after != old:
            corrected.append((old, after))
        whole = _filled(old, new, absolute=after.absolute if new.absolute is None else new.absolute)
        if after != whole:
            restated.append((after, whole))
    found_old = {_number(old) for old, _, _ in pairs}
    found_new = {_number(new) for _, new, _ in pairs}
    vacated = {_number(each.previous) for each in renumbered}
    added, arriving, gone = [], [], []
    for number, new in matching.fresh.items():
        if number in found_new:
            continue
        if number not in matching.known:
            added.append(attrs.evolve(new, absolute=None) if contrary or new.absolute in counted else new)
            if new.absolute is not None and added[-1].absolute is None:
                restated.append((added[-1], new))
        elif number in vacated:
            arriving.append(new)
        else:
            replaced.append((matching.known[number], new))
    arrived = {_number(each.episode): each.episode for each in renumbered}
    for number, old in matching.known.items():
        if number not in found_old and number in arrived:
            replaced.append((old, arrived[number]))
        elif number not in found_old and number not in matching.fresh:
            gone.append(old)
    return EpisodeComparison(
        tuple(matching.known.values()),
        tuple(added),
        tuple(corrected),
        tuple(renumbered),
        tuple(restated),
        tuple(replaced),
        tuple(gone),
        tuple(arriving),
    )


_Pair: TypeAlias = tuple[Episode, Episode, tuple[str, ...]]


class _Matching:
    """Finds which episode is which; each at most once."""

    def __init__(self, known: Iterable[Episode], fresh: Iterable[Episode]) -> None:
        self.known = _by_number(known)
        self.fresh = _by_number(fresh)
        self._old = dict(self.known)
        self._new = dict(self.fresh)
        self._found: list[_Pair] = []

    def pairs(self) -> list[_Pair]:
        """Old and new, with what they were recognised by, surest first."""
        self._at_same_numbers(lambda old, new: _told(old) is not None and _told(old) == _told(new))
        self._by_what_is_single(_told, "the same title {0.title!r}")
        self._at_same_numbers(lambda old, new: old.aired is not None and old.aired == new.aired)
        self._by_what_is_single(lambda each: each.aired, "alone broadcast on {0.aired}")
        self._at_same_numbers(lambda old, new: not _titles_differ(old, new) and not _days_differ(old, new))
        self._by_what_is_single(lambda each: each.absolute, "the same absolute number {0.absolute}")
        self._at_same_numbers(lambda old, new: not _titles_differ(old, new))
        return sorted(self._found, key=lambda pair: _number(pair[0]))

    def _at_same_numbers(self, same: Callable[[Episode, Episode], bool]) -> None:
        for number in [number for number in self._old if number in self._new]:
            if same(self._old[number], self._new[number]):
                self._found.append((self._old.pop(number), self._new.pop(number), ()))

    def _by_what_is_single(self, fact: Callable[[Episode], object], reason: str) -> None:
        """Those of which one fact is the same, and no other episode of either list has it."""
        anywhere = [Counter(map(fact, episodes.values())) for episodes in (self.known, self.fresh)]
        new = {fact(episode): episode for episode in self._new.values()}
        for old in list(self._old.values()):
            value = fact(old)
            if value is None or value not in new or any(count[value] != 1 for count in anywhere):
                continue
            now = new[value]
            if _number(old) == _number(now) or _days_differ(old, now) or _titles_differ(old, now):
                continue
            reasons = [reason.format(old)]
            if old.aired is not None and old.aired == now.aired and "broadcast" not in reason:
                reasons.append(f"broadcast on {old.aired}")
            self._found.append((self._old.pop(_number(old)), self._new.pop(_number(now)), tuple(reasons)))


def _counts_differ(pairs: Iterable[_Pair], matching: _Matching) -> bool:
    """Whether the provider counts absolute numbers otherwise than they are pinned."""
    pinned = {each.absolute: number for number, each in matching.known.items() if each.absolute is not None}
    for old, new, _ in pairs:
        if None not in (old.absolute, new.absolute) and old.absolute != new.absolute:
            return True
    return any(
        new.absolute is not None and pinned.get(new.absolute, number) != number
        for number, new in matching.fresh.items()
    )


def _filled(old: Episode, new: Episode, *, absolute: int | None) -> Episode:
    title = old.title if new.title is None or (_told(new) is None and _told(old) is not None) else new.title
    return attrs.evolve(new, title=title, aired=new.aired or old.aired, absolute=absolute)


def _by_number(episodes: Iterable[Episode]) -> Mapping[Number, Episode]:
    found = {_number(episode): episode for episode in episodes}
    return {number: found[number] for number in sorted(found)}


def _number(episode: Episode) -> Number:
    return episode.season, episode.number


def _told(episode: Episode) -> str | None:
    """A title that tells an episode from others; "Episode 7" says its number, and nothing else."""
    plain = normalise_title(episode.title or "")
    return None if not plain or _BARE.fullmatch(plain) else plain


def _titles_differ(old: Episode, new: Episode) -> bool:
    before, after = _told(old), _told(new)
    return before is not None and after is not None and fuzz.ratio(before, after) < _MISSPELT


def _days_differ(old: Episode, new: Episode) -> bool:
    return None not in (old.aired, new.aired) and _apart(old.aired, new.aired) > _NEAR_DAYS


def _apart(one: date | None, other: date | None) -> int:
    return 0 if one is None or other is None else abs((one - other).days)


def code(episode: Episode) -> str:
    """How an episode is called for short.

    >>> code(Episode("s", 1, 2))
    'S01E02'
    """
    return f"S{episode.season:02}E{episode.number:02}"


def _restated(before: Episode, after: Episode) -> str:
    told = []
    if before.absolute != after.absolute:
        told.append(f"absolute episode {after.absolute} now, not {before.absolute or 'counted'}")
    if before.aired != after.aired:
        told.append(f"broadcast on {after.aired} now, not on {before.aired}")
    return f"{code(before)} is {' and '.join(told)}"


def _called(episode: Episode) -> str:
    if episode.title is not None:
        return repr(episode.title)
    return "without a title" if episode.aired is None else f"that of {episode.aired}"

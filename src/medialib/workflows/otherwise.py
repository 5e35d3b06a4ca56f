"""What would have changed the outcome: the same decisions once more, with one thing different each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import attrs

from medialib.filters import PathRules, judge_path
from medialib.matching import Candidate, Identified, TitleIndex, identify, known_title
from medialib.model import Episode, Movie, Show
from medialib.naming import JELLYFIN, KODI, ORIGINAL, PLEX, ParsedName
from medialib.routing import Unrouted, new_movie, new_show, route
from medialib.workflows.route_rules import RouteRules
from medialib.workflows.titles import UnknownTitles

__all__ = ["Deciding", "Otherwise", "what_if"]

_FEW = 3


@attrs.frozen
class Otherwise:
    """One thing that could be different, and what would come of it."""

    change: str
    """What would have to be different, for a reader: goes on behind "if"."""
    outcome: str
    """What would become of the file then."""
    place: str | None
    """Where it would go; None if it would stay."""
    key: str | None = None
    """The setting that says so; None if it is no matter of the configuration."""


@attrs.frozen
class Deciding:
    """All that the fate of a name depends on."""

    name: str
    """The name, with its folders."""
    parsed: ParsedName
    """How it is read."""
    records: Mapping[tuple[str, str], Show | Movie]
    """The shows and films that are known, by kind and key."""
    rules: RouteRules
    """How files are routed."""
    episodes: Callable[[str], tuple[Episode, ...]]
    """The episodes of a show, by its key."""

    @property
    def match(self) -> Identified | None:
        """Which of the known titles it is."""
        found = identify(self.parsed, self.index)
        return found if isinstance(found, Identified) else None

    @property
    def index(self) -> TitleIndex:
        """The known titles."""
        return TitleIndex(known_title(record) for record in self.records.values())

    def outcome(self) -> tuple[str, str | None]:
        """What becomes of the file, and the place where it goes, if it goes anywhere."""
        verdict = judge_path(self.name, self.rules.paths)
        if not verdict:
            return f"it would be left out: {'; '.join(verdict.reasons)}", None
        record = self._record()
        if isinstance(record, str):
            return record, None
        known = self.episodes(record.key) if isinstance(record, Show) else ()
        decided = route(self.name, self.parsed, record, self.rules.policy, episodes=known)
        if isinstance(decided, Unrouted):
            return f"it would stay where it is: {decided.reason}", None
        return f"it would go to {decided.place}", str(decided.place)

    def _record(self) -> Show | Movie | str:
        """The title, known or to be entered; or what becomes of a file that has none."""
        found = identify(self.parsed, self.index)
        if isinstance(found, Identified):
            return self.records[found.title.kind, found.title.key]
        if self.parsed.title is None or self.parsed.rejected or self.parsed.kind == "unknown":
            return "it would stay where it is: its name says neither episode nor film"
        if found.ambiguous:
            return f"it would stay where it is: {found.reason}"
        kind = "show" if self.parsed.is_episode else "movie"
        policy = self.rules.unknown_shows if kind == "show" else self.rules.unknown_movies
        if policy == "refuse":
            return f"it would stay where it is: {found.reason}"
        if policy == "look-up":
            return "it would be looked up"
        keys = [key for its_kind, key in self.records if its_kind == kind]
        return new_show(self.parsed, keys) if kind == "show" else new_movie(self.parsed, keys)


def what_if(deciding: Deciding) -> tuple[Otherwise, ...]:
    """What would have brought another outcome: another pattern, reading, year, alias or setting.

    Each is tried alone, and told only if the outcome is another.

    >>> from medialib.naming import parse_name
    >>> from medialib.routing import RoutingPolicy
    >>> rules = RouteRules(RoutingPolicy(tv="tv"), paths=PathRules(exclude=("sample",)))
    >>> name = "Show.S01E01.sample.mkv"
    >>> found = what_if(Deciding(name, parse_name(name), {}, rules, lambda key: ()))
    >>> found[0].change, found[0].key
    ("there were no exclude pattern 'sample'", 'download.exclude')
    """
    before = deciding.outcome()
    found: list[Otherwise] = []
    for change, key, other in _others(deciding):
        outcome, place = other.outcome()
        if (outcome, place) != before and all(outcome != each.outcome or change != each.change for each in found):
            found.append(Otherwise(change, outcome, place, key))
    return tuple(found)


def _others(deciding: Deciding) -> Iterator[tuple[str, str | None, Deciding]]:
    """Each change with the setting that makes it, and all as it would be then."""
    yield from _patterns(deciding)
    yield from _readings(deciding)
    yield from _titles(deciding)
    yield from _policies(deciding)


def _patterns(deciding: Deciding) -> Iterator[tuple[str, str | None, Deciding]]:
    paths = deciding.rules.paths
    for which, patterns in (("exclude", paths.exclude), ("include", paths.include)):
        for pattern in patterns:
            if judge_path(deciding.name, PathRules((pattern,))):
                continue
            rest = tuple(each for each in patterns if each != pattern)
            changed = attrs.evolve(paths, **{which: rest})
            rules = attrs.evolve(deciding.rules, paths=changed)
            yield (
                f"there were no {which} pattern {pattern!r}",
                f"download.{which}",
                attrs.evolve(deciding, rules=rules),
            )


def _readings(deciding: Deciding) -> Iterator[tuple[str, str | None, Deciding]]:
    for other in deciding.parsed.alternatives[:_FEW]:
        parsed = attrs.evolve(deciding.parsed, **dict(other.fields))
        yield f"it were read otherwise ({other.reason})", None, attrs.evolve(deciding, parsed=parsed)


def _titles(deciding: Deciding) -> Iterator[tuple[str, str | None, Deciding]]:
    parsed = deciding.parsed
    found = identify(parsed, deciding.index)
    others: tuple[Candidate, ...] = found.runners_up if isinstance(found, Identified) else found.candidates
    for candidate in islice(others, _FEW):
        title = candidate.title
        if title.year not in (None, parsed.year):
            year = attrs.evolve(parsed, year=title.year)
            yield f"its name said {title.year}", None, attrs.evolve(deciding, parsed=year)
        record = deciding.records[title.kind, title.key]
        if not isinstance(found, Identified) and parsed.title is not None:
            called = attrs.evolve(record, aliases=(*record.aliases, parsed.title))
            records = {**deciding.records, (title.kind, title.key): called}
            alias = f"{title.title!r} had the alias {parsed.title!r}"
            yield alias, None, attrs.evolve(deciding, records=records)


def _policies(deciding: Deciding) -> Iterator[tuple[str, str | None, Deciding]]:
    rules, policy, confidence = deciding.rules, deciding.rules.policy, deciding.parsed.confidence
    if confidence < 1:
        lower = confidence < policy.minimum_confidence
        minimum = 0.0 if lower else min(confidence + 0.01, 1.0)
        asked = f"routing.minimum_confidence were {'at most' if lower else 'above'} {confidence:.2f}"
        changed = attrs.evolve(rules, policy=attrs.evolve(policy, minimum_confidence=minimum))
        yield asked, "routing.minimum_confidence", attrs.evolve(deciding, rules=changed)
    if deciding.match is None:
        choices: tuple[UnknownTitles, ...] = ("by-name", "look-up", "refuse")
        for choice in choices:
            if deciding.parsed.is_episode:
                key, changed = "routing.unknown_shows", attrs.evolve(rules, unknown_shows=choice)
            else:
                key, changed = "routing.unknown_movies", attrs.evolve(rules, unknown_movies=choice)
            yield f"{key} were {choice!r}", key, attrs.evolve(deciding, rules=changed)
    for preset in (ORIGINAL, PLEX, JELLYFIN, KODI):
        if preset.name != policy.preset.name:
            changed = attrs.evolve(rules, policy=attrs.evolve(policy, preset=preset))
            yield f"library.preset were {preset.name!r}", "library.preset", attrs.evolve(deciding, rules=changed)

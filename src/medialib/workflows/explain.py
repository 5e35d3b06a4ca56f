"""The whole story of a file or a title, from what the catalogue and the journal say and what would be decided now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from medialib.completeness import Complete, StabilityRules, StillArriving, Unknown, judge_completeness, same_time
from medialib.errors import TransientError
from medialib.filters import judge_path
from medialib.matching import Candidate, Chosen, Identified, TitleIndex, identify, known_title
from medialib.model import Episode, Movie, Place, Show
from medialib.naming import ParsedName, parse_name
from medialib.planning import describe, unstructure
from medialib.ports import Catalogue, Clock, Location
from medialib.routing import Unrouted, episodes_from, movie_from, new_movie, new_show, route, show_from
from medialib.workflows.arrival import Arrivals, folders_down_to
from medialib.workflows.lookup import TitleLookup, in_words
from medialib.workflows.route import RouteRules

__all__ = ["Chapter", "Story", "explain_name", "explain_place", "explain_title", "explain_wholeness", "place_of"]


@attrs.frozen
class Chapter:
    """One part of a story."""

    heading: Literal[
        "stands", "whole", "title", "received", "journal", "filtered", "read", "matched", "looked up", "routed"
    ]
    """What it tells of."""
    lines: tuple[str, ...]
    """For a reader."""
    data: Mapping[str, Any] = attrs.field(factory=dict)
    """The same as plain data."""


@attrs.frozen
class Story:
    """Everything that is known of one subject."""

    subject: str
    """What was asked about."""
    chapters: tuple[Chapter, ...]
    """In the order of a file's way."""

    def lines(self) -> tuple[str, ...]:
        """For a reader."""
        told = [self.subject]
        for chapter in self.chapters:
            told.extend(
                f"  {chapter.heading + ':' if index == 0 else '':<10} {line}"
                for index, line in enumerate(chapter.lines)
            )
        return tuple(told)

    def to_dict(self) -> dict[str, Any]:
        """As plain data, with the lines beside it."""
        return {
            "subject": self.subject,
            "chapters": [
                {"heading": chapter.heading, "lines": list(chapter.lines), "data": dict(chapter.data)}
                for chapter in self.chapters
            ],
        }


def place_of(subject: str, locations: Mapping[str, Location]) -> Place | None:
    """The place that ``location:path``, or a full path below a location's root, means; None if it is neither."""
    name, colon, path = subject.partition(":")
    if colon and name in locations:
        root = locations[name].address("").rstrip("/")
        return Place(name, path.removeprefix(f"{root}/").lstrip("/"))
    best: tuple[int, Place] | None = None
    for name, location in locations.items():
        root = location.address("").rstrip("/")
        if subject.startswith(f"{root}/") and (best is None or len(root) > best[0]):
            best = (len(root), Place(name, subject[len(root) + 1 :]))
    return None if best is None else best[1]


def explain_place(place: Place, catalogue: Catalogue, locations: Mapping[str, Location], rules: RouteRules) -> Story:
    """Where a file stands, how it came there, and how its name reads."""
    chapters: list[Chapter] = []
    location = locations[place.location]
    entry = location.entry(place.path)
    row = catalogue.inventory.get(place)
    if entry is not None or row is not None:
        there = "nothing stands there now" if entry is None else f"{entry.size} bytes"
        lines = [f"{location.address(place.path)}: {there}"]
        if row is not None:
            changed = entry is not None and (entry.size != row.size or entry.mtime_ns != row.mtime_ns)
            lines.append(
                f"in the inventory since {row.recorded:%Y-%m-%d %H:%M}Z"
                + (", but it has changed since" if changed else "")
            )
            lines.extend(_holding_lines(row.holding.sha256, row.holding.release))
        data = {"entry": unstructure(entry) if entry else None, "inventory": unstructure(row) if row else None}
        chapters.append(Chapter("stands", tuple(lines), data))
    received = catalogue.known_files.get(place.location, location.address(place.path)) or (
        catalogue.known_files.by_local(place)
    )
    if received is not None:
        how = "received" if received.state == "fetched" else "recorded without fetching"
        line = f"{received.remote}:{received.path} {how} {received.recorded:%Y-%m-%d %H:%M}Z"
        chapters.append(
            Chapter("received", (line, *_holding_lines(received.sha256, None)), {"known": unstructure(received)})
        )
    chapters.extend(_journal(place, catalogue))
    origin = row.holding.release if row is not None and row.holding.release else place.path
    chapters.extend(_reading(origin, catalogue, rules))
    return Story(str(place), tuple(chapters))


def explain_wholeness(
    path: str, location: Location, start: str, catalogue: Catalogue, rules: StabilityRules, clock: Clock
) -> Chapter | None:
    """Whether the file at `path` of a remote is believed to be whole, below the configured folder `start`, and why.

    None if it is not there, or as it was when it was last dealt with. Lists the folders that may say something of it.
    """
    entry = location.entry(path)
    row = catalogue.known_files.get(location.name, location.address(path))
    granularity = location.traits.mtime_granularity_ns
    if entry is None or (
        row is not None and row.size == entry.size and same_time(row.mtime_ns, entry.mtime_ns, granularity)
    ):
        return None
    arrivals = Arrivals(
        location,
        rules,
        clock,
        dealt_with=lambda each: catalogue.known_files.get(location.name, location.address(each)) is not None,
    )
    for folder in folders_down_to(location, start, path):
        arrivals.enter(folder)
    below = path.removeprefix(f"{start}/") if start else path
    verdict = judge_completeness(
        attrs.evolve(entry, path=below),
        catalogue.sightings.of_remote(location.name).get(location.address(path)),
        clock.now(),
        rules,
        granularity_ns=granularity,
        around=arrivals.around(path),
    )
    said = {Complete: "whole", StillArriving: "still arriving", Unknown: "unknown"}[type(verdict)]
    line = {"whole": "it is believed to be", "still arriving": "it is still arriving"}.get(said, "nobody can tell yet")
    return Chapter("whole", (f"{line}: {verdict.evidence}",), {"verdict": said, "evidence": verdict.evidence})


def _holding_lines(sha256: str | None, release: str | None) -> tuple[str, ...]:
    came = (f"came as {release}",) if release else ()
    return (*came, f"SHA-256 {sha256}") if sha256 else came


def _journal(place: Place, catalogue: Catalogue) -> tuple[Chapter, ...]:
    """What the journal says of a file, followed back through its earlier places."""
    seen: set[tuple[str, int]] = set()
    found: list[tuple[str, int, str]] = []
    waiting = [place]
    visited = {place}
    while waiting:
        for run, line in catalogue.journal.touching(waiting.pop()):
            if (run, line.sequence) in seen:
                continue
            seen.add((run, line.sequence))
            result = "open" if line.outcome is None else line.outcome.result
            detail = f" ({line.action.reason})" if line.action.reason else ""
            found.append((run, line.sequence, f"{run}: {result}: {describe(line.action)}{detail}"))
            source, target = getattr(line.action, "source", None), getattr(line.action, "target", None)
            if isinstance(source, Place) and target in visited and source not in visited:
                visited.add(source)
                waiting.append(source)
    if not found:
        return ()
    found.sort()
    data = {"lines": [{"run": run, "sequence": sequence} for run, sequence, _ in found]}
    return (Chapter("journal", tuple(text for _, _, text in found), data),)


def explain_name(name: str, catalogue: Catalogue, rules: RouteRules, lookup: TitleLookup | None = None) -> Story:
    """How a release name reads, what it matches, and where such a file would go.

    What the catalogue does not know is looked up if `rules` say so; then every title that the provider offers is told,
    with its score.
    """
    return Story(name, _reading(name, catalogue, rules, lookup))


def explain_title(text: str, catalogue: Catalogue) -> Story | None:
    """What is known of the shows and films that go by a title; None if there are none."""
    records: dict[tuple[str, str], Show | Movie] = {("show", show.key): show for show in catalogue.shows.all()}
    records.update({("movie", movie.key): movie for movie in catalogue.movies.all()})
    found = TitleIndex(known_title(record) for record in records.values()).named(text)
    chapters = []
    for title in found:
        record = records[title.kind, title.key]
        files = tuple(catalogue.inventory.of_unit("episode" if title.kind == "show" else "movie", title.key))
        lines = [
            f"{title.kind} {record.title!r} ({record.year or 'year unknown'}) [{record.key}], from {record.source}"
        ]
        lines.extend(_provenance_lines(record))
        if record.aliases:
            lines.append(f"also called {', '.join(repr(alias) for alias in record.aliases)}")
        lines.extend(f"{row.place} ({row.size} bytes)" for row in files)
        data = {title.kind: unstructure(record), "files": [unstructure(row) for row in files]}
        chapters.append(Chapter("title", tuple(lines), data))
    return Story(text, tuple(chapters)) if chapters else None


def _provenance_lines(record: Show | Movie) -> tuple[str, ...]:
    """Who said what of a record that its source did not.

    >>> _provenance_lines(Show("dark", "Dark", source="tvmaze", provenance={"ids.tmdb": "tmdb", "language": "tmdb"}))
    ('its number at tmdb and its language from tmdb',)
    """
    said: dict[str, list[str]] = {}
    for field, who in record.provenance.items():
        words = field.replace("ids.", "number at ").replace("_", " ")
        said.setdefault(who, []).append(f"its {words}")
    return tuple(f"{in_words(words)} from {who}" for who, words in said.items())


def _reading(
    name: str, catalogue: Catalogue, rules: RouteRules, lookup: TitleLookup | None = None
) -> tuple[Chapter, ...]:
    verdict = judge_path(name, rules.paths)
    filtered = Chapter(
        "filtered",
        ("it is wanted" if verdict else "it is left out", *verdict.reasons),
        {"passed": verdict.passed, "reasons": list(verdict.reasons)},
    )
    parsed = parse_name(name)
    read = Chapter(
        "read",
        (f"{parsed.kind}, with a confidence of {parsed.confidence:.2f}", *parsed.explain()),
        parsed.to_dict(),
    )
    matched, record, episodes = _matching(parsed, catalogue, rules, lookup)
    if record is None:
        return (filtered, read, *matched)
    decided = route(name, parsed, record, rules.policy, episodes=episodes)
    if isinstance(decided, Unrouted):
        return (filtered, read, *matched, Chapter("routed", (str(decided),), {"place": None}))
    lines = (str(decided.place), *decided.reasons)
    return (filtered, read, *matched, Chapter("routed", lines, {"place": str(decided.place)}))


def _matching(
    parsed: ParsedName, catalogue: Catalogue, rules: RouteRules, lookup: TitleLookup | None
) -> tuple[tuple[Chapter, ...], Show | Movie | None, tuple[Episode, ...]]:
    """What a name matches in the catalogue and, where that is to be asked, at the provider."""
    shows = {show.key: show for show in catalogue.shows.all()}
    movies = {movie.key: movie for movie in catalogue.movies.all()}
    records: tuple[Show | Movie, ...] = (*shows.values(), *movies.values())
    match = identify(parsed, TitleIndex(known_title(record) for record in records))
    if isinstance(match, Identified):
        key = match.title.key
        record: Show | Movie | None = shows[key] if match.title.kind == "show" else movies[key]
        episodes = tuple(catalogue.episodes.of_show(key)) if isinstance(record, Show) else ()
        return (_matched(match.reasons, match.runners_up, key),), record, episodes
    chapters = (_matched((match.reason,), match.candidates, None),)
    policy = rules.unknown_shows if parsed.is_episode else rules.unknown_movies
    if match.ambiguous or parsed.title is None or parsed.rejected or parsed.kind == "unknown" or policy == "refuse":
        return chapters, None, ()
    if policy == "look-up" and lookup is None:
        return chapters, None, ()
    if policy == "look-up" and lookup is not None and lookup.knows("show" if parsed.is_episode else "movie"):
        looked_up, record, episodes = _looked_up(parsed, lookup)
        return (*chapters, looked_up), record, episodes
    record = new_show(parsed, shows) if parsed.is_episode else new_movie(parsed, movies)
    what = "show" if parsed.is_episode else "film"
    said = (match.reason, f"a {what} of that name would be entered")
    return (_matched(said, match.candidates, None),), record, ()


def _matched(said: tuple[str, ...], others: tuple[Candidate, ...], key: str | None) -> Chapter:
    listed = tuple(f"runner-up {item.title.title!r}: {item.score:.2f}, {item.reason}" for item in others)
    candidates = [
        {"key": item.title.key, "title": item.title.title, "score": item.score, "reason": item.reason}
        for item in others
    ]
    return Chapter("matched", (*said, *listed), {"identified": key, "candidates": candidates})


def _looked_up(parsed: ParsedName, lookup: TitleLookup) -> tuple[Chapter, Show | Movie | None, tuple[Episode, ...]]:
    """What the provider offers, with every score."""
    try:
        choice = lookup.parsed(parsed)
        listed = lookup.episodes(choice.title) if isinstance(choice, Chosen) and choice.title.kind == "show" else ()
    except TransientError as error:
        return Chapter("looked up", (f"{lookup.provider} could not be asked: {error}",), {"chosen": None}), None, ()
    others = choice.runners_up if isinstance(choice, Chosen) else choice.offers
    said = choice.reasons if isinstance(choice, Chosen) else (choice.reason,)
    chosen = choice.title if isinstance(choice, Chosen) else None
    first = (
        ()
        if chosen is None
        else (f"{chosen.title} ({chosen.year or 'no year'}) [{chosen.reference}] on {chosen.provider}",)
    )
    data = {
        "chosen": None if chosen is None else unstructure(chosen),
        "offers": [
            {"title": unstructure(offer.title), "score": offer.score, "reasons": list(offer.reasons)}
            for offer in others
        ],
    }
    chapter = Chapter("looked up", (*first, *said, *(f"{offer.score:.2f} {offer}" for offer in others)), data)
    if chosen is None:
        return chapter, None, ()
    if chosen.kind == "movie":
        return chapter, movie_from(chosen, alias=parsed.title), ()
    show = show_from(lookup.credited(chosen), alias=parsed.title)
    return chapter, show, episodes_from(show.key, listed)

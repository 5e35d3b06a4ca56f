"""The whole story of a file or a title, from what the catalogue and the journal say and what would be decided now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs

from medialib.completeness import Complete, StabilityRules, StillArriving, Unknown, judge_completeness, same_time
from medialib.errors import OutOfReach, TransientError
from medialib.filters import judge_path
from medialib.matching import Candidate, Chosen, Identified, TitleIndex, identify, known_title
from medialib.model import Episode, Holding, Movie, Place, Show
from medialib.naming import ParsedName, parse_name
from medialib.planning import unstructure
from medialib.ports import Catalogue, Clock, Location
from medialib.routing import Unrouted, episodes_from, movie_from, new_movie, new_show, route, show_from
from medialib.workflows.arrival import Arrivals, folders_down_to
from medialib.workflows.homes import Home, Homes
from medialib.workflows.lookup import TitleLookup, in_words
from medialib.workflows.otherwise import Deciding, what_if
from medialib.workflows.past import Past, past_of
from medialib.workflows.route_rules import RouteRules
from medialib.workflows.verifications import LastVerified, last_verified

__all__ = ["Chapter", "Story", "explain_name", "explain_place", "explain_title", "explain_wholeness", "place_of"]


@attrs.frozen
class Chapter:
    """One part of a story."""

    heading: Literal[
        "stands",
        "whole",
        "title",
        "seen",
        "received",
        "verified",
        "journal",
        "filtered",
        "read",
        "matched",
        "looked up",
        "routed",
        "otherwise",
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


def explain_place(
    place: Place,
    catalogue: Catalogue,
    locations: Mapping[str, Location],
    rules: RouteRules,
    homes: Homes | None = None,
) -> Story:
    """Where a file stands, how it came there, how its name reads, and where it would go, as `homes` say."""
    chapters: list[Chapter] = []
    location = locations[place.location]
    entry = location.entry(place.path)
    row = catalogue.inventory.get(place)
    changed = False
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
            lines.extend(_held_lines(row.holding, catalogue))
        data = {"entry": unstructure(entry) if entry else None, "inventory": unstructure(row) if row else None}
        chapters.append(Chapter("stands", tuple(lines), data))
    past = past_of(place, catalogue)
    chapters.extend(_arrival(place, past, catalogue, locations))
    verified = last_verified(past.stood, catalogue)
    if verified is not None:
        chapters.append(_verified(verified, changed=changed))
    if past.lines:
        data = {"lines": [line.to_dict() for line in past.lines]}
        chapters.append(Chapter("journal", tuple(str(line) for line in past.lines), data))
    origin = row.holding.release if row is not None and row.holding.release else place.path
    chapters.extend(_reading(origin, catalogue, rules, homes=homes))
    return Story(str(place), tuple(chapters))


def _arrival(place: Place, past: Past, catalogue: Catalogue, locations: Mapping[str, Location]) -> Iterator[Chapter]:
    """When the remote file was first seen, and when it was received."""
    source = place if past.source is None else past.source
    remote = locations.get(source.location)
    address = None if remote is None else remote.address(source.path)
    sighting = None if address is None else catalogue.sightings.of_remote(source.location).get(address)
    if sighting is not None:
        line = f"{source} first looked so {sighting.seen:%Y-%m-%d %H:%M}Z: {sighting.size} bytes"
        yield Chapter("seen", (line,), {"sighting": unstructure(sighting)})
    received = None if address is None else catalogue.known_files.get(source.location, address)
    received = received or catalogue.known_files.by_local(place)
    if received is not None:
        how = "recorded without fetching" if received.state == "baseline" else "received"
        let_go = ", and let go of there since" if received.state == "released" else ""
        line = f"{received.remote}:{received.path} {how} {received.recorded:%Y-%m-%d %H:%M}Z{let_go}"
        yield Chapter("received", (line, *_holding_lines(received.sha256, None)), {"known": unstructure(received)})


def _verified(found: LastVerified, *, changed: bool) -> Chapter:
    wrong = found.broken
    state = "nothing was found wrong with it" if wrong is None else f"{wrong.state}: {wrong.text}"
    since = "; it has changed since" if changed else ""
    line = f"{found.when:%Y-%m-%d %H:%M}Z, at {found.place}: {state}{since}"
    data = {
        "when": found.when.isoformat(),
        "place": unstructure(found.place),
        "broken": None if wrong is None else {"state": wrong.state, "text": wrong.text, "host": wrong.host},
        "changed_since": changed,
    }
    return Chapter("verified", (line,), data)


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


def _held_lines(holding: Holding, catalogue: Catalogue) -> tuple[str, ...]:
    """What the inventory says that a file holds."""
    unit = holding.unit
    if unit is None:
        return ("nobody could tell what it holds",)
    record = catalogue.movies.get(unit.key) if unit.kind == "movie" else catalogue.shows.get(unit.key)
    title = unit.key if record is None else f"{record.title!r} [{unit.key}]"
    numbers = "".join(f"E{number:02}" for number in unit.episodes)
    season = "" if unit.season is None else f"S{unit.season:02}"
    aired = "" if unit.aired is None else f"of {unit.aired}"
    told = " ".join(word for word in (title, f"{season}{numbers}", aired) if word)
    beside = ", as a file beside the video" if holding.role == "companion" else ""
    return (f"holds {told}{beside}",)


def explain_name(
    name: str,
    catalogue: Catalogue,
    rules: RouteRules,
    lookup: TitleLookup | None = None,
    homes: Homes | None = None,
) -> Story:
    """How a release name reads, what it matches, and where such a file would go.

    What the catalogue does not know is looked up if `rules` say so; then every title that the provider offers is told,
    with its score.
    """
    return Story(name, _reading(name, catalogue, rules, lookup, homes))


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
    name: str,
    catalogue: Catalogue,
    rules: RouteRules,
    lookup: TitleLookup | None = None,
    homes: Homes | None = None,
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
    if rules.review is not None and parsed.confidence < rules.policy.minimum_confidence:
        aside = f"its confidence is below {rules.policy.minimum_confidence:.2f}, so it is put aside for you to look at"
        place = f"{rules.review}:{name}"
        return (filtered, read, Chapter("routed", (place, aside), {"place": place, "reasons": [aside]}))
    matched, record, episodes = _matching(parsed, catalogue, rules, lookup)
    deciding = _deciding(name, parsed, catalogue, rules)
    if not verdict or record is None:
        routed = Chapter("routed", (f"nowhere: {_unplaced(deciding)}",), {"place": None})
    else:
        home = _home(record, parsed, rules, homes)
        decided = route(name, parsed, home.record, home.policy, episodes=episodes)
        if isinstance(decided, Unrouted):
            data = {"place": None, "reasons": [decided.reason], "remedy": decided.remedy}
            routed = Chapter("routed", (str(decided),), data)
        else:
            reasons = (*decided.reasons, *home.reasons)
            data = {"place": str(decided.place), "reasons": list(reasons)}
            routed = Chapter("routed", (str(decided.place), *reasons), data)
    others = what_if(deciding)
    changes = [attrs.asdict(other) for other in others]
    lines = tuple(f"if {other.change}, {other.outcome}" for other in others)
    otherwise = (Chapter("otherwise", lines, {"changes": changes}),) if others else ()
    return (filtered, read, *matched, routed, *otherwise)


def _deciding(name: str, parsed: ParsedName, catalogue: Catalogue, rules: RouteRules) -> Deciding:
    records: dict[tuple[str, str], Show | Movie] = {("show", show.key): show for show in catalogue.shows.all()}
    records.update({("movie", movie.key): movie for movie in catalogue.movies.all()})
    return Deciding(name, parsed, records, rules, lambda key: tuple(catalogue.episodes.of_show(key)))


def _unplaced(deciding: Deciding) -> str:
    outcome, place = deciding.outcome()
    return outcome if place is None else "its title is not known"


def _home(record: Show | Movie, parsed: ParsedName, rules: RouteRules, homes: Homes | None) -> Home:
    """The root and folder that a title is kept in; that of its kind where the roots cannot be asked."""
    home = Home(record, rules.policy, ())
    try:
        return home if homes is None else homes.of(record, parsed, 0)
    except OutOfReach as error:
        return attrs.evolve(home, reasons=(f"a root could not be asked: {error}",))


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

"""Tools that read release names and say what they mean; what a model makes of a name is checked here, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs

from medialib.errors import UsageError
from medialib.library import Library
from medialib.library import explain as explain_subject
from medialib.matching import (
    Candidate,
    Identified,
    Judgement,
    KnownTitle,
    ProposedReading,
    TitleIndex,
    identify,
    judge_reading,
    known_title,
)
from medialib.model import Episode, Movie, Show
from medialib.naming import ParsedName, parse_name
from medialib.service.desk import Desk
from medialib.service.tools import LONGEST_NAME, clipped, said, tool

__all__ = ["NAME_TOOLS", "identify_name", "judge_proposed", "parse_names", "reading_of", "titles_of"]

_NAME: Final = "The name exactly as it stands on the disk, remote or feed, folders and extension included."
_LINES: Final = 100
"""So many lines of a chapter of a story are told."""
_NUMBERS: Final = 100


@attrs.frozen
class NamesRequest:
    """Names to read."""

    names: tuple[str, ...] = attrs.field(
        metadata=said(
            "Release names or paths, exactly as they stand; 100 at most.",
            minItems=1,
            maxItems=100,
            items={"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
        )
    )
    kind: Literal["episode", "movie"] | None = attrs.field(
        default=None, metadata=said("What they are all known to be of, if that is known.")
    )


@attrs.frozen
class Span:
    """One thing read, and the characters that it was read from."""

    field: str
    """What was read."""
    text: str
    """The characters."""
    start: int
    """Index of the first of them in the name."""
    end: int
    """Index behind the last of them."""


@attrs.frozen
class OtherReading:
    """Another way to read the same name."""

    reason: str
    """What is read differently."""
    confidence: float
    """0 to 1."""
    fields: Mapping[str, Any]
    """The fields that differ."""


@attrs.frozen
class Reading:
    """How one name is read."""

    name: str
    """The name."""
    kind: str
    """What it is the name of."""
    confidence: float
    """0 (a guess) to 1 (it follows a convention to the letter)."""
    fields: Mapping[str, Any]
    """What was read."""
    spans: tuple[Span, ...] = ()
    """Where it stands in the name."""
    alternatives: tuple[OtherReading, ...] = ()
    """Other ways to read it, the likeliest first."""
    unread: tuple[str, ...] = ()
    """Words that nothing was made of."""
    reasons: tuple[str, ...] = ()
    """Why it was read so."""
    rejected: bool = False
    """Whether it says nothing but perhaps a title."""


@attrs.frozen
class Readings:
    """How names are read, in the order in which they were given."""

    readings: tuple[Reading, ...]
    """One a name."""


@attrs.frozen
class NameRequest:
    """A name to identify."""

    name: str = attrs.field(metadata=said(_NAME, minLength=1, maxLength=LONGEST_NAME))


@attrs.frozen
class Identification:
    """Which title of the catalogue a name means."""

    reading: Reading
    """How the name is read."""
    title: KnownTitle | None = None
    """The one title that it means; none if no title fits, or more than one does."""
    score: float | None = None
    """0 to 1."""
    reasons: tuple[str, ...] = ()
    """Why this one, or why none."""
    ambiguous: bool = False
    """Whether several fit equally well, so that a person must choose."""
    runners_up: tuple[Candidate, ...] = ()
    """What else came near, best first."""


@attrs.frozen
class JudgeRequest:
    """A reading that is proposed for a name."""

    name: str = attrs.field(metadata=said(_NAME, minLength=1, maxLength=LONGEST_NAME))
    reading: ProposedReading = attrs.field(
        metadata=said(
            "What you read in it: words and numbers of the name only; leave out what it does not say. Episodes are "
            "numbered within their season, absolute_episodes from the first episode on; a date is YYYY-MM-DD."
        )
    )


@attrs.frozen
class JudgedReading:
    """What the name and the catalogue say of a proposed reading."""

    verdict: Literal["fits", "fits, and is known", "does not fit"]
    """``fits, and is known`` only if exactly one title of the catalogue answers to it as well."""
    judgement: Judgement
    """What is borne out by which characters, what is not, and what the parser reads otherwise."""
    catalogue: tuple[str, ...] = ()
    """What the catalogue says of it, for a reader."""


@attrs.frozen
class ExplainRequest:
    """What a story is wanted of."""

    subject: str = attrs.field(
        metadata=said(
            "A file as location:path (tv:…, incoming:…, or a remote's name) or as a full path, a title of the "
            "catalogue, or a release name.",
            minLength=1,
            maxLength=4_000,
        )
    )
    look_up: bool = attrs.field(
        default=False,
        metadata=said("Ask the metadata provider about a name that the catalogue does not know, and tell every score."),
    )


@attrs.frozen
class ToldChapter:
    """One part of a story."""

    heading: str
    """What it tells of."""
    lines: tuple[str, ...]
    """For a reader."""


@attrs.frozen
class ToldStory:
    """All that is known of one subject."""

    subject: str
    """What was asked about."""
    chapters: tuple[ToldChapter, ...]
    """In the order of a file's way."""


def reading_of(parsed: ParsedName) -> Reading:
    """A parsed name as tools tell of it.

    >>> reading = reading_of(parse_name("Show.Name.S01E02.mkv"))
    >>> reading.fields["title"], reading.spans[0]
    ('Show Name', Span(field='title', text='Show.Name', start=0, end=9))
    """
    apart = {"name", "kind", "confidence", "leftover", "reasons", "rejected"}
    row = {name: value for name, value in parsed.to_dict().items() if name not in apart}
    return Reading(
        parsed.name,
        parsed.kind,
        round(parsed.confidence, 3),
        {name: value for name, value in row.items() if value not in (None, False, [])},
        tuple(Span(found.field, found.text_in(parsed.name), found.start, found.end) for found in parsed.findings),
        tuple(OtherReading(way.reason, way.confidence, _plain(way.fields)) for way in parsed.alternatives),
        parsed.leftover,
        parsed.reasons,
        parsed.rejected,
    )


@tool("Read release names", outside=True)
def parse_names(desk: Desk, request: NamesRequest) -> Readings:
    """Read release names by rules: title, year, seasons, episodes, resolution, group and so on.

    Each finding comes with the characters that it was read from, a confidence from 0 to 1, and the other ways to read
    the name, if there are any. Needs neither catalogue nor network. Call it first for every name; where confidence is
    low or alternatives are near, weigh them, and let judge_reading check what you make of it.
    """
    return Readings(tuple(reading_of(parse_name(name, kind=request.kind)) for name in request.names))


@tool("Identify a name in the catalogue")
def identify_name(desk: Desk, request: NameRequest) -> Identification:
    """Tell which show or film of the catalogue a release name means, with the reasons and the runners-up.

    No title is chosen for being merely similar, and none where several fit equally well: such a name stays
    unidentified, with its candidates. Ask search_provider about what the catalogue does not have.
    """
    parsed = parse_name(request.name)
    with desk.library() as library:
        match = identify(parsed, titles_of(library))
    reading = reading_of(parsed)
    if isinstance(match, Identified):
        return Identification(reading, match.title, match.score, match.reasons, False, match.runners_up[:10])
    return Identification(reading, None, None, (match.reason,), match.ambiguous, match.candidates[:10])


@tool("Check a proposed reading", name="judge_reading")
def judge_proposed(desk: Desk, request: JudgeRequest) -> JudgedReading:
    """Check what you, or a person, take a release name for, against the name's own text and against the catalogue.

    Every word of the title and every number must stand in the name: what does not is a fault, however likely it is.
    Nothing is recorded or renamed by this. Use it for every reading of yours that is not the parser's own, and do not
    act on a reading that does not fit; tell the person what is missing instead.
    """
    proposed = request.reading
    if max(len(numbers) for numbers in (proposed.seasons, proposed.episodes, proposed.absolute_episodes)) > _NUMBERS:
        raise UsageError(f"a name has no more than {_NUMBERS} seasons or episodes")
    parsed = parse_name(request.name)
    with desk.library() as library:
        judgement = judge_reading(parsed, proposed, titles_of(library))
        match = judgement.match
        told: tuple[str, ...] = match.reasons if isinstance(match, Identified) else (match.reason,)
        if isinstance(match, Identified) and match.title.kind == "show":
            told += tuple(_episodes(library, match.title.key, proposed))
    known = isinstance(match, Identified)
    verdict: Literal["fits", "fits, and is known", "does not fit"]
    verdict = "does not fit" if not judgement.fits else "fits, and is known" if known else "fits"
    return JudgedReading(verdict, judgement, told)


@tool("Explain a file or title", outward=True)
def explain(desk: Desk, request: ExplainRequest) -> ToldStory:
    """Tell the whole story of a file, title or name: received, read, matched, routed by which rule, and why.

    A place on a remote is looked up there.
    """
    with desk.library() as library:
        story = explain_subject(library, request.subject, auto_add=request.look_up)
    return ToldStory(
        story.subject,
        tuple(
            ToldChapter(chapter.heading, tuple(clipped(line, 2_000) for line in chapter.lines[:_LINES]))
            for chapter in story.chapters
        ),
    )


def titles_of(library: Library) -> TitleIndex:
    """The shows and films of the catalogue, to look names up in."""
    catalogue = library.catalogue
    records: tuple[Show | Movie, ...] = (*catalogue.shows.all(), *catalogue.movies.all())
    return TitleIndex(map(known_title, records))


def _episodes(library: Library, show: str, reading: ProposedReading) -> list[str]:
    """Whether the catalogue has the episodes of a show that are proposed."""
    episodes = library.catalogue.episodes
    if not episodes.seasons(show):
        return ["the catalogue knows no episode of it"]
    asked: dict[str, tuple[Episode, ...]] = {
        f"S{season:02}E{number:02}": tuple(filter(None, [episodes.get(show, season, number)]))
        for season in reading.seasons[:10]
        for number in reading.episodes[:20]
    }
    asked |= {f"number {number}": episodes.by_absolute(show, number) for number in reading.absolute_episodes[:20]}
    if reading.date is not None:
        asked[reading.date.isoformat()] = episodes.by_date(show, reading.date)
    return [
        f"{what}: {', '.join(map(_named, found)) or 'the catalogue has no such episode'}"
        for what, found in asked.items()
    ]


def _named(episode: Episode) -> str:
    return f"S{episode.season:02}E{episode.number:02} {episode.title or ''}".strip()


def _plain(fields: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in fields
    }


NAME_TOOLS: Final = (parse_names, identify_name, judge_proposed, explain)

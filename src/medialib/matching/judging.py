"""Whether a reading of a name that somebody proposes, a language model or a person, is borne out by its own text.

A proposal is never taken over for its plausibility: each of its words and numbers must stand in the name, and its title
is then looked for among the known titles just as the title of any other reading is.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final, Literal

import attrs

from medialib.matching.identify import Match, TitleIndex, identify, normalise_title
from medialib.naming import ParsedName

__all__ = ["Borne", "Difference", "Judgement", "ProposedReading", "judge_reading"]

_TECHNICAL: Final = frozenset(
    {"resolution", "video_codec", "bit_depth", "audio_codecs", "audio_channels", "crc32", "hdr", "container", "version"}
)
"""Fields of a reading whose characters are no title, number or date."""
_WHOLE_LETTERS: Final = 0x2E80
"""From here on scripts do not put spaces between words: each of their letters may begin a title."""


@attrs.frozen(kw_only=True)
class ProposedReading:
    """What somebody takes a name for. What they do not say is None or empty."""

    title: str
    """Title of the show or film, in words of the name."""
    kind: Literal["episode", "movie"]
    """Whether the name is of an episode, or several, or of a film."""
    year: int | None = None
    """Year in the name."""
    seasons: tuple[int, ...] = ()
    """Season numbers in the name."""
    episodes: tuple[int, ...] = ()
    """Episode numbers in their season."""
    absolute_episodes: tuple[int, ...] = ()
    """Numbers counted through from the first episode."""
    date: datetime.date | None = None
    """Day of broadcast."""
    episode_title: str | None = None
    """Title of the episode."""
    release_group: str | None = None
    """Who released it."""


@attrs.frozen
class Borne:
    """One thing proposed, and the characters of the name that bear it out."""

    field: str
    """Field of `ProposedReading`."""
    value: str
    """What was proposed."""
    text: str
    """The characters."""
    start: int
    """Index of the first of them in the name."""
    end: int
    """Index behind the last of them."""


@attrs.frozen
class Difference:
    """One thing that the parser reads otherwise."""

    field: str
    """Field of both readings."""
    parsed: str
    """What the parser reads; empty for nothing."""
    proposed: str
    """What was proposed; empty for nothing."""


@attrs.frozen
class Judgement:
    """What the name, and the titles that are known, say of a proposed reading."""

    fits: bool
    """Whether all that is proposed stands in the name and does not contradict itself. It may still be wrong."""
    faults: tuple[str, ...]
    """What does not stand in the name or contradicts itself, for a reader; none if it fits."""
    doubts: tuple[str, ...]
    """What fits by a stretch, for a reader."""
    borne: tuple[Borne, ...]
    """What is borne out, and by which characters."""
    differences: tuple[Difference, ...]
    """Where the parser reads otherwise."""
    match: Match
    """Which known title the proposed reading means."""


@attrs.frozen
class _Piece:
    """A run of letters, a run of digits, or an ampersand."""

    text: str
    start: int
    end: int

    @property
    def letters(self) -> str:
        return normalise_title(self.text).replace(" ", "")


def judge_reading(parsed: ParsedName, proposed: ProposedReading, titles: TitleIndex) -> Judgement:
    """Check a proposed reading against the text of the name that `parsed` is of, and against known titles.

    Nothing is taken on trust: a title that is not in the name word for word is a fault, even where it is the name of a
    known show. What the parser reads, or offers as another way to read, counts as borne out: it stands by rules.

    >>> from medialib.matching import KnownTitle
    >>> from medialib.naming import parse_name
    >>> titles = TitleIndex([KnownTitle("show", "got", "Game of Thrones", 2011)])
    >>> name = parse_name("GameOfThrones 3x07 [grp].mkv")
    >>> good = ProposedReading(title="Game of Thrones", kind="episode", seasons=(3,), episodes=(7,))
    >>> judge_reading(name, good, titles).fits, judge_reading(name, good, titles).match.title.key
    (True, 'got')
    >>> guess = ProposedReading(title="Game of Thrones", kind="episode", seasons=(4,), episodes=(7,))
    >>> judge_reading(name, guess, titles).faults
    ('seasons: 4 does not stand in the name',)
    """
    judge = _Judge(parsed)
    judge.words("title", proposed.title, parsed.title)
    if proposed.episode_title is not None:
        judge.words("episode_title", proposed.episode_title, parsed.episode_title)
    if proposed.release_group is not None:
        judge.words("release_group", proposed.release_group, parsed.release_group)
    if proposed.year is not None:
        judge.numbers("year", (proposed.year,))
    for field in ("seasons", "episodes", "absolute_episodes"):
        judge.numbers(field, getattr(proposed, field))
    if proposed.date is not None:
        judge.day(proposed.date)
    judge.joined(proposed)
    faults = [*judge.unborne, *_contradictions(proposed)]
    return Judgement(
        not faults,
        tuple(faults),
        tuple(judge.doubts),
        tuple(sorted(judge.borne, key=lambda each: (each.start, each.field))),
        tuple(_differences(parsed, proposed)),
        identify(_as_parsed(parsed, proposed), titles),
    )


class _Judge:
    """Collects what the text of one name bears out."""

    def __init__(self, parsed: ParsedName) -> None:
        self._parsed = parsed
        self._pieces = tuple(_pieces(parsed.name))
        technical = [(found.start, found.end) for found in parsed.findings if found.field in _TECHNICAL]
        self._numbers = [
            piece
            for piece in self._pieces
            if piece.text.isdecimal() and not any(start <= piece.start < end for start, end in technical)
        ]
        self.unborne: list[str] = []
        self.doubts: list[str] = []
        self.borne: list[Borne] = []
        self._missing: dict[tuple[str, int], str] = {}

    def words(self, field: str, text: str, read: str | None) -> None:
        """A title, by its words in their order."""
        wanted = normalise_title(text).replace(" ", "")
        if not wanted:
            self.unborne.append(f"{field}: it is empty")
            return
        found = self._together(wanted) or self._scattered(text)
        if found is None and read is not None and normalise_title(read) == normalise_title(text):
            found = self._finding(field)
        if found is None:
            missing = [word for word in text.split() if not self._stands(word)]
            why = f"{', '.join(map(repr, missing))} does not stand in the name" if missing else "not in this order"
            self.unborne.append(f"{field}: {text!r}: {why}")
            return
        start, end, whole = found
        if not whole:
            self.doubts.append(f"{field}: other words stand between those of {text!r}")
        self.borne.append(Borne(field, text, self._parsed.name[start:end], start, end))

    def numbers(self, field: str, values: Iterable[int]) -> None:
        """Numbers, each as digits that say it, or as the parser reads them."""
        values = tuple(values)
        for value in values:
            piece = next((piece for piece in self._numbers if int(piece.text) == value), None)
            if piece is not None:
                self.borne.append(Borne(field, str(value), piece.text, piece.start, piece.end))
                continue
            found = next((each for each in self._parsed.findings if each.field == field and each.value == value), None)
            if found is not None:
                text = found.text_in(self._parsed.name)
                self.borne.append(Borne(field, str(value), text, found.start, found.end))
            elif value in _listed(getattr(self._parsed, field)):
                self.doubts.append(f"{field}: {value} is not written in the name, though the parser reads it so")
            elif self._offered(field, value):
                self.doubts.append(f"{field}: {value} is another way to read the name")
            else:
                self._missing[field, value] = f"{field}: {value} does not stand in the name"

    def joined(self, proposed: ProposedReading) -> None:
        """What is missing by itself may stand as one number, 102 for season 1, episode 2, or lie within a range."""
        for season in proposed.seasons:
            for episode in proposed.episodes:
                both = next((piece for piece in self._numbers if piece.text == f"{season}{episode:02}"), None)
                absent = {("seasons", season), ("episodes", episode)} & self._missing.keys()
                if both is not None and absent:
                    self.doubts.append(f"season {season} and episode {episode} as one number, {both.text}")
                    self.borne.append(Borne("episodes", str(episode), both.text, both.start, both.end))
                    for key in absent:
                        del self._missing[key]
        for field in ("seasons", "episodes", "absolute_episodes"):
            values = sorted(set(getattr(proposed, field)))
            between = [(field, value) for value in values[1:-1] if (field, value) in self._missing]
            whole = all(after == before + 1 for before, after in pairwise(values))
            ends = not any((field, value) in self._missing for value in (values[:1] + values[-1:]))
            if between and whole and ends:
                self.doubts.append(f"{field}: {values[0]} to {values[-1]} as a range")
                for key in between:
                    del self._missing[key]
        self.unborne.extend(self._missing.values())

    def day(self, day: datetime.date) -> None:
        """A day, by its year, month and day as digits, or as the parser reads it."""
        found = next((each for each in self._parsed.findings if each.field == "date"), None)
        if found is not None and (self._parsed.date == day or self._offered("date", day)):
            text = found.text_in(self._parsed.name)
            self.borne.append(Borne("date", day.isoformat(), text, found.start, found.end))
            return
        years = {f"{day.year:04}", f"{day.year % 100:02}"}
        parts = {f"{day.month:02}", str(day.month), f"{day.day:02}", str(day.day)}
        for three in zip(self._numbers, self._numbers[1:], self._numbers[2:], strict=False):
            texts = [piece.text for piece in three]
            said = {int(text) for text in texts if text in parts}
            if {day.month, day.day} <= said and any(text in years for text in texts):
                start, end = three[0].start, three[-1].end
                self.borne.append(Borne("date", day.isoformat(), self._parsed.name[start:end], start, end))
                return
        self.unborne.append(f"date: {day.isoformat()} does not stand in the name")

    def _together(self, wanted: str) -> tuple[int, int, bool] | None:
        for first in range(len(self._pieces)):
            said = ""
            for piece in self._pieces[first:]:
                said += piece.letters
                if said == wanted:
                    return (self._pieces[first].start, piece.end, True)
                if not wanted.startswith(said):
                    break
        return None

    def _scattered(self, text: str) -> tuple[int, int, bool] | None:
        """The words in their order, with others between them."""
        words = normalise_title(text).split()
        at, start, end = 0, -1, -1
        for word in words:
            while at < len(self._pieces) and self._pieces[at].letters != word:
                at += 1
            if at == len(self._pieces):
                return None
            start = self._pieces[at].start if start < 0 else start
            end = self._pieces[at].end
            at += 1
        return (start, end, False) if len(words) > 1 else None

    def _stands(self, word: str) -> bool:
        wanted = normalise_title(word).replace(" ", "")
        return not wanted or self._together(wanted) is not None

    def _finding(self, field: str) -> tuple[int, int, bool] | None:
        found = next((each for each in self._parsed.findings if each.field == field), None)
        return None if found is None else (found.start, found.end, True)

    def _offered(self, field: str, value: Any) -> bool:
        """Whether another way to read the name has it."""
        return any(
            value in _listed(other) for way in self._parsed.alternatives for name, other in way.fields if name == field
        )


def _listed(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _pieces(name: str) -> Iterator[_Piece]:
    """The name cut where words may begin: at what is no letter, between letters and digits, and before a capital.

    >>> [piece.text for piece in _pieces("GameOfThrones.S03E07-aB & C")]
    ['Game', 'Of', 'Thrones', 'S', '03', 'E', '07', 'a', 'B', '&', 'C']
    """
    start = 0
    for at in range(len(name) + 1):
        if at < len(name) and at > start and not _parted(name[at - 1], name[at]):
            continue
        if at > start and (name[start].isalnum() or name[start] == "&"):
            yield _Piece(name[start:at], start, at)
        start = at


def _parted(before: str, letter: str) -> bool:
    if unicodedata.category(letter).startswith("M"):
        return False
    return (
        not letter.isalnum()
        or not (before.isalnum() or unicodedata.category(before).startswith("M"))
        or letter.isdecimal() != before.isdecimal()
        or (letter.isupper() and not before.isupper())
        or ord(letter) >= _WHOLE_LETTERS
        or ord(before) >= _WHOLE_LETTERS
    )


def _contradictions(proposed: ProposedReading) -> Iterator[str]:
    numbered = proposed.seasons or proposed.episodes or proposed.absolute_episodes or proposed.date
    if proposed.kind == "movie" and numbered:
        yield "kind: a film has no season, episode or day of broadcast"
    if proposed.kind == "episode" and not numbered:
        yield "kind: an episode wants a season, an episode, an absolute number or a day of broadcast"
    if proposed.episodes and proposed.absolute_episodes and set(proposed.episodes) == set(proposed.absolute_episodes):
        yield "absolute_episodes: the same numbers as episodes; say which of the two they are"


def _differences(parsed: ParsedName, proposed: ProposedReading) -> Iterator[Difference]:
    for field in attrs.fields_dict(ProposedReading):
        ours: Any = getattr(parsed, field)
        theirs: Any = getattr(proposed, field)
        if field == "kind":
            ours = "episode" if parsed.is_episode else "movie" if parsed.is_movie else parsed.kind
        elif theirs in (None, ()) and field in ("episode_title", "release_group"):
            continue
        same = ours == theirs
        if isinstance(ours, str) and isinstance(theirs, str):
            same = normalise_title(ours) == normalise_title(theirs)
        if not same:
            yield Difference(field, _said(ours), _said(theirs))


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _as_parsed(parsed: ParsedName, proposed: ProposedReading) -> ParsedName:
    """The proposal in the form in which titles are looked for."""
    return ParsedName(
        name=parsed.name,
        kind=proposed.kind,
        title=proposed.title.strip() or None,
        year=proposed.year,
        seasons=tuple(sorted(set(proposed.seasons))),
        episodes=tuple(sorted(set(proposed.episodes))),
        absolute_episodes=tuple(sorted(set(proposed.absolute_episodes))),
        date=proposed.date,
        country=parsed.country,
    )

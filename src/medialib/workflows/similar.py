"""What of the catalogue is alike: searching it, and recommending shows, each with its reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Sequence
from operator import attrgetter

import attrs

from medialib.matching import TitleIndex, TitleRules, judge_title, known_title, normalise_title
from medialib.model import Show
from medialib.ports import Catalogue, Embedder, VectorIndex, VectorSpace
from medialib.workflows.likeness import LEAST_NEARNESS, Alike, Record, compare_shows, most_alike
from medialib.workflows.shows import named_show

__all__ = [
    "NearTitles",
    "recommend_shows",
    "search_titles",
    "similar_shows",
    "space_of",
]


_NEIGHBOURS = 200
_BATCH = 2_000


def space_of(embedder: Embedder, catalogue: Catalogue) -> VectorSpace:
    """Where the titles of this catalogue belong, apart from those of others that use the same index."""
    return VectorSpace(f"{embedder.space.name} of {catalogue.identity}", embedder.space.dimension)


class NearTitles:
    """The titles of a catalogue in an index, each by all of its names.

    `update` is called once before the others; what the index holds already is not embedded again.
    """

    def __init__(self, records: Iterable[Record], index: VectorIndex, embedder: Embedder) -> None:
        self.records = tuple(records)
        self._index = index
        self._embedder = embedder
        self._names = {
            _key(record, name): (record, name) for record in self.records for name in (record.title, *record.aliases)
        }

    @property
    def shows(self) -> dict[str, Show]:
        """The shows among them, by key."""
        return {record.key: record for record in self.records if isinstance(record, Show)}

    def update(self) -> int:
        """Let the index hold every name of these titles and nothing else; returns how many names were embedded."""
        held = set(self._index.keys())
        self._index.remove(held - self._names.keys())
        missing = sorted(self._names.keys() - held)
        for start in range(0, len(missing), _BATCH):
            keys = missing[start : start + _BATCH]
            self._index.put(zip(keys, self._embedder.embed([self._names[key][1] for key in keys]), strict=True))
        return len(missing)

    def near(self, text: str) -> dict[tuple[str, str], float]:
        """The cosine of the nearest name of each title that lies near enough to be called alike, by kind and key."""
        best: dict[tuple[str, str], float] = {}
        for neighbour in self._index.search(self._embedder.embed([text])[0], _NEIGHBOURS):
            score = round(neighbour.score, 3)
            if score < LEAST_NEARNESS:
                break
            if neighbour.key in self._names:
                best.setdefault(_identity(self._names[neighbour.key][0]), score)
        return best

    def said(self, score: float) -> str:
        """What such a nearness means with this embedder, for a reader."""
        what = "spelt alike" if self._embedder.space.name.startswith("lexical-") else "near in meaning"
        return f"titles {what} ({round(100 * min(score, 1.0))} %)"


def search_titles(
    query: str,
    titles: NearTitles,
    rules: TitleRules | None = None,
    *,
    count: int = 20,
) -> tuple[Alike, ...]:
    """The titles that pass the rules and go by `query`, then those that are spelt nearly so or lie near it, best first.

    At most `count`, equals by title and key.
    """
    wanted = TitleRules() if rules is None else rules
    allowed = [record for record in titles.records if judge_title(record, wanted)]
    by_identity = {_identity(record): record for record in allowed}
    names = TitleIndex(known_title(record) for record in allowed)
    found: dict[tuple[str, str], Alike] = {}

    def keep(identity: tuple[str, str], score: float, reason: str) -> None:
        record = by_identity.get(identity)
        if record is None:
            return
        before = found.get(identity)
        if before is None or score > before.score:
            found[identity] = Alike(record, score, (reason,))

    for title in names.named(query):
        own = normalise_title(query).startswith(normalise_title(title.title))
        keep((title.kind, title.key), 1.0, "the same words" if own else "an alias of the same words")
    for kind in ("show", "movie"):
        for candidate in names.near(query, kind, count):
            if candidate.score < 1:
                keep((kind, candidate.title.key), candidate.score, candidate.reason)
    for identity, score in titles.near(query).items():
        if identity not in found:
            keep(identity, min(score, 0.999), titles.said(score))
    return _ranked(found.values(), count)


def similar_shows(text: str, titles: NearTitles, *, count: int = 10) -> tuple[Show, tuple[Alike, ...]]:
    """The show that goes by `text` (title, alias or key), and those most like it, best first.

    Raises NotIdentified, listing candidates, if `text` names no show or several.
    """
    show = named_show(text, titles.shows)
    return show, _ranked(_compared(show, titles.shows.values(), titles), count)


def recommend_shows(
    named: Sequence[str], titles: NearTitles, kept: Container[str], *, count: int = 10
) -> tuple[Alike, ...]:
    """Shows of the catalogue that the library has no file of, by their likeness to those named; best first.

    With none named, to all that the library has files of; `kept` holds the keys of those. Each carries the reasons of
    the one that it is most like. Raises NotIdentified as `similar_shows` does.
    """
    shows = titles.shows
    liked = [named_show(text, shows) for text in named] or [show for show in shows.values() if show.key in kept]
    ours = {show.key for show in liked}
    others = [show for show in shows.values() if show.key not in kept and show.key not in ours]
    near = [_near_shows(show, titles) for show in liked]
    found = most_alike(liked, others, near, count=count, how=titles.said)
    return tuple(attrs.evolve(alike, reasons=(f"like {show.title}", *alike.reasons)) for show, alike in found)


def _compared(show: Show, others: Iterable[Show], titles: NearTitles) -> list[Alike]:
    near = _near_shows(show, titles)
    nearness = ((other, near.get(other.key, 0.0)) for other in others if other.key != show.key)
    compared = (compare_shows(show, other, nearness=score, how=titles.said(score)) for other, score in nearness)
    return [each for each in compared if each is not None]


def _near_shows(show: Show, titles: NearTitles) -> dict[str, float]:
    """How near the titles of other shows are, by key, where they are at all."""
    return {key: score for (kind, key), score in titles.near(show.title).items() if kind == "show"}


def _ranked(found: Iterable[Alike], count: int) -> tuple[Alike, ...]:
    by_title = sorted(found, key=attrgetter("record.title", "record.key"))
    return tuple(sorted(by_title, key=attrgetter("score"), reverse=True)[:count])


def _identity(record: Record) -> tuple[str, str]:
    return ("show" if isinstance(record, Show) else "movie", record.key)


def _key(record: Record, name: str) -> str:
    """What a name is called in the index: another name is another key, so what changed is seen by the keys alone."""
    told = "\0".join((*_identity(record), name)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(told).hexdigest()

"""What the library holds twice: an episode, a film, or the same content; which would stay, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Event
from typing import Any, Literal, TypeAlias

import attrs
from rich.text import Text

from medialib.completeness import nearly_same_time
from medialib.errors import Cancelled
from medialib.model import FileEntry, InventoryFile, Place, Unit
from medialib.naming import companion_suffix, parse_name
from medialib.planning import Action, Discard, Plan, Remark, RemoveFolder, unstructure
from medialib.ports import CancelToken, Catalogue, Clock, InventoryLine, Location
from medialib.routing import (
    Alike,
    Verdict,
    details_of,
    differences,
    edition_and_part,
    is_complete,
    judge,
    split_stem,
    which_stays,
)
from medialib.workflows.drawing import in_bytes, table
from medialib.workflows.standing import demand_mounted, rows_of, survey

__all__ = ["Copy", "Duplicate", "Duplicates", "find_duplicates", "plan_discard"]

Sameness: TypeAlias = Literal["episode", "film", "content"]
"""What is the same: what they hold, or, of files that are said to hold different things, every byte."""


@attrs.frozen
class Copy:
    """One of several files that hold the same."""

    row: InventoryFile
    """What the inventory says of it."""
    verdict: Verdict | None = None
    """What is to become of it; None for the one that would stay."""

    @property
    def goes(self) -> bool:
        """Whether it can go without a person's word."""
        return self.verdict is not None and self.verdict.goes


@attrs.frozen
class Duplicate:
    """Something that the library holds more than once."""

    same: Sameness
    """What is the same."""
    title: str
    """What it is, for a reader."""
    copies: tuple[Copy, ...]
    """The files; the first is the one that would stay."""
    differs: tuple[str, ...]
    """What they differ in, for a reader, in the order of the copies."""

    @property
    def clear(self) -> bool:
        """Whether all but the first can go without a person's word."""
        return all(each.goes for each in self.copies[1:])

    def __str__(self) -> str:
        return f"{self.title}: {len(self.copies)} files" + (f"; {'; '.join(self.differs)}" if self.differs else "")


@attrs.frozen
class Duplicates:
    """Everything that the library holds more than once."""

    found: tuple[Duplicate, ...]
    """By title."""

    def __bool__(self) -> bool:
        return bool(self.found)

    def __str__(self) -> str:
        if not self.found:
            return "nothing is there twice"
        clear = sum(each.clear for each in self.found)
        return f"{len(self.found)} held more than once, {clear} of them with a clear better one"

    def __rich__(self) -> Text:
        """A row a file, with what would become of it."""
        rows = []
        for each in self.found:
            for number, copy in enumerate(each.copies):
                why = "; ".join(each.differs) if copy.verdict is None else str(copy.verdict)
                what = "stays" if number == 0 else "goes" if copy.goes else "?"
                rows.append((each.title if number == 0 else "", what, str(copy.row.place), why))
        return table(["", "", "file", "why"], rows, below=str(self))

    def as_data(self) -> list[dict[str, Any]]:
        """The same as plain data, for JSON."""
        return [
            {
                "same": each.same,
                "title": each.title,
                "differs": list(each.differs),
                "clear": each.clear,
                "files": [
                    {
                        "place": unstructure(copy.row.place),
                        "stays": copy.verdict is None,
                        "goes": copy.goes,
                        "reasons": [] if copy.verdict is None else list(copy.verdict.comparison.reasons),
                        "doubts": [] if copy.verdict is None else list(copy.verdict.doubts),
                        "size": copy.row.size,
                        "sha256": copy.row.holding.sha256,
                        "details": dict(copy.row.holding.details),
                    }
                    for copy in each.copies
                ],
            }
            for each in self.found
        ]


def find_duplicates(catalogue: Catalogue, roots: Mapping[str, Location]) -> Duplicates:
    """What the inventory has more than once: the same episodes, the same film, or the same content.

    A file of several episodes is only the same as another of just these. Parts of one thing (CD1, CD2) and other
    editions of a film are no duplicates. No name is read again, but for rows that were entered without its details.

    Raises OutOfReach if a root of the library is not there or suddenly empty.
    """
    by_unit: defaultdict[tuple[Any, ...], list[InventoryLine]] = defaultdict(list)
    by_content: defaultdict[str, list[InventoryLine]] = defaultdict(list)
    locations: set[str] = set()
    location = None
    for line in survey(catalogue.inventory):
        if line.location != location:
            location = line.location
            locations.add(location)
        if line.role == "video":
            # kind, key, season, episodes, aired
            if line.key is not None:
                by_unit[line[5:10]].append(line)
            if line.sha256 is not None:
                by_content[line.sha256].append(line)
    demand_mounted(roots, locations)
    same_unit = [lines for lines in by_unit.values() if len(lines) > 1]
    same_bytes = [lines for lines in by_content.values() if len(lines) > 1 and len({line[5:10] for line in lines}) > 1]
    wanted = {Place(line.location, line.path) for lines in (*same_unit, *same_bytes) for line in lines}
    rows = {row.place: row for row in rows_of(catalogue.inventory, wanted)}
    titles = _Titles(catalogue)
    found = [each for lines in same_unit for each in _same_unit(_rows(lines, rows), titles)]
    found += [_same_content(_rows(lines, rows), titles) for lines in same_bytes]
    return Duplicates(tuple(sorted(found, key=lambda each: (each.title.casefold(), each.copies[0].row.place))))


def plan_discard(
    duplicates: Duplicates,
    catalogue: Catalogue,
    roots: Mapping[str, Location],
    clock: Clock,
    *,
    recycle: str = ".medialib/recycle",
    configuration: str = "",
    cancelled: CancelToken | None = None,
) -> Plan:
    """Plan to recycle what would not stay, each with its companions, only where that is clear; the rest is remarked.

    Undo brings everything back, until the recycle folder is emptied.
    """
    token = cancelled if cancelled is not None else Event()
    now = clock.now()
    discarding = _Discarding(catalogue, roots, f"{recycle}/{now:%Y%m%dT%H%M%SZ}", token)
    for each in duplicates.found:
        best, *others = each.copies
        for copy in others:
            if not copy.goes:
                assert copy.verdict is not None
                discarding.remarks.append(Remark("duplicate", copy.row.place, str(copy.verdict)))
            elif discarding.stands(best.row):
                discarding.discard(copy, best)
    discarding.remove_folders()
    actions, remarks = tuple(discarding.actions), tuple(discarding.remarks)
    return Plan("library duplicates", now, catalogue.identity, configuration, actions, remarks)


def _rows(lines: Iterable[InventoryLine], rows: Mapping[Place, InventoryFile]) -> tuple[InventoryFile, ...]:
    found = (rows.get(Place(line.location, line.path)) for line in lines)
    return tuple(row for row in found if row is not None)


def _same_unit(rows: Iterable[InventoryFile], titles: _Titles) -> Iterator[Duplicate]:
    """The copies among files of one unit: parts and editions apart."""
    apart: defaultdict[tuple[str, str], list[InventoryFile]] = defaultdict(list)
    for row in map(_complete, rows):
        apart[edition_and_part(row.holding.details)].append(row)
    for several in apart.values():
        if len(several) > 1:
            unit = several[0].holding.unit
            assert unit is not None
            yield _ranked("film" if unit.kind == "movie" else "episode", titles.of(unit), several)


def _same_content(rows: Sequence[InventoryFile], titles: _Titles) -> Duplicate:
    """Files of the same bytes that are said to hold different things: which of them is right, a person must say."""
    names = dict.fromkeys("unknown" if row.holding.unit is None else titles.of(row.holding.unit) for row in rows)
    doubt = Verdict(Alike(("they are the same bytes, and are said to hold different things",)))
    first, *others = rows
    return Duplicate("content", " / ".join(names), (Copy(first), *(Copy(row, doubt) for row in others)), ())


def _ranked(same: Sameness, title: str, several: list[InventoryFile]) -> Duplicate:
    best = several[which_stays([row.holding for row in several], [row.size for row in several])]
    others = [row for row in several if row is not best]
    copies = (Copy(best), *(Copy(row, judge(best.holding, row.holding)) for row in others))
    rows = [copy.row for copy in copies]
    told = differences((row.holding for row in rows), (in_bytes(row.size) for row in rows))
    return Duplicate(same, title, copies, told)


def _complete(row: InventoryFile) -> InventoryFile:
    """The row with all that its release name says; the name is read again only if that was not kept."""
    if is_complete(row.holding.details):
        return row
    details = details_of(parse_name(row.holding.release or row.place.path))
    return attrs.evolve(row, holding=attrs.evolve(row.holding, details=details))


class _Titles:
    """What units are called; the catalogue is asked once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[tuple[str, str], str] = {}

    def of(self, unit: Unit) -> str:
        """Title and episodes, for a reader."""
        if not self._known:
            self._known = {("episode", show.key): show.title for show in self._catalogue.shows.all()}
            for movie in self._catalogue.movies.all():
                self._known["movie", movie.key] = movie.title if movie.year is None else f"{movie.title} ({movie.year})"
        title = self._known.get((unit.kind, unit.key), unit.key)
        if unit.season is not None:
            return f"{title} S{unit.season:02}" + "".join(f"E{number:02}" for number in unit.episodes)
        if unit.aired is not None:
            return f"{title} {unit.aired}"
        return " ".join((title, *(str(number) for number in unit.episodes)))


class _Discarding:
    """One plan in the making."""

    def __init__(
        self, catalogue: Catalogue, roots: Mapping[str, Location], recycle: str, cancelled: CancelToken
    ) -> None:
        self._catalogue = catalogue
        self._roots = roots
        self._recycle = recycle
        self._cancelled = cancelled
        self._beside: dict[Place, tuple[InventoryFile, ...]] = {}
        self._going: set[Place] = set()
        self.actions: list[Action] = []
        self.remarks: list[Remark] = []

    def stands(self, row: InventoryFile) -> bool:
        """Whether a file is there as recorded; a remark if not."""
        root = self._roots.get(row.place.location)
        standing = None if root is None else root.entry(row.place.path)
        if standing is not None and _is_as_recorded(row, standing):
            return True
        reason = "it is not there, or not as the catalogue has it: medialib library stale"
        self.remarks.append(Remark("conflict", row.place, reason))
        return False

    def discard(self, copy: Copy, kept: Copy) -> None:
        """Recycle a video, and its companions after it."""
        if self._cancelled.is_set():
            raise Cancelled("stopped while duplicates were planned")
        assert copy.verdict is not None
        row = copy.row
        identical = row.holding.sha256 is not None and row.holding.sha256 == kept.row.holding.sha256
        reason = f"{kept.row.place} stays: {copy.verdict}"
        video = self._recycled(row, reason, (), kept.row.place if identical else None)
        if video is None:
            return
        for companion in self._companions(row):
            self._recycled(companion, f"travels with {row.place}", (video,), None)

    def remove_folders(self) -> None:
        """Remove the folders of what went, if nothing is left in them."""
        if not self._going:
            return
        staying = {
            Place(line.location, folder)
            for line in survey(self._catalogue.inventory)
            if Place(line.location, line.path) not in self._going
            for folder in _folders_above(line.path)
        }
        below: defaultdict[Place, list[str]] = defaultdict(list)
        for action in self.actions:
            if isinstance(action, Discard):
                for folder in _folders_above(action.source.path):
                    below[Place(action.source.location, folder)].append(action.id)
        for place in sorted(below.keys() - staying, key=lambda each: (-each.path.count("/"), each)):
            name = f"r{len(self.actions) + 1}"
            self.actions.append(RemoveFolder(name, place, "its files are recycled", tuple(below[place])))

    def _recycled(
        self, row: InventoryFile, reason: str, after: tuple[str, ...], duplicate_of: Place | None
    ) -> str | None:
        """Plan that a file goes; returns the action's id, or None with a remark."""
        if not self.stands(row):
            return None
        name = f"d{len(self.actions) + 1}"
        target = Place(row.place.location, f"{self._recycle}/{len(self.actions) + 1}/{row.place.path}")
        self.actions.append(
            Discard(name, row.place, target, row.size, row.mtime_ns, duplicate_of, reason=reason, after=after)
        )
        self._going.add(row.place)
        return name

    def _companions(self, video: InventoryFile) -> Iterator[InventoryFile]:
        """The companions that stand beside a video, and are of no other video there whose name fits better."""
        unit = video.holding.unit
        assert unit is not None
        folder = Place(video.place.location, split_stem(video.place.path)[0])
        if folder not in self._beside:
            of_title = self._catalogue.inventory.of_unit(unit.kind, unit.key)
            self._beside[folder] = tuple(
                row for row in of_title if Place(row.place.location, split_stem(row.place.path)[0]) == folder
            )
        beside = self._beside[folder]
        stems = [split_stem(row.place.path)[1] for row in beside if row.holding.role == "video"]
        own = split_stem(video.place.path)[1]
        if stems.count(own) > 1:
            return  # it belongs to the other one as well: the same name with another extension
        for row in beside:
            name = row.place.path.rpartition("/")[2]
            fitting = [stem for stem in stems if companion_suffix(stem, name) is not None]
            if row.holding.role == "companion" and fitting and max(fitting, key=len) == own:
                yield row


def _is_as_recorded(row: InventoryFile, standing: FileEntry) -> bool:
    return standing.size == row.size and nearly_same_time(standing.mtime_ns, row.mtime_ns)


def _folders_above(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path

"""What the files around a file say of it: markers, lists of checksums, and the other pieces of the same thing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from medialib.completeness.manifests import Manifest, ManifestEntry
from medialib.completeness.marks import folded, marked
from medialib.completeness.parts import PartSet, announced, part_sets
from medialib.completeness.rules import StabilityRules, age_of, in_words
from medialib.model import Digest, FileEntry

__all__ = ["ALONE", "FinishedMarker", "FolderView", "Surroundings", "view_folder"]

_LONG: Final = timedelta(days=1)
"""Where nothing has changed for so long while something is waited for, a reader is told."""


@attrs.frozen
class FinishedMarker:
    """A file that says that another one is finished."""

    said: str
    """Where it stands, for a reader."""
    mtime_ns: int
    """Its time of last change: it says nothing of what was changed after it."""


@attrs.frozen
class Surroundings:
    """What the files around one file say of it.

    >>> (ALONE + Surroundings(held="a.aria2 stands beside it")).held
    'a.aria2 stands beside it'
    """

    held: str = ""
    """Why it cannot be whole yet, for a reader; empty if nothing says so."""
    finished: tuple[FinishedMarker, ...] = ()
    """What says that it is finished."""
    backed: tuple[str, ...] = ()
    """What else was looked at and speaks for it, for a reader."""
    expected: tuple[Digest, ...] = ()
    """What lists say of its content."""

    def __add__(self, other: Surroundings) -> Surroundings:
        """What both say."""
        return Surroundings(
            self.held or other.held,
            self.finished + other.finished,
            self.backed + other.backed,
            tuple(dict.fromkeys(self.expected + other.expected)),
        )


ALONE: Final = Surroundings()
"""Of a file of which nothing around it says anything."""


@attrs.frozen
class FolderView:
    """What the files of one folder say of each other, and of what lies in folders below it. Keys are `folded` paths."""

    unfinished: Mapping[str, str]
    """The marker that says that a file or folder is not finished; ``""`` for all in the folder."""
    finished: Mapping[str, FinishedMarker]
    """The marker that says that a file or folder is finished; ``""`` for all in the folder."""
    held: Mapping[str, str]
    """Why the set of a file is not whole."""
    backed: Mapping[str, tuple[str, ...]]
    """What was seen of the set of a file that is whole."""
    expected: Mapping[str, tuple[Digest, ...]]
    """What lists say of a file's content."""
    useless: tuple[str, ...] = ()
    """What became of lists that could not be read, for a reader."""

    def of(self, path: str) -> Surroundings:
        """What it says of the file at `path`, relative to the folder."""
        key = folded(path)
        top, below, _ = key.partition("/")
        held = ""
        if top in self.unfinished:
            what = f"its folder {path.partition('/')[0]!r}" if below else "it"
            held = f"{self.unfinished[top]} stands beside {what}, so that is not finished"
        elif "" in self.unfinished:
            held = f"{self.unfinished['']} stands in its folder, so nothing there is finished"
        backed = self.backed.get(key, ())
        counted = None if below else announced(path)
        if counted is not None and not backed:
            backed = (f"its name says that it is {counted[0]} of {counted[1]}",)
        stem = "" if below else top.rpartition(".")[0]
        said = (top, stem, "") if stem else (top, "")
        return Surroundings(
            held or self.held.get(key, ""),
            tuple(self.finished[name] for name in said if name in self.finished),
            (*backed, *(() if below else self.useless)),
            self.expected.get(key, ()),
        )


def _nothing(path: str) -> bool:
    return False


def view_folder(
    files: Mapping[str, FileEntry | None],
    manifests: Sequence[Manifest],
    now: datetime,
    rules: StabilityRules,
    *,
    below: Mapping[str, FileEntry] | None = None,
    dealt_with: Callable[[str], bool] = _nothing,
) -> FolderView:
    """Look at a folder as a whole.

    `files` are its own, by name; None is one of which nothing is known but that it is there. `manifests` are the lists
    in it. `below` are files in folders below it that the lists name, by path relative to it, as far as they are there.
    `dealt_with` tells of a path that is absent whether it was fetched before, so that nothing waits for it.

    >>> from datetime import UTC
    >>> from medialib.completeness.manifests import parse_manifest
    >>> there = {"a.r00": FileEntry("x/a.r00", 5, 1), "a.sfv": FileEntry("x/a.sfv", 30, 1)}
    >>> listed = parse_manifest("a.sfv", b"a.r00 00000001\\na.r01 00000002\\n")
    >>> view_folder(there, [listed], datetime(1970, 1, 1, 1, tzinfo=UTC), StabilityRules()).of("a.r00").held
    'a.sfv names a.r01, which is not there yet'
    """
    unfinished: dict[str, str] = {}
    finished: dict[str, FinishedMarker] = {}
    for name, entry in files.items():
        meant = marked(name, rules.unfinished_markers)
        if meant is not None:
            unfinished.setdefault(meant, name)
        meant = marked(name, rules.finished_markers)
        if meant is not None and entry is not None:
            where = "beside it" if meant else "in its folder"
            finished[meant] = FinishedMarker(f"{name} stands {where}", entry.mtime_ns)
    folder = _Folder({**(below or {}), **files}, now, rules, unfinished, finished, dealt_with)
    sets = [folder.of_manifest(manifest) for manifest in manifests if not manifest.problem]
    named = {key for found in sets for key in found.members}
    sizes = {name: None if entry is None else entry.size for name, entry in files.items()}
    sets += [folder.of_parts(found, named) for found in part_sets(sizes)]
    held: dict[str, str] = {}
    backed: dict[str, tuple[str, ...]] = {}
    for found in sets:
        for key in found.members:
            why = found.why_held(key, rules)
            if why:
                held.setdefault(key, why)
            elif not found.absent and not found.lacking:
                backed[key] = (*backed.get(key, ()), found.whole)
    expected: dict[str, tuple[Digest, ...]] = {}
    for manifest in manifests:
        for listed in manifest.entries:
            key = folded(listed.path)
            expected[key] = (*expected.get(key, ()), listed.digest)
    useless = tuple(f"{manifest.name} {manifest.problem}" for manifest in manifests if manifest.problem)
    return FolderView(unfinished, finished, held, backed, expected, useless)


@attrs.frozen
class _Set:
    """Files that wait for each other."""

    members: tuple[str, ...]
    """Keys of those that are there."""
    absent: tuple[str, ...]
    """Names of those that are not."""
    lacking: Mapping[str, str]
    """Why one that is there is not whole, by key."""
    young: Mapping[str, str]
    """What shows that one that is there is still written, by key."""
    named: Mapping[str, str]
    """Names for a reader, by key."""
    list: str
    """Name of the list that names them; empty for pieces of one thing."""
    whole: str
    """What is to be said once it is whole."""
    tail: str
    """What is to be said where something is waited for."""

    def why_held(self, key: str, rules: StabilityRules) -> str:
        """Why one member cannot be whole; its own age is left to others."""
        if key in self.lacking:
            return f"it {self.lacking[key]}"
        if not rules.wait_for_whole_sets:
            return ""
        if self.absent:
            first, *more = self.absent
            others = f" and {len(more)} more" if more else ""
            are = "are" if more else "is"
            if self.list:
                return f"{self.list} names {first}{others}, which {are} not there yet{self.tail}"
            return f"{first}{others} of the same set {are} not there yet{self.tail}"
        for other, why in (*self.lacking.items(), *self.young.items()):
            if other != key:
                name = self.named[other]
                if name == self.list:
                    return f"{name} itself {why}"
                return f"{self.list} names {name}, which {why}" if self.list else f"{name} of the same set {why}"
        return ""


class _Folder:
    """What is known of one folder while it is looked at."""

    def __init__(
        self,
        files: Mapping[str, FileEntry | None],
        now: datetime,
        rules: StabilityRules,
        unfinished: Mapping[str, str],
        finished: Mapping[str, FinishedMarker],
        dealt_with: Callable[[str], bool],
    ) -> None:
        self._here = {folded(path): entry for path, entry in files.items()}
        self._named = {folded(path): path for path in files}
        self._now = now
        self._rules = rules
        self._unfinished = unfinished
        self._finished = finished
        self._dealt_with = dealt_with

    def of_manifest(self, manifest: Manifest) -> _Set:
        """The files that a list names."""
        keys = {folded(entry.path): entry for entry in manifest.entries}
        members = tuple(key for key in keys if key in self._here)
        absent = [entry.path for key, entry in keys.items() if key not in self._here and entry.sure]
        gone = [path for path in absent if self._dealt_with(path)]
        lacking = {key: why for key in members if (why := self._less_than_listed(key, keys[key], manifest.name))}
        count = len(members)
        whole = f"all {count} files of {manifest.name} are there" if count != 1 else f"{manifest.name} names it"
        if count > 1 and all(keys[key].size is not None for key in members):
            whole += " with their sizes"
        if gone:
            whole += f" or were fetched before ({len(gone)})"
        if manifest.passed_over:
            whole += f" ({manifest.passed_over} of its lines were passed over)"
        # a list that is still written may name more in a moment
        young = self._young((folded(manifest.name), *members))
        missing = tuple(path for path in absent if path not in gone)
        return _Set(members, missing, lacking, young, self._named, manifest.name, whole, self._stalled(members))

    def of_parts(self, found: PartSet, listed: Collection[str]) -> _Set:
        """The pieces of one thing; where a list names them all, it knows better which there are."""
        members = tuple(folded(name) for name in found.members)
        known = all(key in listed for key in members)
        missing = () if known else tuple(name for name in found.missing if not self._dealt_with(name))
        lacking = {folded(name): "is smaller than the other parts, and not the last" for name in found.short}
        count = len(members)
        whole = f"all {count} parts are there" if found.counted else f"there is no gap in its {count} parts"
        if count == 1:
            whole = "nothing before it is missing"
        return _Set(members, missing, lacking, self._young(members), self._named, "", whole, self._stalled(members))

    def _less_than_listed(self, key: str, listed: ManifestEntry, name: str) -> str:
        entry = self._here[key]
        if entry is None:
            return ""
        if entry.size == 0 and not listed.empty:
            return f"is empty, and by {name} it is not"
        if listed.size is not None and entry.size < listed.size:
            return f"has {entry.size} of the {listed.size} bytes that {name} tells"
        return ""

    def _young(self, keys: Iterable[str]) -> dict[str, str]:
        found = {}
        for key in keys:
            entry, marker = self._here.get(key), self._finished.get(key)
            if key in self._unfinished:
                found[key] = f"is not finished, since {self._unfinished[key]} stands beside it"
                continue
            if entry is None or entry.mtime_ns <= 0 or (marker is not None and marker.mtime_ns >= entry.mtime_ns):
                continue
            age = age_of(entry.mtime_ns, self._now)
            if timedelta(0) <= age < self._rules.window:
                found[key] = f"changed {in_words(age)} ago"
        return found

    def _stalled(self, keys: Iterable[str]) -> str:
        """A word to who may wait in vain."""
        newest = max((entry.mtime_ns for key in keys if (entry := self._here[key]) is not None), default=0)
        age = age_of(newest, self._now)
        return f"; nothing of it has changed for {in_words(age)}" if newest > 0 and age > _LONG else ""

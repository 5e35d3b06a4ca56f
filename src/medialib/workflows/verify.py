"""Read what stands in the library, and say of every file whether it is still what was sent, and if not, since when.

Nothing is changed. What the name claims, what the remote says, what was received, what was written and what the
inventory holds are put into one `medialib.integrity.HashChain` together with what stands there now.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Literal, Protocol, TypeAlias

import attrs

from medialib.completeness import nearly_same_time, same_time
from medialib.errors import Cancelled, MedialibError, OutOfReach, UsageError
from medialib.events import BytesMoved, FileHashed, HashingStarted, Observer, nobody
from medialib.integrity import Broken, HashChain, HopFacts, first_broken, same_bytes
from medialib.model import Digest, DigestAlgorithm, FileEntry, InventoryFile, Place
from medialib.naming import parse_name
from medialib.planning import Fetch, Outcome, Performed
from medialib.ports import PART_SUFFIXES, CancelToken, Catalogue, Location, SupportsDigests, Untold, WritableLocation
from medialib.routing import extension_of
from medialib.workflows.explain import place_of
from medialib.workflows.hashing import Content, read_content
from medialib.workflows.route import VIDEO_EXTENSIONS

__all__ = ["BROKEN", "FileState", "Verified", "claimed_digest", "fetch_of", "named_places", "verify"]

FileState: TypeAlias = Literal["whole", "unproven", "changed", "corrupt", "missing", "unreadable"]
"""``whole``: it is what it was. ``unproven``: nothing is known that it could be compared with. ``changed``: other bytes
and another size or time than recorded, as after an edit. ``corrupt``: other bytes than there should be, and nothing
says that anybody changed it. ``missing``: recorded, and not there. ``unreadable``: it could not be looked at, so
nothing is known."""

BROKEN: frozenset[FileState] = frozenset(("changed", "corrupt", "missing", "unreadable"))
"""The states that need somebody's attention."""

_THREADS = 4
"""So many files are read at once, where the caller has not chosen otherwise."""
_AHEAD = 32
"""So many files may be handed out before the first of them is done."""
_ASKED: tuple[DigestAlgorithm, ...] = ("sha256", "sha1", "md5")
"""What remotes are asked for, the best first."""


@attrs.frozen
class Verified:
    """What was found of one file."""

    place: Place
    """The file; a location's root where that could not be looked at."""
    state: FileState
    """What it is."""
    chain: HashChain = HashChain()
    """Everything that is known of its bytes."""
    broken: Broken | None = None
    """The first hop at which its bytes were others, if there is one."""
    notes: tuple[str, ...] = ()
    """What could not be told, and why, for a reader."""

    def __str__(self) -> str:
        said = () if self.broken is None else (f"broken at {self.broken.hop}: {self.broken.evidence}",)
        return f"{self.state} {self.place}" + "".join(f"; {text}" for text in (*said, *self.notes))


@attrs.frozen
class _Subject:
    """A file to look at, and what the catalogue knows of it."""

    place: Place
    entry: FileEntry | None
    row: InventoryFile | None


def verify(
    places: Iterable[Place] | None,
    locations: Mapping[str, WritableLocation],
    catalogue: Catalogue,
    *,
    remotes: Mapping[str, Location] | None = None,
    executor: Executor | None = None,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Iterator[Verified]:
    """Look at files, all files below folders, or (None) everything in `locations`; one answer a file, in order.

    With `remotes`, those that can are asked what their own copy comes to. Files are read by `executor`, or by a few
    threads; one that hands work to other processes or machines gets the locations too, which must then be such as can
    be sent there (a `LocalLocation` is). What cannot be read is an answer, too. Raises UsageError for a place where
    nothing stands and nothing was, and Cancelled when asked to stop.
    """
    token: CancelToken = cancelled if cancelled is not None else threading.Event()
    subjects: list[_Subject] = []
    for place in [Place(name, "") for name in locations] if places is None else places:
        try:
            subjects += _subjects(place, locations[place.location], catalogue, token)
        except (UsageError, Cancelled):
            raise
        except (MedialibError, OSError) as error:
            yield Verified(place, "unreadable", notes=(str(error),))
    subjects = list({subject.place: subject for subject in subjects}.values())
    observer(HashingStarted(len(subjects), sum(each.entry.size for each in subjects if each.entry is not None)))
    asking = _RemoteQuestions(remotes or {}, token)
    if executor is not None:
        yield from _read_all(subjects, locations, catalogue, asking, _Elsewhere(executor), observer, token)
        return
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="medialib-verify") as threads:
        yield from _read_all(subjects, locations, catalogue, asking, _Here(threads, token, observer), observer, token)


def named_places(subjects: Iterable[str], here: Mapping[str, Location]) -> list[Place]:
    """What a person named, as ``location:path`` or a full path. Raises UsageError for what lies in none of them."""
    places = []
    for subject in subjects:
        place = place_of(subject, here)
        if place is None:
            raise UsageError(
                f"{subject} lies neither in the library nor in the incoming folder",
                remedy=f"Name a full path, or one behind {', '.join(f'{name}:' for name in sorted(here))}.",
            )
        places.append(place)
    return places


def claimed_digest(path: str) -> Digest | None:
    """The CRC32 that a release name claims for its video; None for names of other files, which only repeat it.

    >>> claimed_digest("One Piece/[G] One Piece - 1071 [ABCD1234].mkv")
    Digest(algorithm='crc32', value='abcd1234')
    >>> claimed_digest("[G] One Piece - 1071 [ABCD1234].ass")
    """
    name = path.rpartition("/")[2]
    claimed = parse_name(name).crc32 if extension_of(name) in VIDEO_EXTENSIONS else None
    return None if claimed is None else Digest("crc32", claimed.lower())


def fetch_of(place: Place, catalogue: Catalogue) -> tuple[Fetch, Outcome] | None:
    """How the file that stands at `place` was fetched, followed back through its earlier places by the journal."""
    visited: set[Place] = set()
    while place not in visited:
        visited.add(place)
        came = _came(place, (line for _, line in catalogue.journal.touching(place)))
        if came is None:
            return None
        action, outcome = came.action, came.outcome
        if isinstance(action, Fetch) and outcome is not None:
            return action, outcome
        source = getattr(action, "source", None)
        if not isinstance(source, Place):
            return None
        place = source
    return None


def _came(place: Place, lines: Iterable[Performed]) -> Performed | None:
    """The last thing that was done by which a file came to `place`."""
    done = [
        line
        for line in lines
        if getattr(line.action, "target", None) == place and line.outcome is not None and line.outcome.result == "done"
    ]
    return done[-1] if done else None


def _subjects(place: Place, location: WritableLocation, catalogue: Catalogue, cancelled: CancelToken) -> list[_Subject]:
    rows = {
        row.place.path: row
        for row in catalogue.inventory.all(place.location)
        if not place.path or row.place.path == place.path or row.place.path.startswith(f"{place.path}/")
    }
    single = location.entry(place.path) if place.path else None
    if single is not None or place.path in rows:
        return [_Subject(place, single, rows.get(place.path))]
    standing: dict[str, FileEntry] = {}
    if location.has_folder(place.path):
        for entry in location.walk(place.path):
            if cancelled.is_set():
                raise Cancelled(f"stopped while {place.location} was listed")
            if isinstance(entry, FileEntry) and not entry.path.endswith(PART_SUFFIXES):
                standing[entry.path] = entry
    elif not rows:
        raise UsageError(f"{place}: nothing stands there, and nothing is known to have stood there")
    if rows and not standing and next(location.walk(), None) is None:
        raise OutOfReach(
            f"{location.address('')} is empty, though the catalogue knows files in it", remedy="Is the disk mounted?"
        )
    return [
        _Subject(Place(place.location, path), standing.get(path), rows.get(path))
        for path in sorted(rows.keys() | standing.keys())
    ]


class _RemoteQuestions:
    """Asks remotes for hashes of their own copies; one that is lost is not asked again."""

    def __init__(self, remotes: Mapping[str, Location], cancelled: CancelToken) -> None:
        self._remotes = remotes
        self._cancelled = cancelled
        self._lost: dict[str, str] = {}

    def facts(self, fetch: Fetch) -> HopFacts | str | None:
        """What the remote says; why it does not; None if it is not to be asked."""
        source = fetch.source
        remote = self._remotes.get(source.location)
        if remote is None:
            return None
        if source.location in self._lost:
            return self._lost[source.location]
        try:
            entry = remote.entry(source.path)
            if entry is None:
                return f"{source} is gone"
            fine = remote.traits.mtime_granularity_ns
            if entry.size != fetch.size or not same_time(entry.mtime_ns, fetch.mtime_ns, fine):
                return f"{source} is another file since"
            if not isinstance(remote, SupportsDigests):
                return f"{source.location} tells no hashes"
            told = remote.digest(source.path, _ASKED, cancelled=self._cancelled)
        except Cancelled:
            raise
        except (MedialibError, OSError) as error:
            self._lost[source.location] = str(error)
            return str(error)
        if isinstance(told, Untold):
            return f"{source.location} does not tell: {told.reason}"
        return HopFacts("remote", (told,), entry.size, f"{source}, asked now")


class _Reader(Protocol):
    """How files are read."""

    def read(
        self, location: Location, path: str, algorithms: tuple[DigestAlgorithm, ...], place: Place
    ) -> Future[Content]:
        """Begin to read a file."""


@attrs.frozen
class _Here(_Reader):
    """On threads of this process: each block is told of, and stopping is quick."""

    threads: ThreadPoolExecutor
    cancelled: CancelToken
    observer: Observer

    def read(
        self, location: Location, path: str, algorithms: tuple[DigestAlgorithm, ...], place: Place
    ) -> Future[Content]:
        def arrived(count: int) -> None:
            self.observer(BytesMoved(str(place), count))

        return self.threads.submit(read_content, location, path, algorithms, self.cancelled, arrived)


@attrs.frozen
class _Elsewhere(_Reader):
    """By any executor, to which nothing is handed that lives in this process alone; a file once begun is finished."""

    executor: Executor

    def read(
        self, location: Location, path: str, algorithms: tuple[DigestAlgorithm, ...], place: Place
    ) -> Future[Content]:
        return self.executor.submit(read_content, location, path, algorithms, NeverCancelled())


@attrs.frozen
class NeverCancelled:
    """A token that nobody sets, and that can be sent to another process."""

    def is_set(self) -> bool:
        """It is not."""
        return False


@attrs.frozen
class _Pending:
    subject: _Subject
    hops: tuple[HopFacts, ...]
    asked_now: HopFacts | None
    notes: tuple[str, ...]
    content: Future[Content] | None


def _read_all(
    subjects: Iterable[_Subject],
    locations: Mapping[str, WritableLocation],
    catalogue: Catalogue,
    asking: _RemoteQuestions,
    reader: _Reader,
    observer: Observer,
    cancelled: CancelToken,
) -> Iterator[Verified]:
    waiting: deque[_Pending] = deque()

    def next_one() -> Verified:
        verified = _judge(waiting.popleft(), cancelled)
        observer(FileHashed(verified.place, verified.state))
        return verified

    try:
        for subject in subjects:
            if cancelled.is_set():
                raise Cancelled("stopped before every file was read")
            hops, asked_now, notes = _known_hops(subject, catalogue, asking)
            algorithms = tuple(dict.fromkeys(digest.algorithm for facts in hops for digest in facts.digests))
            content = None
            if subject.entry is not None and algorithms:
                place = subject.place
                content = reader.read(locations[place.location], place.path, algorithms, place)
            waiting.append(_Pending(subject, hops, asked_now, notes, content))
            if len(waiting) > _AHEAD:
                yield next_one()
        while waiting:
            yield next_one()
    finally:
        for pending in waiting:
            if pending.content is not None:
                pending.content.cancel()


def _known_hops(
    subject: _Subject, catalogue: Catalogue, asking: _RemoteQuestions
) -> tuple[tuple[HopFacts, ...], HopFacts | None, tuple[str, ...]]:
    """What is known of a file's bytes up to now, what of it the remote says now, and what could not be told."""
    hops: list[HopFacts] = []
    asked_now: HopFacts | None = None
    notes: tuple[str, ...] = ()
    row = subject.row
    release = "" if row is None else row.holding.release or ""
    claimed = claimed_digest(release) or claimed_digest(subject.place.path)
    if claimed is not None:
        hops.append(HopFacts("named", (claimed,), source="the CRC32 in its name"))
    fetched = None if subject.entry is None else fetch_of(subject.place, catalogue)
    if fetched is not None:
        fetch, outcome = fetched
        if fetch.expected:
            hops.append(HopFacts("named", fetch.expected, source="what it was fetched with"))
        if outcome.remote_digest is not None:
            hops.append(HopFacts("remote", (outcome.remote_digest,), fetch.size, f"{fetch.source}, asked then"))
        told = asking.facts(fetch)
        if isinstance(told, HopFacts):
            asked_now = told
            hops.append(told)
        elif told is not None:
            notes = (told,)
        if outcome.sha256 is not None:
            hops.append(HopFacts("received", (Digest("sha256", outcome.sha256),), fetch.size, "the journal"))
        if outcome.written_sha256 is not None:
            hops.append(HopFacts("written", (Digest("sha256", outcome.written_sha256),), fetch.size, "the journal"))
    if row is not None:
        own = () if row.holding.sha256 is None else (Digest("sha256", row.holding.sha256),)
        hops.append(HopFacts("library", own, row.size, f"the inventory since {row.recorded:%Y-%m-%d %H:%M}Z"))
    return tuple(hops), asked_now, notes


def _changed_there(hops: Iterable[HopFacts], asked_now: HopFacts | None, now: HopFacts) -> bool:
    """Whether it is the remote's own copy that changed: ours is still what was told of it before it came."""
    return (
        asked_now is not None
        and same_bytes(asked_now, now) is False
        and any(same_bytes(facts, now) for facts in hops if facts is not asked_now and facts.hop in ("named", "remote"))
    )


def _judge(pending: _Pending, cancelled: CancelToken) -> Verified:
    """What the facts of one file come to."""
    subject, notes = pending.subject, pending.notes
    entry, row = subject.entry, subject.row
    if entry is None:
        return Verified(subject.place, "missing", HashChain(pending.hops), notes=(*notes, "nothing stands there"))
    digests: tuple[Digest, ...] = ()
    size = entry.size
    if pending.content is not None:
        try:
            content = _result(pending.content, cancelled)
        except Cancelled:
            raise
        except FileNotFoundError:
            return Verified(subject.place, "missing", HashChain(pending.hops), notes=(*notes, "it went just now"))
        except (MedialibError, OSError) as error:
            return Verified(subject.place, "unreadable", HashChain(pending.hops), notes=(*notes, str(error)))
        digests, size = content.digests, content.size
    now = HopFacts("now", digests, size, "read now" if digests else "listed now")
    hops = pending.hops
    if pending.asked_now is not None and _changed_there(hops, pending.asked_now, now):
        notes = (*notes, f"the remote has other bytes by now: {pending.asked_now}")
        hops = tuple(facts for facts in hops if facts is not pending.asked_now)
    chain = HashChain((*hops, now))
    broken = first_broken(chain)
    if broken is None:
        return Verified(subject.place, "whole" if chain.proven else "unproven", chain, notes=notes)
    touched = row is not None and (size != row.size or not nearly_same_time(entry.mtime_ns, row.mtime_ns))
    state: FileState = "changed" if touched and broken.hop == "now" and broken.before.hop != "named" else "corrupt"
    return Verified(subject.place, state, chain, broken, notes)


def _result(content: Future[Content], cancelled: CancelToken) -> Content:
    """What reading came to; another process may take its time, so the wish to stop is looked for meanwhile."""
    while True:
        try:
            return content.result(timeout=0.2)
        except TimeoutError:
            if content.done():
                raise
            if cancelled.is_set():
                raise Cancelled("stopped while a file was read") from None

"""Read what stands in the library, and say of every file whether it is still what was sent, and if not, since when.

Nothing is changed. What the name claims, what the remote says, what was received, what was written and what the
inventory holds are put into one `medialib.integrity.HashChain` together with what stands there now.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor

import attrs

from medialib.completeness import nearly_same_time, same_time
from medialib.errors import Cancelled, MedialibError, OutOfReach, UsageError
from medialib.events import BytesMoved, FileHashed, HashingStarted, Observer, nobody
from medialib.executors import shares_memory
from medialib.integrity import HashChain, HopFacts, first_broken, same_bytes
from medialib.model import Digest, DigestAlgorithm, FileEntry, Holding, InventoryFile, Place
from medialib.naming import parse_name
from medialib.planning import Fetch, Outcome, Performed
from medialib.ports import PART_SUFFIXES, CancelToken, Catalogue, Location, SupportsDigests, Untold, WritableLocation
from medialib.routing import extension_of
from medialib.routing.by_content import contradiction
from medialib.workflows.by_content import CONTENT_ALGORITHMS, ContentLookup, Told
from medialib.workflows.ed2k import can_hash_ed2k
from medialib.workflows.explain import place_of
from medialib.workflows.hashing import Content
from medialib.workflows.reading import Failure, Reading, read_each
from medialib.workflows.route_rules import VIDEO_EXTENSIONS
from medialib.workflows.scanning import scan
from medialib.workflows.sharing import SharedRun
from medialib.workflows.verified import BROKEN, FileState, Verified, share_report

__all__ = ["BROKEN", "FileState", "Verified", "claimed_digest", "claimed_ed2k", "fetch_of", "named_places", "verify"]

_ASKED: tuple[DigestAlgorithm, ...] = ("sha256", "sha1", "md5")
"""What remotes are asked for, the best first."""
_ED2K = re.compile(r"(?<![a-z])ed2k[\W_]{0,2}([0-9a-f]{32})(?![0-9a-z])", re.IGNORECASE)


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
    contents: ContentLookup | None = None,
    executor: Executor | None = None,
    shared: SharedRun | None = None,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Iterator[Verified]:
    """Look at files, all files below folders, or (None) everything in `locations`; one answer a file, in order.

    With `remotes`, those that can are asked what their own copy comes to. With `contents`, anime is asked about by
    its content: what is known so is whole, and has to be the episode that the inventory says. Files are read by
    `executor`, or by a few threads: see `medialib.workflows.reading.read_each`. What cannot be read is an answer, too.

    With `shared`, the work is divided among all who have joined that run: only what this process verified is given,
    share by share, and the end comes when all of it is done (see `run_report`). A location that cannot be read is
    raised then: who does not see it must not speak for the others.

    Raises UsageError for a place where nothing stands and nothing was, WorkersLost as `read_each` does, and Cancelled
    when asked to stop.
    """
    token: CancelToken = cancelled if cancelled is not None else threading.Event()
    listing = executor if executor is not None and shares_memory(executor) else None
    subjects: list[_Subject] = []
    for place in [Place(name, "") for name in locations] if places is None else places:
        try:
            subjects += _subjects(place, locations[place.location], catalogue, listing, token)
        except (UsageError, Cancelled):
            raise
        except (MedialibError, OSError) as error:
            if shared is not None:
                raise
            yield Verified(place, "unreadable", notes=(str(error),))
    subjects = list({subject.place: subject for subject in subjects}.values())
    observer(HashingStarted(len(subjects), sum(each.entry.size for each in subjects if each.entry is not None)))
    asking = _RemoteQuestions(remotes or {}, token)

    def verified(some: Iterable[_Subject]) -> Iterator[Verified]:
        for found in _read_all(some, locations, catalogue, asking, contents, executor, observer, token):
            observer(FileHashed(found.place, found.state))
            yield found

    if shared is None:
        yield from verified(subjects)
    else:
        yield from shared.divide(
            subjects, lambda subject: str(subject.place), verified, share_report, observer=observer, cancelled=token
        )


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


def claimed_ed2k(path: str) -> Digest | None:
    """The ed2k hash that a name claims for its video, as ``ed2k-`` and 32 digits; None if it claims none.

    >>> claimed_ed2k("Show/Show - 01 [ed2k-A448017AAF21D8525FC10AE87AA6729D].mkv")
    Digest(algorithm='ed2k', value='a448017aaf21d8525fc10ae87aa6729d')
    """
    name = path.rpartition("/")[2]
    found = _ED2K.search(name) if extension_of(name) in VIDEO_EXTENSIONS else None
    return None if found is None else Digest("ed2k", found[1].lower())


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


def _subjects(
    place: Place,
    location: WritableLocation,
    catalogue: Catalogue,
    executor: Executor | None,
    cancelled: CancelToken,
) -> list[_Subject]:
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
        for entry in scan(location, place.path, executor=executor, cancelled=cancelled):
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


@attrs.frozen
class _Known:
    """A file of which all is known but what stands there now."""

    subject: _Subject
    hops: tuple[HopFacts, ...]
    asked_now: HopFacts | None
    notes: tuple[str, ...]


def _read_all(
    subjects: Iterable[_Subject],
    locations: Mapping[str, WritableLocation],
    catalogue: Catalogue,
    asking: _RemoteQuestions,
    contents: ContentLookup | None,
    executor: Executor | None,
    observer: Observer,
    cancelled: CancelToken,
) -> Iterator[Verified]:
    def reading(known: _Known) -> Reading | None:
        place = known.subject.place
        algorithms = tuple(dict.fromkeys(digest.algorithm for facts in known.hops for digest in facts.digests))
        if contents is not None and _is_anime(known.subject, catalogue):
            algorithms = tuple(dict.fromkeys((*algorithms, *CONTENT_ALGORITHMS)))
        if known.subject.entry is None or not algorithms:
            return None
        return Reading(locations[place.location], place.path, algorithms)

    def arrived(reading: Reading, count: int) -> None:
        observer(BytesMoved(str(Place(reading.location.name, reading.path)), count))

    known = (_Known(subject, *_known_hops(subject, catalogue, asking)) for subject in subjects)
    for each, found in read_each(known, reading, executor=executor, cancelled=cancelled, arrived=arrived):
        told = None
        if contents is not None and isinstance(found, Content) and _is_anime(each.subject, catalogue):
            told = contents.told(found)
            if told.file is not None:
                said = f"{contents.provider}, which knows it as {told.file.reference}"
                digests = tuple(digest for digest in found.digests if digest.algorithm == "ed2k")
                each = attrs.evolve(each, hops=(HopFacts("named", digests, found.size, said), *each.hops))
        judged = _judge(each, found, locations[each.subject.place.location])
        yield judged if told is None else _identified(judged, each.subject, told, catalogue)


def _is_anime(subject: _Subject, catalogue: Catalogue) -> bool:
    """Whether it is a video of a show that is anime, or one of which nothing is known that its name says is anime."""
    if extension_of(subject.place.path) not in VIDEO_EXTENSIONS:
        return False
    holding = Holding() if subject.row is None else subject.row.holding
    if holding.unit is not None and holding.unit.kind == "episode":
        show = catalogue.shows.get(holding.unit.key)
        return holding.role == "video" and show is not None and show.type == "anime"
    parsed = parse_name(subject.place.path)
    return parsed.kind == "anime" or bool(parsed.absolute_episodes) or parsed.crc32 is not None


def _identified(judged: Verified, subject: _Subject, told: Told, catalogue: Catalogue) -> Verified:
    """What was found, with what its content is known as held against what the inventory says."""
    file, unit = told.file, None if subject.row is None else subject.row.holding.unit
    if file is None:
        why = told.trouble or "nobody knows its content by its ed2k hash"
        return attrs.evolve(judged, notes=(*judged.notes, why))
    show = None if unit is None or unit.kind != "episode" else catalogue.shows.get(unit.key)
    if unit is None or show is None:
        return attrs.evolve(judged, notes=(*judged.notes, f"{file.provider} knows it as {file.reference}"))
    episodes = tuple(catalogue.episodes.of_show(show.key))
    wrong = contradiction(unit, show, file, told.tvdb, episodes)
    if wrong is None or judged.state not in ("whole", "unproven"):
        return judged
    return attrs.evolve(judged, state="misidentified", notes=(*judged.notes, wrong))


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
    ed2k = claimed_ed2k(release) or claimed_ed2k(subject.place.path)
    if ed2k is not None and can_hash_ed2k():
        hops.append(HopFacts("named", (ed2k,), source="the ed2k hash in its name"))
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
        own = [] if row.holding.sha256 is None else [Digest("sha256", row.holding.sha256)]
        known = row.holding.details.get("ed2k", "")
        if re.fullmatch("[0-9a-f]{32}", known) is not None and can_hash_ed2k():
            own.append(Digest("ed2k", known))
        hops.append(HopFacts("library", tuple(own), row.size, f"the inventory since {row.recorded:%Y-%m-%d %H:%M}Z"))
    return tuple(hops), asked_now, notes


def _changed_there(hops: Iterable[HopFacts], asked_now: HopFacts | None, now: HopFacts) -> bool:
    """Whether it is the remote's own copy that changed: ours is still what was told of it before it came."""
    return (
        asked_now is not None
        and same_bytes(asked_now, now) is False
        and any(same_bytes(facts, now) for facts in hops if facts is not asked_now and facts.hop in ("named", "remote"))
    )


def _judge(known: _Known, found: Content | Failure | None, location: Location) -> Verified:
    """What the facts of one file come to."""
    subject, notes = known.subject, known.notes
    place, entry, row = subject.place, subject.entry, subject.row
    if entry is None:
        return Verified(place, "missing", HashChain(known.hops), notes=(*notes, "nothing stands there"))
    digests: tuple[Digest, ...] = ()
    size = entry.size
    if isinstance(found, Content):
        digests, size = found.digests, found.size
    elif found is not None:
        # whoever read it may see less than we do
        if isinstance(found, FileNotFoundError) and _is_gone(location, place.path):
            return Verified(place, "missing", HashChain(known.hops), notes=(*notes, "it went just now"))
        return Verified(place, "unreadable", HashChain(known.hops), notes=(*notes, str(found)))
    now = HopFacts("now", digests, size, "read now" if digests else "listed now")
    hops = known.hops
    if known.asked_now is not None and _changed_there(hops, known.asked_now, now):
        notes = (*notes, f"the remote has other bytes by now: {known.asked_now}")
        hops = tuple(facts for facts in hops if facts is not known.asked_now)
    chain = HashChain((*hops, now))
    broken = first_broken(chain)
    if broken is None:
        return Verified(place, "whole" if chain.proven else "unproven", chain, notes=notes)
    touched = row is not None and (size != row.size or not nearly_same_time(entry.mtime_ns, row.mtime_ns))
    state: FileState = "changed" if touched and broken.hop == "now" and broken.before.hop != "named" else "corrupt"
    return Verified(place, state, chain, broken, notes)


def _is_gone(location: Location, path: str) -> bool:
    try:
        return location.entry(path) is None
    except (MedialibError, OSError):
        return False

"""Hypothesis strategies for the values that medialib speaks in.

Texts are hostile on purpose: quotes, NUL, lone surrogates, both Unicode forms. Numbers stay within what a column of
64 bits holds.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone
from typing import get_args

from hypothesis import strategies as st

from medialib.model import (
    DIGEST_LENGTHS,
    Digest,
    DigestAlgorithm,
    Episode,
    ExternalIds,
    FileEntry,
    Holding,
    InventoryFile,
    KnownFile,
    Movie,
    Place,
    Show,
    Sighting,
    Unit,
)
from medialib.planning import (
    Action,
    AddMovie,
    AddShow,
    ChangeShow,
    Discard,
    Fetch,
    KeptCopy,
    MakeFolder,
    Move,
    Outcome,
    Purge,
    RecordInventory,
    RecordKnown,
    ReleaseFile,
    ReleaseFolder,
    ReleaseMark,
    ReleaseMove,
    RemoveFolder,
    RemoveMovie,
    RemoveShow,
    SetEpisodes,
    SetHolding,
    Way,
    WriteText,
)
from medialib.ports import Run

__all__ = [
    "actions",
    "dates",
    "digests",
    "episodes",
    "external_ids",
    "holdings",
    "instants",
    "inventory_files",
    "known_files",
    "long_texts",
    "movies",
    "outcomes",
    "paths",
    "places",
    "runs",
    "shows",
    "sightings",
    "texts",
    "torture_texts",
    "units",
]

torture_texts = (
    "",
    " ",
    "'; DROP TABLE shows; --",
    '"quoted" \\ % _ *',
    '" or key != "" or key in ["a"] and "',
    "a\x00b",
    "\x00",
    "\x01\x02",
    "caf\udce9",
    "\ud83d\ude00",
    "\ue000\u34e9",
    "😀\U0010ffff",
    "Ame\u0301lie",
    "Amélie",
    "line\nbreak\ttab",
    "\u202eRTL",
    "ß ẞ SS",
)
"""Texts that stores have been known to change."""
_LETTERS = (
    *map(chr, range(32, 127)),
    *map(chr, range(0x3042, 0x4000)),
    "\x00",
    "\x01",
    "\udcff",
    "\ue000",
    "\U0010ffff",
)


def texts(max_size: int = 12) -> st.SearchStrategy[str]:
    """Any text, lone surrogates included."""
    anything = st.text(st.characters(exclude_categories=()), max_size=max_size)
    return st.one_of(st.sampled_from(torture_texts), anything)


def long_texts() -> st.SearchStrategy[str]:
    """Texts of 100 to 10,000 characters that begin alike and that no database can press into much less."""
    return st.builds(_long_text, st.integers(0, 2**32), st.sampled_from((100, 133, 134, 700, 801, 2_700, 10_000)))


def _long_text(seed: int, length: int) -> str:
    letters = random.Random(seed).choices(_LETTERS, k=length)
    return ("Long/" * 30 + "".join(letters))[:length]


def paths() -> st.SearchStrategy[str]:
    """Relative paths of few and alike names, so that they meet."""
    part = st.sampled_from(("a", "b", "A", "Show (2020)", "a0", "caf\udce9", "e\u0301", "é", "x\x00y"))
    return st.lists(part, min_size=1, max_size=3).map("/".join)


def places() -> st.SearchStrategy[Place]:
    """Places in one of three locations."""
    return st.builds(Place, st.sampled_from(("incoming", "tv", "caf\udce9")), paths())


def instants() -> st.SearchStrategy[datetime]:
    """Aware instants of many zones, microseconds included."""
    zones = st.sampled_from((UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-9, minutes=-30))))
    # Hypothesis wants the bounds without a zone and adds one.
    return st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001


def dates() -> st.SearchStrategy[date]:
    """Few dates, so that they meet, and the ends of what there is."""
    return st.sampled_from((date.min, date(2008, 1, 20), date(2024, 2, 29), date.max))


def _numbers() -> st.SearchStrategy[int]:
    return st.integers(0, 2**31 - 1) | st.integers(0, 2**63 - 1)


def _sizes() -> st.SearchStrategy[int]:
    return st.integers(0, 2**63 - 1)


def _times() -> st.SearchStrategy[int]:
    return st.integers(-(2**63), 2**63 - 1)


def _hashes() -> st.SearchStrategy[str]:
    return st.sampled_from(("00" * 32, "ab" * 32))


def external_ids() -> st.SearchStrategy[ExternalIds]:
    """Any combination of ids."""
    number = st.none() | _numbers()
    return st.builds(ExternalIds, number, number, number, number, st.none() | texts())


def _words() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(texts(), max_size=3).map(tuple)


def _provenance() -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(texts(), texts(), max_size=2)


def shows(keys: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Show]:
    """Shows with keys drawn from `keys`."""
    return st.builds(
        Show,
        key=texts() if keys is None else keys,
        title=texts(),
        year=st.none() | _numbers(),
        type=st.sampled_from(("standard", "anime", "daily")),
        aliases=_words(),
        folder=texts(),
        ids=external_ids(),
        language=st.none() | texts(),
        status=st.none() | texts(),
        genres=_words(),
        source=texts(),
        episode_order=texts(),
        countries=_words(),
        provenance=_provenance(),
    )


def movies(keys: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Movie]:
    """Films with keys drawn from `keys`."""
    return st.builds(
        Movie,
        key=texts() if keys is None else keys,
        title=texts(),
        year=st.none() | _numbers(),
        aliases=_words(),
        folder=texts(),
        ids=external_ids(),
        source=texts(),
        language=st.none() | texts(),
        genres=_words(),
        countries=_words(),
        provenance=_provenance(),
    )


def episodes(show_keys: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Episode]:
    """Episodes with few numbers, so that they meet."""
    return st.builds(
        Episode,
        show=texts() if show_keys is None else show_keys,
        season=st.integers(0, 2),
        number=st.integers(0, 3),
        title=st.none() | texts(),
        absolute=st.none() | st.integers(0, 4),
        aired=st.none() | dates(),
    )


def units() -> st.SearchStrategy[Unit]:
    """What a file may hold."""
    return st.builds(
        Unit,
        kind=st.sampled_from(("episode", "movie")),
        key=st.sampled_from(("a", "b", "caf\udce9")),
        season=st.none() | _numbers(),
        episodes=st.lists(_numbers(), max_size=3).map(tuple),
        aired=st.none() | dates(),
    )


def holdings() -> st.SearchStrategy[Holding]:
    """Holdings, details included."""
    return st.builds(
        Holding,
        unit=st.none() | units(),
        role=st.sampled_from(("video", "companion")),
        sha256=st.none() | _hashes(),
        release=st.none() | texts(),
        details=st.dictionaries(texts(), texts(), max_size=2),
    )


def known_files(remotes: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[KnownFile]:
    """Rows of known files, with full paths."""
    return st.builds(
        KnownFile,
        remote=texts() if remotes is None else remotes,
        path=paths().map("/".__add__),
        size=_sizes(),
        mtime_ns=_times(),
        state=st.sampled_from(("fetched", "baseline", "released")),
        recorded=instants(),
        sha256=st.none() | _hashes(),
        local=st.none() | places(),
    )


def sightings(remotes: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Sighting]:
    """Sightings, with full paths."""
    return st.builds(
        Sighting,
        remote=texts() if remotes is None else remotes,
        path=paths().map("/".__add__),
        size=_sizes(),
        mtime_ns=_times(),
        seen=instants(),
    )


def inventory_files() -> st.SearchStrategy[InventoryFile]:
    """Rows of the inventory."""
    return st.builds(
        InventoryFile, place=places(), size=_sizes(), mtime_ns=_times(), recorded=instants(), holding=holdings()
    )


def digests() -> st.SearchStrategy[Digest]:
    """Digests of every kind."""

    def of(algorithm: DigestAlgorithm) -> st.SearchStrategy[Digest]:
        length = DIGEST_LENGTHS[algorithm]
        return st.text("0123456789abcdef", min_size=length, max_size=length).map(lambda text: Digest(algorithm, text))

    return st.sampled_from(sorted(DIGEST_LENGTHS)).flatmap(of)


def actions() -> st.SearchStrategy[Action]:
    """Actions of every kind."""
    told = {"id": texts(), "reason": texts(), "after": st.lists(texts(), max_size=2).map(tuple)}
    file = {"source": places(), "target": places(), "size": _sizes(), "mtime_ns": _times(), **told}
    row = st.none() | known_files()
    few = st.lists(episodes(), max_size=2).map(tuple)
    return st.one_of(
        st.builds(Fetch, expected=st.lists(digests(), max_size=2).map(tuple), **file),
        st.builds(Move, holding=st.none() | holdings(), unit=st.none() | texts(), ways=_ways(), **file),
        st.builds(Discard, duplicate_of=st.none() | places(), **file),
        st.builds(MakeFolder, place=places(), **told),
        st.builds(Purge, place=places(), size=_sizes(), mtime_ns=_times(), **told),
        st.builds(WriteText, place=places(), text=texts(), holding=st.none() | holdings(), **told),
        st.builds(RemoveFolder, place=places(), **told),
        st.builds(AddShow, show=shows(), episodes=few, **told),
        st.builds(RemoveShow, show=shows(), episodes=few, **told),
        st.builds(ChangeShow, previous=shows(), show=shows(), previous_episodes=few, episodes=few, **told),
        st.builds(SetEpisodes, show=texts(), previous=few, episodes=few, **told),
        st.builds(SetHolding, place=places(), previous=holdings(), holding=holdings(), **told),
        st.builds(AddMovie, movie=movies(), **told),
        st.builds(RemoveMovie, movie=movies(), **told),
        st.builds(
            RecordInventory,
            place=places(),
            previous=st.none() | inventory_files(),
            record=st.none() | inventory_files(),
            adopts=st.booleans(),
            **told,
        ),
        st.builds(RecordKnown, remote=texts(), path=texts(), previous=row, record=row, **told),
        *_releases(),
    )


def _ways() -> st.SearchStrategy[tuple[Way, ...]]:
    return st.lists(st.sampled_from(get_args(Way)), min_size=1, max_size=4, unique=True).map(tuple)


def _releases() -> tuple[st.SearchStrategy[Action], ...]:
    told = {"id": texts(), "reason": texts(), "after": st.lists(texts(), max_size=2).map(tuple)}
    copies = st.builds(KeptCopy, place=places(), size=_sizes(), mtime_ns=_times())
    listed = st.builds(FileEntry, path=texts(), size=_sizes(), mtime_ns=_times())
    file = {"source": places(), "size": _sizes(), "mtime_ns": _times(), "copy": st.none() | copies, **told}
    few = {"files": st.lists(listed, max_size=2).map(tuple), "copies": st.lists(copies, max_size=2).map(tuple)}
    return (
        st.builds(ReleaseFile, **file),
        st.builds(ReleaseMove, target=places(), back=st.booleans(), **file),
        st.builds(ReleaseMark, place=places(), back=st.booleans(), **few, **told),
        st.builds(ReleaseFolder, place=places(), **told),
    )


def outcomes() -> st.SearchStrategy[Outcome]:
    """Outcomes of every kind."""
    return st.builds(
        Outcome,
        result=st.sampled_from(("done", "failed", "skipped")),
        detail=texts(),
        sha256=st.none() | _hashes(),
        mtime_ns=st.none() | _times(),
        method=st.sampled_from((None, "rename", "copy", "hardlink", "reflink")),
        source_kept=st.booleans(),
        created_folders=st.lists(places(), max_size=2).map(tuple),
        known=st.none() | known_files(),
        previous_known=st.none() | known_files(),
        previous_holding=st.none() | holdings(),
        written_sha256=st.none() | _hashes(),
        remote_digest=st.none() | digests(),
        released=st.lists(known_files(), max_size=2).map(tuple),
        changed=st.booleans(),
    )


def runs(ids: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Run]:
    """Runs in any state."""
    return st.builds(
        Run,
        id=texts() if ids is None else ids,
        verb=texts(),
        started=instants(),
        state=st.sampled_from(("running", "done", "partial", "failed", "interrupted", "undone")),
        finished=st.none() | instants(),
        undoes=st.none() | texts(),
        configuration=texts(),
    )

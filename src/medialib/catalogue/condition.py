"""What the file of an SQLite catalogue looks like, found out without touching it."""

from __future__ import annotations

from pathlib import Path

import attrs

from medialib.catalogue.mounts import MOUNT_TABLE, network_file_system
from medialib.catalogue.sqlite_files import check_sqlite, connect_bytes, size_of, snapshot, stored_revision

__all__ = ["Condition", "condition_of", "mounted_network"]


@attrs.frozen
class Condition:
    """The inside of a catalogue's file."""

    faults: tuple[str, ...]
    """What an integrity check found, a line each."""
    revision: str | None
    """Its schema; None for a damaged or an empty database."""
    pending: int
    """How many steps of its schema are to be taken."""


def condition_of(path: Path) -> Condition | None:
    """The condition of a catalogue's file, read at one moment without changing, making or locking anything.

    None if there is none yet. Raises CatalogueFromTheFuture, CatalogueBusy, OutOfReach, and CatalogueError for a
    database of something else.
    """
    if not size_of(path):
        return None
    faults = check_sqlite(path)
    if faults:
        return Condition(faults, None, 0)
    from medialib.catalogue.sql import pending_revisions

    connection = connect_bytes(snapshot(path))
    try:
        revision = stored_revision(connection, path)
    finally:
        connection.close()
    pending = () if revision is None else pending_revisions(revision, where=str(path))
    return Condition((), revision, len(pending))


def mounted_network(folder: Path, mount_table: Path | str = MOUNT_TABLE) -> str | None:
    """The kind of network file system that a folder lies on; None for a local disk, or where that cannot be told.

    >>> mounted_network(Path("/"), "/there/is/no/such/table") is None
    True
    """
    try:
        text = Path(mount_table).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return network_file_system(folder.resolve(), text)

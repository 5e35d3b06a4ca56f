"""Where everything that was learnt and done is kept.

`open_catalogue` opens one by its address; `MemoryCatalogue` forgets everything and needs no file. The database library
is loaded only when a catalogue on a disk or a server is opened.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from medialib.catalogue.memory import MemoryCatalogue
from medialib.catalogue.registry import opener_of
from medialib.events import Observer, nobody

if TYPE_CHECKING:
    from medialib.ports import Catalogue

__all__ = ["MemoryCatalogue", "open_catalogue"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://|(memory):$")


def open_catalogue(
    url: str | Path, *, read_only: bool = False, create: bool = True, observer: Observer = nobody
) -> Catalogue:
    """Open the catalogue at an address.

    A path, or ``sqlite:///path`` (percent-encoded), is an SQLite file: `medialib.catalogue.sqlite.open_sqlite`.
    ``postgresql://user@host/database`` is a database on a server: `medialib.catalogue.postgresql.open_postgresql`.
    ``milvus:///path.db`` and ``milvus://host:port/database?beside=/path.sqlite`` are Milvus, in this process or on a
    server: `medialib.catalogue.milvus.open_milvus`. ``memory:`` forgets everything. Other packages may add further
    kinds: see `medialib.catalogue.registry`.

    With `read_only` nothing is changed. Unless `create` is False, a catalogue that is not there yet is made. `observer`
    is told of what opening had to do. Raises ConfigurationError for any other kind of address, for one whose package is
    not installed, and CatalogueError if the catalogue cannot be opened.

    >>> open_catalogue("memory:").traits.persistent
    False
    >>> open_catalogue("mysql://root@example/medialib")
    Traceback (most recent call last):
    medialib.errors.ConfigurationError: the catalogue's address cannot be used
      catalogue.url: 'mysql' is no known kind; known are a path, memory, milvus, postgresql, sqlite...
    """
    match = None if isinstance(url, Path) else _SCHEME.match(url)
    if match is None:
        from medialib.catalogue.sqlite import open_sqlite

        return open_sqlite(Path(url).expanduser(), read_only=read_only, create=create, observer=observer)
    opener = opener_of((match[1] or match[2]).lower())
    return opener(str(url), read_only=read_only, create=create, observer=observer)

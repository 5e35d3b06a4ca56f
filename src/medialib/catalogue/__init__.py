"""Where everything that was learnt and done is kept.

`open_catalogue` opens one by its address; `MemoryCatalogue` forgets everything and needs no file. The database library
is loaded only when a catalogue on a disk is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from medialib.catalogue.memory import MemoryCatalogue
from medialib.errors import ConfigurationError, Problem
from medialib.events import Observer, nobody

if TYPE_CHECKING:
    from medialib.ports import Catalogue

__all__ = ["MemoryCatalogue", "open_catalogue"]

_KNOWN = (
    "a path, sqlite:///relative/path, sqlite:////absolute/path, memory:, and milvus: with the extra medialib[milvus]"
)


def open_catalogue(
    url: str | Path, *, read_only: bool = False, create: bool = True, observer: Observer = nobody
) -> Catalogue:
    """Open the catalogue at an address: a path, ``sqlite:///path`` (percent-encoded) or ``memory:``.

    ``?timeout=5`` after an SQLite address is how many seconds to wait for other processes. A ``~`` at its start is the
    home folder. Raises ConfigurationError for any other kind of address, and as the adapter does: see
    `medialib.catalogue.sqlite.open_sqlite` for `read_only`, `create` and `observer`.

    >>> open_catalogue("memory:").traits.persistent
    False
    >>> open_catalogue("mysql://root@example/medialib")
    Traceback (most recent call last):
    medialib.errors.ConfigurationError: the catalogue's address cannot be used
      catalogue.url: 'mysql' is no known kind; known are a path, sqlite:///relative/path, ..., memory:, ...
    """
    if isinstance(url, Path):
        return _sqlite(url, read_only=read_only, create=create, observer=observer)
    if url == "memory:":
        return MemoryCatalogue(read_only=read_only)
    if "://" not in url:
        return _sqlite(Path(url), read_only=read_only, create=create, observer=observer)
    scheme, _, rest = url.partition("://")
    if scheme == "milvus":
        from medialib.catalogue.milvus import open_milvus

        return open_milvus(url, read_only=read_only, create=create, observer=observer)
    if scheme != "sqlite":
        raise _unusable(f"'{scheme}' is no known kind; known are {_KNOWN}")
    location, _, query = rest.partition("?")
    if not location.startswith("/") or location == "/":
        raise _unusable(f"names no file; known are {_KNOWN}")
    timeout = 30.0
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key != "timeout":
            raise _unusable(f"has an unknown option {key!r}; known is timeout")
        try:
            timeout = float(value)
        except ValueError:
            raise _unusable("wants a number of seconds for timeout") from None
    path = Path(unquote(location[1:], errors="surrogateescape"))
    return _sqlite(path, read_only=read_only, create=create, observer=observer, busy_timeout=timeout)


def _sqlite(path: Path, *, read_only: bool, create: bool, observer: Observer, busy_timeout: float = 30.0) -> Catalogue:
    from medialib.catalogue.sqlite import open_sqlite

    return open_sqlite(
        path.expanduser(), read_only=read_only, create=create, observer=observer, busy_timeout=busy_timeout
    )


def _unusable(problem: str) -> ConfigurationError:
    return ConfigurationError("the catalogue's address cannot be used", [Problem.at(("catalogue", "url"), problem)])

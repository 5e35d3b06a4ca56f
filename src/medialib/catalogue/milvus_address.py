"""The address of a catalogue in Milvus, as one text."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

from medialib.catalogue.milvus_server import DEFAULT_PORT
from medialib.errors import ConfigurationError, Problem

__all__ = ["BESIDE", "MilvusAddress", "read_address"]

BESIDE = "beside.sqlite"
"""Name of the SQLite file in the folder of an embedded Milvus."""

_FORMS = (
    "milvus:///relative/path.db, milvus:////absolute/path.db, milvus://host:port/database?beside=/absolute/path.sqlite"
)


@attrs.frozen
class MilvusAddress:
    """Where a catalogue in Milvus is: in a folder, or in a database of a server."""

    folder: Path | None = None
    """The folder of an embedded one; None for a server."""
    host: str = ""
    """Name or address of the server."""
    port: int = DEFAULT_PORT
    """Its port."""
    database: str = "default"
    """The database in it."""
    token: str = attrs.field(default="", repr=False)
    """``user:password`` or a key; empty where none is wanted."""
    secure: bool = False
    """Whether it is spoken to through TLS."""
    beside: Path | None = None
    """The SQLite file that belongs to a catalogue on a server."""
    timeout: float = 30.0
    """Seconds to wait for other processes, and for an answer."""

    @property
    def file(self) -> Path:
        """The SQLite file that keeps what Milvus is unfit for.

        >>> str(MilvusAddress(folder=Path("/srv/catalogue.db")).file)
        '/srv/catalogue.db/beside.sqlite'
        """
        if self.folder is not None:
            return self.folder / BESIDE
        assert self.beside is not None, "an address of a server names one"
        return self.beside


def read_address(url: str, *, with_file: bool = True) -> MilvusAddress:
    """The address that a text names, percent-encoded; unless `with_file` is False, a server's must name a file.

    Raises ConfigurationError, never showing the text, which may hold a password.

    >>> read_address("milvus:////srv/my%20media/catalogue.db").folder
    PosixPath('/srv/my media/catalogue.db')
    >>> found = read_address("milvus://media:s3cret@[::1]:19531/tv?beside=/srv/tv.sqlite&timeout=5")
    >>> found.host, found.port, found.database, found.token, str(found.beside), found.timeout
    ('::1', 19531, 'tv', 'media:s3cret', '/srv/tv.sqlite', 5.0)
    >>> "s3cret" in repr(found)
    False
    >>> read_address("milvus://nas")
    Traceback (most recent call last):
    medialib.errors.ConfigurationError: the catalogue's address cannot be used
      catalogue.url: wants ?beside= and the path of a file on this disk, which keeps the journal; known are milvus:///...
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _unusable("is no address") from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := set(options) - {"beside", "secure", "timeout"}:
        raise _unusable(f"has an unknown option {sorted(unknown)[0]!r}; known are beside, secure, timeout")
    try:
        timeout = float(options.get("timeout", "30"))
    except ValueError:
        raise _unusable("wants a number of seconds for timeout") from None
    path = unquote(parts.path, errors="surrogateescape")
    if not parts.netloc:
        if not path.startswith("/") or not path.endswith(".db"):
            raise _unusable("wants a path that ends in .db")
        return MilvusAddress(Path(path[1:]).expanduser(), timeout=timeout)
    beside = options.get("beside")
    if not parts.hostname or (with_file and not beside):
        raise _unusable("wants ?beside= and the path of a file on this disk, which keeps the journal")
    if options.get("secure", "false") not in ("true", "false"):
        raise _unusable("wants true or false for secure")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MilvusAddress(
        host=parts.hostname,
        port=DEFAULT_PORT if port is None else port,
        database=path.strip("/") or "default",
        token=f"{user}:{password}" if user and password else user or password,
        secure=options.get("secure") == "true",
        beside=Path(beside).expanduser() if beside else None,
        timeout=timeout,
    )


def _unusable(problem: str) -> ConfigurationError:
    return ConfigurationError(
        "the catalogue's address cannot be used", [Problem.at(("catalogue", "url"), f"{problem}; known are {_FORMS}")]
    )

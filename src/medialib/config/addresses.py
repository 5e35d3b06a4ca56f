"""Where things are, as people write it: paths of this machine, addresses of remotes and of catalogues.

Every function takes the folder that relative paths start from and the home folder that ``~`` means, and reads nothing
of its own. No message holds an address as it was given, for that may hold a password.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import attrs

__all__ = [
    "CATALOGUE_SCHEMES",
    "RemoteAddress",
    "absolute_path",
    "catalogue_url",
    "covers",
    "destination",
    "format_remote_url",
    "merge_address",
    "parse_remote_url",
    "remote_url",
    "sqlite_file",
    "vector_url",
    "with_password",
]

CATALOGUE_SCHEMES: Final = ("sqlite", "postgresql", "milvus")
"""Kinds of database that medialib itself can keep a catalogue in; other packages may add more."""

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*(?:::[A-Za-z][A-Za-z0-9+.-]*)*)://(?P<rest>.*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+(?:%\w+)?")
_SFTP_SCHEMES = ("sftp", "ssh")


@attrs.frozen
class RemoteAddress:
    """The parts of a remote's address."""

    scheme: str
    """``sftp``, ``file``, or what fsspec calls another kind."""
    host: str | None = None
    """Name or IP address (an IPv6 one without brackets); None for kinds other than sftp."""
    port: int | None = None
    """TCP port; None for the usual one."""
    username: str | None = None
    """Account; None for the local one."""
    path: str = "."
    """Folder: absolute, or from the login folder on (``.``). For other kinds, what follows ``://``."""


def absolute_path(text: str, *, folder: Path, home: Path) -> Path:
    """A path of this machine, made absolute and tidy without looking at the disk.

    Raises ValueError for an empty path, one with a NUL, and for another account's ``~name``.

    >>> str(absolute_path("../tv/", folder=Path("/etc/medialib"), home=Path("/home/me")))
    '/etc/tv'
    >>> str(absolute_path("~/incoming", folder=Path("/etc"), home=Path("/home/me")))
    '/home/me/incoming'
    """
    if not text:
        raise ValueError("wants a path, not nothing")
    if "\0" in text:
        raise ValueError("wants a path, which holds no NUL")
    first, _, rest = text.partition("/")
    if first == "~":
        return Path(os.path.normpath(home / rest.lstrip("/")))
    if first.startswith("~"):
        raise ValueError(f"another account's folder is not looked up: write the path whole, or ./{first} for that name")
    normal = os.path.normpath(folder / text)
    return Path("/" + normal.lstrip("/") if normal.startswith("//") else normal)


def parse_remote_url(url: str) -> RemoteAddress:
    """The parts of an address. ``sftp://host/~/x`` is ``x`` in the login folder, ``sftp://host/x`` is ``/x``.

    Raises ValueError, never showing the address, for what cannot be read and for one that holds a password.

    >>> parse_remote_url("sftp://me@seedbox.example/~/My%20Files")
    RemoteAddress(scheme='sftp', host='seedbox.example', port=None, username='me', path='My Files')
    >>> parse_remote_url("file:///mnt/usb")
    RemoteAddress(scheme='file', host=None, port=None, username=None, path='/mnt/usb')
    >>> parse_remote_url("sftp://me:hunter2@seedbox.example")
    Traceback (most recent call last):
    ValueError: holds a password: take it out, and set password = "${SEEDBOX_PASSWORD}" or another variable beside it
    """
    match = _SCHEME.fullmatch(url)
    if match is None:
        raise ValueError("wants an address such as sftp://user@host:22/path or file:///path")
    if _CONTROL.search(url):
        raise ValueError("holds a control character")
    scheme, rest = match["scheme"].lower(), match["rest"]
    if scheme == "file":
        return _file_address(rest)
    _refuse_password(rest)
    if scheme not in _SFTP_SCHEMES:
        return RemoteAddress(match["scheme"], path=rest)
    authority, slash, path = rest.partition("/")
    user, at, server = authority.rpartition("@")
    if re.search(r"[?#\\\s]", server):
        raise ValueError("names no host that could be asked")
    try:
        parts = urlsplit(f"sftp://{server}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("names a port or host that cannot be read") from None
    if not host or _HOST.fullmatch(host) is None:
        raise ValueError("names no host that could be asked")
    if port == 0:
        raise ValueError("names port 0, which no server has")
    username = _unquoted(user) if at and user else None
    return RemoteAddress("sftp", host, port, username, _folder_of_url(slash + path))


def format_remote_url(address: RemoteAddress) -> str:
    """The address as one text, percent-encoded where that is needed; `parse_remote_url` reads it back.

    >>> format_remote_url(RemoteAddress("sftp", host="::1", port=2222, username="me", path="My Files"))
    'sftp://me@[::1]:2222/~/My%20Files'
    """
    if address.scheme == "file":
        return f"file://{_quoted(address.path)}"
    if address.scheme != "sftp":
        return f"{address.scheme}://{address.path}"
    user = "" if address.username is None else f"{_quoted(address.username, safe='')}@"
    host = address.host or ""
    server = f"[{host}]" if ":" in host else host
    port = "" if address.port is None else f":{address.port}"
    if address.path == ".":
        return f"sftp://{user}{server}{port}"
    # A folder that is really called ~ must not read back as the login folder.
    folder = "/%7E" + _quoted(address.path[2:]) if address.path.startswith("/~") else _quoted(address.path)
    return f"sftp://{user}{server}{port}{folder if folder.startswith('/') else f'/~/{folder}'}"


def remote_url(text: str, *, folder: Path, home: Path) -> str:
    """An address in its one spelling; a plain path becomes a ``file://`` one.

    Raises ValueError as `parse_remote_url` does.

    >>> remote_url("../usb disk", folder=Path("/mnt/medialib"), home=Path("/home/me"))
    'file:///mnt/usb%20disk'
    >>> remote_url("ssh://ME@Seedbox.example:22/downloads/", folder=Path("/"), home=Path("/"))
    'sftp://ME@seedbox.example:22/downloads'
    """
    if _SCHEME.fullmatch(text) is None and re.match(r"[./~]", text):
        return format_remote_url(RemoteAddress("file", path=str(absolute_path(text, folder=folder, home=home))))
    return format_remote_url(parse_remote_url(text))


def destination(text: str, *, folder: Path, home: Path) -> Path | str:
    """Where files are carried to: a path of this machine, or else an address in its one spelling.

    Raises ValueError as `absolute_path` and `parse_remote_url` do.

    >>> destination("tv", folder=Path("/srv"), home=Path("/home/me"))
    PosixPath('/srv/tv')
    >>> destination("file:///srv/my%20tv", folder=Path("/"), home=Path("/home/me"))
    PosixPath('/srv/my tv')
    >>> destination("sftp://me@nas.example/volume1/tv/", folder=Path("/"), home=Path("/home/me"))
    'sftp://me@nas.example/volume1/tv'
    """
    if _SCHEME.fullmatch(text) is None:
        return absolute_path(text, folder=folder, home=home)
    address = parse_remote_url(text)
    return Path(address.path) if address.scheme == "file" else format_remote_url(address)


def covers(base: str, url: str) -> bool:
    """Whether one address is, or lies below, another one.

    >>> covers("sftp://me@nas", "sftp://me@nas:22/tv"), covers("sftp://me@nas/tv", "sftp://me@nas/tv2")
    (True, False)
    >>> covers("s3://bucket", "s3://bucket/tv"), covers("sftp://nas", "sftp://me@nas/tv")
    (True, False)
    """
    outer, inner = parse_remote_url(base), parse_remote_url(url)
    if outer.scheme != inner.scheme:
        return False
    if outer.scheme == "sftp":
        if (outer.host, outer.port or 22, outer.username) != (inner.host, inner.port or 22, inner.username):
            return False
        if outer.path == ".":
            return True
    return f"{inner.path.rstrip('/')}/".startswith(f"{outer.path.rstrip('/')}/")


def merge_address(
    url: str | None, keys: Mapping[str, str | int], *, overriding: frozenset[str] = frozenset()
) -> tuple[str | None, dict[str, str]]:
    """One address out of a url and the keys ``host``, ``port``, ``username``, ``path``; and what is wrong, by key.

    What the url does not say, the keys add. What both say must agree, except that what is `overriding` (``url`` or a
    key) wins. Neither url nor host is a fault of ``host``.

    >>> merge_address("sftp://seedbox.example", {"port": 2222, "path": "downloads"})
    ('sftp://seedbox.example:2222/~/downloads', {})
    >>> merge_address("sftp://seedbox.example:22", {"port": 2222})
    ('sftp://seedbox.example:22', {'port': 'contradicts the url; say it in one place'})
    """
    if url is None and "host" not in keys:
        return None, {"host": "neither url nor host is given: one of them says where the remote is"}
    address = RemoteAddress("sftp") if url is None else parse_remote_url(url)
    if address.scheme != "sftp":
        return url, dict.fromkeys(keys, f"is for sftp, and the url is of kind {address.scheme}")
    said = {"host": address.host, "port": address.port, "username": address.username}
    said["path"] = None if address.path == "." else address.path
    faults: dict[str, str] = {}
    for key, value in keys.items():
        try:
            wanted = _checked_key(key, value)
        except ValueError as error:
            faults[key] = str(error)
            continue
        if said[key] is None or key in overriding:
            said[key] = wanted
        elif said[key] != wanted and "url" not in overriding:
            faults[key] = "contradicts the url; say it in one place"
    whole: dict[str, Any] = {**said, "path": said["path"] or "."}
    return format_remote_url(attrs.evolve(address, **whole)), faults


def catalogue_url(
    text: str, *, folder: Path, home: Path, data: Path | None = None, schemes: Collection[str] = CATALOGUE_SCHEMES
) -> str:
    """The address of a catalogue in its one spelling, with absolute paths; of PostgreSQL or another kind, as it is.

    The file beside a catalogue on a Milvus server is in the folder `data`, where one is given and the address names no
    file. Raises ValueError, never showing the address, for kinds that are not known and for a database in memory only.

    >>> catalogue_url("catalogue.db", folder=Path("/srv/my media"), home=Path("/home/me"))
    'sqlite:////srv/my%20media/catalogue.db'
    >>> catalogue_url("milvus://me:pw@nas:19530/films", folder=Path("/"), home=Path("/"), data=Path("/var/medialib"))
    'milvus://me:pw@nas:19530/films?beside=/var/medialib/milvus-nas-19530-films.sqlite'
    >>> catalogue_url("mysql://db/medialib", folder=Path("/"), home=Path("/"))
    Traceback (most recent call last):
    ValueError: 'mysql' is no kind of catalogue: wants a path, sqlite, postgresql or milvus
    """
    match = _SCHEME.fullmatch(text)
    if _CONTROL.search(text):
        raise ValueError("holds a control character")
    if match is None:
        if text == ":memory:":
            raise ValueError("a catalogue in memory forgets everything: wants the path of a file")
        return f"sqlite:///{_quoted(str(absolute_path(text, folder=folder, home=home)))}"
    scheme, rest = match["scheme"].lower(), match["rest"]
    scheme = "postgresql" if scheme == "postgres" else scheme
    if scheme not in schemes:
        *others, last = schemes
        raise ValueError(f"'{scheme}' is no kind of catalogue: wants a path, {', '.join(others)} or {last}")
    if scheme == "milvus":
        return _milvus_url(rest, folder=folder, home=home, data=data)
    if scheme != "sqlite":
        if not rest.strip("/"):
            raise ValueError(f"names no database: {scheme}://user@host/database")
        return f"{scheme}://{rest}"
    location, mark, query = rest.partition("?")
    if location in ("", "/", "/:memory:"):
        raise ValueError("a catalogue in memory forgets everything: wants the path of a file")
    if not location.startswith("/"):
        raise ValueError("wants three slashes before a relative path, four before an absolute one: sqlite:////srv/x.db")
    return f"sqlite:///{_quoted(str(absolute_path(_unquoted(location[1:]), folder=folder, home=home)))}{mark}{query}"


def vector_url(text: str, *, folder: Path, home: Path) -> str:
    """The address of an index of vectors, with absolute paths for Milvus; of another kind, as it is.

    Raises ValueError, never showing the address, for what is no address.

    >>> vector_url("memory:", folder=Path("/srv"), home=Path("/home/me"))
    'memory:'
    >>> vector_url("milvus:///titles.db", folder=Path("/srv/my media"), home=Path("/home/me"))
    'milvus:////srv/my%20media/titles.db'
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text) is None:
        raise ValueError("wants memory:, exact:, or an address such as milvus:///titles.db")
    if text.lower().startswith("milvus:"):
        return catalogue_url(text, folder=folder, home=home, schemes=("milvus",))
    return text


def _milvus_url(rest: str, *, folder: Path, home: Path, data: Path | None) -> str:
    location, mark, query = rest.partition("?")
    if location.startswith("/"):
        if location == "/":
            raise ValueError("names no folder for Milvus: wants a path that ends in .db")
        location = f"/{_quoted(str(absolute_path(_unquoted(location[1:]), folder=folder, home=home)))}"
    options = [option.partition("=") for option in query.split("&")] if query else []
    whole = [
        f"{name}={_quoted(str(absolute_path(_unquoted(value), folder=folder, home=home)))}"
        if name == "beside" and value
        else f"{name}{equals}{value}"
        for name, equals, value in options
    ]
    if data is not None and not location.startswith("/") and "beside" not in [name for name, _, _ in options]:
        server = re.sub(r"[^\w.]+", "-", location.rpartition("@")[2]).strip("-")
        whole.append(f"beside={_quoted(str(data / f'milvus-{server}.sqlite'))}")
    return f"milvus://{location}{'?' if whole else mark}{'&'.join(whole)}"


def with_password(url: str, password: str) -> str:
    """The address of a server with a password in it, percent-encoded.

    >>> with_password("postgresql://me@db/films?sslmode=require", "a/b")
    'postgresql://me:a%2Fb@db/films?sslmode=require'
    >>> with_password("postgresql://db/films", "a/b")
    'postgresql://db/films?password=a%2Fb'
    >>> with_password("milvus://nas:19530?beside=/srv/films.sqlite", "token")
    'milvus://:token@nas:19530?beside=/srv/films.sqlite'
    """
    coded = quote(password, safe="")
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, at, _ = authority.rpartition("@")
    if at:
        return f"{scheme}://{user}:{coded}{rest[len(user) :]}"
    if scheme == "milvus":
        return f"{scheme}://:{coded}@{rest}"
    return f"{url}{'&' if '?' in rest else '?'}password={coded}"


def sqlite_file(url: str) -> Path | None:
    """The file that an SQLite address names; None for an address of another kind.

    >>> sqlite_file("sqlite:////srv/catalogue.db?timeout=5"), sqlite_file("postgresql://db/medialib")
    (PosixPath('/srv/catalogue.db'), None)
    """
    if not url.startswith("sqlite:///"):
        return None
    return Path(_unquoted(url.removeprefix("sqlite:///").partition("?")[0]))


def _refuse_password(rest: str) -> None:
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, at, server = authority.rpartition("@")
    port = re.sub(r"^\[.*\]", "", server).partition(":")[2]
    # A password may hold a slash that was not percent-encoded: its start then looks like a port that is no number.
    if (at and ":" in user) or ("@" in rest and not at and port and not port.isdecimal()):
        raise ValueError(
            'holds a password: take it out, and set password = "${SEEDBOX_PASSWORD}" or another variable beside it'
        )


def _file_address(rest: str) -> RemoteAddress:
    path = rest.removeprefix("localhost")
    if not path.startswith("/"):
        raise ValueError("wants file:/// and an absolute path, or a plain path")
    return RemoteAddress("file", path=str(absolute_path(_unquoted(path), folder=Path("/"), home=Path("/"))))


def _folder_of_url(path: str) -> str:
    if path in ("", "/~", "/~/"):
        return "."
    return _folder(_unquoted(path.removeprefix("/~/")))


def _folder(path: str) -> str:
    if ".." in path.split("/"):
        raise ValueError("names a folder with .. in it: write where it leads")
    if _CONTROL.search(path):
        raise ValueError("holds a control character")
    normal = os.path.normpath(path)
    return "/" + normal.lstrip("/") if normal.startswith("/") else normal


def _quoted(text: str, *, safe: str = "/") -> str:
    return quote(text, safe=safe, errors="surrogateescape")


def _unquoted(text: str) -> str:
    return unquote(text, errors="surrogateescape")


def _checked_key(key: str, value: str | int) -> str | int:
    """The value as an address holds it. Raises ValueError with what the key wants."""
    if isinstance(value, int):
        return value
    if not value or _CONTROL.search(value):
        raise ValueError("wants text without control characters, and not nothing")
    if key == "path":
        return _folder(value)
    if key == "host":
        host = value.removeprefix("[").removesuffix("]").lower()
        if _HOST.fullmatch(host) is None:
            raise ValueError("wants a host's name or IP address alone")
        return host
    return value

"""From an address to an fsspec file system and a path on it; nothing connects yet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack
from urllib.parse import unquote, urlsplit

from medialib.errors import UsageError

__all__ = ["AddressOptions", "is_sftp", "open_filesystem"]


class AddressOptions(TypedDict, total=False):
    """How an address is reached; what is left out has the value that its line names. Times are in seconds."""

    port: int | None
    """Of the SSH server; else the address's own, else 22."""
    username: str | None
    """Else the address's own, else that of the present user."""
    password: str | None
    """Else the address's own, else none."""
    key_file: str | None
    """A private key; with neither this nor a password the user's own keys are tried."""
    passphrase: str | None
    """Of the private key."""
    agent: bool | None
    """Whether an SSH agent is asked; else it is where neither a key nor a password is given."""
    known_hosts: str | None
    """The file of known host keys; else the user's own."""
    connect_timeout: float
    """How long a greeting may take: 10."""
    timeout: float
    """How long the server may be silent: 30."""
    keepalive: float
    """How often an idle line is used: 30."""
    hash_commands: bool
    """Whether the server may be told to hash its files (``sha256sum``): False."""
    most_ahead: int | None
    """How many bytes may be asked for before they are needed; else as many as the line carries."""
    options: Mapping[str, Any] | None
    """For an address that is not of an SSH server: keywords of its fsspec file system."""


def is_sftp(url: str) -> bool:
    """Whether an address is one of an SSH server.

    >>> is_sftp("sftp://box/films"), is_sftp("s3://bucket")
    (True, False)
    """
    return url.partition("://")[0] in ("sftp", "ssh", "medialib-sftp")


def open_filesystem(name: str, url: str, **how: Unpack[AddressOptions]) -> tuple[Any, str]:
    """The file system of an address, and the path on it. `name` is that of the location, for messages.

    Any address but that of an SSH server is left to fsspec, with `options`.
    Raises `UsageError` for an address that cannot be read, or a kind that fsspec does not know or has no package for.

    >>> open_filesystem("seedbox", "sftp://ann@seedbox.example/~/downloads")
    (<SftpFileSystem ann@seedbox.example:22>, '~/downloads')
    """
    if not is_sftp(url):
        import fsspec

        scheme = url.partition("://")[0]
        try:
            return fsspec.filesystem(scheme, **(how.get("options") or {})), url
        except (ValueError, ImportError) as error:
            raise UsageError(f"{name}: {scheme}:// cannot be opened: {' '.join(str(error).split())}") from None
    from medialib.transfer.sftp import SftpFileSystem

    try:
        parts = urlsplit(url)
        port = how.get("port") or parts.port
    except ValueError as error:
        raise UsageError(f"the address of {name} cannot be read: {error}") from None
    if not parts.hostname:
        raise UsageError(f"the address of {name} names no host", remedy="Write sftp://user@host/path.")
    filesystem = SftpFileSystem(
        parts.hostname,
        port=port,
        username=how.get("username") or (unquote(parts.username) if parts.username else None),
        password=how.get("password") or (unquote(parts.password) if parts.password else None),
        key_file=how.get("key_file"),
        passphrase=how.get("passphrase"),
        agent=how.get("agent"),
        known_hosts=how.get("known_hosts"),
        connect_timeout=how.get("connect_timeout", 10.0),
        timeout=how.get("timeout", 30.0),
        # whole seconds, at least one: 0 means none to paramiko
        keepalive=math.ceil(how.get("keepalive", 30.0)),
        most_ahead=how.get("most_ahead"),
    )
    # Not urlsplit's path: folders may well hold "?" and "#", which mean nothing in this kind of address.
    path = "/" + url.partition("://")[2].partition("/")[2]
    return filesystem, path.removeprefix("/") if path.startswith("/~") else path

"""From an address to an fsspec file system and a path on it; nothing connects yet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from medialib.errors import UsageError

__all__ = ["is_sftp", "open_filesystem"]


def is_sftp(url: str) -> bool:
    """Whether an address is one of an SSH server.

    >>> is_sftp("sftp://box/films"), is_sftp("s3://bucket")
    (True, False)
    """
    return url.partition("://")[0] in ("sftp", "ssh", "medialib-sftp")


def open_filesystem(
    name: str,
    url: str,
    *,
    port: int | None = None,
    username: str | None = None,
    password: str | None = None,
    key_file: str | None = None,
    passphrase: str | None = None,
    agent: bool | None = None,
    known_hosts: str | None = None,
    connect_timeout: float = 10.0,
    timeout: float = 30.0,
    keepalive: float = 30.0,
    most_ahead: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[Any, str]:
    """The file system of an address, and the path on it. `name` is that of the location, for messages.

    For ``sftp://`` the keywords are those of `SftpFileSystem`; any other address is left to fsspec, with `options`.
    Raises `UsageError` for an address that cannot be read, or a kind that fsspec does not know or has no package for.

    >>> open_filesystem("seedbox", "sftp://ann@seedbox.example/~/downloads")
    (<SftpFileSystem ann@seedbox.example:22>, '~/downloads')
    """
    if not is_sftp(url):
        import fsspec

        scheme = url.partition("://")[0]
        try:
            return fsspec.filesystem(scheme, **(options or {})), url
        except (ValueError, ImportError) as error:
            raise UsageError(f"{name}: {scheme}:// cannot be opened: {' '.join(str(error).split())}") from None
    from medialib.transfer.sftp import SftpFileSystem

    try:
        parts = urlsplit(url)
        port = port or parts.port
    except ValueError as error:
        raise UsageError(f"the address of {name} cannot be read: {error}") from None
    if not parts.hostname:
        raise UsageError(f"the address of {name} names no host", remedy="Write sftp://user@host/path.")
    filesystem = SftpFileSystem(
        parts.hostname,
        port=port,
        username=username or (unquote(parts.username) if parts.username else None),
        password=password or (unquote(parts.password) if parts.password else None),
        key_file=key_file,
        passphrase=passphrase,
        agent=agent,
        known_hosts=known_hosts,
        connect_timeout=connect_timeout,
        timeout=timeout,
        # whole seconds, at least one: 0 means none to paramiko
        keepalive=math.ceil(keepalive),
        most_ahead=most_ahead,
    )
    # Not urlsplit's path: folders may well hold "?" and "#", which mean nothing in this kind of address.
    path = "/" + url.partition("://")[2].partition("/")[2]
    return filesystem, path.removeprefix("/") if path.startswith("/~") else path

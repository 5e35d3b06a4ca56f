"""From settings to a `Library`: which adapter stands behind each port."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from medialib.catalogue import open_catalogue
from medialib.config import ServerSettings, Settings, cache_folder, load_settings, parse_remote_url
from medialib.errors import ConfigurationError, UsageError
from medialib.events import Noted, Observer, nobody
from medialib.http import HttpOptions, SystemClock
from medialib.library.providers import configured_providers
from medialib.library.record import INCOMING, REVIEW, Library
from medialib.ports import (
    CancelToken,
    Clock,
    Location,
    SupportsConnectingAhead,
    Transfer,
    WritableLocation,
)
from medialib.transfer.addressing import AddressOptions
from medialib.transfer.destination import open_destination
from medialib.transfer.local import LocalLocation
from medialib.transfer.remote import open_location
from medialib.transfer.stream import StreamTransfer
from medialib.transfer.wrapping import Budget, ThrottledTransfer

__all__ = ["open_folder", "open_library"]

_CHUNKS_HELD = 8
_SMALLEST_CHUNK = 2**14
_LARGEST_CHUNK = 2**20


def open_library(
    settings: Settings | Path | str | None = None,
    *,
    read_only: bool = False,
    connecting: Collection[str] | None = (),
    environment: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Library:
    """Wire up what `settings` name: a `Settings`, the path of a configuration file, or None for the user's own.

    With `read_only` nothing of the catalogue changes, not one byte; if there is none yet, an empty one in memory takes
    its place, and answers of metadata providers are not kept. `observer` is told of what opening had to do (a migration
    and its backup) and of what providers answer oddly; `cancelled` stops waiting for them. `connecting` names remotes
    that will be asked at once, None all of them: they are greeted while the rest is made ready.

    Raises ConfigurationError for settings that cannot be used, and CatalogueError if the catalogue cannot.
    """
    surroundings = os.environ if environment is None else environment
    if not isinstance(settings, Settings):
        settings = load_settings(None if settings is None else Path(settings), environment=surroundings)
    remotes = {name: _open_remote(settings, name) for name in settings.remotes}
    for name, remote in remotes.items():
        if (connecting is None or name in connecting) and isinstance(remote, SupportsConnectingAhead):
            remote.connect_ahead()
    catalogue = open_catalogue(settings.catalogue.address.reveal(), read_only=read_only, observer=observer)
    now = SystemClock() if clock is None else clock
    metadata = settings.metadata
    http = HttpOptions(
        cache=cache_folder(surroundings) / "http" if metadata.cache is None else metadata.cache,
        read_only=read_only,
        timeout=metadata.timeout.total_seconds(),
        patience=metadata.patience.total_seconds(),
        clock=now,
        cancelled=cancelled,
        told=lambda note: observer(Noted(note)),
    )
    incoming, review = settings.download.incoming, settings.routing.review
    return Library(
        settings=settings,
        catalogue=catalogue,
        remotes=remotes,
        incoming=None if incoming is None else open_folder(settings, INCOMING, incoming),
        roots={name: open_folder(settings, name, root) for name, root in settings.places.items() if name != REVIEW},
        review=None if review is None else open_folder(settings, REVIEW, review),
        providers=configured_providers(settings, http, surroundings),
        transfer=_transfer(settings, now),
        clock=now,
        http=http,
    )


def open_folder(settings: Settings, name: str, folder: Path | str) -> WritableLocation:
    """The incoming folder or a root of the library, on a disk of this machine or behind an address.

    Raises ConfigurationError for an address of a kind that files cannot be carried to.
    """
    library = settings.library
    if isinstance(folder, Path):
        return LocalLocation(
            name,
            str(folder),
            file_mode=library.file_mode,
            folder_mode=library.folder_mode,
            owner=library.owner,
            group=library.group,
        )
    try:
        url, how = _reached(settings.server_of(folder), folder)
        return open_destination(name, url, file_mode=library.file_mode, folder_mode=library.folder_mode, **how)
    except UsageError as error:
        raise ConfigurationError(f"{name}: {error}") from None


def _transfer(settings: Settings, clock: Clock) -> Transfer:
    bandwidth = settings.download.bandwidth
    if not bandwidth:
        return StreamTransfer()
    # some chunks of each file wait to be written: together no more than a second may bring
    chunk = min(max(bandwidth // (_CHUNKS_HELD * settings.download.transfers), _SMALLEST_CHUNK), _LARGEST_CHUNK)
    return ThrottledTransfer(StreamTransfer(chunk=chunk), Budget(bandwidth, clock), clock)


def _sftp_path(path: str) -> str:
    """A path as an address holds it: absolute, or from the login folder on."""
    if path.startswith("/"):
        return path
    return "/~" if path == "." else f"/~/{path}"


def _open_remote(settings: Settings, name: str) -> Location:
    remote = settings.remotes[name]
    try:
        url, how = _reached(remote, remote.url)
        # what is asked for comes at full speed, so no more is asked for than one second may bring
        how["most_ahead"] = settings.download.bandwidth or None
        return open_location(name, url, **how)
    except UsageError as error:
        raise ConfigurationError(f"remotes.{name}: {error}") from None


def _reached(server: ServerSettings, url: str) -> tuple[str, AddressOptions]:
    """An address as `open_location` and `open_destination` read it, and how it is reached."""
    address = parse_remote_url(url)
    if address.scheme == "sftp":
        host = f"[{address.host}]" if ":" in (address.host or "") else address.host
        url = f"sftp://{host}{_sftp_path(address.path)}"
    elif address.scheme == "file":
        url = address.path
    return url, {
        "port": address.port,
        "username": address.username,
        "password": None if server.password is None else server.password.reveal(),
        "key_file": None if server.key_file is None else str(server.key_file),
        "passphrase": None if server.key_passphrase is None else server.key_passphrase.reveal(),
        "agent": server.agent,
        "known_hosts": str(server.known_hosts),
        "timeout": server.timeout.total_seconds(),
        "keepalive": server.keepalive.total_seconds(),
        "hash_commands": server.hash_commands,
        "options": server.revealed_options(),
    }

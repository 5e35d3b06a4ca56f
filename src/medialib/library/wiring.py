"""From settings to a `Library`: which adapter stands behind each port."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from medialib.catalogue import open_catalogue
from medialib.config import Settings, cache_folder, load_settings
from medialib.errors import ConfigurationError, UsageError
from medialib.events import Noted, Observer, nobody
from medialib.http import HttpOptions, SystemClock
from medialib.library.providers import configured_providers
from medialib.library.record import INCOMING, Library
from medialib.ports import CancelToken, Clock, Location, SupportsConnectingAhead, Transfer
from medialib.transfer.local import LocalLocation
from medialib.transfer.remote import open_location
from medialib.transfer.stream import StreamTransfer
from medialib.transfer.wrapping import Budget, ThrottledTransfer

__all__ = ["open_library"]

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
    catalogue = open_catalogue(settings.catalogue.url.reveal(), read_only=read_only, observer=observer)
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
    library = settings.library
    local = partial(
        LocalLocation,
        file_mode=library.file_mode,
        folder_mode=library.folder_mode,
        owner=library.owner,
        group=library.group,
    )
    incoming = settings.download.incoming
    return Library(
        settings=settings,
        catalogue=catalogue,
        remotes=remotes,
        incoming=None if incoming is None else local(INCOMING, str(incoming)),
        # two names for one folder would not see each other's files
        roots={
            name: local(name, str(root))
            for name, root in library.roots.items()
            if name != "anime" or root != library.tv
        },
        providers=configured_providers(settings, http),
        transfer=_transfer(settings, now),
        clock=now,
    )


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
    address = remote.address
    url = remote.url
    if address.scheme == "sftp":
        host = f"[{address.host}]" if ":" in (address.host or "") else address.host
        url = f"sftp://{host}{_sftp_path(address.path)}"
    elif address.scheme == "file":
        url = address.path
    try:
        return open_location(
            name,
            url,
            port=address.port,
            username=address.username,
            password=None if remote.password is None else remote.password.reveal(),
            key_file=None if remote.key_file is None else str(remote.key_file),
            passphrase=None if remote.key_passphrase is None else remote.key_passphrase.reveal(),
            agent=remote.agent,
            known_hosts=str(remote.known_hosts),
            timeout=remote.timeout.total_seconds(),
            keepalive=remote.keepalive.total_seconds(),
            hash_commands=remote.hash_commands,
            # what is asked for comes at full speed, so no more is asked for than one second may bring
            most_ahead=settings.download.bandwidth or None,
            options=remote.revealed_options(),
        )
    except UsageError as error:
        raise ConfigurationError(f"remotes.{name}: {error}") from None

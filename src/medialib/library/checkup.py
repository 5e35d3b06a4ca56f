"""The check-up of a whole installation: gathers facts through every adapter, and judges them one by one.

Each check runs on a thread of its own with a time-out, so that a disk that hangs or a host that is silent holds up
nothing but its own check. Nothing is changed, but for a file that is made and removed where `write_test` asks for it.
`medialib.workflows.doctor` holds the judgements.
"""

from __future__ import annotations

import logging
import os
import platform
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import attrs

from medialib.catalogue.condition import mounted_network
from medialib.catalogue.mounts import MOUNT_TABLE
from medialib.config import RemoteSettings, Settings, load_settings, secrets_of
from medialib.errors import (
    Cancelled,
    ConfigurationError,
    HostKeyChanged,
    HostKeyUnknown,
    MedialibError,
    OutOfReach,
)
from medialib.http import HttpOptions
from medialib.library.catalogue_checkup import CatalogueCheckup, mode_of
from medialib.library.providers import configured_providers, imdb_index
from medialib.library.record import INCOMING
from medialib.library.wiring import open_folder
from medialib.ports import CancelToken, Clock, Location, MetadataProvider
from medialib.transfer.folder_probing import look_at_destination, look_at_folder, rename_works
from medialib.transfer.remote import FsspecLocation, open_location
from medialib.workflows.destination_check import judge_traits
from medialib.workflows.doctor import (
    Check,
    FolderFacts,
    failure,
    judge_disks,
    judge_folder,
    judge_index,
    judge_mode,
    judge_python,
)
from medialib.workflows.doctor_remotes import ask_provider, judge_clock, judge_listing, list_folder
from medialib.workflows.fetch import emptied_mark

__all__ = ["examine", "examine_configuration"]

Checks = Iterator[Check]
_CONNECTING = 10.0
"""Seconds that connecting to a remote may take."""


def examine_configuration(
    path: Path | None, environment: Mapping[str, str]
) -> tuple[Settings | None, tuple[Check, ...]]:
    """Check this Python, and the configuration in `path` or, if that is None, the user's own.

    Returns the settings, None if they cannot be used: then every problem is a check that failed.
    """
    version = judge_python(sys.version_info[:3], platform.python_implementation())
    try:
        settings = load_settings(path, environment=environment)
    except ConfigurationError as error:
        refused = Check("configuration", "failed", error.message, error.remedy)
        problems = (
            Check(f"configuration: {str(problem).partition(': ')[0]}", "failed", str(problem).partition(": ")[2])
            for problem in error.problems
        )
        return None, (version, refused, *problems)
    found = [Check("configuration", "ok", f"{settings.source}")]
    found += [Check("configuration", "warning", warning) for warning in settings.warnings]
    return settings, (version, *found)


def examine(
    settings: Settings,
    *,
    clock: Clock,
    provider: MetadataProvider | None = None,
    cancelled: CancelToken | None = None,
    write_test: bool = False,
    seconds: float = 60.0,
    mount_table: Path | str = MOUNT_TABLE,
) -> Checks:
    """Check everything that `settings` name: permissions, catalogue, folders, remotes, provider; in that order.

    Nothing that goes wrong is raised; a check that is not done after `seconds` has failed. With `write_test`, a file is
    made and removed in medialib's own folder of each local folder, to prove what permissions only promise. `provider`
    must not answer from a cache. Raises Cancelled soon after the caller asks to stop.
    """
    catalogue = CatalogueCheckup(settings.catalogue, clock, mount_table)
    work = _Examination(settings, clock, provider, write_test, mount_table, catalogue)
    running = [_Running(subject, probe) for subject, probe in work.probes()]
    began = clock.monotonic()
    try:
        for each in running:
            while not each.ended.wait(0.05):
                if cancelled is not None and cancelled.is_set():
                    raise Cancelled("stopped before everything was looked at")
                if clock.monotonic() - began > seconds:
                    break
            yield from each.found(seconds)
    finally:
        # one that hangs may still be at it
        if all(each.ended.is_set() for each in running):
            catalogue.close()


class _Running:
    """A probe on a thread of its own, which nobody waits for in the end: what hangs in a system call stays there."""

    def __init__(self, subject: str, probe: Callable[[], Iterable[Check]]) -> None:
        self.ended = threading.Event()
        self._subject = subject
        self._probe = probe
        self._checks: list[Check] = []
        threading.Thread(target=self._run, name=f"medialib-doctor {subject}", daemon=True).start()

    def found(self, seconds: float) -> tuple[Check, ...]:
        """What it found so far; that it has not ended, if so."""
        ended = self.ended.is_set()
        checks = tuple(self._checks)
        late = Check(self._subject, "failed", f"no answer within {seconds:.0f} s", "Is a disk or a network down?")
        return checks if ended else (*checks, late)

    def _run(self) -> None:
        try:
            for check in self._probe():
                self._checks.append(check)
        except Exception as error:  # noqa: BLE001 - one check that fails must never end the others
            # where it came from, without its text, which may hold anything
            for line in traceback.format_tb(error.__traceback__):
                logging.getLogger("medialib").debug("%s", line.rstrip())
            self._checks.append(failure(self._subject, error))
        finally:
            self.ended.set()


@attrs.define
class _Examination:
    settings: Settings
    clock: Clock
    provider: MetadataProvider | None
    write_test: bool
    mount_table: Path | str
    catalogue: CatalogueCheckup

    def probes(self) -> list[tuple[str, Callable[[], Iterable[Check]]]]:
        """Everything that is to be looked at, by subject."""
        remotes = self.settings.remotes
        return [
            ("permissions", self._permissions),
            ("catalogue", self.catalogue.checks),
            ("folders", self._folders),
            *((f"folder {name}", partial(self._destination, name, url)) for name, url in self._addresses().items()),
            *((f"remote {name}", partial(self._remote, name)) for name in remotes),
            *self._providers(),
        ]

    # ----------------------------------------------------------------------------------------- files of this machine

    def _permissions(self) -> Checks:
        settings = self.settings
        for name, remote in settings.remotes.items():
            mode = None if remote.key_file is None else mode_of(remote.key_file)
            if mode is not None:
                yield judge_mode(
                    f"key of {name}", str(remote.key_file), mode, forbidden=0o077, why="holds a private key"
                )
        if settings.source is not None and _holds_a_secret(settings.source, settings):
            mode = mode_of(settings.source)
            if mode is not None:
                yield judge_mode(
                    "configuration", str(settings.source), mode, forbidden=0o004, why="holds passwords or keys"
                )
        yield from self.catalogue.permissions()

    def _folders(self) -> Checks:
        settings, catalogue = self.settings, self.catalogue.opened()
        needed = settings.download.minimum_free
        folders = {name: folder for name, folder in _folders_of(settings).items() if isinstance(folder, Path)}
        incoming = folders.get(INCOMING)
        roots = {name: folder for name, folder in folders.items() if name != INCOMING}
        if settings.download.incoming is None:
            yield Check("folder incoming", "skipped", "none is configured (download.incoming)")
        seen: dict[str, FolderFacts] = {}
        for name, path in folders.items():
            known = 0 if catalogue is None else sum(1 for _ in catalogue.inventory.all(name))
            look = look_at_folder(path, write_test=self.write_test)
            seen[name] = FolderFacts(path=str(path), **attrs.asdict(look))
            yield from judge_folder(name, seen[name], known=known, needed=needed if name == INCOMING else 0)
        if incoming is None or seen[INCOMING].kind != "folder":
            return
        there = {name: seen[name] for name in roots if seen[name].kind == "folder"}
        writable = [name for name in there if self.write_test and seen[INCOMING].writable and seen[name].writable]
        yield from judge_disks(seen[INCOMING], there, {name: rename_works(incoming, roots[name]) for name in writable})

    # ------------------------------------------------------------------------------------------------- other machines

    def _addresses(self) -> dict[str, str]:
        """The incoming folder and roots of the library that are not on this machine."""
        return {name: folder for name, folder in _folders_of(self.settings).items() if isinstance(folder, str)}

    def _destination(self, name: str, url: str) -> Checks:
        catalogue = self.catalogue.opened()
        needed = self.settings.download.minimum_free if name == INCOMING else 0
        known = 0 if catalogue is None else sum(1 for _ in catalogue.inventory.all(name))
        location = open_folder(self.settings, name, url)
        try:
            look = look_at_destination(location, write_test=self.write_test)
            yield from judge_folder(name, FolderFacts(path=url, **attrs.asdict(look)), known=known, needed=needed)
            yield from judge_traits(name, location.traits, needed=needed)
        finally:
            location.close()

    def _remote(self, name: str) -> Checks:
        remote = self.settings.remotes[name]
        if remote.address.scheme == "sftp":
            yield from self._server(name, remote)
            return
        local = remote.address.scheme == "file"
        location = open_location(name, remote.address.path if local else remote.url, options=remote.revealed_options())
        try:
            newest = yield from self._listings(location, remote)
            here = local and mounted_network(Path(remote.address.path), self.mount_table) is None
            yield self._clock_check(name, (0.0, 0.0) if here else None, newest)
        finally:
            location.close()

    def _server(self, name: str, remote: RemoteSettings) -> Checks:
        from medialib.transfer.probing import clock_offset, shown_key
        from medialib.transfer.sftp import SftpFileSystem

        address = remote.address
        timeout = min(remote.timeout.total_seconds(), _CONNECTING)
        filesystem = SftpFileSystem(
            address.host or "",
            port=address.port,
            username=address.username,
            password=None if remote.password is None else remote.password.reveal(),
            key_file=remote.key_file,
            passphrase=None if remote.key_passphrase is None else remote.key_passphrase.reveal(),
            agent=remote.agent,
            known_hosts=remote.known_hosts,
            connect_timeout=timeout,
            timeout=timeout,
            keepalive=0,
            attempts=1,
        )
        began = self.clock.monotonic()
        try:
            try:
                key = shown_key(filesystem.session)
            except (HostKeyChanged, HostKeyUnknown) as error:
                yield Check(f"remote {name}: connection", "ok", f"{address.host} answers as an SSH server")
                yield failure(f"remote {name}: host key", error, seconds=self.clock.monotonic() - began)
                return
            except MedialibError as error:
                kind = "login" if isinstance(error, PermissionError) else "connection"
                yield failure(f"remote {name}: {kind}", error, seconds=self.clock.monotonic() - began)
                return
            yield Check(f"remote {name}: host key", "ok", f"{key}, as remembered in {remote.known_hosts}")
            took = self.clock.monotonic() - began
            yield Check(f"remote {name}: login", "ok", f"{filesystem.session.address} lets us in", None, took)
            # from the login folder on, where it is not absolute
            folder = "~" if address.path == "." else str(Path("~", address.path))
            newest = yield from self._listings(FsspecLocation(name, filesystem, folder), remote)
            try:
                offset = clock_offset(filesystem.session, self.clock.now)
            except MedialibError:
                offset = None
            yield self._clock_check(name, offset, newest)
        finally:
            filesystem.close()

    def _listings(self, location: Location, remote: RemoteSettings) -> Generator[Check, None, int | None]:
        """A check for each folder; returns the latest time of last change that was seen."""
        newest: int | None = None
        for path in remote.paths or ("",):
            try:
                listing = list_folder(location, "" if path == "." else path, self.clock)
            except MedialibError as error:
                yield failure(f"remote {location.name}: {path or remote.address.path}", error)
                continue
            yield judge_listing(listing, known=self._is_known(location.name, listing.folder))
            if listing.newest_ns is not None:
                newest = max(newest or 0, listing.newest_ns)
        return newest

    def _is_known(self, remote: str, folder: str) -> bool:
        catalogue = self.catalogue.opened()
        if catalogue is None or catalogue.checkpoints.get(emptied_mark(remote, folder)) is not None:
            return False
        return any(row.state != "released" for row in catalogue.known_files.of_remote(remote, folder))

    def _clock_check(self, name: str, offset: tuple[float, float] | None, newest: int | None) -> Check:
        two_looks = self.settings.download.two_looks
        return judge_clock(name, offset, newest, self.clock.now(), two_looks=two_looks)

    def _providers(self) -> Iterator[tuple[str, Callable[[], Iterable[Check]]]]:
        given, names = self.provider, self.settings.metadata.provider
        if given is not None:
            yield "provider", lambda: (ask_provider(given, self.clock),)
        elif not names:
            yield "provider", lambda: (Check("provider", "skipped", "none is configured (metadata.provider)"),)
        else:
            yield from ((f"provider {name}", partial(self._provider, name)) for name in names)

    def _imdb_index(self) -> Check:
        from medialib.providers.imdb_index import read_index

        try:
            index = read_index(imdb_index(self.settings, os.environ))
        except OutOfReach as error:
            return failure("provider imdb: index", error)
        return judge_index("imdb", index.listed, index.made, self.clock.now())

    def _provider(self, name: str) -> Checks:
        if name == "anidb":
            # a question past the cache, each time, is what AniDB bans for
            yield Check("provider anidb", "skipped", "AniDB is asked only where its answer is needed")
            return
        timeout = self.settings.metadata.timeout.total_seconds()
        # no cache: it would answer for a provider that is down
        options = HttpOptions(timeout=timeout, patience=timeout, clock=self.clock)
        providers = configured_providers(self.settings, options)
        try:
            provider = providers.named(name)
        except ConfigurationError as error:
            yield Check(f"provider {name}: key", "failed", "; ".join(error.problems) or error.message, error.remedy)
            return
        try:
            index = self._imdb_index() if name == "imdb" else None
            if index is not None:
                yield index
            if index is None or index.state != "failed":
                yield ask_provider(provider, self.clock)
        finally:
            providers.close()


def _folders_of(settings: Settings) -> dict[str, Path | str]:
    """The incoming folder and the roots of the library, by the names of their locations."""
    incoming = settings.download.incoming
    return {**({} if incoming is None else {INCOMING: incoming}), **settings.places}


def _holds_a_secret(file: Path, settings: Settings) -> bool:
    """Whether a configuration has a secret in the clear."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(secret.reveal() in text for _, secret in secrets_of(settings) if secret.reveal())

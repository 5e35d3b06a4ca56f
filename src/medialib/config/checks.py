"""What only shows when a whole configuration is seen: folders in one another, names taken twice, likely mistakes."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path
from typing import Final

import attrs

from medialib.completeness import marker_fault, temporary_fault
from medialib.config.addresses import covers, format_remote_url, parse_remote_url
from medialib.config.environment import Fault, KeyPath
from medialib.config.secret import Secret, SecretUrl
from medialib.config.settings import Settings
from medialib.naming import unsafe_reason

__all__ = ["RESERVED_NAMES", "contradictions", "name_faults", "oddities", "secrets_of"]

RESERVED_NAMES: Final = ("incoming", "tv", "anime", "movies", "review")
"""Names of places that are not remotes."""

TITLE_TYPES: Final = ("standard", "anime", "daily", "movie")
"""Kinds of titles that a root may be for."""
WAYS: Final = ("reflink", "hardlink", "move", "copy")
"""How files can be placed."""

_NAME = re.compile(r"[a-z0-9_-]+", re.ASCII)


def contradictions(settings: Settings) -> tuple[Fault, ...]:
    """What cannot be meant: each with the path of its key.

    >>> from medialib.config.settings import LibrarySettings
    >>> contradictions(Settings(library=LibrarySettings(tv=Path("/srv/tv"), movies=Path("/srv/tv"))))
    ((('library', 'movies'), 'is the same folder as library.tv: each kind wants its own'),)
    """
    return (
        *_catalogue(settings),
        *_roots(settings),
        *_incoming(settings),
        *_local_remotes(settings),
        *_keys(settings),
        *_names_of_the_unfinished(settings),
        *_releases(settings),
        *_ways(settings),
        *_more_roots(settings),
        *_of_this_machine(settings),
    )


def oddities(settings: Settings) -> tuple[str, ...]:
    """What is allowed and looks like a mistake, a line each.

    >>> from medialib.config.settings import LibrarySettings
    >>> oddities(Settings(library=LibrarySettings(tv=Path("/srv/tv"), movies=Path("/srv/tv/films"))))
    ('library.movies lies inside library.tv: what looks through one sees the files of the other',)
    """
    found = []
    for (kind, root), (other, other_root) in combinations(_own_roots(settings), 2):
        if not _same(root, other_root) and (_inside(root, other_root) or _inside(other_root, root)):
            inner, outer = (kind, other) if _inside(root, other_root) else (other, kind)
            found.append(f"{inner} lies inside {outer}: what looks through one sees the files of the other")
    addresses = [folder for folder in settings.destinations.values() if isinstance(folder, str)]
    found += [
        f"servers.{name} is of no use: neither download.incoming nor a root of the library lies below its url"
        for name, server in settings.servers.items()
        if not any(covers(server.url, address) for address in addresses)
    ]
    download = settings.download
    hides_nfo = any(fnmatchcase("x.nfo", pattern.lower()) for pattern in download.exclude)
    if (
        settings.routing.keep_nfo
        and hides_nfo
        and not any(fnmatchcase("x.nfo", each.lower()) for each in download.include)
    ):
        found.append(
            'routing.keep_nfo keeps what download.exclude never fetches: download.include = ["*.nfo"] fetches it'
        )
    return tuple(found)


def secrets_of(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Secret]]:
    """Everything in settings, at any depth, that is set and must not be seen, with the path of its key.

    >>> from medialib.config.settings import RemoteSettings
    >>> list(secrets_of(Settings(remotes={"seedbox": RemoteSettings(password=Secret("x"))})))
    [(('remotes', 'seedbox', 'password'), Secret('••••'))]
    """
    match value:
        case SecretUrl():
            if value.holds_password:
                yield path, value
        case Secret():
            yield path, value
        case Mapping():
            for name, inner in value.items():
                yield from secrets_of(inner, (*path, str(name)))
        case _:
            # walked, so that one that is added to the settings is found without a word here
            kind = type(value)
            for name in attrs.fields_dict(kind) if attrs.has(kind) else ():
                yield from secrets_of(getattr(value, name), (*path, name))


def _catalogue(settings: Settings) -> Iterator[Fault]:
    catalogue = settings.catalogue
    if catalogue.password is None:
        return
    if catalogue.sqlite_file is not None or catalogue.url.reveal().startswith("milvus:///"):
        yield ("catalogue", "password"), "is for a database on a server, and catalogue.url names a file"
    elif catalogue.url.holds_password:
        yield ("catalogue", "password"), "is given beside the one in catalogue.url: say it in one place"


def name_faults(names: Iterable[object]) -> Iterator[Fault]:
    """What is wrong with the names of remotes.

    >>> list(name_faults(["seedbox", "tv"]))
    [(('remotes', 'tv'), 'is the name of a place already; incoming, tv, anime, movies, review are taken')]
    """
    for name in names:
        if not isinstance(name, str):
            continue
        if name in RESERVED_NAMES:
            yield ("remotes", name), f"is the name of a place already; {', '.join(RESERVED_NAMES)} are taken"
        elif _NAME.fullmatch(name) is None:
            yield ("remotes", name), "is no name for a remote: wants small letters a-z, digits, - and _ only"


def _own_roots(settings: Settings) -> list[tuple[str, Path | str]]:
    library = settings.library
    roots: tuple[tuple[str, Path | str | None], ...] = (
        *(("library.tv", library.tv), ("library.anime", library.anime), ("library.movies", library.movies)),
        *((f"roots.{name}.path", root.path) for name, root in settings.roots.items()),
        ("routing.review", settings.routing.review),
    )
    return [(key, root) for key, root in roots if root is not None]


def _roots(settings: Settings) -> Iterator[Fault]:
    for (kind, root), (other, other_root) in combinations(_own_roots(settings), 2):
        # Anime among the series is the default, so saying it is no fault.
        if _same(root, other_root) and (kind, other) != ("library.tv", "library.anime"):
            yield tuple(other.split(".")), f"is the same folder as {kind}: each kind wants its own"


def _incoming(settings: Settings) -> Iterator[Fault]:
    incoming = settings.download.incoming
    if incoming is None:
        return
    for kind, root in _own_roots(settings):
        relation = _relation(incoming, root)
        if relation:
            yield (
                ("download", "incoming"),
                f"{relation} {kind}: files that arrive must not be taken for shelved ones",
            )


def _keys(settings: Settings) -> Iterator[Fault]:
    keys = {"tmdb": settings.tmdb.api_key, "tvdb": settings.tvdb.api_key}
    for provider in settings.metadata.provider:
        if provider in keys and keys[provider] is None:
            yield (provider, "api_key"), f"is wanted, since metadata.provider names {provider!r}"
    if "anidb" in settings.metadata.provider and settings.anidb.client is None:
        yield ("anidb", "client"), "is wanted, since metadata.provider names 'anidb'"
    if settings.routing.identify_by_hash:
        for name in ("client", "username", "password"):
            if getattr(settings.anidb, name) is None:
                yield ("anidb", name), "is wanted, since routing.identify_by_hash is true"


def _names_of_the_unfinished(settings: Settings) -> Iterator[Fault]:
    download = settings.download
    checked = (
        ("temporary_names", download.temporary_names, temporary_fault),
        ("unfinished_markers", download.unfinished_markers, marker_fault),
        ("finished_markers", download.finished_markers, marker_fault),
    )
    for key, patterns, fault_of in checked:
        for position, pattern in enumerate(patterns):
            fault = fault_of(pattern)
            if fault is not None:
                yield ("download", key, str(position)), f"{pattern!r} {fault}"
    for pattern in sorted({*download.finished_markers} & {*download.unfinished_markers, *download.temporary_names}):
        yield ("download", "finished_markers"), f"{pattern!r} also stands among the names of what is not finished"
    if download.wait_for_marker and not download.finished_markers:
        yield ("download", "wait_for_marker"), "waits for markers, and download.finished_markers names none"


def _local_remotes(settings: Settings) -> Iterator[Fault]:
    for name, remote in settings.remotes.items():
        address = remote.address
        for path in remote.paths or (".",):
            inner = attrs.evolve(address, path=os.path.normpath(f"{address.path}/{path}"))
            folder = Path(inner.path) if address.scheme == "file" else format_remote_url(inner)
            for key, other in settings.destinations.items():
                relation = _relation(folder, other)
                if relation:
                    yield ("remotes", name, "url"), f"{relation} {key}: files would be fetched onto themselves"


def _releases(settings: Settings) -> Iterator[Fault]:
    for name, remote in settings.remotes.items():
        path = ("remotes", name, "release_to")
        if remote.release == "move" and not remote.release_to:
            yield path, "is wanted, since release is 'move'"
        elif remote.release_to is not None:
            reason = unsafe_reason(remote.release_to)
            if reason is not None:
                yield path, f"is no folder below the url's path: {reason}"
            elif remote.release_to in remote.paths:
                yield path, "is one of the paths that are fetched from"


def _ways(settings: Settings) -> Iterator[Fault]:
    ways = settings.routing.ways
    if not ways:
        yield ("routing", "ways"), f"is empty, so no file could be placed; known are {', '.join(WAYS)}"
    for position, way in enumerate(ways):
        if way not in WAYS:
            yield ("routing", "ways", str(position)), f"{way!r} is none; known are {', '.join(WAYS)}"
        elif way in ways[:position]:
            yield ("routing", "ways", str(position)), f"{way!r} is there already"


def _more_roots(settings: Settings) -> Iterator[Fault]:
    taken = {*RESERVED_NAMES, *settings.remotes}
    for name, root in settings.roots.items():
        if name in taken:
            yield ("roots", name), f"is the name of a place already; {', '.join(sorted(taken))} are taken"
        elif _NAME.fullmatch(name) is None:
            yield ("roots", name), "is no name for a root: wants small letters a-z, digits, - and _ only"
        if root.path is None:
            yield ("roots", name, "path"), "is not given: a root wants a folder"
        for position, kind in enumerate(root.types):
            if kind not in TITLE_TYPES:
                yield ("roots", name, "types", str(position)), f"{kind!r} is none; known are {', '.join(TITLE_TYPES)}"


def _of_this_machine(settings: Settings) -> Iterator[Fault]:
    """What is said of files, and cannot be where they are carried to."""
    library = settings.library
    said = {
        "file_mode": library.file_mode,
        "folder_mode": library.folder_mode,
        "owner": library.owner,
        "group": library.group,
    }
    for key, value in said.items():
        for place, folder in settings.destinations.items() if value is not None else ():
            scheme = "" if isinstance(folder, Path) else parse_remote_url(folder).scheme
            if scheme and (scheme != "sftp" or key in ("owner", "group")):
                yield ("library", key), f"cannot be set where {place} is, on {scheme}://"


def _relation(folder: Path | str, other: Path | str) -> str | None:
    if _same(folder, other):
        return "is the same folder as"
    if _inside(folder, other):
        return "lies inside"
    return "contains" if _inside(other, folder) else None


def _same(folder: Path | str, other: Path | str) -> bool:
    if isinstance(folder, str) and isinstance(other, str):
        return covers(folder, other) and covers(other, folder)
    return folder == other


def _inside(folder: Path | str, other: Path | str) -> bool:
    if isinstance(folder, str) and isinstance(other, str):
        return covers(other, folder) and not covers(folder, other)
    return isinstance(folder, Path) and isinstance(other, Path) and other in folder.parents

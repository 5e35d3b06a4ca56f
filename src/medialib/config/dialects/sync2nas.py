"""The INI file of the two older programs that fetched from a seedbox and routed to a NAS: ``sync2nas_config.ini``.

Both had one form; the first knew ``path`` and TVDB, the second ``paths``, TMDB, films and a choice of databases. All of
it is read, whichever of the two a file was written for. What each key becomes, and why, is told to users in
``docs/howto/migrate.md``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from medialib.config.dialects.translation import Dialect, Translation, Translator
from medialib.config.environment import KeyPath

__all__ = ["KEYS", "SYNC2NAS", "read_sync2nas"]

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "SFTP": ("host", "port", "username", "ssh_key_path", "path", "paths"),
    "Database": ("type",),
    "SQLite": ("db_file",),
    "PostgreSQL": ("host", "port", "database", "user", "password"),
    "Milvus": ("host", "port"),
    "Transfers": ("incoming",),
    "TMDB": ("api_key",),
    "TVDB": ("api_key",),
    "Routing": ("tv_path", "anime_tv_path", "movie_path"),
}
"""Every key of the dialect, by section."""

_REFUSED: Final = {
    "SFTP.password": "is no setting of this dialect: `medialib config migrate` prints the native form, which has "
    'remotes.seedbox.password = "${SEEDBOX_PASSWORD}"',
}
_REMOTE: Final = ("remotes", "seedbox")
_DATABASES: Final = ("sqlite", "postgres", "milvus")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def read_sync2nas(document: Mapping[str, Mapping[str, str]], *, windows: bool = False) -> Translation:
    """The native form of a file of this dialect: what it says, where each key came from, and every fault of its own.

    `document` has the values by section and key, as `parse_ini` gives them; the names of sections may be in any letter
    case. With `windows`, paths may name drives.

    >>> read_sync2nas({"Transfers": {"incoming": "./incoming"}}).data["download"]
    {'incoming': './incoming'}
    >>> read_sync2nas({"Routing": {"movie_path": "d:/movies/"}}).faults[0].key
    'Routing.movie_path'
    """
    found = Translator("sync2nas", KEYS, document, refused=_REFUSED, windows=windows)
    _read_remote(found)
    _read_database(found)
    found.local_path("Transfers", "incoming", to=("download", "incoming"))
    _read_library(found)
    _read_provider(found)
    for key in ("unknown_shows", "unknown_movies"):
        found.say(("routing", key), "refuse", "as it was: what is not known is left alone, unless it is added")
    return found.translation()


def _read_remote(found: Translator) -> None:
    if not found.has("SFTP"):
        return
    found.origin(_REMOTE, "SFTP")
    address: KeyPath = (*_REMOTE, "url")
    host: KeyPath = (*_REMOTE, "host")
    if not found.given("SFTP", "host"):
        found.fault("SFTP.host", "is missing: the name or IP address of the SFTP server", host, address)
    found.text("SFTP", "host", to=host)
    found.port("SFTP", "port", to=(*_REMOTE, "port"))
    found.text("SFTP", "username", to=(*_REMOTE, "username"))
    found.local_path("SFTP", "ssh_key_path", to=(*_REMOTE, "key_file"))
    _read_folders(found)


def _read_folders(found: Translator) -> None:
    instead: tuple[KeyPath, ...] = ((*_REMOTE, "path"), (*_REMOTE, "paths"), (*_REMOTE, "url"))
    single, several = found.given("SFTP", "path"), found.given("SFTP", "paths")
    if single and several:
        found.fault("SFTP.paths", "is given beside path: say all folders in paths, with commas between", *instead)
    elif single:
        text = found.text("SFTP", "path")
        if text is not None:
            _put_folders(found, "SFTP.path", [text], instead)
    elif several:
        parts = [part.strip() for part in found.raw("SFTP", "paths").split(",")]
        _put_folders(found, "SFTP.paths", [part for part in parts if part], instead)
    else:
        found.fault("SFTP.paths", "is missing: the folders on the server to fetch from, with commas between", *instead)


def _put_folders(found: Translator, key: str, texts: list[str], instead: tuple[KeyPath, ...]) -> None:
    folders = tuple(dict.fromkeys(_tidy(text) for text in texts))
    faults = _folder_faults(texts, folders)
    for fault in faults:
        found.fault(key, fault, *instead)
    if faults:
        return
    # The deepest folder that holds them all: links that lead out of it are not followed.
    root = posixpath.commonpath(folders)
    if root:
        found.put((*_REMOTE, "path"), root, key)
    if len(folders) > 1:
        found.put((*_REMOTE, "paths"), [str(PurePosixPath(folder).relative_to(root)) for folder in folders], key)


def _folder_faults(texts: list[str], folders: tuple[str, ...]) -> list[str]:
    """What is wrong with folders on the server, as written and as tidied."""
    if not folders:
        return ["names no folder: wants one or more on the server, with commas between"]
    if any("\n" in text for text in texts):
        return ["has lines without a comma between them"]
    if any(_CONTROL.search(text) for text in texts):
        return ["holds a control character"]
    faults = []
    if any(".." in text.split("/") for text in texts):
        faults.append("names a folder with .. in it: write where it leads")
    if any(text.split("/")[0].startswith("~") for text in texts):
        faults.append("starts with ~, which no SFTP server looks up: write the path whole, or from the login folder on")
    if len({folder.startswith("/") for folder in folders}) > 1:
        faults.append("mixes whole paths with ones from the login folder on: write all of them whole")
    for folder, other in combinations(sorted(folders), 2):
        if "." in (folder, other) or other.startswith(f"{folder.rstrip('/')}/"):
            faults.append(f"names {folder!r} and {other!r}, one inside the other: files would be listed twice")
    return faults


def _tidy(folder: str) -> str:
    normal = posixpath.normpath(folder)
    return f"/{normal.lstrip('/')}" if normal.startswith("/") else normal


def _read_database(found: Translator) -> None:
    catalogue: KeyPath = ("catalogue", "url")
    asked = found.text("Database", "type")
    kind = "sqlite" if asked is None else asked.lower()
    if kind not in _DATABASES:
        near = "postgres" if kind.startswith("postgres") else None
        message = f"is none of {', '.join(_DATABASES)}" + (f"; did you mean {near!r}?" if near else "")
        found.fault("Database.type", message, catalogue)
    # What is said of the others has no effect; a mistake in it is a mistake all the same.
    in_file = kind not in ("postgres", "milvus")
    found.local_path("SQLite", "db_file", to=catalogue if in_file else None)
    if in_file and found.given("SQLite", "db_file"):
        note = "the database is medialib's own: if the older program's stands there, name another file"
        found.origin(catalogue, "SQLite.db_file", note=note)
    _read_server(found, catalogue if kind == "postgres" else None)
    _read_milvus(found, catalogue if kind == "milvus" else None)


def _read_milvus(found: Translator, catalogue: KeyPath | None) -> None:
    """The server of Milvus, for the address of the catalogue if that is to be there."""
    host, port = found.text("Milvus", "host"), found.port("Milvus", "port")
    if catalogue is None:
        return
    if host is None:
        if not found.given("Milvus", "host"):
            found.fault("Milvus.host", "is missing: Database.type is milvus, and wants the host", catalogue)
        return
    server = f"[{host}]" if ":" in host else quote(host, safe="")
    found.put(catalogue, f"milvus://{server}{f':{port}' if port else ''}", "Milvus.host")
    note = "collections of medialib's own, and a file of this machine beside them, which keeps the journal"
    found.origin(catalogue, "Milvus.host", note=note)


def _read_server(found: Translator, catalogue: KeyPath | None) -> None:
    """The server of PostgreSQL, for the address of the catalogue if that is to be there."""
    host, database, user = (found.text("PostgreSQL", key) for key in ("host", "database", "user"))
    port = found.port("PostgreSQL", "port")
    if catalogue is None:
        return
    for key, value in (("host", host), ("database", database)):
        if value is None and not found.given("PostgreSQL", key):
            message = f"is missing: Database.type is postgres, and wants the {key}"
            found.fault(f"PostgreSQL.{key}", message, catalogue)
    if host is not None and database is not None:
        account = f"{quote(user, safe='')}@" if user else ""
        server = f"[{host}]" if ":" in host else quote(host, safe="")
        url = f"postgresql://{account}{server}{f':{port}' if port else ''}/{quote(database, safe='')}"
        found.put(catalogue, url, "PostgreSQL.database")
        note = "medialib makes tables of its own: if the older program's stand there, name another database"
        found.origin(catalogue, "PostgreSQL.database", note=note)
    if found.given("PostgreSQL", "password") and found.raw("PostgreSQL", "password"):
        found.text("PostgreSQL", "password", to=(catalogue[0], "password"))


def _read_library(found: Translator) -> None:
    tv: KeyPath = ("library", "tv")
    if found.given("Routing", "tv_path"):
        found.local_path("Routing", "tv_path", to=tv)
        found.local_path("Routing", "anime_tv_path", to=("library", "anime"))
    elif found.given("Routing", "anime_tv_path"):
        found.local_path("Routing", "anime_tv_path", to=tv)
        found.origin(tv, "Routing.anime_tv_path", note="there was no tv_path: every series went there")
    found.local_path("Routing", "movie_path", to=("library", "movies"))


def _read_provider(found: Translator) -> None:
    provider: KeyPath = ("metadata", "provider")
    given = [name for name in ("TMDB", "TVDB") if found.given(name, "api_key")]
    if len(given) > 1:
        found.fault(
            "TVDB.api_key", "is given beside TMDB.api_key: one service is asked, so take the other out", provider
        )
    elif given:
        found.put(provider, given[0].lower(), f"{given[0]}.api_key")
    else:
        found.say(provider, "tvmaze", "neither TMDB nor TVDB has a key, and this one wants none")
    for name in ("TMDB", "TVDB"):
        found.text(name, "api_key", to=(name.lower(), "api_key"))


SYNC2NAS: Final = Dialect(
    name="sync2nas",
    title="the INI file of sync2nas",
    file="config/sync2nas_config.ini",
    sections={
        "SFTP": "remotes.<name>",
        "Database": "catalogue",
        "SQLite": "catalogue",
        "PostgreSQL": "catalogue",
        "Milvus": "catalogue",
        "Transfers": "download",
        "TMDB": "tmdb",
        "TVDB": "tvdb",
        "Routing": "library",
    },
    read=read_sync2nas,
)
"""The dialect of ``sync2nas_config.ini``."""

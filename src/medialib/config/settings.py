"""What can be configured: one frozen class a section, with the meaning of every key beside it.

The classes are the schema. The reader, ``config show`` and the page of settings are all made from them, so a key that
is added here exists everywhere. Where a class is built by hand, its values are taken as they are; `parse_settings` is
what checks them. Here stand the whole, and the sections that are about the program itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import attrs

from medialib.config.addresses import covers, sqlite_file, with_password
from medialib.config.library_settings import LibrarySettings, RootSettings, RoutingSettings
from medialib.config.provider_settings import (
    AnidbSettings,
    FeedSettings,
    ImdbSettings,
    MetadataSettings,
    TmdbSettings,
    TvdbSettings,
    TvmazeSettings,
)
from medialib.config.remote_settings import DownloadSettings, RemoteSettings, ServerSettings
from medialib.config.secret import Secret, SecretUrl
from medialib.config.setting import setting
from medialib.config.values import EmbedderName, ExecutorText, VectorAddress

__all__ = ["CatalogueSettings", "LogSettings", "Settings", "SimilaritySettings", "WorkSettings"]


@attrs.frozen
class CatalogueSettings:
    """Where what is known and what was done is kept."""

    url: SecretUrl = setting(
        SecretUrl("sqlite:///~/.local/share/medialib/catalogue.db"),
        "Database: path of an SQLite file, a sqlite:// address, postgresql://user@host/database, milvus:///folder.db "
        "or milvus://host:port. $XDG_DATA_HOME moves the default.",
    )
    password: Secret | None = setting(
        None, 'Password of the account on a database server, or a token of Milvus, best as "${CATALOGUE_PASSWORD}".'
    )

    @property
    def address(self) -> SecretUrl:
        """The url, with the password in it if one is given beside it.

        >>> CatalogueSettings(url=SecretUrl("postgresql://me@db/films"), password=Secret("hunter2")).address
        SecretUrl('postgresql://me:••••@db/films')
        """
        if self.password is None:
            return self.url
        return SecretUrl(with_password(self.url.reveal(), self.password.reveal()))

    @property
    def sqlite_file(self) -> Path | None:
        """The file of an SQLite catalogue; None for one on a server.

        >>> CatalogueSettings(url=SecretUrl("sqlite:////srv/my%20catalogue.db")).sqlite_file
        PosixPath('/srv/my catalogue.db')
        """
        return sqlite_file(self.url.reveal())


@attrs.frozen
class SimilaritySettings:
    """How titles are compared by `shows search`, `shows similar` and `shows recommend`."""

    index: VectorAddress = setting(
        SecretUrl("memory:"),
        "Where vectors of the titles are kept: memory:, made anew each time; or a milvus:// address, kept.",
    )
    embedder: EmbedderName = setting(
        "lexical", "What makes vectors of titles: lexical, which knows letters only; or the folder of a sentence model."
    )


@attrs.frozen
class WorkSettings:
    """Who does the work that can be divided."""

    executor: ExecutorText | None = setting(
        None,
        "Who reads the files that library verify looks at: threads:N, processes:N or dask://scheduler:8786; "
        "four threads where none is given.",
    )


@attrs.frozen
class LogSettings:
    """What is told of a run."""

    file: Path | None = setting(None, "File that the log is appended to; none where it is not given.")
    level: Literal["debug", "info", "warning", "error"] = setting("info", "The least severe message that is logged.")
    format: Literal["text", "json"] = setting(
        "text", "Form of the log file: text for people, or one JSON object a line."
    )


@attrs.frozen
class Settings:
    """A whole configuration, checked.

    >>> Settings().download.stability
    datetime.timedelta(seconds=60)
    """

    catalogue: CatalogueSettings = setting(CatalogueSettings(), "")
    remotes: Mapping[str, RemoteSettings] = setting(attrs.Factory(dict), "")
    servers: Mapping[str, ServerSettings] = setting(attrs.Factory(dict), "")
    download: DownloadSettings = setting(DownloadSettings(), "")
    library: LibrarySettings = setting(LibrarySettings(), "")
    roots: Mapping[str, RootSettings] = setting(attrs.Factory(dict), "")
    routing: RoutingSettings = setting(RoutingSettings(), "")
    metadata: MetadataSettings = setting(MetadataSettings(), "")
    tvmaze: TvmazeSettings = setting(TvmazeSettings(), "")
    tmdb: TmdbSettings = setting(TmdbSettings(), "")
    tvdb: TvdbSettings = setting(TvdbSettings(), "")
    feeds: Mapping[str, FeedSettings] = setting(attrs.Factory(dict), "")
    anidb: AnidbSettings = setting(AnidbSettings(), "")
    imdb: ImdbSettings = setting(ImdbSettings(), "")
    similarity: SimilaritySettings = setting(SimilaritySettings(), "")
    work: WorkSettings = setting(WorkSettings(), "")
    log: LogSettings = setting(LogSettings(), "")
    source: Path | None = attrs.field(default=None, eq=False)
    """File that it was read from."""
    dialect: str | None = attrs.field(default=None, eq=False)
    """Name of the older program whose form the file has; None for the native form."""
    warnings: tuple[str, ...] = attrs.field(default=(), eq=False)
    """What is allowed but looks like a mistake, a line each."""

    @property
    def destinations(self) -> dict[str, Path | str]:
        """Where files are carried to, by key: the incoming folder, the roots, and the folder for review.

        >>> Settings(library=LibrarySettings(tv="sftp://nas/tv")).destinations
        {'library.tv': 'sftp://nas/tv'}
        """
        library = self.library
        found = {
            "download.incoming": self.download.incoming,
            "library.tv": library.tv,
            "library.anime": library.anime,
            "library.movies": library.movies,
            **{f"roots.{name}.path": root.path for name, root in self.roots.items()},
            "routing.review": self.routing.review,
        }
        return {key: folder for key, folder in found.items() if folder is not None}

    @property
    def ordered_roots(self) -> tuple[tuple[str, RootSettings], ...]:
        """The roots beside those of the kinds, in the order in which they are asked.

        >>> roots = {"a": RootSettings(order=2), "b": RootSettings(order=1)}
        >>> [name for name, _ in Settings(roots=roots).ordered_roots]
        ['b', 'a']
        """
        return tuple(sorted(self.roots.items(), key=lambda each: (each[1].order, each[0])))

    @property
    def places(self) -> dict[str, Path | str]:
        """Where placed files stand, by the names of locations: the roots of the kinds, the others, and ``review``.

        >>> Settings(library=LibrarySettings(tv="sftp://nas/tv")).places
        {'tv': 'sftp://nas/tv'}
        """
        library = self.library
        # two names for one folder would not see each other's files
        found = {name: root for name, root in library.roots.items() if name != "anime" or root != library.tv}
        found |= {name: root.path for name, root in self.ordered_roots if root.path is not None}
        return found if self.routing.review is None else {**found, "review": self.routing.review}

    def server_of(self, url: str) -> ServerSettings:
        """How an address of a destination is reached: as the server says whose url it begins with, the longest of them.

        >>> nas = ServerSettings(url="sftp://me@nas.example", agent=False)
        >>> Settings(servers={"nas": nas}).server_of("sftp://me@nas.example/volume1/tv").agent
        False
        """
        fitting = [server for server in self.servers.values() if covers(server.url, url)]
        return max(fitting, key=lambda server: len(server.url), default=ServerSettings())

    @property
    def digest(self) -> str:
        """SHA-256, lower-case hex, over what a plan depends on.

        That is the remotes' addresses and folders, the incoming folder, the library's roots with their conditions, its
        preset and templates, the folder for review, and what is done on the remotes.
        No secret is part of it.

        >>> Settings().digest == Settings(log=LogSettings(level="debug")).digest
        True
        """
        releases = {
            name: [remote.release, remote.release_to or ""]
            for name, remote in self.remotes.items()
            if remote.release != "keep"
        }
        more = [
            [name, str(root.path), *(sorted(each) for each in (root.types, root.genres, root.languages)),
             sorted(root.resolutions), root.minimum_free]
            for name, root in self.ordered_roots
        ]  # fmt: skip
        bound = {
            "format": "medialib.settings-digest/1",
            "remotes": {name: [remote.url, sorted(remote.paths)] for name, remote in self.remotes.items()},
            "incoming": None if self.download.incoming is None else str(self.download.incoming),
            "roots": {kind: str(root) for kind, root in self.library.roots.items()},
            "preset": self.library.preset,
            **({"releases": releases} if releases else {}),
            **({"templates": self.library.templates} if self.library.templates else {}),
            **({"more roots": more} if more else {}),
            **({"review": str(self.routing.review)} if self.routing.review is not None else {}),
        }
        return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()

"""What can be configured: one frozen class a section, with the meaning of every key beside it.

The classes are the schema. The reader, ``config show`` and the page of settings are all made from them, so a key that
is added here exists everywhere. Where a class is built by hand, its values are taken as they are; `parse_settings` is
what checks them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import attrs

from medialib.completeness import TEMPORARY_NAMES, UNFINISHED_MARKERS
from medialib.config.addresses import RemoteAddress, covers, parse_remote_url, sqlite_file, with_password
from medialib.config.secret import Secret, SecretUrl
from medialib.config.values import (
    Duration,
    EmbedderName,
    EpisodeFileTemplate,
    ExecutorText,
    FileMode,
    Folder,
    FolderMode,
    MovieFileTemplate,
    MovieFolderTemplate,
    OptionValue,
    Port,
    PositiveDuration,
    Range,
    SeasonFolderTemplate,
    ShowFolderTemplate,
    Size,
    Transfers,
    UnknownTitles,
    VectorAddress,
)

__all__ = [
    "SECRET_OPTION_WORDS",
    "AddressKeys",
    "CatalogueSettings",
    "DownloadSettings",
    "LibrarySettings",
    "LogSettings",
    "MetadataSettings",
    "RemoteSettings",
    "RoutingSettings",
    "ServerSettings",
    "Settings",
    "SimilaritySettings",
    "TmdbSettings",
    "TvdbSettings",
    "TvmazeSettings",
    "WorkSettings",
]

Default = TypeVar("Default")


SECRET_OPTION_WORDS: Final = ("password", "passphrase", "passwd", "secret", "token", "credential", "key")
"""An option of text whose name holds one of these words is kept as a `Secret`."""


def setting(default: Default, doc: str) -> Default:
    """A field of a section: its default and its meaning (what the key is for, with its unit or form)."""
    made: Default = attrs.field(default=default, metadata={"doc": doc})
    return made


@attrs.frozen
class CatalogueSettings:
    """Where what is known and what was done is kept."""

    url: SecretUrl = setting(
        SecretUrl("sqlite:///~/.local/share/medialib/catalogue.db"),
        "Database: path of an SQLite file, a sqlite:// address, or postgresql://user@host/database. $XDG_DATA_HOME "
        "moves the default.",
    )
    password: Secret | None = setting(
        None, 'Password of the account on a database server, best as "${CATALOGUE_PASSWORD}".'
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
class AddressKeys:
    """Keys that say where an SFTP remote is, in place of its `url` or beside it."""

    host: str | None = setting(None, "Name or IP address of an SFTP server, in place of url.")
    port: Port | None = setting(None, "TCP port of the SFTP server; 22 where none is given.")
    username: str | None = setting(None, "Account on the SFTP server; the local one where none is given.")
    path: str | None = setting(None, "Folder on the SFTP server; without a leading / it starts at the login folder.")


@attrs.frozen
class ServerSettings:
    """How a server or service is reached that files are carried to.

    >>> ServerSettings(url="s3://bucket", options={"secret": Secret("hunter2"), "anon": False}).revealed_options()
    {'secret': 'hunter2', 'anon': False}
    """

    url: str = setting("", "Address: sftp://user@host:port/path, file:///path, or any other that fsspec knows.")
    password: Secret | None = setting(None, 'Password of the account, best as "${SEEDBOX_PASSWORD}".')
    key_file: Path | None = setting(None, "File of the private SSH key.")
    key_passphrase: Secret | None = setting(None, "Passphrase of the private SSH key.")
    agent: bool = setting(True, "Whether the keys of a running SSH agent are offered.")
    known_hosts: Path = setting(Path("~/.ssh/known_hosts"), "File of the SSH host keys that are trusted.")
    keepalive: Duration = setting(
        timedelta(seconds=30), "Time between signs of life on an idle connection; 0s for none."
    )
    timeout: PositiveDuration = setting(
        timedelta(seconds=30), "Time without an answer after which a connection is lost."
    )
    hash_commands: bool = setting(
        False, "Whether the SFTP server may be told to run sha256sum and the like on its files, to compare hashes."
    )
    options: Mapping[str, OptionValue] = setting(
        attrs.Factory(dict), "What the file system of another kind of address (not sftp) is given by name."
    )

    @property
    def address(self) -> RemoteAddress:
        """The parts of `url`."""
        return parse_remote_url(self.url)

    def revealed_options(self) -> dict[str, str | int | bool]:
        """The options with their secrets in the clear, for the one call that hands them to fsspec."""
        return {name: value.reveal() if isinstance(value, Secret) else value for name, value in self.options.items()}


@attrs.frozen
class RemoteSettings(ServerSettings):
    """A place that new files are fetched from.

    >>> remote = RemoteSettings(url="sftp://me@seedbox.example:2222/downloads")
    >>> remote.address.host, remote.address.port, remote.address.path
    ('seedbox.example', 2222, '/downloads')
    """

    paths: tuple[str, ...] = setting((), "Folders below the url's path to fetch from; the whole where none is given.")
    release: Literal["keep", "delete", "move", "mark"] = setting(
        "keep",
        "What medialib release does to a unit (a file or folder below one of the paths) whose files are all proven in "
        "the library: nothing; delete it there; move it to release_to; mark it with an empty file.",
    )
    release_to: str | None = setting(None, 'Folder below the url\'s path that released units go to, for "move".')
    release_after: Duration = setting(
        timedelta(0), "How long after its last file was received a unit may be released: for seeding."
    )


_EXCLUDED: Final = (
    *("Sample/", "Samples/", "Proof/", "Screens/", "sample.*", "sample-*", "*-sample.*", "*.sample.???"),
    *("*.nfo", "*.sfv", "*.md5", "*.sha1", "*.sha256", "md5sums*", "sha*sums*"),
    *("*.txt", "*.url", "*.lnk", "*.exe", "*.jpg", "*.jpeg", "*.png", "*.torrent", ".*", ".*/"),
)


@attrs.frozen
class DownloadSettings:
    """How new files are fetched, and which."""

    incoming: Folder | None = setting(
        None, "Folder that fetched files arrive in, before they are routed; or its address, such as sftp://me@nas/new."
    )
    stability: Duration = setting(
        timedelta(seconds=60), "Age that a remote file must have before it is taken as whole."
    )
    two_looks: bool = setting(False, "Whether two listings must also agree before a file is taken as whole.")
    temporary_names: tuple[str, ...] = setting(
        TEMPORARY_NAMES,
        "Patterns of what is not finished, case ignored: of a file's name, or with a / at the end of a folder's.",
    )
    unfinished_markers: tuple[str, ...] = setting(
        UNFINISHED_MARKERS,
        "Patterns of files that say of another that it is not finished: * is its name; without *, all in the folder.",
    )
    finished_markers: tuple[str, ...] = setting(
        (), "Patterns of files that say that another is finished, such as *.done; it is not waited for any longer."
    )
    wait_for_marker: bool = setting(False, "Whether a file is taken as whole only once a finished marker says so.")
    manifests: bool = setting(
        True,
        "Whether lists of checksums on the remote (.sfv, .md5, SHA256SUMS) are read: what they name must be there.",
    )
    wait_for_whole_sets: bool = setting(
        True, "Whether a file waits for the others of its list, or the other parts of its archive."
    )
    exclude: tuple[str, ...] = setting(
        _EXCLUDED,
        "Patterns of what is left out, case ignored: of a file's name, or with a / at the end of a folder's.",
    )
    include: tuple[str, ...] = setting((), "Patterns of what is fetched although exclude names it.")
    minimum_free: Size = setting(1 << 30, "Space that must stay free where files arrive.")
    transfers: Transfers = setting(4, "How many files may be on their way at once; large ones come alone.")
    bandwidth: Size = setting(0, "Bytes a second that all downloads together may take; 0 sets no limit.")
    verify: Literal["received", "written", "remote"] = setting(
        "received",
        "How far a file is proven before it has its name: hashed as it is received; also read again from the disk; "
        "also compared with the hash that the remote tells, where it does.",
    )


@attrs.frozen
class LibrarySettings:
    """Where the library is, and how its files look.

    >>> LibrarySettings(tv=Path("/srv/tv")).roots
    {'tv': PosixPath('/srv/tv'), 'anime': PosixPath('/srv/tv')}
    """

    tv: Folder | None = setting(None, "Root folder of series, or its address.")
    anime: Folder | None = setting(None, "Root folder of anime series, or its address; tv where none is given.")
    movies: Folder | None = setting(None, "Root folder of films, or its address.")
    preset: Literal["original", "plex", "jellyfin", "kodi"] = setting("original", "How placed files are named.")
    show_folder: ShowFolderTemplate | None = setting(
        None, "How a show's folder is named, as {Series TitleYear}; as the preset has it where none is given."
    )
    season_folder: SeasonFolderTemplate | None = setting(
        None, "How a season's folder is named, as Season {season:00}; as the preset has it where none is given."
    )
    episode_file: EpisodeFileTemplate | None = setting(
        None,
        "How an episode's file is named, as {Series Title} - S{season:00}E{episode:00} - {Episode Title}; "
        "as the preset has it where none is given.",
    )
    movie_folder: MovieFolderTemplate | None = setting(
        None, "How a film's folder is named, as {Movie TitleYear}; as the preset has it where none is given."
    )
    movie_file: MovieFileTemplate | None = setting(
        None, "How a film's file is named, as {Movie TitleYear}; as the preset has it where none is given."
    )
    file_mode: FileMode | None = setting(
        None, 'Mode of placed files, octal ("0644"); by the umask where none is given.'
    )
    folder_mode: FolderMode | None = setting(
        None, 'Mode of new folders, octal ("0755"); by the umask where none is given.'
    )
    owner: str | None = setting(None, "Account, by name or number in quotes, that placed files belong to.")
    group: str | None = setting(None, "Group, by name or number in quotes, that placed files belong to.")

    @property
    def templates(self) -> dict[str, str]:
        """The templates that are set, by their keys.

        >>> LibrarySettings(season_folder="Staffel {season}").templates
        {'season_folder': 'Staffel {season}'}
        """
        kinds = {
            "show_folder": self.show_folder,
            "season_folder": self.season_folder,
            "episode_file": self.episode_file,
            "movie_folder": self.movie_folder,
            "movie_file": self.movie_file,
        }
        return {kind: template for kind, template in kinds.items() if template is not None}

    @property
    def roots(self) -> dict[str, Path | str]:
        """Each kind that has a root folder, and that folder; anime goes to the series where it has none of its own."""
        kinds = {"tv": self.tv, "anime": self.anime or self.tv, "movies": self.movies}
        return {kind: root for kind, root in kinds.items() if root is not None}


@attrs.frozen
class RoutingSettings:
    """How it is decided where a fetched file belongs."""

    unknown_shows: UnknownTitles = setting(
        "by-name",
        "What becomes of a series that the catalogue does not know: entered by its name, looked up, or left alone.",
    )
    unknown_movies: UnknownTitles = setting(
        "by-name",
        "What becomes of a film that the catalogue does not know: entered by its name, looked up, or left alone.",
    )
    minimum_confidence: Annotated[float, Range(0, 1)] = setting(
        0.3, "How sure a reading of a name must be to be acted on: 0 for a guess, 1 for no doubt."
    )
    companions: tuple[str, ...] = setting(
        ("srt", "ass", "ssa", "sub", "idx", "vtt", "sup"),
        "Extensions, without dot, of files that travel with their video.",
    )
    keep_nfo: bool = setting(False, "Whether .nfo files travel with their video too.")


@attrs.frozen
class MetadataSettings:
    """Who is asked about series and films, and how."""

    provider: Literal["tvmaze", "tmdb", "tvdb", "none"] = setting(
        "tvmaze", "Who is asked: tvmaze wants no key and knows no films; tmdb and tvdb want theirs; none: nobody."
    )
    language: str = setting("en", "Language of titles and summaries, ISO 639-1, where the provider has them in it.")
    cache: Path | None = setting(
        None, "Folder that answers are kept in; $XDG_CACHE_HOME/medialib/http where none is given."
    )
    timeout: PositiveDuration = setting(timedelta(seconds=15), "Time without an answer after which a call has failed.")
    patience: Duration = setting(
        timedelta(seconds=60), "Time that one call may spend on waiting and trying again before it has failed."
    )


@attrs.frozen
class TvmazeSettings:
    """How TVmaze is reached."""

    url: str = setting("https://api.tvmaze.com", "Address of its API.")


@attrs.frozen
class TmdbSettings:
    """How The Movie Database is reached."""

    api_key: Secret | None = setting(None, 'Key of its API (v3) or read access token, best as "${TMDB_API_KEY}".')
    url: str = setting("https://api.themoviedb.org/3", "Address of its API.")


@attrs.frozen
class TvdbSettings:
    """How TheTVDB is reached."""

    api_key: Secret | None = setting(None, 'Key of its API (v4), best as "${TVDB_API_KEY}".')
    pin: Secret | None = setting(None, "PIN of a subscriber, for keys that want one.")
    url: str = setting("https://api4.thetvdb.com/v4", "Address of its API.")


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
    routing: RoutingSettings = setting(RoutingSettings(), "")
    metadata: MetadataSettings = setting(MetadataSettings(), "")
    tvmaze: TvmazeSettings = setting(TvmazeSettings(), "")
    tmdb: TmdbSettings = setting(TmdbSettings(), "")
    tvdb: TvdbSettings = setting(TvdbSettings(), "")
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
        """Where files are carried to, by key: the incoming folder and the roots that are configured.

        >>> Settings(library=LibrarySettings(tv="sftp://nas/tv")).destinations
        {'library.tv': 'sftp://nas/tv'}
        """
        library = self.library
        found = {
            "download.incoming": self.download.incoming,
            "library.tv": library.tv,
            "library.anime": library.anime,
            "library.movies": library.movies,
        }
        return {key: folder for key, folder in found.items() if folder is not None}

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

        That is the remotes' addresses and folders, the incoming folder, the library's roots, its preset and templates,
        and what is done on the remotes.
        No secret is part of it.

        >>> Settings().digest == Settings(log=LogSettings(level="debug")).digest
        True
        """
        releases = {
            name: [remote.release, remote.release_to or ""]
            for name, remote in self.remotes.items()
            if remote.release != "keep"
        }
        bound = {
            "format": "medialib.settings-digest/1",
            "remotes": {name: [remote.url, sorted(remote.paths)] for name, remote in self.remotes.items()},
            "incoming": None if self.download.incoming is None else str(self.download.incoming),
            "roots": {kind: str(root) for kind, root in self.library.roots.items()},
            "preset": self.library.preset,
            **({"releases": releases} if releases else {}),
            **({"templates": self.library.templates} if self.library.templates else {}),
        }
        return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()

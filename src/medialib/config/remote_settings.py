"""Sections on where files come from, how servers are reached, and which files are fetched how."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import attrs

from medialib.completeness import TEMPORARY_NAMES, UNFINISHED_MARKERS
from medialib.config.addresses import RemoteAddress, parse_remote_url
from medialib.config.secret import Secret
from medialib.config.setting import setting
from medialib.config.values import Duration, Folder, OptionValue, Port, PositiveDuration, Size, Transfers

__all__ = ["SECRET_OPTION_WORDS", "AddressKeys", "DownloadSettings", "RemoteSettings", "ServerSettings"]


SECRET_OPTION_WORDS: Final = ("password", "passphrase", "passwd", "secret", "token", "credential", "key")
"""An option of text whose name holds one of these words is kept as a `Secret`."""


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

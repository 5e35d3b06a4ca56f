"""An SSH server as a place that files are carried to.

SFTP version 3 has neither fsync nor a rename that is sure never to replace. OpenSSH's extensions have: ``fsync``,
``hardlink`` (which fails where something stands, by one step of the disk's), ``posix-rename`` (which replaces) and
``statvfs``; each is used where the server offers it (OpenSSH's PROTOCOL, section 4).
"""

from __future__ import annotations

import contextlib
import errno
import struct
from typing import TYPE_CHECKING, BinaryIO, cast

from medialib.errors import ConnectionLost, MedialibError, OutOfReach
from medialib.model import Digest
from medialib.ports import CancelToken, LocationTraits
from medialib.transfer.remote_digests import RemoteDigests
from medialib.transfer.sftp_looking import raw
from medialib.transfer.sftp_messages import (
    POSIX_RENAME,
    NotSftp,
    OpenFor,
    Reply,
    Request,
    parse_status,
    string,
)
from medialib.transfer.trees import RawEntry, raw_entry
from medialib.transfer.writable_trees import WritableTree

if TYPE_CHECKING:
    from medialib.transfer.sftp import SftpFileSystem
    from medialib.transfer.sftp_channel import SftpChannel

__all__ = ["SftpWritableTree"]

_SECOND_NS = 1_000_000_000
_HARD_LINK = b"hardlink@openssh.com"
_FSYNC = b"fsync@openssh.com"
_ROOM = b"statvfs@openssh.com"
_SIZE, _MODE, _TIMES = 1, 4, 8
_WORTH_ASKING = 2**23
_LATEST = 2**32 - 1
_LONGEST_NOTE = 2**16
_ROOM_FIELDS = struct.Struct(">11Q")


class SftpWritableTree:
    """See `WritableTree`. `file_mode` and `folder_mode` are permission bits; left out, the server's umask decides.

    With `hash_commands` the server may be told to run ``sha256sum``, so that files of `worth_asking` bytes or more need
    not be read back.
    """

    def __init__(
        self,
        filesystem: SftpFileSystem,
        *,
        file_mode: int | None = None,
        folder_mode: int | None = None,
        hash_commands: bool = False,
        worth_asking: int = _WORTH_ASKING,
    ) -> None:
        self._filesystem = filesystem
        self._session = filesystem.session
        self._file_mode = file_mode
        self._folder_mode = folder_mode
        self._digests = RemoteDigests(filesystem.session, commands=hash_commands)
        self._worth_asking = worth_asking
        self._known_extensions: frozenset[bytes] | None = None

    @property
    def traits(self) -> LocationTraits:
        """See `WritableTree`; of a server that does not answer, the least is said."""
        try:
            extensions = self._extensions()
        except MedialibError:
            extensions = frozenset()
        return LocationTraits(
            mtime_granularity_ns=_SECOND_NS,
            exclusive=_HARD_LINK in extensions,
            durable="content" if _FSYNC in extensions else "nothing",
            tells_room=_ROOM in extensions,
        )

    def same(self, other: WritableTree) -> bool:
        """See `WritableTree`: the same account on the same server."""
        return isinstance(other, SftpWritableTree) and other._filesystem.fsid == self._filesystem.fsid

    def standing(self, path: str) -> RawEntry | None:
        """See `WritableTree`."""
        try:
            return raw_entry(self._session.run(f"looking at {path}", lambda channel: channel.lstat(raw(path))))
        except FileNotFoundError:
            return None

    def make_folder(self, path: str) -> bool:
        """See `WritableTree`."""
        try:
            self._filesystem.mkdir(path, create_parents=False)
        except FileExistsError:
            return False
        mode = self._folder_mode
        if mode is not None:
            # asked for again, since the server's umask took from what was asked for in making it
            body = string(raw(path)) + struct.pack(">II", _MODE, mode)
            self._session.run(f"setting the mode of {path}", lambda channel: _order(channel, Request.SETSTAT, body))
        return True

    def remove_folder(self, path: str) -> None:
        """See `WritableTree`."""
        self._filesystem.rmdir(path)

    def create(self, path: str) -> None:
        """See `WritableTree`."""
        how = OpenFor.WRITE | OpenFor.CREATE | OpenFor.EXCLUSIVE

        def make(channel: SftpChannel) -> None:
            channel.close(channel.open(raw(path), how))

        try:
            self._session.run(f"making {path}", make, idempotent=False)
        except OutOfReach:
            # Version 3 has no word for "exists".
            if self.standing(path) is not None:
                raise FileExistsError(path) from None
            raise

    def content(self, path: str) -> bytes:
        """See `WritableTree`."""
        with self._filesystem.open_reader(path, size=_LONGEST_NOTE) as stream:
            gathered = b""
            while len(gathered) < _LONGEST_NOTE:
                data = stream.read(_LONGEST_NOTE)
                if not data:
                    break
                gathered += data
        return gathered

    def replace(self, path: str, content: bytes) -> None:
        """See `WritableTree`: at once, where the server's rename replaces."""
        at_once = POSIX_RENAME in self._extensions()
        new = f"{path}.part" if at_once else path
        with self._filesystem.open(new, "wb") as stream:
            stream.write(content)
        if at_once:
            self._filesystem.mv(new, path)

    def append(self, path: str, offset: int) -> BinaryIO:
        """See `WritableTree`."""
        found = self.standing(path)
        if found is None:
            raise FileNotFoundError(path)
        if found.kind != "file":
            raise OutOfReach(f"{path} is no file", remedy="Look who put it there.")
        if found.size != offset:
            body = string(raw(path)) + struct.pack(">IQ", _SIZE, offset)
            self._session.run(f"cutting {path}", lambda channel: _order(channel, Request.SETSTAT, body))
        return cast(BinaryIO, self._filesystem.open(path, "ab"))

    def settle(self, path: str, mtime_ns: int) -> int:
        """See `WritableTree`."""
        synced = _FSYNC in self._extensions()
        changed = min(max(mtime_ns // _SECOND_NS, 0), _LATEST)
        flags = _TIMES if self._file_mode is None else _MODE | _TIMES
        mode = b"" if self._file_mode is None else self._file_mode.to_bytes(4, "big")
        attributes = flags.to_bytes(4, "big") + mode + struct.pack(">II", changed, changed)

        def work(channel: SftpChannel) -> int:
            handle = channel.open(raw(path), OpenFor.READ | OpenFor.WRITE)
            try:
                if synced:
                    _order(channel, Request.EXTENDED, string(_FSYNC) + string(handle))
                return channel.stat_opened(handle).size
            finally:
                channel.close(handle)

        def date(channel: SftpChannel) -> None:
            _order(channel, Request.SETSTAT, string(raw(path)) + attributes)

        self._session.run(f"setting the time of {path}", date)
        return self._session.run(f"syncing {path}", work)

    def checksum(self, path: str, size: int, cancelled: CancelToken) -> str | None:
        """See `WritableTree`: by the extension ``check-file``, or by a command where that is allowed.

        None for small files: a command takes half a second, in which they are long read back.
        """
        if size < self._worth_asking:
            return None
        told = self._digests.digest(path, size, ("sha256",), cancelled)
        return told.value if isinstance(told, Digest) else None

    def give_name(self, source: str, target: str) -> None:
        """See `WritableTree`: by a hard link, and where the disk has none, by version 3's own rename.

        That one fails where something stands (draft-ietf-secsh-filexfer-02, section 6.5); whether by one step or after
        a look is the server's affair.
        """
        before = self.standing(source)
        if before is None:
            raise FileNotFoundError(source)
        if self.standing(target) is not None:
            raise FileExistsError(target)
        try:
            linked = self._link(source, target)
            if not linked:
                self._session.run(
                    f"naming {target}",
                    lambda channel: channel.rename_without_replacing(raw(source), raw(target)),
                    idempotent=False,
                )
                return
        except ConnectionLost:
            # The answer was lost, not necessarily the deed: nothing stood there before, so what does now is ours.
            if not self._arrived(before, target):
                raise
        except OutOfReach:
            if self.standing(target) is not None and self.standing(source) is not None:
                raise FileExistsError(target) from None
            raise
        with contextlib.suppress(FileNotFoundError):
            self.remove(source)

    def remove(self, path: str) -> None:
        """See `WritableTree`."""
        self._session.run(f"removing {path}", lambda channel: channel.remove(raw(path)), idempotent=False)

    def free_bytes(self, path: str) -> int | None:
        """See `WritableTree`."""
        if _ROOM not in self._extensions():
            return None

        def ask(channel: SftpChannel) -> int:
            call = channel.pipeline.call(Request.EXTENDED, string(_ROOM) + string(raw(path)))
            if call.kind == Reply.STATUS:
                raise parse_status(call.body) or NotSftp("a status where room is due")
            if call.kind != Reply.EXTENDED_REPLY or len(call.body) < _ROOM_FIELDS.size:
                raise NotSftp("room that cannot be read")
            _, fragment, _, _, available, *_ = _ROOM_FIELDS.unpack_from(call.body)
            return int(fragment * available)

        return self._session.run(f"asking for the room in {path}", ask)

    def _extensions(self) -> frozenset[bytes]:
        if self._known_extensions is None:
            found = self._session.run("greeting", lambda channel: frozenset(channel.pipeline.extensions))
            self._known_extensions = found
        return self._known_extensions

    def _link(self, source: str, target: str) -> bool:
        """Whether the file stands under both names now; False where no such link can be made."""
        if _HARD_LINK not in self._extensions():
            return False
        body = string(_HARD_LINK) + string(raw(source)) + string(raw(target))
        try:
            self._session.run(
                f"naming {target}", lambda channel: _order(channel, Request.EXTENDED, body), idempotent=False
            )
        except OutOfReach:
            if self.standing(target) is not None:
                raise FileExistsError(target) from None
            return False
        return True

    def _arrived(self, before: RawEntry, target: str) -> bool:
        found = self.standing(target)
        return found is not None and (found.size, found.mtime_ns) == (before.size, before.mtime_ns)


def _order(channel: SftpChannel, kind: int, body: bytes) -> None:
    """A request that is answered by a status alone."""
    call = channel.pipeline.call(kind, body)
    if call.kind != Reply.STATUS:
        raise NotSftp(f"reply {call.kind} to request {kind}")
    error = parse_status(call.body)
    if isinstance(error, (FileNotFoundError, PermissionError)):
        raise error
    if error is not None:
        # What is not offered, or makes no sense, is a refusal like any other, and no end of the conversation.
        raise OSError(errno.EIO, " ".join(str(each) for each in error.args[1:]) or "refused")

"""One SFTP conversation (protocol version 3) on top of paramiko's, with listings that ask ahead.

paramiko decodes names strictly and dies of the first undecodable one; here they come out by surrogateescape. Requests
are sent ahead of their answers: `FolderListing` is handed the answers by paramiko's own dispatch (``_async_request``),
as paramiko's `SFTPFile` is.
"""

from __future__ import annotations

import errno
import stat
import struct
import threading
from typing import TYPE_CHECKING, NamedTuple

import paramiko
from paramiko.message import Message
from paramiko.sftp import (
    CMD_CLOSE,
    CMD_HANDLE,
    CMD_NAME,
    CMD_OPENDIR,
    CMD_READDIR,
    CMD_REALPATH,
    CMD_STATUS,
    SFTP_EOF,
    SFTP_NO_SUCH_FILE,
    SFTP_OK,
    SFTP_PERMISSION_DENIED,
)

from medialib.errors import OutOfReach

__all__ = ["FolderListing", "RemoteAttributes", "SftpChannel", "parse_names"]

_READ_AHEAD = 3
_WORD = struct.Struct(">I")
_USUAL = struct.Struct(">IQIIIII")
_USUAL_FLAGS = 0x0000000F
_EXTENDED = 0x80000000
# Bytes that a name takes in a listing on average, at most: it may have 255, and its long form repeats it.
_LONGEST_LINE = 640
_LONG_NAME_KINDS = {ord("d"): stat.S_IFDIR, ord("l"): stat.S_IFLNK, ord("-"): stat.S_IFREG}


class RemoteAttributes(NamedTuple):
    """What an SFTP server says of a file: a listing's line. A tuple, because listings have tens of thousands."""

    name: str
    """Last part of the path, undecodable bytes by surrogateescape."""
    mode: int
    """File type and permissions as in `os.stat`; 0 if the server does not say."""
    size: int
    """Bytes."""
    mtime: int
    """Time of last change, whole seconds since the epoch, UTC."""
    uid: int
    """Owner."""
    gid: int
    """Group."""


def parse_names(data: bytes) -> list[RemoteAttributes]:
    """Read the body of an ``SSH_FXP_NAME`` answer: a count and that many names with their attributes.

    Raises struct.error if it is cut short. Source: draft-ietf-secsh-filexfer-02, sections 5 and 7.

    >>> parse_names(bytes.fromhex("00000001" "00000001ff" "00000000" "0000000c" "000081a4" "0000000a" "0000000b"))
    [RemoteAttributes(name='\\udcff', mode=33188, size=0, mtime=11, uid=0, gid=0)]
    """
    (count,) = _WORD.unpack_from(data)
    position = 4
    found = []
    for _ in range(count):
        (length,) = _WORD.unpack_from(data, position)
        name = data[position + 4 : position + 4 + length].decode("utf-8", "surrogateescape")
        position += 4 + length
        (length,) = _WORD.unpack_from(data, position)
        long_name = position + 4
        position += 4 + length
        (flags,) = _WORD.unpack_from(data, position)
        if flags == _USUAL_FLAGS:
            _, size, uid, gid, mode, _, mtime = _USUAL.unpack_from(data, position)
            position += _USUAL.size
        else:
            size = uid = gid = mode = mtime = 0
            position += 4
            if flags & 1:
                (size,) = struct.unpack_from(">Q", data, position)
                position += 8
            if flags & 2:
                uid, gid = struct.unpack_from(">II", data, position)
                position += 8
            if flags & 4:
                (mode,) = _WORD.unpack_from(data, position)
                position += 4
            if flags & 8:
                _, mtime = struct.unpack_from(">II", data, position)
                position += 8
            if flags & _EXTENDED:
                (pairs,) = _WORD.unpack_from(data, position)
                position += 4
                for _ in range(2 * pairs):
                    (skipped,) = _WORD.unpack_from(data, position)
                    position += 4 + skipped
        if not stat.S_IFMT(mode) and length:
            mode |= _LONG_NAME_KINDS.get(data[long_name], 0)
        found.append(RemoteAttributes(name, mode, size, mtime, uid, gid))
    return found


class SftpChannel(paramiko.SFTPClient):
    """One SFTP session. Not for two threads at once: hold `lock` around every use.

    Paths may be given as bytes (paramiko passes those through), which is how undecodable names travel.
    """

    def __init__(self, sock: paramiko.Channel) -> None:
        self.lock = threading.RLock()
        self.users = 0
        super().__init__(sock)

    if TYPE_CHECKING:  # what paramiko's own SFTPFile rests on, too; absent from its stubs

        def _request(self, t: int, *args: object) -> tuple[int, Message]: ...
        def _async_request(self, fileobj: object, t: int, *args: object) -> int: ...
        def _read_response(self, waitfor: int | None = None) -> object: ...

    def alive(self) -> bool:
        """Whether the channel and the connection under it still stand, as far as is known."""
        return not self.sock.closed and self.sock.get_transport().is_active()

    def canonical(self, path: bytes) -> str:
        """The path as the server resolves it, links included where the server does so (OpenSSH does)."""
        kind, message = self._request(CMD_REALPATH, path)
        if kind != CMD_NAME:
            raise paramiko.SFTPError("expected a name")
        return parse_names(_canonical_body(message.get_remainder()))[0].name

    def pump(self) -> None:
        """Wait for one answer and hand it to whoever asked."""
        self._read_response()

    def close_handle(self, handle: bytes) -> None:
        """Let the server forget a file or folder, without waiting for its answer."""
        self._async_request(type(None), CMD_CLOSE, handle)

    def _convert_status(self, msg: Message) -> None:
        # paramiko's own decodes the server's text strictly and gives plain failures no errno.
        code = msg.get_int()
        text = msg.get_string().decode("utf-8", "replace").replace("\n", " ") or f"status {code}"
        if code == SFTP_OK:
            return
        if code == SFTP_EOF:
            raise EOFError(text)
        if code == SFTP_NO_SUCH_FILE:
            raise FileNotFoundError(errno.ENOENT, text)
        if code == SFTP_PERMISSION_DENIED:
            raise PermissionError(errno.EACCES, text)
        raise OSError(errno.EIO, text)


def _canonical_body(data: bytes) -> bytes:
    # Some servers leave out the long name and attributes of a REALPATH answer; only the name matters.
    (length,) = _WORD.unpack_from(data, 4)
    return _WORD.pack(1) + data[4 : 8 + length] + _WORD.pack(0) + _WORD.pack(0)


class FolderListing:
    """A folder being listed: asked for at once, read when its entries are wanted.

    Several may be under way on one channel; whichever is waited for, answers reach all of them. A listing of more than
    `most` names, or of more bytes than so many names have, is not believed: a server's folder need not end.
    """

    def __init__(self, channel: SftpChannel, path: bytes, *, most: int) -> None:
        self._channel = channel
        self._most = most
        self._bytes = 0
        self._entries: list[RemoteAttributes] = []
        self._error: Exception | None = None
        self._handle: bytes | None = None
        self._asked = 1
        self._ended = False
        with channel.lock:
            channel._async_request(self, CMD_OPENDIR, path)

    def result(self) -> list[RemoteAttributes]:
        """The folder's entries, in the server's order, without ``.`` and ``..``.

        Raises FileNotFoundError, PermissionError or OSError as the server says, `OutOfReach` if the folder does not end
        where folders do, and what paramiko raises if the server is gone.
        """
        with self._channel.lock:
            while self._asked:
                self._channel.pump()
        if self._error is not None:
            raise self._error
        return self._entries

    def abandon(self) -> None:
        """Give up on it; the server forgets the folder once its handle is known."""
        with self._channel.lock:
            self._ended = True
            while self._asked and self._channel.alive():
                self._channel.pump()

    def _async_response(self, kind: int, message: Message, _number: int) -> None:
        self._asked -= 1
        if kind == CMD_HANDLE:
            self._handle = message.get_binary()
            self._ask(0 if self._ended else _READ_AHEAD)
        elif kind == CMD_NAME and self._error is None:
            body = message.get_remainder()
            self._bytes += len(body)
            try:
                names = parse_names(body)
            except struct.error:
                self._error = OSError(errno.EIO, "the server's listing is cut short")
            else:
                self._entries += [entry for entry in names if entry.name not in (".", "..")]
                if len(self._entries) > self._most or self._bytes > self._most * _LONGEST_LINE:
                    self._entries.clear()
                    self._ended = True
                    self._error = OutOfReach(
                        f"the server lists more than {self._most} names in one folder, and there may be no end to it",
                        remedy="Ask its owner; a folder that is really so large needs folders inside.",
                    )
                if not self._ended:
                    self._ask(1)
        elif kind == CMD_STATUS:
            try:
                self._channel._convert_status(message)
                raise OSError(errno.EIO, "the server answered a listing with neither names nor an error")
            except EOFError:
                self._ended = True
                if self._handle is None:
                    self._error = OSError(errno.EIO, "the server did not open the folder")
            except OSError as error:
                self._ended = True
                self._error = self._error or error
        if not self._asked and self._handle is not None:
            self._channel.close_handle(self._handle)
            self._handle = None

    def _ask(self, count: int) -> None:
        assert self._handle is not None
        for _ in range(count):
            self._asked += 1
            self._channel._async_request(self, CMD_READDIR, self._handle)

"""One SFTP session as single questions: what a path is, open, make, rename, remove."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from medialib.transfer.sftp_messages import (
    POSIX_RENAME,
    NotSftp,
    OpenFor,
    Reply,
    Request,
    parse_handle,
    parse_status,
    string,
    times,
)
from medialib.transfer.sftp_names import RemoteAttributes, parse_attributes, parse_names
from medialib.transfer.sftp_pipeline import Call, Pipeline

if TYPE_CHECKING:
    import paramiko

    from medialib.transfer.ssh_transport import Inbox, SshTransport

__all__ = ["Examined", "SftpChannel"]

_Result = TypeVar("_Result")
_NO_ATTRIBUTES = bytes(4)


class Examined(NamedTuple):
    """What one journey tells of a path."""

    found: RemoteAttributes
    """What it is, links followed."""
    canonical: str
    """The path as the server resolves it."""
    handle: bytes | None
    """Of the opened file; None if it was not to be opened, or could not be."""
    refused: Exception | None
    """Why it could not be."""


class SftpChannel:
    """Asks one question at a time over its `pipeline`. Several threads may use it.

    Paths are bytes, which is how undecodable names travel. What the server refuses raises FileNotFoundError,
    PermissionError or OSError with EIO; what the connection does wrong, what `Pipeline` says.
    """

    def __init__(
        self, transport: SshTransport, channel: paramiko.Channel, inbox: Inbox, *, window: int, timeout: float
    ) -> None:
        self.users = 0
        """By how many it is leased."""
        self.transport = transport
        self._process = os.getpid()
        self._channel = channel
        self.pipeline = Pipeline(transport, channel, inbox, window=window, timeout=timeout)

    def alive(self) -> bool:
        """Whether the channel and the connection under it still stand, as far as is known; to a fork they do not."""
        return self._process == os.getpid() and not self._channel.closed and self.transport.is_active()

    def stat(self, path: bytes) -> RemoteAttributes:
        """What a path is, links followed."""
        return self._ask(Request.STAT, string(path), Reply.ATTRS, parse_attributes)

    def lstat(self, path: bytes) -> RemoteAttributes:
        """What a path is, a link being a link."""
        return self._ask(Request.LSTAT, string(path), Reply.ATTRS, parse_attributes)

    def canonical(self, path: bytes) -> str:
        """The path as the server resolves it, links included where the server does so (OpenSSH does)."""
        return self._ask(Request.REALPATH, string(path), Reply.NAME, _single_name)

    def read_link(self, path: bytes) -> str:
        """Where a link points, as it is written in it."""
        return self._ask(Request.READLINK, string(path), Reply.NAME, _single_name)

    def open(self, path: bytes, how: OpenFor) -> bytes:
        """The handle of an opened file."""
        body = string(path) + int(how).to_bytes(4, "big") + _NO_ATTRIBUTES
        return self._ask(Request.OPEN, body, Reply.HANDLE, parse_handle)

    def examine(self, path: bytes, *, opens: bool) -> Examined:
        """What a path is and where it leads, asked at once; with `opens`, it is opened for reading, too."""
        pipeline, body = self.pipeline, string(path)
        looked, resolved, opened = Call(), Call(), Call()
        with pipeline.lock:
            pipeline.ask(Request.STAT, body, looked)
            pipeline.ask(Request.REALPATH, body, resolved)
            if opens:
                pipeline.ask(Request.OPEN, body + int(OpenFor.READ).to_bytes(4, "big") + _NO_ATTRIBUTES, opened)
        pipeline.settle(lambda: bool(looked.kind and resolved.kind and (opened.kind or not opens)))
        handle = refused = None
        try:
            handle = _answer(opened, Request.OPEN, Reply.HANDLE, parse_handle) if opens else None
        except OSError as error:
            refused = error
        try:
            return Examined(
                _answer(looked, Request.STAT, Reply.ATTRS, parse_attributes),
                _answer(resolved, Request.REALPATH, Reply.NAME, _single_name),
                handle,
                refused,
            )
        except BaseException:
            if handle is not None:
                self.forget(handle)
            raise

    def forget(self, handle: bytes) -> None:
        """Let the server forget an opened file, and wait for nothing."""
        self.pipeline.ask(Request.CLOSE, string(handle))

    def stat_opened(self, handle: bytes) -> RemoteAttributes:
        """What an opened file is."""
        return self._ask(Request.FSTAT, string(handle), Reply.ATTRS, parse_attributes)

    def close(self, handle: bytes) -> None:
        """Let the server forget an opened file, and wait for it: some file systems report a full disk only now."""
        self._order(Request.CLOSE, string(handle))

    def make_folder(self, path: bytes, mode: int) -> None:
        """Make a folder with these permissions, less what the server's umask takes away."""
        self._order(Request.MKDIR, string(path) + b"\0\0\0\x04" + mode.to_bytes(4, "big"))

    def remove_folder(self, path: bytes) -> None:
        """Remove an empty folder."""
        self._order(Request.RMDIR, string(path))

    def remove(self, path: bytes) -> None:
        """Remove a file or link."""
        self._order(Request.REMOVE, string(path))

    def rename(self, source: bytes, target: bytes) -> None:
        """Rename by one step, replacing what is there; where the server cannot replace, only if nothing is."""
        names = string(source) + string(target)
        if POSIX_RENAME in self.pipeline.extensions:
            self._order(Request.EXTENDED, string(POSIX_RENAME) + names)
        else:
            self._order(Request.RENAME, names)

    def rename_without_replacing(self, source: bytes, target: bytes) -> None:
        """Rename, if nothing stands at `target`: version 3's own rename (draft-ietf-secsh-filexfer-02, section 6.5)."""
        self._order(Request.RENAME, string(source) + string(target))

    def set_times(self, path: bytes, accessed: int, changed: int) -> None:
        """Set a file's times: whole seconds since the epoch."""
        self._order(Request.SETSTAT, string(path) + times(accessed, changed))

    def _order(self, kind: int, body: bytes) -> None:
        call = self.pipeline.call(kind, body)
        if call.kind != Reply.STATUS:
            raise NotSftp(f"reply {call.kind} to request {int(kind)}")
        error = parse_status(call.body)
        if error is not None:
            raise _refusal(error)

    def _ask(self, kind: int, body: bytes, wanted: Reply, parse: Callable[[bytes], _Result]) -> _Result:
        return _answer(self.pipeline.call(kind, body), kind, wanted, parse)


def _answer(call: Call, kind: int, wanted: Reply, parse: Callable[[bytes], _Result]) -> _Result:
    if call.kind == wanted:
        return parse(call.body)
    error = parse_status(call.body) if call.kind == Reply.STATUS else None
    if error is None:
        raise NotSftp(f"reply {call.kind} to request {int(kind)}")
    raise _refusal(error)


def _refusal(error: Exception) -> Exception:
    # An end is no answer to a question; it must not pass for the end of the session.
    return OSError(5, "the server answers with an end of file") if isinstance(error, EOFError) else error


def _single_name(body: bytes) -> str:
    names = parse_names(body)
    if not names:
        raise NotSftp("no name where one is due")
    return names[0].name

"""What an SSH server says that a file's bytes come to: by the SFTP extension ``check-file``, or by a command.

Sources: draft-ietf-secsh-filexfer-extensions, section 3 (``check-file-handle``; ProFTPD's mod_sftp speaks it); GNU
coreutils and BusyBox for ``sha256sum`` and its like. OpenSSH has no such extension: the command is all there is.
"""

from __future__ import annotations

import re
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from medialib.errors import Cancelled, ConnectionLost
from medialib.model import DIGEST_LENGTHS, Digest, DigestAlgorithm
from medialib.ports import CancelToken, Untold
from medialib.transfer.lean_paramiko import paramiko
from medialib.transfer.session import SshSession

from paramiko.message import Message  # isort: skip
from paramiko.sftp import CMD_CLOSE, CMD_EXTENDED, CMD_EXTENDED_REPLY, CMD_HANDLE, CMD_OPEN, int64  # isort: skip
from paramiko.sftp_attr import SFTPAttributes  # isort: skip

__all__ = ["RemoteDigests", "hash_command", "read_check_file", "read_hash_line"]

_SLOWEST = 20_000_000
"""Bytes a second that a server is expected to hash at the least."""
_PATIENCE = 60.0
"""Seconds that it may take besides."""
_READ = 1
_MOST = 65_536
"""Bytes of an answer that are read; a line has a few hundred."""
_COMMANDS: dict[DigestAlgorithm, str] = {"sha256": "sha256sum", "sha1": "sha1sum", "md5": "md5sum"}
_OLD_FORM = b"check-file"
_OLD_FORM_MOST = 65_536
"""paramiko's own server answers in an older form, and hashes the wrong bytes of any file that is longer than this."""


def hash_command(algorithm: DigestAlgorithm, path: str) -> bytes | None:
    r"""The command that prints a file's hash, for a POSIX shell; None where there is none that is safe.

    Names with a backslash or control characters are not handed to a shell: shells disagree on the former, and the
    programs spell both in forms of their own.

    >>> hash_command("sha256", "/home/me/it's $(here).mkv")
    b'sha256sum -- \'/home/me/it\'"\'"\'s $(here).mkv\''
    >>> hash_command("sha256", "/home/me/a\\b.mkv") is None, hash_command("crc32", "/a") is None
    (True, True)
    """
    command = _COMMANDS.get(algorithm)
    if command is None or "\\" in path or any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        return None
    return f"{command} -- {shlex.quote(path)}".encode("utf-8", "surrogateescape")


def read_hash_line(algorithm: DigestAlgorithm, path: str, answer: bytes) -> Digest | None:
    r"""The hash in what a command printed: one line with the hash and the very path; None for anything else.

    >>> read_hash_line("md5", "/a.mkv", b"25f9e794323b453885f5181f1b624d0b  /a.mkv\n")
    Digest(algorithm='md5', value='25f9e794323b453885f5181f1b624d0b')
    >>> read_hash_line("md5", "/a.mkv", b"Welcome!\n25f9e794323b453885f5181f1b624d0b  /a.mkv\n") is None
    True
    """
    digits = DIGEST_LENGTHS[algorithm]
    found = re.fullmatch(rb"([0-9a-f]{%d}) [ *](.*?)\r?\n?" % digits, answer, re.DOTALL)
    if found is None or found[2] != path.encode("utf-8", "surrogateescape"):
        return None
    return Digest(algorithm, found[1].decode("ascii"))


def read_check_file(answer: bytes, asked: Sequence[DigestAlgorithm], size: int) -> Digest | Untold:
    r"""Read the body of an answer to ``check-file-handle``: the algorithm's name, then one hash.

    >>> read_check_file(b"\0\0\0\3md5" + bytes(16), ["sha256", "md5"], 7)
    Digest(algorithm='md5', value='00000000000000000000000000000000')
    >>> read_check_file(b"\0\0\0\3md5" + bytes(15), ["sha256", "md5"], 7)
    Untold(reason='its answer to check-file cannot be read')
    """
    names = {name.encode(): name for name in asked}
    message = Message(answer)
    first = message.get_binary()
    if first == _OLD_FORM:
        if size > _OLD_FORM_MOST:
            return Untold("its check-file is of a kind that hashes the wrong bytes of long files")
        first = message.get_binary()
    value = message.get_remainder()
    algorithm = names.get(first)
    if algorithm is None or len(value) * 2 != DIGEST_LENGTHS[algorithm]:
        return Untold("its answer to check-file cannot be read")
    return Digest(algorithm, value.hex())


class RemoteDigests:
    """Asks one server. With `commands` it may be told to run programs; without, only the SFTP extension is tried.

    Every question has a channel of its own on the session's connection, since an answer may take minutes. `slowest` is
    how many bytes a second the server is expected to hash, `patience` how many seconds it has besides. May be used from
    several threads.
    """

    def __init__(
        self, session: SshSession, *, commands: bool, slowest: int = _SLOWEST, patience: float = _PATIENCE
    ) -> None:
        self._session = session
        self._commands = commands
        self._slowest = slowest
        self._patience = patience
        self._no_extension = False
        self._refused = ""

    def digest(
        self, path: str, size: int, algorithms: Sequence[DigestAlgorithm], cancelled: CancelToken
    ) -> Digest | Untold:
        """What the server says of the file at the absolute `path`; see `SupportsDigests.digest`."""
        seconds = self._patience + size / self._slowest
        told: Digest | Untold = Untold("it has no check-file extension")
        if not self._no_extension:
            told = self._check_file(path, size, algorithms, seconds, cancelled)
        if isinstance(told, Digest):
            return told
        if not self._commands:
            return Untold(f"{told.reason}, and it may not be told to run commands (hash_commands)")
        if self._refused:
            return Untold(self._refused)
        for algorithm in algorithms:
            command = hash_command(algorithm, path)
            if command is None:
                told = Untold(f"a name like {path!r} is not handed to a shell")
                continue
            told = self._command(command, algorithm, path, seconds, cancelled)
            if isinstance(told, Digest) or self._refused:
                break
        return told

    # ------------------------------------------------------------------------------------------------ the extension

    def _check_file(
        self, path: str, size: int, algorithms: Sequence[DigestAlgorithm], seconds: float, cancelled: CancelToken
    ) -> Digest | Untold:
        asked = tuple(algorithm for algorithm in algorithms if algorithm in _COMMANDS)

        def ask(line: paramiko.Channel) -> Digest | Untold:
            line.invoke_subsystem("sftp")
            client = _Extended(line)
            kind, message = client.request(CMD_OPEN, path.encode("utf-8", "surrogateescape"), _READ, SFTPAttributes())
            if kind != CMD_HANDLE:
                return Untold("it did not open the file")
            handle = message.get_binary()
            for name in ("check-file-handle", "check-file"):
                try:
                    kind, message = client.request(CMD_EXTENDED, name, handle, ",".join(asked), int64(0), int64(0), 0)
                except OSError as error:
                    if isinstance(error, (TimeoutError, EOFError)):
                        raise
                    continue
                if kind == CMD_EXTENDED_REPLY:
                    client.request(CMD_CLOSE, handle)
                    return read_check_file(message.get_remainder(), asked, size)
            self._no_extension = True
            return Untold("it has no check-file extension")

        return self._on_own_line(ask, "check-file", seconds, cancelled)

    # --------------------------------------------------------------------------------------------------- the command

    def _command(
        self, command: bytes, algorithm: DigestAlgorithm, path: str, seconds: float, cancelled: CancelToken
    ) -> Digest | Untold:
        def ask(line: paramiko.Channel) -> Digest | Untold:
            deadline = time.monotonic() + seconds
            try:
                line.exec_command(command)
            except paramiko.SSHException:
                if line.get_transport().is_active():
                    self._refused = "it refuses to run commands"
                    return Untold(self._refused)
                raise
            line.shutdown_write()
            answer = b""
            while len(answer) < _MOST and (received := line.recv(_MOST)):
                answer += received
            if not line.status_event.wait(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            if line.exit_status != 0:
                return Untold(f"{_COMMANDS[algorithm]} ended with status {line.exit_status}")
            told = read_hash_line(algorithm, path, answer)
            return (
                Untold(f"what it answers to {_COMMANDS[algorithm]} is no hash of that file") if told is None else told
            )

        return self._on_own_line(ask, _COMMANDS[algorithm], seconds, cancelled)

    # ------------------------------------------------------------------------------------------------------ the line

    def _on_own_line(
        self, ask: Callable[[paramiko.Channel], Digest | Untold], what: str, seconds: float, cancelled: CancelToken
    ) -> Digest | Untold:
        """Ask on a channel of its own; silence is an answer, a line that is gone is not."""
        with self._session.channel("asking for a hash") as channel:
            transport = channel.transport
        try:
            with self._line(transport, seconds, cancelled) as line:
                told = ask(line)
        except FileNotFoundError:
            raise
        except (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError) as error:
            if cancelled.is_set():
                raise Cancelled("stopped while the remote was asked for a hash") from None
            if not transport.is_active():
                raise ConnectionLost(
                    f"the connection to {self._session.address} was lost while it was asked for a hash"
                ) from None
            if isinstance(error, TimeoutError):
                return Untold(f"no answer to {what} within {seconds:.0f} s")
            return Untold(f"it does not answer {what}")
        if cancelled.is_set() and isinstance(told, Untold):
            raise Cancelled("stopped while the remote was asked for a hash")
        return told

    @contextmanager
    def _line(
        self, transport: paramiko.Transport, seconds: float, cancelled: CancelToken
    ) -> Iterator[paramiko.Channel]:
        """A fresh channel that is silent for `seconds` at most, and closed soon after `cancelled`."""
        line = transport.open_session(timeout=self._session.endpoint.timeout)
        line.settimeout(seconds)
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.1):
                if cancelled.is_set():
                    with suppress(OSError, EOFError, paramiko.SSHException):
                        line.close()
                    return

        watcher = threading.Thread(target=watch, name="medialib-remote-hash", daemon=True)
        watcher.start()
        try:
            yield line
        finally:
            ended.set()
            with suppress(OSError, EOFError, paramiko.SSHException):
                line.close()


class _Extended(paramiko.SFTPClient):
    """paramiko's client with its way of asking anything made callable."""

    def request(self, kind: int, *arguments: object) -> tuple[int, Message]:
        """Send a request and wait for its answer; raises OSError for a status that is not ok."""
        answer: tuple[int, Message] = self._request(kind, *arguments)  # type: ignore[attr-defined]
        return answer

"""One SSH server: connect, prove whose it is and who we are, hand out SFTP channels, connect again."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import attrs
import tenacity

from medialib.errors import ConnectionLost, MedialibError, OutOfReach
from medialib.transfer.credentials import Credentials, authenticate, load_key
from medialib.transfer.known_hosts import known_keys, refusal
from medialib.transfer.lean_paramiko import paramiko
from medialib.transfer.sftp_channel import SftpChannel
from medialib.transfer.sftp_messages import NotSftp
from medialib.transfer.ssh_transport import SshTransport

__all__ = ["DEFAULT_KNOWN_HOSTS", "Endpoint", "SshSession"]

DEFAULT_KNOWN_HOSTS = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")
"""Where OpenSSH keeps the keys of hosts: the user's file first, since remedies name the first one."""

_Result = TypeVar("_Result")

# OpenSSH allows 10 sessions on a connection unless told otherwise; two are left for the user's own use of it.
_MOST_CHANNELS = 8
_NONSENSE = (paramiko.SSHException, NotSftp, UnicodeError)
"""What is raised when the far side does not keep to the protocol."""
_WINDOW = 2**25
_ALL_UNDER_WAY = 2**26
_PACKET = 2**18
_MODEST_WINDOW = 2**21
_MODEST_PACKET = 2**15
_MODEST_FOR = 600.0
_LEAST_READ = 4096
# Of what may be asked for ahead, one request asks for so small a part that several files get their turns.
_PIECES_AHEAD = 16
_MANY_REQUESTS = 64
_SIBLINGS = 3
_LOGGER = "medialib.transfer.ssh"
_LOG = logging.getLogger("medialib.transfer")

# paramiko logs tracebacks of its threads as errors, which Python prints to stderr where no handler is set. All it has
# to say reaches the caller as an exception.
logging.getLogger(_LOGGER).addHandler(logging.NullHandler())
logging.getLogger(_LOGGER).propagate = False
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class _NotConnected(ConnectionLost):
    """No connection could be made, so nothing was asked of the server: any request may be tried again."""


@attrs.frozen
class Endpoint:
    """Where a server is and how patient to be with it."""

    host: str
    """Name or address."""
    port: int = 22
    """TCP port."""
    known_hosts: tuple[str, ...] = DEFAULT_KNOWN_HOSTS
    """Files with the keys of hosts; absent ones are empty. Remedies name the first."""
    connect_timeout: float = 10.0
    """Seconds that connecting and the handshake may take, each."""
    timeout: float = 30.0
    """Seconds without an answer after which the connection counts as lost."""
    keepalive: int = 15
    """Seconds of silence after which a sign of life is sent; 0 sends none."""
    attempts: int = 3
    """How often a connection, or a request that changes nothing, is tried in all."""
    most_names: int = 1_000_000
    """How many names a folder may have; a listing of more is not believed to end."""
    most_ahead: int | None = None
    """Bytes of files that are asked for before they are taken, in all; None for as many as the line can carry. Who
    keeps to a rate needs this too: what was asked for comes as fast as it can."""


class SshSession:
    """Hands out SFTP channels over one authenticated connection.

    May be used from several threads, and after a fork (the child makes a connection of its own).
    """

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        self.endpoint = endpoint
        self._credentials = credentials
        self._transport: SshTransport | None = None
        self._channels: list[SftpChannel] = []
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._siblings: list[SshSession] = []
        self._unwelcome: list[SshSession] = []
        self._read_size = 2**24
        self._modest_until = 0.0
        self._suspicions = 0
        self._readers = 0
        self._refused: MedialibError | None = None

    def __repr__(self) -> str:
        return f"<SshSession {self.address}>"

    @property
    def address(self) -> str:
        """``user@host:port``, for messages."""
        return f"{self._credentials.username}@{self.endpoint.host}:{self.endpoint.port}"

    @property
    def read_size(self) -> int:
        """Bytes of a file that the server is asked for at a time at most, as far as its habits are known."""
        most = self.endpoint.most_ahead
        size = self._read_size if most is None else min(self._read_size, max(most // _PIECES_AHEAD, _MODEST_PACKET))
        return min(size, _MODEST_PACKET) if self._modest else size

    @property
    def most_under_way(self) -> int:
        """Bytes of one file that are asked for at a time on one connection, at most."""
        return _MODEST_WINDOW if self._modest else _WINDOW

    @property
    def _modest(self) -> bool:
        return time.monotonic() < self._modest_until

    def run(self, doing: str, operation: Callable[[SftpChannel], _Result], *, idempotent: bool = True) -> _Result:
        """Carry out `operation` on a channel.

        A failure to connect is tried again, with growing, jittered pauses; a connection lost during the operation only
        if it is `idempotent`. `doing` says for messages what was tried, as in ``"listing /films"``. Raises what
        `translated` makes of it.
        """

        def once() -> _Result:
            with self.channel(doing) as channel:
                return operation(channel)

        return self.retried(once, idempotent=idempotent)

    def retried(self, operation: Callable[[], _Result], *, idempotent: bool = True) -> _Result:
        """Call `operation` again after a lost connection, as `run` does."""
        for attempt in tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.endpoint.attempts),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=5),
            retry=tenacity.retry_if_exception_type(ConnectionLost if idempotent else _NotConnected),
            before_sleep=_log_retry,
            reraise=True,
        ):
            with attempt:
                return operation()
        raise AssertionError("tenacity either returns or raises")

    @contextlib.contextmanager
    def channel(self, doing: str) -> Iterator[SftpChannel]:
        """A channel, locked for the duration of the block; faults come out translated."""
        channel = self.lease()
        try:
            with self.translating(channel, doing):
                yield channel
        finally:
            self.release(channel)

    @contextlib.contextmanager
    def translating(self, channel: SftpChannel, doing: str) -> Iterator[None]:
        """Turn what paramiko and sockets raise inside the block into errors of this library, each one line long.

        FileNotFoundError and FileExistsError pass, being answers; refusals become `OutOfReach`; everything that means
        the conversation cannot go on becomes `ConnectionLost`, and the connection is dropped.
        """
        try:
            yield
        except (MedialibError, FileNotFoundError, FileExistsError):
            raise
        except PermissionError:
            raise OutOfReach(
                f"{self.address} refuses {doing}: permission denied", remedy="Check the rights of the account there."
            ) from None
        except (OSError, EOFError, *_NONSENSE) as error:
            if isinstance(error, OSError) and error.errno == errno.EIO and channel.alive():
                raise OutOfReach(f"{self.address} failed at {doing}: {error.strerror}") from None
            self._drop(channel)
            reason = "no answer in time" if isinstance(error, TimeoutError) else _line(error)
            raise ConnectionLost(
                f"the connection to {self.address} was lost while {doing}: {reason}",
                remedy="Try again; what was received is kept.",
            ) from None

    def lease(self) -> SftpChannel:
        """A channel that nobody else uses, or the least used one where the server gives no more; see `release`."""
        self._here()
        with self._lock:
            refused, self._refused = self._refused, None
            if refused is not None:
                raise refused
            transport = self._connected()
            self._channels = [channel for channel in self._channels if channel.alive()]
            idle = next((channel for channel in self._channels if not channel.users), None)
            if idle is None and len(self._channels) < _MOST_CHANNELS:
                idle = self._open_channel(transport)
            channel = idle or min(self._channels, key=lambda known: known.users)
            channel.users += 1
            return channel

    def connect_ahead(self, begun: Callable[[], object]) -> bool:
        """Connect before there is anything to ask; tells whether that succeeded. Why not is raised by the next `lease`.

        `begun` is called once whoever asks for a channel waits for this connection.
        """
        with self._lock:
            begun()
            try:
                self.release(self.lease())
            except MedialibError as error:
                self._refused = error
                return False
            return True

    def release(self, channel: SftpChannel) -> None:
        """Give back what `lease` gave."""
        self._here()
        with self._lock:
            channel.users -= 1

    def learn_read_size(self, given: int) -> None:
        """The server gave only so many bytes of a file at a time: it is asked for no more from now on."""
        self._read_size = min(self._read_size, max(given, _LEAST_READ))

    def reading(self, more: int) -> None:
        """So many more files are being read, or, if negative, fewer."""
        self._here()
        with self._lock:
            self._readers += more

    @property
    def share(self) -> int:
        """Bytes that each of the files being read may have under way or unread: all have `most_held` together."""
        return max(self.most_held // max(1, self._readers), _LEAST_READ)

    @property
    def most_held(self) -> int:
        """Bytes of files that may be under way or unread in all: 64 MiB, or what the endpoint allows."""
        most = self.endpoint.most_ahead
        return _ALL_UNDER_WAY if most is None else min(most, _ALL_UNDER_WAY)

    def siblings(self) -> list[SshSession]:
        """Three more connections to the same server, each with its host key checked; none is made before it is used."""
        with self._lock:
            if not self._siblings and not self._unwelcome and not self._modest:
                self._siblings = [SshSession(self.endpoint, self._credentials) for _ in range(_SIBLINGS)]
            return list(self._siblings)

    def give_up(self, sibling: SshSession) -> None:
        """The server lets no such connection in, or not so many: it is not tried again."""
        with self._lock:
            self._siblings = [known for known in self._siblings if known is not sibling]
            self._unwelcome.append(sibling)
        sibling.close()

    def be_modest(self) -> None:
        """Ask for no more, for a while, than servers were built for long ago: windows of 2 MiB, 32 KiB at a time.

        Only for a while, since a bad line looks much the same.
        """
        if not self._modest:
            _LOG.info("%s drops what is asked of it at once; it is asked for less for a while", self.address)
        self._modest_until = time.monotonic() + _MODEST_FOR

    def close(self) -> None:
        """Hang up. The next use connects again."""
        self._here()
        with self._lock:
            transport, self._transport, self._channels = self._transport, None, []
            siblings, self._siblings = self._siblings, []
        for sibling in siblings:
            sibling.close()
        if transport is not None:
            transport.close()

    # ---------------------------------------------------------------------------------------------------- inner works

    def _here(self) -> None:
        """Whatever the process: after a fork, another thread's hold on the lock was copied, too."""
        if self._pid == os.getpid():
            return
        # The parent goes on using the connection: let go of the copied socket without a word to the server.
        if self._transport is not None:
            self._transport.atfork()
        self._transport, self._channels, self._siblings = None, [], []
        self._readers = 0
        self._refused = None
        self._lock = threading.RLock()
        self._pid = os.getpid()

    def _drop(self, channel: SftpChannel) -> None:
        transport = channel.transport
        pipeline = channel.pipeline
        if pipeline.largest_answer > _MODEST_PACKET:
            self._suspicions = 0
        elif pipeline.largest_request > _MODEST_PACKET:
            self._suspicions += 1
        if self._suspicions > 1 or (pipeline.under_way > _MANY_REQUESTS and not pipeline.largest_answer):
            self.be_modest()
        with self._lock:
            if transport is self._transport:
                self._transport, self._channels = None, []
        transport.close()

    def _open_channel(self, transport: SshTransport) -> SftpChannel | None:
        timeout = self.endpoint.timeout
        try:
            window, packet = (_MODEST_WINDOW, _MODEST_PACKET) if self._modest else (_WINDOW, _PACKET)
            raw, inbox = transport.open_stream(window, packet, timeout)
            transport.within(timeout, lambda: raw.invoke_subsystem("sftp"))
            channel = SftpChannel(transport, raw, inbox, window=window, timeout=timeout)
        except paramiko.ChannelException as error:
            if self._channels:
                return None  # the server's limit of sessions: those that are open are shared
            raise OutOfReach(f"{self.address} opens no session: {_line(error)}") from None
        except (OSError, EOFError, *_NONSENSE) as error:
            if transport.is_active() and not self._channels:
                raise OutOfReach(
                    f"{self.address} offers no SFTP: {_line(error)}", remedy="Its SSH server needs an sftp subsystem."
                ) from None
            self.close()
            self.be_modest()
            raise _NotConnected(f"{self.address} hung up: {_line(error)}") from None
        self._channels.append(channel)
        return channel

    def _connected(self) -> SshTransport:
        if self._transport is not None and self._transport.is_active():
            return self._transport
        if self._transport is not None:
            self._transport.close()
        self._transport, self._channels = None, []
        if self._credentials.key_file is not None:
            load_key(self._credentials.key_file, self._credentials.passphrase)  # a faulty one is known before we knock
        transport = SshTransport(self._socket(), patience=self.endpoint.timeout)
        try:
            self._greet(transport)
            authenticate(transport, self._credentials, self.address, dismissed=lambda: transport.dismissed)
        except BaseException:
            transport.close()
            raise
        if self.endpoint.keepalive:
            transport.set_keepalive(self.endpoint.keepalive)
        self._transport = transport
        return transport

    def _socket(self) -> socket.socket:
        where = f"{self.endpoint.host} port {self.endpoint.port}"
        try:
            connection = socket.create_connection(
                (self.endpoint.host, self.endpoint.port), timeout=self.endpoint.connect_timeout
            )
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise _NotConnected(f"the name {self.endpoint.host} cannot be looked up at the moment") from None
            raise OutOfReach(f"there is no host named {self.endpoint.host}", remedy="Check the host's name.") from None
        except OSError as error:
            reason = "no answer in time" if isinstance(error, TimeoutError) else _line(error)
            raise _NotConnected(
                f"cannot connect to {where}: {reason}", remedy="Check host and port, and that the server runs."
            ) from None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _greet(self, transport: paramiko.Transport) -> None:
        """Agree on a protocol and check the host's key. Nothing of ours has been sent before this returns."""
        endpoint = self.endpoint
        transport.set_log_channel(_LOGGER)
        transport.banner_timeout = transport.handshake_timeout = endpoint.connect_timeout
        transport.auth_timeout = endpoint.timeout
        known = known_keys(_texts(endpoint.known_hosts), endpoint.host, endpoint.port)
        options = transport.get_security_options()
        options.key_types = known.algorithms(options.key_types)
        try:
            transport.start_client(timeout=endpoint.connect_timeout)
            shown = transport.get_remote_server_key()
        except paramiko.ssh_exception.IncompatiblePeer as error:
            raise OutOfReach(f"{endpoint.host} and we share no way of encrypting: {_line(error)}") from None
        except (OSError, EOFError, *_NONSENSE) as error:
            raise _NotConnected(
                f"{endpoint.host} port {endpoint.port} did not greet as an SSH server: {_line(error)}",
                remedy="Check the port, and that the server is not overloaded.",
            ) from None
        key = shown.asbytes()
        # Expanded, since the remedies quote it for the shell.
        file = os.path.expanduser((*endpoint.known_hosts, *DEFAULT_KNOWN_HOSTS)[0])  # noqa: PTH111
        refused = refusal(known.judge(key), known, endpoint.host, endpoint.port, shown.get_name(), key, file)
        if refused is not None:
            raise refused


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = None if state.outcome is None else state.outcome.exception()
    pause = 0.0 if state.next_action is None else state.next_action.sleep
    _LOG.info("%s; trying again in %.1f s", getattr(error, "message", ""), pause)


def _texts(files: Sequence[str]) -> str:
    texts = []
    for file in files:
        try:
            texts.append(Path(file).expanduser().read_text("utf-8", "replace"))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise OutOfReach(f"the known hosts file {file} cannot be read: {error.strerror}") from None
    return "\n".join(texts)


def _line(error: BaseException) -> str:
    """An error's text on one line; its class where it has none."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__

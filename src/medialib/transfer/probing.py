"""What an SSH server can be asked besides files: whose key it shows, and what time it has."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime

from medialib.transfer.known_hosts import fingerprint
from medialib.transfer.lean_paramiko import paramiko
from medialib.transfer.session import SshSession

__all__ = ["clock_offset", "read_clock", "shown_key"]

_ANSWER = re.compile(rb"\s*(\d{9,11})\s*")
_MOST = 256
"""Bytes of an answer that are read; the time has eleven."""


def shown_key(session: SshSession) -> str:
    """Connect, log in, and tell the type and the fingerprint of the host key, which is a trusted one by then.

    Raises as `SshSession.lease` does.
    """
    with session.channel("looking at its key") as channel:
        key = channel.transport.get_remote_server_key()
    return f"{key.get_name()} {fingerprint(key.asbytes())}"


def read_clock(answer: bytes) -> int | None:
    r"""The seconds since the epoch that ``date -u +%s`` answered; None for anything else, such as a greeting.

    >>> read_clock(b"1715947200\n"), read_clock(b"This account is for SFTP only.\n"), read_clock(b"")
    (1715947200, None, None)
    """
    found = _ANSWER.fullmatch(answer)
    return None if found is None else int(found[1])


def clock_offset(
    session: SshSession, now: Callable[[], datetime], *, seconds: float = 5.0
) -> tuple[float, float] | None:
    """The least and the most seconds by which the server's clock is ahead of `now`; None where it does not tell.

    It is asked to run ``date -u +%s``, which changes nothing there; accounts for SFTP alone refuse. Waits `seconds` at
    most. Raises as `SshSession.lease` does.
    """
    with session.channel("asking for its time") as channel:
        transport = channel.transport
        try:
            line = transport.open_session(timeout=seconds)
        except (paramiko.SSHException, OSError, EOFError):
            return None
        try:
            before = now().timestamp()
            answer = _ask(line, seconds)
            after = now().timestamp()
        except (paramiko.SSHException, OSError, EOFError):
            return None
        finally:
            line.close()
    told = None if answer is None else read_clock(answer)
    # It told a whole second at some moment between before and after.
    return None if told is None else (told - after, told + 1 - before)


def _ask(line: paramiko.Channel, seconds: float) -> bytes | None:
    """What the command said, if it ended well and in time."""
    deadline = time.monotonic() + seconds
    line.settimeout(seconds)
    line.exec_command("date -u +%s")
    line.shutdown_write()
    answer = b""
    while len(answer) < _MOST and (left := deadline - time.monotonic()) > 0:
        line.settimeout(left)
        received = line.recv(_MOST)
        if not received:
            break
        answer += received
    ended = line.status_event.wait(max(0.0, deadline - time.monotonic()))
    return answer if ended and line.exit_status == 0 else None

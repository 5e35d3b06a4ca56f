"""How we prove to an SSH server who we are: a key file, the agent, a password. Secrets stay inside."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import attrs
from cryptography.exceptions import UnsupportedAlgorithm

from medialib.errors import AuthenticationFailed, ConnectionLost
from medialib.transfer.lean_paramiko import paramiko

__all__ = ["Credentials", "authenticate", "load_key"]

_DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


@attrs.frozen
class Credentials:
    """What may be offered to a server, tried in this order: key file, agent, default keys, password."""

    username: str
    """The account's name on the server."""
    key_file: str | None = None
    """Path of a private key (ed25519, ECDSA or RSA; OpenSSH or PEM form)."""
    passphrase: str | None = attrs.field(default=None, repr=False)
    """What the key file is encrypted with."""
    password: str | None = attrs.field(default=None, repr=False)
    """The account's password; also answers a keyboard-interactive question."""
    agent: bool = False
    """Whether the keys of a running ssh-agent are offered."""
    default_keys: bool = False
    """Whether ``~/.ssh/id_ed25519``, ``id_ecdsa`` and ``id_rsa`` are offered, where they need no passphrase."""


def load_key(path: str, passphrase: str | None = None) -> paramiko.PKey:
    """Read a private key.

    Raises `AuthenticationFailed`, naming the file, if it is missing, cannot be read, or `passphrase` does not open it.
    """
    file = Path(path).expanduser()
    try:
        secret = None if passphrase is None else passphrase.encode()
        return paramiko.PKey.from_path(file, password=secret)  # type: ignore[arg-type]  # the stubs err: bytes it is
    except OSError as error:
        raise AuthenticationFailed(
            f"the key file {path} cannot be read: {error.strerror}", remedy="Check key_file and the file's permissions."
        ) from None
    except (ValueError, TypeError, paramiko.SSHException, paramiko.pkey.UnknownKeyType, UnsupportedAlgorithm):
        # cryptography's own words may quote the file; what went wrong follows from whether a passphrase was given.
        if passphrase is None:
            raise AuthenticationFailed(
                f"the key file {path} is encrypted, or is no private key",
                remedy="Give its passphrase, or name the private key.",
            ) from None
        raise AuthenticationFailed(
            f"the passphrase does not open the key file {path}", remedy="Check the passphrase."
        ) from None


def authenticate(
    transport: paramiko.Transport, credentials: Credentials, address: str, *, dismissed: Callable[[], bool]
) -> None:
    """Prove to the server behind `transport` who we are. `address` is ``user@host:port`` for messages.

    `dismissed` tells whether the server ended the connection with a word of its own, as after too many tries. Raises
    `AuthenticationFailed` naming the methods tried, or `ConnectionLost` if the line dropped.
    """
    refused: list[str] = []
    with contextlib.closing(_attempts(transport, credentials)) as attempts:
        for label, attempt in attempts:
            if not transport.is_active():
                break  # what is left was not offered
            try:
                attempt()
            except paramiko.SSHException:
                refused.append(label)
                continue
            except (OSError, EOFError):
                # We could not send. Whether the server has said why is known once its last words are read.
                transport.join(1)
                refused.append(label)
                break
            if transport.is_authenticated():
                return
            refused.append(f"{label} (of several steps, which is not supported)")
    if not transport.is_active() and not dismissed():
        raise ConnectionLost(f"the connection to {address} was lost during authentication", remedy="Try again.")
    methods = ", ".join(refused) or "nothing: no key file, agent or password is configured"
    raise AuthenticationFailed(
        f"{address} refused to let us in; tried {methods}",
        remedy=f"Check {_doubts(refused)}.",
    )


def _doubts(refused: list[str]) -> str:
    """What may be wrong, after what was tried."""
    passwords = [label for label in refused if label.startswith("password")]
    doubts = ["the user name"]
    if passwords:
        doubts.append("the password, if the server takes passwords")
    if len(passwords) < len(refused) or not refused:
        doubts.append("that the server knows the public key")
    return "; ".join(doubts)


def _attempts(
    transport: paramiko.Transport, credentials: Credentials
) -> Generator[tuple[str, Callable[[], object]], None, None]:
    by_key = partial(transport.auth_publickey, credentials.username)
    if credentials.key_file is not None:
        key = load_key(credentials.key_file, credentials.passphrase)
        yield f"key {credentials.key_file}", partial(by_key, key)
    if credentials.agent:
        agent = paramiko.Agent()
        try:
            for agent_key in agent.get_keys():
                yield "agent key", partial(by_key, agent_key)
        finally:
            agent.close()
    if credentials.default_keys:
        for path in (Path("~/.ssh", name).expanduser() for name in _DEFAULT_KEYS):
            with contextlib.suppress(AuthenticationFailed):  # absent or encrypted: not offered
                yield f"key ~/.ssh/{path.name}", partial(by_key, load_key(str(path)))
    if credentials.password is not None:
        yield "password", partial(transport.auth_password, credentials.username, credentials.password)

"""Real servers on 127.0.0.1 for tests: an OpenSSH server and a Milvus server of one's own."""

from __future__ import annotations

import contextlib
import getpass
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

__all__ = [
    "MilvusServer",
    "SshServer",
    "free_port",
    "milvus_server",
    "require",
    "require_modules",
    "ssh_server",
    "unavailable",
]


def require(*binaries: str) -> None:
    """Skip the present test, with the reason, if a program is absent; fail it under ``MEDIALIB_REQUIRE_SERVERS=1``."""
    absent = [name for name in binaries if _program(name) is None]
    if absent:
        unavailable(f"not installed here: {', '.join(absent)}")


def require_modules(*modules: str) -> None:
    """Skip the present test, with the reason, if a module is absent; fail it under ``MEDIALIB_REQUIRE_SERVERS=1``."""
    absent = [name for name in modules if importlib.util.find_spec(name) is None]
    if absent:
        unavailable(f"not installed here: {', '.join(absent)}")


def unavailable(reason: str) -> None:
    """Skip the present test because a real part cannot be had; fail it under ``MEDIALIB_REQUIRE_SERVERS=1``."""
    if os.environ.get("MEDIALIB_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{reason}, and MEDIALIB_REQUIRE_SERVERS=1 allows no skip", pytrace=False)
    pytest.skip(reason)


def _program(name: str) -> str | None:
    # sshd stands in a folder that is not on every user's PATH.
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class SshServer:
    """An OpenSSH server on 127.0.0.1 that serves one folder tree's owner, by SFTP only.

    A context manager. `folder` holds keys, configuration and log; `root` is an empty folder for files to serve. Stopped
    and started it keeps its port, so it can play an outage. Only processes it started are ended.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.root = folder / "root"
        self.root.mkdir(exist_ok=True)
        self.host = "127.0.0.1"
        self.port = free_port()
        self.username = getpass.getuser()
        self.user_key = self._key("user_ed25519", "ed25519")
        self.user_key_rsa = self._key("user_rsa", "rsa")
        self.user_key_ecdsa = self._key("user_ecdsa", "ecdsa")
        self.user_key_encrypted = self._key("user_encrypted", "ed25519", passphrase="open sesame")
        self.stranger_key = self._key("stranger", "ed25519")
        self.passphrase = "open sesame"
        self.known_hosts = folder / "known_hosts"
        self.log = folder / "sshd.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._host_key = "host_ed25519"
        self._key(self._host_key, "ed25519")
        authorized = folder / "authorized_keys"
        keys = (self.user_key, self.user_key_rsa, self.user_key_ecdsa, self.user_key_encrypted)
        authorized.write_text("".join(key.with_name(key.name + ".pub").read_text() for key in keys))
        authorized.chmod(0o600)
        self.remember_host_key()

    def __enter__(self) -> SshServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def connection(self) -> dict[str, Any]:
        """Keywords that let `SftpFileSystem` or `open_location` in."""
        return {
            "host": self.host,
            "port": self.port,
            "username": self.username,
            "key_file": str(self.user_key),
            "known_hosts": str(self.known_hosts),
        }

    @property
    def url(self) -> str:
        """The ``sftp://`` address of `root`, without credentials."""
        return f"sftp://{self.username}@{self.host}:{self.port}{self.root}"

    @property
    def host_key_line(self) -> str:
        """Type and key of the present host key, as in known_hosts."""
        return " ".join((self.folder / f"{self._host_key}.pub").read_text().split()[:2])

    def remember_host_key(self) -> None:
        """Make `known_hosts` hold the present host key, and no other."""
        self.known_hosts.write_text(f"[{self.host}]:{self.port} {self.host_key_line}\n")

    @property
    def running(self) -> bool:
        """Whether it was started, and not stopped since."""
        return self._process is not None

    def start(self, *, extra: str = "") -> None:
        """Start it, with further lines of sshd_config; returns when it answers."""
        config = self.folder / "sshd_config"
        # `extra` stands first: of several values of a setting, sshd takes the first.
        config.write_text(
            f"{extra}\nPort {self.port}\nListenAddress {self.host}\nHostKey {self.folder / self._host_key}\n"
            f"PidFile {self.folder / 'sshd.pid'}\nAuthorizedKeysFile {self.folder / 'authorized_keys'}\n"
            "StrictModes no\nUsePAM no\nPermitRootLogin yes\nPubkeyAuthentication yes\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nSubsystem sftp internal-sftp\nLogLevel DEBUG1\nMaxStartups 100\n"
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        program = _program("sshd")
        assert program is not None, "sshd is not installed; call require('sshd') first"
        self._process = subprocess.Popen(
            [program, "-D", "-f", str(config), "-E", str(self.log)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1) as probe:
                if probe.recv(4) == b"SSH-":
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"sshd did not start: {self.log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End it and every connection it serves."""
        if self._process is None:
            return
        # A session is a grandchild in a process group of its own, so the tree is looked up before its root goes.
        for process in (*_descendants(self._process.pid), self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def change_host_key(self, kind: str = "ed25519") -> None:
        """Start again with a new host key of the given kind; `known_hosts` still holds the old one."""
        running = self.running
        self.stop()
        self._host_key = f"host_{kind}_{time.monotonic_ns()}"
        self._key(self._host_key, kind)
        if running:
            self.start()

    def _key(self, name: str, kind: str, *, passphrase: str = "") -> Path:
        path = self.folder / name
        if not path.exists():
            bits = ["-b", "2048"] if kind == "rsa" else []
            command = ["ssh-keygen", "-q", "-t", kind, *bits, "-N", passphrase, "-C", name, "-f", str(path)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return path


def _descendants(process: int) -> list[int]:
    """The processes that `process` started, at any depth, as ``ps`` sees them."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listing.splitlines())}
    found = [process]
    for ancestor in found:
        found += [child for child, parent in parents.items() if parent == ancestor]
    return found[1:]


@contextlib.contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    """A running server in `folder`; skips the test where OpenSSH is absent."""
    require("sshd", "ssh-keygen")
    with SshServer(folder) as server:
        yield server


class MilvusServer:
    """A Milvus server on 127.0.0.1, Milvus Lite's own, that keeps `folder`.

    A context manager. Stopped and started it keeps its port and what it holds, so it can play an outage.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = "127.0.0.1"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> MilvusServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it; returns when it listens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "server.log"
        address = ["--host", self.host, "--port", str(self.port)]
        program = "import sys; from milvus_lite.cmdline import main; sys.exit(main())"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", program, "server", "--data-dir", str(self.folder / "data"), *address],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1):
                return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"Milvus did not start: {log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """Kill it: what it answered for is in its files."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def milvus_server(folder: Path) -> Iterator[MilvusServer]:
    """A running server in `folder`; skips the test where Milvus Lite is not installed."""
    require_modules("pymilvus", "milvus_lite")
    with MilvusServer(folder) as server:
        yield server

"""Whom the SFTP file system trusts, what it says when it does not, and how it comes back after an outage."""

from __future__ import annotations

import getpass
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from medialib.errors import (
    AuthenticationFailed,
    ConnectionLost,
    HostKeyChanged,
    HostKeyUnknown,
    MedialibError,
    OutOfReach,
)
from medialib.testing.faulty_proxy import CutOff, FaultyProxy
from medialib.testing.servers import SshServer, free_port, require
from medialib.transfer import FsspecLocation, open_location
from medialib.transfer.sftp import SftpFileSystem
from medialib.transfer.sftp_location import SftpLocation


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[SshServer]:
    """A server that a test may stop and change."""
    require("sshd", "ssh-keygen")
    with SshServer(tmp_path / "own") as server:
        yield server


@pytest.fixture
def opened() -> Iterator[Callable[..., SftpFileSystem]]:
    """Makes file systems and closes them."""
    made: list[SftpFileSystem] = []

    def make(server: SshServer, **changes: Any) -> SftpFileSystem:
        made.append(SftpFileSystem(**{**server.connection, **changes}))
        return made[-1]

    yield make
    for filesystem in made:
        filesystem.close()


def refused(filesystem: SftpFileSystem, kind: type[MedialibError], secret: str = "open sesame") -> str:
    with pytest.raises(kind) as caught:
        filesystem.ls("/")
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert secret not in text
    assert secret not in repr(caught.value)
    assert secret not in repr(filesystem)
    return text


@pytest.mark.parametrize("name", ["user_key", "user_key_rsa", "user_key_ecdsa"])
def test_every_kind_of_key_gets_in(ssh_server: SshServer, opened: Callable[..., SftpFileSystem], name: str) -> None:
    (ssh_server.root / name).write_text("x")
    filesystem = opened(ssh_server, key_file=getattr(ssh_server, name))
    assert f"{ssh_server.root}/{name}" in filesystem.ls(str(ssh_server.root), detail=False)


def test_a_key_with_a_passphrase(ssh_server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    key = ssh_server.user_key_encrypted
    assert opened(ssh_server, key_file=key, passphrase=ssh_server.passphrase).exists("/")
    assert "Give its passphrase, or name" in refused(opened(ssh_server, key_file=key), AuthenticationFailed)
    wrong = opened(ssh_server, key_file=key, passphrase="let me in")
    assert "does not open the key file" in refused(wrong, AuthenticationFailed, secret="let me in")
    assert "cannot be read" in refused(opened(ssh_server, key_file="/nowhere/key"), AuthenticationFailed)


def test_a_stranger_is_told_what_was_tried(ssh_server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    text = refused(
        opened(ssh_server, key_file=ssh_server.stranger_key, password="open sesame"),
        AuthenticationFailed,
    )
    assert f"{ssh_server.username}@127.0.0.1:{ssh_server.port}" in text
    assert f"key {ssh_server.stranger_key}, password" in text
    assert "the password, if" in text
    assert "public key" in text
    text = refused(opened(ssh_server, key_file=None, password="open sesame"), AuthenticationFailed)
    assert "the password, if" in text
    assert "public key" not in text


def test_a_server_that_ends_it_after_one_try_has_refused(
    own_server: SshServer, opened: Callable[..., SftpFileSystem]
) -> None:
    own_server.stop()
    own_server.start(extra="MaxAuthTries 1")
    tries = own_server.log.read_text().count("Connection from")
    stranger = opened(own_server, key_file=own_server.stranger_key, password="open sesame")
    assert "refused to let us in" in refused(stranger, AuthenticationFailed)
    assert own_server.log.read_text().count("Connection from") == tries + 1


def test_wherever_the_line_drops_it_is_no_refusal(own_server: SshServer, tmp_path: Path) -> None:
    reasons = set()
    for cut_after in range(0, 2600, 80):
        with FaultyProxy(own_server.port, CutOff(cut_after)) as proxy:
            (tmp_path / "known").write_text(f"[127.0.0.1]:{proxy.port} {own_server.host_key_line}\n")
            changes = {"port": proxy.port, "known_hosts": tmp_path / "known", "attempts": 1}
            filesystem = SftpFileSystem(**{**own_server.connection, **changes})
            reasons.add(refused(filesystem, ConnectionLost))
            filesystem.close()
    assert any("lost during authentication" in reason for reason in reasons)


def test_what_ssh_finds_by_itself_is_found_here(
    own_server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home" / ".ssh"
    home.mkdir(parents=True)
    (home / "known_hosts").write_bytes(own_server.known_hosts.read_bytes())
    (home / "id_ed25519").write_bytes(own_server.user_key_encrypted.read_bytes())
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    filesystem = SftpFileSystem("127.0.0.1", port=own_server.port)
    assert "no key file" in refused(filesystem, AuthenticationFailed)
    (home / "id_rsa").write_bytes(own_server.user_key_rsa.read_bytes())
    assert filesystem.exists("/")
    filesystem.close()
    (home / "id_rsa").unlink()
    require("ssh-agent", "ssh-add")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(tmp_path / "agent")], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        deadline = time.monotonic() + 10
        while not (tmp_path / "agent").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        subprocess.run(["ssh-add", "-q", str(own_server.user_key)], check=True)
        assert filesystem.exists("/")
    finally:
        filesystem.close()
        agent.terminate()
        agent.wait()


def test_a_server_without_sftp(own_server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    own_server.stop()
    own_server.start(extra="ForceCommand /bin/false")
    assert "offers no SFTP" in refused(opened(own_server), OutOfReach)


def test_nobody_there(ssh_server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    assert "refused" in refused(opened(ssh_server, port=free_port()), ConnectionLost)
    assert "no host named" in refused(opened(ssh_server, host="no such host.invalid"), OutOfReach)


def test_an_unknown_host_is_sent_nothing(
    own_server: SshServer, opened: Callable[..., SftpFileSystem], tmp_path: Path
) -> None:
    before = own_server.log.read_text().count("userauth-request")
    text = refused(opened(own_server, known_hosts=tmp_path / "none", password="open sesame"), HostKeyUnknown)
    shown = subprocess.run(
        ["ssh-keygen", "-lf", str(own_server.folder / "host_ed25519.pub")], check=True, capture_output=True, text=True
    ).stdout.split()[1]
    assert shown in text
    assert f"ssh-keyscan -p {own_server.port} 127.0.0.1 >> {tmp_path}/none" in text
    assert own_server.log.read_text().count("userauth-request") == before


def test_a_changed_host_key_is_sent_nothing(own_server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    assert opened(own_server).exists("/")
    own_server.change_host_key()
    before = own_server.log.read_text().count("userauth-request")
    text = refused(opened(own_server), HostKeyChanged)
    assert f"ssh-keygen -f {own_server.known_hosts} -R '[127.0.0.1]:{own_server.port}'" in text
    assert own_server.log.read_text().count("userauth-request") == before
    # The remedy does what it promises.
    command = ["ssh-keygen", "-f", str(own_server.known_hosts), "-R", f"[127.0.0.1]:{own_server.port}"]
    subprocess.run(command, check=True, capture_output=True)
    refused(opened(own_server), HostKeyUnknown)
    with own_server.known_hosts.open("a") as file:
        subprocess.run(
            ["ssh-keyscan", "-p", str(own_server.port), "127.0.0.1"], check=True, stdout=file, stderr=subprocess.DEVNULL
        )
    assert opened(own_server).exists("/")


def test_a_server_greeted_ahead_is_asked_over_that_connection(own_server: SshServer, tmp_path: Path) -> None:
    location = open_location("seedbox", f"sftp://127.0.0.1{tmp_path}", **_but_the_host(own_server))
    assert isinstance(location, SftpLocation)
    (tmp_path / "a").write_bytes(b"1")
    location.connect_ahead()
    assert location.entry("a") is not None
    location.close()
    assert own_server.log.read_text().count("Accepted publickey") == 1


def test_a_server_that_refused_ahead_is_not_asked_again(own_server: SshServer, tmp_path: Path) -> None:
    settings = {**_but_the_host(own_server), "key_file": None, "password": "open sesame"}
    location = open_location("seedbox", f"sftp://127.0.0.1{tmp_path}", **settings)
    assert isinstance(location, SftpLocation)
    before = own_server.log.read_text().count("Connection from")
    location.connect_ahead()
    with pytest.raises(AuthenticationFailed):
        location.entry("a")
    assert own_server.log.read_text().count("Connection from") == before + 1
    location.close()


def _but_the_host(server: SshServer) -> dict[str, Any]:
    return {key: value for key, value in server.connection.items() if key != "host"}


def test_hashed_revoked_and_authority_lines(own_server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    known = own_server.known_hosts
    plain = known.read_text()
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(known)], check=True, capture_output=True)
    assert known.read_text().startswith("|1|")
    assert opened(own_server).exists("/")
    known.write_text(plain + f"@revoked * {own_server.host_key_line}\n")
    assert "revoked" in refused(opened(own_server), HostKeyChanged)
    known.write_text(f"@cert-authority [127.0.0.1]:{own_server.port} {own_server.host_key_line}\n")
    assert "@cert-authority" in refused(opened(own_server), HostKeyUnknown)


def test_the_host_is_asked_for_the_key_that_is_known(
    own_server: SshServer, opened: Callable[..., SftpFileSystem]
) -> None:
    own_server.stop()
    own_server.change_host_key("rsa")
    own_server.remember_host_key()
    own_server.start(extra=f"HostKey {own_server.folder / 'host_ed25519'}")
    assert opened(own_server).exists("/")


def test_an_outage_is_survived(own_server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    filesystem = opened(own_server)
    assert filesystem.ls(str(own_server.root)) == []
    own_server.stop()
    (own_server.root / "a").write_text("x")
    refused(filesystem, ConnectionLost)
    own_server.start()
    assert filesystem.ls(str(own_server.root), detail=False) == [f"{own_server.root}/a"]


def test_a_listing_survives_a_cut(ssh_server: SshServer, tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"folder{number % 40}").mkdir(exist_ok=True)
        (tmp_path / f"folder{number % 40}" / f"{number}.mkv").touch()
    with FaultyProxy(ssh_server.port, CutOff(150_000), strikes=1) as proxy:
        (tmp_path / "known").write_text(f"[127.0.0.1]:{proxy.port} {ssh_server.host_key_line}\n")
        location = open_location(
            "seedbox",
            f"sftp://{ssh_server.username}@127.0.0.1:{proxy.port}{tmp_path}",
            key_file=str(ssh_server.user_key),
            known_hosts=str(tmp_path / "known"),
        )
        assert sum(1 for entry in location.walk() if entry.path.endswith(".mkv")) == 3000
        assert proxy.struck == [CutOff(150_000)]
        location.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter, as pytest's own may not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_folder_that_may_not_be_read_is_out_of_reach_not_empty(
    open_folder: Path, opened: Callable[..., SftpFileSystem]
) -> None:
    require("sshd", "ssh-keygen")
    (open_folder / "secret").mkdir(mode=0o700)
    (open_folder / "a.mkv").touch()
    if os.geteuid() == 0:
        account = "nobody"  # whom permissions bind; root they do not
    else:
        account = getpass.getuser()
        (open_folder / "secret").chmod(0)
    with SshServer(open_folder / "server") as server:
        for name in ("", "authorized_keys"):
            (server.folder / name).chmod(0o755)
        filesystem = opened(server, username=account)
        with pytest.raises(OutOfReach, match="permission denied"):
            filesystem.ls(f"{open_folder}/secret")
        location = FsspecLocation("seedbox", filesystem, str(open_folder))
        seen: list[str] = []
        with pytest.raises(OutOfReach, match="secret"):
            seen.extend(entry.path for entry in location.walk())
        with pytest.raises(OutOfReach):
            list(location.walk("secret"))
        with pytest.raises(OutOfReach):
            location.entry("secret/a.mkv")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_gets_a_connection_of_its_own(ssh_server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    filesystem = opened(ssh_server)
    (ssh_server.root / "forked").write_text("x")
    path = f"{ssh_server.root}/forked"
    assert filesystem.cat_file(path) == b"x"
    child = os.fork()
    if child == 0:
        try:
            good = filesystem.cat_file(path) == b"x"
            filesystem.close()
        finally:
            os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert filesystem.cat_file(path) == b"x"


def test_more_threads_and_streams_than_the_server_has_sessions(
    own_server: SshServer, opened: Callable[..., SftpFileSystem]
) -> None:
    own_server.stop()
    own_server.start(extra="MaxSessions 2")
    contents = {f"{own_server.root}/{number}": os.urandom(200_000) for number in range(12)}
    for path, content in contents.items():
        Path(path).write_bytes(content)
    filesystem = opened(own_server)
    streams = {path: filesystem.open(path) for path in contents}
    with ThreadPoolExecutor(6) as pool:
        found = dict(zip(streams, pool.map(lambda stream: stream.read(), streams.values()), strict=True))
    assert found == contents
    for stream in streams.values():
        stream.close()


def test_secrets_stay_out_of_texts_tokens_and_pickles() -> None:
    one = SftpFileSystem("seedbox.example", username="ann", password="open sesame", passphrase="open sesame")
    copy = pickle.loads(pickle.dumps(one))
    assert copy.session.address == "ann@seedbox.example:22"
    for text in (
        repr(one),
        str(one),
        one.to_json(),
        repr(one.storage_options),
        repr(vars(one)),
        repr(vars(one.session)),
    ):
        assert "open sesame" not in text
    assert b"open sesame" not in pickle.dumps(one)
    assert SftpFileSystem("seedbox.example", username="ann") is not SftpFileSystem("seedbox.example", username="ann")


def test_paramiko_prints_nothing(own_server: SshServer) -> None:
    """In a process of its own: what lands on stderr is what a user would see."""
    program = """
import sys
import tempfile
import time
from medialib.errors import MedialibError
from medialib.transfer import FsspecLocation, open_location
location = open_location("seedbox", sys.argv[1], key_file=sys.argv[2], known_hosts=sys.argv[3], connect_timeout=2)
try:
    list(location.walk())
except MedialibError as error:
    print(error)
"""
    with FaultyProxy(own_server.port, CutOff(3)) as proxy:
        url = f"sftp://127.0.0.1:{proxy.port}/"
        command = [sys.executable, "-c", program, url, str(own_server.user_key), str(own_server.known_hosts)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_undecodable_names_are_listed_opened_and_renamed(
    ssh_server: SshServer, opened: Callable[..., SftpFileSystem], tmp_path: Path
) -> None:
    odd = f"{tmp_path}/\udcff\udcfe.mkv"
    Path(odd).write_bytes(b"12")
    filesystem = opened(ssh_server)
    assert filesystem.ls(str(tmp_path), detail=False) == [odd]
    assert filesystem.cat_file(odd) == b"12"
    filesystem.mv(odd, f"{odd}\udcfd")
    assert filesystem.info(f"{odd}\udcfd")["size"] == 2

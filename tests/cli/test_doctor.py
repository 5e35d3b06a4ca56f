"""What a user sees of ``medialib doctor``, against a real SSH server, real disks and a real catalogue."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medialib.catalogue import open_catalogue
from medialib.config import CatalogueSettings, MetadataSettings, SecretUrl, Settings
from medialib.library import SystemClock, examine
from medialib.model import InventoryFile, Place
from medialib.testing.failing_disk import remount, small_disk
from medialib.testing.servers import SshServer, free_port, require_modules
from medialib.workflows.holders import holder_name

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

SFTP_SERVER = "/usr/lib/openssh/sftp-server"
OFFLINE = '[metadata]\nprovider = "none"\n'


def examined(home: Home, *options: str, code: int) -> dict[str, dict[str, Any]]:
    answer = home.medialib("doctor", "--json", *options)
    assert answer.code == code, answer.out
    assert answer.document["exit_code"] == code
    assert sum(answer.document["counts"].values()) == len(answer.document["checks"])
    return {check["subject"]: check for check in answer.document["checks"]}


@contextmanager
def other_server(home: Home, folder: Path, extra: str, **sections: str) -> Iterator[None]:
    """A server with settings of its own behind the home's remote."""
    server = SshServer(folder / "other")
    server.start(extra=extra)
    try:
        home.configure(
            url=f"sftp://{server.username}@127.0.0.1:{server.port}{home.remote}",
            key=str(server.user_key),
            known_hosts=str(server.known_hosts),
            library=OFFLINE,
            **sections,
        )
        yield
    finally:
        server.stop()


def failed(checks: dict[str, dict[str, Any]]) -> list[str]:
    return [subject for subject, check in checks.items() if check["state"] == "failed"]


@pytest.fixture
def offline(home: Home) -> Home:
    home.configure(library=OFFLINE)
    home.put("Show.S01E01.mkv")
    return home


def test_all_is_well_and_nothing_is_changed(offline: Home) -> None:
    assert offline.medialib("sync").code == 0
    before = offline.digest()
    checks = examined(offline, code=0)
    assert offline.digest() == before
    assert checks["remote box: host key"]["finding"].startswith("ssh-ed25519 SHA256:")
    assert checks[f"remote box: {offline.remote}"]["finding"] == "can be listed: 1 files"
    assert checks[f"remote box: {offline.remote}"]["seconds"] >= 0
    assert checks["remote box: clock"]["finding"].startswith("agrees with ours")
    assert "is whole; schema" in checks["catalogue"]["finding"]
    assert checks["catalogue: writers"]["state"] == "ok"
    assert checks["permissions: catalogue"]["state"] == "ok"
    assert checks["provider"]["state"] == "skipped"
    shown = offline.medialib("doctor")
    assert "ok      remote box: login" in shown.out
    assert shown.out.splitlines()[-1].endswith("1 skipped")
    assert shown.err == ""


def test_a_trial_leaves_nothing_behind(offline: Home) -> None:
    before = {path: kind for path, (_, kind) in offline.digest().items()}
    checks = examined(offline, "--write-test", code=0)
    assert checks["folder incoming: writing"]["finding"] == "a file was made and removed"
    assert "was renamed" in checks["move to tv"]["finding"]
    assert {path: kind for path, (_, kind) in offline.digest().items()} == before


def test_a_wrong_key_fails_the_login_and_nothing_else(offline: Home) -> None:
    offline.configure(key=str(offline.server.stranger_key), library=OFFLINE)
    checks = examined(offline, code=3)
    assert failed(checks) == ["remote box: login"]
    assert "refused to let us in" in checks["remote box: login"]["finding"]


@pytest.mark.parametrize(("remembered", "said"), [("", "is not in"), ("other", "not the remembered")])
def test_an_unknown_and_a_changed_host_key(offline: Home, remembered: str, said: str) -> None:
    known = offline.folder / "known"
    other = offline.server.user_key.with_name(offline.server.user_key.name + ".pub").read_text()
    known.write_text(f"[127.0.0.1]:{offline.server.port} {other}" if remembered else "")
    offline.configure(known_hosts=str(known), library=OFFLINE)
    checks = examined(offline, code=3)
    assert failed(checks) == ["remote box: host key"]
    assert said in checks["remote box: host key"]["finding"]
    assert "ssh-keyscan" in checks["remote box: host key"]["remedy"]


def test_a_server_that_is_down_and_one_that_is_silent_hold_up_nothing(offline: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        offline.configure(
            url=f"sftp://me@127.0.0.1:{free_port()}/x",
            library=f"{OFFLINE}[remotes.mute]\n"
            f'url = "sftp://me@127.0.0.1:{port}/"\ntimeout = "300ms"\npassword = "x"\n',
        )
        checks = examined(offline, code=3)
    assert failed(checks) == ["remote box: connection", "remote mute: connection"]
    assert "Connection refused" in checks["remote box: connection"]["finding"]
    assert "did not greet" in checks["remote mute: connection"]["finding"]
    assert checks["folder tv: writing"]["state"] == "ok"


def test_what_does_not_end_in_time_is_given_up(offline: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        offline.configure(url=f"sftp://me@127.0.0.1:{silent.getsockname()[1]}/", library=OFFLINE)
        began = time.monotonic()
        checks = examined(offline, "--timeout", "1", code=3)
    assert time.monotonic() - began < 4
    assert checks["remote box"]["finding"] == "no answer within 1 s"


def test_ctrl_c_ends_it_at_once(offline: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        offline.configure(url=f"sftp://me@127.0.0.1:{silent.getsockname()[1]}/", library=OFFLINE)
        command = [sys.executable, "-m", "medialib_cli", "-c", str(offline.folder / "medialib.toml"), "doctor"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            if "folder movies" in line or "move to" in line:
                break
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert time.monotonic() - began < 3
    assert "Traceback" not in said


def test_a_folder_of_the_remote_that_is_not_there(offline: Home) -> None:
    offline.put("films/a.mkv")
    offline.configure(remote='paths = ["films", "nope"]', library=OFFLINE)
    checks = examined(offline, code=3)
    assert failed(checks) == ["remote box: nope"]
    assert checks[f"remote box: {offline.remote}/films"]["state"] == "ok"


def test_a_remote_that_is_empty_though_files_are_known(offline: Home) -> None:
    assert offline.medialib("sync").code == 0
    (offline.remote / "Show.S01E01.mkv").unlink()
    assert failed(examined(offline, code=3)) == [f"remote box: {offline.remote}"]


def test_folders_that_are_missing_or_suddenly_empty(offline: Home) -> None:
    offline.medialib("sync")
    (offline.folder / "movies").rmdir()
    with closing(open_catalogue(offline.folder / "catalogue.db")) as catalogue:
        row = InventoryFile(Place("anime", "a.mkv"), 1, 1, datetime(2024, 1, 1, tzinfo=UTC))
        catalogue.inventory.put([row])
    checks = examined(offline, code=3)
    assert failed(checks) == ["folder anime", "folder movies"]
    assert "knows 1 files" in checks["folder anime"]["finding"]
    assert "is not there" in checks["folder movies"]["finding"]


def test_a_disk_that_is_read_only(offline: Home) -> None:
    with small_disk(offline.folder / "tv", "1m"):
        remount(offline.folder / "tv", "ro")
        assert failed(examined(offline, code=3)) == ["folder tv: writing"]
        assert failed(examined(offline, "--write-test", code=3)) == ["folder tv: writing"]


def test_a_disk_that_is_full(offline: Home) -> None:
    offline.configure(library=OFFLINE)
    text = (offline.folder / "medialib.toml").read_text().replace("minimum_free = 0", 'minimum_free = "10 MiB"')
    (offline.folder / "medialib.toml").write_text(text)
    with small_disk(offline.folder / "incoming", "1m"):
        checks = examined(offline, code=3)
    assert failed(checks) == ["folder incoming: space"]
    assert "10.0 MiB must stay so" in checks["folder incoming: space"]["finding"]
    assert "another disk" in checks["move to tv"]["finding"]


def test_a_full_disk_is_found_by_trying(offline: Home) -> None:
    with small_disk(offline.folder / "tv", "64k"):
        with (offline.folder / "tv/fill").open("wb", 0) as stream, suppress(OSError):
            while True:
                stream.write(bytes(4096))
        assert "folder tv: writing" in failed(examined(offline, "--write-test", code=3))


@pytest.mark.parametrize("home", ["postgresql"], indirect=True)
def test_a_catalogue_on_a_server(offline: Home) -> None:
    assert "none yet: the first run that writes makes it at" in examined(offline, code=0)["catalogue"]["finding"]
    assert offline.medialib("sync").code == 0
    checks = examined(offline, code=0)
    assert checks["catalogue"]["finding"] == f"{offline.catalogue} answers"
    assert checks["catalogue: writers"]["finding"] == "nobody is at work, nothing was left open"
    offline.rows("update alembic_version set version_num = '0002'")
    assert "has an older schema: the next run that writes" in examined(offline, code=0)["catalogue"]["finding"]
    offline.rows("update alembic_version set version_num = '9999'")
    assert "Update medialib" in examined(offline, code=3)["catalogue"]["remedy"]
    offline.catalogue = f"postgresql://me:hunter2@127.0.0.1:{free_port()}/films"
    offline.configure(library=OFFLINE)
    checks = examined(offline, code=3)
    assert failed(checks) == ["catalogue"]
    assert "Is it running" in checks["catalogue"]["remedy"]
    assert "hunter2" not in repr(checks)


def test_a_damaged_catalogue_stops_no_other_check(offline: Home) -> None:
    assert offline.medialib("sync").code == 0
    file = offline.folder / "catalogue.db"
    content = bytearray(file.read_bytes())
    content[4096:12288] = os.urandom(8192)
    file.write_bytes(content)
    checks = examined(offline, code=3)
    assert failed(checks) == ["catalogue"]
    assert "Restore a backup" in checks["catalogue"]["remedy"]
    assert checks["remote box: login"]["state"] == "ok"
    assert file.read_bytes() == content
    file.write_bytes(b"no database at all")
    assert failed(examined(offline, code=3)) == ["catalogue"]


def test_a_catalogue_from_the_future(offline: Home) -> None:
    assert offline.medialib("sync").code == 0
    connection = sqlite3.connect(offline.folder / "catalogue.db")
    connection.execute("update alembic_version set version_num = '9999'")
    connection.commit()
    connection.close()
    assert "Update medialib" in examined(offline, code=3)["catalogue"]["remedy"]


def test_a_dead_writer_is_told_and_is_no_failure(offline: Home) -> None:
    assert offline.medialib("sync").code == 0
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with closing(open_catalogue(offline.folder / "catalogue.db")) as catalogue:
        holder = holder_name(gone.pid)
        catalogue.leases.acquire("writing", holder, seconds=3600, now=datetime.now(UTC))
    check = examined(offline, code=0)["catalogue: writers"]
    assert (check["state"], check["finding"]) == ("warning", f"{holder} died while it held the right to write")


def test_permissions(offline: Home, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(offline.server.user_key.read_bytes())
    key.chmod(0o644)
    offline.configure(key=str(key), remote='password = "hunter2"', library=OFFLINE)
    (offline.folder / "medialib.toml").chmod(0o644)
    checks = examined(offline, code=0)
    assert checks["permissions: key of box"]["remedy"] == f"chmod 600 {key}"
    assert checks["permissions: configuration"]["state"] == "warning"
    (offline.folder / "medialib.toml").chmod(0o600)
    key.chmod(0o600)
    assert {check["state"] for subject, check in examined(offline, code=0).items() if "permi" in subject} == {"ok"}


@pytest.mark.parametrize("shift", [-7200, 7200])
def test_a_clock_that_is_wrong(offline: Home, tmp_path: Path, shift: int) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "date").write_text(f"#!/bin/sh\n/bin/echo $(( $(/bin/date -u +%s) + {shift} ))\n")
    (programs / "date").chmod(0o755)
    with other_server(offline, tmp_path, f"SetEnv PATH={programs}:/usr/bin:/bin"):
        check = examined(offline, code=0)["remote box: clock"]
        assert check["state"] == "warning"
        assert ("behind" if shift < 0 else "ahead") in check["finding"]
        assert "two_looks" in check["remedy"]
        text = (offline.folder / "medialib.toml").read_text()
        (offline.folder / "medialib.toml").write_text(text.replace("minimum_free", "two_looks = true\nminimum_free"))
        assert examined(offline, code=0)["remote box: clock"]["state"] == "ok"


def test_a_clock_that_cannot_be_asked_is_not_blamed_but_files_from_the_future_are_told(
    offline: Home, tmp_path: Path
) -> None:
    with other_server(offline, tmp_path, "ForceCommand internal-sftp"):
        assert examined(offline, code=0)["remote box: clock"]["finding"].startswith("cannot be told")
        offline.put("Tomorrow.S01E01.mkv", age=-86_400)
        check = examined(offline, code=0)["remote box: clock"]
        assert check["state"] == "warning"
        assert "in the future" in check["finding"]


def test_a_greeting_of_the_shell_is_not_taken_for_the_time(offline: Home, tmp_path: Path) -> None:
    answer = "echo 1700000000 visitors so far"
    command = f"ForceCommand case $SSH_ORIGINAL_COMMAND in date*) {answer};; *) exec {SFTP_SERVER};; esac"
    if not Path(SFTP_SERVER).exists():
        pytest.skip(f"there is no {SFTP_SERVER} here")
    with other_server(offline, tmp_path, command):
        assert examined(offline, code=0)["remote box: clock"]["finding"].startswith("cannot be told")


def test_a_configuration_that_cannot_be_read_is_told_whole_with_exit_code_2(home: Home) -> None:
    (home.folder / "medialib.toml").write_text('[download]\nincomming = "x"\nstability = "banana"\n')
    checks = examined(home, code=2)
    assert checks["python"]["state"] == "ok"
    assert failed(checks) == ["configuration", "configuration: download.incomming", "configuration: download.stability"]
    shown = home.medialib("doctor")
    assert shown.code == 2
    assert "did you mean 'incoming'" in shown.out


def test_a_warning_of_the_configuration_is_a_warning(home: Home) -> None:
    home.configure(library="[routing]\nkeep_nfo = true\n" + OFFLINE)
    assert examined(home, code=0)["configuration"]["state"] == "warning"


def test_a_provider_that_is_down_or_lacks_its_key(home: Home) -> None:
    home.configure(
        library=f'[metadata]\ntimeout = "300ms"\n[tvmaze]\nurl = "http://127.0.0.1:{free_port()}"\n',
    )
    assert failed(examined(home, code=3)) == ["provider tvmaze"]
    home.configure(library='[metadata]\nprovider = "tmdb"\n')
    assert "configuration: tmdb.api_key" in failed(examined(home, code=2))
    # settings that were made by hand are not checked by anybody
    settings = Settings(
        catalogue=CatalogueSettings(SecretUrl(f"sqlite:///{home.folder}/none.db")),
        metadata=MetadataSettings(provider=("tmdb",)),
    )
    (key,) = [check for check in examine(settings, clock=SystemClock()) if check.state == "failed"]
    assert key.subject == "provider tmdb: key"
    assert "api_key" in key.finding


def test_a_log_file_that_cannot_be_written_is_a_failed_check(offline: Home) -> None:
    checks = examined(offline, "--log-file", "/nowhere/at/all.log", code=3)
    assert failed(checks) == ["log file"]


def test_the_log_has_every_check(offline: Home, tmp_path: Path) -> None:
    log = tmp_path / "doctor.log"
    offline.configure(key=str(offline.server.stranger_key), library=OFFLINE)
    assert offline.medialib("doctor", "--log-file", str(log)).code == 3
    lines = log.read_text().splitlines()
    assert any(" ERROR remote box: login: " in line for line in lines)
    assert any(" INFO python: " in line for line in lines)


def test_local_and_other_remotes(home: Home) -> None:
    home.configure(url=f"file://{home.remote}", library=f'{OFFLINE}[remotes.cloud]\nurl = "memory://nothing"\n')
    text = (home.folder / "medialib.toml").read_text()
    kept = [line for line in text.splitlines() if not line.startswith(("key_file", "known_hosts", "agent", "timeout"))]
    (home.folder / "medialib.toml").write_text("\n".join(kept))
    home.put("a.mkv")
    checks = examined(home, code=3)
    assert failed(checks) == ["remote cloud: nothing"]
    assert checks["remote box: clock"]["state"] == "ok"
    assert checks["remote cloud: clock"]["state"] == "skipped"


# ------------------------------------------------------------------------------------------------ a catalogue in Milvus


@pytest.mark.every_catalogue
def test_every_kind_of_catalogue_is_looked_at_and_let_go_of(offline: Home) -> None:
    first = examined(offline, code=0)
    assert first["catalogue"]["finding"].startswith("none yet: the first run that writes makes")
    assert offline.medialib("sync").code == 0
    before = offline.digest()
    checks = examined(offline, code=0)
    assert offline.digest() == before
    assert {check["state"] for check in checks.values()} == {"ok", "skipped"}
    assert checks["catalogue: writers"]["finding"] == "nobody is at work, nothing was left open"
    assert ("catalogue: file beside" in checks) == offline.kind.startswith("milvus")
    command = [sys.executable, "-m", "medialib_cli", "-c", str(offline.folder / "medialib.toml"), "history"]
    if offline.kind == "milvus-embedded":
        assert subprocess.run(command, check=True, capture_output=True).stderr == b""


_HOLDER = """
import sys
from medialib.catalogue import open_catalogue
from medialib.workflows.apply.session import LEASE
from medialib.workflows.holders import holder_name
catalogue = open_catalogue(sys.argv[1])
print(catalogue.leases.acquire(LEASE, holder_name(), seconds=60).holder, flush=True)
sys.stdin.read()
"""


def in_milvus(home: Home, url: str) -> Home:
    require_modules("pymilvus", "milvus_lite")
    home.kind, home.catalogue = "milvus", url
    home.configure(library=OFFLINE)
    return home


def test_an_embedded_milvus_that_is_in_use_is_no_failure_and_its_user_is_named(home: Home) -> None:
    in_milvus(home, f"milvus:///{home.folder}/catalogue.db")
    command = [sys.executable, "-c", _HOLDER, home.catalogue]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        name = holder.stdout.readline().strip()
        checks = examined(home, code=0)
        refused = home.medialib("sync")
        holder.communicate("")
    assert checks["catalogue"]["state"] == "warning"
    assert "is open in another process" in checks["catalogue"]["finding"]
    assert "milvus-lite server" in checks["catalogue"]["remedy"]
    assert checks["catalogue: writers"]["finding"] == f"{name} is at work; others wait for it"
    assert checks["catalogue: file beside"]["state"] == "ok"
    assert (refused.code, refused.err.count("\n"), "one at a time" in refused.err) == (1, 1, True)


def test_a_milvus_server_that_does_not_answer_is_a_failure_and_its_file_is_looked_at(home: Home) -> None:
    beside = home.folder / "beside.sqlite"
    in_milvus(home, f"milvus://127.0.0.1:{free_port()}/films?beside={beside}")
    checks = examined(home, code=3)
    assert failed(checks) == ["catalogue"]
    assert "does not answer" in checks["catalogue"]["finding"]
    assert checks["catalogue"]["remedy"] == "Start it, or check host and port."
    assert "catalogue: file beside" not in checks
    refused = home.medialib("sync")
    assert (refused.code, refused.err.count("\n"), "does not answer" in refused.err) == (1, 1, True)
    beside.write_bytes(b"no database, but long enough to be taken for one")
    assert failed(examined(home, code=3)) == ["catalogue", "catalogue: file beside"]
    beside.unlink()
    with closing(open_catalogue(beside)):
        beside.chmod(0o644)
    checks = examined(home, code=3)
    assert failed(checks) == ["catalogue"]
    assert checks["catalogue: file beside"]["state"] == "ok"
    assert checks["catalogue: writers"]["state"] == "ok"
    assert checks["permissions: catalogue"]["state"] == "warning"

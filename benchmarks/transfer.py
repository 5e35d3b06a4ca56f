"""Fetching and listing over SFTP: medialib beside every client that is installed, same server, same run, in turns.

``uv run python benchmarks/transfer.py [--quick] [--rounds 7] [--rows "1 GiB" list] [--json FILE] [--folder FOLDER]``

Each measurement is a process of its own, its target empty and on the same disk. Commands are timed whole; Python
libraries from connecting on, without the start of Python and its imports, which their users pay once; ``medialib
download`` is a command, and whole. Rows with a distance run through `DelayProxy`: a round trip of that length, and no
other limit, which is kinder than a real line to clients that rest on TCP's own buffers. Medians stand beside the
least and the most. Ratios are the peer's time by ours: above 1 we are faster.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs
from transfer_readers import READERS, Task

from medialib.testing.delay_proxy import DelayProxy
from medialib.testing.servers import SshServer

KIB, MIB = 2**10, 2**20
LONG_AGO = 1_500_000_000
PATIENCE = 900.0
OURS = ("medialib get", "medialib transfer", "medialib download")
EASED = 1.15
"""The whole of ``medialib download`` has to hold the bars to within 15 %."""
MOST_PROCESSOR = 1.3
"""Times asyncssh's processor seconds."""
_FORGETTING = 6.0
"""Seconds after which the disk has forgotten what was removed."""
_COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Programs in Python start from bytecode, as installed ones do."""
CONFIGURATION = """
[catalogue]
url = "catalogue.db"
[remotes.server]
url = "sftp://{username}@127.0.0.1:{port}{root}"
key_file = "{key}"
known_hosts = "{known_hosts}"
agent = false
[download]
incoming = "incoming"
minimum_free = 0
"""


@attrs.frozen
class Row:
    """One line of the table."""

    name: str
    kind: str
    """``large``, ``small`` or ``list``, as in `Task`."""
    files: int
    size: int
    """Bytes of each file."""
    bars: dict[str, float]
    """By peer: at least so many times as fast as it."""
    round_trip: float = 0.0
    """Seconds."""
    folders: int = 1

    @property
    def gibibytes(self) -> float:
        """What it fetches in all."""
        return self.files * self.size / 2**30


@attrs.frozen
class Measured:
    """One process."""

    seconds: float
    processor: float
    """Processor seconds; of libraries without the start."""
    memory: float
    """MiB at most, of the whole process."""


SFTP, RCLONE, LFTP, RSYNC = "OpenSSH sftp", "rclone x4", "lftp", "rsync"
NEVER_SLOWER = {"asyncssh": 1.0, "fsspec sftp": 1.0}
SMALL = {RCLONE: 3.0, LFTP: 3.0, **NEVER_SLOWER}
FAR = {SFTP: 2.0, RCLONE: 1.5, **NEVER_SLOWER}


def rows(quick: bool) -> list[Row]:
    """The table; with `quick` a sixteenth of it, which says whether all runs and little more."""
    part = 16 if quick else 1
    near = {SFTP: 0.8, "paramiko get": 2.0, **NEVER_SLOWER}
    large, many, far = 1024 // part, 2000 // part, max(20, 100 // part)
    listed, distant, folders = 50_000 // part, 2500 // part, 100 // part
    return [
        Row(f"{large} MiB, loopback", "large", 1, large * MIB, near),
        Row(f"{256 // part} MiB, 20 ms", "large", 1, 256 // part * MIB, FAR, 0.02),
        Row(f"{128 // part} MiB, 80 ms", "large", 1, 128 // part * MIB, FAR, 0.08),
        Row(f"{many} x 16 KiB, loopback", "small", many, 16 * KIB, SMALL),
        Row(f"{far} x 16 KiB, 80 ms", "small", far, 16 * KIB, {**SMALL, RSYNC: 0.8}, 0.08),
        Row(f"list {listed} files, loopback", "list", listed, 0, SMALL, folders=500),
        Row(f"list {distant} files, 80 ms", "list", distant, 0, {**SMALL, RSYNC: 0.8}, 0.08, folders=folders),
    ]


# ------------------------------------------------------------------------------------------------------------- clients


def command(reader: str, task: Task) -> tuple[list[str], str] | None:
    """The command line of a client and what it is told, or None where it has nothing for such a row."""
    ssh = (
        f"ssh -a -x -F none -i {task.key} -p {task.port} -o UserKnownHostsFile={task.known_hosts} -o BatchMode=yes "
        "-o IdentitiesOnly=yes -o LogLevel=ERROR"
    )
    if reader == SFTP:
        order = {"large": f"get {task.remote} {task.target}/", "small": f"get {task.remote}/* {task.target}/"}
        options = ["-F", "none", "-i", task.key, "-P", str(task.port), "-o", f"UserKnownHostsFile={task.known_hosts}"]
        told = order.get(task.kind)
        return None if told is None else (["sftp", "-q", *options, "-b", "-", f"{task.username}@127.0.0.1"], told)
    if reader == RCLONE:
        backend = [
            "--config", os.devnull, "--sftp-host", "127.0.0.1", "--sftp-port", str(task.port),
            "--sftp-user", task.username, "--sftp-key-file", task.key,
            "--sftp-known-hosts-file", task.known_hosts, "--sftp-disable-hashcheck",
        ]  # fmt: skip
        parallel = ["--transfers", "4", "--checkers", "4", "--multi-thread-streams", "4", "--multi-thread-cutoff", "1M"]
        remote = f":sftp:{task.remote}"
        order = {"large": ["copyto", remote, task.received], "small": ["copy", remote, task.target]}
        if task.kind == "list":
            return ["rclone", "lsf", "-R", "--files-only", remote, *backend], ""
        return ["rclone", *order[task.kind], *backend, *parallel], ""
    if reader == LFTP:
        order = {
            "large": f"pget -n 4 {task.remote} -o {task.received}",
            "small": f"mirror --parallel=4 {task.remote}/ {task.target}/",
            "list": f"find {task.remote}",
        }
        opening = f'set sftp:connect-program "{ssh}"; open -u {task.username}, sftp://127.0.0.1:{task.port}'
        return ["lftp", "-c", f"{opening}; {order[task.kind]}"], ""
    if reader == RSYNC:
        remote = f"{task.username}@127.0.0.1:{task.remote}"
        order = {"small": [f"{remote}/", task.target], "list": ["--list-only", f"{remote}/"]}
        return (["rsync", "-rt", "-e", ssh, *order[task.kind]], "") if task.kind in order else None
    return [sys.executable, "-m", "medialib_cli", "-c", str(Path(task.target).parent / "medialib.toml"), "download"], ""


def absent() -> dict[str, str]:
    """The readers that cannot be had here, and why."""
    programs = {SFTP: "sftp", RCLONE: "rclone", LFTP: "lftp", RSYNC: "rsync"}
    missing = {reader: f"no {name} on the PATH" for reader, name in programs.items() if shutil.which(name) is None}
    return missing | ({} if importlib.util.find_spec("asyncssh") else {"asyncssh": "not installed"})


def measured(task: Task, row: Row) -> Measured | None:
    """Run one reader once, in a process of its own; None where it has nothing for such a row."""
    if row.kind == "list" and task.reader in OURS[1:]:
        return None
    home = Path(task.target).parent
    Path(task.target).mkdir(parents=True)
    if task.reader in READERS:
        reader, told = (
            [sys.executable, str(Path(__file__).with_name("transfer_readers.py")), json.dumps(attrs.asdict(task))],
            "",
        )
    else:
        found = command(task.reader, task)
        if found is None:
            return None
        reader, told = found
    folder = str(Path(task.remote).parent) if task.kind == "large" else task.remote
    settings = {"username": task.username, "port": task.port, "key": task.key, "known_hosts": task.known_hosts}
    (home / "medialib.toml").write_text(CONFIGURATION.format(root=folder, **settings))
    if row.kind == "large":
        take_memory(home / "taken", row)
    # What runs before left to the disk is not this one's burden.
    os.sync()
    with (home / "output").open("w+b") as output, (home / "told").open("w+b") as telling:
        telling.write(told.encode())
        telling.seek(0)
        began = time.perf_counter()
        process = subprocess.Popen(
            reader, stdin=telling, stdout=output, stderr=subprocess.STDOUT, cwd=home, env=_COMPILED
        )
        patience = threading.Timer(PATIENCE, process.kill)
        patience.start()
        _, status, usage = os.wait4(process.pid, 0)
        patience.cancel()
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if process.returncode:
        raise RuntimeError(f"{task.reader} failed at {row.name} with {process.returncode}: {said[-2000:]}")
    told_itself = json.loads(said) if task.reader in READERS else None
    _check(task, row, said if told_itself is None else None, told_itself)
    if row.kind == "large":
        # Small ones are left until all is measured: the next to make files would pay for thousands just removed, since
        # ext4 passes by, one after the other, the places of those that went in the last seconds.
        shutil.rmtree(home)
    return Measured(
        seconds if told_itself is None else told_itself["seconds"],
        usage.ru_utime + usage.ru_stime if told_itself is None else told_itself["processor"],
        usage.ru_maxrss / 1024,
    )


def _check(task: Task, row: Row, said: str | None, told_itself: dict[str, float] | None) -> None:
    """Whoever did less than the whole work is not measured."""
    if row.kind == "list":
        count = told_itself["files"] if told_itself else sum(".mkv" in line for line in (said or "").splitlines())
        assert count == row.files, (task.reader, row.name, count)
        return
    found = [file for file in Path(task.target).rglob("*.mkv") if file.is_file()]
    sizes = {file.stat().st_size for file in found}
    assert (len(found), sizes) == (row.files, {row.size}), (task.reader, row.name, len(found), sizes)


# ---------------------------------------------------------------------------------------------------------------- runs


def lay_out(root: Path, row: Row, number: int) -> str:
    """Make the files of a row; returns the path of the file, or of the folder."""
    place = root / f"row{number}"
    block = os.urandom(MIB)
    for index in range(row.files):
        folder = place if row.folders == 1 else place / f"Show.{index % row.folders:03}"
        if index < row.folders:
            folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"Some.Show.S01E{index:05}.1080p.WEB.H264-GROUP.mkv"
        with file.open("wb") as sink:
            for start in range(0, row.size, MIB):
                sink.write(block[: min(MIB, row.size - start)])
        # long ago: a file that may still be arriving is not fetched
        os.utime(file, (LONG_AGO, LONG_AGO))
    return str(place if row.kind != "large" else next(place.iterdir()))


def take_memory(file: Path, row: Row) -> None:
    """Fill the memory that a row's files will fill, and let go of it.

    A virtual machine gives memory back that was idle, and having it again costs seconds for a gibibyte: without this,
    whoever is the first of a round would pay for all.
    """
    block = bytes(MIB)
    with file.open("wb") as sink:
        for _ in range(0, 2 * row.files * row.size, MIB):
            sink.write(block)
    file.unlink()


def cost_of_fsyncs(folder: Path, row: Row) -> float:
    """Seconds that it takes to see so many files durable: each of them, and its folder."""
    folder.mkdir(parents=True)
    content = os.urandom(row.size)
    place = os.open(folder, os.O_RDONLY)
    spent = 0.0
    for index in range(row.files):
        with (folder / str(index)).open("wb") as sink:
            sink.write(content)
            sink.flush()
            began = time.perf_counter()
            os.fsync(sink.fileno())
            os.fsync(place)
            spent += time.perf_counter() - began
    os.close(place)
    return spent


@contextlib.contextmanager
def at_a_distance(server: SshServer, row: Row) -> Iterator[int]:
    """The port to connect to."""
    with contextlib.ExitStack() as stack:
        port = server.port
        if row.round_trip:
            port = stack.enter_context(DelayProxy(port, row.round_trip / 2)).port
        server.known_hosts.write_text(f"[127.0.0.1]:{port} {server.host_key_line}\n")
        yield port


def run(
    row: Row, number: int, server: SshServer, folder: Path, readers: Sequence[str], rounds: int
) -> dict[str, list[Measured]]:
    """Every reader in turns, `rounds` times."""
    remote = lay_out(server.root, row, number)
    results: dict[str, list[Measured]] = {}
    with at_a_distance(server, row) as port:
        for turn in range(rounds):
            for reader in readers:
                incoming = str(folder / "homes" / f"{turn}-{reader.replace(' ', '-')}" / "incoming")
                task = Task(
                    reader,
                    row.kind,
                    remote,
                    incoming,
                    port,
                    server.username,
                    str(server.user_key),
                    str(server.known_hosts),
                )
                done = measured(task, row)
                if done is not None:
                    results.setdefault(reader, []).append(done)
            if row.kind == "small":
                spent = cost_of_fsyncs(folder / "homes" / f"{turn}-fsyncs", row)
                results.setdefault("fsyncs", []).append(Measured(spent, 0.0, 0.0))
    shutil.rmtree(server.root / f"row{number}")
    shutil.rmtree(folder / "homes")
    os.sync()
    time.sleep(_FORGETTING)
    return results


# -------------------------------------------------------------------------------------------------------------- report


def median(runs: Sequence[Measured], of: Callable[[Measured], float] = lambda one: one.seconds) -> float:
    """The middle one of a row's figures."""
    return statistics.median(of(one) for one in runs)


def _processor(one: Measured) -> float:
    return one.processor


def _judged(ours: str, ratio: float, against: str, bar: float, *, met: bool) -> str:
    return f"    {ours:18} {ratio:6.2f} x {against:24} bar {bar:.2f}{'' if met else '  MISSED'}"


def report(row: Row, results: dict[str, list[Measured]]) -> list[str]:
    """The figures of a row, and how each of ours stands against each bar."""
    lines = [row.name]
    for reader, runs in results.items():
        seconds = [one.seconds for one in runs]
        line = f"  {reader:18} {median(runs):8.2f} s  ({min(seconds):.2f}-{max(seconds):.2f})"
        # of a small program the kernel tells the memory of the one that started it
        if reader in READERS or reader in OURS:
            line += f"  {median(runs, lambda one: one.memory):5.0f} MiB"
        if row.kind == "large":
            line += f"  {median(runs, _processor) / row.gibibytes:6.2f} CPU s/GiB"
        lines.append(line)
    fsyncs = median(results["fsyncs"]) if "fsyncs" in results else 0.0
    for ours in (reader for reader in OURS if reader in results):
        for peer in (peer for peer in row.bars if peer in results):
            # the engine alone makes no file durable, and neither do the peers
            added = 0.0 if ours == "medialib get" else fsyncs
            bar = row.bars[peer] / EASED if ours == "medialib download" else row.bars[peer]
            ratio = (median(results[peer]) + added) / median(results[ours])
            lines.append(_judged(ours, ratio, f"{peer} + fsyncs" if added else peer, bar, met=ratio >= bar))
        if row.kind == "large" and "asyncssh" in results and ours != "medialib download":
            ratio = median(results[ours], _processor) / median(results["asyncssh"], _processor)
            lines.append(_judged(ours, ratio, "asyncssh's processor", MOST_PROCESSOR, met=ratio <= MOST_PROCESSOR))
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="medialib beside other SFTP clients.")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (3)")
    parser.add_argument("--rows", nargs="*", default=[], help="only rows whose name holds one of these")
    parser.add_argument("--readers", nargs="*", default=[], help="only readers whose name holds one of these")
    parser.add_argument("--folder", type=Path, help="where files are served from and fetched to")
    parser.add_argument("--json", type=Path, help="a file for every single figure")
    given = parser.parse_args(arguments)
    missing = absent()
    everyone = [*OURS, SFTP, RCLONE, LFTP, RSYNC, *(name for name in READERS if name not in OURS)]
    readers = [
        name
        for name in everyone
        if name not in missing and (not given.readers or any(part in name for part in given.readers))
    ]
    for name, reason in missing.items():
        print(f"absent: {name} ({reason})")
    figures: dict[str, dict[str, list[dict[str, float]]]] = {}
    with tempfile.TemporaryDirectory(dir=given.folder) as folder, SshServer(Path(folder, "server")) as server:
        for number, row in enumerate(rows(given.quick)):
            if given.rows and not any(part in row.name for part in given.rows):
                continue
            results = run(row, number, server, Path(folder), readers, given.rounds)
            print(*report(row, results), sep="\n", flush=True)
            figures[row.name] = {reader: [attrs.asdict(one) for one in runs] for reader, runs in results.items()}
            if given.json is not None:
                given.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

"""Memory while four files of 10 GB are under way on one connection, beside the 250 MB that it may take.

``uv run python benchmarks/transfer_memory.py [--gigabytes 4] [--round-trip 0.08] [--files 4]``. The files are sparse
and stand on a real OpenSSH server; one process receives all of them at once, hashed and into parts, as the library
does, and stops once so many gigabytes have arrived in all. Printed is its resident memory at the most, as the kernel
counts it, that of its start included.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from medialib.testing.delay_proxy import DelayProxy
from medialib.testing.servers import SshServer

SIZE = 10 * 10**9
LONG_AGO = 1_500_000_000
BAR = 250.0
"""MB of 10^6 bytes."""


def receive(url: str, key: str, known_hosts: str, target: str, gigabytes: float) -> None:
    """In a process of its own: receive everything at once until so much has arrived; prints what that took."""
    from medialib.errors import Cancelled
    from medialib.model import FileEntry
    from medialib.transfer import LocalLocation, StreamTransfer, open_location

    at_start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = open_location("server", url, key_file=key, known_hosts=known_hosts, agent=False)
    here = LocalLocation("here", target)
    enough, lock, arrived = threading.Event(), threading.Lock(), [0]

    def count(size: int) -> None:
        with lock:
            arrived[0] += size
        if arrived[0] >= gigabytes * 10**9:
            enough.set()

    def fetch(entry: FileEntry) -> None:
        with contextlib.suppress(Cancelled):
            StreamTransfer().receive(source, entry, here.part(entry.path), cancelled=enough, arrived=count)

    entries = [entry for entry in source.walk() if isinstance(entry, FileEntry)]
    began = time.perf_counter()
    with ThreadPoolExecutor(len(entries)) as threads:
        list(threads.map(fetch, entries))
    taken = time.perf_counter() - began
    source.close()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # kibibytes, on Linux
    print(json.dumps({"most": most * 1024, "at_start": at_start * 1024, "bytes": arrived[0], "seconds": taken}))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Memory of four large files under way.")
    parser.add_argument("--gigabytes", type=float, default=4.0, help="stop after so many in all (4)")
    parser.add_argument("--files", type=int, default=4, help="how many are under way at once (4)")
    parser.add_argument("--round-trip", type=float, default=0.0, help="seconds; 0 for none")
    parser.add_argument("--folder", type=Path, help="where files are served from and fetched to")
    given = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=given.folder)))
        server = stack.enter_context(SshServer(folder / "server"))
        for number in range(given.files):
            file = server.root / f"Film.{number}.2020.mkv"
            with file.open("wb") as sink:
                sink.truncate(SIZE)
            os.utime(file, (LONG_AGO, LONG_AGO))
        port = server.port
        if given.round_trip:
            port = stack.enter_context(DelayProxy(port, given.round_trip / 2)).port
        server.known_hosts.write_text(f"[127.0.0.1]:{port} {server.host_key_line}\n")
        (folder / "here").mkdir()
        url = f"sftp://{server.username}@127.0.0.1:{port}{server.root}"
        command = [sys.executable, __file__, "receive", url, str(server.user_key), str(server.known_hosts)]
        command += [str(folder / "here"), str(given.gigabytes)]
        said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    most, start = said["most"] / 1e6, said["at_start"] / 1e6
    print(
        f"{given.files} files of {SIZE / 1e9:.0f} GB, {said['bytes'] / 1e9:.1f} GB arrived at "
        f"{said['bytes'] / said['seconds'] / 1e6:.0f} MB/s: {most:.0f} MB at the most, {start:.0f} MB at the start; "
        f"bar {BAR:.0f} MB{'' if most < BAR else '  MISSED'}"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["receive"]:
        receive(*sys.argv[2:6], float(sys.argv[6]))
    else:
        main()

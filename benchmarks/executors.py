"""How much faster files are hashed by two threads and by two processes than by one thread, and what the disk allows.

Run: ``python benchmarks/executors.py [--gigabytes 8] [--files 1000] [--workers 2] [--rounds 3] [--folder FOLDER]``

Every way reads the same files from the disk, in turns: what memory holds of a file is dropped before it is read and
after. Plain reading, with no hash, tells how fast the disk is for one reader and for as many as there are workers. What
of one thread's time is reading can gain no more than that, and only the rest can be divided; where both together come
to less than the goal, the disk is the limit and is named as such. A folder in memory (/dev/shm) has the least of one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path

from medialib.executors import open_executor
from medialib.transfer import LocalLocation
from medialib.workflows.hashing import Content
from medialib.workflows.reading import hash_files

BLOCK = 1 << 20
GOAL = 1.8
QUIET = 1.5


def write_files(folder: Path, count: int, size: int) -> list[str]:
    """Files of different content, on the disk."""
    noise = os.urandom(BLOCK)
    names = [f"{number:05}.mkv" for number in range(count)]
    for name in names:
        with (folder / name).open("wb") as file:
            file.write(name.encode())
            for start in range(len(name), size, BLOCK):
                file.write(noise[: min(BLOCK, size - start)])
            file.flush()
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return names


def read_plainly(path: str) -> int:
    """Read a file from the disk as it is hashed, without the hash; how many bytes it has."""
    size = 0
    buffer = bytearray(BLOCK)
    with Path(path).open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while count := file.readinto(buffer):
            size += count
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=8.0)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    size = int(given.gigabytes * (1 << 30) / given.files)
    total = size * given.files / (1 << 30)
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="medialib-hashing-") as folder, ExitStack() as opened:
        names = write_files(Path(folder), given.files, size)
        location = LocalLocation("here", folder)
        paths = [f"{folder}/{name}" for name in names]
        wanted: list[str] | None = None

        def hashed(executor: Executor) -> None:
            nonlocal wanted
            found = [each for _, each in hash_files(location, names, executor=executor) if isinstance(each, Content)]
            digests = [str(content.digests[0]) for content in found]
            assert len(digests) == given.files
            assert wanted is None or digests == wanted, "the answers differ"
            wanted = digests

        def plainly(executor: Executor) -> None:
            assert sum(executor.map(read_plainly, paths)) == size * given.files

        def way(work: Callable[[Executor], None], who: str) -> Callable[[], None]:
            executor = opened.enter_context(open_executor(who))
            list(executor.map(abs, range(4 * given.workers)))  # processes have started
            return lambda: work(executor)

        several = f"{given.workers} processes"
        ways = {
            "read, 1 thread": way(plainly, "threads:1"),
            f"read, {several}": way(plainly, f"processes:{given.workers}"),
            "hash, 1 thread": way(hashed, "threads:1"),
            f"hash, {given.workers} threads": way(hashed, f"threads:{given.workers}"),
            f"hash, {several}": way(hashed, f"processes:{given.workers}"),
        }
        load = os.getloadavg()[0]
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(given.rounds):
            for name, work in ways.items():
                start = time.perf_counter()
                work()
                times[name].append(time.perf_counter() - start)
    median = {name: statistics.median(measured) for name, measured in times.items()}
    print(f"{given.files} files, {total:.2f} GiB, SHA-256, medians of {given.rounds} rounds (least to most)")
    if load > QUIET:
        print(f"  others were at work (load {load:.1f} before the first round): what they take cannot be gained")
    for name, measured in times.items():
        spread = f"{min(measured):.2f} to {max(measured):.2f}"
        print(f"  {name:<20} {median[name]:7.2f} s  {total * 1024 / median[name]:7.0f} MiB/s  ({spread})")
    alone = median["hash, 1 thread"]
    print(f"{given.workers} threads / 1 thread: {alone / median[f'hash, {given.workers} threads']:.2f} times as fast")
    gain = alone / median[f"hash, {several}"]
    # who reads and hashes in turns waits for the disk as the readers do, and divides the rest
    one, many = median["read, 1 thread"], median[f"read, {several}"]
    allowed = alone / (many + (alone - one) / given.workers)
    verdict = "reached" if gain >= GOAL else "the disk is the limit" if allowed < GOAL else "NOT REACHED"
    print(f"{several} / 1 thread: {gain:.2f} times as fast (goal {GOAL}: {verdict})")
    print(f"  plain reading gains {one / many:.2f} by {several}, so the disk allows hashing about {allowed:.2f}")


if __name__ == "__main__":
    main()

"""One fetch or one listing by one Python library: ``benchmarks/transfer.py`` starts this for each measurement.

``python benchmarks/transfer_readers.py JSON``: a `Task` as JSON. Prints the seconds and the processor seconds that it
took, connecting included, the start of Python and its imports not, and how many files were met.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import resource
import stat
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs

__all__ = ["READERS", "Task"]


@attrs.frozen
class Task:
    """What to fetch or list, and from where."""

    reader: str
    """One of `READERS`."""
    kind: str
    """``large``: one file; ``small``: a folder of small files; ``list``: a tree, of which nothing is fetched."""
    remote: str
    """The path of the file or folder at the server."""
    target: str
    """An empty folder here."""
    port: int
    """Of the server, or of the delay proxy before it, on 127.0.0.1."""
    username: str
    """Account."""
    key: str
    """File of the private key."""
    known_hosts: str
    """File of host keys."""

    @property
    def received(self) -> str:
        """Where one large file is to go."""
        return str(Path(self.target, Path(self.remote).name))


def _measured(work: Callable[[], int]) -> dict[str, float]:
    """Do it, and tell what it took; `work` returns how many files it met."""
    began, used = time.perf_counter(), _processor()
    count = work()
    return {"seconds": time.perf_counter() - began, "processor": _processor() - used, "files": count}


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


# ---------------------------------------------------------------------------------------------------------------- ours


def _filesystem(task: Task) -> Any:
    from medialib.transfer.sftp import SftpFileSystem

    return SftpFileSystem(
        "127.0.0.1",
        port=task.port,
        username=task.username,
        key_file=task.key,
        known_hosts=task.known_hosts,
        agent=False,
    )


def medialib_get(task: Task) -> dict[str, float]:
    """The fsspec face: no hash, no fsync, as with the other clients."""
    filesystem = _filesystem(task)

    def work() -> int:
        try:
            if task.kind == "large":
                filesystem.get_file(task.remote, task.received)
                return 1
            if task.kind == "small":
                filesystem.get(f"{task.remote}/", f"{task.target}/", recursive=True)
                return len(os.listdir(task.target))  # noqa: PTH208
            from medialib.transfer import FsspecLocation

            return sum(1 for _ in FsspecLocation("server", filesystem, task.remote).walk())
        finally:
            filesystem.close()

    return _measured(work)


def medialib_transfer(task: Task) -> dict[str, float]:
    """The library: listed, hashed on the way, resumable, seen durable on the disk, given its name."""
    from medialib.model import FileEntry
    from medialib.transfer import FsspecLocation, LocalLocation, StreamTransfer

    folder, name = os.path.split(task.remote) if task.kind == "large" else (task.remote, "")
    source = FsspecLocation("server", _filesystem(task), folder)
    target = LocalLocation("here", task.target)
    transfer = StreamTransfer()

    def receive(entry: FileEntry) -> int:
        part = target.part(entry.path)
        transfer.receive(source, entry, part, cancelled=threading.Event(), arrived=lambda count: None)
        part.publish(mtime_ns=entry.mtime_ns)
        return 1

    def work() -> int:
        try:
            if task.kind == "large":
                entry = source.entry(name)
                assert entry is not None
                count = receive(entry)
            else:
                entries = [entry for entry in source.walk() if isinstance(entry, FileEntry)]
                source.expect(entries)
                with ThreadPoolExecutor(8) as threads:
                    count = sum(threads.map(receive, entries))
            target.flush()
            return count
        finally:
            source.close()

    return _measured(work)


# --------------------------------------------------------------------------------------------------------------- peers


def paramiko_get(task: Task) -> dict[str, float]:
    """paramiko's own client, file after file."""
    import paramiko

    def work() -> int:
        client = paramiko.SSHClient()
        client.load_host_keys(task.known_hosts)
        client.connect(
            "127.0.0.1", task.port, task.username, key_filename=task.key, look_for_keys=False, allow_agent=False
        )
        with client, client.open_sftp() as sftp:
            if task.kind == "large":
                sftp.get(task.remote, task.received)
                return 1
            if task.kind == "small":
                names = sftp.listdir(task.remote)
                for name in names:
                    sftp.get(f"{task.remote}/{name}", f"{task.target}/{name}")
                return len(names)
            count, waiting = 0, [task.remote]
            while waiting:
                folder = waiting.pop()
                for entry in sftp.listdir_attr(folder):
                    if stat.S_ISDIR(entry.st_mode or 0):
                        waiting.append(f"{folder}/{entry.filename}")
                    else:
                        count += 1
            return count

    return _measured(work)


def fsspec_sftp(task: Task) -> dict[str, float]:
    """fsspec's own SFTP file system."""
    from fsspec.implementations.sftp import SFTPFileSystem

    def work() -> int:
        filesystem = SFTPFileSystem(
            "127.0.0.1",
            port=task.port,
            username=task.username,
            key_filename=task.key,
            look_for_keys=False,
            allow_agent=False,
        )
        try:
            if task.kind == "large":
                filesystem.get_file(task.remote, task.received)
                return 1
            if task.kind == "small":
                filesystem.get(f"{task.remote}/", f"{task.target}/", recursive=True)
                return len(os.listdir(task.target))  # noqa: PTH208
            return len(filesystem.find(task.remote))
        finally:
            filesystem.client.close()

    return _measured(work)


def asyncssh_get(task: Task) -> dict[str, float]:
    """asyncssh, as it comes; its folders are listed 64 at a time, which it leaves to its caller."""
    import asyncssh

    async def listed(sftp: asyncssh.SFTPClient) -> int:
        places = asyncio.Semaphore(64)

        async def listing(folder: str) -> int:
            async with places:
                entries = await sftp.readdir(folder)
            names = [entry for entry in entries if entry.filename not in (".", "..")]
            folders = [entry for entry in names if entry.attrs.type == asyncssh.FILEXFER_TYPE_DIRECTORY]
            below = await asyncio.gather(*(listing(f"{folder}/{entry.filename}") for entry in folders))
            return len(names) - len(folders) + sum(below)

        return await listing(task.remote)

    async def work() -> int:
        async with (
            asyncssh.connect(
                "127.0.0.1",
                task.port,
                username=task.username,
                client_keys=[task.key],
                known_hosts=task.known_hosts,
                agent_path=None,
                config=None,
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):
            if task.kind == "list":
                return await listed(sftp)
            if task.kind == "large":
                await sftp.get(task.remote, task.received)
                return 1
            await sftp.mget(f"{task.remote}/*", task.target)
            return len(os.listdir(task.target))  # noqa: PTH208

    return _measured(lambda: asyncio.run(work()))


READERS: dict[str, tuple[Callable[[Task], dict[str, float]], str]] = {
    "medialib get": (medialib_get, "medialib.transfer.sftp"),
    "medialib transfer": (medialib_transfer, "medialib.transfer.sftp"),
    "asyncssh": (asyncssh_get, "asyncssh"),
    "fsspec sftp": (fsspec_sftp, "fsspec.implementations.sftp"),
    "paramiko get": (paramiko_get, "paramiko"),
}
"""Every reader by name, and the module to load before the clock starts; ours first."""


if __name__ == "__main__":
    given = Task(**json.loads(sys.argv[1]))
    reader, module = READERS[given.reader]
    importlib.import_module(module)
    sys.stdout.write(json.dumps(reader(given)))

"""Whatever a server's manners, bytes arrive right or not at all: never half a file under a final name, never a hang."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest

from medialib.errors import ConnectionLost, MedialibError
from medialib.model import FileEntry
from medialib.testing.hostile_sftp import HostileFile, HostileFolder, HostileSftpServer
from medialib.testing.sftp_manners import (
    AnswersTwice,
    AnswersUnasked,
    Boasting,
    EarlyEnd,
    HandlesReused,
    HangUp,
    ImpossibleFrame,
    LongReads,
    Manner,
    NarrowWindow,
    NoExtensions,
    OtherKind,
    OutOfOrder,
    Pause,
    ReadLimit,
    ShortReads,
)
from medialib.transfer import FsspecLocation, LocalLocation, StreamTransfer
from medialib.transfer.sftp import SftpFileSystem

TIMEOUT = 1.0
LONGEST = 30.0
"""Seconds for everything, at a time-out of one second, a few tries and several files."""


def files(count: int, size: int) -> tuple[HostileFile, ...]:
    """Files of different contents and somewhat different sizes."""
    chances = random.Random(count)
    return tuple(HostileFile(b"%03d.mkv" % number, chances.randbytes(size + number)) for number in range(count))


LARGE, SMALL, TINY = files(3, 700_000), files(64, 3000), files(4, 600)


@attrs.define
class Fetched:
    """What became of each file."""

    server: HostileSftpServer
    folder: Path
    arrived: set[str] = attrs.field(factory=set)
    errors: list[BaseException] = attrs.field(factory=list)

    def fetch(self, served: tuple[HostileFile, ...], *, tries: int) -> None:
        """List, receive and publish everything, eight files at once, each so often while the connection is lost."""
        began = time.monotonic()
        self.folder.mkdir()
        target = LocalLocation("here", self.folder)
        connection = {**self.server.connection, "timeout": TIMEOUT, "connect_timeout": 5.0, "attempts": 2}
        filesystem = SftpFileSystem("127.0.0.1", **connection)
        source = FsspecLocation("box", filesystem, self.server.root)
        transfer = StreamTransfer(chunk=2**18)

        def receive(entry: FileEntry) -> None:
            for left in reversed(range(tries)):
                part = target.part(entry.path)
                try:
                    transfer.receive(source, entry, part, cancelled=threading.Event(), arrived=lambda count: None)
                except ConnectionLost as error:
                    if not left:
                        self.errors.append(error)
                except MedialibError as error:
                    self.errors.append(error)
                    return
                else:
                    part.publish(mtime_ns=entry.mtime_ns)
                    self.arrived.add(entry.path)
                    return

        try:
            entries = [entry for entry in source.walk() if isinstance(entry, FileEntry)]
            with ThreadPoolExecutor(8) as threads:
                list(threads.map(receive, entries))
        except MedialibError as error:
            self.errors.append(error)
        finally:
            source.close()
        assert time.monotonic() - began < LONGEST
        self._check(served)

    def _check(self, served: tuple[HostileFile, ...]) -> None:
        whole = {file.name.decode(): file.content for file in served}
        named = {path.name: path.read_bytes() for path in self.folder.iterdir() if path.suffix == ".mkv"}
        assert named.keys() == self.arrived
        for path, content in named.items():
            assert content == whole[path], f"{path} has its name and is not whole"
        assert all(len(str(error).splitlines()) == 1 for error in self.errors)
        assert len(self.arrived) == len(served) or self.errors


def fetched(folder: Path, *manners: Manner, served: tuple[HostileFile, ...] = LARGE, tries: int = 1) -> Fetched:
    """Fetch everything from a server with such manners, and look at what stands under final names."""
    with HostileSftpServer(folder / "hostile", *served, manners=manners) as server:
        found = Fetched(server, folder / "here")
        found.fetch(served, tries=tries)
    return found


ALWAYS_SHOWN = {OutOfOrder, ShortReads, HandlesReused}
"""However a client asks, it meets these. The others depend on how much it asks for, and how far ahead."""

LAWFUL: dict[str, tuple[tuple[Manner, ...], tuple[HostileFile, ...]]] = {
    "polite": ((HandlesReused(),), LARGE + files(70, 10)[64:]),
    "in any order": ((OutOfOrder(),), LARGE),
    "in any order, many small files": ((OutOfOrder(40), HandlesReused()), SMALL),
    "one to 999 bytes an answer": ((ShortReads(999),), files(2, 100_000)),
    "one to three bytes an answer": ((ShortReads(3),), TINY),
    "one byte an answer": ((ShortReads(1),), TINY[:1]),
    "short and in any order": ((ShortReads(9000), OutOfOrder(7)), LARGE),
    "no extensions": ((NoExtensions(),), LARGE),
    "no extensions, short, in any order": ((NoExtensions(), ShortReads(20_000), OutOfOrder()), SMALL),
    "reads of more than 32 KiB are refused": ((ReadLimit(),), LARGE),
    "reads of more than 32 KiB are refused, no extensions": ((ReadLimit(), NoExtensions()), LARGE),
    "limits are told, and are not true": ((ReadLimit(), Boasting(2**18)), LARGE),
    "limits are told, and are not true of small files": ((ReadLimit(), Boasting(2**18)), files(40, 60_000)),
    "limits are told, and are not true, in any order": ((ReadLimit(), Boasting(2**18), OutOfOrder()), LARGE),
    "a window of a few requests": ((NarrowWindow(300),), LARGE),
    "a window of a few requests, many files": ((NarrowWindow(300), HandlesReused()), SMALL),
    "a pause while requests are under way": ((Pause(12, 0.4), NarrowWindow(2000)), LARGE),
    "a pause among small files": ((Pause(100, 0.4), NarrowWindow(1000)), SMALL),
    "handles are used again": ((HandlesReused(), OutOfOrder(5)), SMALL),
    "limits that say nothing": ((Boasting(0),), LARGE),
    "limits of one byte": ((Boasting(1),), TINY),
    "limits of a terabyte": ((Boasting(2**40),), LARGE),
    "limits beyond every number": ((Boasting(2**64 - 1),), LARGE),
}


@pytest.mark.parametrize("name", LAWFUL)
def test_what_the_protocol_allows_is_borne(tmp_path: Path, name: str) -> None:
    manners, served = LAWFUL[name]
    found = fetched(tmp_path, *manners, served=served)
    assert found.errors == []
    assert len(found.arrived) == len(served)
    assert {type(manner) for manner in manners} & ALWAYS_SHOWN <= {
        type(manner) for manner in found.server.conduct.struck
    }


RUDE: dict[str, tuple[tuple[Manner, ...], tuple[HostileFile, ...]]] = {
    "answers are given twice": ((AnswersTwice(),), LARGE),
    "answers are given twice, in any order": ((AnswersTwice(2), OutOfOrder()), SMALL),
    "answers to nobody": ((AnswersUnasked(),), LARGE),
    "answers to nobody, in any order": ((AnswersUnasked(2), OutOfOrder()), SMALL),
    "every file ends early": ((EarlyEnd(100_000),), LARGE),
    "one answer says that the file ends": ((EarlyEnd(100_000, times=1),), LARGE),
    "files end at once": ((EarlyEnd(0),), SMALL),
    "answers are longer than asked for": ((LongReads(),), LARGE),
    "answers are longer by a lot": ((LongReads(100_000),), SMALL),
    "a frame of 4 GiB": ((ImpossibleFrame(2),), LARGE),
    "a frame of 4 GiB among small files": ((ImpossibleFrame(3),), SMALL),
    "silence after some requests": ((Pause(12, None),), TINY),
    "silence with a narrow window": ((Pause(12, None), NarrowWindow(300)), LARGE[:1]),
    "reads are answered by handles": ((OtherKind(2),), TINY),
    "reads are answered by nothing else": ((OtherKind(1),), TINY[:1]),
}


@pytest.mark.parametrize("name", RUDE)
def test_what_nobody_may_do_is_borne_or_named(tmp_path: Path, name: str) -> None:
    manners, served = RUDE[name]
    found = fetched(tmp_path, *manners, served=served)
    # a part that ended early must not have become a file, and every manner must have had its chance
    shown = {type(manner) for manner in found.server.conduct.struck}
    assert {type(manner) for manner in manners} - {NarrowWindow} <= shown


@pytest.mark.parametrize(("window", "served"), [(700, LARGE), (700, SMALL), (100, TINY)])
def test_a_server_that_never_takes_more_requests_is_a_lost_connection(
    tmp_path: Path, window: int, served: tuple[HostileFile, ...]
) -> None:
    """Each session takes so many bytes of requests and no more; what it answered before does not come again."""
    found = fetched(tmp_path, NarrowWindow(window, widens=False), Boasting(2**14), served=served, tries=12)
    assert found.server.connections > 1
    if window == 100:
        # not even the questions before a file fit
        assert found.arrived == set()
        assert all(isinstance(error, ConnectionLost) for error in found.errors)
    else:
        assert len(found.arrived) == len(served)
        assert found.errors == []


@pytest.mark.parametrize("opened", [1, 8, 30, 64])
def test_a_connection_that_dies_between_open_and_read_loses_nothing(tmp_path: Path, opened: int) -> None:
    found = fetched(tmp_path, HangUp(opened), OutOfOrder(4), served=SMALL, tries=4)
    assert found.errors == []
    assert len(found.arrived) == len(SMALL)


def test_a_connection_that_dies_again_and_again_ends_with_what_is_whole(tmp_path: Path) -> None:
    found = fetched(tmp_path, HangUp(6, times=1000), served=SMALL[:20], tries=2)
    assert found.server.conduct.struck


@pytest.mark.parametrize("extensions", [True, False])
def test_a_server_that_hangs_up_on_large_reads_is_asked_for_smaller_ones(tmp_path: Path, extensions: bool) -> None:
    more: tuple[Manner, ...] = (Boasting(2**18),) if extensions else (NoExtensions(),)
    found = fetched(tmp_path, ReadLimit(hangs_up=True), *more, tries=3)
    assert found.errors == []
    assert len(found.arrived) == len(LARGE)


LISTED: dict[str, tuple[Manner, ...]] = {
    "polite": (HandlesReused(),),
    "in any order": (OutOfOrder(),),
    "in any order, two at a time": (OutOfOrder(2),),
    "in any order, and twice": (OutOfOrder(5), AnswersTwice(2)),
    "answers twice": (AnswersTwice(1),),
    "answers to nobody": (AnswersUnasked(1), OutOfOrder(4)),
    "a window of a few requests": (NarrowWindow(300),),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", LISTED)
def test_a_listing_has_every_name_once(tmp_path: Path, name: str, seed: int) -> None:
    """An end of a folder that overtakes its last names must not hide them: then a folder would look empty.

    What no server may do can end a listing, but in an error that says so.
    """
    rude = any(isinstance(manner, AnswersTwice | AnswersUnasked) for manner in LISTED[name])
    folders = tuple(HostileFolder(b"%02d" % number, files(number * 37, 0)) for number in range(20))
    with HostileSftpServer(tmp_path / "hostile", *folders, manners=LISTED[name], seed=seed) as server:
        filesystem = SftpFileSystem("127.0.0.1", **server.connection, timeout=TIMEOUT)
        location = FsspecLocation("box", filesystem, server.root)
        try:
            found = [entry.path for entry in location.walk()]
        except MedialibError:
            if not rude:
                raise
            return
        finally:
            location.close()
    assert found == [f"{folder.name.decode()}/{file.name.decode()}" for folder in folders for file in folder.entries]


def _mixtures() -> Iterator[tuple[int, tuple[Manner, ...]]]:
    for seed in range(12):
        chances = random.Random(seed)
        every: list[Manner] = [
            OutOfOrder(chances.randint(2, 60)),
            ShortReads(chances.choice([700, 5000, 40_000])),
            NoExtensions(),
            ReadLimit(),
            NarrowWindow(chances.randint(200, 5000)),
            AnswersTwice(chances.randint(1, 9)),
            AnswersUnasked(chances.randint(1, 9)),
            HandlesReused(),
        ]
        yield seed, tuple(chances.sample(every, chances.randint(2, len(every))))


@pytest.mark.parametrize(("seed", "manners"), list(_mixtures()))
def test_manners_come_together(tmp_path: Path, seed: int, manners: tuple[Manner, ...]) -> None:
    fetched(tmp_path, *manners, served=SMALL[:20] + files(67, 150_000)[65:])

"""One drawn fault, then none: nothing is lost, cut short or placed twice, and what is recorded is what stands."""

from __future__ import annotations

import errno
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from medialib.errors import MedialibError
from medialib.library import Library
from medialib.testing.chances import chances, rounds
from medialib.testing.failing_disk import FailingDisk, Hook, Killed, KillSwitch, SteppedLocation, remount, small_disk
from medialib.testing.faulty_proxy import CutOff, FaultyProxy, draw_fault
from medialib.testing.hostile_sftp import HostileFile, HostileSftpServer
from medialib.testing.killing import killed_after, killed_after_lines
from medialib.testing.metadata_world import invented_world
from medialib.testing.servers import SshServer
from medialib.testing.sftp_manners import (
    AnswersTwice,
    AnswersUnasked,
    EarlyEnd,
    HandlesReused,
    Manner,
    NoExtensions,
    OtherKind,
    OutOfOrder,
    Pause,
    ReadLimit,
    ShortReads,
)
from medialib.testing.sftp_manners import (
    HangUp as LineGone,
)
from medialib.testing.tmdb_server import TmdbServer
from medialib.testing.web_server import Cut, Delay, Empty, Fault, Garbage, HangUp, Refuse

if TYPE_CHECKING:
    from .conftest import House
else:
    House = Any

MOST_RUNS = 3
"""Runs without a fault after which nothing may be left to do; the last of them only finds that."""
LONG_AGO = time.time() - 3600


@attrs.frozen
class Ground:
    """A house, what is on its remote, and the chance that faults are drawn from."""

    house: House
    server: SshServer
    tmdb: TmdbServer
    remote: Path
    chance: random.Random
    originals: dict[str, bytes]
    """What shall end up in the library, by file name."""
    until_the_end: ExitStack
    """Closed after the last check."""

    def connect(self, port: int | None = None) -> None:
        """Let the configuration lead to the real server, by another port if given."""
        port = self.server.port if port is None else port
        known = self.house.folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {self.server.host_key_line}\n")
        self.configure(
            f"sftp://{self.server.username}@127.0.0.1:{port}{self.remote}",
            key_file=self.server.user_key,
            known_hosts=known,
        )

    def configure(self, url: str, *, key_file: Path, known_hosts: Path) -> None:
        """Let the configuration lead to a server, and to the metadata provider."""
        self.house.configure(
            url, provider="tmdb", service=self.tmdb.api, key_file=str(key_file), known_hosts=str(known_hosts)
        )

    @contextmanager
    def stepped(self, before: Hook) -> Iterator[Library]:
        """The library with a hook before every step on a local disk."""
        with self.house.library() as library:
            assert library.incoming is not None
            yield attrs.evolve(
                library,
                incoming=SteppedLocation(library.incoming, before),
                roots={name: SteppedLocation(root, before) for name, root in library.roots.items()},
            )


def stock(remote: Path, chance: random.Random) -> dict[str, bytes]:
    """A few files of all sizes; returns them by name."""
    originals = {}
    for number in range(1, chance.randint(3, 4)):
        name = f"The.Long.Voyage.S01E{number:02}.1080p-GRP"
        # those beyond a mebibyte come side by side
        size = chance.choice((7, 40_000, 200_000, 1_500_000))
        originals[f"The.Long.Voyage.S01.1080p-GRP/{name}.mkv"] = chance.randbytes(size)
        originals[f"The.Long.Voyage.S01.1080p-GRP/{name}.en.srt"] = f"subtitle {number}".encode()
    originals["The.Glass.Harbour.2019.1080p.BluRay.x264-GRP.mkv"] = chance.randbytes(chance.randint(100_000, 900_000))
    originals["deep/er/[G] Yoru no Machi - 13 [1080p].mkv"] = chance.randbytes(chance.randint(1, 300_000))
    for path, content in originals.items():
        file = remote / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (LONG_AGO, LONG_AGO))
    return {path.rpartition("/")[2]: content for path, content in originals.items()}


def sync(library: Library) -> None:
    """Run it as far as it comes: the fault is the point, not what is said of it."""
    with suppress(MedialibError, OSError, Killed):
        library.perform("sync", auto_add=True)


# ------------------------------------------------------------------------------ the faults: each runs one sync under it


def death_at_a_step(ground: Ground) -> None:
    with ground.stepped(KillSwitch(ground.chance.randint(0, 160))) as library:
        sync(library)


def sigkill_at_a_line_of_the_log(ground: Ground) -> None:
    log = ground.house.folder / "medialib.log"
    command = ground.house.command("--log-file", str(log), "sync", "--auto-add")
    lines = ground.chance.randint(1, 22)
    ended = killed_after_lines(command, log, lines, environment=ground.house.environment)
    assert ended.killed or ended.code == 0, ended.output


def sigkill_at_a_moment(ground: Ground) -> None:
    seconds = ground.chance.uniform(0.2, 1.2)
    ended = killed_after(ground.house.command("sync", "--auto-add"), seconds, environment=ground.house.environment)
    assert ended.killed or ended.code == 0, ended.output


def bad_line(ground: Ground) -> None:
    """Late, cut, reset, silent, ended early, or a bit flipped; once or a few times, then the line is good."""
    # past the greeting, which has time-outs of its own
    fault = draw_fault(ground.chance, first=5000, last=sum(map(len, ground.originals.values())))
    with FaultyProxy(ground.server.port, fault, strikes=ground.chance.randint(1, 3)) as proxy:
        ground.connect(proxy.port)
        with ground.house.library() as library:
            sync(library)
    ground.connect()


def ill_disk(ground: Ground) -> None:
    """A write, rename, or sync fails for want of room or of health; a few, or all from then on."""
    code = ground.chance.choice((errno.ENOSPC, errno.EIO))
    disk = FailingDisk(ground.chance.randint(0, 80), code, times=ground.chance.choice((None, 1, 2, 5)))
    with ground.stepped(disk) as library:
        sync(library)


def unreadable_disk(ground: Ground) -> None:
    """Reading what has been fetched fails, as a move to another disk or a hash must notice."""
    disk = FailingDisk(ground.chance.randint(0, 10), errno.EIO, operations=frozenset(("open", "read", "read_part")))
    with ground.stepped(disk) as library:
        sync(library)


def full_disk(ground: Ground) -> None:
    """A real disk that is too small, under the incoming folder, one of the library's, or everything; then it grows."""
    folder = ground.house.folder / ground.chance.choice(("incoming", "movies", "tv", ""))
    size = ground.chance.randint(8, 900)
    config = ground.house.config.read_text()
    known = (ground.house.folder / "known_hosts").read_text()
    ground.until_the_end.enter_context(small_disk(folder, f"{size}k"))
    if folder == ground.house.folder:
        for name in ("incoming", "tv", "movies"):
            (folder / name).mkdir()
        ground.house.config.write_text(config)
        (folder / "known_hosts").write_text(known)
    ground.house.run("sync", "--auto-add")
    remount(folder, "size=32m")


def lying_server(ground: Ground) -> None:
    """Another server, that lies about one file while the fault lasts, and tells the truth afterwards."""
    chance = ground.chance
    true = {
        name: HostileFile(name.encode(), content, at_most=chance.choice((None, 7000)))
        for name, content in ground.originals.items()
    }
    liar = chance.choice(sorted(true))
    content = true[liar].content
    at = chance.randint(0, len(content))
    lie = attrs.evolve(
        true[liar],
        **chance.choice(
            (
                {"claimed": len(content) + chance.randint(1, 100_000)},
                {"claimed": chance.randint(0, max(0, len(content) - 1)), "content": content + b"."},
                {"becomes": HostileFile(liar.encode(), content[::-1] + b"."), "becomes_after": at},
                {"silent_from": at},
                {"failing_from": at},
                {"at_most": 0, "content": content + b"."},
            )
        ),
    )
    server = ground.until_the_end.enter_context(HostileSftpServer(ground.house.folder, *{**true, liar: lie}.values()))
    ground.configure(server.url, key_file=server.user_key, known_hosts=server.known_hosts)
    with ground.house.library() as library:
        sync(library)
    server.serve(*true.values())
    server.changed.clear()


def rude_server(ground: Ground) -> None:
    """Another server, that answers as few do while the fault lasts: in any order, too little, twice, or not at all."""
    chance = ground.chance
    kinds: tuple[Callable[[], Manner], ...] = (
        lambda: OutOfOrder(chance.choice((2, 16, 64))),
        lambda: ShortReads(chance.choice((3, 1000, 20_000))),
        NoExtensions,
        lambda: ReadLimit(chance.choice((4096, 32768)), hangs_up=chance.random() < 0.5),
        lambda: Pause(chance.randint(3, 60), None),
        lambda: LineGone(chance.randint(1, 8), times=chance.randint(1, 3)),
        lambda: EarlyEnd(chance.randint(0, 300_000)),
        lambda: AnswersTwice(chance.randint(1, 9)),
        lambda: AnswersUnasked(chance.randint(1, 9)),
        lambda: OtherKind(chance.randint(1, 9)),
        HandlesReused,
    )
    drawn = {type(manner): manner for manner in (chance.choice(kinds)() for _ in range(chance.randint(1, 3)))}
    files = tuple(HostileFile(name.encode(), content) for name, content in ground.originals.items())
    server = ground.until_the_end.enter_context(
        HostileSftpServer(ground.house.folder, *files, manners=tuple(drawn.values()), seed=chance.randrange(2**32))
    )
    ground.configure(server.url, key_file=server.user_key, known_hosts=server.known_hosts)
    with ground.house.library() as library:
        sync(library)
    server.conduct.manners = ()


def ill_provider(ground: Ground) -> None:
    """A metadata provider that is busy, broken, silent, or cuts its answers; for a while, or all the time."""
    chance = ground.chance
    kinds: tuple[Callable[[], Fault], ...] = (
        lambda: Refuse(429, retry_after=chance.choice(("1", "3600", "Fri, 31 Dec 1999 23:59:59 GMT", "soon"))),
        lambda: Refuse(chance.choice((500, 502, 503))),
        lambda: Cut(chance.randint(0, 200)),
        Empty,
        Garbage,
        lambda: Garbage(chance.choice((b"{}", b"[]", b"null", b'{"results": null}', b'{"id": 1}'))),
        HangUp,
        lambda: Delay(0.8),
    )
    ground.tmdb.fail(*(chance.choice(kinds)() for _ in range(chance.choice((1, 2, 3, 40)))))
    with ground.house.library() as library:
        sync(library)
    ground.tmdb.faults.clear()


def ill_cache(ground: Ground) -> None:
    """What was kept of the provider's answers is damaged, and the provider is not there when it is wanted."""
    ground.tmdb.fail(*(HangUp() for _ in range(ground.chance.choice((0, 3)))))
    with ground.house.library() as library:
        library.plan_download()
        library.plan_route(auto_add=True)
        sync(library)
    ground.tmdb.faults.clear()
    for file in (ground.house.folder / "cache").rglob("*"):
        if file.is_file() and file.stat().st_size:
            content = bytearray(file.read_bytes())
            for _ in range(ground.chance.randint(1, 20)):
                content[ground.chance.randrange(len(content))] ^= 1 << ground.chance.randrange(8)
            file.write_bytes(content)
    with ground.house.library() as library:
        sync(library)


FAULTS: tuple[Callable[[Ground], None], ...] = (
    death_at_a_step,
    sigkill_at_a_line_of_the_log,
    sigkill_at_a_moment,
    bad_line,
    ill_disk,
    unreadable_disk,
    lying_server,
    rude_server,
    ill_provider,
    ill_cache,
    *((full_disk,) if os.geteuid() == 0 else ()),
)


def run_with_fault(home: House, server: SshServer, remote: Path, chance: random.Random, fault: Any) -> None:
    """Build a small world, sync under the fault, then without until nothing is left, and look at everything."""
    with ExitStack() as until_the_end:
        tmdb = until_the_end.enter_context(TmdbServer(invented_world()))
        ground = Ground(home, server, tmdb, remote, chance, stock(remote, chance), until_the_end)
        ground.connect()
        fault(ground)
        home.assert_nothing_half(ground.originals)
        for _ in range(MOST_RUNS):
            with home.library() as library:
                work = library.perform("sync", auto_add=True)
            home.assert_nothing_half(ground.originals)
            if not any(work.plans):
                break
        else:
            pytest.fail(f"after {MOST_RUNS} runs without a fault there is still something to do: {work.plans}")
        home.assert_settled(ground.originals)
        # each title was entered once, whole, and each file is where the provider's episodes lead it
        assert home.rows("select tmdb, count(*) from shows join episodes on show = key group by key order by 1") == [
            (101, 6),
            (302, 24),
        ]
        assert home.rows("select tmdb, source from movies") == [(702, "tmdb")]
        assert home.rows("select season, episodes from inventory where unit_key = 'yoru-no-machi-2015'") == [(2, "[1]")]
        for name, content in stock_of(remote).items():
            assert ground.originals[name] == content, f"the source {name} was touched"


def stock_of(remote: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in remote.rglob("*") if file.is_file()}


@pytest.mark.parametrize("number", rounds(sample=200, full=2000))
def test_a_fault_leaves_nothing_lost_halved_or_doubled(
    house: Callable[[str], House], ssh_server: SshServer, tmp_path: Path, number: int
) -> None:
    with chances("seeded faults", number) as chance:
        # in turn, so that a sample meets each kind
        fault = FAULTS[number % len(FAULTS)]
        remote = tmp_path / "remote"
        remote.mkdir()
        run_with_fault(house("house"), ssh_server, remote, chance, fault)


MEBIBYTE = 2**20
MOST_TWICE = 8 * MEBIBYTE
"""Bytes that may come again after a line was cut."""


@pytest.mark.parametrize("number", rounds(sample=4, full=60))
def test_what_came_before_a_cut_hardly_comes_again(
    house: Callable[[str], House], ssh_server: SshServer, tmp_path: Path, number: int
) -> None:
    with chances("cut lines", number) as chance:
        home, remote = house("house"), tmp_path / "remote"
        remote.mkdir()
        content = chance.randbytes(MEBIBYTE) * chance.randint(20, 40)
        name = "The.Glass.Harbour.2019.1080p.BluRay.x264-GRP.mkv"
        (remote / name).write_bytes(content)
        os.utime(remote / name, (LONG_AGO, LONG_AGO))
        cuts = [CutOff(chance.randint(5000, len(content))) for _ in range(chance.randint(1, 2))]
        with (
            ExitStack() as until_the_end,
            FaultyProxy(
                ssh_server.port, choose=lambda count: cuts[count - 1 : count] if count <= len(cuts) else ()
            ) as proxy,
        ):
            tmdb = until_the_end.enter_context(TmdbServer(invented_world()))
            Ground(home, ssh_server, tmdb, remote, chance, {name: content}, until_the_end).connect(proxy.port)
            for _ in range(MOST_RUNS):
                with home.library() as library:
                    library.perform("download")
                home.assert_nothing_half({name: content})
            assert (home.folder / "incoming" / name).read_bytes() == content
            # packets of encryption and questions about the file add little
            most = len(content) * 1.02 + len(cuts) * MOST_TWICE + MEBIBYTE
            assert proxy.delivered <= most, f"{proxy.delivered - len(content)} bytes came again after {len(cuts)} cuts"

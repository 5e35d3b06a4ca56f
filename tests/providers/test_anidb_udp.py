"""AniDB's UDP API against a server on loopback: sessions, lost and doubled packets, refusals, bans, and its pace."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from medialib.errors import (
    AuthenticationFailed,
    Banned,
    Cancelled,
    MedialibError,
    RateLimited,
    RequestRefused,
    ServiceUnavailable,
    TransientError,
    UnusableAnswer,
)
from medialib.http import HttpOptions
from medialib.metadata import EpisodePlace, FileMetadata
from medialib.providers.anidb_kept import DAY
from medialib.providers.anidb_packets import packet, read_file, read_reply
from medialib.providers.anidb_udp import AnidbFiles
from medialib.testing.anidb_server import ANIDB_CLIENT, ANIDB_CLIENT_VERSION
from medialib.testing.anidb_udp_server import ANIDB_PASSWORD, ANIDB_USER, AnidbUdpServer, KnownRelease
from medialib.testing.worlds import ManualClock

RED, BLUE, OTHER = "a" * 32, "b" * 32, "c" * 32
PASSWORD = ANIDB_PASSWORD.replace("<br />", "\n")
FUMOFFU = KnownRelease(
    312498,
    177747474,
    RED,
    {
        "aid": 959,
        "eid": 10000,
        "gid": 41,
        "state": 1 | 8,
        "crc32": "1A2B3C4D",
        "year": "2003-2003",
        "romaji name": "Fullmetal Panic? Fumoffu",
        "kanji name": "フルメタル・パニック? ふもっふ",
        "english name": "Full Metal Panic? Fumoffu",
        "epno": "05",
        "ep name": "The Hostage's Way | of the Heart",
        "group name": "A Group",
        "group short name": "AG",
    },
)


@pytest.fixture
def server() -> Iterator[AnidbUdpServer]:
    with AnidbUdpServer() as server:
        server.files = [FUMOFFU]
        yield server


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def asking(server: AnidbUdpServer, clock: ManualClock, cache: Path | None = None, **more: Any) -> AnidbFiles:
    options = {"timeout": 0.4, "told": lambda note: None, **more.pop("options", {})}
    given = {"username": ANIDB_USER, "password": PASSWORD, "client": ANIDB_CLIENT, **more}
    return AnidbFiles(
        client_version=given.pop("client_version", ANIDB_CLIENT_VERSION),
        host="127.0.0.1",
        port=server.port,
        options=HttpOptions(cache=cache, clock=clock, **options),
        **given,
    )


def test_a_file_is_told_with_all_that_was_asked_for(server: AnidbUdpServer, clock: ManualClock) -> None:
    files = asking(server, clock)
    assert files.file(FUMOFFU.size, [RED.upper()]) == FileMetadata(
        provider="anidb",
        id=312498,
        title=959,
        names=("Fullmetal Panic? Fumoffu", "Full Metal Panic? Fumoffu", "フルメタル・パニック? ふもっふ"),
        label="05",
        episode=EpisodePlace(1, (5,)),
        episode_title="The Hostage's Way / of the Heart",
        year=2003,
        group="AG",
        size=FUMOFFU.size,
        crc32="1a2b3c4d",
        version=3,
    )
    assert files.file(FUMOFFU.size + 1, [RED]) is None
    assert server.sessions
    files.close()
    files.close()
    assert [each.command for each in server.asked()] == ["AUTH", "FILE", "FILE", "LOGOUT"]
    auth, first, *_ = server.asked()
    assert (auth.parameters["pass"], auth.parameters["enc"], auth.parameters["protover"]) == (PASSWORD, "UTF8", "3")
    assert len({each.parameters["tag"] for each in server.asked()}) == 4
    assert first.at > auth.at
    assert not server.sessions


@pytest.mark.parametrize(
    ("label", "place"),
    [("5", EpisodePlace(1, (5,))), ("S2", EpisodePlace(0, (2,))), ("C1", None), ("T1", None), ("", None)],
)
def test_only_regular_episodes_and_specials_have_a_place(
    server: AnidbUdpServer, clock: ManualClock, label: str, place: EpisodePlace | None
) -> None:
    server.files = [
        attrs.evolve(FUMOFFU, fields={**FUMOFFU.fields, "epno": label, "other episodes": "10001,50'10002,50"})
    ]
    files = asking(server, clock)
    found = files.file(FUMOFFU.size, [RED])
    assert found is not None
    assert (found.episode, found.others) == (place, (10001, 10002))
    files.close()


def test_both_forms_of_a_hash_are_asked_in_turn_and_several_files_are_none(
    server: AnidbUdpServer, clock: ManualClock
) -> None:
    told: list[str] = []
    files = asking(server, clock, options={"told": told.append})
    assert files.file(FUMOFFU.size, [OTHER, RED]) is not None
    server.files.append(attrs.evolve(FUMOFFU, fid=5, ed2k=BLUE))
    server.files.append(attrs.evolve(FUMOFFU, fid=6, ed2k=BLUE))
    assert files.file(FUMOFFU.size, [BLUE]) is None
    assert "several files" in told[0]
    files.close()


def test_answers_are_kept_hits_for_a_month_and_misses_for_a_day(
    server: AnidbUdpServer, clock: ManualClock, tmp_path: Path
) -> None:
    def ask() -> int:
        files = asking(server, clock, tmp_path)
        assert files.file(FUMOFFU.size, [RED]) is not None
        assert files.file(1, [OTHER]) is None
        files.close()
        return len(server.asked("FILE"))

    assert [ask(), ask()] == [2, 2]
    clock.sleep(DAY - 60)
    assert ask() == 2
    clock.sleep(120)
    assert ask() == 3
    clock.sleep(30 * DAY)
    assert ask() == 5
    clock.sleep(31 * DAY)
    server.silent = 99
    files = asking(server, clock, tmp_path, options={"timeout": 0.05})
    assert files.file(FUMOFFU.size, [RED]) is not None
    with pytest.raises(ServiceUnavailable):
        files.file(2, [OTHER])
    files.close()


def test_lost_packets_are_sent_again_with_the_same_tag_and_doubled_answers_are_passed_over(
    server: AnidbUdpServer, clock: ManualClock
) -> None:
    files = asking(server, clock, options={"timeout": 0.1})
    server.twice = True
    server.silent = 1
    assert files.file(FUMOFFU.size, [RED]) is not None
    for number in range(4):
        assert files.file(number, [OTHER]) is None
    assert files.file(FUMOFFU.size, [RED]) is not None
    first, second, *others = server.asked()
    assert (first.command, second.command) == ("AUTH", "AUTH")
    assert first.parameters == second.parameters
    assert len({each.parameters["tag"] for each in others}) == len(others)
    server.silent = 3
    with pytest.raises(ServiceUnavailable, match="did not answer 3 packets"):
        files.file(9, [OTHER])
    assert files.file(9, [OTHER]) is None
    files.close()


@pytest.mark.parametrize("said", ["506 INVALID SESSION", "501 LOGIN FIRST", "505 ILLEGAL INPUT OR ACCESS DENIED"])
def test_a_session_that_is_over_is_begun_again_once(server: AnidbUdpServer, clock: ManualClock, said: str) -> None:
    files = asking(server, clock)
    assert files.file(1, [OTHER]) is None
    server.say.append(said)
    assert files.file(FUMOFFU.size, [RED]) is not None
    assert len(server.asked("AUTH")) == 2
    server.say.extend([said, "200 S3cr999x LOGIN ACCEPTED", said])
    with pytest.raises(RequestRefused, match="refuses FILE"):
        files.file(2, [OTHER])
    files.close()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"password": "wrong, and a secret"}, "500 LOGIN FAILED"),
        ({"client": "unregistered"}, "504 CLIENT BANNED"),
        ({"client_version": 1}, "503 CLIENT VERSION OUTDATED"),
    ],
)
def test_a_refused_account_or_client_is_never_tried_again(
    server: AnidbUdpServer, clock: ManualClock, more: dict[str, Any], words: str
) -> None:
    files = asking(server, clock, **more)
    for _ in range(3):
        with pytest.raises(AuthenticationFailed, match=words) as caught:
            files.file(1, [OTHER])
        assert caught.value.remedy
    assert len(server.asked()) == 1
    files.close()
    with pytest.raises(AuthenticationFailed):
        asking(server, clock, username=" ")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("600 INTERNAL SERVER ERROR", ServiceUnavailable),
        ("601 ANIDB OUT OF SERVICE - TRY AGAIN LATER", ServiceUnavailable),
        ("602 SERVER BUSY - TRY AGAIN LATER", ServiceUnavailable),
        ("598 UNKNOWN COMMAND", UnusableAnswer),
        ("220 FILE", UnusableAnswer),
        ("220 FILE\n1|2|3", UnusableAnswer),
        ("220 FILE\n" + "|" * 17, UnusableAnswer),
    ],
)
def test_what_is_no_answer_is_raised_and_never_taken_for_no_such_file(
    server: AnidbUdpServer, clock: ManualClock, said: str, error: type[TransientError]
) -> None:
    files = asking(server, clock)
    assert files.file(1, [OTHER]) is None
    server.say.append(said)
    with pytest.raises(error):
        files.file(FUMOFFU.size, [RED])
    assert files.file(FUMOFFU.size, [RED]) is not None
    files.close()


def test_a_server_that_asks_to_try_again_is_asked_again(server: AnidbUdpServer, clock: ManualClock) -> None:
    files = asking(server, clock)
    server.say.extend(["201 S3cr001x LOGIN ACCEPTED - NEW VERSION AVAILABLE", "506 INVALID SESSION"])
    assert files.file(FUMOFFU.size, [RED]) is not None
    server.say.append("604 TIMEOUT - DELAY AND RESUBMIT")
    assert files.file(1, [OTHER]) is None
    files.close()


def test_a_ban_is_remembered_on_disk_and_nothing_more_is_sent(
    server: AnidbUdpServer, clock: ManualClock, tmp_path: Path
) -> None:
    files, other = asking(server, clock, tmp_path), asking(server, clock, tmp_path)
    assert files.file(FUMOFFU.size, [RED]) is not None
    server.banned = True
    with pytest.raises(Banned, match="flooding") as caught:
        files.file(1, [OTHER])
    assert caught.value.remedy is not None
    assert caught.value.retry_after == pytest.approx(DAY)
    sent = len(server.asked())
    for each in (files, other):
        with pytest.raises(Banned):
            each.file(2, [OTHER])
        assert each.file(FUMOFFU.size, [RED]) is not None  # what is kept is known
        each.close()
    assert len(server.asked()) == sent
    server.banned = False
    clock.sleep(DAY + 1)
    later = asking(server, clock, tmp_path)
    assert later.file(2, [OTHER]) is None
    later.close()


def test_the_pace_is_kept_by_the_clock(server: AnidbUdpServer, clock: ManualClock, tmp_path: Path) -> None:
    both = [asking(server, clock, tmp_path) for _ in range(2)]
    begun = clock.monotonic()
    for number in range(8):
        both[number % 2].file(number, [OTHER])
    assert len(server.asked()) == 10
    assert clock.monotonic() - begun >= 4 * 2 + 5 * 4
    hasty = asking(server, clock, tmp_path, options={"patience": 0.5})
    with pytest.raises(RateLimited):
        hasty.file(99, [OTHER])
    for each in (*both, hasty):
        each.close()


def test_a_dry_run_reads_what_is_kept_and_sends_nothing(
    server: AnidbUdpServer, clock: ManualClock, tmp_path: Path
) -> None:
    files = asking(server, clock, tmp_path)
    known = files.file(FUMOFFU.size, [RED])
    files.close()
    sent = len(server.asked())
    dry = asking(server, clock, tmp_path, options={"read_only": True})
    assert dry.file(FUMOFFU.size, [RED]) == known
    with pytest.raises(RateLimited, match="dry run"):
        dry.file(1, [OTHER])
    dry.close()
    assert len(server.asked()) == sent


def test_it_ends_soon_when_asked_to_and_where_nobody_listens(server: AnidbUdpServer, clock: ManualClock) -> None:
    cancelled = threading.Event()
    files = asking(server, clock, options={"timeout": 30.0, "cancelled": cancelled})
    server.silent = 9
    threading.Timer(0.1, cancelled.set).start()
    with pytest.raises(Cancelled):
        files.file(1, [OTHER])
    files.close()
    with AnidbUdpServer() as gone:
        nobody = asking(gone, clock, options={"timeout": 0.05})
    with pytest.raises(TransientError):
        nobody.file(1, [OTHER])
    nobody.close()
    nameless = AnidbFiles(ANIDB_USER, "x", "y", 1, "host.invalid", 9, HttpOptions(clock=clock))
    with pytest.raises(MedialibError):
        nameless.file(1, [OTHER])
    nameless.close()


def test_the_local_port_is_the_one_that_is_named_or_one_of_the_next(server: AnidbUdpServer, clock: ManualClock) -> None:
    first = asking(server, clock, local_port=43_871)
    second = asking(server, clock, local_port=43_871)
    for each in (first, second):
        assert each.file(1, [OTHER]) is None
    ports = {each.sender[1] for each in server.asked()}
    assert len(ports) == 2
    assert all(43_871 <= port < 43_879 for port in ports)
    for each in (first, second):
        each.close()


def test_no_secret_is_part_of_what_is_said(
    server: AnidbUdpServer, clock: ManualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    files = asking(server, clock, tmp_path, options={"told": told.append})
    assert files.file(FUMOFFU.size, [RED]) is not None
    (key,) = server.sessions
    said = [repr(files), repr(vars(files)["_kept"])]
    for answer in (f"598 {key} {PASSWORD!r}", f"602 {key}", f"505 {key}", f"555 BANNED\n{key}"):
        server.say.extend([answer] * 3 if answer.startswith("505") else [answer])
        with pytest.raises(MedialibError) as caught:
            files.file(5, [OTHER])
        said += [repr(caught.value), *traceback.format_exception(caught.value)]
        server.say.clear()
    files.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    everything = "\n".join([*said, *told, caplog.text])
    assert [secret for secret in (key, PASSWORD) if secret in everything or secret.encode() in written] == []


def test_what_is_sent_is_escaped_and_what_comes_is_read() -> None:
    assert packet("AUTH", {"user": "a", "pass": "b&c\nd"}) == b"AUTH user=a&pass=b&amp;c<br />d"
    assert packet("PING", {}) == b"PING"
    assert read_reply(b"\xff\xfe") is None
    assert read_reply(b"") is None
    reply = read_reply(b"t 555 BANNED\nreason\n")
    assert reply is not None
    assert (reply.tag, reply.code, reply.lines) == ("t", 555, ("reason",))
    with pytest.raises(UnusableAnswer, match="without number"):
        read_file("|".join(["x"] * 18))


FOUR = """
import sys
from pathlib import Path
from medialib.errors import Banned
from medialib.http import HttpOptions, SystemClock
from medialib.http.pace import Pace, PaceRule
from medialib.providers.anidb_udp import AnidbFiles
cache, port, user, password, client, version, mine = sys.argv[1:]
options = HttpOptions(cache=Path(cache), timeout=5.0)
pace = Pace(Path(cache) / "anidb-pace.sqlite", "AniDB", PaceRule({short}, {long}), SystemClock())
files = AnidbFiles(user, password, client, int(version), "127.0.0.1", int(port), options, pace=pace)
print("ready", flush=True)
sys.stdin.readline()
try:
    for number in range(40):
        files.file(int(mine) * 1000 + number, ["c" * 32])
except Banned:
    print("banned")
files.close()
"""


def test_four_processes_together_are_never_too_fast_and_all_stop_on_a_ban(tmp_path: Path) -> None:
    """A twenty-fifth of AniDB's own times: what is 0.08 s and 0.16 s here are 2 s and 4 s there."""
    short, long, answered = 0.08, 0.16, 16
    with AnidbUdpServer(short=short) as server:
        server.bans_after = answered
        told = [str(tmp_path), str(server.port), ANIDB_USER, PASSWORD, ANIDB_CLIENT, str(ANIDB_CLIENT_VERSION)]
        script = FOUR.format(short=short, long=long)
        running = [
            subprocess.Popen(
                [sys.executable, "-c", script, *told, str(mine)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for mine in range(4)
        ]
        for each in running:  # who is ready first must not have asked all before the others begin
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in running:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        assert [each.communicate(timeout=60)[0] for each in running] == ["banned\n"] * 4
        gaps, packets = server.gaps(), server.asked()
        assert all(gap >= short for gap in gaps), gaps
        assert all(gap >= long for gap in gaps[5:]), gaps
        # whoever was under way when the ban came may have sent one more, nobody two
        assert answered < len(packets) <= answered + 4
        assert len({each.sender for each in packets}) > 1  # who has a turn is chance
        late = AnidbFiles(*told[2:5], ANIDB_CLIENT_VERSION, "127.0.0.1", server.port, HttpOptions(cache=tmp_path))
        with pytest.raises(Banned):
            late.file(99_999, [OTHER])
        late.close()
        assert len(server.asked()) == len(packets)

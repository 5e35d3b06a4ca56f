"""Files are read again, and the first hop at which their bytes were others is named."""

from __future__ import annotations

import multiprocessing
import threading
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import attrs
import pytest

from medialib.catalogue.memory import MemoryCatalogue
from medialib.errors import Cancelled, ConnectionLost, OutOfReach, UsageError
from medialib.events import BytesMoved, Event, FileHashed, HashingStarted
from medialib.model import Holding, InventoryFile, Place
from medialib.ports import SupportsDigests
from medialib.testing.worlds import MemoryWorld
from medialib.transfer import LocalLocation
from medialib.workflows.apply import writing
from medialib.workflows.verify import FileState, Verified, verify

CONTENT = b"what was sent " * 1000
CRC = f"{zlib.crc32(CONTENT):08X}"
NAME = f"[Group] Show Name - S01E02 [{CRC}].mkv"
OTHER = "Other.Show.S01E01.1080p-GRP.mkv"


def synced(**files: bytes) -> MemoryWorld:
    world = MemoryWorld()
    for path, content in ({NAME: CONTENT, OTHER: b"other"} | files).items():
        world.remote.put(path, content, mtime_ns=world.clock.ago(hours=1))
    world.sync()
    return world


def found(world: MemoryWorld, *places: Place, remote: bool = False, **options: object) -> list[Verified]:
    locations = {"tv": world.tv, "incoming": world.incoming, "movies": world.movies}
    remotes = {"remote": world.remote} if remote else None
    return list(verify(places or None, locations, world.catalogue, remotes=remotes, **options))


def states(answers: list[Verified]) -> dict[str, FileState]:
    return {answer.place.path.rpartition("/")[2]: answer.state for answer in answers}


def placed(world: MemoryWorld, name: str) -> str:
    return next(path for path in world.tv.files if path.endswith(name))


def test_a_library_as_it_was_is_whole_and_its_chain_is_told() -> None:
    world = synced()
    answers = found(world, remote=True)
    assert set(states(answers).values()) == {"whole"}
    by_name = {answer.place.path.rpartition("/")[2]: answer for answer in answers}
    first = by_name[placed(world, "].mkv").rpartition("/")[2]]
    assert [facts.hop for facts in first.chain.hops] == ["named", "remote", "received", "library", "now"]
    assert {digest.algorithm for digest in first.chain.at("now")[0].digests} == {"crc32", "sha256"}


def test_bytes_that_rotted_are_corrupt_and_bytes_that_were_changed_are_changed() -> None:
    world = synced()
    rotten, edited = placed(world, "].mkv"), placed(world, OTHER)
    world.tv.files[rotten].content = CONTENT[:-1] + b"!"
    world.tv.files[edited].content = b"OTHER"
    world.tv.files[edited].mtime_ns += 60 * 10**9
    answers = {answer.place.path: answer for answer in found(world)}
    assert answers[rotten].state == "corrupt"
    broken = answers[rotten].broken
    assert broken is not None
    assert broken.hop == "now"
    assert "library has SHA-256" in broken.evidence
    assert (answers[edited].state, str(answers[edited]).startswith("changed tv:")) == ("changed", True)


def test_a_crc_in_the_name_that_the_content_never_had_is_corrupt_with_both_values() -> None:
    world = synced(**{"[Group] Bad Show - S01E03 [ABCD1234].mkv": CONTENT})
    answer = next(each for each in found(world) if "ABCD1234" in each.place.path)
    assert answer.state == "corrupt"
    assert answer.broken is not None
    assert answer.broken.hop == "received"
    assert f"CRC32 {CRC.lower()}" in answer.broken.evidence
    assert "CRC32 abcd1234" in answer.broken.evidence


def test_subtitles_repeat_the_crc_of_their_video_and_claim_nothing() -> None:
    world = synced(**{NAME.replace(".mkv", ".ass"): b"subtitles"})
    assert set(states(found(world)).values()) == {"whole"}


def test_files_that_nobody_recorded_are_unproven_unless_their_name_claims_a_crc() -> None:
    world = synced()
    world.tv.put("Stray/stray.mkv", b"stray")
    world.tv.put("Stray/later.mkv.part", b"on its way")
    world.tv.put("Stray/later.mkv.part.json", b"{}")
    world.tv.put(f"Stray/[G] Stray - 01 [{CRC}].mkv", CONTENT)
    world.tv.put("Stray/[G] Stray - 02 [00000001].mkv", CONTENT)
    assert states(found(world, Place("tv", "Stray"))) == {
        "stray.mkv": "unproven",
        f"[G] Stray - 01 [{CRC}].mkv": "whole",
        "[G] Stray - 02 [00000001].mkv": "corrupt",
    }


def test_what_is_gone_is_missing_and_what_cannot_be_read_is_unreadable() -> None:
    world = synced()
    gone, sick = placed(world, "].mkv"), placed(world, OTHER)
    del world.tv.files[gone]

    def fault(operation: str, path: str) -> None:
        if operation == "read" and path == sick:
            raise OSError(5, "Input/output error", path)

    world.tv.before = fault
    answers = {answer.place.path: answer for answer in found(world)}
    assert answers[gone].state == "missing"
    assert answers[sick].state == "unreadable"
    assert "Input/output error" in answers[sick].notes[0]
    assert answers[sick].broken is None


def test_a_disk_that_is_not_mounted_is_unreadable_as_a_whole_and_nothing_on_it_is_missing() -> None:
    world = synced()
    world.tv.reachable = False
    assert [(str(each.place), each.state) for each in found(world, Place("tv", ""))] == [("tv:", "unreadable")]
    world.tv.reachable = True
    world.tv.files.clear()
    (answer,) = found(world, Place("tv", ""))
    assert answer.state == "unreadable"
    assert "mounted" in answer.notes[0]


def test_one_file_one_folder_and_nothing() -> None:
    world = synced()
    path = placed(world, OTHER)
    assert [answer.place.path for answer in found(world, Place("tv", path))] == [path]
    folder = path.rpartition("/")[0]
    assert [each.place.path for each in found(world, Place("tv", folder), Place("tv", path))] == [path]
    with pytest.raises(UsageError, match="nothing stands there"):
        found(world, Place("tv", "No Such Show"))


def test_a_remote_that_has_other_bytes_than_came_is_named() -> None:
    world = synced()
    world.remote.files[OTHER].content = b"OTHER"
    (answer,) = found(world, Place("tv", placed(world, OTHER)), remote=True)
    assert answer.state == "corrupt"
    assert answer.broken is not None
    assert (answer.broken.before.hop, answer.broken.hop) == ("remote", "received")


def test_a_remote_that_has_other_bytes_than_it_told_of_then_is_noted_and_ours_are_whole() -> None:
    world = MemoryWorld()
    world.remote.put(OTHER, b"other", mtime_ns=world.clock.ago(hours=1))
    plan = world.plan_fetch()
    with writing(attrs.evolve(world.world, proof="remote"), "download") as session:
        assert session.apply(plan).whole
    world.apply(world.plan_route())
    world.remote.files[OTHER].content = b"OTHER"
    (answer,) = found(world, Place("tv", placed(world, OTHER)), remote=True)
    assert (answer.state, answer.broken) == ("whole", None)
    assert "the remote has other bytes by now" in str(answer)


def test_a_weaker_hash_of_the_remote_will_do_and_none_at_all_is_noted() -> None:
    world = synced()
    assert isinstance(world.remote, SupportsDigests)
    place = Place("tv", placed(world, OTHER))
    world.remote.told_digests = ("md5",)
    (answer,) = found(world, place, remote=True)
    assert (answer.state, answer.chain.hops[0].hop) == ("whole", "remote")
    world.remote.told_digests = ()
    (answer,) = found(world, place, remote=True)
    assert (answer.state, answer.notes) == ("whole", ("remote does not tell: it knows none of those",))


def test_what_changed_or_went_on_the_remote_says_nothing_of_what_was_fetched() -> None:
    world = synced()
    place = Place("tv", placed(world, OTHER))
    world.remote.put(OTHER, b"another release altogether")
    assert found(world, place, remote=True)[0].notes == (f"remote:{OTHER} is another file since",)
    del world.remote.files[OTHER]
    assert found(world, place, remote=True)[0].notes == (f"remote:{OTHER} is gone",)


def test_a_remote_that_is_lost_is_asked_once() -> None:
    world = synced()
    asked: list[str] = []

    def lost(operation: str, path: str) -> None:
        asked.append(operation)
        raise ConnectionLost("the line went dead")

    world.remote.before = lost
    answers = found(world, remote=True)
    assert {answer.state for answer in answers} == {"whole"}
    assert {answer.notes for answer in answers} == {("the line went dead",)}
    assert len(asked) == 1


def test_observers_are_told_of_every_byte_and_every_file() -> None:
    world = synced()
    told: list[Event] = []
    answers = found(world, observer=told.append)
    assert told[0] == HashingStarted(len(answers), sum(len(file.content) for file in world.tv.files.values()))
    assert sum(event.count for event in told if isinstance(event, BytesMoved)) == told[0].bytes
    assert [event.place for event in told if isinstance(event, FileHashed)] == [answer.place for answer in answers]


def test_it_stops_when_asked_to() -> None:
    world = synced()
    cancelled = threading.Event()
    answers = verify(None, {"tv": world.tv}, world.catalogue, cancelled=cancelled)
    cancelled.set()
    with pytest.raises(Cancelled):
        list(answers)


def test_other_processes_may_do_the_reading(tmp_path: Path) -> None:
    """Any executor does; what is handed to it is the location and a path."""
    catalogue = MemoryCatalogue()
    location = LocalLocation("tv", tmp_path)
    for number in range(3):
        (tmp_path / f"{number}.mkv").write_bytes(b"content")
        entry = location.entry(f"{number}.mkv")
        assert entry is not None
        sha256 = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
        row = InventoryFile(Place("tv", entry.path), 7, entry.mtime_ns, MemoryWorld().clock.now(), Holding(None))
        catalogue.inventory.put([attrs.evolve(row, holding=Holding(sha256=sha256 if number else "00" * 32))])
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        answers = list(verify(None, {"tv": location}, catalogue, executor=pool))
    assert [answer.state for answer in answers] == ["corrupt", "whole", "whole"]


def test_a_root_that_is_missing_does_not_hide_the_others(tmp_path: Path) -> None:
    world = synced()
    absent = LocalLocation("movies", tmp_path / "absent")
    answers = list(verify(None, {"movies": absent, "tv": world.tv}, world.catalogue))
    assert [answer.state for answer in answers] == ["unreadable", "whole", "whole"]
    with pytest.raises(OutOfReach):
        absent.has_folder("x")

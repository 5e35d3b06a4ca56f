"""What was received is proven before it has its name: by checksums, by the disk, by the remote's word."""

from __future__ import annotations

import hashlib
import zlib

import attrs
import pytest

from medialib.model import Digest, DigestAlgorithm
from medialib.planning import Fetch, Outcome, Plan
from medialib.ports import PartRecord
from medialib.testing.memory_location import MemoryFile
from medialib.testing.worlds import MemoryWorld
from medialib.transfer.local_part import part_address
from medialib.workflows.apply import World, writing
from medialib.workflows.apply.proving import ProofLevel

CONTENT = bytes(range(256)) * 5000
NAME = "Show.S01E01.mkv"


def digest(algorithm: DigestAlgorithm, content: bytes = CONTENT) -> Digest:
    if algorithm == "crc32":
        return Digest("crc32", f"{zlib.crc32(content):08x}")
    return Digest(algorithm, hashlib.new(algorithm, content).hexdigest())


def stocked() -> MemoryWorld:
    world = MemoryWorld()
    world.remote.put(NAME, CONTENT, mtime_ns=world.clock.ago(hours=1))
    return world


def fetched(world: MemoryWorld, *expected: Digest, level: ProofLevel = "received") -> Outcome:
    plan = world.plan_fetch()
    actions = tuple(
        attrs.evolve(action, expected=expected) if isinstance(action, Fetch) else action for action in plan.actions
    )
    through: World = attrs.evolve(world.world, proof=level)
    with writing(through, "download") as session:
        report = session.apply(Plan(plan.kind, plan.created, plan.catalogue, plan.configuration, actions))
    outcome = report.lines[-1].outcome
    assert outcome is not None
    return outcome


def reads(world: MemoryWorld) -> list[str]:
    """What is done to the remote and to the incoming folder from now on."""
    done: list[str] = []
    world.remote.before = lambda operation, path: done.append(f"remote {operation}")
    world.incoming.before = lambda operation, path: done.append(operation)
    return done


@pytest.mark.parametrize("algorithm", ["crc32", "md5", "sha1", "sha256"])
def test_what_is_expected_is_proven_in_the_same_pass(algorithm: DigestAlgorithm) -> None:
    world = stocked()
    done = reads(world)
    assert fetched(world, digest(algorithm)).result == "done"
    assert world.incoming.files[NAME].content == CONTENT
    assert "read_part" not in done


@pytest.mark.parametrize("algorithm", ["crc32", "md5", "sha1", "sha256"])
def test_what_is_not_what_was_expected_gets_no_name_and_is_kept_for_a_look(algorithm: DigestAlgorithm) -> None:
    world = stocked()
    wrong = digest(algorithm, b"something else")
    outcome = fetched(world, digest("sha1"), wrong)
    assert outcome.result == "failed"
    assert str(wrong) in outcome.detail
    assert str(digest(algorithm)) in outcome.detail
    assert NAME not in world.incoming.files
    assert world.incoming.files[part_address(NAME)].content == CONTENT
    assert list(world.catalogue.known_files.of_remote("remote")) == []


def test_the_next_run_judges_what_is_kept_without_sending_it_again() -> None:
    world = stocked()
    fetched(world, digest("crc32", b"something else"))
    done = reads(world)
    assert fetched(world, digest("crc32", b"something else")).result == "failed"
    # the one read finds that nothing is left
    assert done.count("remote read") <= 1
    assert fetched(world, digest("crc32")).result == "done"
    assert world.incoming.files[NAME].content == CONTENT


def test_a_resumed_file_is_proven_as_a_whole() -> None:
    world = stocked()
    entry = world.remote.entry(NAME)
    assert entry is not None
    half = CONTENT[: len(CONTENT) // 2]
    world.incoming.files[part_address(NAME)] = MemoryFile(half, 0)
    source = f"remote:{world.remote.address(NAME)}"
    record = PartRecord(source, entry.size, entry.mtime_ns, len(half), hashlib.sha256(half).hexdigest())
    world.incoming.files[f"{part_address(NAME)}.json"] = MemoryFile(b"", 0)
    world.incoming.part(NAME).note(record)
    done = reads(world)
    outcome = fetched(world, digest("md5"), digest("crc32"))
    assert (outcome.result, outcome.detail) == ("done", f"resumed at byte {len(half)}")
    assert done.count("read_part") == 1


def test_what_was_written_is_read_again_if_that_is_asked_and_told_in_the_journal() -> None:
    world = stocked()
    outcome = fetched(world, digest("md5"), level="written")
    assert (outcome.result, outcome.written_sha256) == ("done", digest("sha256").value)


def test_a_disk_that_gives_back_other_bytes_is_found_before_the_file_has_its_name() -> None:
    world = stocked()

    def rot(operation: str, path: str) -> None:
        part = world.incoming.files.get(part_address(NAME))
        if operation == "read_part" and part is not None and len(part.content) == len(CONTENT):
            part.content = CONTENT[:-1] + b"?"

    world.incoming.before = rot
    outcome = fetched(world, level="written")
    assert outcome.result == "failed"
    assert "the disk gives back other bytes" in outcome.detail
    assert world.incoming.files == {}


def test_the_remote_is_asked_and_its_word_is_kept() -> None:
    world = stocked()
    outcome = fetched(world, level="remote")
    assert (outcome.result, outcome.remote_digest) == ("done", digest("sha256"))
    assert outcome.written_sha256 == digest("sha256").value


def test_a_remote_that_does_not_tell_is_noted_and_no_failure() -> None:
    world = stocked()
    world.remote.told_digests = ("md5",)
    outcome = fetched(world, level="remote")
    assert (outcome.result, outcome.remote_digest) == ("done", None)
    assert "does not tell its hash: it knows none of those" in outcome.detail


def test_a_remote_that_says_otherwise_stops_the_file() -> None:
    world = stocked()

    def lie(operation: str, path: str) -> None:
        if operation == "digest":
            world.remote.files[NAME].content = CONTENT[::-1]

    world.remote.before = lie
    outcome = fetched(world, level="remote")
    assert outcome.result == "failed"
    assert "the remote says that its own copy has SHA-256" in outcome.detail
    assert NAME not in world.incoming.files

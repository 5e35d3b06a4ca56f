"""Folders on a remote are looked at as a whole, and as little as can be: on a location in memory."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from datetime import timedelta

import attrs
import pytest

from medialib.completeness import LARGEST_MANIFEST, StabilityRules
from medialib.errors import ConnectionLost, OutOfReach
from medialib.filters import PathRules
from medialib.model import Digest, FileEntry, RefusedEntry
from medialib.planning import Fetch, Plan
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.apply import apply
from medialib.workflows.arrival import by_folder
from medialib.workflows.fetch import FetchRules, Source, plan_fetch

WANTED = PathRules(("*.sfv", "*.md5", "Sample/"))


def crc32(content: bytes) -> str:
    return f"{zlib.crc32(content):08x}"


def planned(world: MemoryWorld, rules: StabilityRules | None = None) -> Plan:
    return plan_fetch(
        [Source(world.remote)],
        world.incoming,
        world.catalogue,
        FetchRules(WANTED, rules if rules is not None else world.stability),
        world.clock,
        configuration="configuration",
    )


def fetched(plan: Plan) -> dict[str, Fetch]:
    return {action.source.path: action for action in plan.actions if isinstance(action, Fetch)}


def waits(plan: Plan) -> dict[str, str]:
    return {remark.place.path: remark.reason for remark in plan.remarks if remark.kind == "still arriving"}


def put(world: MemoryWorld, *paths: str, age: float = 3600) -> None:
    for path in paths:
        world.remote.put(path, path.encode(), mtime_ns=world.clock.ago(seconds=age))


def listing(world: MemoryWorld, path: str, *names: str) -> None:
    """An .sfv file of files of the same folder, whether they are there or not."""
    folder = path.rpartition("/")[0]
    lines = [f"{name} {crc32((f'{folder}/{name}' if folder else name).encode())}\r\n" for name in names]
    world.remote.put(path, "".join(lines).encode(), mtime_ns=world.clock.ago(hours=1))


def test_a_release_waits_for_the_file_that_its_list_names_and_then_comes_with_its_checksums() -> None:
    world = MemoryWorld()
    put(world, "Rel/a.rar", "Rel/a.r00", "other.mkv")
    listing(world, "Rel/a.sfv", "a.rar", "a.r00", "a.r01")
    plan = planned(world)
    assert set(fetched(plan)) == {"other.mkv"}
    assert waits(plan) == dict.fromkeys(("Rel/a.rar", "Rel/a.r00"), "a.sfv names a.r01, which is not there yet")
    assert not plan.needs_attention
    put(world, "Rel/a.r01")
    plan = planned(world)
    assert set(fetched(plan)) == {"other.mkv", "Rel/a.rar", "Rel/a.r00", "Rel/a.r01"}
    action = fetched(plan)["Rel/a.r01"]
    assert action.expected == (Digest("crc32", crc32(b"Rel/a.r01")),)
    assert (
        action.reason
        == "new, unchanged for 60 min, and all 3 files of a.sfv are there, and there is no gap in its 3 parts"
    )
    assert fetched(plan)["other.mkv"].expected == ()


def test_several_lists_say_several_checksums_the_strongest_first() -> None:
    world = MemoryWorld()
    put(world, "a.mkv")
    listing(world, "a.sfv", "a.mkv")
    sha256 = hashlib.sha256(b"a.mkv").hexdigest()
    world.remote.put("SHA256SUMS", f"{sha256}  a.mkv\n".encode(), mtime_ns=world.clock.ago(hours=1))
    plan = planned(world, attrs.evolve(world.stability, two_looks=False))
    assert fetched(plan)["a.mkv"].expected == (Digest("sha256", sha256), Digest("crc32", crc32(b"a.mkv")))


def test_lists_are_read_only_where_something_is_new() -> None:
    world = MemoryWorld()
    for folder in ("one", "two"):
        put(world, f"{folder}/a.mkv")
        listing(world, f"{folder}/a.sfv", "a.mkv")
    read: list[str] = []
    world.remote.before = lambda operation, path: read.append(path) if operation == "open" else None
    assert len(fetched(planned(world))) == 2
    assert read == ["one/a.sfv", "two/a.sfv"]
    world.remote.before = lambda operation, path: None
    assert apply(planned(world), world.world).whole
    put(world, "two/b.mkv")
    read.clear()
    world.remote.before = lambda operation, path: read.append(path) if operation == "open" else None
    assert set(fetched(planned(world))) == {"two/b.mkv"}
    assert read == ["two/a.sfv"]


def test_what_was_fetched_and_then_taken_off_the_remote_is_not_waited_for() -> None:
    world = MemoryWorld()
    put(world, "a.rar", "a.r00", "a.r01")
    listing(world, "a.sfv", "a.rar", "a.r00", "a.r01", "a.r02")
    assert not planned(world)
    put(world, "a.r02")
    assert apply(planned(world), world.world).whole
    del world.remote.files["a.r00"]
    put(world, "a.r01", age=1800)
    assert set(fetched(planned(world))) == {"a.r01"}


def test_a_list_speaks_for_folders_below_it_in_any_letter_case() -> None:
    world = MemoryWorld()
    put(world, "Rel/a.mkv", "Rel/subs/a.srt", "Rel/Extra/b.srt")
    world.remote.put(
        "Rel/a.sfv",
        f"a.mkv 00000001\r\nSubs\\a.srt {crc32(b'Rel/subs/a.srt')}\r\nSample\\a.mkv 00000002\r\n".encode(),
        mtime_ns=world.clock.ago(hours=1),
    )
    plan = planned(world)
    assert set(fetched(plan)) == {"Rel/Extra/b.srt"}
    assert waits(plan)["Rel/subs/a.srt"] == "a.sfv names Sample/a.mkv, which is not there yet"
    # it need not be wanted to be there
    put(world, "Rel/Sample/a.mkv")
    plan = planned(world)
    assert set(fetched(plan)) == {"Rel/a.mkv", "Rel/Extra/b.srt", "Rel/subs/a.srt"}
    assert fetched(plan)["Rel/subs/a.srt"].expected == (Digest("crc32", crc32(b"Rel/subs/a.srt")),)


def test_a_list_of_a_thousand_folders_costs_one_walk() -> None:
    world = MemoryWorld()
    put(world, "a.mkv", *(f"d{number}/x.mkv" for number in range(20)))
    lines = "".join(f"D{number}/x.mkv 00000001\n" for number in range(1000))
    world.remote.put("a.sfv", f"a.mkv 00000001\n{lines}".encode(), mtime_ns=world.clock.ago(hours=1))
    asked: list[str] = []
    world.remote.before = lambda operation, path: asked.append(operation) if operation == "walk" else None
    assert waits(planned(world))["a.mkv"].endswith("a.sfv names D20/x.mkv and 979 more, which are not there yet")
    assert len(asked) == 2


def test_temporary_names_and_what_they_speak_for_wait() -> None:
    world = MemoryWorld()
    put(world, "a.mkv", "a.mkv.aria2", "b.mkv.!qB", "_UNPACK_Show/c.mkv", "Pack/d.mkv", "Pack.aria2", "e.mkv")
    plan = planned(world)
    assert set(fetched(plan)) == {"e.mkv"}
    assert set(waits(plan)) == {"a.mkv", "a.mkv.aria2", "b.mkv.!qB", "_UNPACK_Show/c.mkv", "Pack/d.mkv", "Pack.aria2"}
    del world.remote.files["a.mkv.aria2"], world.remote.files["Pack.aria2"]
    assert set(fetched(planned(world))) == {"a.mkv", "Pack/d.mkv", "e.mkv"}


def test_markers_that_say_finished_are_obeyed_and_not_fetched() -> None:
    world = MemoryWorld()
    rules = attrs.evolve(world.stability, finished_markers=("*.done", "READY"), wait_for_marker=True)
    put(world, "a.mkv", "b.mkv", "Pack/x/c.mkv", age=5)
    put(world, "a.mkv.done", "Pack/READY", age=1)
    plan = planned(world, rules)
    assert {path: action.reason for path, action in fetched(plan).items()} == {
        "a.mkv": "new, a.mkv.done stands beside it",
        "Pack/x/c.mkv": "new, READY stands in its folder",
    }
    assert waits(plan) == {"b.mkv": "no marker says that it is finished (*.done, READY)"}
    assert {remark.place.path for remark in plan.remarks if remark.kind == "excluded"} == {"a.mkv.done", "Pack/READY"}


@pytest.mark.parametrize("size", [LARGEST_MANIFEST, LARGEST_MANIFEST + 1])
def test_a_list_that_is_too_large_is_not_read(size: int) -> None:
    world = MemoryWorld()
    put(world, "a.mkv")
    world.remote.put("a.sfv", b"gone.mkv 00000001\n".ljust(size, b"\n"), mtime_ns=world.clock.ago(hours=1))
    plan = planned(world)
    if size > LARGEST_MANIFEST:
        assert "was not read" in fetched(plan)["a.mkv"].reason
    else:
        assert set(fetched(plan)) == {"a.mkv"}


def test_a_list_that_cannot_be_read_holds_nothing_up_but_a_lost_connection_does() -> None:
    world = MemoryWorld()
    put(world, "a.mkv")
    listing(world, "a.sfv", "a.mkv", "b.mkv")

    def refuse(operation: str, path: str) -> None:
        if operation == "open":
            raise OutOfReach("no permission")

    world.remote.before = refuse
    assert fetched(planned(world))["a.mkv"].reason.endswith("a.sfv cannot be read: no permission")

    def lose(operation: str, path: str) -> None:
        if operation == "read":
            raise ConnectionLost("gone")

    world.remote.before = lose
    with pytest.raises(ConnectionLost):
        planned(world)


def test_lists_and_sets_can_be_left_out_of_it() -> None:
    world = MemoryWorld()
    put(world, "a.mkv", "b.rar", "b.r01")
    listing(world, "a.sfv", "a.mkv", "gone.mkv")
    assert not planned(world)
    without = StabilityRules(timedelta(seconds=60), manifests=False)
    assert set(fetched(planned(world, without))) == {"a.mkv"}
    alone = StabilityRules(timedelta(seconds=60), wait_for_whole_sets=False)
    plan = planned(world, alone)
    assert set(fetched(plan)) == {"a.mkv", "b.rar", "b.r01"}
    assert fetched(plan)["a.mkv"].expected


def test_a_hostile_list_asks_for_nothing_outside() -> None:
    world = MemoryWorld()
    put(world, "x/a.mkv")
    content = b"..\\..\\etc\\passwd 00000001\n/etc/passwd 00000001\nb\\\x01c 00000001\na.mkv 00000002\n"
    world.remote.put("x/a.sfv", content, mtime_ns=world.clock.ago(hours=1))
    asked: list[str] = []
    world.remote.before = lambda operation, path: asked.append(path)
    plan = planned(world)
    assert not any("passwd" in path for path in asked)
    assert waits(plan) == {"x/a.mkv": "a.sfv names b/\x01c, which is not there yet"}


def walk(*entries: FileEntry | RefusedEntry, error: Exception | None = None) -> Iterator[FileEntry | RefusedEntry]:
    yield from entries
    if error is not None:
        raise error


def test_a_folder_is_given_whole_and_a_hostile_name_does_not_break_it_up() -> None:
    first, last = FileEntry("x/a", 1, 1), FileEntry("x/z", 1, 1)
    folders = list(by_folder(walk(first, RefusedEntry("x/q/../y", "no"), last, RefusedEntry("y/link", "a link"))))
    assert [(folder.path, len(folder.entries)) for folder in folders] == [("x", 3), ("y", 1)]
    assert folders[1].files == {"link": None}


def test_the_last_folder_before_an_error_is_given_unless_it_may_be_half_of_one() -> None:
    entry = FileEntry("x/a", 1, 1)
    for error, given in ((OutOfReach("no"), 1), (ConnectionLost("gone"), 0)):
        folders = by_folder(walk(entry, error=error))
        assert len([next(folders) for _ in range(given)]) == given
        with pytest.raises(type(error)):
            next(folders)

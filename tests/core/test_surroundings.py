"""What stands around a file speaks for it or against it: markers, lists, pieces of the same thing (acceptance 2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.completeness import (
    TEMPORARY_NAMES,
    UNFINISHED_MARKERS,
    Complete,
    Completeness,
    FolderView,
    StabilityRules,
    StillArriving,
    Unknown,
    judge_completeness,
    marker_fault,
    parse_manifest,
    temporary_fault,
    temporary_reason,
    view_folder,
)
from medialib.model import Digest, FileEntry, Sighting
from medialib.testing.strategies import paths

NOW = datetime(2024, 5, 17, 12, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9
RULES = StabilityRules(timedelta(seconds=60))


def files(*names: str, age: float = 300, size: int = 7) -> dict[str, FileEntry | None]:
    found: dict[str, FileEntry | None] = {name: FileEntry(name, size, NOW_NS - int(age * 1e9)) for name in names}
    return found


def aged(name: str, age: float, size: int = 7) -> dict[str, FileEntry | None]:
    return {name: FileEntry(name, size, NOW_NS - int(age * 1e9))}


def view(
    there: Mapping[str, FileEntry | None],
    rules: StabilityRules = RULES,
    lists: Mapping[str, str] = MappingProxyType({}),
) -> FolderView:
    manifests = [parse_manifest(name, text.encode("utf-8", "surrogatepass")) for name, text in lists.items()]
    return view_folder(there, manifests, NOW, rules)


def judged(
    there: Mapping[str, FileEntry | None],
    name: str,
    rules: StabilityRules = RULES,
    lists: Mapping[str, str] = MappingProxyType({}),
) -> Completeness:
    entry = there[name]
    assert entry is not None
    return judge_completeness(entry, None, NOW, rules, around=view(there, rules, lists).of(name))


@pytest.mark.parametrize(
    "name",
    [
        *("a.mkv.part", "a.mkv.!qB", "a.mkv.!QB", "a.mkv.!ut", "a.mkv.filepart", "a.mkv.crdownload", "a.mkv.partial"),
        *("a.mkv.aria2", "a.mkv.bts", "a.srt~", ".a.mkv.Xa81bQ", ".rsync-partial/a.mkv", "x/.~tmp~/a.mkv"),
        *("_UNPACK_Show/a.mkv", "_FAILED_Show/x/a.mkv", "incomplete/a.mkv", "a.mkv.1a2b3c4d.partial"),
    ],
)
def test_names_of_what_is_not_finished(name: str) -> None:
    entry = FileEntry(name, 7, 1)
    verdict = judge_completeness(entry, None, NOW, RULES)
    assert verdict == StillArriving(temporary_reason(name) or "")
    assert isinstance(judge_completeness(entry, None, NOW, attrs.evolve(RULES, temporary_names=())), Complete)


@pytest.mark.parametrize(
    "name",
    [
        "part.mkv",
        "a.part.mkv",
        "Incomplete.mkv",
        "The.Party.S01E01.mkv",
        "UNPACK/a.mkv",
        ".part",
        "a.tmp.mkv",
        "~a.mkv",
    ],
)
def test_names_that_only_look_so(name: str) -> None:
    assert temporary_reason(name) is None


def test_the_usual_patterns_have_no_fault_and_each_matches_something() -> None:
    assert [temporary_fault(pattern) for pattern in TEMPORARY_NAMES] == [None] * len(TEMPORARY_NAMES)
    assert [marker_fault(pattern) for pattern in UNFINISHED_MARKERS] == [None] * len(UNFINISHED_MARKERS)
    assert len(set(TEMPORARY_NAMES)) == len(TEMPORARY_NAMES)
    for pattern in TEMPORARY_NAMES:
        name = pattern.replace("*", "movie.mkv").replace("?", "x")
        assert temporary_reason(f"{name}inside.mkv" if name.endswith("/") else name, (pattern,))


@pytest.mark.parametrize(
    "marker", ["a.mkv.aria2", "A.MKV.ARIA2", "a.mkv.!qB", ".a.mkv.Xa81bQ", "a.mkv.lftp-pget-status"]
)
def test_a_marker_beside_a_file_says_that_it_is_not_finished(marker: str) -> None:
    there = files("a.mkv", "b.mkv", marker, age=9999)
    assert judged(there, "a.mkv") == StillArriving(f"{marker} stands beside it, so that is not finished")
    assert judged(there, "b.mkv") == Complete("unchanged for 2 h")


def test_a_marker_may_mean_a_folder_or_the_one_it_is_in() -> None:
    beside = view(files("Pack.aria2"))
    assert beside.of("Pack/x/a.mkv").held == "Pack.aria2 stands beside its folder 'Pack', so that is not finished"
    assert beside.of("Packer/a.mkv").held == ""
    inside = view(files(".incomplete"))
    assert "nothing there is finished" in inside.of("a.mkv").held
    assert "nothing there is finished" in inside.of("x/a.mkv").held


def test_a_marker_that_says_finished_outweighs_age_and_looks_unless_the_file_changed_after_it() -> None:
    rules = attrs.evolve(RULES, finished_markers=("*.done", ".complete"), two_looks=True)
    there = {**aged("a.mkv", 5), **aged("a.mkv.done", 4), **aged("b.mkv", 3), **aged("b.done", 4)}
    assert judged(there, "a.mkv", rules) == Complete("a.mkv.done stands beside it")
    assert judged(there, "b.mkv", rules) == Unknown("seen for the first time")
    assert judged({**there, **aged(".complete", 3)}, "b.mkv", rules) == Complete(".complete stands in its folder")
    grew = Sighting("box", "/a.mkv", 1, 0, NOW)
    entry = there["a.mkv"]
    assert entry is not None
    around = view(there, rules).of("a.mkv")
    assert isinstance(judge_completeness(entry, grew, NOW, rules, around=around), Complete)


def test_nothing_is_whole_without_its_marker_where_that_is_wanted() -> None:
    rules = attrs.evolve(RULES, finished_markers=("*.done",), wait_for_marker=True)
    there = {**aged("a.mkv", 9999), **aged("b.mkv", 9999), **aged("b.mkv.done", 99999)}
    assert judged(there, "a.mkv", rules) == Unknown("no marker says that it is finished (*.done)")
    assert judged(there, "b.mkv", rules) == Unknown(
        "no marker says that it is finished (*.done); b.mkv.done stands beside it, but it was changed after that"
    )


def test_a_set_waits_for_what_its_list_names() -> None:
    there = files("a.rar", "a.r00", "a.nfo", "a.sfv")
    lists = {"a.sfv": "a.rar 00000001\na.r00 00000002\nA.R01 00000003\n"}
    for name in ("a.rar", "a.r00"):
        assert judged(there, name, lists=lists) == StillArriving("a.sfv names A.R01, which is not there yet")
    assert judged(there, "a.nfo", lists=lists) == Complete("unchanged for 5 min")
    whole = {**there, **files("a.r01")}
    assert judged(whole, "a.r00", lists=lists) == Complete(
        "unchanged for 5 min, and all 3 files of a.sfv are there, and there is no gap in its 3 parts"
    )
    alone = attrs.evolve(RULES, wait_for_whole_sets=False)
    assert isinstance(judged(there, "a.rar", alone, lists=lists), Complete)


def test_a_set_waits_for_a_file_that_is_there_but_still_written() -> None:
    lists = {"a.sfv": "a.mkv 00000001\nb.mkv 00000002\n"}
    young = {**aged("a.mkv", 300), **aged("b.mkv", 10), **aged("a.sfv", 300)}
    assert judged(young, "a.mkv", lists=lists) == StillArriving("a.sfv names b.mkv, which changed 10 s ago")
    assert judged(young, "b.mkv", lists=lists) == StillArriving("changed 10 s ago, less than 60 s")
    listed = {**files("a.mkv", "b.mkv"), **aged("a.sfv", 10)}
    assert judged(listed, "a.mkv", lists=lists) == StillArriving("a.sfv itself changed 10 s ago")
    marked = {**files("a.mkv", "b.mkv", "a.sfv", "b.mkv.aria2")}
    assert judged(marked, "a.mkv", lists=lists) == StillArriving(
        "a.sfv names b.mkv, which is not finished, since b.mkv.aria2 stands beside it"
    )


def test_what_a_list_says_of_sizes_counts() -> None:
    lists = {"a.sfv": ";  9  12:30.00 2024-05-17 a.mkv\na.mkv 00000001\nb.mkv 00000002\nc.mkv 00000000"}
    there = {**aged("a.mkv", 300, 7), **aged("b.mkv", 300, 0), **aged("c.mkv", 300, 0)}
    alone = attrs.evolve(RULES, wait_for_whole_sets=False)
    assert judged(there, "a.mkv", alone, lists=lists) == StillArriving("it has 7 of the 9 bytes that a.sfv tells")
    assert judged(there, "b.mkv", alone, lists=lists) == StillArriving("it is empty, and by a.sfv it is not")
    assert isinstance(judged(there, "c.mkv", alone, lists=lists), Complete)
    assert judged(there, "c.mkv", lists=lists) == StillArriving(
        "a.sfv names a.mkv, which has 7 of the 9 bytes that a.sfv tells"
    )


def test_archives_in_pieces_wait_for_those_between() -> None:
    there = files("a.part1.rar", "a.part3.rar", "b.mkv")
    assert judged(there, "a.part3.rar") == StillArriving("a.part2.rar of the same set is not there yet")
    assert isinstance(judged(there, "b.mkv"), Complete)
    short = {**aged("a.part1.rar", 300, 5), **aged("a.part2.rar", 300, 50), **aged("a.part3.rar", 300, 9)}
    assert judged(short, "a.part1.rar") == StillArriving("it is smaller than the other parts, and not the last")
    assert judged(short, "a.part3.rar") == StillArriving(
        "a.part1.rar of the same set is smaller than the other parts, and not the last"
    )


def test_episodes_that_a_name_counts_are_evidence_and_never_waited_for() -> None:
    assert judged(files("Sea.2of6.mkv"), "Sea.2of6.mkv") == Complete(
        "unchanged for 5 min, and its name says that it is 2 of 6"
    )


def test_who_waits_for_long_is_told() -> None:
    there = files("a.r00", "a.r02", "a.rar", age=4 * 86400)
    assert judged(there, "a.rar") == StillArriving(
        "a.r01 of the same set is not there yet; nothing of it has changed for 4 d"
    )


def test_what_was_fetched_before_is_not_waited_for() -> None:
    there = files("a.r01", "a.rar")
    listed = [parse_manifest("a.sfv", b"a.r00 00000001\na.r01 00000002\na.rar 00000003")]
    gone = view_folder(there, listed, NOW, RULES, dealt_with={"a.r00"}.__contains__).of("a.rar")
    assert gone.held == ""
    assert gone.backed[0] == "all 2 files of a.sfv are there or were fetched before (1)"


def test_a_name_that_could_not_be_read_for_certain_is_not_waited_for() -> None:
    there = files("a.mkv")
    listed = [parse_manifest("a.sfv", b"Am\xe9lie.mkv 00000001\na.mkv 00000002")]
    assert view_folder(there, listed, NOW, RULES).of("a.mkv").held == ""


def test_files_in_folders_below_are_spoken_for_by_the_paths_that_a_list_names() -> None:
    listed = [parse_manifest("a.md5", f"{'0' * 32}  Subs/a.srt\n{'1' * 32}  a.mkv".encode())]
    absent = view_folder(files("a.mkv"), listed, NOW, RULES)
    assert absent.of("a.mkv").held == "a.md5 names Subs/a.srt, which is not there yet"
    subtitle = FileEntry("subs/a.srt", 7, NOW_NS - 10**12)
    there = view_folder(files("a.mkv"), listed, NOW, RULES, below={"subs/a.srt": subtitle})
    assert there.of("a.mkv").held == there.of("subs/a.srt").held == ""
    assert there.of("subs/a.srt").expected == (Digest("md5", "0" * 32),)


def test_a_list_that_cannot_be_used_is_told_of_and_holds_nothing_up() -> None:
    broken = [attrs.evolve(parse_manifest("a.sfv", b""), problem="cannot be read: no permission")]
    around = view_folder(files("a.mkv"), broken, NOW, RULES).of("a.mkv")
    assert (around.held, around.backed) == ("", ("a.sfv cannot be read: no permission",))


members = st.sets(st.integers(0, 12), min_size=1, max_size=13)


@given(members, members)
def test_a_listed_set_is_whole_exactly_when_all_of_it_is_there(named: set[int], there: set[int]) -> None:
    """A file it names that is absent makes the whole set still arriving, and nothing else does."""
    standing = files(*(f"file {number}.mkv" for number in there))
    text = "".join(f"file {number}.mkv {number:08x}\n" for number in sorted(named))
    for number in there:
        verdict = judged(standing, f"file {number}.mkv", lists={"set.sfv": text})
        waits = number in named and not named <= there
        assert isinstance(verdict, StillArriving if waits else Complete)
        assert verdict.evidence


@given(st.lists(paths(), max_size=6), st.lists(st.integers(-100, 10**6), max_size=6), paths())
def test_any_folder_can_be_looked_at(names: list[str], ages: list[int], path: str) -> None:
    there: dict[str, FileEntry | None] = {}
    for name, age in zip(names, ages, strict=False):
        there |= aged(name, age)
    seen = view(
        there,
        attrs.evolve(RULES, finished_markers=("*.done", "done")),
        {"x.sfv": "".join(f"{n} 00000001\n" for n in names)},
    )
    for name in (*there, path):
        around = seen.of(name)
        assert all(digest.value for digest in around.expected)
        if not around.held and name in there:
            entry = there[name]
            assert entry is not None
            assert judge_completeness(entry, None, NOW, RULES, around=around).evidence

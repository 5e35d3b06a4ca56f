"""The judgements of the doctor, from facts and through ports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from medialib.errors import AuthenticationFailed, OutOfReach, ServiceUnavailable
from medialib.metadata import TitleKind, TitleMetadata
from medialib.ports import Lease, ProviderTraits, Run
from medialib.testing.memory_location import MemoryLocation
from medialib.testing.metadata_world import MemoryProvider, invented_world
from medialib.testing.worlds import ManualClock
from medialib.workflows.doctor import (
    CatalogueFacts,
    Check,
    FolderFacts,
    failure,
    judge_catalogue,
    judge_disks,
    judge_folder,
    judge_mode,
    judge_python,
    judge_writing,
    worst,
)
from medialib.workflows.doctor_remotes import ask_provider, judge_clock, judge_listing, list_folder

NOW = datetime(2024, 5, 17, 12, tzinfo=UTC)
STATES = ["ok", "warning", "failed", "skipped"]
# rich itself drops control characters, and reads a backslash before a bracket as its own
texts = st.text(st.characters(exclude_categories=["Cc"], exclude_characters="\\"))
checks = st.builds(Check, texts, st.sampled_from(STATES), texts, st.none() | texts)


def states(found: tuple[Check, ...]) -> list[str]:
    return [check.state for check in found]


@given(st.lists(checks))
def test_one_failure_fails_the_whole_and_warnings_do_not(found: list[Check]) -> None:
    assert (worst(found) == "failed") == any(check.state == "failed" for check in found)
    assert worst(found) != "warning" or all(check.state != "failed" for check in found)


@given(checks)
def test_a_check_draws_itself_and_is_never_taken_for_markup(check: Check) -> None:
    remedy = f". {check.remedy}" if check.remedy else ""
    finding = check.finding.rstrip(".") if remedy else check.finding
    assert (
        Text.from_markup(check.__rich__(), emoji=False).plain == f"{check.state:<7} {check.subject}: {finding}{remedy}"
    )


@pytest.mark.parametrize(("version", "state"), [((3, 10, 9), "failed"), ((3, 11, 0), "ok"), ((4, 0, 0), "ok")])
def test_python(version: tuple[int, int, int], state: str) -> None:
    assert judge_python(version, "CPython").state == state


def test_errors_become_checks_with_their_remedy_and_never_with_an_unforeseen_text() -> None:
    assert failure("x", OutOfReach("gone", remedy="Mount it.")) == Check("x", "failed", "gone", "Mount it.")
    assert failure("x", OSError(13, "Permission denied")).finding == "Permission denied"
    assert failure("x", OSError()).finding == "OSError"
    assert "secret" not in failure("x", ValueError("secret")).__rich__()


def test_folders() -> None:
    good = FolderFacts("/srv/tv", "folder", writable=True, device=1, free=1 << 40)
    assert states(judge_folder("tv", good, known=3)) == ["ok", "ok", "ok"]
    for kind in ("missing", "other", "unreadable"):
        assert states(judge_folder("tv", FolderFacts("/srv/tv", kind, "broken"))) == ["failed"]
    assert states(judge_folder("tv", FolderFacts("/srv/tv", "folder", empty=True), known=0)) == ["ok"]
    assert states(judge_folder("tv", FolderFacts("/srv/tv", "folder", empty=True), known=1)) == ["failed"]
    closed = judge_folder("tv", FolderFacts("/srv/tv", "folder", writable=False))
    assert states(closed) == ["ok", "failed"]
    tried = judge_folder("tv", FolderFacts("/srv/tv", "folder", writable=True, tried=True))
    assert "a file was made" in tried[1].finding


@given(st.integers(0, 1 << 50), st.integers(0, 1 << 50))
def test_too_little_space_is_a_failure_whatever_the_sizes(free: int, needed: int) -> None:
    *_, space = judge_folder("incoming", FolderFacts("/in", "folder", free=free), needed=needed)
    assert (space.state == "failed") == (free < needed or free == 0)


def test_whether_a_move_is_a_rename_is_believed_only_when_tried() -> None:
    incoming = FolderFacts("/in", "folder", device=1)
    near, far = FolderFacts("/a", "folder", device=1), FolderFacts("/b", "folder", device=2)
    found = judge_disks(
        incoming,
        {"a": near, "b": far, "c": near, "d": near, "gone": FolderFacts("/x", "missing")},
        {"c": True, "d": False},
    )
    told = {check.subject: check.finding for check in found}
    assert list(told) == ["move to a", "move to b", "move to c", "move to d"]
    assert "by its number" in told["move to a"]
    assert "another disk" in told["move to b"]
    assert "was renamed" in told["move to c"]
    assert "no rename leads here" in told["move to d"]


@given(st.integers(0, 0o777))
def test_modes(mode: int) -> None:
    check = judge_mode("key", "/k", mode, forbidden=0o077, why="holds a key")
    assert (check.state == "ok") == (mode & 0o077 == 0)
    assert (check.remedy is None) == (check.state == "ok")


def test_catalogues() -> None:
    assert states(judge_catalogue(CatalogueFacts("/c", False))) == ["ok"]
    assert states(judge_catalogue(CatalogueFacts("/c", False, writable=False))) == ["failed"]
    assert states(judge_catalogue(CatalogueFacts("/c", True, revision="0001"))) == ["ok"]
    assert "2 behind" in judge_catalogue(CatalogueFacts("/c", True, revision="0001", pending=2))[0].finding
    assert states(judge_catalogue(CatalogueFacts("/c", True, "nfs4", faults=("a", "b")))) == ["failed", "failed"]
    broken = Check("catalogue", "failed", "from the future")
    assert judge_catalogue(CatalogueFacts("/c", True, problem=broken)) == (broken,)


def test_writers() -> None:
    later = NOW + timedelta(minutes=1)
    running = Run("r1", "sync", NOW)
    assert judge_writing(None, [], NOW, dead=False).state == "ok"
    assert judge_writing(Lease("writing", "a:1:x", later), [running], NOW, dead=False).state == "ok"
    assert judge_writing(Lease("writing", "a:1:x", later), [], NOW, dead=True).state == "warning"
    assert judge_writing(Lease("writing", "a:1:x", NOW), [running], NOW, dead=False).finding == "run r1 was broken off"


@given(
    st.none() | st.tuples(st.floats(-1e6, 1e6), st.floats(0, 10)),
    st.none() | st.integers(1, 4_000_000_000),
    st.booleans(),
)
def test_a_clock_is_never_blamed_without_evidence(
    measured: tuple[float, float] | None, newest: int | None, two_looks: bool
) -> None:
    offset = None if measured is None else (measured[0], measured[0] + measured[1])
    check = judge_clock("box", offset, None if newest is None else newest * 10**9, NOW, two_looks=two_looks)
    assert check.state != "failed"
    if check.state == "warning":
        assert not two_looks
        if offset is not None:
            assert not offset[0] <= 5 <= offset[1] or not offset[0] <= 0 <= offset[1]
            assert not offset[0] <= 0 <= offset[1]
        else:
            assert newest is not None
            assert newest > NOW.timestamp() + 100
    if offset is None and newest is None:
        assert "cannot be told" in check.finding


def test_the_skew_is_told_with_its_direction() -> None:
    assert "600 s ahead" in judge_clock("box", (600.0, 601.0), None, NOW, two_looks=False).finding
    assert "600 s behind" in judge_clock("box", (-601.0, -600.0), None, NOW, two_looks=False).finding
    assert judge_clock("box", (600.0, 601.0), None, NOW, two_looks=True).state == "ok"
    assert judge_clock("box", (-0.2, 1.1), None, NOW, two_looks=False).state == "ok"
    assert judge_clock("box", None, None, NOW, two_looks=True).state == "ok"


def test_a_remote_folder_is_listed_no_further_than_is_needed() -> None:
    clock, location = ManualClock(NOW), MemoryLocation("box")
    for number in range(1100):
        location.put(f"films/{number}.mkv", mtime_ns=clock.ago(hours=number + 1))
    listing = list_folder(location, "films", clock)
    assert (listing.files, listing.whole) == (1000, False)
    assert listing.newest_ns == clock.ago(hours=1)
    assert "more than 999 files" in judge_listing(listing, known=True).finding
    empty = list_folder(MemoryLocation("box"), "", clock)
    assert (empty.files, empty.newest_ns) == (0, None)
    assert judge_listing(empty, known=False).state == "ok"
    assert judge_listing(empty, known=True).state == "failed"


class Refusing(MemoryProvider):
    """A provider that answers nothing but an error, and has a credit."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__(invented_world())
        self.error = error

    @property
    def traits(self) -> ProviderTraits:
        return ProviderTraits(credit="Data by somebody.")

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        if self.error is not None:
            raise self.error
        return super().search(title, kind, year=year)


def test_providers() -> None:
    clock = ManualClock()
    assert ask_provider(MemoryProvider(invented_world()), clock).finding == "answers (3 titles for 'nosferatu')"
    assert ask_provider(Refusing(None), clock).finding.endswith("Data by somebody.")
    refused = ask_provider(Refusing(AuthenticationFailed("no", remedy="Check tmdb.api_key.")), clock)
    assert (refused.subject, refused.state, refused.remedy) == ("provider memory: key", "failed", "Check tmdb.api_key.")
    down = ask_provider(Refusing(ServiceUnavailable("503")), clock)
    assert (down.subject, down.state) == ("provider memory", "failed")

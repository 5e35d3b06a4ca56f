"""Work that several divide by leases is done once, by somebody, whoever dies."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.catalogue import open_catalogue
from medialib.catalogue.memory import MemoryCatalogue
from medialib.errors import Cancelled, OutOfReach, UsageError
from medialib.events import Event, Waiting
from medialib.http import SystemClock
from medialib.ports import Catalogue
from medialib.testing.postgresql import PostgresqlServer
from medialib.testing.worlds import ManualClock
from medialib.transfer import LocalLocation
from medialib.workflows.sharing import SharedRun, share_of
from medialib.workflows.verified import run_report
from medialib.workflows.verify import verify

NAMES = [f"tv:{number}.mkv" for number in range(100)]


def run_of(catalogue: Catalogue, name: str = "may", *scope: str, clock: ManualClock | None = None) -> SharedRun:
    return SharedRun(catalogue, SystemClock() if clock is None else clock, "verify", name, scope or ("tv:",))


def shouted(some: Iterable[str]) -> Iterator[str]:
    return (each.upper() for each in some)


def divided(run: SharedRun, names: Iterable[str] = NAMES, **options: object) -> Iterator[str]:
    return run.divide(names, str, shouted, lambda found: {"found": list(found)}, cancelled=threading.Event(), **options)


def entered(run: SharedRun) -> list[str]:
    return sorted(each for report in run.reports() for each in report["found"])


@given(st.text(), st.integers(1, 4096))
def test_a_name_has_one_part(name: str, shares: int) -> None:
    """The same for everybody, and there is such a share."""
    assert share_of(name, shares) == share_of(name, shares)
    assert 0 <= share_of(name, shares) < shares


def test_one_alone_does_it_all_and_once() -> None:
    catalogue = MemoryCatalogue()
    everything = sorted(name.upper() for name in NAMES)
    assert sorted(divided(run_of(catalogue))) == everything
    assert entered(run_of(catalogue)) == everything
    assert list(divided(run_of(catalogue))) == []
    assert sorted(divided(run_of(catalogue, "june"))) == everything
    assert list(divided(run_of(catalogue, "nothing"), [])) == []
    assert all(catalogue.leases.get(name) is None for name in catalogue.checkpoints.names())


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a catalogue can be opened by several at once."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/catalogue.db"
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return server.fresh_url()


def test_several_at_once_do_each_thing_once(address: str) -> None:
    done: list[list[str]] = []

    def take_part() -> None:
        catalogue = open_catalogue(address)
        done.append(list(divided(run_of(catalogue))))
        catalogue.close()

    threads = [threading.Thread(target=take_part) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each for some in done for each in some) == sorted(name.upper() for name in NAMES)
    assert len(done) == 3


def test_who_leaves_leaves_his_parts_to_others() -> None:
    catalogue = MemoryCatalogue()
    leaving = divided(run_of(catalogue))
    first = [next(leaving) for _ in range(30)]
    leaving.close()
    kept = entered(run_of(catalogue))
    assert set(kept) < set(first)
    rest = list(divided(run_of(catalogue)))
    assert sorted(kept + rest) == sorted(name.upper() for name in NAMES)


def test_what_one_that_is_silent_had_is_taken_over_once_its_lease_lapses() -> None:
    catalogue, clock = MemoryCatalogue(), ManualClock()
    silent = run_of(catalogue, clock=clock)
    dead = divided(silent)
    held = next(dead)
    share = share_of(held.lower().replace("TV", "tv"), 7)
    catalogue.leases.release(f"shared/verify/may/{share:06}", _holder(catalogue, share))
    catalogue.leases.acquire(f"shared/verify/may/{share:06}", "far:1:x", seconds=60, now=clock.now())
    told: list[Event] = []
    before = clock.now()
    assert held in list(divided(run_of(catalogue, clock=clock), observer=told.append))
    assert clock.now() - before >= timedelta(seconds=60)
    assert [event.holder for event in told if isinstance(event, Waiting)] == ["far:1:x"]
    # it wakes up: what it had is done, and nothing is entered twice
    everything = entered(silent)
    list(dead)
    assert entered(silent) == everything == sorted(name.upper() for name in NAMES)


def _holder(catalogue: Catalogue, share: int) -> str:
    lease = catalogue.leases.get(f"shared/verify/may/{share:06}")
    assert lease is not None
    return lease.holder


def test_waiting_for_others_ends_when_asked_to() -> None:
    catalogue, clock = MemoryCatalogue(), ManualClock()
    run = run_of(catalogue, clock=clock)
    begun = divided(run)
    next(begun)
    cancelled = threading.Event()

    def told(event: Event) -> None:
        cancelled.set()

    waiting = run.divide(NAMES, str, shouted, lambda found: {"found": list(found)}, observer=told, cancelled=cancelled)
    with pytest.raises(Cancelled, match="before all of it was done"):
        list(waiting)
    begun.close()


def test_what_cannot_be_divided() -> None:
    catalogue = MemoryCatalogue()
    list(divided(run_of(catalogue)))
    with pytest.raises(UsageError, match=r"the shared run may is about something else: tv:\."):
        list(divided(run_of(catalogue, "may", "movies:")))
    for name in ("", "a/b", "a b", "-x", "x" * 101):
        with pytest.raises(UsageError, match="no name for a shared run"):
            run_of(catalogue, name)
    catalogue.checkpoints.put("shared/verify/later", '{"format": "medialib.shared-run/9"}')
    with pytest.raises(UsageError, match="another version"):
        list(divided(run_of(catalogue, "later")))


def test_runs_of_long_ago_are_forgotten() -> None:
    catalogue, clock = MemoryCatalogue(), ManualClock()
    catalogue.checkpoints.put("other", "kept")
    list(divided(run_of(catalogue, "old", clock=clock)))
    clock.sleep(timedelta(days=89).total_seconds())
    list(divided(run_of(catalogue, "young", clock=clock)))
    clock.sleep(timedelta(days=2).total_seconds())
    list(divided(run_of(catalogue, "new", clock=clock)))
    names = catalogue.checkpoints.names()
    assert {name.split("/")[2] for name in names if "/" in name} == {"young", "new"}
    assert "other" in names


def test_who_does_not_see_the_disk_does_not_speak_for_the_others(tmp_path: Path) -> None:
    catalogue = MemoryCatalogue()
    (tmp_path / "tv").mkdir()
    (tmp_path / "tv/[Group] Show - 01 [00000000].mkv").write_bytes(b"rotten")
    run = run_of(catalogue)
    with pytest.raises(OutOfReach, match="Is the disk mounted"):
        list(verify(None, {"tv": LocalLocation("tv", tmp_path / "none")}, catalogue, shared=run))
    assert list(run.reports()) == []
    (found,) = verify(None, {"tv": LocalLocation("tv", tmp_path / "tv")}, catalogue, shared=run)
    report = run_report(run)
    assert report.counts == {"corrupt": 1}
    (broken,) = report.broken
    assert (broken.place, broken.state, broken.text) == (found.place, "corrupt", str(found))

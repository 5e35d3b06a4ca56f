"""A file whose episode or film is there already: left, kept for the better one, kept beside it, or as a person says."""

from __future__ import annotations

import attrs
import pytest

from medialib.planning import Discard, Move, Plan, check_plan
from medialib.routing import Answer, Conflict, ConflictPolicy
from medialib.testing.worlds import MemoryWorld

LOW = "Show.S01E01.720p.HDTV.x264-LOW.mkv"
HIGH = "Show.S01E01.1080p.WEB-DL.x264-HIGH.mkv"
FILM_LOW = "Film.Name.2001.720p.BluRay.x264-LOW.mkv"
FILM_HIGH = "Film.Name.2001.1080p.BluRay.x264-HIGH.mkv"


def holding(first: str, *others: str, conflicts: ConflictPolicy = "refuse") -> MemoryWorld:
    """A library that has one file, and an incoming folder with others."""
    world = MemoryWorld()
    for name in (first, *others):
        world.incoming.put(name, name.encode(), mtime_ns=5)
        if name == first:
            assert world.apply(world.plan_route()).whole
            world.clock.sleep(1)
    world.conflicts = conflicts
    return world


def told(plan: Plan) -> dict[str, str]:
    return {remark.place.path: f"{remark.kind}: {remark.reason}" for remark in plan.remarks}


def library(world: MemoryWorld) -> list[str]:
    return sorted(path for path in world.contents() if not path.startswith("incoming:"))


def test_by_default_nothing_is_replaced_and_another_name_has_room_beside_it() -> None:
    world = holding(FILM_LOW, FILM_HIGH)
    assert told(world.plan_route())[FILM_HIGH] == (
        "conflict: another file stands at movies:Film Name (2001)/Film Name (2001).mkv; neither is touched"
    )
    world = holding(LOW, HIGH)
    assert world.apply(world.plan_route()).whole
    assert library(world) == [f"tv:Show/Season 01/{HIGH}", f"tv:Show/Season 01/{LOW}"]


@pytest.mark.parametrize(("low", "high"), [(LOW, HIGH), (FILM_LOW, FILM_HIGH)])
def test_the_better_file_takes_the_place_of_the_lesser_which_is_recycled(low: str, high: str) -> None:
    world = holding(low, high, conflicts="better")
    (before,) = library(world)
    plan = world.plan_route()
    check_plan(plan)
    (move,) = [action for action in plan.actions if isinstance(action, Move)]
    (gone,) = [action for action in plan.actions if isinstance(action, Discard)]
    assert "1080p before 720p" in move.reason
    assert str(gone.source) == before
    assert world.apply(plan).whole
    assert world.contents() == {str(move.target): high.encode()}
    assert [str(row.place) for row in world.catalogue.inventory.all()] == [str(move.target)]
    assert world.plan_route().actions == ()
    assert world.undo().whole
    assert world.contents() == {before: low.encode(), f"incoming:{high}": high.encode()}
    assert [str(row.place) for row in world.catalogue.inventory.all()] == [before]


@pytest.mark.parametrize(("low", "high"), [(LOW, HIGH), (FILM_LOW, FILM_HIGH)])
def test_the_lesser_file_that_comes_is_recycled(low: str, high: str) -> None:
    world = holding(high, low, conflicts="better")
    (before,) = library(world)
    plan = world.plan_route()
    assert told(plan)[low] == f"duplicate: {before} is kept: 1080p before 720p"
    assert world.apply(plan).whole
    assert world.contents() == {before: high.encode()}
    assert world.undo().whole
    assert world.contents() == {before: high.encode(), f"incoming:{low}": low.encode()}


def test_what_cannot_be_told_apart_is_left() -> None:
    twin = FILM_LOW.replace("LOW", "OTHER")
    world = holding(FILM_LOW, twin, conflicts="better")
    plan = world.plan_route()
    assert plan.actions == ()
    assert told(plan)[twin].startswith(
        "conflict: movies:Film Name (2001)/Film Name (2001).mkv is of the same; both 720p"
    )


def test_two_that_come_together_are_settled_in_one_plan_whatever_their_order() -> None:
    for low, high in ((LOW, HIGH), (FILM_LOW, FILM_HIGH)):
        world = MemoryWorld(conflicts="better")
        for name in (low, high):
            world.incoming.put(name, name.encode(), mtime_ns=5)
        plan = world.plan_route()
        check_plan(plan)
        assert world.apply(plan).whole
        assert list(world.contents().values()) == [high.encode()]
        assert world.undo().whole
        assert sorted(world.contents()) == sorted([f"incoming:{low}", f"incoming:{high}"])


def test_companions_follow_the_file_that_is_kept() -> None:
    world = MemoryWorld(conflicts="better")
    stem_low, stem_high = LOW.removesuffix(".mkv"), HIGH.removesuffix(".mkv")
    for name in (LOW, f"{stem_low}.en.srt"):
        world.incoming.put(name, name.encode(), mtime_ns=5)
    world.apply(world.plan_route())
    for name in (HIGH, f"{stem_high}.en.srt"):
        world.incoming.put(name, name.encode(), mtime_ns=5)
    assert world.apply(world.plan_route()).whole
    assert library(world) == [f"tv:Show/Season 01/{stem_high}.en.srt", f"tv:Show/Season 01/{HIGH}"]
    film = MemoryWorld(conflicts="better")
    for name in (FILM_LOW, FILM_HIGH):
        subtitle = f"{name.removesuffix('.mkv')}.en.srt"
        for path in (name, subtitle):
            film.incoming.put(path, path.encode(), mtime_ns=5)
        assert film.apply(film.plan_route()).whole
    assert film.contents() == {
        "movies:Film Name (2001)/Film Name (2001).mkv": FILM_HIGH.encode(),
        "movies:Film Name (2001)/Film Name (2001).en.srt": f"{FILM_HIGH.removesuffix('.mkv')}.en.srt".encode(),
    }


def test_a_source_that_seeds_is_not_recycled_for_being_the_lesser_one() -> None:
    world = holding(HIGH, LOW, conflicts="better")
    world.ways = ("hardlink", "copy")
    plan = world.plan_route()
    assert plan.actions == ()
    assert told(plan)[LOW].startswith("duplicate: ")


def test_both_are_kept_under_names_that_tell_them_apart() -> None:
    world = holding(FILM_LOW, FILM_HIGH, "Film.Name.2001.avi", conflicts="both")
    world.incoming.put(FILM_HIGH.replace(".mkv", ".en.srt"), b"subtitle", mtime_ns=5)
    world.incoming.put("Film.Name.2001.mkv", b"nothing more to say", mtime_ns=5)
    assert world.apply(world.plan_route()).whole
    folder = "movies:Film Name (2001)/Film Name (2001)"
    assert library(world) == sorted(
        [
            f"{folder}.mkv",
            f"{folder} - 1080p BluRay HIGH.mkv",
            f"{folder} - 1080p BluRay HIGH.en.srt",
            f"{folder} (2).mkv",
            f"{folder}.avi",
        ]
    )
    assert world.undo().whole


def test_parts_and_cuts_of_a_film_are_no_conflict() -> None:
    world = MemoryWorld(conflicts="better")
    for name in (
        "Film.Name.2001.part1.720p.BluRay.x264-A.mkv",
        "Film.Name.2001.part2.1080p.BluRay.x264-A.mkv",
    ):
        world.incoming.put(name, name.encode(), mtime_ns=5)
        assert world.apply(world.plan_route()).whole
        world.clock.sleep(1)
    assert len(library(world)) == 2


@pytest.mark.parametrize(
    ("answer", "kept"),
    [("new", [HIGH]), ("old", [LOW]), ("both", [HIGH, LOW]), (None, [LOW])],
)
def test_a_person_is_asked_and_without_one_it_is_left(answer: Answer | None, kept: list[str]) -> None:
    world = holding(LOW, HIGH, conflicts="ask")
    asked: list[Conflict] = []

    def settle(conflict: Conflict) -> Answer | None:
        asked.append(conflict)
        return answer

    plan = world.plan_route(settle=settle)
    assert [str(rival.place) for conflict in asked for rival in conflict.old] == [f"tv:Show/Season 01/{LOW}"]
    world.apply(plan)
    assert library(world) == [f"tv:Show/Season 01/{name}" for name in kept]
    alone = holding(LOW, HIGH, conflicts="ask").plan_route()
    assert alone.actions == ()
    (remark,) = alone.needs_attention
    assert (remark.kind, remark.reason) == (
        "conflict",
        f"tv:Show/Season 01/{LOW} is of the same; this is the better one: 1080p before 720p; neither is touched",
    )


def test_a_file_of_the_library_that_nobody_recorded_is_judged_by_its_name() -> None:
    world = MemoryWorld(conflicts="better")
    name = HIGH.replace("1080p.WEB-DL.x264-HIGH", "720p.WEB-DL.x264-A")
    world.tv.put(f"Show/Season 01/{name}", b"by hand", mtime_ns=3)
    world.incoming.put(name, b"something else", mtime_ns=5)
    assert told(world.plan_route())[name].startswith(f"conflict: tv:Show/Season 01/{name} is of the same; both 720p")


def test_a_row_without_its_file_is_in_nobodys_way() -> None:
    world = holding(LOW, HIGH, conflicts="better")
    del world.tv.files[f"Show/Season 01/{LOW}"]
    world.tv.put("Other/x.mkv")  # the disk is there
    plan = world.plan_route()
    assert [type(action) for action in plan.actions] == [Move]
    assert attrs.evolve(plan, remarks=()).bytes == 0

"""What the library lacks, has twice, or has otherwise than the inventory says; and plans that mend it."""

from __future__ import annotations

from datetime import date

import attrs
import pytest

from medialib.errors import NotIdentified, OutOfReach, UsageError
from medialib.model import Episode, Holding, InventoryFile, Movie, Place, Show, Unit
from medialib.planning import Discard, Plan, RecordInventory, RemoveFolder
from medialib.ports import Location
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.duplicates import Duplicates, find_duplicates, plan_discard
from medialib.workflows.missing import Absences, collapsed, find_missing
from medialib.workflows.quick import QuickCheck, check_quickly
from medialib.workflows.stale import Stale, find_stale, plan_adopt, plan_forget

PACK = tuple(f"Show.Name.S01E0{number}.1080p.WEB-DL.H264-GRP.mkv" for number in (1, 2, 4))


def synced(*names: str, world: MemoryWorld | None = None) -> MemoryWorld:
    world = MemoryWorld() if world is None else world
    for name in names or PACK:
        world.remote.put(name, f"content of {name}".encode(), mtime_ns=world.clock.ago(hours=1))
    world.sync()
    world.clock.sleep(60)
    return world


def told(world: MemoryWorld, *episodes: tuple[int, int, date | None]) -> None:
    """Enter episodes of the show, as a provider would tell them."""
    world.catalogue.episodes.put(
        Episode("show-name", season, number, f"Title {number}", aired=aired) for season, number, aired in episodes
    )


def roots(world: MemoryWorld) -> dict[str, Location]:
    return {"tv": world.tv, "movies": world.movies}


def lacking(world: MemoryWorld, *shows: str, **options: bool) -> Absences:
    return find_missing(world.catalogue, roots(world), world.clock, shows=shows, **options)


def twice(world: MemoryWorld) -> Duplicates:
    return find_duplicates(world.catalogue, roots(world))


def stale(world: MemoryWorld) -> Stale:
    return find_stale(world.catalogue, {"tv": world.tv, "movies": world.movies}, world.rules)


def adopting(world: MemoryWorld) -> Plan:
    roots = {"tv": world.tv, "movies": world.movies}
    return plan_adopt(world.catalogue, roots, world.rules, world.clock, configuration="configuration")


def quick(world: MemoryWorld, *places: Place) -> QuickCheck:
    locations = {"tv": world.tv, "movies": world.movies, "incoming": world.incoming}
    return check_quickly(places or [Place(name, "") for name in locations], locations, world.catalogue)


def everything(world: MemoryWorld) -> tuple[object, ...]:
    rows = tuple((row.place, row.size, row.mtime_ns, row.holding) for row in world.catalogue.inventory.all())
    return rows, world.contents()


TODAY, BEFORE = date(2024, 5, 17), date(2024, 5, 16)


# ------------------------------------------------------------------------------------------------------------ missing


def test_what_was_broadcast_and_is_not_there_is_missing() -> None:
    world = synced()
    told(world, *((1, number, BEFORE) for number in range(1, 7)), (1, 7, TODAY), (1, 8, None), (0, 1, BEFORE))
    found = lacking(world)
    (season,) = found.seasons
    assert (season.show.key, season.season, season.held) == ("show-name", 1, 3)
    assert [episode.number for episode in season.missing] == [3, 5, 6]
    assert season.unaired == ()
    assert str(found) == "3 missing"
    assert found.as_data()["shows"][0]["missing"][0] == {
        "season": 1,
        "episode": 3,
        "title": "Title 3",
        "absolute": None,
        "aired": "2024-05-16",
    }


def test_what_is_to_come_and_the_specials_are_told_only_if_asked() -> None:
    world = synced()
    told(world, *((1, number, BEFORE) for number in range(1, 5)), (1, 5, TODAY), (1, 6, None), (0, 1, BEFORE))
    found = lacking(world, unaired=True, specials=True)
    assert [(each.season, len(each.missing), len(each.unaired)) for each in found.seasons] == [(0, 1, 0), (1, 1, 2)]
    drawn = str(found.__rich__())
    assert "E05-E06 from 2024-05-17" in drawn
    assert "specials" in drawn
    assert drawn.endswith("2 missing, 2 to come")


def test_of_several_ways_to_number_each_is_held() -> None:
    world = synced("Show.Name.S01E01E02.mkv")
    told(world, *((1, number, BEFORE) for number in (1, 2, 3)))
    world.catalogue.episodes.put([Episode("show-name", 1, 4, absolute=4, aired=date(2020, 1, 1))])
    daily = Holding(Unit("episode", "show-name", aired=BEFORE))
    absolute = Holding(Unit("episode", "show-name", episodes=(4,)))
    assert [episode.number for episode in lacking(world).seasons[0].missing] == [3, 4]
    rows = [InventoryFile(Place("tv", f"{number}.mkv"), 1, 1, world.clock.now(), absolute) for number in (1,)]
    world.catalogue.inventory.put(rows)
    assert [episode.number for episode in lacking(world).seasons[0].missing] == [3]
    world.catalogue.inventory.put([InventoryFile(Place("tv", "2.mkv"), 1, 1, world.clock.now(), daily)])
    assert lacking(world).seasons == ()


def test_shows_that_are_kept_or_named_or_all() -> None:
    world = synced()
    told(world, (1, 3, BEFORE))
    world.catalogue.shows.add(Show("other", "Other Show"))
    world.catalogue.episodes.put([Episode("other", 1, 1, aired=BEFORE)])
    assert [each.show.key for each in lacking(world).seasons] == ["show-name"]
    assert [each.show.key for each in lacking(world, everything=True).seasons] == ["other", "show-name"]
    assert [each.show.key for each in lacking(world, "Other Show").seasons] == ["other"]
    with pytest.raises(NotIdentified):
        lacking(world, "Nobody knows")


def test_a_show_without_episodes_is_said_to_be_unknown() -> None:
    found = lacking(synced())
    assert [show.key for show in found.untold] == ["show-name"]
    assert "no episodes are known" in str(found.__rich__())
    assert found.as_data()["untold"] == [{"show": "show-name", "title": "Show Name"}]


def test_ranges() -> None:
    assert collapsed([]) == ""
    assert collapsed([3, 1, 2, 9, 11, 10, 5]) == "E01-E03, E05, E09-E11"


# --------------------------------------------------------------------------------------------------------- duplicates


def doubled(better: str = "Show.Name.S01E01.2160p.WEB-DL.H265-OTHER.mkv") -> MemoryWorld:
    """An episode that came twice; the worse one has subtitles."""
    return synced(better, "Show.Name.S01E01.720p.HDTV.x264-GRP.mkv", "Show.Name.S01E01.720p.HDTV.x264-GRP.en.srt")


def test_the_same_episode_twice_is_told_with_what_differs_and_which_would_stay() -> None:
    found = twice(doubled())
    (each,) = found.found
    assert (each.same, each.title, each.clear) == ("episode", "Show Name S01E01", True)
    assert [copy.row.place.path.rpartition(".S01E01.")[2] for copy in each.copies] == [
        "2160p.WEB-DL.H265-OTHER.mkv",
        "720p.HDTV.x264-GRP.mkv",
    ]
    assert {text.partition(":")[0] for text in each.differs} == {
        "resolution",
        "source",
        "video codec",
        "group",
        "size",
    }
    drawn = str(found.__rich__())
    assert "stays" in drawn
    assert "2160p before 720p" in drawn
    (data,) = found.as_data()
    assert [(file["stays"], file["goes"]) for file in data["files"]] == [(True, False), (False, True)]


def test_what_would_not_stay_is_recycled_with_its_companion_and_undo_brings_it_back() -> None:
    world = doubled()
    before = everything(world)
    plan = plan_discard(twice(world), world.catalogue, roots(world), world.clock, configuration="configuration")
    assert [type(action) for action in plan.actions] == [Discard, Discard]
    assert world.apply(plan).whole
    assert [path.rpartition(".S01E01.")[2] for path in world.contents()] == ["2160p.WEB-DL.H265-OTHER.mkv"]
    assert not twice(world)
    assert len(list(world.catalogue.inventory.all())) == 1
    world.undo()
    assert everything(world) == before


@pytest.mark.parametrize(
    "name",
    [
        "Show.Name.S01E01.720p.HDTV.x264-OTHER.mkv",
        "Show.Name.S01E01.1080p.German.HDTV.x264-GRP.mkv",
        "Show.Name.S01E01.HDTV.x264-OTHER.mkv",
    ],
)
def test_where_it_is_not_clear_nothing_goes(name: str) -> None:
    world = doubled(name)
    plan = plan_discard(twice(world), world.catalogue, roots(world), world.clock)
    assert not plan.actions
    (remark,) = plan.remarks
    assert remark.kind == "duplicate"


def test_nothing_goes_if_the_better_one_is_not_there() -> None:
    world = doubled()
    gone = next(path for path in world.tv.files if "2160p" in path)
    del world.tv.files[gone]
    plan = plan_discard(twice(world), world.catalogue, roots(world), world.clock)
    assert not plan.actions
    assert [remark.kind for remark in plan.remarks] == ["conflict"]


def test_the_same_bytes_under_two_episodes_are_told_and_left() -> None:
    world = MemoryWorld()
    for name in ("Show.Name.S01E01.mkv", "Show.Name.S01E02.mkv"):
        world.remote.put(name, b"the very same", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    (each,) = twice(world).found
    assert (each.same, each.title, each.clear) == ("content", "Show Name S01E01 / Show Name S01E02", False)
    assert not plan_discard(twice(world), world.catalogue, roots(world), world.clock).actions


def test_the_same_bytes_of_one_episode_are_compared_again_before_one_goes() -> None:
    world = MemoryWorld()
    for name in ("Show.Name.S01E01-A.mkv", "Show.Name.S01E01-B.mkv"):
        world.remote.put(name, b"the very same", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    (each,) = twice(world).found
    assert (each.same, each.clear) == ("episode", True)
    plan = plan_discard(twice(world), world.catalogue, roots(world), world.clock, configuration="configuration")
    (action,) = plan.actions
    assert isinstance(action, Discard)
    assert action.duplicate_of == each.copies[0].row.place
    assert world.apply(plan).whole


def test_several_episodes_in_one_file_and_parts_are_no_duplicates() -> None:
    world = synced("Show.Name.S01E01E02.mkv", "Show.Name.S01E01.mkv", "Show.Name.S01E02.mkv")
    film = Unit("movie", "film")
    world.catalogue.movies.add(Movie("film", "Film", 1999))
    for number, name in enumerate(
        ("Film.1999.DVDRip.CD1-GRP.avi", "Film.1999.DVDRip.CD2-GRP.avi", "Film.1999.Extended.DVDRip.avi")
    ):
        row = InventoryFile(Place("movies", f"Film/{number}.avi"), 1, 1, world.clock.now(), Holding(film, release=name))
        world.movies.put(row.place.path, b"1", mtime_ns=1)
        world.catalogue.inventory.put([row])
    assert not twice(world)
    assert str(twice(world)) == "nothing is there twice"
    twin = Holding(film, release="Film.1999.Extended.720p.BluRay.mkv")
    world.catalogue.inventory.put([InventoryFile(Place("movies", "Film/3.mkv"), 1, 1, world.clock.now(), twin)])
    (each,) = twice(world).found
    assert (each.same, each.title) == ("film", "Film (1999)")


def test_a_folder_that_ends_up_empty_goes_as_well() -> None:
    world = doubled()
    (row,) = [
        row for row in world.catalogue.inventory.all() if "720p" in row.place.path and row.holding.role == "video"
    ]
    there = Place("tv", "Elsewhere/Show.Name.S01E01.720p.HDTV.x264-GRP.mkv")
    world.tv.files[there.path] = world.tv.files.pop(row.place.path)
    world.tv.folders.add("Elsewhere")
    world.catalogue.inventory.remove(row.place)
    world.catalogue.inventory.put([attrs.evolve(row, place=there)])
    plan = plan_discard(twice(world), world.catalogue, roots(world), world.clock, configuration="configuration")
    assert [type(action) for action in plan.actions] == [Discard, RemoveFolder]
    assert world.apply(plan).whole
    assert not world.tv.has_folder("Elsewhere")


# -------------------------------------------------------------------------------------------------------------- stale


def test_rows_without_files_are_forgotten_and_undo_brings_them_back() -> None:
    world = synced()
    gone = next(path for path in world.tv.files if "S01E02" in path)
    del world.tv.files[gone]
    found = stale(world)
    assert (found.gone, found.changed, found.strangers) == ((Place("tv", gone),), (), ())
    before = everything(world)
    plan = plan_forget(found, world.catalogue, world.clock, configuration="configuration")
    assert [type(action) for action in plan.actions] == [RecordInventory]
    assert world.apply(plan).whole
    assert not stale(world)
    world.undo()
    assert everything(world) == before


def test_files_without_rows_are_entered_as_what_their_names_say() -> None:
    world = synced()
    folder = "Show Name/Season 01"
    world.tv.put(f"{folder}/Show.Name.S01E03.720p.mkv", b"three", mtime_ns=world.clock.ago(hours=1))
    world.tv.put(f"{folder}/Show.Name.S01E03.720p.de.srt", b"drei", mtime_ns=world.clock.ago(hours=1))
    world.tv.put("Nobody.Knows.S01E01.mkv", b"?", mtime_ns=world.clock.ago(hours=1))
    world.tv.put("Nobody.Knows.S01E01.srt", b"?", mtime_ns=world.clock.ago(hours=1))
    world.tv.put(f"{folder}/cover.jpg", b"no matter")
    assert len(stale(world).strangers) == 4
    before = everything(world)
    plan = adopting(world)
    assert {remark.place.path for remark in plan.remarks} == {"Nobody.Knows.S01E01.mkv", "Nobody.Knows.S01E01.srt"}
    assert world.apply(plan).count("done") == 2
    row = world.catalogue.inventory.get(Place("tv", f"{folder}/Show.Name.S01E03.720p.mkv"))
    assert row is not None
    assert row.holding.unit == Unit("episode", "show-name", 1, (3,))
    assert row.holding.details["resolution"] == "720p"
    subtitle = world.catalogue.inventory.get(Place("tv", f"{folder}/Show.Name.S01E03.720p.de.srt"))
    assert subtitle is not None
    assert (subtitle.holding.role, subtitle.holding.unit) == ("companion", row.holding.unit)
    world.undo()
    assert everything(world) == before


def test_a_file_that_changed_is_noted_as_it_is_now() -> None:
    world = synced()
    path = next(iter(world.tv.files))
    world.tv.put(path, b"edited", mtime_ns=world.clock.ago(minutes=5))
    found = stale(world)
    assert [str(each) for each in found.changed] == [f"tv:{path}: recorded with 53 bytes, has 6"]
    before = everything(world)
    plan = adopting(world)
    assert world.apply(plan).whole
    row = world.catalogue.inventory.get(Place("tv", path))
    assert row is not None
    assert (row.size, row.holding.sha256) == (6, None)
    assert not stale(world)
    world.undo()
    assert everything(world) == before


def test_rows_of_a_folder_that_is_not_configured_are_told_apart() -> None:
    world = synced()
    world.catalogue.inventory.put([InventoryFile(Place("anime", "a.mkv"), 1, 1, world.clock.now())])
    found = stale(world)
    assert (found.gone, dict(found.elsewhere)) == ((), {"anime": 1})
    assert "anime:" in str(found.__rich__())


@pytest.mark.parametrize("ask", [lacking, twice, stale])
def test_a_root_that_is_suddenly_empty_or_gone_is_an_error(ask: object) -> None:
    world = synced()
    assert callable(ask)
    world.tv.files.clear()
    world.tv.folders = {""}
    with pytest.raises(OutOfReach, match="is empty, though the catalogue knows files in it"):
        ask(world)
    world.tv.reachable = False
    with pytest.raises(OutOfReach):
        ask(world)


# --------------------------------------------------------------------------------------------------------- quick look


def test_a_quick_look_reads_nothing() -> None:
    world = synced()
    reads: list[str] = []
    world.before_each(lambda operation, path: reads.append(path) if operation in ("open", "read") else None)
    assert quick(world).counts == {"unchanged": 3}
    assert str(quick(world)) == "3 files: 3 unchanged"
    first, second, _ = sorted(world.tv.files)
    del world.tv.files[first]
    world.tv.put(second, world.tv.files[second].content, mtime_ns=world.clock.ago(days=9))
    world.tv.put("Show Name/Season 01/other.txt", b"?")
    found = quick(world)
    assert found.counts == {"unchanged": 1, "unrecorded": 1, "missing": 1, "changed": 1}
    assert [file["state"] for file in found.as_data()["files"]] == ["missing", "changed"]
    assert "of the same size, and changed since" in str(found.__rich__())
    assert reads == []


def test_a_quick_look_at_some_places() -> None:
    world = synced("Show.Name.S01E01.mkv", "Show.Name.S02E01.mkv")
    one, two = (Place("tv", f"Show Name/Season 0{number}") for number in (1, 2))
    assert quick(world, one).counts == {"unchanged": 1}
    assert quick(world, one, two, Place("tv", f"{two.path}/Show.Name.S02E01.mkv")).counts == {"unchanged": 2}
    world.tv.files.pop(f"{one.path}/Show.Name.S01E01.mkv")
    assert quick(world, Place("tv", f"{one.path}/Show.Name.S01E01.mkv")).counts == {"missing": 1}
    world.tv.remove_folder(one.path)
    assert quick(world, one).counts == {"missing": 1}
    with pytest.raises(UsageError, match="nothing is known to have stood there"):
        quick(world, Place("tv", "Nothing"))
    world.tv.reachable = False
    assert quick(world).counts == {"unreadable": 1}

"""A show that was taken for the wrong one is made another: record, episodes and files, in one step or not at all."""

from __future__ import annotations

import attrs
import pytest

from medialib.errors import NotIdentified, UsageError
from medialib.matching import NotChosen, TitleRules, Wanted
from medialib.metadata import TitleMetadata
from medialib.model import ExternalIds, Show
from medialib.planning import ChangeShow, Move, RemoveFolder, RemoveShow, SetHolding
from medialib.testing.failing_disk import Killed, KillSwitch
from medialib.testing.metadata_world import MemoryProvider, invented_world
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.fix import plan_fix_show
from medialib.workflows.shows import plan_add_show


@pytest.fixture
def world() -> MemoryWorld:
    """Two episodes and a subtitle, routed to the Nosferatu of 1998."""
    world = MemoryWorld(provider=MemoryProvider(invented_world(), name="tmdb"))
    world.apply(world.plan_show(plan_add_show, "Nosferatu", ids=ExternalIds(tmdb=201)))
    for name in ("Nosferatu.S01E01.mkv", "Nosferatu.S01E01.en.srt", "Nosferatu.S01E02.mkv"):
        world.incoming.put(name, name.encode(), mtime_ns=world.clock.ago(hours=1))
    world.apply(world.plan_route())
    assert sorted(world.tv.files)[0] == "Nosferatu (1998)/Season 01/Nosferatu.S01E01.en.srt"
    world.clock.sleep(60)
    return world


def everything(world: MemoryWorld) -> tuple[object, ...]:
    catalogue = world.catalogue
    shows = tuple(catalogue.shows.all())
    rows = tuple((row.place, row.size, row.holding) for row in catalogue.inventory.all())
    return shows, tuple(tuple(catalogue.episodes.of_show(show.key)) for show in shows), rows, dict(world.tv.files)


def test_record_episodes_and_files_change_together(world: MemoryWorld) -> None:
    before = everything(world)
    plan = world.plan_show(plan_fix_show, "Nosferatu", ids=ExternalIds(tmdb=202))
    assert [type(action) for action in plan.actions] == [ChangeShow, Move, Move, Move, RemoveFolder, RemoveFolder]
    assert {action.after for action in plan.actions if isinstance(action, Move)} == {("a1",)}
    assert world.apply(plan).whole
    (show,) = world.catalogue.shows.all()
    assert (show.key, show.year, show.ids.tmdb) == ("nosferatu-1998", 2014, 202)
    assert sorted(world.tv.files) == [
        "Nosferatu (2014)/Season 01/Nosferatu.S01E01.en.srt",
        "Nosferatu (2014)/Season 01/Nosferatu.S01E01.mkv",
        "Nosferatu (2014)/Season 01/Nosferatu.S01E02.mkv",
    ]
    assert {row.place.path for row in world.catalogue.inventory.all()} == set(world.tv.files)
    assert not world.tv.has_folder("Nosferatu (1998)")
    (remark,) = world.plan_show(plan_fix_show, "Nosferatu", ids=ExternalIds(tmdb=202)).remarks
    assert remark.kind == "known"
    world.undo()
    assert everything(world) == before


@pytest.mark.parametrize("steps", range(40))
def test_a_crash_leaves_the_old_or_the_new_record_whole(world: MemoryWorld, steps: int) -> None:
    """`fix-show` killed half-way: the record is whole, and running it again ends it."""

    old = next(iter(world.catalogue.shows.all()))
    plan = world.plan_show(plan_fix_show, "Nosferatu", ids=ExternalIds(tmdb=202))
    world.before_each(KillSwitch(steps))
    try:
        world.apply(plan)
    except Killed:
        pass
    finally:
        world.before_each(lambda operation, path: None)
    (show,) = world.catalogue.shows.all()
    dates = {episode.aired.year for episode in world.catalogue.episodes.of_show(show.key) if episode.aired}
    assert (show == old and dates == {1998}) or (show.year == 2014 and dates == {2014})
    assert len(world.tv.files) == 3
    world.sync()
    again = world.plan_show(plan_fix_show, show.key, ids=ExternalIds(tmdb=202))
    world.apply(again)
    assert all(path.startswith("Nosferatu (2014)/") for path in world.tv.files)
    assert {row.place.path for row in world.catalogue.inventory.all()} == set(world.tv.files)


def test_one_is_chosen_from_what_is_offered(world: MemoryWorld) -> None:
    with pytest.raises(NotIdentified) as caught:
        world.plan_show(plan_fix_show, "Nosferatu")
    assert len(caught.value.problems) == 3
    assert "--tmdb-id" in str(caught.value)
    plan = world.plan_show(plan_fix_show, "nosferatu", ask=lambda wanted, choice: choice.offers[-1].title)
    (change, *_) = plan.actions
    assert isinstance(change, ChangeShow)
    assert change.show.year == 2024


def test_a_show_that_nobody_knows(world: MemoryWorld) -> None:
    with pytest.raises(NotIdentified, match=r"no show called 'Nosferato'(?s:.*)nosferatu-1998"):
        world.plan_show(plan_fix_show, "Nosferato")
    world.catalogue.shows.add(Show("other", "Nosferatu", 2024, ids=ExternalIds(tmdb=203)))
    with pytest.raises(NotIdentified, match=r"several shows(?s:.*)nosferatu-1998(?s:.*)other"):
        world.plan_show(plan_fix_show, "Nosferatu", ids=ExternalIds(tmdb=202))
    assert world.plan_show(plan_fix_show, "Nosferatu (1998)", ids=ExternalIds(tmdb=202)).actions


def test_what_it_was_called_by_stays_an_alias(world: MemoryWorld) -> None:
    plan = world.plan_show(plan_fix_show, "Nosferatu", ids=ExternalIds(tmdb=101))
    (change, *_) = plan.actions
    assert isinstance(change, ChangeShow)
    assert change.show.title == "The Long Voyage"
    assert "Nosferatu" in change.show.aliases
    world.apply(plan)
    world.incoming.put("Nosferatu.S02E01.mkv", b"later", mtime_ns=world.clock.ago(hours=1))
    world.apply(world.plan_route())
    assert "The Long Voyage (2011)/Season 02/Nosferatu.S02E01.mkv" in world.tv.files


def test_the_right_one_is_there_already(world: MemoryWorld) -> None:
    """Its files become that one's, and the wrong one goes; undo brings it back."""
    world.apply(world.plan_show(plan_add_show, "Nosferatu", ids=ExternalIds(tmdb=202)))
    world.clock.sleep(60)
    before = everything(world)
    plan = world.plan_show(plan_fix_show, "nosferatu-1998", ids=ExternalIds(tmdb=202))
    assert [type(action) for action in plan.actions] == [Move, Move, Move, RemoveFolder, RemoveFolder, RemoveShow]
    assert world.apply(plan).whole
    (show,) = world.catalogue.shows.all()
    assert show.key == "nosferatu-2014"
    assert {row.holding.unit.key for row in world.catalogue.inventory.all() if row.holding.unit} == {show.key}
    world.undo()
    assert everything(world) == before


def test_the_folder_may_be_named_and_must_be_free(world: MemoryWorld) -> None:
    plan = world.plan_show(plan_fix_show, "Nosferatu", ids=ExternalIds(tmdb=202), override_folder=True)
    (change, *_) = plan.actions
    assert isinstance(change, ChangeShow)
    assert change.show.folder == "Nosferatu"
    world.catalogue.shows.add(Show("other", "Other", folder="Nosferatu (2014)"))
    with pytest.raises(UsageError, match="is that of 'Other'"):
        world.plan_show(plan_fix_show, "Nosferatu", ids=ExternalIds(tmdb=202))


def test_a_file_that_stays_is_said_to_hold_something_else(world: MemoryWorld) -> None:
    """With the folder kept, nothing moves; only what the inventory says may change."""
    (show,) = world.catalogue.shows.all()
    world.catalogue.shows.put(attrs.evolve(show, folder="Vampires"))
    world.apply(world.plan_show(plan_fix_show, "Nosferatu", ids=ExternalIds(tmdb=201), override_folder=True))
    (row, *_) = [row for row in world.catalogue.inventory.all() if row.holding.role == "video"]
    assert row.holding.unit is not None
    wrong = attrs.evolve(row.holding, unit=attrs.evolve(row.holding.unit, episodes=(9,)))
    world.catalogue.inventory.put([attrs.evolve(row, holding=wrong)])
    plan = world.plan_show(plan_fix_show, "Nosferatu", ids=ExternalIds(tmdb=201), override_folder=True)
    (action,) = plan.actions
    assert isinstance(action, SetHolding)
    world.clock.sleep(60)
    world.apply(plan)
    assert world.catalogue.inventory.get(row.place) == row
    world.undo()
    found = world.catalogue.inventory.get(row.place)
    assert found is not None
    assert found.holding == wrong


def test_what_is_gone_changed_or_in_the_way_is_left_and_named(world: MemoryWorld) -> None:
    del world.tv.files["Nosferatu (1998)/Season 01/Nosferatu.S01E01.mkv"]
    world.tv.put("Nosferatu (2014)/Season 01/Nosferatu.S01E02.mkv", b"another")
    plan = world.plan_show(plan_fix_show, "Nosferatu", ids=ExternalIds(tmdb=202))
    kinds = {remark.place.path.rpartition("/")[2]: remark.kind for remark in plan.remarks}
    assert kinds["Nosferatu.S01E01.mkv"] == kinds["Nosferatu.S01E02.mkv"] == "conflict"
    world.apply(plan)
    assert world.tv.files["Nosferatu (2014)/Season 01/Nosferatu.S01E02.mkv"].content == b"another"
    assert "Nosferatu (1998)/Season 01/Nosferatu.S01E02.mkv" in world.tv.files


def test_filters_narrow_what_is_offered_or_name_the_wrong_one(world: MemoryWorld) -> None:
    offered: list[int | None] = []

    def ask(wanted: Wanted, choice: NotChosen) -> TitleMetadata:
        offered[:] = [offer.title.year for offer in choice.offers]
        return choice.offers[0].title

    plan = world.plan_show(plan_fix_show, "Nosferatu", ask=ask, rules=TitleRules(country=["US"], year=["2000-"]))
    assert offered == [2024]
    assert isinstance(plan.actions[0], ChangeShow)
    with pytest.raises(NotIdentified, match=r"offers nothing for 'Nosferatu' that passes the filters \(language ja\)"):
        world.plan_show(plan_fix_show, "Nosferatu", rules=TitleRules(language=["ja"]))
    world.plan_show(plan_fix_show, "", ask=ask, rules=TitleRules(year=["1998"]))
    assert sorted(year or 0 for year in offered) == [1998, 2014, 2024]
    world.catalogue.shows.add(Show("other", "Other", 1998))
    with pytest.raises(NotIdentified, match=r"2 shows pass the filters \(year 1998\)(?s:.*)nosferatu-1998(?s:.*)other"):
        world.plan_show(plan_fix_show, "", rules=TitleRules(year=["1998"]))
    with pytest.raises(NotIdentified, match="no show of the catalogue passes"):
        world.plan_show(plan_fix_show, "", rules=TitleRules(year=["1897"]))

"""What a provider says of a show later: what is new is taken over, what is pinned proposed, with its files."""

from __future__ import annotations

from datetime import date

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.errors import NotIdentified
from medialib.metadata import EpisodeMetadata
from medialib.model import ExternalIds, Place, Show
from medialib.naming import preset_from_templates
from medialib.planning import ChangeShow, Move, RemoveFolder, SetEpisodes, SetHolding, check_plan
from medialib.testing.metadata_world import MemoryProvider, invented_world
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.lookup import TitleLookup
from medialib.workflows.shows import plan_add_show
from medialib.workflows.update import Following, ShowUpdate, plan_update_show

VOYAGE = 101
NUMBERED = preset_from_templates(episode_file="{Series Title} - S{season:00}E{episode:00}")
"""Names that are nothing but numbers, so that episodes which change numbers take each other's names."""


@pytest.fixture
def world() -> MemoryWorld:
    """Three episodes and a subtitle of a voyage."""
    world = MemoryWorld(provider=MemoryProvider(invented_world(), name="tmdb"))
    world.apply(world.plan_show(plan_add_show, "The Long Voyage", ids=ExternalIds(tmdb=VOYAGE)))
    names = [f"The.Long.Voyage.S01E0{number}.mkv" for number in (1, 2, 3)]
    for name in (*names, "The.Long.Voyage.S01E02.en.srt"):
        world.incoming.put(name, name.encode(), mtime_ns=world.clock.ago(hours=1))
    world.apply(world.plan_route())
    world.clock.sleep(60)
    return world


def planned(world: MemoryWorld, *follow: Following, numbered: bool = False, **options: bool) -> ShowUpdate:
    (show,) = world.catalogue.shows.all()
    assert world.provider is not None
    policy = world.rules.policy
    return plan_update_show(
        show,
        TitleLookup(world.provider),
        world.catalogue,
        {"tv": world.tv},
        attrs.evolve(policy, preset=NUMBERED) if numbered else policy,
        world.clock,
        follow=follow,
        configuration="configuration",
        **options,
    )


def told(world: MemoryWorld) -> tuple[EpisodeMetadata, ...]:
    assert isinstance(world.provider, MemoryProvider)
    return world.provider.world.episodes[VOYAGE]


def tell(world: MemoryWorld, *episodes: EpisodeMetadata, **facts: object) -> None:
    """Let the provider say something else."""
    assert isinstance(world.provider, MemoryProvider)
    its = world.provider.world
    its.episodes[VOYAGE] = episodes or its.episodes[VOYAGE]
    its.titles["show", VOYAGE] = attrs.evolve(its.titles["show", VOYAGE], **facts)


def inserted(world: MemoryWorld) -> None:
    """A new second episode of season 1, which moves those behind it on."""
    new = EpisodeMetadata(1, 2, "The Stowaway", date(2012, 1, 20))
    shifted = [
        attrs.evolve(each, number=each.number + 1) if each.season == 1 and each.number >= 2 else each
        for each in told(world)
    ]
    tell(world, *shifted, new)


def holdings(world: MemoryWorld) -> dict[str, tuple[int | None, tuple[int, ...]]]:
    rows = world.catalogue.inventory.all()
    return {row.place.path: (row.holding.unit.season, row.holding.unit.episodes) for row in rows if row.holding.unit}


def everything(world: MemoryWorld) -> tuple[object, ...]:
    shows = tuple(world.catalogue.shows.all())
    rows = tuple((row.place, row.size, row.holding) for row in world.catalogue.inventory.all())
    return shows, tuple(tuple(world.catalogue.episodes.of_show(show.key)) for show in shows), rows, dict(world.tv.files)


def test_nothing_is_planned_where_nothing_is_new(world: MemoryWorld) -> None:
    update = planned(world)
    assert (update.plan.actions, update.plan.remarks, update.proposed.actions) == ((), (), ())


def test_new_episodes_and_facts_are_taken_over(world: MemoryWorld) -> None:
    new = EpisodeMetadata(2, 3, "Homeward", date(2013, 3, 3))
    tell(world, *told(world), new, status="Returning Series", genres=("Drama",), aliases=("Voyage",))
    update = planned(world)
    (change,) = update.plan.actions
    assert isinstance(change, ChangeShow)
    assert (change.show.status, change.show.genres) == ("Returning Series", ("Drama",))
    assert change.show.aliases == ("Long Voyage", "The Long Voyage, Part One", "Voyage")
    assert [(each.season, each.number) for each in change.episodes] == [(2, 3)]
    before = everything(world)
    assert world.apply(update.plan).whole
    assert not planned(world).plan
    world.undo()
    assert everything(world) == before
    (only,) = planned(world, episodes_only=True).plan.actions
    assert isinstance(only, SetEpisodes)


def test_a_renumbering_is_proposed_and_never_silent(world: MemoryWorld) -> None:
    inserted(world)
    before = everything(world)
    update = planned(world)
    assert update.plan.actions == ()
    (remark,) = update.plan.remarks
    assert remark.kind == "proposed"
    assert remark.needs_attention
    assert "S01E02 is S01E03 now: the same title 'Part 2 of season 1'" in remark.reason
    assert "--renumber" in remark.reason
    assert update.proposed.kind == "shows update, proposed"
    assert world.apply(update.plan).whole
    assert everything(world) == before


def test_a_renumbering_that_is_asked_for_takes_the_files_along(world: MemoryWorld) -> None:
    """What they hold changes before any is moved; under their own names they stay where they are."""
    inserted(world)
    before = everything(world)
    update = planned(world, "renumber")
    assert [type(action) for action in update.plan.actions] == [SetEpisodes, SetHolding, SetHolding, SetHolding]
    assert update.plan.actions == planned(world).whole.actions
    assert world.apply(update.plan).whole
    season = "The Long Voyage (2011)/Season 01/The.Long.Voyage.S01E0"
    assert holdings(world) == {
        f"{season}1.mkv": (1, (1,)),
        f"{season}2.mkv": (1, (3,)),
        f"{season}2.en.srt": (1, (3,)),
        f"{season}3.mkv": (1, (4,)),
    }
    titles = {
        each.number: each.title for each in world.catalogue.episodes.of_show("the-long-voyage-2011") if each.season == 1
    }
    assert titles == {1: "Part 1 of season 1", 2: "The Stowaway", 3: "Part 2 of season 1", 4: "Part 3 of season 1"}
    again = planned(world, "renumber")
    assert (again.plan.actions, again.plan.remarks) == ((), ())
    world.undo()
    assert everything(world) == before


def test_files_that_are_named_by_numbers_take_each_others_places(world: MemoryWorld) -> None:
    """The third leaves before the second comes; where two change places, one of them steps aside."""
    swapped = {1: 2, 2: 1}
    tell(
        world,
        *(
            attrs.evolve(each, number=swapped.get(each.number, each.number)) if each.season == 1 else each
            for each in told(world)
        ),
    )
    (show,) = world.catalogue.shows.all()
    world.catalogue.shows.put(attrs.evolve(show, folder="Voyage"))
    update = planned(world, "renumber", numbered=True)
    check_plan(update.plan)
    moves = [action for action in update.plan.actions if isinstance(action, Move)]
    assert moves
    before = everything(world)
    assert world.apply(update.plan).whole
    assert {path: numbers for path, (_, numbers) in holdings(world).items()} == {
        "The Long Voyage (2011)/Season 01/The.Long.Voyage.S01E03.mkv": (3,),
        "Voyage/Season 01/The Long Voyage - S01E01.en.srt": (1,),
        "Voyage/Season 01/The Long Voyage - S01E01.mkv": (1,),
        "Voyage/Season 01/The Long Voyage - S01E02.mkv": (2,),
    }
    world.undo()
    assert everything(world) == before


def test_a_file_whose_number_means_another_episode_stops_it(world: MemoryWorld) -> None:
    rest = [each for each in told(world) if (each.season, each.number) != (1, 3)]
    tell(world, *rest, EpisodeMetadata(1, 3, "Something Else", date(2019, 1, 1)))
    update = planned(world, "renumber")
    assert update.plan.actions == ()
    assert [(remark.kind, remark.place.path.rpartition("/")[2]) for remark in update.plan.remarks] == [
        ("conflict", "The.Long.Voyage.S01E03.mkv")
    ]


def test_another_title_is_proposed_and_followed_with_the_folder(world: MemoryWorld) -> None:
    tell(world, title="The Longer Voyage")
    before = everything(world)
    assert "--rename" in planned(world).plan.remarks[0].reason
    update = planned(world, "rename")
    assert [type(action) for action in update.plan.actions].count(Move) == 4
    assert isinstance(update.plan.actions[-1], RemoveFolder)
    assert world.apply(update.plan).whole
    (show,) = world.catalogue.shows.all()
    assert (show.key, show.title) == ("the-long-voyage-2011", "The Longer Voyage")
    assert "The Long Voyage" in show.aliases
    assert all(path.startswith("The Longer Voyage (2011)/") for path in world.tv.files)
    assert not planned(world, "rename").plan
    world.undo()
    assert everything(world) == before
    world.catalogue.shows.add(Show("other", "The Longer Voyage", 2011))
    shows = {show.key: show for show in world.catalogue.shows.all()}
    assert world.provider is not None
    conflict = plan_update_show(
        shows["the-long-voyage-2011"],
        TitleLookup(world.provider),
        world.catalogue,
        {"tv": world.tv},
        world.rules.policy,
        world.clock,
        follow=["rename"],
    )
    assert conflict.plan.actions == ()
    assert "is that of 'The Longer Voyage' (other)" in conflict.plan.remarks[0].reason


def test_a_year_that_is_learnt_moves_no_folder(world: MemoryWorld) -> None:
    (show,) = world.catalogue.shows.all()
    world.catalogue.shows.put(attrs.evolve(show, year=None, folder="The Long Voyage (2011)"))
    assert world.apply(planned(world).plan).whole
    (show,) = world.catalogue.shows.all()
    assert (show.year, show.folder) == (2011, "The Long Voyage (2011)")


def test_a_show_that_is_gone_is_said_so(world: MemoryWorld) -> None:
    assert isinstance(world.provider, MemoryProvider)
    del world.provider.world.titles["show", VOYAGE]
    with pytest.raises(NotIdentified, match="any more"):
        planned(world)


@settings(max_examples=40)
@given(st.permutations(range(1, 4)), st.lists(st.integers(1, 2), min_size=3, max_size=3), st.booleans())
def test_any_renumbering_is_followed_whole_and_taken_back(order: list[int], seasons: list[int], numbered: bool) -> None:
    """No two files come to one place, each holds the episode it held, and undo restores all of it."""
    world = MemoryWorld(provider=MemoryProvider(invented_world(), name="tmdb"))
    assert isinstance(world.provider, MemoryProvider)
    its = world.provider.world
    first = [attrs.evolve(each) for each in told(world) if each.season == 1]
    its.episodes[VOYAGE] = tuple(first)
    world.apply(world.plan_show(plan_add_show, "The Long Voyage", ids=ExternalIds(tmdb=VOYAGE)))
    for number in (1, 2, 3):
        name = f"The.Long.Voyage.S01E0{number}.mkv"
        world.incoming.put(name, name.encode(), mtime_ns=world.clock.ago(hours=1))
    rules = world.rules
    policy = attrs.evolve(rules.policy, preset=NUMBERED) if numbered else rules.policy
    world.apply(world.plan_route(attrs.evolve(rules, policy=policy)))
    world.clock.sleep(60)
    before = everything(world)

    def contents() -> set[tuple[bytes, str | None]]:
        titles = {
            (each.season, each.number): each.title for each in world.catalogue.episodes.of_show("the-long-voyage-2011")
        }
        found = set()
        for path, (season, numbers) in holdings(world).items():
            found.add((world.tv.files[path].content, titles[season or 0, numbers[0]]))
        return found

    held = contents()
    its.episodes[VOYAGE] = tuple(
        attrs.evolve(each, season=seasons[at], number=order[at]) for at, each in enumerate(first)
    )
    update = planned(world, "renumber", numbered=numbered)
    check_plan(update.plan)
    assert not [remark for remark in update.plan.remarks if remark.kind != "unrouted"]
    assert world.apply(update.plan).whole
    assert contents() == held
    assert {row.place for row in world.catalogue.inventory.all()} == {
        Place("tv", path) for path in world.tv.files if not path.startswith(".medialib/")
    }
    if update.plan:
        world.undo()
    assert everything(world) == before

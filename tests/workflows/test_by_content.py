"""Files are known by their content where a provider knows it: which show, which episode, and against which names."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import Banned, MedialibError, ServiceUnavailable
from medialib.events import Event, Noted
from medialib.metadata import EpisodePlace, FileMetadata
from medialib.model import Episode, ExternalIds, Place, Show, Unit
from medialib.naming import parse_name
from medialib.planning import AddShow, Move, Plan
from medialib.routing.by_content import contradiction, doubt, place_in, renamed
from medialib.testing.strategies import shows
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.by_content import ContentLookup
from medialib.workflows.ed2k import Ed2k
from medialib.workflows.route import plan_route
from medialib.workflows.route_rules import RouteRules
from medialib.workflows.verify import Verified, verify

CONTENT = b"the very bytes of it " * 99
FUMOFFU = FileMetadata(
    "anidb",
    312498,
    959,
    ("Fullmetal Panic? Fumoffu", "Full Metal Panic? Fumoffu"),
    "5",
    EpisodePlace(1, (5,)),
    episode_title="The Hostage",
    group="AG",
    size=len(CONTENT),
    crc32=f"{zlib.crc32(CONTENT):08x}",
)


def ed2k(content: bytes = CONTENT) -> str:
    hashing = Ed2k()
    hashing.update(content)
    return hashing.values()[0]


class Files:
    """A provider that knows files by their content, and may fail."""

    name = "anidb"

    def __init__(self, *files: FileMetadata, failure: MedialibError | None = None) -> None:
        self.known = {(len(CONTENT), ed2k()): file for file in files}
        self.places: dict[int, tuple[int, EpisodePlace]] = {}
        self.failure = failure
        self.asked = 0

    def file(self, size: int, hashes: Sequence[str]) -> FileMetadata | None:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return next((self.known[size, value] for value in hashes if (size, value) in self.known), None)

    def tvdb_place(self, file: FileMetadata) -> tuple[int, EpisodePlace] | None:
        return self.places.get(file.title)

    def close(self) -> None:
        """Nothing is held."""


def routed(world: MemoryWorld, files: Files, heard: list[Event] | None = None, **rules: str) -> Plan:
    observer = (lambda event: None) if heard is None else heard.append
    return plan_route(
        world.incoming,
        {"tv": world.tv, "movies": world.movies},
        world.catalogue,
        attrs.evolve(world.rules, **rules) if rules else world.rules,
        world.clock,
        contents=ContentLookup(files, observer=observer),
        configuration="configuration",
    )


def moves(plan: Plan) -> dict[str, str]:
    return {each.source.path: str(each.target) for each in plan.actions if isinstance(each, Move)}


def enter(world: MemoryWorld, show: Show, *episodes: Episode) -> None:
    with world.catalogue.transaction():
        world.catalogue.shows.add(show)
        world.catalogue.episodes.put(episodes)


def counted(show: str, *, seasons: int = 2, length: int = 6) -> tuple[Episode, ...]:
    return tuple(
        Episode(show, season, number, absolute=(season - 1) * length + number)
        for season in range(1, seasons + 1)
        for number in range(1, length + 1)
    )


def test_a_file_whose_name_says_nothing_is_known_by_its_content() -> None:
    world = MemoryWorld()
    world.incoming.put("ag-fm05.mkv", CONTENT)
    plan = routed(world, Files(FUMOFFU))
    assert moves(plan) == {"ag-fm05.mkv": "tv:Fullmetal Panic Fumoffu/Season 01/ag-fm05.mkv"}
    (show,) = [each.show for each in plan.actions if isinstance(each, AddShow)]
    assert (show.title, show.type) == ("Fullmetal Panic? Fumoffu", "anime")
    (move,) = [each for each in plan.actions if isinstance(each, Move)]
    assert move.reason.startswith("anidb knows this file: Fullmetal Panic? Fumoffu episode 5 [anidb:959]")
    assert move.holding is not None
    assert move.holding.unit == Unit("episode", show.key, 1, (5,))
    assert move.holding.details["ed2k"] == ed2k()
    assert world.apply(plan).count("done") == 2


@pytest.mark.parametrize(
    ("ids", "source", "numbers"),
    [
        (ExternalIds(anidb=959), "anidb", (1, 5)),
        (ExternalIds(anidb=959), "name", (1, 5)),
        (ExternalIds(anidb=959), "tvmaze", (1, 5)),
        (ExternalIds(tvdb=78914), "tvdb", (2, 3)),
        (ExternalIds(tvdb=78914, anidb=17), "tvdb", (2, 3)),
    ],
)
def test_the_show_is_found_by_any_number_and_its_own_numbering_is_kept(
    ids: ExternalIds, source: str, numbers: tuple[int, int]
) -> None:
    world = MemoryWorld()
    enter(world, Show("fmp", "FMP", type="anime", ids=ids, source=source), *counted("fmp"))
    world.incoming.put("x/[AG] whatever.mkv", CONTENT)
    files = Files(FUMOFFU)
    files.places[959] = (78914, EpisodePlace(2, (3,)))
    (move,) = [each for each in routed(world, files).actions if isinstance(each, Move)]
    assert move.holding is not None
    assert move.holding.unit == Unit("episode", "fmp", numbers[0], (numbers[1],))


def test_what_the_content_says_outweighs_the_name_and_that_is_told() -> None:
    world = MemoryWorld()
    enter(world, Show("fmp", "FMP", type="anime", ids=ExternalIds(anidb=959), source="anidb"), *counted("fmp"))
    world.incoming.put("[AG] FMP - 04.mkv", CONTENT)
    plan = routed(world, Files(FUMOFFU))
    (move,) = [each for each in plan.actions if isinstance(each, Move)]
    assert move.holding is not None
    assert move.holding.unit == Unit("episode", "fmp", 1, (5,))
    (remark,) = plan.remarks
    assert remark.kind == "disputed"
    assert not remark.needs_attention
    assert "its name says tv:FMP" in remark.reason


@pytest.mark.parametrize("wrong", [{"crc32": "00000000"}, {"size": 1}])
def test_an_answer_of_other_bytes_is_not_believed(wrong: dict[str, object]) -> None:
    world = MemoryWorld()
    enter(world, Show("fmp", "FMP", type="anime", ids=ExternalIds(anidb=959), source="anidb"), *counted("fmp"))
    world.incoming.put("[AG] FMP - 04.mkv", CONTENT)
    (move,) = [each for each in routed(world, Files(attrs.evolve(FUMOFFU, **wrong))).actions if isinstance(each, Move)]
    assert move.holding is not None
    assert move.holding.unit == Unit("episode", "fmp", 1, (4,))
    assert "so it is not believed" in move.reason


def test_a_name_that_the_catalogue_knows_stays_where_it_has_no_such_show() -> None:
    world = MemoryWorld()
    enter(world, Show("attack", "Attack on Titan", type="anime", source="tvdb"), *counted("attack"))
    world.incoming.put("[AG] Attack on Titan - 07.mkv", CONTENT)
    (move,) = [each for each in routed(world, Files(FUMOFFU)).actions if isinstance(each, Move)]
    assert move.holding is not None
    assert move.holding.unit == Unit("episode", "attack", 2, (1,))
    assert "the catalogue has no such show, so the name is taken" in move.reason


def test_an_opening_is_an_extra_and_a_double_episode_goes_by_its_name() -> None:
    world = MemoryWorld()
    enter(world, Show("fmp", "FMP", type="anime", ids=ExternalIds(anidb=959), source="anidb"), *counted("fmp"))
    world.incoming.put("[AG] FMP - 04.mkv", CONTENT)
    opening = routed(world, Files(attrs.evolve(FUMOFFU, label="C1", episode=None)))
    assert [(each.kind, "it is an extra" in each.reason) for each in opening.remarks] == [("unrouted", True)]
    (move,) = [
        each for each in routed(world, Files(attrs.evolve(FUMOFFU, others=(8,)))).actions if isinstance(each, Move)
    ]
    assert move.holding is not None
    assert move.holding.unit == Unit("episode", "fmp", 1, (4,))


@pytest.mark.parametrize(
    ("failure", "asked"),
    [(ServiceUnavailable("AniDB did not answer"), 1), (Banned("AniDB has banned this address"), 2)],
)
def test_a_provider_out_of_reach_changes_nothing_and_is_told_of_once(failure: MedialibError, asked: int) -> None:
    world = MemoryWorld()
    enter(world, Show("fmp", "FMP", type="anime", ids=ExternalIds(anidb=959), source="anidb"), *counted("fmp"))
    for number in (3, 4):
        world.incoming.put(f"[AG] FMP - 0{number}.mkv", CONTENT + bytes(number))
    alone = world.plan_route()
    heard: list[Event] = []
    files = Files(FUMOFFU, failure=failure)
    plan = routed(world, files, heard)
    assert moves(plan) == moves(alone)
    assert files.asked == asked
    (note,) = [event for event in heard if isinstance(event, Noted)]
    assert failure.message in note.message
    assert all("could not be asked" in each.reason for each in plan.actions if isinstance(each, Move))


def test_only_what_looks_like_anime_or_is_not_known_is_read() -> None:
    world = MemoryWorld()
    enter(world, Show("dark", "Dark"))
    for name in ("Dark.S01E01.1080p.mkv", "Unknown.Thing.S01E01.mkv", "[G] Dark - 01 [ABCD1234].mkv"):
        world.incoming.put(name, name.encode())
    files = Files()
    routed(world, files)
    assert files.asked == 2


# ----------------------------------------------------------------------------------------------------------- verifying


def stocked(unit_show: Show, episode: tuple[int, int]) -> MemoryWorld:
    world = MemoryWorld()
    enter(world, unit_show, *counted(unit_show.key))
    name = f"{unit_show.title}.S{episode[0]:02}E{episode[1]:02}.mkv"
    world.incoming.put(name, CONTENT)
    world.apply(world.plan_route())
    return world


def verified(world: MemoryWorld, files: Files) -> Verified:
    (found,) = verify([Place("tv", "")], {"tv": world.tv}, world.catalogue, contents=ContentLookup(files))
    return found


FMP = Show("fmp", "FMP", type="anime", ids=ExternalIds(anidb=959), source="anidb")


def test_what_a_provider_knows_is_whole_and_has_to_be_the_episode_of_the_inventory() -> None:
    whole = verified(stocked(FMP, (1, 5)), Files(FUMOFFU))
    assert whole.state == "whole"
    assert "anidb, which knows it as Fullmetal Panic? Fumoffu episode 5" in str(whole.chain.hops[0])
    other = verified(stocked(FMP, (1, 4)), Files(FUMOFFU))
    assert other.state == "misidentified"
    assert "which is S01E05 here" in str(other)
    strange = verified(stocked(attrs.evolve(FMP, ids=ExternalIds(anidb=7)), (1, 5)), Files(FUMOFFU))
    assert strange.state == "misidentified"
    assert "not of 'FMP'" in str(strange)


def test_what_nobody_knows_or_can_be_asked_stays_as_it_was_found() -> None:
    unknown = verified(stocked(FMP, (1, 5)), Files())
    assert (unknown.state, unknown.notes) == ("unproven", ("nobody knows its content by its ed2k hash",))
    away = verified(stocked(FMP, (1, 5)), Files(FUMOFFU, failure=ServiceUnavailable("AniDB did not answer")))
    assert away.state == "unproven"
    assert "could not be asked" in away.notes[0]


# ---------------------------------------------------------------------------------------------------------- properties

PLACES = st.builds(EpisodePlace, st.none() | st.integers(0, 30), st.lists(st.integers(1, 99), min_size=1).map(tuple))
FILES = st.builds(
    FileMetadata,
    provider=st.just("anidb"),
    id=st.integers(1, 99),
    title=st.integers(1, 99),
    names=st.just(("A Title", "Another")),
    label=st.sampled_from(["1", "S1", "C1", "T1", "?"]),
    episode=st.none() | st.builds(EpisodePlace, st.integers(0, 1), st.tuples(st.integers(1, 99))),
    others=st.sampled_from([(), (5,)]),
    size=st.none() | st.just(7),
    crc32=st.none() | st.just("0a1b2c3d"),
)


@given(FILES, shows(), st.none() | st.tuples(st.integers(1, 99), PLACES))
def test_whatever_is_said_the_name_becomes_one_that_says_it_and_agrees_with_itself(
    file: FileMetadata, show: Show, tvdb: tuple[int, EpisodePlace] | None
) -> None:
    place = place_in(show, file, tvdb)
    name = renamed(parse_name("[G] Show - 04 [ABCD1234].mkv"), file, None, place)
    assert name.title == "A Title"
    if place is not None:
        assert (name.episodes or name.absolute_episodes) == place.numbers
        assert name.seasons == (() if place.season is None else (place.season,))
        if place.season is not None:
            unit = Unit("episode", show.key, place.season, place.numbers)
            said = contradiction(unit, show, file, tvdb, ())
            assert said is None or "not of" in said
    assert doubt(file, 7, "0a1b2c3d") is None
    assert (doubt(file, 8, None) is None) == (file.size is None)


def test_rules_that_refuse_unknown_shows_still_refuse_them() -> None:
    world = MemoryWorld()
    world.incoming.put("ag-fm05.mkv", CONTENT)
    plan = routed(world, Files(FUMOFFU), unknown_shows="refuse")
    assert [each.kind for each in plan.remarks] == ["unrouted"]
    assert "anidb knows this file" in plan.remarks[0].reason
    assert isinstance(world.rules, RouteRules)


def test_what_is_no_anime_is_not_asked_about() -> None:
    files = Files(FUMOFFU)
    assert verified(stocked(attrs.evolve(FMP, type="standard", ids=ExternalIds()), (1, 5)), files).state == "unproven"
    world = MemoryWorld()
    world.tv.put("Some.Talk.2024.1080p.mkv", b"talk")
    assert verified(world, files).state == "unproven"
    assert files.asked == 0

"""Everything is called as the configuration says, by a plan that can be taken back and leaves nothing to plan."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialib.errors import OutOfReach
from medialib.model import Episode, FileEntry, Holding, InventoryFile, Movie, Place, Show, Unit
from medialib.naming import JELLYFIN, KODI, ORIGINAL, PLEX, NamingPreset, collision_key, preset_from_templates
from medialib.planning import Move, Plan, RemoveFolder
from medialib.routing import RoutingPolicy
from medialib.testing.memory_location import MemoryLocation
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.rename import plan_rename

SHOW = Show("show-name", "Show Name", 2019)
DOTTED = preset_from_templates(PLEX, episode_file="{Series.Title}.S{season:00}E{episode:00}{-Release Group}")


def kept(world: MemoryWorld, path: str, season: int, *numbers: int, show: Show = SHOW, release: str = "") -> Place:
    """A video that stands in the library, and is recorded."""
    return recorded(world, path, Holding(Unit("episode", show.key, season, numbers), release=release or None))


def recorded(world: MemoryWorld, path: str, holding: Holding) -> Place:
    entry = world.tv.put(path, path.encode(), mtime_ns=world.clock.ago(hours=1))
    place = Place("tv", path)
    world.catalogue.inventory.put([InventoryFile(place, entry.size, entry.mtime_ns, world.clock.now(), holding)])
    if holding.unit is not None and holding.unit.kind == "episode" and world.catalogue.shows.get("show-name") is None:
        world.catalogue.shows.add(SHOW)
    return place


def planned(world: MemoryWorld, preset: NamingPreset = PLEX, *shows: str) -> Plan:
    world.clock.sleep(60)
    policy = RoutingPolicy(tv="tv", movies="movies", preset=preset)
    roots = {"tv": world.tv, "movies": world.movies}
    return plan_rename(world.catalogue, roots, policy, world.clock, shows=shows, configuration="configuration")


def moves(plan: Plan) -> dict[str, str]:
    return {action.source.path: action.target.path for action in plan.actions if isinstance(action, Move)}


def everything(world: MemoryWorld) -> tuple[object, ...]:
    rows = sorted(
        (row.place, row.size, row.mtime_ns, row.holding.role, row.holding.unit, row.holding.release)
        for row in world.catalogue.inventory.all()
    )
    return rows, world.contents(), {folder for folder in world.tv.folders if not folder.startswith(".medialib")}


def test_files_and_all_that_goes_with_them_are_named_as_configured() -> None:
    world = MemoryWorld()
    kept(world, "show/s1/Show.Name.S01E01.1080p-GRP.mkv", 1, 1)
    recorded(
        world, "show/s1/Show.Name.S01E01.1080p-GRP.en.srt", Holding(Unit("episode", "show-name", 1, (1,)), "companion")
    )
    world.tv.put("show/s1/Show.Name.S01E01.1080p-GRP-thumb.jpg", b"picture")
    world.tv.put("show/s1/notes.txt", b"of nobody")
    world.catalogue.episodes.put([Episode("show-name", 1, 1, "Pilot")])
    before = everything(world)
    plan = planned(world)
    folder = "Show Name (2019)/Season 01/Show Name - S01E01 - Pilot"
    assert moves(plan) == {
        "show/s1/Show.Name.S01E01.1080p-GRP.mkv": f"{folder}.mkv",
        "show/s1/Show.Name.S01E01.1080p-GRP.en.srt": f"{folder}.en.srt",
        "show/s1/Show.Name.S01E01.1080p-GRP-thumb.jpg": f"{folder}-thumb.jpg",
    }
    assert world.apply(plan).whole
    assert not planned(world).actions
    world.undo()
    before_rows, *before_files = before
    after_rows, *after_files = everything(world)
    assert (after_rows, after_files) == (before_rows, before_files)


def test_emptied_folders_go_and_others_stay() -> None:
    world = MemoryWorld()
    kept(world, "old/s1/Show.Name.S01E01.mkv", 1, 1)
    kept(world, "old/s2/Show.Name.S02E01.mkv", 2, 1)
    world.tv.put("old/s2/more.txt", b"")
    plan = planned(world)
    assert [action.place.path for action in plan.actions if isinstance(action, RemoveFolder)] == ["old/s1"]
    world.apply(plan)
    assert not world.tv.has_folder("old/s1")


def test_only_some_shows() -> None:
    world = MemoryWorld()
    other = Show("other", "Other")
    world.catalogue.shows.add(other)
    kept(world, "a/Show.Name.S01E01.mkv", 1, 1)
    kept(world, "b/Other.S01E01.mkv", 1, 1, show=other)
    assert list(moves(planned(world, PLEX, "Other"))) == ["b/Other.S01E01.mkv"]
    assert len(moves(planned(world))) == 2


def test_films() -> None:
    world = MemoryWorld()
    world.catalogue.movies.add(Movie("film", "Film", 1999))
    place = Place("movies", "Film.1999.1080p.BluRay.mkv")
    entry = world.movies.put(place.path, b"film", mtime_ns=world.clock.ago(hours=1))
    row = InventoryFile(place, entry.size, entry.mtime_ns, world.clock.now(), Holding(Unit("movie", "film")))
    world.catalogue.inventory.put([row])
    assert moves(planned(world)) == {place.path: "Film (1999)/Film (1999).mkv"}
    world.apply(planned(world))
    assert not planned(world)


def test_what_is_read_otherwise_than_recorded_is_left_with_a_remark() -> None:
    world = MemoryWorld()
    kept(world, "a/Show.Name.S01E01.mkv", 1, 2)
    recorded(world, "a/Show.Name.S01E01.srt", Holding(Unit("episode", "show-name", 1, (2,)), "companion"))
    recorded(world, "a/What.mkv", Holding())
    recorded(world, "a/Lost.S01E01.mkv", Holding(Unit("episode", "lost", 1, (1,))))
    plan = planned(world)
    assert not plan.actions
    reasons = {remark.place.path: remark.reason for remark in plan.remarks}
    assert reasons == {
        "a/Show.Name.S01E01.mkv": "its name is read as S01E01, and the catalogue has it as S01E02",
        "a/Show.Name.S01E01.srt": "the video that it travels with is not moved",
        "a/What.mkv": "it is not known what it holds",
        "a/Lost.S01E01.mkv": "the catalogue has no show 'lost'",
    }


def test_two_that_would_come_to_one_name_are_named() -> None:
    world = MemoryWorld()
    kept(world, "a/Show.Name.S01E01.720p.mkv", 1, 1)
    kept(world, "b/Show.Name.S01E01.1080p.mkv", 1, 1)
    plan = planned(world)
    assert list(moves(plan)) == ["a/Show.Name.S01E01.720p.mkv"]
    (remark,) = plan.remarks
    assert (remark.kind, remark.place.path) == ("conflict", "b/Show.Name.S01E01.1080p.mkv")
    assert "or is to stand there" in remark.reason
    world.apply(plan)
    assert not planned(world).actions


def test_files_that_have_each_others_names_change_places() -> None:
    world = MemoryWorld()
    folder = "Show Name (2019)/Season 01"
    for here, number in ((1, 2), (2, 3), (3, 1)):
        path = f"{folder}/Show Name - S01E0{here}.mkv"
        kept(world, path, 1, number, release=f"Show.Name.S01E0{number}.mkv")
    before = everything(world)
    plan = planned(world)
    assert len(moves(plan)) == 4
    assert world.apply(plan).whole
    assert {row.place.path[-10:]: row.holding.release for row in world.catalogue.inventory.all()} == {
        f"S01E0{number}.mkv": f"Show.Name.S01E0{number}.mkv" for number in (1, 2, 3)
    }
    assert not planned(world).actions
    world.undo()
    assert everything(world) == before


class FoldingLocation(MemoryLocation):
    """A disk that takes names which differ in letter case or form for one, as those of macOS do."""

    def entry(self, path: str) -> FileEntry | None:
        """See `Location.entry`."""
        here = {collision_key(known): known for known in self.files}.get(collision_key(path), path)
        found = super().entry(here)
        return None if found is None else attrs.evolve(found, path=path)


@pytest.mark.parametrize("location", [MemoryLocation, FoldingLocation])
def test_a_name_that_differs_in_letter_case_alone(location: type[MemoryLocation]) -> None:
    world = MemoryWorld(tv=location("tv", disks={"": "disk"}))
    kept(world, "show name (2019)/Season 01/show name - s01e01.mkv", 1, 1)
    before = everything(world)
    plan = planned(world)
    assert len([action for action in plan.actions if isinstance(action, Move)]) == (1 + (location is FoldingLocation))
    assert world.apply(plan).whole
    # the folder keeps its name: on such a disk it cannot be another one beside itself
    assert list(world.contents()) == ["tv:show name (2019)/Season 01/Show Name - S01E01.mkv"]
    assert not planned(world).actions
    world.undo()
    assert everything(world) == before


def test_a_name_in_another_form() -> None:
    world = MemoryWorld()
    show = Show("amelie", "Am\u00e9lie")
    world.catalogue.shows.add(show)
    decomposed = unicodedata.normalize("NFD", "Am\u00e9lie")
    kept(world, f"{decomposed}/Season 01/{decomposed} - S01E01.mkv", 1, 1, show=show, release="Am\u00e9lie.S01E01.mkv")
    plan = planned(world)
    assert list(moves(plan).values()) == [f"{decomposed}/Season 01/Am\u00e9lie - S01E01.mkv"]
    assert world.apply(plan).whole
    assert not planned(world).actions


def test_what_is_gone_or_in_the_way_is_left_and_named() -> None:
    world = MemoryWorld()
    kept(world, "a/Show.Name.S01E01.mkv", 1, 1)
    kept(world, "a/Show.Name.S01E02.mkv", 1, 2)
    kept(world, "a/Show.Name.S01E03.mkv", 1, 3)
    world.tv.put("a/Show.Name.S01E01.mkv", b"edited")
    world.tv.put("Show Name (2019)/Season 01/SHOW NAME - S01E02.mkv", b"of somebody")
    world.tv.put("Show Name (2019)/Season 01/Show Name - S01E03.mkv/x", b"in a folder")
    plan = planned(world)
    assert not plan.actions
    assert {remark.kind for remark in plan.remarks} == {"conflict"}
    assert len(plan.remarks) == 3


def test_an_empty_root_is_an_error() -> None:
    world = MemoryWorld()
    kept(world, "a/Show.Name.S01E01.mkv", 1, 1)
    world.tv.files.clear()
    with pytest.raises(OutOfReach, match="is empty"):
        planned(world)


# ------------------------------------------------------------------------------------------------------ for any library

TITLES = ("Show Name", "SHOW NAME", "Amélie", unicodedata.normalize("NFD", "AMÉLIE"), "Film: A/B?", "x" * 230, "1923")
FOLDERS = ("", "a", "A", "Show Name (2019)/Season 01", "show name (2019)/season 01", "Amélie", "Show Name/Season 01")
PRESETS: tuple[NamingPreset, ...] = (PLEX, JELLYFIN, KODI, ORIGINAL, DOTTED)
WORDS = ("", ".720p.HDTV", ".1080p.WEB-GRP", ".1080p.WEB-OTHER")
SUFFIXES = (".srt", ".en.srt", ".en.forced.srt", "-thumb.jpg", ".nfo", ".EN.SRT")


@attrs.frozen
class Kept:
    """A video that stands somewhere, under some name, as one episode."""

    title: int
    folder: str
    number: int
    words: str
    named: int
    keeps_release: bool
    extension: str
    companions: tuple[tuple[str, bool], ...]


def libraries() -> st.SearchStrategy[list[Kept]]:
    companions = st.lists(
        st.tuples(st.sampled_from(SUFFIXES), st.booleans()), max_size=2, unique_by=lambda each: collision_key(each[0])
    )
    return st.lists(
        st.builds(
            Kept,
            st.integers(0, len(TITLES) - 1),
            st.sampled_from(FOLDERS),
            st.integers(1, 3),
            st.sampled_from(WORDS),
            # named for another number, as after a renumbering, or by the template
            st.integers(0, 4),
            st.booleans(),
            st.sampled_from((".mkv", ".MKV", ".mp4")),
            companions.map(tuple),
        ),
        min_size=1,
        max_size=8,
    )


def stocked(library: Sequence[Kept], before: NamingPreset, others: Sequence[str]) -> MemoryWorld:
    world = MemoryWorld()
    for number, title in enumerate(TITLES):
        world.catalogue.shows.add(Show(f"show-{number}", title, 2019 if number < 2 else None))
        world.catalogue.episodes.put(
            Episode(f"show-{number}", 1, each, f"Title {each}" if each < 3 else None, aired=date(2020, 1, each))
            for each in range(1, 4)
        )
    for each in library:
        title = TITLES[each.title]
        release = f"{title.replace(' ', '.')[:200]}.S01E{each.number:02}{each.words}{each.extension}".replace("/", "-")
        name = release
        if each.named:
            name = before.episode_file(title, extension=each.extension[1:], season=1, episodes=(each.named,))
        folder = f"{each.folder}/" if each.folder else ""
        if any(collision_key(f"{folder}{name}") == collision_key(path) for path in world.tv.files):
            continue
        unit = Unit("episode", f"show-{each.title}", 1, (each.number,))
        kept_release = release if each.keeps_release or each.named else None
        recorded(world, f"{folder}{name}", Holding(unit, release=kept_release))
        stem = name.rpartition(".")[0]
        for suffix, has_row in each.companions:
            path = f"{folder}{stem}{suffix}"
            if any(collision_key(path) == collision_key(known) for known in world.tv.files):
                continue
            if has_row:
                recorded(world, path, Holding(unit, "companion", release=f"{release.rpartition('.')[0]}{suffix}"))
            else:
                world.tv.put(path, path.encode())
    for path in others:
        if all(collision_key(path) != collision_key(known) for known in (*world.tv.files, *world.tv.folders)):
            world.tv.put(path, b"of somebody")
    return world


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    library=libraries(),
    before=st.integers(0, len(PRESETS) - 1),
    after=st.integers(0, len(PRESETS) - 1),
    others=st.lists(
        st.sampled_from(
            (
                "Show Name (2019)/Season 01/Show Name - S01E01 - Title 1.mkv",
                "Show Name (2019)/Season 01/show name - s01e02 - title 2.MKV",
                "AMÉLIE/Season 01/Amélie - S01E03.mkv",
                "SHOW NAME (2019)",
                "a/readme.txt",
            )
        ),
        max_size=3,
        unique=True,
    ),
)
def test_for_any_library_and_template(library: list[Kept], before: int, after: int, others: list[str]) -> None:
    """What is planned is done; nothing is planned twice, nor onto one name; undo restores all."""
    world = stocked(library, PRESETS[before], others)
    stood = everything(world)
    plan = planned(world, PRESETS[after])
    standing = {collision_key(path) for path in world.tv.files}
    for action in plan.actions:
        if isinstance(action, Move):
            standing.remove(collision_key(action.source.path))
            assert collision_key(action.target.path) not in standing
            standing.add(collision_key(action.target.path))
    report = world.apply(plan)
    assert report.whole, [line.outcome for line in report.lines]
    assert {collision_key(path) for path in world.tv.files} == standing
    assert not planned(world, PRESETS[after]).actions
    if plan.actions:
        world.undo()
    assert everything(world) == stood

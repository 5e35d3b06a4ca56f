"""Where incoming files are planned to go, what is left, and what the library already knows."""

from __future__ import annotations

from threading import Event as Stop

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.errors import Cancelled, OutOfReach
from medialib.model import Episode, FileEntry, Movie, Place, Show
from medialib.naming import collision_key
from medialib.planning import AddMovie, AddShow, Discard, Move, Plan, RemoveFolder, check_plan
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.apply import apply
from medialib.workflows.explain import explain_name, explain_place, explain_title, place_of
from medialib.workflows.route import plan_route


def moved(plan: Plan) -> dict[str, str]:
    return {action.source.path: str(action.target) for action in plan.actions if isinstance(action, Move)}


def left(plan: Plan) -> dict[str, str]:
    return {remark.place.path: remark.kind for remark in plan.remarks}


def test_everything_has_its_place_or_its_reason() -> None:
    world = MemoryWorld()
    for path in (
        "Show.Name.S01E02.mkv",
        "Film.Name.2001.1080p.BluRay.mkv",
        "pack/Pack.S01E01.mkv",
        "pack/Pack.S01E01.en.srt",
        "half.mkv.part",
        "half.mkv.part.json",
        "Show.Name.S01E03.mkv.!qB",
        "_UNPACK_Show/Show.Name.S01E04.mkv",
        "sample.mkv",
        "readme.txt",
        "zzzz.mkv",
        "odd/Other.S01E01.srt",
    ):
        world.incoming.put(path, path.encode(), mtime_ns=5)
    world.incoming.links["away.mkv"] = "../../x"
    plan = world.plan_route()
    assert moved(plan) == {
        "Film.Name.2001.1080p.BluRay.mkv": "movies:Film Name (2001)/Film Name (2001).mkv",
        "Show.Name.S01E02.mkv": "tv:Show Name/Season 01/Show.Name.S01E02.mkv",
        "pack/Pack.S01E01.mkv": "tv:Pack/Season 01/Pack.S01E01.mkv",
        "pack/Pack.S01E01.en.srt": "tv:Pack/Season 01/Pack.S01E01.en.srt",
    }
    assert left(plan) == {
        "half.mkv.part": "partial",
        "half.mkv.part.json": "partial",
        "Show.Name.S01E03.mkv.!qB": "partial",
        "_UNPACK_Show/Show.Name.S01E04.mkv": "partial",
        "sample.mkv": "excluded",
        "readme.txt": "excluded",
        "zzzz.mkv": "unrouted",
        "odd/Other.S01E01.srt": "unrouted",
        "away.mkv": "refused",
    }
    assert [action.place.path for action in plan.actions if isinstance(action, RemoveFolder)] == ["pack"]
    assert apply(plan, world.world).whole


def test_a_known_show_is_found_by_title_alias_and_year() -> None:
    world = MemoryWorld()
    world.catalogue.shows.add(Show("dark", "Dark", 2017, aliases=("Dunkel, wirklich",), folder="Dark (2017)"))
    for name in ("Dark.S01E01.mkv", "Dunkel.wirklich.S01E02.mkv", "Dark.2017.S01E03.mkv", "Dunkel.S01E04.mkv"):
        world.incoming.put(name)
    plan = world.plan_route()
    assert [target.split("/")[0] for target in moved(plan).values()] == ["tv:Dark (2017)"] * 2 + [
        "tv:Dunkel",
        "tv:Dark (2017)",
    ] or sorted(moved(plan).values()) == [
        "tv:Dark (2017)/Season 01/Dark.2017.S01E03.mkv",
        "tv:Dark (2017)/Season 01/Dark.S01E01.mkv",
        "tv:Dark (2017)/Season 01/Dunkel.wirklich.S01E02.mkv",
        "tv:Dunkel/Season 01/Dunkel.S01E04.mkv",
    ]
    assert [action.show.title for action in plan.actions if isinstance(action, AddShow)] == ["Dunkel"]


def test_absolute_numbers_go_where_the_catalogue_says() -> None:
    world = MemoryWorld()
    world.catalogue.shows.add(Show("piece", "One Slice", type="anime"))
    world.catalogue.episodes.put(
        [
            Episode("piece", 21, 180, absolute=1071),
            Episode("piece", 20, 1, absolute=900),
            Episode("piece", 19, 50, absolute=900),
        ]
    )
    world.incoming.put("[G] One Slice - 1071 [ABCD1234].mkv")
    world.incoming.put("[G] One Slice - 900 [ABCD1234].mkv")
    world.incoming.put("[G] One Slice - 12 [ABCD1234].mkv")
    plan = world.plan_route()
    assert moved(plan) == {
        "[G] One Slice - 1071 [ABCD1234].mkv": "tv:One Slice/Season 21/[G] One Slice - 1071 [ABCD1234].mkv"
    }
    reasons = {remark.place.path: remark.reason for remark in plan.remarks}
    assert "may be any of S19E50, S20E01" in reasons["[G] One Slice - 900 [ABCD1234].mkv"]
    assert "does not know which season" in reasons["[G] One Slice - 12 [ABCD1234].mkv"]


@pytest.mark.parametrize("kind", ["shows", "movies"])
def test_unknown_titles_are_left_where_the_rules_say_so(kind: str) -> None:
    world = MemoryWorld()
    name = "Show.S01E01.mkv" if kind == "shows" else "Film.Name.2001.1080p.BluRay.mkv"
    world.incoming.put(name)
    rules = attrs.evolve(world.rules, unknown_shows="refuse", unknown_movies="refuse")
    plan = world.plan_route(rules)
    assert left(plan) == {name: "unrouted"}
    assert f"routing.unknown_{kind}" in plan.remarks[0].reason


def test_two_titles_that_fit_equally_well_are_a_question_not_a_guess() -> None:
    world = MemoryWorld()
    world.catalogue.shows.add(Show("ghosts-2019", "Ghosts", 2019))
    world.catalogue.shows.add(Show("ghosts-2021", "Ghosts", 2021))
    world.incoming.put("Ghosts.S01E01.mkv")
    world.incoming.put("Ghosts.2021.S01E02.mkv")
    plan = world.plan_route()
    assert left(plan) == {"Ghosts.S01E01.mkv": "unrouted"}
    assert "ghosts-2019" in plan.remarks[0].reason
    assert "ghosts-2021" in plan.remarks[0].reason
    assert moved(plan) == {"Ghosts.2021.S01E02.mkv": "tv:Ghosts (2021)/Season 01/Ghosts.2021.S01E02.mkv"}


def test_the_hash_of_the_fetch_goes_into_the_inventory() -> None:
    world = MemoryWorld()
    world.remote.put("Show.S01E01.mkv", b"content", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    (row,) = world.catalogue.inventory.all()
    (known,) = world.catalogue.known_files.of_remote("remote")
    assert row.holding.sha256 == known.sha256 is not None
    assert row.holding.release == "Show.S01E01.mkv"


def test_a_target_that_stands_makes_a_conflict_or_a_duplicate() -> None:
    world = MemoryWorld()
    world.tv.put("Show/Season 01/Show.S01E01.mkv", b"same")
    world.incoming.put("Show.S01E01.mkv", b"same")
    plan = world.plan_route()
    assert [type(action) for action in plan.actions] == [Discard]
    assert left(plan) == {"Show.S01E01.mkv": "duplicate"}
    world.incoming.put("Show.S01E01.mkv", b"else")
    assert left(world.plan_route()) == {"Show.S01E01.mkv": "conflict"}
    stop = Stop()
    stop.set()
    world.incoming.put("Show.S01E01.mkv", b"same")
    with pytest.raises(Cancelled):
        plan_route(world.incoming, {"tv": world.tv}, world.catalogue, world.rules, world.clock, cancelled=stop)


def test_an_empty_root_where_files_are_known_is_an_unmounted_disk() -> None:
    world = MemoryWorld()
    world.remote.put("Show.S01E01.mkv", b"content", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    world.tv.files.clear()
    world.incoming.put("Show.S01E02.mkv")
    with pytest.raises(OutOfReach, match="is empty, though the catalogue knows files in it"):
        world.plan_route()


def test_late_subtitles_find_the_video_in_the_library_or_are_left() -> None:
    world = MemoryWorld()
    for name in ("Show.S01E01.mkv", "Film.Name.2001.1080p.BluRay.mkv"):
        world.remote.put(name, name.encode(), mtime_ns=world.clock.ago(hours=1))
    world.sync()
    for name in (
        "Show.S01E01.en.srt",
        "Show.1x01.German.srt",
        "Film.Name.2001.fr.srt",
        "Show.S01E09.en.srt",
        "Else.S01E01.srt",
    ):
        world.incoming.put(name, name.encode())
    plan = world.plan_route()
    targets = moved(plan)
    assert targets["Show.S01E01.en.srt"] == "tv:Show/Season 01/Show.S01E01.en.srt"
    assert targets["Show.1x01.German.srt"].startswith("tv:Show/Season 01/Show.S01E01.")
    assert targets["Film.Name.2001.fr.srt"].startswith("movies:Film Name (2001)/Film Name (2001).")
    assert left(plan) == {"Show.S01E09.en.srt": "unrouted", "Else.S01E01.srt": "unrouted"}
    check_plan(plan)
    assert apply(plan, world.world).whole


def test_a_companion_of_an_unrouted_video_stays_with_it() -> None:
    world = MemoryWorld()
    world.incoming.put("[G] Slice - 12.mkv")
    world.incoming.put("[G] Slice - 12.en.srt")
    assert left(world.plan_route()) == {"[G] Slice - 12.mkv": "unrouted", "[G] Slice - 12.en.srt": "unrouted"}


def test_a_provisional_plan_counts_what_is_to_come_once() -> None:
    world = MemoryWorld()
    world.incoming.put("Show.S01E01.mkv", b"here")
    arriving = [FileEntry("Show.S01E01.mkv", 4, 5), FileEntry("Show.S01E02.mkv", 4, 5)]
    plan = plan_route(
        world.incoming,
        {"tv": world.tv, "movies": world.movies},
        world.catalogue,
        world.rules,
        world.clock,
        arriving=arriving,
    )
    assert plan.provisional
    assert len(moved(plan)) == 2


names = st.one_of(
    st.builds(
        lambda title, season, episode, folder: f"{folder}{title}.S{season:02}E{episode:02}.mkv",
        st.sampled_from(["Show", "SHOW", "Show.Name", "Café", "Cafe\u0301", "x" * 200, "CON", "24", "進撃"]),
        st.integers(0, 3),
        st.integers(1, 4),
        st.sampled_from(["", "a/", "a/b/", "c/"]),
    ),
    st.builds(
        lambda title, year: f"{title}.{year}.1080p.BluRay.x264-G.mkv",
        st.sampled_from(["Film", "FILM", "2012", "Other.Film"]),
        st.integers(1999, 2002),
    ),
    st.sampled_from(["gibberish.mkv", "Show.S01E01.en.srt", "a/Show.S01E02.srt", "x.part", "notes.txt"]),
)


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(names, st.sampled_from([b"1", b"22", b"333"])),
        max_size=12,
        unique_by=lambda item: collision_key(item[0]),
    )
)
def test_any_incoming_folder_is_routed_without_loss_and_undone_without_trace(files: list[tuple[str, bytes]]) -> None:
    """Plan, apply, undo: bytes, names, times and rows are as before; what is placed is not planned for again.

    No two names of the folder differ in case or form alone: undo would have to put one beside the other, and refuses.
    """
    world = MemoryWorld()
    for path, content in files:
        world.incoming.put(path, content, mtime_ns=7)
    before, folders = world.contents(), set(world.incoming.folders)
    plan = world.plan_route()
    check_plan(plan)
    report = apply(plan, world.world)
    assert report.whole
    recycled = [file.content for path, file in world.incoming.files.items() if path.startswith(".medialib/recycle/")]
    assert sorted([*world.contents().values(), *recycled]) == sorted(before.values())
    # of two files with one name the second is a collision now, and a duplicate once the first is placed
    assert all(isinstance(action, (Discard, RemoveFolder)) for action in world.plan_route().actions)
    world.clock.sleep(1)
    if report.run is not None:
        assert world.undo().whole
    assert world.contents() == before
    assert {folder for folder in world.incoming.folders if not folder.startswith(".medialib")} == folders
    assert (world.tv.folders, world.movies.folders) == ({""}, {""})
    assert list(world.catalogue.inventory.all()) == []
    assert list(world.catalogue.shows.all()) == []
    assert list(world.catalogue.movies.all()) == []


# ---------------------------------------------------------------------------------------------------------- explanation


def test_a_file_tells_its_story_back_to_the_remote() -> None:
    world = MemoryWorld()
    world.remote.put("Show.S01E01.mkv", b"content", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    locations = dict(world.world.locations)
    place = place_of("/tv/Show/Season 01/Show.S01E01.mkv", locations)
    assert place == place_of("tv:Show/Season 01/Show.S01E01.mkv", locations) is not None
    story = explain_place(place, world.catalogue, locations, world.rules)
    told = "\n".join(story.lines())
    for words in ("in the inventory since", "fetch remote:Show.S01E01.mkv", "move incoming:Show.S01E01.mkv", "routed:"):
        assert words in told
    assert {chapter["heading"] for chapter in story.to_dict()["chapters"]} == {
        *("stands", "received", "journal"),
        *("filtered", "read", "matched", "routed", "otherwise"),
    }
    received = explain_place(Place("remote", "Show.S01E01.mkv"), world.catalogue, locations, world.rules)
    assert "received" in [chapter.heading for chapter in received.chapters]
    world.tv.put("Show/Season 01/Show.S01E01.mkv", b"changed")
    changed = explain_place(place, world.catalogue, locations, world.rules)
    assert "it has changed since" in "\n".join(changed.lines())
    del world.tv.files["Show/Season 01/Show.S01E01.mkv"]
    gone = explain_place(place, world.catalogue, locations, world.rules)
    assert "nothing stands there now" in "\n".join(gone.lines())


def test_titles_and_names_are_explained_with_their_candidates() -> None:
    world = MemoryWorld()
    world.catalogue.shows.add(Show("dark", "Dark", 2017, aliases=("Dunkel",)))
    world.catalogue.shows.add(Show("ghosts-2019", "Ghosts", 2019))
    world.catalogue.shows.add(Show("ghosts-2021", "Ghosts", 2021))
    world.catalogue.movies.add(Movie("dark-city", "Dark City", 1998))
    story = explain_title("dunkel", world.catalogue)
    assert story is not None
    assert "also called 'Dunkel'" in "\n".join(story.lines())
    assert explain_title("nothing of that name", world.catalogue) is None
    refused = attrs.evolve(world.rules, unknown_shows="refuse", unknown_movies="refuse")
    for name, rules, said in (
        ("Dark.S01E01.mkv", world.rules, "routed:    tv:Dark (2017)/Season 01/Dark.S01E01.mkv"),
        ("Ghosts.S01E01.mkv", world.rules, "may be any of"),
        ("Drak.S01E01.mkv", world.rules, "a show of that name would be entered"),
        ("Darkk.S01E01.mkv", refused, "runner-up 'Dark'"),
        ("Dark.Citty.1998.1080p.BluRay.mkv", world.rules, "a film of that name would be entered"),
        ("Dark.Citty.1998.1080p.BluRay.mkv", refused, "no film is called"),
        ("[G] Dark - 12.mkv", world.rules, "does not know which season"),
        ("Dark/sample.mkv", world.rules, "it is left out"),
    ):
        assert said in "\n".join(explain_name(name, world.catalogue, rules).lines())


def test_other_texts_are_no_places() -> None:
    world = MemoryWorld()
    assert place_of("Steins;Gate: 0", dict(world.world.locations)) is None
    assert place_of("/elsewhere/x", dict(world.world.locations)) is None
    assert [type(action) for action in world.plan_route().actions] == []
    assert AddMovie("a", Movie("k", "T")).movie.key == "k"

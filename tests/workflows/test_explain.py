"""The whole story of a file, and what would have changed it: as text and as data."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.catalogue.memory import MemoryCatalogue
from medialib.filters import PathRules
from medialib.model import Episode, Movie, Place, Show
from medialib.naming import parse_name
from medialib.routing import RoutingPolicy
from medialib.testing.worlds import ManualClock, MemoryWorld
from medialib.workflows.explain import Story, explain_name, explain_place
from medialib.workflows.otherwise import Deciding, what_if
from medialib.workflows.route_rules import RouteRules
from medialib.workflows.verifications import LastVerified, Verification, last_verified, remember_verification
from medialib.workflows.verified import FoundBroken, Verified, share_report
from medialib.workflows.verify import verify

NAME = "Show.S01E01.mkv"
PLACED = Place("tv", "Show/Season 01/Show.S01E01.mkv")


def story_of(world: MemoryWorld, place: Place = PLACED) -> dict[str, Any]:
    """Each chapter's data, with its lines."""
    story = explain_place(place, world.catalogue, dict(world.world.locations), world.rules)
    assert json.loads(json.dumps(story.to_dict())) == story.to_dict()
    return told(story)


def told(story: Story) -> dict[str, Any]:
    return {chapter.heading: {**chapter.data, "lines": "\n".join(chapter.lines)} for chapter in story.chapters}


@pytest.fixture
def world() -> MemoryWorld:
    world = MemoryWorld()
    world.remote.put(NAME, b"content", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    world.clock.sleep(60)
    return world


def verified(world: MemoryWorld, *scope: Place) -> list[Verified]:
    """Verify, as the library does, and remember it."""
    began = world.clock.now()
    here = {"tv": world.tv, "movies": world.movies, "incoming": world.incoming}
    found = list(verify(scope or None, here, world.catalogue))
    world.clock.sleep(30)
    places = scope or tuple(Place(name, "") for name in here)
    broken = tuple(
        FoundBroken(each.place, each.state, str(each), "here")
        for each in found
        if each.state in ("corrupt", "missing", "changed", "unreadable")
    )
    remember_verification(
        Verification(began, world.clock.now(), places, share_report(found)["counts"], broken), world.catalogue
    )
    world.clock.sleep(30)
    return found


def test_the_whole_way_of_a_file_is_told(world: MemoryWorld) -> None:
    verified(world)
    story = story_of(world)
    assert list(story) == [
        *("stands", "received", "verified", "journal"),
        *("filtered", "read", "matched", "routed", "otherwise"),
    ]
    assert "holds 'Show' [show] S01E01" in story["stands"]["lines"]
    assert story["received"]["known"]["state"] == "fetched"
    assert story["verified"]["broken"] is None
    assert "nothing was found wrong with it" in story["verified"]["lines"]
    assert [line["action"]["action"] for line in explain_lines(world)] == ["fetch", "move"]
    assert story["routed"]["reasons"] == ["show 'Show'", "the name says S01E01", "named for original"]
    assert any(change["key"] == "library.preset" for change in story["otherwise"]["changes"])


def explain_lines(world: MemoryWorld, place: Place = PLACED) -> list[dict[str, Any]]:
    story = explain_place(place, world.catalogue, dict(world.world.locations), world.rules)
    (journal,) = [chapter for chapter in story.chapters if chapter.heading == "journal"]
    return list(journal.data["lines"])


def test_what_was_undone_is_said_to_be(world: MemoryWorld) -> None:
    world.undo()
    lines = explain_lines(world)
    assert [(line["verb"], line["state"], line["outcome"]["result"]) for line in lines] == [
        *[("sync", "undone", "done")] * 2,
        *[("undo", "done", "done")] * 2,
    ]
    text = "\n".join(explain_place(PLACED, world.catalogue, dict(world.world.locations), world.rules).lines())
    assert "sync: done, undone since: move incoming:" in text


def test_a_first_look_is_told(world: MemoryWorld) -> None:
    world.remote.put("New.S01E02.mkv", b"half", mtime_ns=world.clock.ago(seconds=5))
    world.plan_fetch()
    seen = story_of(world, Place("remote", "New.S01E02.mkv"))["seen"]
    assert "first looked so" in seen["lines"]
    assert seen["sighting"]["size"] == 4


# -------------------------------------------------------------------------------------------------------- verified when


def test_a_verification_is_believed_of_what_it_looked_at(world: MemoryWorld) -> None:
    assert "verified" not in story_of(world)
    world.tv.put("Other/a.mkv", b"other", mtime_ns=world.clock.ago(days=1))
    verified(world, Place("tv", "Other"))
    assert "verified" not in story_of(world)
    verified(world, Place("tv", "Show"))
    assert story_of(world)["verified"]["place"] == {"location": "tv", "path": PLACED.path}
    # what came later was not looked at
    world.remote.put("Show.S01E02.mkv", b"later", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    assert "verified" not in story_of(world, Place("tv", "Show/Season 01/Show.S01E02.mkv"))
    # what was moved since was looked at where it stood
    world.clock.sleep(60)
    (run,) = {line["run"] for line in explain_lines(world)}
    world.undo(run)
    world.clock.sleep(60)
    bin_ = next(path for path in world.incoming.files if path.endswith(f"/{NAME}"))
    story = story_of(world, Place("incoming", bin_))
    assert story["verified"]["place"] == {"location": "tv", "path": PLACED.path}
    assert "verified" in story_of(world)
    # the next time over the same folder takes the place of that
    verified(world, Place("tv", "Show"))
    assert "verified" not in story_of(world)


def test_what_was_wrong_stays_told_until_it_is_looked_at_again(world: MemoryWorld) -> None:
    file = world.tv.files[PLACED.path]
    world.tv.put(PLACED.path, b"cOntent", mtime_ns=file.mtime_ns)
    verified(world)
    assert story_of(world)["verified"]["broken"]["state"] == "corrupt"
    world.tv.put(PLACED.path, b"content", mtime_ns=file.mtime_ns)
    verified(world, Place("tv", ""))
    assert story_of(world)["verified"]["broken"] is None
    world.tv.put(PLACED.path, b"content and more", mtime_ns=world.clock.ago(seconds=1))
    assert story_of(world)["verified"]["changed_since"] is True


def test_notes_stay_small_and_few() -> None:
    catalogue, clock = MemoryCatalogue(), ManualClock()
    everything = (Place("tv", ""), Place("movies", ""))
    began = clock.now()
    broken = tuple(
        FoundBroken(Place("tv", f"Show/{number:05}.mkv"), "missing", "x" * 2000, "here") for number in range(1234)
    )
    remember_verification(Verification(began, began, everything, {"missing": 1234}, broken), catalogue)
    assert all(len(catalogue.checkpoints.get(name) or "") < 10_000 for name in catalogue.checkpoints.names())
    stood = [(Place("tv", "Show/01233.mkv"), began, None)]
    found = last_verified(stood, catalogue)
    assert found is not None
    assert found.broken is not None
    assert found.broken.text == "x" * 400
    clock.sleep(5)
    remember_verification(Verification(clock.now(), clock.now(), everything, {"whole": 1234}), catalogue)
    assert len(catalogue.checkpoints.names()) == 1
    assert last_verified(stood, catalogue) == LastVerified(clock.now(), stood[0][0], None)
    assert last_verified([(stood[0][0], began, began + timedelta(seconds=1))], catalogue) is None
    for number in range(80):
        clock.sleep(1)
        one = (Place("tv", f"Show/{number}"),)
        remember_verification(Verification(clock.now(), clock.now(), one, {"whole": 1}), catalogue)
    assert len(catalogue.checkpoints.names()) <= 52


# ------------------------------------------------------------------------------------------- what would have changed it

RECORDS: dict[tuple[str, str], Show | Movie] = {
    ("show", "dark"): Show("dark", "Dark", 2017),
    ("show", "ghosts-2019"): Show("ghosts-2019", "Ghosts", 2019),
    ("show", "ghosts-2021"): Show("ghosts-2021", "Ghosts", 2021),
    ("show", "mob"): Show("mob", "Mob Psycho", type="anime"),
    ("movie", "salt"): Movie("salt", "Salt", 2010),
}


def deciding(name: str, **rules: Any) -> Deciding:
    given = RouteRules(RoutingPolicy(tv="tv", movies="movies"), paths=PathRules(("sample", "720p"), ("keep",)))
    episodes = {"mob": (Episode("mob", 1, 3, absolute=3), Episode("mob", 9, 1, absolute=100))}
    return Deciding(name, parse_name(name), RECORDS, attrs.evolve(given, **rules), lambda key: episodes.get(key, ()))


@pytest.mark.parametrize(
    ("name", "rules", "change", "outcome"),
    [
        ("Dark.S01E01.720p.mkv", {}, "there were no exclude pattern '720p'", "it would go to tv:Dark (2017)/"),
        ("Dark.S01E01.720p.keep.mkv", {}, "there were no include pattern 'keep'", "it would be left out: "),
        ("Ghosts.S01E01.mkv", {}, "its name said 2021", "it would go to tv:Ghosts (2021)/"),
        ("Darkk.S01E01.mkv", {}, "'Dark' had the alias 'Darkk'", "it would go to tv:Dark (2017)/"),
        ("Unheard.S01E01.mkv", {}, "routing.unknown_shows were 'refuse'", "it would stay where it is: no show is"),
        ("Unheard.S01E01.mkv", {"unknown_shows": "refuse"}, "routing.unknown_shows were 'look-up'", "it would be look"),
        (
            "Dark.S01E01.mkv",
            {},
            "library.preset were 'plex'",
            "it would go to tv:Dark (2017)/Season 01/Dark - S01E01",
        ),
        ("Mob Psycho 100 - 03.mkv", {}, "it were read otherwise (", "it would go to tv:Mob Psycho/"),
    ],
)
def test_what_would_have_changed_the_outcome(name: str, rules: dict[str, Any], change: str, outcome: str) -> None:
    found = [other for other in what_if(deciding(name, **rules)) if other.change.startswith(change)]
    assert found, [other.change for other in what_if(deciding(name, **rules))]
    assert any(other.outcome.startswith(outcome) for other in found), found
    assert all((other.place is not None) == other.outcome.startswith("it would go to ") for other in found)


def test_a_confidence_that_is_too_low_is_one_of_them() -> None:
    name = "Dark.05.mkv"
    confidence = parse_name(name).confidence
    high = RouteRules(RoutingPolicy(tv="tv", minimum_confidence=min(confidence + 0.05, 1)))
    found = what_if(attrs.evolve(deciding(name), rules=high))
    assert any(other.key == "routing.minimum_confidence" for other in found) or confidence == 1


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_nothing_is_told_twice_and_nothing_that_changes_nothing(name: str) -> None:
    before = deciding(name).outcome()
    found = what_if(deciding(name))
    assert all((other.outcome, other.place) != before for other in found)
    assert len(set(found)) == len(found)


def test_what_goes_nowhere_says_so() -> None:
    world = MemoryWorld()
    rules = attrs.evolve(world.rules, unknown_shows="refuse")
    for name, said in (
        ("Dark.S01E01.mkv", "nowhere: it would stay where it is: no show is called 'Dark'"),
        ("gibberish", "nowhere: it would stay where it is: its name says neither episode nor film"),
        ("sample.mkv", "nowhere: it would be left out: "),
    ):
        story = told(explain_name(name, world.catalogue, rules))
        assert story["routed"]["lines"].startswith(said)
        assert story["routed"]["place"] is None

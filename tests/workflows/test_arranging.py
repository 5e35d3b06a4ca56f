"""Whatever files want, they come to their places without one standing where another does, or stay; once and for all."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.model import Place
from medialib.naming import collision_key
from medialib.planning import Move, Plan, RemoveFolder, check_plan
from medialib.ports import FolderListing
from medialib.testing.memory_location import MemoryLocation
from medialib.workflows.arranging import Arrangement, Wish, arrange
from medialib.workflows.folder_names import FolderNames, folders_above

PATHS = [
    *("a", "b", "c", "d", "A", "f/a", "f/b", "F/a", "f/B", "g/a", "g/h/b", "caf\u00e9", "cafe\u0301", "f", "g/h"),
    *("x" * 300, "../out"),
]


class ListingLocation(MemoryLocation):
    """One that lists folders alone, empty ones too, as a disk does."""

    def list_folder(self, path: str) -> FolderListing:
        """See `SupportsFolderListing.list_folder`."""
        start = f"{path}/" if path else ""
        entries = tuple(entry for entry in self.walk(path) if "/" not in entry.path[len(start) :])
        below = (folder for folder in self.folders if folder and folder.startswith(start))
        return FolderListing(entries, tuple(sorted(folder for folder in below if "/" not in folder[len(start) :])))


@st.composite
def wanting(draw: st.DrawFn) -> tuple[list[str], list[list[tuple[str, str]]]]:
    """Paths that stand somewhere, and groups of those that want another, or the same."""
    standing: list[str] = []
    for path in draw(st.lists(st.sampled_from(PATHS[:-2]), min_size=1, max_size=9, unique=True)):
        keys = {collision_key(other): other for other in standing}
        above = [collision_key(folder) for folder in folders_above(path)]
        below = f"{collision_key(path)}/"
        if not any(folder in keys for folder in above) and not any(key.startswith(below) for key in keys):
            standing.append(path)
    movers = draw(st.lists(st.sampled_from(standing), max_size=len(standing), unique=True))
    wishes = [(path, draw(st.sampled_from(PATHS))) for path in movers]
    groups: list[list[tuple[str, str]]] = []
    for wish in wishes:
        if groups and draw(st.booleans()):
            groups[-1].append(wish)
        else:
            groups.append([wish])
    return standing, groups


def arranged(location: MemoryLocation, groups: list[list[tuple[str, str]]]) -> Arrangement:
    return arrange(
        ([Wish(Place("tv", here), Place("tv", there), 1, 0, None, None) for here, there in group] for group in groups),
        FolderNames({"tv": location}),
    )


@settings(max_examples=500, deadline=None)
@given(wanting())
def test_whatever_is_wanted(given_: tuple[list[str], list[list[tuple[str, str]]]]) -> None:
    standing, groups = given_
    location = ListingLocation("tv")
    for path in standing:
        location.put(path, path[-1:].encode())
    found = arranged(location, groups)
    plan = Plan("test", datetime(2024, 1, 1, tzinfo=UTC), "c", "d", found.actions)
    check_plan(plan)
    names, folders = {path: path for path in standing}, set(location.folders)
    for action in found.actions:
        if isinstance(action, Move):
            file = names.pop(action.source.path)
            assert collision_key(action.target.path) not in map(collision_key, names)
            names[action.target.path] = file
        else:
            assert isinstance(action, RemoveFolder)
            assert not any(path.startswith(f"{action.place.path}/") for path in names)
            folders.remove(action.place.path)
    now = {file: path for path, file in names.items()}
    left = {wish.source.path for wish, _ in found.left}
    for group in groups:
        stays = any(here in left for here, _ in group)
        # all of a group, or none of it; a folder that is there keeps its spelling
        assert [collision_key(now[here]) for here, _ in group] == [
            collision_key(here if stays else there) for here, there in group
        ]
    again = ListingLocation("tv")
    for path in names:
        again.put(path, path[-1:].encode())
    again.folders |= folders
    wishes = [[(now[here], there) for here, there in group] for group in groups]
    assert not [action for action in arranged(again, wishes).actions if isinstance(action, Move)]


def test_a_circle_goes_by_way_of_one_name() -> None:
    location = MemoryLocation("tv")
    for path in ("a.mkv", "b.mkv", "c.mkv"):
        location.put(path, b"1")
    found = arranged(location, [[("a.mkv", "b.mkv")], [("b.mkv", "c.mkv")], [("c.mkv", "a.mkv")]])
    assert not found.left
    assert [(action.source.path, action.target.path) for action in found.actions if isinstance(action, Move)] == [
        ("a.mkv", ".medialib-1.mkv"),
        ("c.mkv", "a.mkv"),
        ("b.mkv", "c.mkv"),
        (".medialib-1.mkv", "b.mkv"),
    ]

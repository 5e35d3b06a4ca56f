"""Where a title is kept: in which root, and in which folder there, if there is one already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import attrs

from medialib.model import Movie, Place, Show, Unit
from medialib.naming import ParsedName, collision_key
from medialib.ports import FolderListing, SupportsFolderListing, WritableLocation
from medialib.routing import RoutingPolicy, Unrouted, choose_root, details_of, home_of, same_folder
from medialib.workflows.shelf import Shelf

__all__ = ["Home", "Homes"]

Record: TypeAlias = Show | Movie


@attrs.frozen
class Home:
    """Where files of a title belong."""

    record: Record
    """The title, with the folder that it has already."""
    policy: RoutingPolicy
    """The policy, for the root that it is kept in."""
    reasons: tuple[str, ...]
    """Why there, for a reader; empty where there was nothing to choose."""


class Homes:
    """Chooses roots and finds folders, and counts what is to come into each root."""

    def __init__(self, shelf: Shelf, roots: Mapping[str, WritableLocation], policy: RoutingPolicy) -> None:
        self._shelf = shelf
        self._roots = roots
        self._policy = policy
        self._free: dict[str, int | None] = {}
        self._chosen: dict[str, str] = {}
        self._found: dict[tuple[type, str], str] = {}
        self._folders: dict[str, tuple[str, ...]] = {}

    def of(self, record: Record, parsed: ParsedName, size: int) -> Home:
        """Where a file of a title belongs."""
        choice = choose_root(
            record,
            details_of(parsed),
            self._policy.roots,
            size=size,
            free=self._free_bytes,
            home=self._home(record) if self._policy.roots and isinstance(record, Show) else None,
        )
        policy = self._policy if choice.name is None else self._policy.within(choice.name)
        folder = self._folder(record, policy)
        if folder is None:
            return Home(record, policy, choice.reasons)
        self._found[type(record), record.key] = folder
        reason = f"in the folder {folder!r}, which is there already"
        return Home(attrs.evolve(record, folder=folder), policy, (*choice.reasons, reason))

    def folder_of(self, record: Record) -> str:
        """The folder that a title has though it is called otherwise, as found by `of`; empty if there is none."""
        return self._found.get((type(record), record.key), "")

    def take(self, record: Record, place: Place, size: int) -> None:
        """A file of so many bytes is planned into a root: the next one of its show goes there too."""
        free = self._free.get(place.location)
        if free is not None:
            self._free[place.location] = free - size
        if isinstance(record, Show):
            self._chosen.setdefault(record.key, place.location)

    def _free_bytes(self, name: str) -> int | None:
        if name not in self._free:
            self._free[name] = self._roots[name].free_bytes()
        return self._free[name]

    def _home(self, show: Show) -> str | None:
        """The root that has files of a show, or its folder."""
        if show.key in self._chosen:
            return self._chosen[show.key]
        rows = self._shelf.of_title(Unit("episode", show.key))
        for row in rows:
            if row.place.location in self._roots:
                return row.place.location
        for policy in (*(self._policy.within(rule.name) for rule in self._policy.roots), self._policy):
            home = home_of(show, policy)
            if isinstance(home, Place) and self._roots[home.location].has_folder(home.path):
                return home.location
        return None

    def _folder(self, record: Record, policy: RoutingPolicy) -> str | None:
        """The folder on disk that is a title's though it is called otherwise; None if there is none, or its own is."""
        home = home_of(record, policy)
        if record.folder or isinstance(home, Unrouted):
            return None
        root = self._roots.get(home.location)
        if root is None or not isinstance(root, SupportsFolderListing) or root.has_folder(home.path):
            return None
        if home.location not in self._folders:
            listed: FolderListing = root.list_folder("")
            self._folders[home.location] = listed.folders
        found: str | None = same_folder(self._folders[home.location], record)
        return None if found is None or collision_key(found) == collision_key(home.path) else found

"""Telling the story of a file, a title or a name, in the light of one library."""

from __future__ import annotations

import attrs

from medialib.library.record import Library
from medialib.library.rules import folders_of, stability_rules
from medialib.model import Place
from medialib.naming import unsafe_reason
from medialib.workflows.explain import (
    Chapter,
    Story,
    explain_name,
    explain_place,
    explain_title,
    explain_wholeness,
    place_of,
)
from medialib.workflows.homes import Homes
from medialib.workflows.shelf import Shelf

__all__ = ["explain"]


def explain(library: Library, subject: str, *, auto_add: bool = False) -> Story:
    """The story of a file (``location:path`` or a full path), of a title, or of a release name.

    `auto_add` tells what would be looked up for a name that the catalogue does not know.
    """
    place = place_of(subject, library.locations)
    if place is not None:
        story = explain_place(place, library.catalogue, library.locations, library.route_rules, _homes(library))
        whole = _wholeness(library, place)
        return story if whole is None else attrs.evolve(story, chapters=(whole, *story.chapters))
    told = explain_title(subject, library.catalogue)
    return (
        told
        if told is not None
        else explain_name(
            subject,
            library.catalogue,
            library.route_rules_with(auto_add=auto_add),
            library.lookup(),
            _homes(library),
        )
    )


def _homes(library: Library) -> Homes | None:
    if library.incoming is None:
        return None
    return Homes(Shelf(library.incoming, library.roots, library.catalogue), library.roots, library.route_rules.policy)


def _wholeness(library: Library, place: Place) -> Chapter | None:
    """Whether a file on a remote is believed to be whole; None for one that is not looked at."""
    if place.location not in library.remotes or unsafe_reason(place.path) is not None:
        return None
    starts = [
        start
        for start in folders_of(library.settings, place.location)
        if not start or place.path.startswith(f"{start}/")
    ]
    if not starts:
        return None
    return explain_wholeness(
        place.path,
        library.remotes[place.location],
        max(starts, key=len),
        library.catalogue,
        stability_rules(library.settings),
        library.clock,
    )

"""Which title the name of a folder means, asked where there is somebody to ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

import attrs

from medialib.errors import Cancelled, MedialibError
from medialib.matching import Chosen, NotChosen, Wanted, wanted_title
from medialib.metadata import TitleKind
from medialib.model import ExternalIds, Movie, Show
from medialib.naming import TitleFolder
from medialib.workflows.lookup import TitleLookup

__all__ = ["Asking", "Unasked", "describe_folder", "remedy_for", "share_number", "wanted_of_folder", "with_numbers"]

_Record = TypeVar("_Record", Show, Movie)


@attrs.frozen
class Asking:
    """Who is asked about the titles of a library."""

    preferred: TitleLookup
    """The configured provider."""
    by_ids: Callable[[ExternalIds], TitleLookup | None]
    """Who can go by any of these numbers; None if nobody can."""


@attrs.frozen
class Unasked:
    """A question that got no answer."""

    reason: str
    """Why, for a reader."""


Described: TypeAlias = Chosen | NotChosen | Unasked
"""What `describe_folder` answers."""


def describe_folder(told: TitleFolder, kind: TitleKind, asking: Asking) -> Described:
    """The title that a folder is of: the one of the number in its name, else the only one of its title and year.

    A number that nobody knows is no obstacle, as long as what is found by title and year has no other.
    """
    if not _readable(told.title):
        return NotChosen("its name holds bytes that are no text")
    try:
        by_ids = None if told.ids == ExternalIds() else asking.by_ids(told.ids)
        if by_ids is not None and by_ids.knows(kind):
            title = by_ids.find(told.ids, kind)
            if title is not None:
                return Chosen(title, 1.0, (f"its folder says {_listed(told.ids)}",))
        choice = asking.preferred.title(wanted_of_folder(told, kind))
    except Cancelled:
        raise
    except MedialibError as error:
        return Unasked(str(error))
    if isinstance(choice, Chosen) and _contradict(choice.title.ids, told.ids):
        said = f"{choice.title.title!r} [{choice.title.reference}] has other numbers than its folder: "
        return NotChosen(said + _listed(told.ids), (), ambiguous=False)
    return choice


def wanted_of_folder(told: TitleFolder, kind: TitleKind) -> Wanted:
    """What is looked for, a country in parentheses told apart from the title."""
    return attrs.evolve(wanted_title(told.title, kind), year=told.year)


def remedy_for(choice: NotChosen, folder: str) -> str:
    """What to do about a folder whose title could not be told."""
    if not choice.offers:
        return "Put its original title, its year or a number into its name, or enter it with --by-name."
    first = choice.offers[0].title
    return (
        f"Put its year or number into its name, or say which: "
        f'medialib shows add "{folder}" --{first.provider}-id {first.id} --override-dir'
        if first.kind == "show"
        else f"Put its year or number into its name: {folder} [{first.provider}id-{first.id}]"
    )


def share_number(one: ExternalIds, other: ExternalIds) -> bool:
    """Whether a provider calls both the same.

    >>> share_number(ExternalIds(tvdb=1, tmdb=2), ExternalIds(tvdb=1)), share_number(ExternalIds(), ExternalIds())
    (True, False)
    """
    mine, theirs = attrs.asdict(one), attrs.asdict(other)
    return any(mine[name] is not None and mine[name] == theirs[name] for name in mine)


def with_numbers(record: _Record, ids: ExternalIds) -> _Record:
    """A show or film with the numbers that its folder says besides, which whoever named it said.

    >>> with_numbers(Show("dark", "Dark", source="tvmaze"), ExternalIds(tvdb=334824)).said_by("ids.tvdb")
    'user'
    """
    own, said = attrs.asdict(record.ids), attrs.asdict(ids)
    new = {f"ids.{name}": "user" for name in own if own[name] is None and said[name] is not None}
    return attrs.evolve(record, ids=record.ids.merged(ids), provenance={**record.provenance, **new})


def _readable(title: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in title)


def _contradict(one: ExternalIds, other: ExternalIds) -> bool:
    mine, theirs = attrs.asdict(one), attrs.asdict(other)
    return any(None not in (mine[name], theirs[name]) and mine[name] != theirs[name] for name in mine)


def _listed(ids: ExternalIds) -> str:
    return ", ".join(f"{name} {value}" for name, value in attrs.asdict(ids).items() if value is not None)

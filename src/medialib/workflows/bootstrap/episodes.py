"""Plan to fill in the episodes of the shows that the catalogue has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from medialib.errors import Cancelled, MedialibError
from medialib.events import Noted, Observer, nobody
from medialib.model import Episode, ExternalIds, Place, Show
from medialib.planning import SetEpisodes
from medialib.ports import CancelToken, Catalogue, Clock
from medialib.routing import RoutingPolicy, Unrouted, episodes_from, home_of, merge_episodes
from medialib.workflows.bootstrap.pieces import Gathering, Piece
from medialib.workflows.lookup import TitleLookup

__all__ = ["plan_bootstrap_episodes"]

VERB = "bootstrap episodes"
_SIZE = 10
"""The episodes of so many shows are entered together."""


def plan_bootstrap_episodes(
    catalogue: Catalogue,
    policy: RoutingPolicy,
    clock: Clock,
    *,
    lookup_for: Callable[[Show], TitleLookup | None],
    configuration: str = "",
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Iterator[Piece]:
    """Plan to add the episodes that each show lacks, as its provider lists them, piece by piece.

    Shows without any come first. `lookup_for` says who can be asked about a show; one about which nobody can is left
    with a remark, and so is one whose provider fails. What an episode is called or numbered by stays as it was entered:
    see `medialib.routing.merge_episodes`. Raises Cancelled when asked to stop.
    """
    gathering = Gathering(VERB, catalogue, clock, configuration, cancelled, size=_SIZE)
    known = {show.key: tuple(catalogue.episodes.of_show(show.key)) for show in catalogue.shows.all()}
    for show in sorted(catalogue.shows.all(), key=lambda each: (bool(known[each.key]), each.key)):
        gathering.go_on()
        _fill(show, known[show.key], policy, lookup_for, gathering, observer)
        if gathering.full:
            yield gathering.take()
    yield gathering.take()


def _fill(
    show: Show,
    known: tuple[Episode, ...],
    policy: RoutingPolicy,
    lookup_for: Callable[[Show], TitleLookup | None],
    gathering: Gathering,
    observer: Observer,
) -> None:
    place = _place(show, policy)
    lookup = lookup_for(show)
    if lookup is None:
        reason = f"nobody can be asked about {show.title!r}, which has no number of a provider"
        gathering.remark("unidentified", place, f'{reason}. Look it up: medialib shows add "{show.title}"')
        return
    try:
        number = lookup.number_of(show.ids) or _found(lookup, show.ids)
        if number is None:
            gathering.remark("unidentified", place, f"{lookup.provider} does not know {show.title!r} by its numbers")
            return
        listed = lookup.episodes(number, show.episode_order)
    except Cancelled:
        raise
    except MedialibError as error:
        gathering.remark("out of reach", place, f"its episodes could not be asked for: {error}")
        return
    changes = merge_episodes(known, episodes_from(show.key, listed))
    if changes.notes:
        more = f", and {len(changes.notes) - 1} more" if len(changes.notes) > 1 else ""
        observer(Noted(f"{show.title}: {changes.notes[0]}{more}", level="warning"))
    if changes:
        reason = f"as {lookup.provider} lists them"
        gathering.add(SetEpisodes(gathering.name(), show.key, changes.previous, changes.episodes, reason))
    else:
        gathering.known += 1


def _found(lookup: TitleLookup, ids: ExternalIds) -> int | None:
    title = lookup.find(ids)
    return None if title is None else title.id


def _place(show: Show, policy: RoutingPolicy) -> Place:
    home = home_of(show, policy)
    return Place(policy.tv or "tv", show.folder or show.title) if isinstance(home, Unrouted) else home

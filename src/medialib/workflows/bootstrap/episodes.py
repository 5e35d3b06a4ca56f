"""Plan to fill in the episodes of the shows that the catalogue has."""

from __future__ import annotations

from collections.abc import Iterator

from medialib.errors import Cancelled, MedialibError
from medialib.events import Noted, Observer, nobody
from medialib.metadata import EpisodeMetadata
from medialib.model import Episode, ExternalIds, Place, Show
from medialib.planning import SetEpisodes
from medialib.ports import CancelToken, Catalogue, Clock
from medialib.routing import RoutingPolicy, Unrouted, episodes_from, home_of, merge_episodes
from medialib.workflows.bootstrap.describing import Asking
from medialib.workflows.bootstrap.pieces import Gathering, Piece

__all__ = ["plan_bootstrap_episodes"]

VERB = "bootstrap episodes"
_SIZE = 10
"""The episodes of so many shows are entered together."""


def plan_bootstrap_episodes(
    catalogue: Catalogue,
    policy: RoutingPolicy,
    clock: Clock,
    *,
    asking: Asking,
    configuration: str = "",
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Iterator[Piece]:
    """Plan to add the episodes that each show lacks, as its provider lists them, piece by piece.

    Shows without any come first. Asked is who said a show's episodes first, or whoever can go by its numbers; a show
    about which nobody can be asked is left with a remark, and so is one whose provider fails. What an episode is called
    or numbered by stays as it was entered: see `medialib.routing.merge_episodes`. Raises Cancelled when asked to stop.
    """
    gathering = Gathering(VERB, catalogue, clock, configuration, cancelled, size=_SIZE)
    known = {show.key: tuple(catalogue.episodes.of_show(show.key)) for show in catalogue.shows.all()}
    for show in sorted(catalogue.shows.all(), key=lambda each: (bool(known[each.key]), each.key)):
        gathering.go_on()
        _fill(show, known[show.key], policy, asking, gathering, observer)
        if gathering.full:
            yield gathering.take()
    yield gathering.take()


def _fill(
    show: Show,
    known: tuple[Episode, ...],
    policy: RoutingPolicy,
    asking: Asking,
    gathering: Gathering,
    observer: Observer,
) -> None:
    place = _place(show, policy)
    try:
        told = asking.preferred.known_episodes(show) or _by_numbers(show, asking)
    except Cancelled:
        raise
    except MedialibError as error:
        gathering.remark("out of reach", place, f"its episodes could not be asked for: {error}")
        return
    if told is None:
        reason = f"nobody can be asked about {show.title!r} by a number"
        gathering.remark("unidentified", place, f'{reason}. Look it up: medialib shows add "{show.title}"')
        return
    teller, listed = told
    changes = merge_episodes(known, episodes_from(show.key, listed))
    if changes.notes:
        more = f", and {len(changes.notes) - 1} more" if len(changes.notes) > 1 else ""
        observer(Noted(f"{show.title}: {changes.notes[0]}{more}", level="warning"))
    if changes:
        reason = f"as {teller} lists them"
        gathering.add(SetEpisodes(gathering.name(), show.key, changes.previous, changes.episodes, reason))
    else:
        gathering.known += 1


def _by_numbers(show: Show, asking: Asking) -> tuple[str, tuple[EpisodeMetadata, ...]] | None:
    """What whoever can go by a show's numbers says, where no provider said what is known of it."""
    lookup = None if show.ids == ExternalIds() else asking.by_ids(show.ids)
    title = None if lookup is None else lookup.find(show.ids)
    return None if lookup is None or title is None else (title.provider, lookup.episodes(title, show.episode_order))


def _place(show: Show, policy: RoutingPolicy) -> Place:
    home = home_of(show, policy)
    return Place(policy.tv or "tv", show.folder or show.title) if isinstance(home, Unrouted) else home

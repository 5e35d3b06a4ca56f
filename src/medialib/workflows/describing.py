"""NFO files beside what is placed, from what the catalogue knows; none that is there is written over."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from medialib.model import Episode, Holding, Movie, Place, Show, Unit
from medialib.planning import WriteText
from medialib.routing import episode_nfo, movie_nfo, show_nfo, split_stem
from medialib.workflows.drafting import Draft

__all__ = ["NewVideo", "plan_nfo"]


@attrs.frozen
class NewVideo:
    """A video that is placed by a plan."""

    record: Show | Movie
    """The show or film that it is of."""
    unit: Unit
    """What it holds."""
    place: Place
    """Where it is to stand."""
    mover: str
    """The action that sees to that."""
    episodes: tuple[Episode, ...] = ()
    """What the catalogue knows of the show's episodes."""


def plan_nfo(draft: Draft, videos: Iterable[NewVideo], is_free: Callable[[Place], bool]) -> None:
    """Plan an NFO file beside each video, and one in the folder of each show, where `is_free` says that none stands."""
    written: set[Place] = set()

    def write(place: Place, text: str, video: NewVideo, what: str) -> None:
        if place not in written and is_free(place):
            written.add(place)
            unit = Unit(video.unit.kind, video.unit.key) if what == "show" else video.unit
            holding = Holding(unit, "companion")
            reason = f"what the catalogue knows of the {what}"
            draft.actions.append(WriteText(draft.name("w"), place, text, holding, reason, (video.mover,)))

    for video in videos:
        folder, stem, _ = split_stem(video.place.path)
        beside = Place(video.place.location, f"{folder}/{stem}.nfo")
        if isinstance(video.record, Movie):
            write(beside, movie_nfo(video.record), video, "film")
            continue
        write(beside, episode_nfo(video.record, video.unit, video.episodes), video, "episode")
        home = folder.rpartition("/")[0]
        write(Place(video.place.location, f"{home}/tvshow.nfo"), show_nfo(video.record), video, "show")

"""What the library is made of: files and bytes by show, resolution, codec, source and year, as tables and pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final, Literal, TypeAlias, get_args

import attrs
from rich.text import Text

from medialib.model import InventoryFile
from medialib.ports import Catalogue, Location
from medialib.workflows.drawing import bar, in_bytes, picture, table
from medialib.workflows.standing import demand_mounted

__all__ = ["Dimension", "Share", "Statistics", "count_library"]

Dimension: TypeAlias = Literal["show", "film", "resolution", "codec", "source", "year", "size"]
"""What files are counted by: the size is that of a file, in classes."""

_DETAILS: Final[Mapping[Dimension, str]] = {
    "resolution": "resolution",
    "codec": "video_codec",
    "source": "source",
}
_CLASSES: Final = ((500_000_000, "up to 500 MB"), (2_000_000_000, "up to 2 GB"), (10_000_000_000, "up to 10 GB"))
_UNKNOWN: Final = "not said"


@attrs.frozen
class Share:
    """The videos that have something in common."""

    name: str
    """What: a title, ``1080p``, ``2019`` …; ``not said`` where nothing is known."""
    files: int
    """How many."""
    size: int
    """Bytes of them together."""


@attrs.frozen
class Statistics:
    """What the library's videos are."""

    files: int
    """How many videos there are."""
    companions: int
    """How many files travel with one."""
    size: int
    """Bytes of all of them."""
    shares: Mapping[Dimension, tuple[Share, ...]]
    """By each dimension, the biggest first."""
    shown: int = 10
    """So many of each are drawn; `as_data` has all."""

    def __str__(self) -> str:
        return f"{self.files} videos and {self.companions} companions, {in_bytes(self.size)}"

    def __rich__(self) -> Text:
        """A table with bars a dimension."""
        drawn = Text(no_wrap=True, overflow="ignore")
        for dimension, shares in self.shares.items():
            most = max((share.size for share in shares), default=0)
            rows = [
                (share.name, str(share.files), in_bytes(share.size), bar(share.size, most))
                for share in shares[: self.shown]
            ]
            more = len(shares) - self.shown
            if rows:
                headings = [f"by {dimension}", "files", "size", ""]
                drawn.append_text(table(headings, rows, below=f"… and {more} more" if more > 0 else ""))
                drawn.append("\n\n" if more > 0 else "\n")
        return drawn.append(str(self))

    def _repr_html_(self) -> str:
        pictures = "".join(
            picture(
                f"by {dimension}",
                [(each.name, each.size, f"{in_bytes(each.size)}, {each.files} files") for each in shares[: self.shown]],
            )
            for dimension, shares in self.shares.items()
            if shares
        )
        return f"<div><p>{escape(str(self))}</p>{pictures}</div>"

    def as_data(self) -> dict[str, Any]:
        """The same as plain data, for JSON."""
        return {
            "files": self.files,
            "companions": self.companions,
            "size": self.size,
            **{f"by {dimension}": [attrs.asdict(each) for each in shares] for dimension, shares in self.shares.items()},
        }


def count_library(
    catalogue: Catalogue,
    roots: Mapping[str, Location],
    *,
    dimensions: Iterable[Dimension] = get_args(Dimension),
    shown: int = 10,
) -> Statistics:
    """Count the library's videos, as the inventory has them, by each of `dimensions`; `shown` of each are drawn.

    Raises OutOfReach if a root of the library is not there or suddenly empty.
    """
    wanted = tuple(dimensions)
    titles = _titles(catalogue)
    counted: dict[Dimension, defaultdict[str, list[int]]] = {each: defaultdict(lambda: [0, 0]) for each in wanted}
    videos = companions = size = 0
    locations: set[str] = set()
    for row in catalogue.inventory.all():
        locations.add(row.place.location)
        size += row.size
        if row.holding.role != "video":
            companions += 1
            continue
        videos += 1
        for dimension in wanted:
            name = _share_of(row, dimension, titles)
            if name is not None:
                share = counted[dimension][name]
                share[0] += 1
                share[1] += row.size
    demand_mounted(roots, locations)
    shares = {
        dimension: tuple(
            sorted(
                (Share(name, files, its_size) for name, (files, its_size) in found.items()),
                key=lambda share: (-share.size, -share.files, share.name),
            )
        )
        for dimension, found in counted.items()
    }
    return Statistics(videos, companions, size, shares, shown)


def _titles(catalogue: Catalogue) -> dict[tuple[str, str], tuple[str, int | None]]:
    """Title and year of every show and film, by kind and key."""
    found = {("episode", show.key): (show.title, show.year) for show in catalogue.shows.all()}
    return found | {("movie", movie.key): (movie.title, movie.year) for movie in catalogue.movies.all()}


def _share_of(
    row: InventoryFile, dimension: Dimension, titles: Mapping[tuple[str, str], tuple[str, int | None]]
) -> str | None:
    """What a video is counted under; None where the dimension is not of it: a film is of no show."""
    unit, details = row.holding.unit, row.holding.details
    if dimension in _DETAILS:
        return details.get(_DETAILS[dimension], _UNKNOWN)
    if dimension == "size":
        return next((name for most, name in _CLASSES if row.size <= most), "more than 10 GB")
    title, year = (_UNKNOWN, None) if unit is None else titles.get((unit.kind, unit.key), (unit.key, None))
    if dimension == "year":
        return _UNKNOWN if year is None else str(year)
    if unit is None:
        return _UNKNOWN if dimension == "show" else None
    return title if (unit.kind == "episode") == (dimension == "show") else None

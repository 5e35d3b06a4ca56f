"""How much there is of many shows, for catalogues that go through all their rows to count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from medialib.model import Episode, InventoryFile
from medialib.ports import ShowCounts

__all__ = ["count_rows"]


def count_rows(
    shows: Collection[str], episodes: Iterable[Episode], files: Iterable[InventoryFile]
) -> Mapping[str, ShowCounts]:
    """What there is of each show among all episodes and files.

    >>> count_rows(["dark"], [Episode("dark", 1, 1), Episode("dark", 2, 1), Episode("dark", 0, 1)], [])["dark"]
    ShowCounts(seasons=2, episodes=2, specials=1, files=0)
    """
    seasons: dict[str, set[int]] = {}
    regular: Counter[str] = Counter()
    specials: Counter[str] = Counter()
    for episode in episodes:
        if episode.season == 0:
            specials[episode.show] += 1
        elif episode.season > 0:
            seasons.setdefault(episode.show, set()).add(episode.season)
            regular[episode.show] += 1
    units = (file.holding.unit for file in files if file.holding.role == "video")
    videos = Counter(unit.key for unit in units if unit is not None and unit.kind == "episode")
    return {show: ShowCounts(len(seasons.get(show, ())), regular[show], specials[show], videos[show]) for show in shows}

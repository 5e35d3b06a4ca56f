"""What a catalogue in an embedded Milvus costs beside one in SQLite: the same calls on both, with their ratios.

Run: ``python benchmarks/milvus.py [EPISODES]``
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from medialib.catalogue.milvus import open_embedded_milvus
from medialib.catalogue.sqlite import open_sqlite
from medialib.model import Episode, Show
from medialib.ports import Catalogue

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
PER_SHOW = 100


def timed(work: Callable[[], object], times: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def measured(catalogue: Catalogue) -> dict[str, float]:
    shows = [Show(f"show-{number:05}", f"Show {number}") for number in range(COUNT // PER_SHOW)]
    episodes = [Episode(show.key, 1, number, f"Episode {number}") for show in shows for number in range(PER_SHOW)]
    middle = shows[len(shows) // 2].key

    def enter() -> None:
        with catalogue.transaction():
            for show in shows:
                catalogue.shows.put(show)
            catalogue.episodes.put(episodes)

    return {
        f"enter {COUNT} episodes": timed(enter),
        "one more episode": timed(lambda: catalogue.episodes.put([Episode(middle, 2, 1)]), 5),
        "one episode by its number": timed(lambda: catalogue.episodes.get(middle, 1, 7), 20),
        "the episodes of a show": timed(lambda: list(catalogue.episodes.of_show(middle)), 5),
        "all shows": timed(lambda: list(catalogue.shows.all())),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = []
        for catalogue in (open_sqlite(Path(folder) / "c.sqlite"), open_embedded_milvus(Path(folder) / "c.db")):
            results.append(measured(catalogue))
            catalogue.close()
    print(f"{'':28} {'SQLite':>10} {'Milvus Lite':>12} {'ratio':>7}")
    for what, sqlite in results[0].items():
        print(f"{what:28} {sqlite * 1e3:8.1f}ms {results[1][what] * 1e3:10.1f}ms {results[1][what] / sqlite:6.1f}x")


if __name__ == "__main__":
    main()

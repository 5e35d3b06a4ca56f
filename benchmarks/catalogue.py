"""How much the catalogue costs over bare sqlite3: write and read 100,000 episodes, print times and their ratio.

Run: ``python benchmarks/catalogue.py [EPISODES]``
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from medialib.catalogue.sqlite import open_sqlite
from medialib.model import Episode, Show

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
TABLE = """
CREATE TABLE episodes (show TEXT NOT NULL, season INTEGER NOT NULL, number INTEGER NOT NULL, title TEXT,
    absolute INTEGER, aired DATE, PRIMARY KEY (show, season, number)) WITHOUT ROWID
"""


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare(path: Path, rows: list[tuple[object, ...]]) -> tuple[float, float]:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(TABLE)
    connection.execute("CREATE INDEX a ON episodes (show, absolute)")
    connection.execute("CREATE INDEX b ON episodes (show, aired)")

    def write() -> None:
        connection.executemany("INSERT INTO episodes VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.commit()

    def read() -> None:
        assert len(connection.execute("SELECT * FROM episodes ORDER BY season, number").fetchall()) == COUNT

    times = timed(write), timed(read)
    connection.close()
    return times


def ours(path: Path, episodes: list[Episode]) -> tuple[float, float]:
    catalogue = open_sqlite(path)
    catalogue.shows.add(Show("a", "A"))

    def read() -> None:
        assert len(list(catalogue.episodes.of_show("a"))) == COUNT

    times = timed(lambda: catalogue.episodes.put(episodes)), timed(read)
    catalogue.close()
    return times


def main() -> None:
    episodes = [
        Episode("a", number // 100, number % 100, f"Title {number}", absolute=number) for number in range(COUNT)
    ]
    rows: list[tuple[object, ...]] = [(e.show, e.season, e.number, e.title, e.absolute, e.aired) for e in episodes]
    with tempfile.TemporaryDirectory() as folder:
        plain = bare(Path(folder) / "bare.db", rows)
        full = ours(Path(folder) / "ours.db", episodes)
    for verb, one, other in zip(("put", "read"), plain, full, strict=True):
        print(f"{verb:>4} {COUNT:,} episodes: sqlite3 {one:.3f} s, catalogue {other:.3f} s, ratio {other / one:.1f}")


if __name__ == "__main__":
    main()

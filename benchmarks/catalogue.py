"""How much the catalogue costs over its driver: write and read 100,000 episodes, print times and their ratio.

Each side starts from `Episode` values and ends with them, on the same table with the same indexes: bare ``sqlite3``
with ``executemany`` (the bar is 2.5), and bare psycopg with ``executemany`` (the bar is 1.5) if the address of a
PostgreSQL database is given or a server can be started here.

Run: ``python benchmarks/catalogue.py [EPISODES] [postgresql://…]``
"""

from __future__ import annotations

import contextlib
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from medialib.catalogue import open_catalogue
from medialib.model import Episode, Show

ARGUMENTS = [argument for argument in sys.argv[1:] if "://" not in argument]
COUNT = int(ARGUMENTS[0]) if ARGUMENTS else 100_000
ROUNDS = 5
COLUMNS = "show, season, number, title, absolute, aired"
CHANGED = "title = excluded.title, absolute = excluded.absolute, aired = excluded.aired"
UPSERT = f"INSERT INTO episodes ({COLUMNS}) VALUES ({{}}) ON CONFLICT (show, season, number) DO UPDATE SET {CHANGED}"
READ = f"SELECT {COLUMNS} FROM episodes WHERE show = 'a' ORDER BY season, number"
INDEXES = ("CREATE INDEX a ON episodes (show, absolute)", "CREATE INDEX b ON episodes (show, aired)")


def episodes() -> list[Episode]:
    first = date(2000, 1, 1)
    return [
        Episode("a", number // 100, number % 100, f"Title {number}", number, first + timedelta(days=number // 10))
        for number in range(COUNT)
    ]


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare_sqlite(path: Path, given: list[Episode]) -> tuple[float, float]:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE episodes (show TEXT NOT NULL, season INTEGER NOT NULL, number INTEGER NOT NULL, title TEXT, "
        "absolute INTEGER, aired DATE, PRIMARY KEY (show, season, number)) WITHOUT ROWID"
    )
    for statement in INDEXES:
        connection.execute(statement)

    def write() -> None:
        rows = [
            (e.show, e.season, e.number, e.title, e.absolute, None if e.aired is None else e.aired.isoformat())
            for e in given
        ]
        connection.executemany(UPSERT.format("?, ?, ?, ?, ?, ?"), rows)
        connection.commit()

    def read() -> None:
        found = [
            Episode(show, season, number, title, absolute, None if aired is None else date.fromisoformat(aired))
            for show, season, number, title, absolute, aired in connection.execute(READ)
        ]
        assert found == given

    times = timed(write), timed(read)
    connection.close()
    return times


def bare_psycopg(url: str, given: list[Episode]) -> tuple[float, float]:
    import psycopg

    connection = psycopg.connect(url)
    cursor = connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS pg_temp.episodes")
    cursor.execute("CREATE SCHEMA bare")
    cursor.execute("SET search_path = bare")
    cursor.execute(
        'CREATE TABLE episodes (show TEXT COLLATE "C" NOT NULL, season BIGINT NOT NULL, number BIGINT NOT NULL, '
        'title TEXT COLLATE "C", absolute BIGINT, aired DATE, PRIMARY KEY (show, season, number))'
    )
    for statement in INDEXES:
        cursor.execute(statement.encode())
    connection.commit()

    def write() -> None:
        rows = [(e.show, e.season, e.number, e.title, e.absolute, e.aired) for e in given]
        cursor.executemany(UPSERT.format("%s, %s, %s, %s, %s, %s").encode(), rows)
        connection.commit()

    def read() -> None:
        cursor.execute(READ.encode())
        assert [Episode(*row) for row in cursor.fetchall()] == given

    try:
        return timed(write), timed(read)
    finally:
        connection.rollback()
        cursor.execute("DROP SCHEMA bare CASCADE")
        connection.commit()
        connection.close()


def ours(url: str, given: list[Episode]) -> tuple[float, float]:
    catalogue = open_catalogue(url)
    catalogue.shows.add(Show("a", "A"))

    def read() -> None:
        assert list(catalogue.episodes.of_show("a")) == given

    times = timed(lambda: catalogue.episodes.put(given)), timed(read)
    catalogue.shows.remove("a")
    catalogue.close()
    return times


def compare(name: str, bare: Callable[[], tuple[float, float]], full: Callable[[], tuple[float, float]]) -> None:
    """Both sides in turn, so that a machine that is busy for a while is busy for both."""
    pairs = [(bare(), full()) for _ in range(ROUNDS)]
    sides: list[tuple[Any, ...]] = [tuple(zip(*side, strict=True)) for side in zip(*pairs, strict=True)]
    for at, verb in enumerate(("put", "read")):
        plain, other = (statistics.median(side[at]) for side in sides)
        print(f"{verb:>4} {COUNT:,}: {name} {plain:.3f} s, catalogue {other:.3f} s, ratio {other / plain:.2f}")
    plain, other = (statistics.median(map(sum, zip(*side, strict=True))) for side in sides)
    print(f"both {COUNT:,}: {name} {plain:.3f} s, catalogue {other:.3f} s, ratio {other / plain:.2f}")


@contextlib.contextmanager
def postgresql() -> Iterator[str | None]:
    given = [argument for argument in sys.argv[1:] if "://" in argument]
    if given:
        yield given[0]
        return
    import pytest

    from medialib.testing.postgresql import shared_postgresql

    with tempfile.TemporaryDirectory() as folder:
        try:
            with shared_postgresql(Path(folder)) as server:
                yield server.url()
        except pytest.skip.Exception as reason:
            print(f"PostgreSQL: {reason}")
            yield None


def main() -> None:
    given = episodes()
    with tempfile.TemporaryDirectory() as folder:
        names = iter(range(100))
        compare(
            "sqlite3",
            lambda: bare_sqlite(Path(folder) / f"{next(names)}.db", given),
            lambda: ours(f"sqlite:///{folder}/{next(names)}.db", given),
        )
    with postgresql() as url:
        if url is not None:
            compare("psycopg", lambda: bare_psycopg(url, given), lambda: ours(f"{url}?schema=benchmark", given))


if __name__ == "__main__":
    main()

"""How fast IMDb's own files become an index, beside loading the same lines into bare tables, in one run.

``uv run python benchmarks/imdb.py [--rows N] [--packed]``. The files are invented, in the proportions of the real ones
(2024: of 100 lines 17 are titles, most of them episodes, 69 other titles, 13 places of episodes, 2 ratings). The peer
reads each file with Python's `csv` and enters every line as it is into a table of SQLite without any index: nothing
can be searched in it. Seconds are CPU time of one thread. Printed besides: the memory at its highest, the size of the
index, and what a search takes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
import re
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from medialib.providers.imdb import ImdbProvider
from medialib.providers.imdb_import import DATA_SETS, files_among, import_imdb
from medialib.providers.imdb_rows import HEADERS, DataSet

SHARES: dict[DataSet, float] = {
    "title.basics": 0.17,
    "title.akas": 0.685,
    "title.episode": 0.125,
    "title.ratings": 0.02,
}
WORDS = re.findall(
    r"\w+",
    "the of and a in night day love death story man woman house city return last first lost king war world blood moon "
    "sun river dark light time game heart road home girl boy secret island summer winter voyage harbour silence",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="lines of all files together")
    parser.add_argument("--packed", action="store_true", help="as IMDb gives them away, with gzip")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts = write(folder, options.rows, packed=options.packed)
        rows = sum(counts.values())
        print(f"{rows:,} lines: {', '.join(f'{count:,} {kind}' for kind, count in counts.items())}")
        files = files_among([folder])
        began = time.process_time()
        done = import_imdb(files, folder / "index.db", made=datetime.now(UTC))
        ours = time.process_time() - began
        highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        began = time.process_time()
        load_plainly(files, folder / "plain.db")
        plain = time.process_time() - began
        print(f"{'':<24}{'seconds':>8}{'lines/s':>12}{'MB':>8}")
        for label, seconds, file in (("medialib, index", ours, "index.db"), ("csv, bare tables", plain, "plain.db")):
            size = (folder / file).stat().st_size / 1e6
            print(f"{label:<24}{seconds:>8.1f}{rows / seconds:>12,.0f}{size:>8.0f}")
        print(f"ratio {ours / plain:.2f}; memory at its highest {highest} MiB; holds {dict(done.index.counts)}")
        measure_searches(ImdbProvider(folder / "index.db"))


def write(folder: Path, rows: int, *, packed: bool) -> dict[DataSet, int]:
    """Files of so many invented lines; how many each has."""
    chance = random.Random(20240517)
    counts = {name: round(rows * share) for name, share in SHARES.items()}
    lines = {
        "title.basics": basics(counts["title.basics"], chance),
        "title.akas": akas(counts["title.akas"], counts["title.basics"], chance),
        "title.episode": places(counts["title.episode"]),
        "title.ratings": (
            f"tt{at * 5:07}\t7.1\t{chance.randrange(5, 90_000)}" for at in range(counts["title.ratings"])
        ),
    }
    for name in DATA_SETS:
        file = folder / f"{name}.tsv{'.gz' if packed else ''}"
        with gzip.open(file, "wt", 6, "utf-8") if packed else file.open("w", encoding="utf-8") as stream:
            stream.write(HEADERS[name].decode() + "\n")
            stream.writelines(f"{line}\n" for line in lines[name])
    return counts


def invented(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randrange(2, 6))).title()


def basics(count: int, chance: random.Random) -> Iterator[str]:
    for number in range(count):
        kind = "tvSeries" if number % 40 == 0 else "movie" if number % 5 == 0 else "tvEpisode"
        title = invented(chance)
        yield f"tt{number:07}\t{kind}\t{title}\t{title}\t0\t{1950 + number % 75}\t\\N\t45\tDrama,Crime"


def akas(count: int, titles: int, chance: random.Random) -> Iterator[str]:
    for at in range(count):
        yield f"tt{at * titles // count:07}\t{at % 5}\t{invented(chance)} è\tIT\t\\N\timdbDisplay\t\\N\t0"


def places(count: int) -> Iterator[str]:
    for number in range(count):
        yield f"tt{number:07}\ttt{number // 40 * 40:07}\t{1 + number % 40 // 10}\t{1 + number % 10}"


def load_plainly(files: dict[DataSet, Path], target: Path) -> None:
    """Every line as it is, into one table for each file."""
    connection = sqlite3.connect(target)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    for name, file in files.items():
        columns = HEADERS[name].decode().split("\t")
        with (gzip.open if file.name.endswith(".gz") else open)(file, "rt", encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            next(reader)
            connection.execute(f'CREATE TABLE "{name}" ({", ".join(columns)})')
            connection.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(columns))})', reader)
    connection.commit()
    connection.close()


def measure_searches(provider: ImdbProvider) -> None:
    chance = random.Random(7)
    asked = [invented(chance) for _ in range(100)] + ["the", "night", "love story"]
    took = []
    for title in asked:
        began = time.perf_counter()
        provider.search(title, "movie")
        took.append(1000 * (time.perf_counter() - began))
    print(f"a search: median {statistics.median(took):.1f} ms, at most {max(took):.1f} ms")


if __name__ == "__main__":
    main()

"""A library of 100,000 files, looked after: ``missing``, ``duplicates``, ``stale`` and ``verify --quick``.

``uv run python benchmarks/care.py [files]``. Each is measured beside the least that any program must do for it: list
the tree with ``os.scandir`` and ``stat``, and fetch the rows from SQLite with a plain SELECT. Every measurement
is a process of its own, the best of five; memory is the most that the process had at any time. Through the library the
time is that of the one call, with the catalogue open; through the command line it is the whole process, start-up and
all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from medialib.catalogue.sqlite import open_sqlite
from medialib.model import Episode, Holding, InventoryFile, Place, Show, Unit

SEASONS, EPISODES = 4, 25
PER_SHOW = SEASONS * EPISODES
EVERY_COMPANION = 2
"""One video in so many has subtitles beside it."""
CONFIGURATION = """
[catalogue]
url = "catalogue.db"
[library]
tv = "tv"
[metadata]
cache = "http"
"""
RAW = """
import os, resource, sqlite3, sys, time
from json import dumps
folder = sys.argv[1]
began = time.perf_counter()
waiting, seen = [folder + "/tv"], 0
while waiting:
    with os.scandir(waiting.pop()) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            else:
                entry.stat(follow_symlinks=False)
                seen += 1
rows = sqlite3.connect(folder + "/catalogue.db").execute("SELECT * FROM inventory").fetchall()
assert seen == len(rows)
print(dumps({"seconds": time.perf_counter() - began}))
"""
OURS = """
import resource, sys, time
from json import dumps
from medialib.library import open_library
from medialib.library.care import duplicates, missing, stale, verify_quickly
with open_library(sys.argv[1] + "/medialib.toml", read_only=True) as library:
    began = time.perf_counter()
    verbs = {"missing": missing, "duplicates": duplicates, "stale": stale, "verify": verify_quickly}
    found = verbs[sys.argv[2]](library)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(dumps({"seconds": seconds, "peak": peak, "told": str(found).splitlines()[0][:60]}))
"""
COMMAND = """
import resource, sys, time
began = time.perf_counter()
from medialib_cli.app import main
try:
    main(["--config", sys.argv[1] + "/medialib.toml", "library", *sys.argv[2:]])
except SystemExit as end:
    assert end.code in (0, 3), end.code
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(f'{{"seconds": {time.perf_counter() - began}, "peak": {peak}}}')
"""
COMMANDS = {
    "missing": ["missing"],
    "duplicates": ["duplicates"],
    "stale": ["stale"],
    "verify": ["verify", "--quick", "--all"],
}


def rows(shows: int, root: Path) -> Iterator[InventoryFile]:
    """The inventory of so many shows, each file of which is made too; one episode in a hundred is there twice."""
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    for show in range(shows):
        key, title = f"show-number-{show}", f"Show Number {show}"
        for season in range(1, SEASONS + 1):
            folder = root / title / f"Season {season:02}"
            folder.mkdir(parents=True)
            for number in range(2, EPISODES + 1):
                unit = Unit("episode", key, season, (number,))
                qualities = ["1080p", "720p"] if (season, number) == (1, 2) else ["1080p"]
                for quality in qualities:
                    stem = f"{title.replace(' ', '.')}.S{season:02}E{number:02}.{quality}.WEB.H264-GROUP"
                    endings = [".mkv", ".en.srt"] if number % EVERY_COMPANION == 0 else [".mkv"]
                    for ending in endings:
                        file = folder / f"{stem}{ending}"
                        file.touch()
                        path = str(file.relative_to(root))
                        details = {"resolution": quality, "source": "WEB", "video_codec": "H.264", "languages": ""}
                        holding = Holding(
                            unit,
                            "video" if ending == ".mkv" else "companion",
                            sha256=f"{len(path):04x}{show:08x}{season:04x}{number:04x}{'a' * 44}"
                            if ending == ".mkv" and quality == "1080p"
                            else None,
                            release=f"{stem}/{stem}{ending}",
                            details={**details, "release_group": "GROUP"} if ending == ".mkv" else {},
                        )
                        yield InventoryFile(Place("tv", path), 0, file.stat().st_mtime_ns, moment, holding)


def build(folder: Path, files: int) -> int:
    """A library of about so many files; returns how many they are."""
    shows = files // (PER_SHOW * (EVERY_COMPANION + 1) // EVERY_COMPANION - 4)
    (folder / "medialib.toml").write_text(CONFIGURATION)
    (folder / "tv").mkdir()
    catalogue = open_sqlite(folder / "catalogue.db")
    aired = date(2010, 1, 1)
    with catalogue.transaction():
        for show in range(shows):
            catalogue.shows.add(Show(f"show-number-{show}", f"Show Number {show}", 2010))
            catalogue.episodes.put(
                Episode(f"show-number-{show}", season, number, f"Episode {number}", aired=aired + timedelta(number))
                for season in range(1, SEASONS + 1)
                for number in range(1, EPISODES + 1)
            )
    made = list(rows(shows, folder / "tv"))
    catalogue.inventory.put(made)
    catalogue.close()
    return len(made)


def best(code: str, *arguments: str) -> dict[str, float]:
    """What the quickest of five processes told of itself."""
    runs = []
    for _ in range(5):
        ran = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
        runs.append(json.loads(ran.stdout.strip().splitlines()[-1]))
    return min(runs, key=lambda run: run["seconds"])


def main(files: int = 100_000) -> None:
    """Measure and print a line a command."""
    given = os.environ.get("CARE_LIBRARY")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given or temporary)
        if not (folder / "catalogue.db").exists():
            folder.mkdir(exist_ok=True)
            print(f"{build(folder, files)} files")
        raw = best(RAW, str(folder))["seconds"]
        print(f"listing and SELECT: {raw:.2f} s")
        for name, words in COMMANDS.items():
            ours = best(OURS, str(folder), name)
            command = best(COMMAND, str(folder), *words)
            print(
                f"{name}: library {ours['seconds']:.2f} s ({ours['seconds'] / raw:.1f}x), {ours['peak']:.0f} MB;"
                f" command {command['seconds']:.2f} s ({command['seconds'] / raw:.1f}x), {command['peak']:.0f} MB"
            )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))

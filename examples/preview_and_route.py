"""Fetch and shelve a small remote, look at every step, and take it all back. Uses a temporary folder only.

Run it with: uv run python examples/preview_and_route.py
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from medialib.config import parse_settings
from medialib.errors import MedialibError
from medialib.library import Library, explain, open_library
from medialib.model import FileEntry

REMOTE_FILES = (
    "Lighthouse.Arithmetic.S01E01.1080p.WEB.H264-KILN.mkv",
    "Lighthouse.Arithmetic.S01E01.1080p.WEB.H264-KILN.en.srt",
    "Resampled.Hearts.2022.1080p.WEB-DL.H264-KILN/Resampled.Hearts.2022.1080p.WEB-DL.H264-KILN.mkv",
    "Resampled.Hearts.2022.1080p.WEB-DL.H264-KILN/Sample/sample.mkv",
    "[Kettlecloth] Yoru no Tetsubin - 25 [592E1C70].mkv",
)
LAST_YEAR = 1_700_000_000


def lay_out(folder: Path) -> None:
    """A remote that is a folder, and the folders of a library."""
    for name in ("incoming", "tv", "anime", "movies"):
        (folder / name).mkdir()
    for name in REMOTE_FILES:
        file = folder / "remote" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode() * 100)
        os.utime(file, (LAST_YEAR, LAST_YEAR))


def open_sample(folder: Path) -> Library:
    """A library from settings given as data; a file would say the same."""
    data = {
        "remotes": {"seedbox": {"url": f"file://{folder}/remote"}},
        "download": {"incoming": "incoming", "minimum_free": 0},
        "library": {"tv": "tv", "anime": "anime", "movies": "movies", "preset": "plex"},
        "catalogue": {"url": "catalogue.db"},
    }
    return open_library(parse_settings(data, folder=folder, environment={}))


def show_files(library: Library) -> None:
    """What stands in the library's roots."""
    for root in library.roots.values():
        for entry in root.walk():
            if isinstance(entry, FileEntry):
                print(f"  {root.name}:{entry.path}")


def main() -> None:
    """Preview, apply, ask why, undo."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder)
        with open_sample(folder) as library:
            print("What a sync would do, and why:")
            for plan in library.preview("sync").plans:
                for line in plan.lines():
                    print(f"  {line}")

            work = library.perform("sync")
            print(f"\nIt is {work.state}. The library now:")
            show_files(library)

            print("\nWhat needs attention:")
            for remark in work.remarks:
                if remark.needs_attention:
                    print(f"  {remark.place}: {remark.reason}")

            print("\nThe story of a film:")
            place = "movies:Resampled Hearts (2022)/Resampled Hearts (2022).mkv"
            for line in explain(library, place).lines():
                # the folder has another name in every run
                print(f"  {line.replace(str(folder), '…')}")

            report = library.apply(library.plan_undo(work.run))
            print(f"\nUndone: {report.whole}. The library now:")
            show_files(library)


if __name__ == "__main__":
    try:
        main()
    except MedialibError as error:
        raise SystemExit(f"preview_and_route: {error}") from None

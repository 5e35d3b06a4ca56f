"""IMDb's own files, as they would be of an invented world, or with any lines at all."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

from medialib.metadata import imdb_identifier
from medialib.providers.imdb_import import DATA_SETS
from medialib.providers.imdb_rows import HEADERS, DataSet
from medialib.testing.metadata_world import MetadataWorld
from medialib.testing.provider_answers import own_number

__all__ = ["imdb_lines", "write_imdb_files"]


def imdb_lines(world: MetadataWorld) -> dict[DataSet, list[str]]:
    """What IMDb's files would say of a world, without their headers."""
    found: dict[DataSet, list[str]] = {name: [] for name in DATA_SETS}
    episode_number = 50_000_000
    for (kind, number), title in world.titles.items():
        own = imdb_identifier(own_number(title, "imdb"))
        type_ = "tvSeries" if kind == "show" else "movie"
        genres = ",".join(title.genres) or r"\N"
        year = r"\N" if title.year is None else str(title.year)
        original = title.original_title or title.title
        found["title.basics"].append(f"{own}\t{type_}\t{title.title}\t{original}\t0\t{year}\t\\N\t\\N\t{genres}")
        for at, alias in enumerate((title.title, *title.aliases), start=1):
            found["title.akas"].append(f"{own}\t{at}\t{alias}\tXX\t\\N\timdbDisplay\t\\N\t0")
        for episode in world.episodes.get(number, ()) if kind == "show" else ():
            episode_number += 1
            its = imdb_identifier(episode_number)
            name = episode.title or f"Episode #{episode.season}.{episode.number}"
            found["title.basics"].append(f"{its}\ttvEpisode\t{name}\t{name}\t0\t\\N\t\\N\t\\N\t\\N")
            found["title.episode"].append(f"{its}\t{own}\t{episode.season}\t{episode.number}")
    return found


def write_imdb_files(folder: Path, lines: Mapping[DataSet, list[str]], *, packed: bool = False) -> Path:
    """IMDb's files with these lines."""
    folder.mkdir(exist_ok=True)
    for name, said in lines.items():
        data = b"".join(line.encode() + b"\n" for line in (HEADERS[name].decode(), *said))
        file = folder / f"{name}.tsv{'.gz' if packed else ''}"
        file.write_bytes(gzip.compress(data, 1) if packed else data)
    return folder

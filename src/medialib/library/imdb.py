"""IMDb's own files: fetched, and made into the index that the provider ``imdb`` answers from.

They are for personal and non-commercial use: https://developer.imdb.com/non-commercial-datasets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from medialib.config import Settings
from medialib.errors import OutOfReach
from medialib.events import Observer, nobody
from medialib.http import HttpOptions, SystemClock
from medialib.library.providers import imdb_index
from medialib.ports import CancelToken, Clock
from medialib.providers.imdb_import import DATA_SETS, ImdbImport, files_among, import_imdb

__all__ = ["make_imdb_index"]


def make_imdb_index(
    settings: Settings,
    environment: Mapping[str, str],
    files: Iterable[Path] | None = None,
    *,
    clock: Clock | None = None,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> ImdbImport:
    """Make the index anew from IMDb's files, or those in folders; None fetches them, and lets them go in the end.

    What is searched until then is the old index. What was fetched stays beside it until the new one is made, so that a
    later call goes on where this one ended. Raises as `medialib.providers.imdb_import.import_imdb`,
    `medialib.providers.imdb_import.files_among` and `medialib.http.fetching.fetch_file` do.
    """
    now = SystemClock() if clock is None else clock
    index = imdb_index(settings, environment)
    fetched = () if files is not None else _fetched(settings, index.parent / "files", now, observer, cancelled)
    found = files_among(fetched if files is None else files)
    done = import_imdb(found, index, made=now.now(), observer=observer, cancelled=cancelled)
    for file in fetched:
        file.unlink(missing_ok=True)
    return done


def _fetched(
    settings: Settings, folder: Path, clock: Clock, observer: Observer, cancelled: CancelToken | None
) -> tuple[Path, ...]:
    from medialib.http.fetching import fetch_file

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutOfReach(f"{folder} cannot be made: {error.strerror}") from None
    options = HttpOptions(
        timeout=settings.metadata.timeout.total_seconds(),
        patience=settings.metadata.patience.total_seconds(),
        clock=clock,
        cancelled=cancelled,
    )
    base = settings.imdb.url.rstrip("/")
    names = [f"{name}.tsv.gz" for name in DATA_SETS]
    return tuple(
        fetch_file(f"{base}/{name}", folder / name, name="IMDb", options=options, observer=observer) for name in names
    )

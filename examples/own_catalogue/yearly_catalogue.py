"""A kind of catalogue of one's own: ``yearly:///folder`` keeps one SQLite file a year, and opens the latest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from medialib.catalogue.sqlite import open_sqlite
from medialib.errors import CatalogueMissing, ConfigurationError
from medialib.events import Observer, nobody
from medialib.ports import Catalogue


def open_yearly(url: str, *, read_only: bool = False, create: bool = True, observer: Observer = nobody) -> Catalogue:
    """Open the latest catalogue in a folder, or make this year's: a `medialib.ports.CatalogueOpener`."""
    path = unquote(urlsplit(url).path)
    if not path.startswith("/") or path == "/":
        # The address may hold a password, so it is not shown.
        raise ConfigurationError("the catalogue's address cannot be used: wants yearly:///folder")
    folder = Path(path)
    years = sorted(folder.glob("[0-9][0-9][0-9][0-9].db"))
    file = years[-1] if years else folder / f"{datetime.now(UTC):%Y}.db"
    if not years and not create:
        raise CatalogueMissing(f"there is no catalogue in {folder}", remedy="The first run that writes makes one.")
    return open_sqlite(file, read_only=read_only, create=create, observer=observer)

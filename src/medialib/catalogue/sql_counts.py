"""How much there is of many shows, counted by the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import attrs
from sqlalchemy import func, select

from medialib.catalogue.long_keys import as_kept
from medialib.catalogue.schema import episodes, inventory
from medialib.catalogue.sql_store import Store
from medialib.ports import ShowCounts

__all__ = ["count_shows"]

_EPISODES = (
    select(
        episodes.c.show,
        func.count(episodes.c.season.distinct()).filter(episodes.c.season > 0),
        func.count().filter(episodes.c.season > 0),
        func.count().filter(episodes.c.season == 0),
    )
    .group_by(episodes.c.show)
    .order_by(None)
)
_FILES = (
    select(inventory.c.unit_key, func.count())
    .where(inventory.c.unit_kind == "episode", inventory.c.role == "video")
    .group_by(inventory.c.unit_key)
)


def count_shows(store: Store, shows: Collection[str]) -> Mapping[str, ShowCounts]:
    """What there is of each show, in two queries over all of them."""
    with store.reading() as connection:
        told = {show: ShowCounts(*numbers) for show, *numbers in connection.execute(_EPISODES)}
        files = {row[0]: row[1] for row in connection.execute(_FILES)}
    counts = {}
    for show in shows:
        kept = as_kept(show, store.dialect)
        counts[show] = attrs.evolve(told.get(kept, ShowCounts()), files=files.get(kept, 0))
    return counts

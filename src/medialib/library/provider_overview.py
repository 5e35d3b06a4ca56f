"""Which metadata providers there are, and what each of them lacks; nobody is asked anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

import attrs

from medialib.config import Settings
from medialib.config.values import ProviderName
from medialib.errors import OutOfReach
from medialib.library.providers import imdb_index

__all__ = ["ProviderState", "provider_states"]

_WITHOUT_FILMS: Final = frozenset({"tvmaze", "anidb"})


@attrs.frozen
class ProviderState:
    """A metadata provider, as it is configured."""

    name: str
    """Its name, as in ``metadata.provider``."""
    turn: int | None
    """Its place among those that are asked, from 1 on; None if it is not among them."""
    movies: bool
    """Whether it knows films."""
    ready: bool
    """Whether it has what it wants."""
    finding: str
    """What it has or lacks, for a reader."""


def provider_states(settings: Settings, environment: Mapping[str, str]) -> tuple[ProviderState, ...]:
    """The providers: those that are asked in their turn, then the others.

    >>> [(each.name, each.turn, each.finding) for each in provider_states(Settings(), {})][:2]
    [('tvmaze', 1, 'wants nothing'), ('tmdb', None, 'lacks tmdb.api_key')]
    """
    asked = settings.metadata.provider
    others = [name for name in get_args(ProviderName) if name not in asked]
    found = []
    for name in (*asked, *others):
        lacks, finding = _finding(name, settings, environment)
        turn = asked.index(name) + 1 if name in asked else None
        found.append(ProviderState(name, turn, name not in _WITHOUT_FILMS, not lacks, finding))
    return tuple(found)


def _finding(name: str, settings: Settings, environment: Mapping[str, str]) -> tuple[bool, str]:
    """Whether a provider lacks something, and what it has or lacks."""
    wanted = {
        "tmdb": ("api_key", settings.tmdb.api_key),
        "tvdb": ("api_key", settings.tvdb.api_key),
        "anidb": ("client", settings.anidb.client),
    }
    if name == "imdb":
        from medialib.providers.imdb_index import read_index

        try:
            index = read_index(imdb_index(settings, environment))
        except OutOfReach as error:
            return True, str(error)
        return False, f"index of {index.made:%Y-%m-%d}: {index.listed}"
    if name not in wanted:
        return False, "wants nothing"
    key, value = wanted[name]
    return value is None, f"{'lacks' if value is None else 'has'} {name}.{key}"

"""Which kinds of catalogue there are: by the scheme of their address, from medialib itself and from other packages.

A package adds one by an entry point of the group `medialib.ports.CATALOGUES`, whose name is the scheme and whose value
is a `medialib.ports.CatalogueOpener`. medialib's own are entered in the same way, and are found without it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, cast

from medialib.errors import ConfigurationError, Problem
from medialib.ports import CATALOGUES, CatalogueOpener

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["BUILT_IN", "EXTRAS", "known_schemes", "opener_of"]

BUILT_IN: Final[Mapping[str, str]] = {
    "memory": "medialib.catalogue.memory:open_memory",
    "milvus": "medialib.catalogue.milvus:open_milvus",
    "postgresql": "medialib.catalogue.postgresql:open_postgresql",
    "sqlite": "medialib.catalogue.sqlite:open_sqlite_address",
}
"""medialib's own, as ``module:function``. They cannot be replaced, and need no installed metadata to be found."""

_ALIASES: Final = {"postgres": "postgresql"}  # as libpq has it too

EXTRAS: Final[Mapping[str, str]] = {"milvus": "medialib[milvus]", "postgresql": "medialib[postgresql]"}
"""What to install for those of medialib's own that need more than medialib."""


def known_schemes() -> tuple[str, ...]:
    """The schemes of all kinds that are there, medialib's own first.

    >>> known_schemes()[:4]
    ('memory', 'milvus', 'postgresql', 'sqlite')
    """
    return (*sorted(BUILT_IN), *sorted(set(_added()) - set(BUILT_IN)))


def opener_of(scheme: str) -> CatalogueOpener:
    """What opens the addresses of a scheme.

    Raises ConfigurationError for an unknown scheme, with those that are known, and for one whose package cannot be
    loaded, with what to install.

    >>> opener_of("memory")("memory:").traits.persistent
    False
    """
    scheme = _ALIASES.get(scheme, scheme)
    place = BUILT_IN.get(scheme)
    added = None if place is not None else _added().get(scheme)
    if place is None and added is None:
        raise _unusable(f"'{scheme}' is no known kind; known are a path, {', '.join(known_schemes())}")
    try:
        return cast("CatalogueOpener", added.load() if added is not None else _loaded(str(place)))
    except ImportError as error:
        package = EXTRAS.get(scheme)
        wanted = f"pip install '{package}'" if package else f"install what its package needs ({error})"
        raise _unusable(f"{scheme} needs what is not installed here: {wanted}") from error
    except AttributeError as error:
        raise _unusable(f"{scheme} is registered, but its package has no such opener ({error})") from error


def _loaded(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def _added() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=CATALOGUES)}


def _unusable(problem: str) -> ConfigurationError:
    return ConfigurationError("the catalogue's address cannot be used", [Problem.at(("catalogue", "url"), problem)])

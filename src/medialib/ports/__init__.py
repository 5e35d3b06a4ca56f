"""The protocols between the decisions and the world: locations, transfers, the catalogue, the clock.

A protocol's docstring is its law. `medialib.testing` ships one conformance suite for each; an adapter proves itself by
subclassing it. Protocols grow by new ``Supports…`` protocols, never by a new must.
"""

from medialib.ports.catalogue import (
    Catalogue,
    CatalogueTraits,
    CheckpointRepository,
    EpisodeRepository,
    InventoryRepository,
    JournalRepository,
    KnownFileRepository,
    Lease,
    LeaseRepository,
    MovieRepository,
    Run,
    RunState,
    ShowRepository,
    SightingRepository,
)
from medialib.ports.locations import (
    PART_SUFFIXES,
    Location,
    LocationTraits,
    Part,
    PartRecord,
    Received,
    SupportsConnectingAhead,
    SupportsDigests,
    SupportsHolding,
    SupportsReadingAhead,
    SupportsRelease,
    SupportsSettling,
    SupportsWriters,
    Transfer,
    Untold,
    WritableLocation,
)
from medialib.ports.metadata import MetadataProvider, ProviderTraits
from medialib.ports.offering import offers
from medialib.ports.timing import CancelToken, Clock
from medialib.ports.vectors import Embedder, Neighbour, Vector, VectorIndex, VectorSpace

__all__ = [
    "PART_SUFFIXES",
    "CancelToken",
    "Catalogue",
    "CatalogueTraits",
    "CheckpointRepository",
    "Clock",
    "Embedder",
    "EpisodeRepository",
    "InventoryRepository",
    "JournalRepository",
    "KnownFileRepository",
    "Lease",
    "LeaseRepository",
    "Location",
    "LocationTraits",
    "MetadataProvider",
    "MovieRepository",
    "Neighbour",
    "Part",
    "PartRecord",
    "ProviderTraits",
    "Received",
    "Run",
    "RunState",
    "ShowRepository",
    "SightingRepository",
    "SupportsConnectingAhead",
    "SupportsDigests",
    "SupportsHolding",
    "SupportsReadingAhead",
    "SupportsRelease",
    "SupportsSettling",
    "SupportsWriters",
    "Transfer",
    "Untold",
    "Vector",
    "VectorIndex",
    "VectorSpace",
    "WritableLocation",
    "offers",
]

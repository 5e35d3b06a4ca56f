"""The oracle of the providers passes their suite: what the suite asks for is what the world says."""

from __future__ import annotations

import pytest

from medialib.testing.metadata_world import MemoryProvider, MetadataWorld
from medialib.testing.providers import MetadataProviderSuite


class TestMemoryProvider(MetadataProviderSuite):
    carries_orders = frozenset({"absolute", "story"})

    @pytest.fixture
    def provider(self, world: MetadataWorld) -> MemoryProvider:
        return MemoryProvider(world)


class TestMemoryProviderOfShows(MetadataProviderSuite):
    carries_orders = frozenset({"absolute", "story"})

    @pytest.fixture
    def provider(self, world: MetadataWorld) -> MemoryProvider:
        return MemoryProvider(world, movies=False)

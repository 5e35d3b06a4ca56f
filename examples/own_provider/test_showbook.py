"""The proof: Showbook's contract as a small server, and the suite that every provider passes.

Run it with: uv run pytest -n0 --import-mode=prepend examples/own_provider
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from showbook import ShowbookProvider

from medialib.http import HttpOptions
from medialib.metadata import TitleMetadata
from medialib.model import ExternalIds
from medialib.testing.metadata_world import MetadataWorld
from medialib.testing.providers import MetadataProviderSuite
from medialib.testing.web_server import Answer, Request, WebServer

KEY = "an-invented-key-of-showbook"
NOTHING = Answer({"message": "no such thing"}, 404)


class ShowbookServer(WebServer):
    """Showbook, telling of a world."""

    def __init__(self, world: MetadataWorld) -> None:
        super().__init__()
        self.world = world

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return Answer({"message": "who are you?"}, 401)
        if request.path == "/shows":
            if "imdb" in request.query:
                found = self.world.called(ExternalIds(imdb=request.query["imdb"]), "show")
                return Answer({"shows": [] if found is None else [described(found)]})
            return Answer({"shows": [described(show) for show in self.world.matching(request.query["title"], "show")]})
        asked = re.fullmatch(r"/shows/(\d+)(/episodes)?", request.path)
        show = None if asked is None else self.world.titles.get(("show", int(asked[1])))
        if asked is None or show is None:
            return NOTHING
        if asked[2] is None:
            return Answer(described(show))
        return Answer(
            {
                "episodes": [
                    {
                        "season": each.season,
                        "number": each.number,
                        "title": each.title,
                        "aired": each.aired and each.aired.isoformat(),
                    }
                    for each in self.world.episodes[show.id]
                ]
            }
        )


def described(show: TitleMetadata) -> dict[str, object]:
    """A show in Showbook's form."""
    return {
        "id": show.id,
        "title": show.title,
        "year": show.year,
        "names": list(show.aliases),
        "imdb": show.ids.imdb,
    }


class TestShowbook(MetadataProviderSuite):
    carries = frozenset({"year", "aliases"})
    carries_ids = frozenset({"imdb"})

    @pytest.fixture
    def web(self, world: MetadataWorld) -> Iterator[ShowbookServer]:
        with ShowbookServer(world) as server:
            yield server

    @pytest.fixture
    def provider(self, web: ShowbookServer, options: HttpOptions) -> Iterator[ShowbookProvider]:
        provider = ShowbookProvider(web.url, KEY, options)
        yield provider
        provider.close()

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return (KEY,)

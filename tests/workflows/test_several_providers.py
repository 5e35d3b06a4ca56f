"""Titles are looked up with several providers in turn: what is entered says who said it, and later goes by that."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from medialib.errors import ServiceUnavailable
from medialib.metadata import EpisodeMetadata, TitleKind, TitleMetadata
from medialib.model import ExternalIds
from medialib.planning import AddMovie, AddShow, SetEpisodes
from medialib.providers.chain import ChainedProvider
from medialib.testing.metadata_world import MemoryProvider, MetadataWorld
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.explain import explain_name, explain_title
from medialib.workflows.fix import plan_fix_show
from medialib.workflows.lookup import TitleLookup
from medialib.workflows.shows import plan_add_show

IDS = ExternalIds(imdb="tt0900101")


def pilot(*numbers: int) -> tuple[EpisodeMetadata, ...]:
    return tuple(EpisodeMetadata(1, number, f"Part {number}") for number in numbers)


class Service(MemoryProvider):
    """Its own numbers and IMDb's; down while that is said."""

    def __init__(self, name: str) -> None:
        super().__init__(MetadataWorld(), name=name)
        self.down = False
        self.asked: list[str] = []

    def add(self, number: int, title: str, *episodes: EpisodeMetadata, kind: TitleKind = "show", **values: Any) -> None:
        ids = attrs.evolve(values.pop("ids", ExternalIds()), **{self.name: number})
        self.world.add(TitleMetadata("", number, kind, title, ids=ids, **values), episodes)

    def _hear(self, question: str) -> None:
        self.asked.append(question)
        if self.down:
            raise ServiceUnavailable(f"{self.name} cannot answer now")

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        self._hear("search")
        return super().search(title, kind, year=year)

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        self._hear("title")
        return super().title(number, kind)

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        self._hear("find")
        return super().find(ids, kind)

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        self._hear("episodes")
        return super().episodes(show)


class Services:
    """A world whose titles are looked up at TMDB, then at TheTVDB."""

    def __init__(self) -> None:
        self.tmdb, self.tvdb = Service("tmdb"), Service("tvdb")
        self.notes: list[str] = []
        self.world = MemoryWorld()
        self.world.provider = ChainedProvider([self.tmdb, self.tvdb], told=self.notes.append, clock=self.world.clock)

    def arrives(self, name: str) -> None:
        self.world.incoming.put(name, name.encode(), mtime_ns=self.world.clock.ago(hours=1))


@pytest.fixture
def services() -> Services:
    return Services()


def test_what_is_entered_says_who_said_it(services: Services) -> None:
    services.tmdb.add(11, "The Long Voyage", ids=IDS, year=2011, countries=("GB",))
    services.tvdb.add(22, "A Voyage", *pilot(1, 2), ids=IDS, year=2010, language="en", status="Ended")
    services.arrives("The.Long.Voyage.S01E02.mkv")
    services.world.apply(services.world.plan_route())
    (show,) = services.world.catalogue.shows.all()
    assert (show.source, show.year, show.countries, show.language) == ("tmdb", 2011, ("GB",), "en")
    assert show.ids == attrs.evolve(IDS, tmdb=11, tvdb=22)
    assert show.provenance == {"language": "tvdb", "status": "tvdb", "ids.tvdb": "tvdb", "episodes": "tvdb"}
    assert len(list(services.world.catalogue.episodes.of_show(show.key))) == 2
    story = explain_title("The Long Voyage", services.world.catalogue)
    assert story is not None
    assert "  title:     show 'The Long Voyage' (2011) [the-long-voyage-2011], from tmdb" in story.lines()
    assert any(
        "its language, its status, its number at tvdb and its episodes from tvdb" in line for line in story.lines()
    )
    assert story.to_dict()["chapters"][0]["data"]["show"]["provenance"]["language"] == "tvdb"


def test_one_that_only_the_second_has_goes_by_its_numbers(services: Services) -> None:
    services.tmdb.add(22, "Quite Another Thing", *pilot(1, 2, 3, 4))
    services.tvdb.add(22, "The Long Voyage", *pilot(1, 2), year=2011)
    world = services.world
    services.arrives("The.Long.Voyage.S01E02.mkv")
    add, _ = world.plan_route().actions
    assert isinstance(add, AddShow)
    assert (add.show.source, add.show.ids, len(add.episodes)) == ("tvdb", ExternalIds(tvdb=22), 2)
    assert "tvdb says" in add.reason
    assert world.provider is not None
    story = explain_name("The.Long.Voyage.S01E02.mkv", world.catalogue, world.rules, TitleLookup(world.provider))
    assert any("[tvdb:22] on tvdb" in line for line in story.lines())
    plan = world.plan_show(plan_add_show, "The Long Voyage")
    assert isinstance(plan.actions[0], AddShow)
    assert plan.actions[0].show.ids == ExternalIds(tvdb=22)
    world.apply(plan)
    fixed = world.plan_show(plan_fix_show, "The Long Voyage", ids=ExternalIds(tmdb=22))
    world.apply(fixed)
    (show,) = world.catalogue.shows.all()
    assert (show.title, show.source, show.ids) == ("Quite Another Thing", "tmdb", ExternalIds(tmdb=22))


def test_new_episodes_are_asked_of_the_one_who_numbered_the_others(services: Services) -> None:
    services.tmdb.add(11, "The Long Voyage", ids=IDS)
    services.tvdb.add(22, "The Long Voyage", *pilot(1), ids=IDS)
    world = services.world
    world.apply(world.plan_show(plan_add_show, "The Long Voyage"))
    services.tmdb.world.episodes[11] = pilot(1, 2, 3)
    services.tvdb.world.episodes[22] = pilot(1, 2)
    services.tmdb.asked.clear()
    services.arrives("The.Long.Voyage.S01E02.mkv")
    renewed = [action for action in world.plan_route().actions if isinstance(action, SetEpisodes)]
    assert [(action.reason, len(action.episodes)) for action in renewed] == [("new on tvdb", 1)]
    assert services.tmdb.asked == []
    # nobody else fills in while that one is down, and it is asked once
    services.tvdb.down = True
    services.tvdb.asked.clear()
    services.arrives("The.Long.Voyage.S01E03.mkv")
    assert not [action for action in world.plan_route().actions if isinstance(action, SetEpisodes)]
    assert (services.tmdb.asked, services.tvdb.asked) == ([], ["episodes"])


def test_while_one_is_down_the_other_answers_and_that_is_told(services: Services) -> None:
    services.tmdb.down = True
    services.tvdb.add(22, "The Long Voyage", *pilot(1, 2), ids=IDS)
    for name in ("The.Long.Voyage.S01E01.mkv", "Unheard.Of.S01E01.mkv", "The.Long.Voyage.S01E02.mkv"):
        services.arrives(name)
    plan = services.world.plan_route()
    assert [type(action).__name__ for action in plan.actions] == ["AddShow", "Move", "Move"]
    (left,) = plan.remarks
    assert "could not be looked up: tmdb cannot answer now" in left.reason
    (note,) = services.notes
    assert note.startswith("tmdb could not be asked")
    assert services.tmdb.asked == ["search"]


def test_a_film_keeps_what_was_said_of_it(services: Services) -> None:
    services.tmdb.add(7, "Salt", kind="movie", year=2010, ids=ExternalIds(imdb="tt0944835"), countries=("US",))
    services.tvdb.add(
        8, "Salt", kind="movie", year=2010, ids=ExternalIds(imdb="tt0944835"), genres=("Action",), language="en"
    )
    services.arrives("Salt.2010.1080p.mkv")
    add, _ = services.world.plan_route().actions
    assert isinstance(add, AddMovie)
    assert (add.movie.countries, add.movie.genres, add.movie.language) == (("US",), ("Action",), "en")
    assert (add.movie.said_by("genres"), add.movie.said_by("countries")) == ("tvdb", "tmdb")

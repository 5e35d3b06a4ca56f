"""An invented world of shows and films, which the fakes of metadata services tell of, each in its service's own form.

Everything in it is made up. `MemoryProvider` tells of it without any service between: the oracle for the others.
"""

from __future__ import annotations

from datetime import date

import attrs

from medialib.matching import normalise_title
from medialib.metadata import EpisodeGroup, EpisodeMetadata, EpisodeOrder, TitleKind, TitleMetadata
from medialib.model import ExternalIds
from medialib.ports import ProviderTraits

__all__ = ["MemoryProvider", "MetadataWorld", "invented_world"]


@attrs.define
class MetadataWorld:
    """Titles, their episodes and orders. Tests may change it while a server tells of it."""

    titles: dict[tuple[TitleKind, int], TitleMetadata] = attrs.field(factory=dict)
    """Every title by kind and number; `TitleMetadata.provider` is ``world`` and means nothing to the fakes."""
    episodes: dict[int, tuple[EpisodeMetadata, ...]] = attrs.field(factory=dict)
    """Episodes by number of the show, specials as season 0."""
    orders: dict[int, tuple[EpisodeOrder, ...]] = attrs.field(factory=dict)
    """Other orders by number of the show."""

    def add(
        self,
        title: TitleMetadata,
        episodes: tuple[EpisodeMetadata, ...] = (),
        orders: tuple[EpisodeOrder, ...] = (),
    ) -> TitleMetadata:
        """Enter a title."""
        self.titles[title.kind, title.id] = title
        if title.kind == "show":
            self.episodes[title.id] = episodes
            self.orders[title.id] = orders
        return title

    def matching(self, text: str, kind: TitleKind) -> tuple[TitleMetadata, ...]:
        """Titles one of whose names holds all the words of `text`: those with no other words first, then by number."""
        words = set(normalise_title(text).split())
        found = []
        for (its_kind, number), title in self.titles.items():
            names = [normalise_title(name) for name in (title.title, title.original_title or "", *title.aliases)]
            if its_kind == kind and any(words <= set(name.split()) for name in names):
                found.append((normalise_title(text) not in names, number, title))
        return tuple(title for _, _, title in sorted(found, key=lambda item: item[:2]))

    def called(self, ids: ExternalIds, kind: TitleKind) -> TitleMetadata | None:
        """The title that has one of these ids."""
        wanted = {(field, value) for field, value in attrs.asdict(ids).items() if value is not None}
        for (its_kind, _), title in self.titles.items():
            if its_kind == kind and wanted & set(attrs.asdict(title.ids).items()):
                return title
        return None


class MemoryProvider:
    """`ports.MetadataProvider` straight from a world."""

    def __init__(self, world: MetadataWorld, *, name: str = "memory", movies: bool = True) -> None:
        self.world = world
        self._name = name
        self._movies = movies

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def traits(self) -> ProviderTraits:
        """It knows everything."""
        return ProviderTraits(self._movies, orders=True, finds_by=frozenset(attrs.fields_dict(ExternalIds)))

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        """Titles that answer to `title`."""
        return tuple(self._named(found) for found in self.world.matching(title, kind)[:20] if self._knows(kind))

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        """One title."""
        found = self.world.titles.get((kind, number)) if self._knows(kind) else None
        return None if found is None else self._named(found)

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        """The title that has one of these ids."""
        found = self.world.called(ids, kind) if self._knows(kind) else None
        return None if found is None else self._named(found)

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        """A show's episodes."""
        return tuple(sorted(self.world.episodes[show], key=lambda episode: (episode.season, episode.number)))

    def orders(self, show: int) -> tuple[EpisodeOrder, ...]:
        """A show's other orders."""
        return self.world.orders.get(show, ())

    def close(self) -> None:
        """Nothing is held."""

    def _knows(self, kind: TitleKind) -> bool:
        return kind == "show" or self._movies

    def _named(self, title: TitleMetadata) -> TitleMetadata:
        return attrs.evolve(title, provider=self._name)


def _season(season: int, count: int, *, first: int = 1, year: int = 2011) -> tuple[EpisodeMetadata, ...]:
    return tuple(
        EpisodeMetadata(
            season, first + at, f"Part {first + at} of season {season}", date(year + season, 1 + at % 12, 1 + at % 28)
        )
        for at in range(count)
    )


def invented_world() -> MetadataWorld:
    """A world that has one of everything that makes identification hard.

    >>> world = invented_world()
    >>> [title.id for title in world.matching("nosferatu", "show")]
    [201, 202, 203]
    """
    world = MetadataWorld()

    def show(number: int, title: str, **values: object) -> TitleMetadata:
        return TitleMetadata("world", number, "show", title, **values)  # type: ignore[arg-type]

    world.add(
        show(
            101,
            "The Long Voyage",
            year=2011,
            language="en",
            countries=("GB",),
            genres=("Drama", "Adventure"),
            status="Ended",
            aliases=("Long Voyage", "The Long Voyage, Part One"),
            ids=ExternalIds(tmdb=101, tvdb=900101, tvmaze=101, imdb="tt0900101"),
            summary="A crew sails on, & on.",
        ),
        (EpisodeMetadata(0, 1, "Before the Voyage", date(2011, 12, 1)), *_season(1, 3), *_season(2, 2)),
    )
    for number, year, country in ((201, 1998, "US"), (202, 2014, "DE"), (203, 2024, "US")):
        world.add(
            show(
                number,
                "Nosferatu",
                year=year,
                countries=(country,),
                language="de" if country == "DE" else "en",
                status="Running" if year == 2024 else "Ended",
                ids=ExternalIds(tmdb=number, tvmaze=number, tvdb=900_000 + number),
            ),
            _season(1, 2, year=year - 1),
        )
    # Anime whose seasons count on, as pirates' do, with an absolute order that leaves its specials out.
    first, second = _season(1, 12), _season(2, 13, first=13)
    specials = (EpisodeMetadata(0, 1, "Festival", date(2012, 6, 1)), EpisodeMetadata(0, 2, "Beach", None))
    world.add(
        show(
            301,
            "Kaizoku no Uta",
            original_title="海賊の歌",
            year=2012,
            type="anime",
            language="ja",
            countries=("JP",),
            genres=("Animation", "Anime"),
            status="Running",
            aliases=("Song of the Pirates", "海賊の歌"),
            ids=ExternalIds(tmdb=301, tvdb=900301, tvmaze=301, anidb=7301),
        ),
        (*specials, *first, *second),
        (
            EpisodeOrder(
                "abs301",
                "Absolute",
                "absolute",
                (EpisodeGroup(0, "Specials", specials), EpisodeGroup(1, "All", (*first, *second))),
            ),
            EpisodeOrder(
                "arc301",
                "Arcs",
                "story",
                (
                    EpisodeGroup(0, "Specials", specials),
                    EpisodeGroup(1, "Harbour", first[:6]),
                    EpisodeGroup(2, "Open Sea", (*first[6:], *second)),
                ),
            ),
        ),
    )
    # Anime whose seasons begin at 1 again and that has no other order: counted through.
    world.add(
        show(
            302,
            "Yoru no Machi",
            year=2015,
            type="anime",
            language="ja",
            countries=("JP",),
            genres=("Animation", "Anime"),
            aliases=("City at Night",),
            ids=ExternalIds(tmdb=302, tvmaze=302),
        ),
        (*_season(1, 12), *_season(2, 12)),
    )
    world.add(
        show(
            401,
            "The Nightly Word",
            year=2020,
            type="daily",
            language="en",
            countries=("US",),
            status="Running",
            ids=ExternalIds(tmdb=401, tvmaze=401),
        ),
        tuple(EpisodeMetadata(1, at, f"Guest {at}", date(2024, 5, at)) for at in range(1, 29)),
    )
    # Names that no folder may have, and one of which almost everything is unknown.
    for number, title in enumerate(
        ("Fate/stay: night?", "...", "CON", "AC/DC", "x" * 300, "Ame\u0301lie et l'e\u0301te\u0301"), 501
    ):
        world.add(show(number, title, year=2019, ids=ExternalIds(tmdb=number, tvmaze=number)), _season(1, 2))
    world.add(show(599, "Barely Known", ids=ExternalIds(tmdb=599, tvmaze=599)))
    for number, title, year in (
        (701, "The Glass Harbour", 2003),
        (702, "The Glass Harbour", 2019),
        (703, "Salt", 2010),
    ):
        world.add(
            TitleMetadata(
                "world",
                number,
                "movie",
                title,
                year=year,
                language="en",
                genres=("Drama",),
                ids=ExternalIds(tmdb=number, imdb=f"tt0900{number}"),
                summary="A film that was never made.",
            )
        )
    return world

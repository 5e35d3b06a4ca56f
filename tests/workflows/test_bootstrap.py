"""A library that stands already is taken over: what is entered, what is asked, what is left, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.errors import Cancelled, MedialibError, OutOfReach, ServiceUnavailable, UnusableAnswer
from medialib.filters import PathRules
from medialib.matching import NotChosen, Wanted
from medialib.metadata import TitleKind, TitleMetadata
from medialib.model import Episode, ExternalIds, Holding, InventoryFile, Movie, Place, Show, Unit
from medialib.planning import AddShow, ChangeShow, RecordInventory, unstructure
from medialib.routing import RoutingPolicy
from medialib.testing.memory_location import MemoryLocation
from medialib.testing.metadata_world import MemoryProvider, invented_world
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.apply import World, writing
from medialib.workflows.bootstrap import (
    Asking,
    InventoryRules,
    Piece,
    joined,
    plan_bootstrap_episodes,
    plan_bootstrap_inventory,
    plan_bootstrap_movies,
    plan_bootstrap_shows,
)
from medialib.workflows.lookup import TitleLookup


class Failing(MemoryProvider):
    """A provider that fails at some titles, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(invented_world(), name="tmdb")
        self.failures: dict[str, MedialibError] = {}
        self.asked: list[str] = []

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        self.asked.append(title)
        if title in self.failures:
            raise self.failures[title]
        return super().search(title, kind, year=year)


@attrs.define
class Standing(MemoryWorld):
    """A world whose library stood before its catalogue."""

    anime: MemoryLocation = attrs.field(factory=lambda: MemoryLocation("anime"))

    @property
    def world(self) -> World:
        world = super().world
        return attrs.evolve(world, locations={**world.locations, "anime": self.anime})

    @property
    def policy(self) -> RoutingPolicy:
        return RoutingPolicy(tv="tv", anime="anime", movies="movies")

    @property
    def roots(self) -> dict[str, MemoryLocation]:
        return {"tv": self.tv, "anime": self.anime, "movies": self.movies}

    def stands(self, *places: str, content: bytes | None = None) -> None:
        for place in places:
            name, _, path = place.partition(":")
            written = path.encode("utf-8", "surrogateescape") if content is None else content
            self.roots[name].put(path, written, mtime_ns=self.clock.ago(days=3))

    def asking(self, ask: Any = None) -> Asking | None:
        if self.provider is None:
            return None
        lookup = TitleLookup(self.provider, ask=ask)
        return Asking(lookup, lambda ids: lookup)

    def shows(self, **options: Any) -> Iterator[Piece]:
        options.setdefault("asking", self.asking())
        return plan_bootstrap_shows(
            self.roots, self.catalogue, self.policy, self.clock, configuration="configuration", **options
        )

    def films(self, **options: Any) -> Iterator[Piece]:
        options.setdefault("asking", self.asking())
        return plan_bootstrap_movies(
            self.roots,
            self.catalogue,
            self.policy,
            self.clock,
            paths=PathRules(self.exclude),
            configuration="configuration",
            **options,
        )

    def episodes(self, **options: Any) -> Iterator[Piece]:
        asking = self.asking()
        if asking is None:
            return iter([Piece(self.plan_fetch(record=False))])
        return plan_bootstrap_episodes(
            self.catalogue,
            self.policy,
            self.clock,
            asking=asking,
            configuration="configuration",
            **options,
        )

    def inventory(self, **rules: Any) -> Iterator[Piece]:
        return plan_bootstrap_inventory(
            self.roots,
            self.catalogue,
            self.policy,
            InventoryRules(paths=PathRules(self.exclude), **rules),
            self.clock,
            configuration="configuration",
        )

    def take(self, verb: str, pieces: Iterable[Piece]) -> Piece:
        """Apply each piece before the next is planned; all of them as one."""
        done = []
        with writing(self.world, verb) as session:
            for piece in pieces:
                assert session.apply(piece.plan).whole
                done.append(piece)
        return joined(done)

    def rows(self) -> Any:
        """Everything that the catalogue says of titles and files."""
        catalogue = self.catalogue
        return [
            list(catalogue.shows.all()),
            [list(catalogue.episodes.of_show(show.key)) for show in catalogue.shows.all()],
            list(catalogue.movies.all()),
            list(catalogue.inventory.all()),
        ]

    def held(self) -> dict[str, str]:
        """What each file holds, shortly."""
        return {str(row.place): told(row) for row in self.catalogue.inventory.all()}


def told(row: InventoryFile) -> str:
    unit = row.holding.unit
    if unit is None:
        return "?"
    season = "" if unit.season is None else f" S{unit.season}"
    aired = "" if unit.aired is None else f" {unit.aired}"
    numbers = "" if not unit.episodes else " " + ",".join(map(str, unit.episodes))
    return f"{unit.key}{season}{numbers}{aired}" + (" (beside)" if row.holding.role == "companion" else "")


@pytest.fixture
def provider() -> Failing:
    return Failing()


@pytest.fixture
def world(provider: Failing) -> Standing:
    return Standing(provider=provider)


def left(piece: Piece) -> dict[str, str]:
    return {str(remark.place): f"{remark.kind}: {remark.reason}" for remark in piece.plan.remarks}


# ---------------------------------------------------------------------------------------------------------------- shows


def test_each_folder_becomes_the_show_it_is_called_after(world: Standing) -> None:
    world.stands(
        "tv:the long voyage/Season 01/a.mkv",
        "tv:Nosferatu (2014) [1080p]/a.mkv",
        "tv:Vampires again {tvdb-900203}/a.mkv",
        "tv:@eaDir/a.mkv",
        "anime:Song of the Pirates/Kaizoku - 01.mkv",
        "tv:City at Night/a.mkv",
    )
    taken = world.take("bootstrap shows", world.shows())
    assert not taken.plan.remarks
    shows = {show.folder: show for show in world.catalogue.shows.all()}
    assert {folder: (show.title, show.year, show.ids.tmdb) for folder, show in shows.items()} == {
        "the long voyage": ("The Long Voyage", 2011, 101),
        "Nosferatu (2014) [1080p]": ("Nosferatu", 2014, 202),
        "Vampires again {tvdb-900203}": ("Nosferatu", 2024, 203),
        "Song of the Pirates": ("Kaizoku no Uta", 2012, 301),
        "City at Night": ("Yoru no Machi", 2015, 302),
    }
    # what routes to them later goes where they stand
    assert shows["Song of the Pirates"].type == "anime"
    assert shows["City at Night"].type == "standard"
    assert "Vampires again" in shows["Vampires again {tvdb-900203}"].aliases


def test_what_may_be_several_is_left_with_its_candidates_or_asked(world: Standing, provider: Failing) -> None:
    world.stands("tv:Nosferatu/a.mkv", "tv:The Long Voyage/a.mkv", "tv:Nothing Known/a.mkv")
    taken = world.take("bootstrap shows", world.shows())
    assert [show.title for show in world.catalogue.shows.all()] == ["The Long Voyage"]
    said = left(taken)
    assert set(said) == {"tv:Nosferatu", "tv:Nothing Known"}
    assert said["tv:Nosferatu"].startswith("unidentified: 'Nosferatu' may be any of Nosferatu (1998, US) [tmdb:201], ")
    assert 'medialib shows add "Nosferatu" --tmdb-id' in said["tv:Nosferatu"]
    assert said["tv:Nothing Known"].startswith("unidentified: no show called 'Nothing Known' was found")

    def second(wanted: Wanted, choice: NotChosen) -> TitleMetadata | None:
        return choice.offers[1].title

    world.take("bootstrap shows", world.shows(asking=world.asking(second)))
    assert {show.folder: show.ids.tmdb for show in world.catalogue.shows.all()} == {
        "The Long Voyage": 101,
        "Nosferatu": 202,
    }


def test_what_the_catalogue_has_is_not_asked_again(world: Standing, provider: Failing) -> None:
    world.stands("tv:The Long Voyage/a.mkv", "tv:The Nightly Word/a.mkv", "tv:Barely Known/b.mkv")
    world.take("bootstrap shows", world.shows())
    provider.asked.clear()
    again = joined(world.shows())
    assert (len(again.plan), again.known, again.plan.remarks, provider.asked) == (0, 3, (), [])


def test_a_run_that_ends_early_goes_on_where_it_was(world: Standing, provider: Failing) -> None:
    world.catalogue.shows.add(Show("x", "Another", folder="Another"))
    for number in range(30):
        provider.world.add(TitleMetadata("world", 2000 + number, "show", f"Film Number{number:02}"), ())
        world.stands(f"tv:Film Number{number:02}/a.mkv")
    pieces = world.shows()
    with writing(world.world, "bootstrap shows") as session:
        session.apply(next(pieces).plan)
        pieces.close()
    entered = len(list(world.catalogue.shows.all())) - 1
    assert 0 < entered < 30
    provider.asked.clear()
    rest = world.take("bootstrap shows", world.shows())
    assert len(rest.plan) == 30 - entered == len(provider.asked)
    assert {action.id for action in rest.plan.actions if isinstance(action, AddShow)} == {
        f"a{number}" for number in range(1, 31 - entered)
    }


@pytest.mark.parametrize("error", [UnusableAnswer("cut"), ServiceUnavailable("of this one")])
def test_one_failure_stops_no_other_and_three_in_a_row_are_believed(
    world: Standing, provider: Failing, error: MedialibError
) -> None:
    world.stands("tv:Barely Known/a.mkv", "tv:The Long Voyage/a.mkv")
    provider.failures["Barely Known"] = error
    taken = world.take("bootstrap shows", world.shows())
    assert [show.title for show in world.catalogue.shows.all()] == ["The Long Voyage"]
    assert left(taken)["tv:Barely Known"].startswith("out of reach: it could not be looked up: ")
    for name in "ABCDE":
        world.stands(f"tv:{name}/a.mkv")
        provider.failures[name] = error
    provider.asked.clear()
    assert len(left(joined(world.shows()))) == 6
    assert provider.asked == ["A", "B", "Barely Known"] or provider.asked == ["A", "B", "C"]


def test_a_show_gains_the_folder_that_stands(world: Standing) -> None:
    """One that was entered before and has no folder on the disk; one entered by its name; one spelt otherwise."""
    catalogue = world.catalogue
    catalogue.shows.add(Show("voyage", "The Long Voyage", 2011, ids=ExternalIds(tmdb=101), source="tmdb"))
    catalogue.shows.add(Show("night", "The Nightly Word", source="name"))
    catalogue.shows.add(Show("dark", "Dark", folder="DARK", source="user"))
    world.stands("tv:Voyage {tmdb-101}/a.mkv", "tv:The Nightly Word (2020)/a.mkv", "tv:Dark/a.mkv")
    taken = world.take("bootstrap shows", world.shows())
    assert {type(action) for action in taken.plan.actions} == {ChangeShow}
    shows = {show.key: show for show in catalogue.shows.all()}
    assert {key: show.folder for key, show in shows.items()} == {
        "voyage": "Voyage {tmdb-101}",
        "night": "The Nightly Word (2020)",
        "dark": "Dark",
    }
    assert (shows["night"].source, shows["night"].ids.tmdb) == ("tmdb", 401)
    assert not joined(world.shows()).plan


def test_a_second_folder_of_one_show_is_named(world: Standing) -> None:
    world.stands("tv:The Long Voyage/a.mkv", "tv:Long Voyage/a.mkv", "tv:the long voyage/b.mkv")
    taken = world.take("bootstrap shows", world.shows())
    assert len(taken.plan) == 1
    assert {said.partition(":")[0] for said in left(taken).values()} == {"collision"}
    assert len(left(taken)) == 2
    again = joined(world.shows())
    assert (len(again.plan), again.known, len(left(again))) == (0, 1, 2)


def test_by_name_nobody_is_asked(world: Standing, provider: Failing) -> None:
    world.stands("tv:Nosferatu/a.mkv", "tv:Dark (2017) {tvdb-5}/a.mkv", "anime:Yoru/a.mkv", "tv:Dark again {tvdb-5}/a")
    taken = world.take("bootstrap shows", world.shows(asking=None))
    assert provider.asked == []
    assert [(show.key, show.year, show.ids.tvdb, show.type, show.source) for show in world.catalogue.shows.all()] == [
        ("dark-2017", 2017, 5, "standard", "name"),
        ("nosferatu", None, None, "standard", "name"),
        ("yoru", None, None, "anime", "name"),
    ]
    assert set(left(taken)) == {"tv:Dark again {tvdb-5}"}


def test_a_number_that_contradicts_what_is_found_is_not_believed_away(world: Standing) -> None:
    world.stands("tv:The Long Voyage {tvdb-77}/a.mkv", "tv:Salt \udcff/a.mkv")
    said = left(joined(world.shows()))
    assert "has other numbers than its folder: tvdb 77" in said["tv:The Long Voyage {tvdb-77}"]
    assert "no text" in said["tv:Salt \udcff"]


def test_a_root_that_is_away_or_suddenly_empty_is_an_error(world: Standing) -> None:
    world.stands("tv:The Long Voyage/S01E01.mkv", "movies:Salt (2010)/Salt.2010.mkv", "anime:x/a.mkv")
    for verb, plan in (("shows", world.shows), ("movies", world.films), ("inventory", world.inventory)):
        world.take(f"bootstrap {verb}", plan())
    before = world.rows()
    kept = {name: dict(location.files) for name, location in world.roots.items()}
    for name, location in world.roots.items():
        location.files.clear()
        location.folders = {""}
        if name != "anime":
            with pytest.raises(OutOfReach, match="is empty, though the catalogue knows"):
                list(world.films() if name == "movies" else world.shows())
            with pytest.raises(OutOfReach, match="is empty, though the catalogue knows"):
                list(world.inventory())
        location.reachable = False
        with pytest.raises(OutOfReach):
            list(world.films() if name == "movies" else world.shows())
        location.reachable = True
        for path, file in kept[name].items():
            location.put(path, file.content, mtime_ns=file.mtime_ns)
    assert world.rows() == before


# ------------------------------------------------------------------------------------------------------------- episodes


def test_episodes_are_filled_in_and_only_those_that_lack(world: Standing, provider: Failing) -> None:
    world.stands("tv:The Long Voyage/a.mkv", "anime:Kaizoku no Uta/a.mkv")
    world.take("bootstrap shows", world.shows())
    world.catalogue.shows.add(Show("unknown", "Unknown", source="name"))
    taken = world.take("bootstrap episodes", world.episodes())
    assert [type(action).__name__ for action in taken.plan.actions] == ["SetEpisodes"] * 2
    assert next(iter(left(taken).values())).startswith("unidentified: nobody can be asked about 'Unknown'")
    assert len(list(world.catalogue.episodes.of_show("the-long-voyage-2011"))) == 6
    assert world.catalogue.episodes.by_absolute("kaizoku-no-uta-2012", 14)
    again = joined(world.episodes())
    assert (len(again.plan), again.known) == (0, 2)
    world.catalogue.episodes.remove("the-long-voyage-2011", 2)
    (action,) = joined(world.episodes()).plan.actions
    assert len(action.episodes) == 2  # type: ignore[union-attr]


# --------------------------------------------------------------------------------------------------------------- movies


def test_film_folders_and_loose_films_are_entered(world: Standing) -> None:
    world.stands(
        "movies:Salt (2010)/CD1/salt.avi",
        "movies:Salt (2010)/CD2/salt.avi",
        "movies:The.Glass.Harbour.2019.1080p.mkv",
        "movies:Drama/Glass Harbour, The (2003) [imdbid-tt0900701]/film.mkv",
        "movies:Drama/Glass Harbour, The (2003) [imdbid-tt0900701]/Trailers/t.mkv",
        "movies:Series/S01E01.mkv",
        "movies:sample/Unknown.2001.mkv",
    )
    taken = world.take("bootstrap movies", world.films())
    assert {(movie.title, movie.year, movie.folder) for movie in world.catalogue.movies.all()} == {
        ("Salt", 2010, "Salt (2010)"),
        ("The Glass Harbour", 2019, ""),
        ("The Glass Harbour", 2003, "Drama/Glass Harbour, The (2003) [imdbid-tt0900701]"),
    }
    assert set(left(taken)) == {"movies:Series"}
    again = joined(world.films())
    assert (len(again.plan), again.known) == (0, 3)


def test_several_films_in_one_folder_are_each_their_own(world: Standing) -> None:
    world.provider = None
    world.stands(
        "movies:Trilogy (1999-2003)/One (1999).mkv",
        "movies:Trilogy (1999-2003)/Two (2001).mkv",
        "movies:Action/Heat.1995.mkv",
        "movies:Up/Up.2009.1080p.mkv",
        "movies:Twice (2001)/Twice.2001.720p.mkv",
        "movies:Twice (2001)/Twice.2001.2160p.mkv",
        "movies:Twice (2001) 4K/Twice.2001.2160p.mkv",
    )
    taken = world.take("bootstrap movies", world.films())
    assert {(movie.title, movie.year, movie.folder) for movie in world.catalogue.movies.all()} == {
        ("One", 1999, ""),
        ("Two", 2001, ""),
        ("Heat", 1995, ""),
        ("Up", 2009, "Up"),
        ("Twice", 2001, "Twice (2001)"),
    }
    assert left(taken)["movies:Twice (2001) 4K"].startswith("duplicate: ")
    assert not taken.plan.needs_attention
    world.take("bootstrap inventory", world.inventory())
    assert world.held()["movies:Twice (2001) 4K/Twice.2001.2160p.mkv"] == "twice-2001"
    assert not joined(world.films()).plan


# ------------------------------------------------------------------------------------------------------------ inventory


def library(world: Standing) -> None:
    world.provider = None
    catalogue = world.catalogue
    catalogue.shows.add(Show("breaking-bad", "Breaking Bad", 2008, folder="Breaking Bad"))
    catalogue.shows.add(Show("titan", "Attack on Titan", folder="Shingeki no Kyojin [anidb-9541]", type="anime"))
    catalogue.shows.add(Show("nightly", "The Nightly Word", folder="Nightly (2020)", type="daily"))
    catalogue.movies.add(Movie("salt", "Salt", 2010, folder="Salt (2010)"))
    catalogue.episodes.put(
        [Episode("breaking-bad", 1, number, title=title) for number, title in ((1, "Pilot"), (2, "Cat's in the Bag"))]
    )


IN_THE_LIGHT_OF_ITS_FOLDER = {
    "tv:Breaking Bad/Season 01/S01E01.mkv": "breaking-bad S1 1",
    "tv:Breaking Bad/Season 01/01 - Pilot.mkv": "breaking-bad S1 1",
    "tv:Breaking Bad/Season 01/01 - Pilot.en.forced.srt": "breaking-bad S1 1 (beside)",
    "tv:Breaking Bad/Season 01/Cat's in the Bag.mkv": "breaking-bad S1 2",
    "tv:Breaking Bad/Season 01/Breaking.Bad.S01E03E04.720p.WEB.x264-GRP.mkv": "breaking-bad S1 3,4",
    "tv:Breaking Bad/Season 01/Subs/Breaking.Bad.S01E03E04.720p.WEB.x264-GRP/2_English.srt": (
        "breaking-bad S1 3,4 (beside)"
    ),
    "tv:Breaking Bad/Specials/01 - Good Cop.mkv": "breaking-bad S0 1",
    "tv:Breaking Bad/Season 00/S00E02.mkv": "breaking-bad S0 2",
    "tv:Breaking Bad/2x03.avi": "breaking-bad S2 3",
    "tv:Breaking Bad/Season 05/S05E01.srt": "breaking-bad S5 1 (beside)",
    "tv:Nightly (2020)/Season 2024/2024-05-03.mkv": "nightly 2024-05-03",
    "anime:Shingeki no Kyojin [anidb-9541]/05.mkv": "titan 5",
    "anime:Shingeki no Kyojin [anidb-9541]/[G] Shingeki no Kyojin - 06v2 [ABCD1234].mkv": "titan 6",
    "anime:Shingeki no Kyojin [anidb-9541]/Season 2/07.mkv": "titan S2 7",
    "movies:Salt (2010)/film.mkv": "salt",
    "movies:Salt (2010)/film.de.srt": "salt (beside)",
    "movies:Salt.2010.Extended.mkv": "salt",
}


def test_files_enter_in_the_light_of_their_folder(world: Standing) -> None:
    library(world)
    world.stands(*IN_THE_LIGHT_OF_ITS_FOLDER)
    world.stands("tv:Breaking Bad/Season 01/poster.jpg", "tv:Breaking Bad/Season 01/S01E09.mkv.part")
    world.stands("tv:_UNPACK_Breaking Bad/S01E10.mkv")
    taken = world.take("bootstrap inventory", world.inventory())
    assert world.held() == IN_THE_LIGHT_OF_ITS_FOLDER
    assert {said.partition(":")[0] for said in left(taken).values()} == {"partial"}
    row = world.catalogue.inventory.get(
        Place("tv", "Breaking Bad/Season 01/Breaking.Bad.S01E03E04.720p.WEB.x264-GRP.mkv")
    )
    assert row is not None
    said = {"resolution": "720p", "source": "WEB", "video_codec": "H.264", "release_group": "GRP"}
    assert said.items() <= row.holding.details.items()
    assert row.holding.sha256 is None
    again = joined(world.inventory())
    assert (len(again.plan), again.known) == (0, len(IN_THE_LIGHT_OF_ITS_FOLDER))


LEFT = {
    "tv:Unknown Show/Season 01/S01E01.mkv": "unidentified: no show or film of the catalogue has its folder",
    "tv:Breaking Bad/Season 01/The.Nightly.Word.S01E02.mkv": (
        "unidentified: it lies in the folder of 'Breaking Bad', and its name says 'The Nightly Word'"
    ),
    "tv:Breaking Bad/Season 01/Making of.mkv": "unidentified: it names a whole season",
    "tv:Breaking Bad/Featurettes/a.mkv": "excluded: it lies in a folder for extras",
    "movies:Salt (2010)/Salt (2010)-trailer.mkv": "excluded: its name says that it is an extra",
    "tv:Breaking Bad/Season 01/sample.mkv": "excluded: ",
    "tv:Breaking Bad/Season 01/Making of.en.srt": "excluded: it travels with Breaking Bad/Season 01/Making of.mkv, of",
    "tv:Breaking Bad/odd.srt": "unidentified: there is no video beside it",
}


def test_what_nobody_can_tell_is_named_or_enters_without_a_unit(world: Standing) -> None:
    library(world)
    world.stands(*LEFT)
    said = left(joined(world.inventory()))
    assert set(said) == set(LEFT)
    for place, beginning in LEFT.items():
        assert said[place].startswith(beginning), said[place]
    taken = world.take("bootstrap inventory", world.inventory(everything=True))
    assert set(left(taken)) == {"tv:Breaking Bad/Season 01/sample.mkv"}
    assert set(world.held().values()) == {"?"}
    assert not joined(world.inventory()).plan
    # once its show is known, it gains its unit
    world.catalogue.shows.add(Show("unknown", "Unknown Show", folder="Unknown Show"))
    (action,) = joined(world.inventory()).plan.actions
    assert isinstance(action, RecordInventory)
    assert action.record is not None
    assert action.record.holding.unit == Unit("episode", "unknown", 1, (1,))


def test_an_absolute_number_gains_its_season_with_the_episodes(world: Standing) -> None:
    library(world)
    world.stands("anime:Shingeki no Kyojin [anidb-9541]/26.mkv", "anime:Shingeki no Kyojin [anidb-9541]/26.srt")
    world.take("bootstrap inventory", world.inventory())
    assert set(world.held().values()) == {"titan 26", "titan 26 (beside)"}
    world.catalogue.episodes.put([Episode("titan", 2, 1, absolute=26)])
    world.take("bootstrap inventory", world.inventory())
    assert set(world.held().values()) == {"titan S2 1", "titan S2 1 (beside)"}
    assert not joined(world.inventory()).plan


def test_a_file_that_changed_keeps_what_is_known_of_it(world: Standing) -> None:
    library(world)
    path = "Breaking Bad/Season 01/S01E01.mkv"
    world.stands(f"tv:{path}")
    entry = world.tv.entry(path)
    assert entry is not None
    holding = Holding(Unit("episode", "breaking-bad", 1, (1,)), sha256="0" * 64, release="Rel.S01E01.1080p-GRP.mkv")
    row = InventoryFile(Place("tv", path), entry.size, entry.mtime_ns, world.clock.now(), holding)
    world.catalogue.inventory.put([row])
    assert not joined(world.inventory(hashes=True)).plan
    world.tv.put(path, b"other bytes", mtime_ns=world.clock.ago(hours=2))
    world.take("bootstrap inventory", world.inventory())
    (now,) = world.catalogue.inventory.all()
    assert now.holding == attrs.evolve(holding, sha256=None)
    assert now.size == 11


def test_hashes_are_computed_for_what_has_none(world: Standing) -> None:
    library(world)
    world.stands("tv:Breaking Bad/Season 01/S01E01.mkv", content=b"abc")
    world.stands("tv:Breaking Bad/Season 01/S01E02.mkv")
    world.take("bootstrap inventory", world.inventory())
    taken = world.take("bootstrap inventory", world.inventory(hashes=True))
    assert len(taken.plan) == 2
    row = world.catalogue.inventory.get(Place("tv", "Breaking Bad/Season 01/S01E01.mkv"))
    assert row is not None
    assert row.holding.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert row.holding.unit == Unit("episode", "breaking-bad", 1, (1,))
    assert not joined(world.inventory(hashes=True)).plan


def test_a_file_that_is_read_while_it_changes_or_cannot_be_read_is_left(world: Standing) -> None:
    library(world)
    paths = [f"Breaking Bad/Season 01/S01E0{number}.mkv" for number in (1, 2, 3)]
    world.stands(*(f"tv:{path}" for path in paths))

    def meanwhile(operation: str, path: str) -> None:
        if (operation, path) == ("open", paths[0]):
            world.tv.put(path, b"longer than it was, by far and away", mtime_ns=world.clock.ago(hours=1))
        if (operation, path) == ("open", paths[1]):
            raise PermissionError("not yours")

    world.tv.before = meanwhile
    taken = world.take("bootstrap inventory", world.inventory(hashes=True))
    assert list(world.held()) == [f"tv:{paths[2]}"]
    assert left(taken) == {
        f"tv:{paths[0]}": "still arriving: it changed while it was read",
        f"tv:{paths[1]}": "out of reach: it could not be read: not yours",
    }


def test_what_has_just_changed_waits(world: Standing) -> None:
    library(world)
    world.tv.put("Breaking Bad/Season 01/S01E01.mkv", b"x", mtime_ns=world.clock.ago(seconds=5))
    assert left(joined(world.inventory()))["tv:Breaking Bad/Season 01/S01E01.mkv"].startswith(
        "still arriving: changed 5 s"
    )
    world.clock.sleep(120)
    assert len(joined(world.inventory()).plan) == 1


def test_stopping_is_soon(world: Standing) -> None:
    provider = world.provider
    library(world)
    world.provider = provider
    world.stands(*IN_THE_LIGHT_OF_ITS_FOLDER)

    class Stop:
        def is_set(self) -> bool:
            return True

    for pieces in (
        plan_bootstrap_inventory(
            world.roots, world.catalogue, world.policy, InventoryRules(), world.clock, cancelled=Stop()
        ),
        world.shows(cancelled=Stop()),
        world.films(cancelled=Stop()),
        world.episodes(cancelled=Stop()),
    ):
        with pytest.raises(Cancelled):
            list(pieces)


# ------------------------------------------------------------------------------------------------------------ property

FOLDERS = st.sampled_from(
    [
        *(
            "The Long Voyage",
            "the long voyage",
            "Long Voyage (2011)",
            "Nosferatu",
            "Nosferatu (2014)",
            "Nosferatu {tvdb-900203}",
        ),
        *(
            "Kaizoku no Uta",
            "Song of the Pirates [tmdbid-301]",
            "Dark (2017)",
            "24",
            "x {tvdb-1}",
            "y {tvdb-1}",
            "CON",
            "...",
        ),
        *("Salt (2010)", "Salt", "The Glass Harbour", "Drama/The Glass Harbour (2003)", "Action", "\udcff"),
    ]
)
BELOW = st.sampled_from(["", "Season 01/", "Season 1/", "Specials/", "Subs/", "Extras/", "S02/", "CD1/"])
NAMES = st.sampled_from(
    [
        *("S01E01.mkv", "01 - Pilot.mkv", "1x02.avi", "05.mkv", "[G] Kaizoku no Uta - 14.mkv", "2024-05-03.mkv"),
        *(
            "Salt.2010.mkv",
            "The Glass Harbour (2019).mkv",
            "S01E01.en.srt",
            "movie.mkv",
            "odd.srt",
            "poster.jpg",
            "a.mkv.part",
        ),
    ]
)
FILES = st.sets(
    st.tuples(st.sampled_from(["tv", "anime", "movies"]), st.one_of(st.just(""), FOLDERS), BELOW, NAMES),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(FILES, st.booleans(), st.booleans(), st.booleans())
def test_what_was_taken_over_is_not_taken_over_again_and_can_be_given_back(
    files: set[tuple[str, str, str, str]], by_name: bool, everything: bool, hashes: bool
) -> None:
    """Plan, apply, plan again: nothing; and undo restores what there was."""
    world = Standing(provider=None if by_name else MemoryProvider(invented_world(), name="tmdb"))
    world.stands(
        *(f"{root}:{folder + '/' + below if folder else ''}{name}" for root, folder, below, name in sorted(files))
    )
    disks = {name: dict(location.files) for name, location in world.roots.items()}
    stages = (
        ("shows", world.shows),
        ("episodes", world.episodes),
        ("movies", world.films),
        ("inventory", lambda: world.inventory(everything=everything, hashes=hashes)),
    )
    for verb, plan in stages:
        before = world.rows()
        world.clock.sleep(1)
        world.take(f"bootstrap {verb}", plan())
        after = world.rows()
        again = joined(plan())
        assert again.plan.actions == (), unstructure(again.plan)
        if after != before:
            world.clock.sleep(1)
            assert world.undo().whole
            assert world.rows() == before
            world.clock.sleep(1)
            world.take(f"bootstrap {verb}", plan())
            assert [len(part) for part in world.rows()] == [len(part) for part in after]
    assert {name: dict(location.files) for name, location in world.roots.items()} == disks

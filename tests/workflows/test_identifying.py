"""Titles that the catalogue does not know are looked up: what is entered, what is asked, and what is left alone."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.errors import AuthenticationFailed, Cancelled, MedialibError, NotIdentified, RateLimited, UsageError
from medialib.matching import NotChosen, Wanted
from medialib.metadata import EpisodeMetadata, TitleKind, TitleMetadata
from medialib.model import Episode, ExternalIds, Show
from medialib.planning import AddMovie, AddShow, ChangeShow, MakeFolder, Move, Plan, SetEpisodes
from medialib.testing.metadata_world import MemoryProvider, MetadataWorld, invented_world
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.shows import plan_add_show


class Counting(MemoryProvider):
    """A provider that remembers what it was asked, and may fail."""

    def __init__(self, world: MetadataWorld, *, movies: bool = True, failure: MedialibError | None = None) -> None:
        super().__init__(world, name="tmdb", movies=movies)
        self.asked: list[str] = []
        self.failure = failure
        self.stale = False
        self.kept: dict[int, tuple[EpisodeMetadata, ...]] = {}

    def _hear(self, question: str) -> None:
        self.asked.append(question)
        if self.failure is not None:
            raise self.failure

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        """Titles that answer to `title`; other names are told only with the details, as TMDB does."""
        self._hear(f"search {title}")
        return tuple(attrs.evolve(found, aliases=()) for found in super().search(title, kind, year=year))

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        """One title."""
        self._hear(f"title {number}")
        return super().title(number, kind)

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        """A show's episodes; told as they were at first unless asked `fresh`, if `stale` says so."""
        self._hear(f"episodes {show}{' again' if fresh else ''}")
        told = super().episodes(show)
        return told if fresh else self.kept.setdefault(show, told) if self.stale else told


@pytest.fixture
def provider() -> Counting:
    return Counting(invented_world())


@pytest.fixture
def world(provider: Counting) -> MemoryWorld:
    return MemoryWorld(provider=provider)


def arrives(world: MemoryWorld, *names: str) -> None:
    for name in names:
        world.incoming.put(name, name.encode(), mtime_ns=world.clock.ago(hours=1))


def moves(plan: Plan) -> dict[str, str]:
    return {action.source.path: str(action.target) for action in plan.actions if isinstance(action, Move)}


def remarks(plan: Plan) -> dict[str, str]:
    return {remark.place.path: f"{remark.kind}: {remark.reason}" for remark in plan.remarks}


# -------------------------------------------------------------------------------------------------------- while routing


def test_a_show_is_entered_with_its_episodes_before_its_file_moves(world: MemoryWorld) -> None:
    arrives(world, "The.Long.Voyage.S01E02.1080p.mkv", "The.Long.Voyage.S01E03.1080p.mkv")
    plan = world.plan_route()
    add, *rest = plan.actions
    assert isinstance(add, AddShow)
    assert (add.show.title, add.show.year, add.show.ids.tvdb) == ("The Long Voyage", 2011, 900101)
    assert len(add.episodes) == 6
    assert [action.after for action in rest] == [(add.id,), (add.id,)]
    assert world.apply(plan).count("done") == 3
    assert world.catalogue.shows.get(add.show.key) == add.show
    assert {each.season for each in world.catalogue.episodes.of_show(add.show.key)} == {0, 1, 2}
    assert sorted(world.tv.files) == [
        "The Long Voyage (2011)/Season 01/The.Long.Voyage.S01E02.1080p.mkv",
        "The Long Voyage (2011)/Season 01/The.Long.Voyage.S01E03.1080p.mkv",
    ]


def test_planning_writes_nothing(world: MemoryWorld) -> None:
    arrives(world, "The.Long.Voyage.S01E02.1080p.mkv", "The.Glass.Harbour.2019.1080p.mkv")
    assert len(world.plan_route()) == 4
    assert list(world.catalogue.shows.all()) == [] == list(world.catalogue.movies.all())
    assert not world.tv.files


def test_undo_takes_the_show_and_its_episodes_back(world: MemoryWorld) -> None:
    arrives(world, "The.Long.Voyage.S01E02.1080p.mkv")
    world.apply(world.plan_route())
    assert world.undo().count("failed") == 0
    assert list(world.catalogue.shows.all()) == []
    assert sorted(world.incoming.files) == ["The.Long.Voyage.S01E02.1080p.mkv"]
    (undo,) = [run for run in world.catalogue.journal.runs() if run.undoes is not None]
    assert world.undo(undo.id).count("failed") == 0
    assert len(list(world.catalogue.episodes.of_show("the-long-voyage-2011"))) == 6


def test_every_question_is_asked_once(world: MemoryWorld, provider: Counting) -> None:
    arrives(world, *(f"The.Long.Voyage.S01E0{number}.mkv" for number in (1, 2, 3)))
    world.plan_route()
    assert sorted(provider.asked) == sorted(set(provider.asked))


def test_other_titles_are_found_with_the_details_and_remembered(world: MemoryWorld, provider: Counting) -> None:
    arrives(world, "Song.of.the.Pirates.S01E02.mkv")
    plan = world.plan_route()
    assert moves(plan) == {
        "Song.of.the.Pirates.S01E02.mkv": "tv:Kaizoku no Uta (2012)/Season 01/Song.of.the.Pirates.S01E02.mkv"
    }
    world.apply(plan)
    provider.asked.clear()
    arrives(world, "Song.of.the.Pirates.S01E03.mkv")
    assert len(moves(world.plan_route())) == 1
    assert provider.asked == []


def test_one_that_the_catalogue_knows_is_meant_whatever_else_there_is(world: MemoryWorld) -> None:
    arrives(world, "Nosferatu.2014.S01E01.mkv")
    world.apply(world.plan_route())
    arrives(world, "Nosferatu.S01E02.mkv")
    assert list(moves(world.plan_route()).values()) == ["tv:Nosferatu (2014)/Season 01/Nosferatu.S01E02.mkv"]


def test_ambiguity_without_anybody_to_ask(world: MemoryWorld) -> None:
    arrives(world, "Nosferatu.S01E01.mkv")
    plan = world.plan_route()
    assert not plan.actions
    left = remarks(plan)["Nosferatu.S01E01.mkv"]
    assert all(f"[tmdb:{number}]" in left for number in (201, 202, 203))
    assert 'medialib shows add "Nosferatu" --tmdb-id 201' in left
    assert plan.needs_attention


def test_a_person_is_asked_once_and_may_leave_it(world: MemoryWorld, provider: Counting) -> None:
    arrives(world, "Nosferatu.S01E01.mkv", "Nosferatu.S01E02.mkv")
    questions: list[Wanted] = []

    def second(wanted: Wanted, choice: NotChosen) -> TitleMetadata:
        questions.append(wanted)
        return choice.offers[1].title

    plan = world.plan_route(ask=second)
    assert questions == [Wanted("Nosferatu")]
    assert set(moves(plan).values()) == {f"tv:Nosferatu (2014)/Season 01/Nosferatu.S01E0{n}.mkv" for n in (1, 2)}
    refused = world.plan_route(ask=lambda wanted, choice: None)
    assert not refused.actions
    assert len(refused.needs_attention) == 2


def test_a_show_that_is_known_by_its_number_gains_the_name(world: MemoryWorld) -> None:
    """The catalogue has it under a title of the user's own: it is not entered twice."""
    mine = Show("pirates", "The Pirates", ids=ExternalIds(tmdb=301), source="tmdb", folder="Pirates")
    world.catalogue.shows.add(mine)
    arrives(world, "Kaizoku.no.Uta.S01E02.mkv")
    plan = world.plan_route()
    assert [type(action) for action in plan.actions] == [ChangeShow, SetEpisodes, Move]
    world.apply(plan)
    assert [show.aliases for show in world.catalogue.shows.all()] == [("Kaizoku no Uta",)]
    assert sorted(world.tv.files) == ["Pirates/Season 01/Kaizoku.no.Uta.S01E02.mkv"]
    world.undo()
    assert list(world.catalogue.shows.all()) == [mine]
    assert list(world.catalogue.episodes.of_show("pirates")) == []


@pytest.mark.parametrize("failure", [RateLimited("busy"), AuthenticationFailed("no", remedy="Set tmdb.api_key.")])
def test_a_provider_that_fails_leaves_its_files_alone(failure: MedialibError) -> None:
    """Only those: what needs no looking up goes on. It is asked once, not once a file."""
    provider = Counting(invented_world(), failure=failure)
    world = MemoryWorld(provider=provider)
    world.catalogue.shows.add(Show("dark", "Dark"))
    arrives(world, "Dark.S01E01.mkv", "Nosferatu.S01E01.mkv", "Salt.2010.mkv")
    plan = world.plan_route()
    assert list(moves(plan)) == ["Dark.S01E01.mkv"]
    assert str(failure) in remarks(plan)["Nosferatu.S01E01.mkv"]
    assert str(failure) in remarks(plan)["Salt.2010.mkv"]
    assert len(provider.asked) == 1
    assert [type(action) for action in plan.actions] == [Move]


def test_a_provider_that_fails_between_title_and_episodes_enters_nothing(
    world: MemoryWorld, provider: Counting
) -> None:
    def fails(show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        raise RateLimited("busy now")

    provider.episodes = fails  # type: ignore[method-assign]
    arrives(world, "The.Long.Voyage.S01E02.mkv")
    plan = world.plan_route()
    assert not plan.actions
    assert "busy now" in remarks(plan)["The.Long.Voyage.S01E02.mkv"]


def test_asking_to_stop_stops(world: MemoryWorld, provider: Counting) -> None:
    provider.failure = Cancelled("stopped")
    arrives(world, "The.Long.Voyage.S01E02.mkv")
    with pytest.raises(Cancelled):
        world.plan_route()


def test_films_are_looked_up_or_entered_by_name(world: MemoryWorld, provider: Counting) -> None:
    arrives(world, "The.Glass.Harbour.2019.1080p.mkv", "The.Glass.Harbour.1080p.BluRay.mkv")
    plan = world.plan_route()
    (film,) = [action.movie for action in plan.actions if isinstance(action, AddMovie)]
    assert (film.title, film.year, film.ids.imdb) == ("The Glass Harbour", 2019, "tt0900702")
    knows_no_films = MemoryWorld(provider=Counting(provider.world, movies=False))
    arrives(knows_no_films, "The.Glass.Harbour.2019.1080p.mkv")
    (film,) = [action.movie for action in knows_no_films.plan_route().actions if isinstance(action, AddMovie)]
    assert (film.source, film.year) == ("name", 2019)


def test_what_no_provider_has_is_left(world: MemoryWorld) -> None:
    arrives(world, "Nobody.Made.This.S01E01.mkv")
    plan = world.plan_route()
    assert not plan.actions
    assert "no show called 'Nobody Made This' was found" in remarks(plan)["Nobody.Made.This.S01E01.mkv"]


# ----------------------------------------------------------------------------------------------------- absolute numbers


def test_absolute_numbers_by_the_absolute_order(world: MemoryWorld) -> None:
    arrives(world, "[G] Kaizoku no Uta - 13 [ABCD1234].mkv", "[G] Kaizoku no Uta - 26.mkv")
    plan = world.plan_route()
    assert moves(plan) == {
        "[G] Kaizoku no Uta - 13 [ABCD1234].mkv": (
            "tv:Kaizoku no Uta (2012)/Season 02/[G] Kaizoku no Uta - 13 [ABCD1234].mkv"
        )
    }
    assert "does not know which season" in remarks(plan)["[G] Kaizoku no Uta - 26.mkv"]


def test_absolute_numbers_by_counting(world: MemoryWorld) -> None:
    arrives(world, "[G] Yoru no Machi - 13.mkv")
    (target,) = moves(world.plan_route()).values()
    assert target == "tv:Yoru no Machi (2015)/Season 02/[G] Yoru no Machi - 13.mkv"


def test_new_episodes_are_asked_for_and_old_numbers_stay(world: MemoryWorld, provider: Counting) -> None:
    """A running show: the next week's file finds its season though the catalogue did not list it yet."""
    arrives(world, "[G] Yoru no Machi - 13.mkv")
    world.apply(world.plan_route())
    aired = provider.world.episodes[302]
    provider.world.episodes[302] = (*aired, EpisodeMetadata(2, 13, "Late"))
    arrives(world, "[G] Yoru no Machi - 25.mkv", "[G] Yoru no Machi - 14.mkv")
    plan = world.plan_route()
    (change,) = [action for action in plan.actions if isinstance(action, SetEpisodes)]
    assert change.previous == ()
    assert change.episodes == (Episode("yoru-no-machi-2015", 2, 13, "Late", 25),)
    assert moves(plan)["[G] Yoru no Machi - 25.mkv"].startswith("tv:Yoru no Machi (2015)/Season 02/")
    world.apply(plan)
    # the provider finds a forgotten episode in season 1: everything behind it would move up by one
    season_one = tuple(episode for episode in aired if episode.season == 1)
    later = provider.world.episodes[302][len(season_one) :]
    provider.world.episodes[302] = (*season_one, EpisodeMetadata(1, 13, "Forgotten"), *later)
    arrives(world, "[G] Yoru no Machi - 15.mkv", "[G] Yoru no Machi - 26.mkv")
    plan = world.plan_route()
    assert moves(plan)["[G] Yoru no Machi - 15.mkv"].endswith("Season 02/[G] Yoru no Machi - 15.mkv")
    assert "does not know which season" in remarks(plan)["[G] Yoru no Machi - 26.mkv"]


def test_an_answer_that_was_kept_is_not_the_last_word(world: MemoryWorld, provider: Counting) -> None:
    """The provider has the new episode; an answer of an hour ago has not. It is asked once past it."""
    provider.stale = True
    arrives(world, "[G] Yoru no Machi - 13.mkv")
    world.apply(world.plan_route())
    provider.world.episodes[302] = (*provider.world.episodes[302], EpisodeMetadata(2, 13, "Late"))
    provider.asked.clear()
    arrives(world, "[G] Yoru no Machi - 25.mkv", "[G] Yoru no Machi - 99.mkv")
    assert list(moves(world.plan_route())) == ["[G] Yoru no Machi - 25.mkv"]
    assert [question for question in provider.asked if "episodes" in question] == ["episodes 302", "episodes 302 again"]


def test_an_ambiguous_number_is_not_moved(world: MemoryWorld) -> None:
    world.catalogue.shows.add(Show("two", "Two Counts", type="anime"))
    world.catalogue.episodes.put([Episode("two", 1, 3, absolute=3), Episode("two", 2, 1, absolute=3)])
    arrives(world, "[G] Two Counts - 03.mkv")
    plan = world.plan_route()
    assert not plan.actions
    assert "may be any of S01E03, S02E01" in remarks(plan)["[G] Two Counts - 03.mkv"]


def test_a_provider_that_is_down_stops_only_what_needs_it(world: MemoryWorld, provider: Counting) -> None:
    arrives(world, "[G] Yoru no Machi - 13.mkv")
    world.apply(world.plan_route())
    provider.failure = RateLimited("busy")
    arrives(world, "[G] Yoru no Machi - 99.mkv", "Yoru.no.Machi.S03E01.mkv")
    plan = world.plan_route()
    assert list(moves(plan)) == ["Yoru.no.Machi.S03E01.mkv"]
    assert "could not be asked for: busy" in remarks(plan)["[G] Yoru no Machi - 99.mkv"]


# --------------------------------------------------------------------------------------------------------- adding shows


def test_add_makes_record_episodes_and_folder(world: MemoryWorld) -> None:
    plan = world.plan_show(plan_add_show, "the long voyage")
    assert [type(action) for action in plan.actions] == [AddShow, MakeFolder]
    assert world.apply(plan).count("done") == 2
    assert world.tv.has_folder("The Long Voyage (2011)")
    again = world.plan_show(plan_add_show, "The Long Voyage")
    assert not again.actions
    (remark,) = again.remarks
    assert (remark.kind, remark.needs_attention) == ("known", False)
    assert "already exists" in remark.reason
    world.undo()
    assert not world.tv.has_folder("The Long Voyage (2011)")
    assert list(world.catalogue.shows.all()) == []


def test_add_lists_the_candidates(world: MemoryWorld) -> None:
    with pytest.raises(NotIdentified) as caught:
        world.plan_show(plan_add_show, "Nosferatu")
    assert [problem.partition("[")[2].partition("]")[0] for problem in caught.value.problems] == [
        "tmdb:201",
        "tmdb:202",
        "tmdb:203",
    ]
    assert "--tmdb-id 201" in str(caught.value)
    with pytest.raises(NotIdentified, match="no show called 'Nobody' was found"):
        world.plan_show(plan_add_show, "Nobody")


def test_add_by_number_year_or_question(world: MemoryWorld) -> None:
    def added(**options: object) -> int | None:
        title = str(options.pop("title", "Nosferatu"))
        (add, *_) = world.plan_show(plan_add_show, title, **options).actions
        assert isinstance(add, AddShow)
        return add.show.ids.tmdb

    assert added(ids=ExternalIds(tmdb=202)) == 202
    assert added(ids=ExternalIds(tvdb=900_203)) == 203
    assert added(title="Nosferatu (2024)") == 203
    assert added(ask=lambda wanted, choice: choice.offers[0].title) == 201
    with pytest.raises(NotIdentified, match="tmdb has no show tmdb 9"):
        world.plan_show(plan_add_show, "Nosferatu", ids=ExternalIds(tmdb=9))


def test_override_names_the_folder(world: MemoryWorld) -> None:
    world.apply(world.plan_show(plan_add_show, "My Vampires", ids=ExternalIds(tmdb=202), override_folder=True))
    (show,) = world.catalogue.shows.all()
    assert (show.title, show.folder, show.aliases) == ("Nosferatu", "My Vampires", ("My Vampires",))
    arrives(world, "My.Vampires.S01E01.mkv")
    assert list(moves(world.plan_route()).values()) == ["tv:My Vampires/Season 01/My.Vampires.S01E01.mkv"]


@pytest.mark.parametrize("number", [501, 502, 503, 504, 505, 506])
def test_titles_that_no_folder_may_have(world: MemoryWorld, number: int) -> None:
    plan = world.plan_show(plan_add_show, "anything", ids=ExternalIds(tmdb=number))
    assert world.apply(plan).count("done") == 2
    (folder,) = [action.place.path for action in plan.actions if isinstance(action, MakeFolder)]
    assert len(folder.encode()) <= 255
    assert "/" not in folder
    assert folder.strip(". ") == folder != ""
    assert folder.casefold().partition(" ")[0] != "con" or " " in folder


def test_a_show_that_was_entered_by_its_name_keeps_key_and_folder(world: MemoryWorld) -> None:
    by_name = attrs.evolve(world, provider=None)
    arrives(by_name, "The.Long.Voyage.S01E02.mkv")
    by_name.apply(by_name.plan_route())
    plan = world.plan_show(plan_add_show, "The Long Voyage")
    assert [type(action) for action in plan.actions] == [ChangeShow]
    world.apply(plan)
    (show,) = world.catalogue.shows.all()
    assert (show.key, show.year, show.folder) == ("the-long-voyage", 2011, "The Long Voyage")
    arrives(world, "The.Long.Voyage.S02E01.mkv")
    assert list(moves(world.plan_route()).values()) == ["tv:The Long Voyage/Season 02/The.Long.Voyage.S02E01.mkv"]


def test_a_folder_belongs_to_one_show(world: MemoryWorld) -> None:
    world.catalogue.shows.add(Show("mine", "Mine", folder="THE LONG VOYAGE (2011)"))
    with pytest.raises(UsageError, match="is that of 'Mine'"):
        world.plan_show(plan_add_show, "The Long Voyage")
    arrives(world, "The.Long.Voyage.S01E02.mkv")
    plan = world.plan_route()
    assert not plan.actions
    assert remarks(plan)["The.Long.Voyage.S01E02.mkv"].startswith("collision: ")


def test_episodes_by_another_order(world: MemoryWorld) -> None:
    """Specials of an order become season 0; what is not there is refused with what is."""
    for name in ("arc301", "Arcs", "story"):
        add, _ = world.plan_show(plan_add_show, "Kaizoku no Uta", order=name).actions
        assert isinstance(add, AddShow)
        assert add.show.episode_order == "arc301"
        seasons = [each.season for each in add.episodes]
        assert [seasons.count(number) for number in (0, 1, 2)] == [2, 6, 19]
    with pytest.raises(UsageError, match="abs301"):
        world.plan_show(plan_add_show, "Kaizoku no Uta", order="airport")


def test_an_order_is_kept_when_episodes_are_asked_for_again(world: MemoryWorld, provider: Counting) -> None:
    world.apply(world.plan_show(plan_add_show, "Kaizoku no Uta", order="arc301"))
    arrives(world, "Kaizoku.no.Uta.S02E20.mkv")
    before = list(world.catalogue.episodes.of_show("kaizoku-no-uta-2012"))
    absolute, arcs = provider.world.orders[301]
    sea = arcs.groups[2]
    longer = attrs.evolve(sea, episodes=(*sea.episodes, EpisodeMetadata(2, 26, "Far Out")))
    provider.world.orders[301] = (absolute, attrs.evolve(arcs, groups=(*arcs.groups[:2], longer)))
    plan = world.plan_route()
    (change,) = [action for action in plan.actions if isinstance(action, SetEpisodes)]
    assert [(each.season, each.number, each.title) for each in change.episodes] == [(2, 20, "Far Out")]
    world.apply(plan)
    assert list(world.catalogue.episodes.of_show("kaizoku-no-uta-2012"))[:-1] == before


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            (
                "The.Long.Voyage.S01E01.mkv",
                "the long voyage s01e02.mkv",
                "Nosferatu.2014.S01E01.mkv",
                "Nosferatu.S01E01.mkv",
                "[G] Yoru no Machi - 14.mkv",
                "Song.of.the.Pirates.S01E02.mkv",
                "Kaizoku.no.Uta.S01E03.mkv",
                "Salt.2010.1080p.mkv",
                "The.Glass.Harbour.1080p.BluRay.mkv",
                "The.Nightly.Word.2024.05.17.mkv",
            )
        ),
        max_size=6,
        unique=True,
    )
)
def test_planned_applied_and_undone_is_as_before(names: list[str]) -> None:
    """Whatever arrives: each file is in one place, each title is entered once, and undo restores all."""
    world = MemoryWorld(provider=Counting(invented_world()))
    arrives(world, *names)
    before = dict(world.incoming.files)
    report = world.apply(world.plan_route())
    assert report.count("failed") == report.count("skipped") == 0
    shows = list(world.catalogue.shows.all())
    assert len({show.ids for show in shows}) == len(shows)
    placed = len(world.tv.files) + len(world.movies.files)
    assert placed + len(world.incoming.files) == len(names)
    assert not world.plan_route().actions
    if report.count("done"):
        world.undo()
    assert world.incoming.files == before
    assert not world.tv.files
    assert not world.movies.files
    assert list(world.catalogue.shows.all()) == [] == list(world.catalogue.movies.all())

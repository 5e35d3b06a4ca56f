"""Decisions that few names and few files come to."""

from __future__ import annotations

import datetime

import attrs
import pytest

from medialib.matching import Judgement, ProposedReading, TitleIndex, judge_reading
from medialib.matching.title_rules import TitleRules, judge_title
from medialib.metadata import EpisodePlace, FileMetadata
from medialib.model import Episode, ExternalIds, Holding, Show, Unit
from medialib.naming import Finding, ParsedName, parse_name, read_title_folder
from medialib.routing import Unrouted, folder_fits, held_by, judge, named_apart
from medialib.routing.by_content import contradiction
from medialib.routing.renumbering import compare_episodes
from medialib.routing.specials import special_of


def judged(parsed: ParsedName, **fields: object) -> Judgement:
    return judge_reading(parsed, ProposedReading(title="Show", kind="episode", **fields), TitleIndex([]))  # type: ignore[arg-type]


def test_what_the_parser_reads_is_borne_out_where_the_text_does_not_spell_it() -> None:
    read = ParsedName(
        name="Sh0w", kind="episode", title="Show", seasons=(1,), findings=(Finding("title", "Show", 0, 4),)
    )
    told = judged(read, seasons=(1,))
    assert told.fits
    assert told.doubts == ("seasons: 1 is not written in the name, though the parser reads it so",)
    assert [each.text for each in told.borne] == ["Sh0w"]
    assert not judged(attrs.evolve(read, findings=()), seasons=(1,)).fits
    assert not judged(ParsedName(name="Sh", kind="unknown"), seasons=(1,)).fits
    assert judged(ParsedName(name="Sho\u0301w.S1", kind="unknown"), seasons=(1,)).fits


def test_a_range_and_another_reading_are_doubted() -> None:
    told = judged(ParsedName(name="Show 1 to 4", kind="unknown"), episodes=(1, 2, 3, 4))
    assert told.fits
    assert told.doubts == ("episodes: 1 to 4 as a range",)
    told = judged(parse_name("Show - 102 [1080p].mkv"), seasons=(1,), episodes=(2,))
    assert told.fits
    assert told.doubts == (
        "seasons: 1 is another way to read the name",
        "episodes: 2 is another way to read the name",
    )


@pytest.mark.parametrize("name", ["Show 17 05 2024", "Show 99 17 05 24", "Show 2024 5 17"])
def test_a_day_may_be_written_in_any_order(name: str) -> None:
    told = judged(ParsedName(name=name, kind="unknown"), date=datetime.date(2024, 5, 17))
    assert told.fits, told.faults
    assert not judged(ParsedName(name=name, kind="unknown"), date=datetime.date(2024, 5, 18)).fits


def test_folders_with_identifiers() -> None:
    folder = read_title_folder("Alien (1979) [imdbid-tt0078748] {imdb-tt0000001} [tmdbid-348]")
    assert (folder.ids.imdb, folder.ids.tmdb) == ("tt0078748", 348)
    show = Show("dark", "Dark", ids=ExternalIds(tvdb=7))
    assert folder_fits("Dark {tvdb-7}", show)
    assert not folder_fits("Dark {tvdb-8}", show)


def test_an_extra_that_stands_in_the_library_holds_no_episode() -> None:
    extra = ParsedName(name="Dark/Making of.mkv", kind="extra", title="Dark")
    assert isinstance(held_by(extra.name, extra, Show("dark", "Dark")), Unrouted)


def test_a_special_is_known_by_its_title_alone() -> None:
    known = [Episode("s", 0, 1, "Recap"), Episode("s", 0, 4, "The Beach")]
    found = special_of(ParsedName(name="Show OVA", kind="episode", episode_title="The Beach"), known)
    assert found == (known[1], "the special S00E04 is called 'The Beach'")
    assert isinstance(special_of(ParsedName(name="Show Special 9", kind="episode", episodes=(9,)), known), str)


def test_what_tells_copies_apart() -> None:
    name, added = named_apart("Show/S01E01.mkv", Holding(details={"version": "2"}), lambda other: False)
    assert (name, added) == ("Show/S01E01 - v2.mkv", "v2")
    stays = Holding(details={"resolution": "2160p"})
    verdict = judge(stays, Holding(details={"resolution": "1080p", "hdr": "HDR10", "edition": "Extended"}))
    assert verdict.doubts == ("it has HDR10", "it is another edition or part")
    assert not verdict.goes


def test_an_episode_without_a_title_is_named_as_such_or_by_its_day() -> None:
    old = Episode("s", 1, 1, "The Beginning")
    for day, said in ((None, "without a title"), (datetime.date(2001, 1, 1), "that of 2001-01-01")):
        fresh = [Episode("s", 1, 1, aired=day), Episode("s", 1, 2, "The Beginning")]
        assert f"S01E01 is {said} now" in compare_episodes([old], fresh).pinned


def test_what_a_provider_says_of_a_file_may_be_of_no_place() -> None:
    file = FileMetadata("anidb", 1, 959, ("Fumoffu",), "5", EpisodePlace(1, (5,)))
    show = Show("fumoffu", "Fumoffu", source="tmdb")
    unit = Unit("episode", "fumoffu", 1, (4,))
    known = tuple(Episode("fumoffu", 1, number, absolute=number) for number in range(1, 13))
    said = contradiction(unit, show, file, None, known)
    assert said is not None
    assert said.endswith("which is S01E05 here")
    assert contradiction(attrs.evolve(unit, episodes=(5,)), show, file, None, known) is None
    assert contradiction(unit, show, file, None, ()) is None
    assert contradiction(unit, show, attrs.evolve(file, episode=None), None, known) is None


def test_a_language_that_only_its_own_code_names() -> None:
    amharic = TitleRules(language=["am"])
    assert judge_title(Show("show", "Show", language="am"), amharic)
    assert not judge_title(Show("show", "Show", language="de"), amharic)

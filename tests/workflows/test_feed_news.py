"""What of a feed is news to a library, and that it is told once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from medialib.catalogue.memory import MemoryCatalogue
from medialib.feeds import Feed, FeedEntry
from medialib.model import Episode, Holding, InventoryFile, Movie, Place, Show, Unit
from medialib.workflows.feeds import FeedReport, Shelves, judge_feed, remember_news, with_told

NOW = datetime(2024, 5, 17, 12, tzinfo=UTC)


def held(path: str, unit: Unit) -> InventoryFile:
    return InventoryFile(Place("tv", path), 1, 1, NOW, Holding(unit))


@pytest.fixture
def catalogue() -> MemoryCatalogue:
    found = MemoryCatalogue()
    for show in (
        Show("dark", "Dark", year=2017),
        Show("word", "The Nightly Word", type="daily"),
        Show("machi", "Yoru no Machi", type="anime"),
        Show("song", "Song of the Sea", type="anime"),
        Show("harbour", "The Glass Harbour", year=2003),
        Show("harbour-2019", "The Glass Harbour", year=2019),
    ):
        found.shows.add(show)
    found.movies.add(Movie("salt", "Salt", year=2010))
    found.movies.add(Movie("pepper", "Pepper", year=2011))
    found.episodes.put([Episode("dark", 1, n) for n in range(1, 4)])
    found.episodes.put([Episode("machi", 1, 1, absolute=1), Episode("machi", 2, 1, absolute=13)])
    found.episodes.put([Episode("word", 1, n, aired=date(2024, 5, n)) for n in (1, 2, 3)])
    found.inventory.put(
        [
            held("d1", Unit("episode", "dark", 1, (1, 2))),
            held("m1", Unit("episode", "machi", 1, (1,))),
            held("s1", Unit("episode", "song", None, (4,))),
            held("w1", Unit("episode", "word", 1, (1,))),
            held("w9", Unit("episode", "word", aired=date(2024, 5, 9))),
            held("p", Unit("movie", "pepper")),
        ]
    )
    return found


def judged(catalogue: MemoryCatalogue, *titles: str) -> FeedReport:
    return judge_feed(Feed("Releases", tuple(map(FeedEntry, titles))), Shelves(catalogue))


@pytest.mark.parametrize(
    ("title", "kind", "what"),
    [
        ("Dark.S01E03.1080p.WEB-GRP", "new episode", "S01E03"),
        ("Dark.S01E02E03.1080p.WEB-GRP", "new episode", "S01E03"),
        ("Dark.S02E01.1080p.WEB-GRP", "new season", "S02E01"),
        ("Dark.S03.COMPLETE.1080p.WEB-GRP", "new season", "S03"),
        ("Dark.S00E01.1080p.WEB-GRP", "new episode", "S00E01"),
        ("[Grp] Yoru no Machi - 13 [1080p].mkv", "new season", "S02E01"),
        ("[Grp] Song of the Sea - 05 [1080p].mkv", "new episode", "#05"),
        ("The.Nightly.Word.2024.05.02.1080p.WEB-GRP", "new episode", "S01E02"),
        ("The.Nightly.Word.2024.06.01.1080p.WEB-GRP", "new episode", "2024-06-01"),
        ("Nobody.Knows.This.S01E01.1080p.WEB-GRP", "new show", "S01E01"),
        ("The.Glass.Harbour.S01E01.1080p.WEB-GRP", "unclear", "S01E01"),
        ("Salt.2010.1080p.BluRay.x264-GRP", "new film", ""),
        ("Unheard.Of.2020.1080p.BluRay.x264-GRP", "new film", ""),
    ],
)
def test_what_the_library_lacks_is_news(catalogue: MemoryCatalogue, title: str, kind: str, what: str) -> None:
    report = judged(catalogue, title)
    (news,) = report.news
    assert (news.kind, news.what, news.releases) == (kind, what, (title,))
    assert news.reasons
    assert report.present == 0


def test_what_it_has_is_counted_and_what_is_no_name_is_listed(catalogue: MemoryCatalogue) -> None:
    report = judged(
        catalogue,
        "Dark.S01E01.2160p.WEB-GRP",
        "[Grp] Yoru no Machi - 01.mkv",
        "[Grp] Song of the Sea - 04.mkv",
        "The.Nightly.Word.2024.05.01.720p.WEB-GRP",
        "The.Nightly.Word.2024.05.09.720p.WEB-GRP",
        "Pepper.2011.1080p.BluRay.x264-GRP",
        "Rules of this site",
    )
    assert (report.news, report.present) == ((), 6)
    assert report.unread == ("Rules of this site",)


def test_other_releases_of_the_same_are_one_piece_of_news(catalogue: MemoryCatalogue) -> None:
    names = [f"Nobody.Knows.S01E0{n}.1080p.WEB-G{n}" for n in range(1, 9)]
    report = judged(catalogue, "Dark.S01E03.A-X", "Dark.S01E03.B-Y", *names, "Dark.S02E01.A", "Dark.S02E02.A")
    assert [(each.kind, len(each.releases)) for each in report.news] == [
        ("new show", 5),
        ("new season", 2),
        ("new episode", 2),
    ]


def test_news_is_told_once_and_forgotten_after_a_year(catalogue: MemoryCatalogue) -> None:
    catalogue.checkpoints.put("something else", "stays")
    first = with_told(judged(catalogue, "Dark.S01E03.A-X", "Nobody.Knows.S01E01.A-X"), catalogue)
    assert len(first.untold) == 2
    remember_news(catalogue, first.untold, NOW)
    again = with_told(judged(catalogue, "Dark.S01E03.B-Y", "Dark.S02E01.B-Y"), catalogue)
    assert [each.what for each in again.untold] == ["S02E01"]
    assert [each.since for each in again.news] == [None, NOW]
    remember_news(catalogue, again.news, NOW + timedelta(days=300))
    remember_news(catalogue, (), NOW + timedelta(days=400))
    later = with_told(judged(catalogue, "Dark.S01E03.B-Y", "Dark.S02E01.B-Y"), catalogue)
    assert [each.what for each in later.untold] == ["S01E03"]
    assert catalogue.checkpoints.get("something else") == "stays"

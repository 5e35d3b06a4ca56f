"""medialib library missing, duplicates, stale and verify --quick, as a user runs them."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medialib.catalogue import open_catalogue
from medialib.model import Episode
from medialib.testing.metadata_world import invented_world
from medialib.testing.tvmaze_server import TvmazeServer

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

EPISODES = "Show.Name.S01E{:02}.1080p.WEB-DL.H264-GRP.mkv"
SEASON = "Show Name/Season 01"


@pytest.fixture
def stocked(home: Home) -> Home:
    """Three episodes of which the catalogue knows seven, one of them still to come."""
    for number in (1, 2, 4):
        home.put(EPISODES.format(number), f"episode {number}")
    assert home.medialib("sync").code == 0
    catalogue = open_catalogue(home.address)
    tomorrow = date.today() + timedelta(days=2)  # noqa: DTZ011 - two days are to come anywhere
    catalogue.episodes.put(
        Episode("show-name", 1, number, aired=date(2020, 1, number) if number < 7 else tomorrow)
        for number in range(1, 8)
    )
    catalogue.close()
    return home


@pytest.mark.every_catalogue
def test_missing(stocked: Home) -> None:
    before = stocked.digest()
    answer = stocked.medialib("library", "missing")
    assert answer.code == 3
    assert answer.out.splitlines() == [
        "show       season  held  missing",
        "Show Name  1       3     E03, E05-E06",
        "3 missing",
    ]
    answer = stocked.medialib("library", "missing", "--unaired", "show name", "--json")
    assert answer.code == 3
    (show,) = answer.document["shows"]
    assert [episode["episode"] for episode in show["missing"]] == [3, 5, 6]
    assert [episode["episode"] for episode in show["unaired"]] == [7]
    assert stocked.medialib("library", "missing", "Nobody").code != 0
    assert stocked.medialib("library", "missing", "--all", "Show Name").code == 2
    assert stocked.digest() == before


@pytest.mark.every_catalogue
def test_duplicates(stocked: Home) -> None:
    assert stocked.medialib("library", "duplicates").out == "nothing is there twice\n"
    stocked.put("Show.Name.S01E02.720p.HDTV.x264-OTHER.mkv")
    stocked.put("Show.Name.S01E02.720p.HDTV.x264-OTHER.en.srt")
    assert stocked.medialib("sync").code == 0
    before = stocked.files()
    answer = stocked.medialib("library", "duplicates")
    assert answer.code == 3
    assert "resolution: 1080p, 720p" in answer.out
    assert "1080p before 720p" in answer.out
    (found,) = stocked.medialib("library", "duplicates", "--json").document["duplicates"]
    assert [file["stays"] for file in found["files"]] == [True, False]
    assert stocked.medialib("library", "duplicates", "-n").code == 2
    planned = stocked.medialib("library", "duplicates", "--discard", "-n")
    assert planned.out.count("recycle tv:") == 2
    assert stocked.files() == before
    assert stocked.medialib("library", "duplicates", "--discard").code == 0
    assert sorted(stocked.files()) == sorted(f"tv/{SEASON}/{EPISODES.format(number)}" for number in (1, 2, 4))
    assert stocked.medialib("undo").code == 0
    assert stocked.files() == before


@pytest.mark.every_catalogue
def test_stale(stocked: Home) -> None:
    assert stocked.medialib("library", "stale").out == "3 rows checked: nothing is stale\n"
    folder = stocked.folder / "tv" / SEASON
    (folder / EPISODES.format(1)).unlink()
    stocked.put(f"{SEASON}/{EPISODES.format(3)}", where="tv")
    stocked.put(f"{SEASON}/{EPISODES.format(3)[:-4]}.en.srt", where="tv")
    answer = stocked.medialib("library", "stale")
    assert answer.code == 3
    assert f"no file  tv:{SEASON}/{EPISODES.format(1)}" in answer.out
    assert answer.out.splitlines()[-1] == "3 rows checked: 1 without a file; files without a row: 2"
    document = stocked.medialib("library", "stale", "--json").document
    assert [place["path"] for place in document["gone"]] == [f"{SEASON}/{EPISODES.format(1)}"]
    assert len(document["strangers"]) == 2
    assert stocked.medialib("library", "stale", "--forget", "--adopt").code == 2
    assert stocked.medialib("library", "stale", "--forget").code == 0
    assert stocked.medialib("library", "stale", "--adopt").code == 0
    assert stocked.medialib("library", "stale").out == "4 rows checked: nothing is stale\n"
    assert stocked.rows("select count(*) from inventory where role = 'companion'") == [(1,)]
    assert stocked.medialib("undo").code == 0
    assert len(stocked.medialib("library", "stale", "--json").document["strangers"]) == 2


@pytest.mark.every_catalogue
def test_a_quick_verify(stocked: Home) -> None:
    answer = stocked.medialib("library", "verify", "--quick", "--all")
    assert (answer.code, answer.out) == (0, "3 files: 3 unchanged\n")
    stocked.put(f"{SEASON}/{EPISODES.format(1)}", "edited", where="tv", age=5)
    answer = stocked.medialib("library", "verify", "--quick", f"tv:{SEASON}")
    assert answer.code == 3
    assert "changed  tv:" in answer.out
    assert answer.out.splitlines()[-1] == "3 files: 2 unchanged, 1 changed"
    document = stocked.medialib("library", "verify", "--quick", "--all", "--json").document
    assert document["counts"] == {"unchanged": 2, "changed": 1}
    assert stocked.medialib("library", "verify", "--quick", "--all", "--remote").code == 2


@pytest.mark.parametrize("words", [["missing"], ["duplicates"], ["duplicates", "--discard"], ["stale"]])
def test_a_drive_that_is_not_mounted_is_an_error(stocked: Home, words: list[str]) -> None:
    tv = stocked.folder / "tv"
    rows = stocked.rows("select * from inventory")
    shutil.move(tv, stocked.folder / "away")
    assert stocked.medialib("library", *words).code == 1
    Path(tv).mkdir()
    answer = stocked.medialib("library", *words)
    assert answer.code == 1
    assert "Is the disk mounted?" in answer.err
    assert stocked.medialib("library", "verify", "--quick", "--all").code == 3
    assert stocked.rows("select * from inventory") == rows


def test_a_plan_can_be_saved(stocked: Home) -> None:
    (stocked.folder / "tv" / SEASON / EPISODES.format(1)).unlink()
    plan = stocked.folder / "plan.json"
    assert stocked.medialib("library", "stale", "--forget", "--save-plan", str(plan)).code == 0
    (action,) = json.loads(plan.read_text())["actions"]
    assert action["record"] is None
    assert stocked.medialib("plan", "apply", str(plan)).code == 0
    assert stocked.rows("select count(*) from inventory") == [(2,)]


@pytest.mark.every_catalogue
def test_rename(stocked: Home) -> None:
    stocked.put("Show.Name.S01E05.720p.en.srt")
    stocked.put("Show.Name.S01E05.720p.mkv")
    assert stocked.medialib("sync").code == 0
    before = stocked.files()
    assert stocked.medialib("library", "rename").out.splitlines()[-1] == "nothing to do"
    stocked.configure(library='preset = "plex"')
    planned = stocked.medialib("library", "rename", "-n")
    assert planned.code == 0
    assert f"→ tv:{SEASON}/Show Name - S01E05.en.srt" in planned.out
    assert stocked.files() == before
    assert stocked.medialib("library", "rename", "Show Name").code == 0
    assert sorted(stocked.files()) == [
        f"tv/{SEASON}/Show Name - S01E0{number}" + end
        for number, ends in ((1, [".mkv"]), (2, [".mkv"]), (4, [".mkv"]), (5, [".en.srt", ".mkv"]))
        for end in ends
    ]
    assert stocked.medialib("library", "rename").out.splitlines()[-1] == "nothing to do"
    assert stocked.medialib("library", "stale").code == 0
    assert stocked.medialib("undo").code == 0
    assert stocked.files() == before


@pytest.mark.every_catalogue
def test_new_seasons(home: Home) -> None:
    with TvmazeServer(invented_world()) as tvmaze:
        home.configure(library=f'[metadata]\nprovider = "tvmaze"\npatience = "1s"\n[tvmaze]\nurl = "{tvmaze.url}"')
        home.put("The.Long.Voyage.S01E02.1080p.mkv", where="incoming")
        assert home.medialib("route", "--auto-add").code == 0
        answer = home.medialib("library", "new-seasons")
        assert answer.code == 3
        assert "The Long Voyage  2       aired  2 of 2" in answer.out
        asked = tvmaze.asked()
        (season,) = home.medialib("library", "new-seasons", "--json").document["seasons"]
        assert (season["season"], season["held"], season["provider"]) == (2, 1, "tvmaze")
        assert tvmaze.asked() == asked
        home.put("The.Long.Voyage.S02E01.1080p.mkv", where="incoming")
        assert home.medialib("route").code == 0
        assert home.medialib("library", "new-seasons").code == 0
    home.configure(library='[metadata]\nprovider = "none"')
    assert home.medialib("library", "new-seasons").code == 2


def test_stats(stocked: Home) -> None:
    answer = stocked.medialib("library", "stats")
    assert answer.code == 0
    assert "by resolution  files  size" in answer.out
    assert answer.out.splitlines()[-1] == "3 videos and 0 companions, 27 B"
    document = stocked.medialib("library", "stats", "--by", "source", "--json").document
    assert document["by source"] == [{"name": "WEB-DL", "files": 3, "size": 27}]

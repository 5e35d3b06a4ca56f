"""A library that stands is taken over through the command line, with the services played by servers."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medialib.testing.metadata_world import invented_world
from medialib.testing.tmdb_server import TmdbServer
from medialib.testing.web_server import Cut

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def tmdb() -> Iterator[TmdbServer]:
    with TmdbServer(invented_world(), key=KEY) as server:
        yield server


@pytest.fixture
def standing(home: Home, tmdb: TmdbServer) -> Home:
    """A home with a library, whose provider is TMDB."""
    home.configure(
        library=f"""
[metadata]
provider = "tmdb"
patience = "1s"
[tmdb]
api_key = "{KEY}"
url = "{tmdb.api}"
"""
    )
    for path in (
        "tv/The Long Voyage/Season 01/01 - Part 1.mkv",
        "tv/The Long Voyage/Season 01/S01E02.mkv",
        "tv/The Long Voyage/Season 01/S01E02.en.srt",
        "tv/The Long Voyage/Specials/01 - Before.mkv",
        "tv/Vampires {tvdb-900203}/Season 01/S01E01.mkv",
        "anime/Song of the Pirates/14.mkv",
        "movies/Salt (2010)/salt.mkv",
        "movies/The.Glass.Harbour.2003.720p.mkv",
    ):
        root, _, rest = path.partition("/")
        home.put(rest, where=root)
    return home


HELD = [
    ("anime", "Song of the Pirates/14.mkv", "kaizoku-no-uta-2012", 2, "[14]"),
    ("movies", "Salt (2010)/salt.mkv", "salt-2010", None, "[]"),
    ("movies", "The.Glass.Harbour.2003.720p.mkv", "the-glass-harbour-2003", None, "[]"),
    ("tv", "The Long Voyage/Season 01/01 - Part 1.mkv", "the-long-voyage-2011", 1, "[1]"),
    ("tv", "The Long Voyage/Season 01/S01E02.en.srt", "the-long-voyage-2011", 1, "[2]"),
    ("tv", "The Long Voyage/Season 01/S01E02.mkv", "the-long-voyage-2011", 1, "[2]"),
    ("tv", "The Long Voyage/Specials/01 - Before.mkv", "the-long-voyage-2011", 0, "[1]"),
    ("tv", "Vampires {tvdb-900203}/Season 01/S01E01.mkv", "nosferatu-2024", 1, "[1]"),
]


def held(home: Home) -> list[tuple[Any, ...]]:
    rows = home.rows("SELECT location, path, unit_key, season, episodes FROM inventory ORDER BY location, path")
    return [(*row[:4], str(row[4])) for row in rows]


@pytest.mark.every_catalogue
def test_a_library_is_taken_over_in_four_steps_and_given_back(standing: Home) -> None:
    """-n writes nothing; each step does what it showed; a second time there is nothing to do; undo takes it back."""
    disks = standing.files("tv", "anime", "movies")
    for verb, entered in (("shows", 3), ("episodes", 3), ("movies", 2), ("inventory", 8)):
        before = standing.digest()
        shown = standing.medialib("bootstrap", verb, "-n")
        assert (shown.code, standing.digest()) == (0, before), shown.out + shown.err
        assert f"{verb}: {entered} to be entered" in shown.out
        done = standing.medialib("bootstrap", verb)
        assert done.code == 0, done.out + done.err
        assert f"{verb}: {entered} entered, 0 changed, 0 known already" in done.out
        again = standing.medialib(f"bootstrap-{verb}", "--json").document
        assert again["summary"] == {"entered": 0, "changed": 0, "known": entered, "left": 0}
        assert again["run"] is None
    assert held(standing) == HELD
    assert standing.rows("SELECT folder, type, tmdb FROM shows ORDER BY folder") == [
        ("Song of the Pirates", "anime", 301),
        ("The Long Voyage", "standard", 101),
        ("Vampires {tvdb-900203}", "standard", 203),
    ]
    for _ in range(4):
        assert standing.medialib("undo").code == 0
    for table in ("shows", "episodes", "movies", "inventory"):
        assert standing.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert standing.files("tv", "anime", "movies") == disks


def test_what_arrives_later_goes_where_the_library_stands(standing: Home) -> None:
    for verb in ("shows", "movies"):
        assert standing.medialib("bootstrap", verb).code == 0
    standing.put("The.Long.Voyage.S02E01.mkv", where="incoming")
    standing.put("[G] Kaizoku no Uta - 15.mkv", where="incoming")
    assert standing.medialib("route").code == 0
    assert (standing.folder / "tv/The Long Voyage/Season 02/The.Long.Voyage.S02E01.mkv").is_file()
    assert (standing.folder / "anime/Song of the Pirates/Season 02/[G] Kaizoku no Uta - 15.mkv").is_file()


@pytest.mark.every_catalogue
def test_what_nobody_can_tell_is_left_and_named(standing: Home) -> None:
    standing.put("Nosferatu/S01E01.mkv", where="tv")
    standing.put("loose.mkv", where="tv")
    left = standing.medialib("bootstrap-tv-shows")
    assert left.code == 3
    assert "unidentified tv:Nosferatu: 'Nosferatu' may be any of Nosferatu (1998, US) [tmdb:201]" in left.out
    assert 'medialib shows add "Nosferatu" --tmdb-id' in left.out
    assert "shows: 3 entered, 0 changed, 0 known already, 1 left, which need you" in left.out
    assert standing.medialib("shows", "add", "Nosferatu", "--tmdb-id", "202", "--override-dir").code == 0
    assert standing.medialib("bootstrap", "shows").code == 0
    some = standing.medialib("bootstrap", "inventory", "--json")
    assert some.code == 3
    assert {remark["place"]["path"] for remark in some.document["remarks"]} == {
        "loose.mkv",
        "Salt (2010)/salt.mkv",
        "The.Glass.Harbour.2003.720p.mkv",
    }
    assert standing.medialib("bootstrap", "inventory", "--all").code == 0
    assert standing.rows("SELECT count(*) FROM inventory WHERE unit_key IS NULL") == [(3,)]
    assert standing.medialib("bootstrap", "movies").code == 0
    assert "inventory: 0 entered, 2 changed" in standing.medialib("bootstrap", "inventory").out


def test_nobody_needs_to_be_asked(standing: Home, tmdb: TmdbServer) -> None:
    standing.configure(library='[metadata]\nprovider = "none"')
    refused = standing.medialib("bootstrap", "shows")
    assert refused.code == 2
    assert "--by-name" in refused.err
    for verb in ("shows", "movies"):
        assert standing.medialib("bootstrap", verb, "--by-name").code == 0
    assert standing.medialib("bootstrap", "inventory").code == 0
    assert tmdb.asked() == 0
    assert standing.rows("SELECT title, tvdb, source FROM shows ORDER BY title") == [
        ("Song of the Pirates", None, "name"),
        ("The Long Voyage", None, "name"),
        ("Vampires", 900203, "name"),
    ]


def test_one_that_fails_stops_no_other(standing: Home, tmdb: TmdbServer) -> None:
    tmdb.fail(*[Cut()] * 8)
    failed = standing.medialib("bootstrap", "shows")
    assert failed.code == 3
    assert "could not be looked up" in failed.out
    with tmdb.lock:
        tmdb.faults.clear()
    assert standing.medialib("bootstrap", "shows").code == 0
    assert standing.rows("SELECT count(*) FROM shows") == [(3,)]


def test_hashes_on_request_and_what_changed_later(standing: Home) -> None:
    assert standing.medialib("bootstrap", "shows", "--by-name").code == 0
    assert standing.medialib("bootstrap", "movies", "--by-name").code == 0
    assert standing.medialib("bootstrap", "inventory").code == 0
    assert standing.rows("SELECT count(*) FROM inventory WHERE sha256 IS NOT NULL") == [(0,)]
    assert "inventory: 0 entered, 8 changed" in standing.medialib("bootstrap", "inventory", "--hash").out
    assert standing.medialib("library", "verify", "--all").code == 0
    path = "The Long Voyage/Season 01/S01E02.mkv"
    standing.put(path, b"another cut", where="tv", age=600)
    for executor in ("threads:2", "processes:2"):
        standing.put(path, f"cut for {executor}", where="tv", age=500)
        again = standing.medialib("bootstrap", "inventory", "--hash", "--executor", executor)
        assert "inventory: 0 entered, 1 changed, 7 known already" in again.out
        ((sha256,),) = standing.rows(f"SELECT sha256 FROM inventory WHERE path = '{path}'")
        assert sha256 == hashlib.sha256(f"cut for {executor}".encode()).hexdigest()


def test_a_plan_is_saved_and_applied(standing: Home, tmp_path: Path) -> None:
    for verb in ("shows", "movies", "inventory"):
        plan = str(tmp_path / f"{verb}.json")
        assert standing.medialib("bootstrap", verb, "--save-plan", plan).code == 0
        assert standing.medialib("plan", "apply", plan).code == 0
    assert len(held(standing)) == 8


@pytest.mark.every_catalogue
def test_a_root_that_is_not_mounted_is_an_error(standing: Home) -> None:
    for verb in ("shows", "movies", "inventory"):
        assert standing.medialib("bootstrap", verb).code == 0
    before = standing.digest()
    for root in ("tv", "movies"):
        (standing.folder / root).rename(standing.folder / f"{root} away")
        for there in (False, True):
            if there:
                (standing.folder / root).mkdir()
            for verb in ("shows", "inventory") if root == "tv" else ("movies", "inventory"):
                refused = standing.medialib("bootstrap", verb)
                assert refused.code == 1
                assert "Is the disk mounted?" in refused.err
        (standing.folder / root).rmdir()
        (standing.folder / f"{root} away").rename(standing.folder / root)
    kept = {path for path in before if "catalogue" not in path}
    assert {path: standing.digest()[path] for path in kept} == {path: before[path] for path in kept}
    assert standing.medialib("bootstrap", "inventory").code == 0


def test_a_killed_run_goes_on_where_it_was(standing: Home) -> None:
    """Files enter in groups; what had entered when the process was killed is not entered again."""
    assert standing.medialib("bootstrap", "shows").code == 0
    for number in range(3, 3000):
        standing.put(f"The Long Voyage/Season 01/S01E{number:04}.mkv", b"x", where="tv")
    command = [sys.executable, "-m", "medialib_cli", "--config", str(standing.folder / "medialib.toml")]
    process = subprocess.Popen(
        [*command, "bootstrap", "inventory"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not (count := standing.rows("SELECT count(*) FROM inventory")[0][0]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < count < 3000
    rest = standing.medialib("bootstrap", "inventory", "--json").document["summary"]
    assert rest["known"] >= count
    assert rest["known"] + rest["entered"] == 3003 == len(held(standing))


def test_stopping_is_orderly(standing: Home) -> None:
    assert standing.medialib("bootstrap", "shows").code == 0
    for number in range(3, 3000):
        standing.put(f"The Long Voyage/Season 01/S01E{number:04}.mkv", b"x", where="tv")
    command = [sys.executable, "-m", "medialib_cli", "--config", str(standing.folder / "medialib.toml")]
    process = subprocess.Popen(
        [*command, "bootstrap", "inventory"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not standing.rows("SELECT count(*) FROM inventory")[0][0]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    entered = len(held(standing))
    assert f"inventory: {entered} entered" in out
    assert "Traceback" not in err
    assert standing.rows("SELECT count(*) FROM journal_lines WHERE outcome IS NULL") == [(0,)]

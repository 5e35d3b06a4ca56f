"""Titles looked up through the command line, with the services played by servers that keep their contracts."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medialib.testing.metadata_world import invented_world
from medialib.testing.web_server import Cut, Empty, Fault, Refuse

if TYPE_CHECKING:
    from .conftest import Home, Services


def use(home: Home, services: Services, provider: str) -> Home:
    return services.use(home, provider)


# -------------------------------------------------------------------------------------------------------- while routing


@pytest.mark.every_catalogue
def test_auto_add_shows_first_and_does_then(asking: Home) -> None:
    """With --dry-run, show and move are both listed and nothing is written; without it, both are done."""
    asking.put("The.Long.Voyage.S01E02.1080p.mkv", where="incoming")
    before = asking.digest()
    seen = asking.medialib("route-files", "--auto-add", "--dry-run")
    assert seen.code == 0
    assert "add show The Long Voyage (2011) with 6 episodes" in seen.out
    assert "tv:The Long Voyage (2011)/Season 01/The.Long.Voyage.S01E02.1080p.mkv" in seen.out
    assert asking.digest() == before
    assert not (asking.folder.parent / "cache").exists()
    done = asking.medialib("route", "--auto-add")
    assert done.code == 0
    assert list(asking.files("tv")) == ["tv/The Long Voyage (2011)/Season 01/The.Long.Voyage.S01E02.1080p.mkv"]
    assert asking.rows("SELECT title, year, tvmaze, tvdb, imdb, source FROM shows") == [
        ("The Long Voyage", 2011, 101, 900101, "tt0900101", "tvmaze")
    ]
    assert asking.rows("SELECT count(*) FROM episodes WHERE season = 0") == [(1,)]
    assert asking.medialib("undo").code == 0
    assert asking.rows("SELECT count(*) FROM shows") == asking.rows("SELECT count(*) FROM episodes") == [(0,)]
    assert list(asking.files("incoming")) == ["incoming/The.Long.Voyage.S01E02.1080p.mkv"]


@pytest.mark.every_catalogue
def test_sync_looks_up_what_it_fetched(asking: Home) -> None:
    asking.put("[G] Yoru no Machi - 13 [ABCD1234].mkv")
    asking.put("[G] Yoru no Machi - 77 [ABCD1234].mkv")
    done = asking.medialib("sync", "--auto-add")
    assert done.code == 3
    assert list(asking.files("anime")) == ["anime/Yoru no Machi (2015)/Season 02/[G] Yoru no Machi - 13 [ABCD1234].mkv"]
    assert "absolute episode 77" in done.out
    assert list(asking.files("incoming")) == ["incoming/[G] Yoru no Machi - 77 [ABCD1234].mkv"]


def test_every_candidate_can_be_asked_why(asking: Home, services: Services) -> None:
    """As text and as data, with scores; nothing is written and nothing is chosen."""
    story = asking.medialib("explain", "Nosferatu.S01E01.mkv", "--auto-add")
    assert story.code == 0
    assert "looked up: 'Nosferatu' may be any of" in story.out
    assert story.out.count("1.00 Nosferatu (") == 3
    chapters = asking.medialib("--json", "explain", "Nosferatu.2014.S01E01.mkv", "--auto-add").document["chapters"]
    told = {chapter["heading"]: chapter["data"] for chapter in chapters}
    assert told["looked up"]["chosen"]["ids"]["tvmaze"] == 202
    assert {offer["title"]["id"] for offer in told["looked up"]["offers"]} == {201, 203}
    assert told["routed"]["place"] == "tv:Nosferatu (2014)/Season 01/Nosferatu.2014.S01E01.mkv"
    services.tvmaze.stop()
    assert "could not be asked" in asking.medialib("explain", "The.Long.Voyage.S01E01.mkv", "--auto-add").out
    assert not (asking.folder / "catalogue.db").exists()


def test_without_auto_add_nobody_is_asked(asking: Home, services: Services) -> None:
    asking.put("The.Long.Voyage.S01E02.1080p.mkv", where="incoming")
    assert asking.medialib("route").code == 0
    assert services.tvmaze.asked() == 0
    assert asking.rows("SELECT source FROM shows") == [("name",)]


@pytest.mark.every_catalogue
def test_tmdb_orders_its_anime_and_knows_films(home: Home, services: Services) -> None:
    use(home, services, "tmdb")
    for name in ("[G] Kaizoku no Uta - 14.mkv", "The.Glass.Harbour.2019.1080p.BluRay.mkv", "Salt.1080p.WEB.mkv"):
        home.put(name, where="incoming")
    done = home.medialib("route", "--auto-add")
    assert done.code == 0, done.out + done.err
    assert list(home.files("anime", "movies")) == [
        "anime/Kaizoku no Uta (2012)/Season 02/[G] Kaizoku no Uta - 14.mkv",
        "movies/Salt (2010)/Salt (2010).mkv",
        "movies/The Glass Harbour (2019)/The Glass Harbour (2019).mkv",
    ]
    assert home.rows("SELECT season, number FROM episodes WHERE absolute = 14") == [(2, 14)]
    assert home.rows("SELECT count(*) FROM episodes WHERE season = 0 AND absolute IS NULL") == [(2,)]


@pytest.mark.every_catalogue
@pytest.mark.parametrize("title", ["AC/DC", "...", "CON", "Fate/stay: night?"])
def test_titles_that_no_folder_may_have(asking: Home, title: str) -> None:
    done = asking.medialib("add-show", title)
    assert done.code == 0, done.out + done.err
    ((name,),) = ([folder.name for folder in (asking.folder / "tv").iterdir()],)
    assert not set(name) & set('<>:"/\\|?*')
    assert name.rstrip(". ") == name
    (number,) = [title_.id for title_ in invented_world().titles.values() if title_.title == title]
    assert asking.rows("SELECT tvmaze FROM shows") == [(number,)]


# ---------------------------------------------------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    "faults", [(Refuse(503),) * 50, (Refuse(429, retry_after="3600"),), (Empty(),) * 50, (Cut(3),) * 50]
)
def test_a_provider_in_trouble_leaves_no_trace(asking: Home, services: Services, faults: tuple[Fault, ...]) -> None:
    """After retries that honour Retry-After: no directory, no row, an exit code that says so."""
    asking.put("The.Long.Voyage.S01E02.mkv", where="incoming")
    services.tvmaze.fail(*faults)
    left = asking.medialib("route", "--auto-add")
    assert left.code == 3
    assert "could not be looked up" in left.out
    services.tvmaze.faults.clear()
    services.tvmaze.fail(*faults)
    refused = asking.medialib("shows", "add", "The Long Voyage")
    assert refused.code == 1
    assert "TVmaze" in refused.err
    assert not list((asking.folder / "tv").iterdir())
    assert asking.rows("SELECT count(*) FROM shows") == [(0,)]
    services.tvmaze.faults.clear()
    assert asking.medialib("route", "--auto-add").code == 0


def test_retry_after_is_waited_for(asking: Home, services: Services) -> None:
    services.tvmaze.fail(Refuse(429, retry_after="1"))
    began = time.monotonic()
    assert asking.medialib("shows", "add", "The Long Voyage").code == 0
    assert time.monotonic() - began >= 1


def test_a_wrong_key_says_which(home: Home, services: Services) -> None:
    use(home, services, "tmdb")
    text = (home.folder / "medialib.toml").read_text()
    (home.folder / "medialib.toml").write_text(text.replace(services.key, "f" * 32))
    refused = home.medialib("shows", "add", "The Long Voyage")
    assert refused.code == 1
    assert "tmdb.api_key" in refused.err
    assert "f" * 32 not in refused.err
    (home.folder / "medialib.toml").write_text(text.replace(f'api_key = "{services.key}"', ""))
    unset = home.medialib("shows", "add", "The Long Voyage")
    assert unset.code == 2
    assert "tmdb.api_key" in unset.err


# ----------------------------------------------------------------------------------------------------- adding shows


@pytest.mark.every_catalogue
def test_several_hits_without_a_terminal_are_listed(asking: Home) -> None:
    refused = asking.medialib("add-show", "Nosferatu")
    assert refused.code == 1
    assert all(f"[tvmaze:{number}]" in refused.err for number in (201, 202, 203))
    assert asking.rows("SELECT count(*) FROM shows") == [(0,)]
    document = asking.medialib("--json", "shows", "add", "Nosferatu").document
    assert document["exit_code"] == 1
    assert len(document["error"]["problems"]) == 3


@pytest.mark.every_catalogue
def test_a_number_that_is_there_already_exists(home: Home, services: Services) -> None:
    use(home, services, "tmdb")
    assert home.medialib("add-show", "Nosferatu", "--tmdb-id", "202").code == 0
    again = home.medialib("add-show", "Nosferatu", "--tmdb-id", "202")
    assert again.code == 0
    assert "already exists" in again.out
    assert home.rows("SELECT title, tmdb FROM shows") == [("Nosferatu", 202)]
    assert home.medialib("add-show", "Nosferatu", "--tmdb-id", "9999").code == 1


@pytest.mark.every_catalogue
def test_override_dir_uses_the_given_name(asking: Home) -> None:
    done = asking.medialib("add-show", "My: Vampires", "--tvmaze-id", "203", "--override-dir")
    assert done.code == 0
    assert [folder.name for folder in (asking.folder / "tv").iterdir()] == ["My - Vampires"]


def test_a_number_that_the_provider_cannot_go_by(asking: Home, services: Services) -> None:
    """TVmaze knows no TMDB numbers; TMDB is asked, since its key is there."""
    assert asking.medialib("add-show", "Nosferatu", "--tmdb-id", "202").code == 0
    assert services.tmdb.asked() > 0
    text = (asking.folder / "medialib.toml").read_text()
    (asking.folder / "medialib.toml").write_text(text.replace(f'api_key = "{services.key}"', ""))
    refused = asking.medialib("add-show", "Nosferatu", "--tmdb-id", "203")
    assert refused.code == 2
    assert "tmdb.api_key" in refused.err


def test_a_saved_plan_adds_the_show_later(asking: Home, services: Services, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert asking.medialib("shows", "add", "The Long Voyage", "--save-plan", str(plan)).code == 0
    assert asking.rows("SELECT count(*) FROM shows") == [(0,)]
    services.tvmaze.stop()
    assert asking.medialib("plan", "apply", str(plan)).code == 0
    assert asking.rows("SELECT count(*) FROM episodes") == [(6,)]


def test_at_a_terminal_one_is_asked_until_it_is_clear(asking: Home) -> None:
    code, said = asking.at_a_terminal("shows", "add", "Nosferatu", answers=("7", "x", "1,2", "2"))
    assert code == 0, said
    assert "one number is wanted" in said
    assert all(head in said for head in ("title", "year", "from", "language", "number", "why"))
    assert re.search(r"2 +Nosferatu +2014 +\w* *\w* *tvmaze:\d+ +\w+", said)
    assert asking.rows("SELECT year FROM shows") == [(2014,)]
    asking.put("Nosferatu.S01E01.mkv", where="incoming")
    assert asking.medialib("route").code == 0
    assert list(asking.files("tv")) == ["tv/Nosferatu (2014)/Season 01/Nosferatu.S01E01.mkv"]


def test_at_a_terminal_routing_asks_once_a_title(asking: Home) -> None:
    for number in (1, 2):
        asking.put(f"Nosferatu.S01E0{number}.mkv", where="incoming")
    code, said = asking.at_a_terminal("route", "--auto-add", answers=("3",))
    assert code == 0, said
    assert said.count("Which of these is 'Nosferatu'?") == 1
    assert len(asking.files("tv")) == 2


def test_no_answer_leaves_the_files(asking: Home) -> None:
    asking.put("Nosferatu.S01E01.mkv", where="incoming")
    code, said = asking.at_a_terminal("route", "--auto-add", answers=("",))
    assert code == 3, said
    assert not asking.files("tv")


# -------------------------------------------------------------------------------------------------------- fixing shows


def test_a_wrong_show_is_made_the_right_one(home: Home, services: Services) -> None:
    use(home, services, "tmdb")
    home.medialib("add-show", "Nosferatu", "--tmdb-id", "201")
    home.put("Nosferatu.S01E01.mkv", where="incoming")
    home.put("Nosferatu.S01E01.en.srt", where="incoming")
    assert home.medialib("route").code == 0
    refused = home.medialib("fix-show", "Nosferatu")
    assert refused.code == 1
    assert "[tmdb:203]" in refused.err
    dry = home.medialib("fix-show", "Nosferatu", "--tmdb-id", "203", "--dry-run")
    assert "change show Nosferatu (1998) to Nosferatu (2024) with 2 episodes" in dry.out
    assert home.rows("SELECT year FROM shows") == [(1998,)]
    done = home.medialib("fix-show", "Nosferatu", "--tmdb-id", "203")
    assert done.code == 0, done.out + done.err
    assert list(home.files("tv")) == [
        "tv/Nosferatu (2024)/Season 01/Nosferatu.S01E01.en.srt",
        "tv/Nosferatu (2024)/Season 01/Nosferatu.S01E01.mkv",
    ]
    assert home.medialib("undo").code == 0
    assert home.rows("SELECT year FROM shows") == [(1998,)]
    assert len(home.files("tv/Nosferatu (1998)")) == 2


def test_at_a_terminal_the_right_one_is_chosen(asking: Home) -> None:
    asking.medialib("add-show", "Nosferatu", "--tvmaze-id", "201")
    code, said = asking.at_a_terminal("fix-show", "Nosferatu", answers=("20", "0", "3"))
    assert code == 0, said
    assert asking.rows("SELECT tvmaze FROM shows") == [(203,)]

"""Shows updated, removed and renamed through the command line: planned, told, done, and taken back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

from medialib.library import open_library
from medialib.metadata import EpisodeMetadata
from medialib.model import ExternalIds, Show
from medialib.testing.web_server import Refuse

if TYPE_CHECKING:
    from .conftest import Home, Services


def voyage(home: Home) -> Home:
    """The Long Voyage, with two files."""
    assert home.medialib("shows", "add", "The Long Voyage").code == 0
    for name in ("The.Long.Voyage.S01E02.mkv", "The.Long.Voyage.S01E02.en.srt"):
        home.put(name, where="incoming")
    assert home.medialib("route").code == 0
    return home


def say(services: Services, *episodes: EpisodeMetadata, **facts: object) -> None:
    """Let the services say something else of The Long Voyage."""
    world = services.world
    world.episodes[101] = episodes or world.episodes[101]
    world.titles["show", 101] = attrs.evolve(world.titles["show", 101], **facts)


def forget_answers(home: Home) -> None:
    """As when the hours have passed for which answers may be kept."""
    for file in (home.folder.parent / "cache").rglob("answers.sqlite*"):
        file.unlink()


def renumbered(services: Services) -> None:
    new = EpisodeMetadata(1, 2, "The Stowaway", date(2012, 1, 20))
    shifted = [
        attrs.evolve(each, number=each.number + 1) if each.season == 1 and each.number >= 2 else each
        for each in services.world.episodes[101]
    ]
    say(services, *shifted, new)


# ------------------------------------------------------------------------------------------------------------- updating


@pytest.mark.every_catalogue
def test_what_is_new_is_taken_over_and_what_is_pinned_proposed(asking: Home, services: Services) -> None:
    voyage(asking)
    say(services, *services.world.episodes[101], EpisodeMetadata(2, 9, "Homeward", date(2013, 9, 9)), status="Running")
    forget_answers(asking)
    assert "nothing to do" not in asking.medialib("shows", "update", "The Long Voyage", "-n").out
    done = asking.medialib("shows", "update", "long voyage")
    assert done.code == 0, done.out + done.err
    assert asking.rows("SELECT status FROM shows") == [("Running",)]
    assert asking.rows("SELECT title FROM episodes WHERE season = 2 AND number = 9") == [("Homeward",)]

    renumbered(services)
    forget_answers(asking)
    before = asking.digest()
    seen = asking.medialib("--json", "shows", "update", "The Long Voyage", "--plan")
    assert [plan["kind"] for plan in seen.document["plans"]] == ["shows update", "shows update, proposed"]
    assert asking.digest() == before
    told = asking.medialib("shows", "update", "The Long Voyage", "--episodes")
    assert told.code == 3
    assert "S01E02 is S01E03 now" in told.out
    assert asking.rows("SELECT title FROM episodes WHERE season = 1 AND number = 2") == [("Part 2 of season 1",)]
    done = asking.medialib("shows", "update", "The Long Voyage", "--renumber")
    assert done.code == 0, done.out + done.err
    assert asking.rows("SELECT title FROM episodes WHERE season = 1 AND number = 2") == [("The Stowaway",)]
    with open_library(asking.folder / "medialib.toml", read_only=True) as library:
        units = {row.holding.unit for row in library.catalogue.inventory.all()}
    assert {unit.episodes for unit in units if unit} == {(3,)}
    assert asking.medialib("undo").code == 0
    assert asking.rows("SELECT title FROM episodes WHERE season = 1 AND number = 2") == [("Part 2 of season 1",)]


def test_a_saved_plan_follows_the_provider_later(asking: Home, services: Services, tmp_path: Path) -> None:
    """All of it: saved plans hold what is proposed, too."""
    voyage(asking)
    renumbered(services)
    say(services, title="The Longer Voyage")
    forget_answers(asking)
    plan = tmp_path / "plan.json"
    assert asking.medialib("shows", "update", "The Long Voyage", "--save-plan", str(plan)).code == 0
    assert asking.medialib("plan", "apply", str(plan)).code == 0
    assert set(asking.files("tv")) == {
        "tv/The Longer Voyage (2011)/Season 01/The.Long.Voyage.S01E02.en.srt",
        "tv/The Longer Voyage (2011)/Season 01/The.Long.Voyage.S01E02.mkv",
    }
    assert asking.medialib("undo").code == 0
    assert asking.rows("SELECT title FROM shows") == [("The Long Voyage",)]


def test_one_show_that_fails_does_not_stop_the_others(asking: Home, services: Services) -> None:
    """And what has not changed is not asked about again: TVmaze says so."""
    for number in (101, 201, 202):
        assert asking.medialib("shows", "add", "x", "--tvmaze-id", str(number)).code == 0
    with open_library(asking.folder / "medialib.toml") as library:
        library.catalogue.shows.add(Show("gone", "Gone", ids=ExternalIds(tvmaze=999), source="tvmaze"))
        library.catalogue.shows.add(Show("named", "Named", source="name"))
    say(services, status="Running")
    done = asking.medialib("shows", "update", "--all")
    assert done.code == 3, done.out
    assert "no such show as 'Gone' (gone) any more" in done.out
    assert asking.rows("SELECT count(*) FROM shows WHERE status = 'Running'") == [(1,)]
    asked = services.tvmaze.asked()
    again = asking.medialib("shows", "update", "--all")
    assert again.code == 3
    assert services.tvmaze.asked() - asked <= 3
    # TVmaze tells the instant of a change in whole seconds
    services.tvmaze.clock.sleep(60)
    say(services, status="Ended")
    assert asking.medialib("shows", "update", "--all").code == 3
    assert asking.rows("SELECT count(*) FROM shows WHERE status = 'Running'") == [(0,)]
    services.tvmaze.fail(*(Refuse(503, retry_after="0"),) * 200)
    down = asking.medialib("shows", "update", "--all")
    assert down.code == 3, down.out
    services.tvmaze.faults.clear()
    alone = asking.medialib("shows", "update", "named")
    assert alone.code == 2
    assert "shows fix named" in alone.err
    assert asking.medialib("shows", "update", "gone").code == 1


def test_an_update_that_was_broken_off_goes_on(home: Home, services: Services) -> None:
    """With a provider that does not say what has changed, those dealt with are not asked about a second time."""
    services.use(home, "tmdb")
    for number in (101, 201):
        assert home.medialib("shows", "add", "x", "--tmdb-id", str(number)).code == 0
    with open_library(home.folder / "medialib.toml") as library:
        library.catalogue.checkpoints.put("shows update", library.clock.now().isoformat())
    assert home.medialib("shows", "update", "--all").code == 0
    asked = services.tmdb.asked()
    assert home.medialib("shows", "update", "--all").code == 0
    with open_library(home.folder / "medialib.toml") as library:
        assert "shows update" not in library.catalogue.checkpoints.names()
        library.catalogue.checkpoints.put("shows update", "2020-01-01T00:00:00+00:00")
    forget_answers(home)
    assert home.medialib("shows", "update", "--all").code == 0
    assert services.tmdb.asked() > asked


def test_say_which_to_update(home: Home) -> None:
    assert home.medialib("shows", "update").code == 2
    assert home.medialib("shows", "update", "Dark", "--all").code == 2
    assert home.medialib("shows", "update", "Dark").code == 1
    assert home.medialib("shows", "update", "--all").code == 0


# ------------------------------------------------------------------------------------------------------------- removing


@pytest.mark.every_catalogue
def test_a_show_is_removed_with_its_files_or_without(asking: Home) -> None:
    voyage(asking)
    files = asking.files("tv")
    refused = asking.medialib("shows", "remove", "The Long Voyage")
    assert refused.code == 2
    assert "2 files" in refused.err
    assert "--files recycle" in refused.err
    before = asking.digest()
    assert (
        "remove show The Long Voyage" in asking.medialib("shows", "remove", "long voyage", "--files", "keep", "-n").out
    )
    assert asking.digest() == before
    kept = asking.medialib("shows", "remove", "The Long Voyage", "--files", "keep")
    assert kept.code == 0, kept.out + kept.err
    assert asking.files("tv") == files
    assert asking.rows("SELECT count(*) FROM shows") == asking.rows("SELECT count(*) FROM episodes") == [(0,)]
    assert asking.rows("SELECT count(*) FROM inventory WHERE unit_key IS NULL") == [(2,)]
    assert asking.medialib("undo").code == 0
    assert asking.rows("SELECT count(*) FROM inventory WHERE unit_key IS NULL") == [(0,)]
    assert asking.rows("SELECT count(*) FROM episodes") == [(6,)]

    gone = asking.medialib("shows", "remove", "The Long Voyage", "--files", "recycle")
    assert gone.code == 0, gone.out + gone.err
    assert not asking.files("tv")
    assert not (asking.folder / "tv/The Long Voyage (2011)").exists()
    assert len([file for file in (asking.folder / "tv/.medialib/recycle").rglob("*") if file.is_file()]) == 2
    assert asking.rows("SELECT count(*) FROM inventory") == [(0,)]
    assert asking.medialib("undo").code == 0
    assert asking.files("tv") == files
    assert asking.rows("SELECT count(*) FROM inventory WHERE unit_key IS NULL") == [(0,)]


def test_a_show_stays_with_a_file_that_is_not_as_it_was(asking: Home) -> None:
    voyage(asking)
    asking.put("tv/The Long Voyage (2011)/Season 01/The.Long.Voyage.S01E02.mkv", "other", where=".")
    left = asking.medialib("shows", "remove", "The Long Voyage", "--files", "recycle")
    assert left.code == 3
    assert len(asking.files("tv")) == 2
    assert asking.rows("SELECT count(*) FROM shows") == [(1,)]
    assert asking.medialib("shows", "remove", "Nobody").code == 1


# -------------------------------------------------------------------------------------------------------------- aliases


@pytest.mark.every_catalogue
def test_a_show_gets_further_names(asking: Home) -> None:
    voyage(asking)
    asking.medialib("shows", "add", "Nosferatu", "--tvmaze-id", "201")
    added = asking.medialib("shows", "alias", "The Long Voyage", "add", "Voyage, The Long One", "TLV")
    assert added.code == 0, added.out + added.err
    names = asking.medialib("shows", "alias", "The Long Voyage").out.splitlines()
    assert names[-2:] == ["Voyage, The Long One", "TLV"]
    asking.put("TLV.S02E01.mkv", where="incoming")
    assert asking.medialib("route").code == 0
    assert "tv/The Long Voyage (2011)/Season 02/TLV.S02E01.mkv" in asking.files("tv")
    again = asking.medialib("shows", "alias", "TLV", "add", "tlv")
    assert (again.code, "already" in asking.medialib("shows", "alias", "TLV", "add", "tlv", "-n").out) == (0, True)
    taken = asking.medialib("shows", "alias", "Nosferatu", "add", "the long voyage")
    assert taken.code == 2
    assert "the title of 'The Long Voyage' (the-long-voyage-2011)" in taken.err
    assert asking.medialib("shows", "alias", "Nosferatu", "add", "  ").code == 2
    assert asking.medialib("shows", "alias", "Nosferatu", "add").code == 2
    unknown = asking.medialib("shows", "alias", "TLV", "remove", "Nobody")
    assert unknown.code == 2
    assert "'TLV'" in unknown.err
    assert asking.medialib("shows", "alias", "TLV", "remove", "tlv").code == 0
    assert "TLV" not in asking.medialib("--json", "shows", "alias", "The Long Voyage", "list").document["aliases"]
    assert asking.medialib("undo").code == 0
    assert "TLV" in asking.medialib("--json", "shows", "alias", "The Long Voyage", "list").document["aliases"]


# --------------------------------------------------------------------------------------------------------------- fixing


def test_fix_takes_the_filters(asking: Home) -> None:
    asking.medialib("shows", "add", "Nosferatu", "--tvmaze-id", "201")
    refused = asking.medialib("fix-show", "Nosferatu", "--country", "US", "--status", "running")
    assert refused.code == 1
    assert "[tvmaze:203]" in refused.err
    assert "[tvmaze:202]" not in refused.err
    assert asking.medialib("shows", "fix").code == 2
    code, said = asking.at_a_terminal("shows", "fix", "--year", "1998", answers=("9", "2"))
    assert code == 0, said
    ((number,),) = asking.rows("SELECT tvmaze FROM shows")
    assert number in (202, 203)

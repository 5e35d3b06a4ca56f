"""What must not depend on the kind of catalogue, and is shown elsewhere one case at a time: many cases in one run."""

from __future__ import annotations

import unicodedata
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medialib.catalogue import open_catalogue
from medialib.model import Show

if TYPE_CHECKING:
    from .conftest import Home

pytestmark = pytest.mark.every_catalogue

NUMBERED = {
    "Long.Runner.S21E1071.mkv": "tv/Long Runner/Season 21/Long Runner - S21E1071.mkv",
    "Both.S01E01E02.mkv": "tv/Both/Season 01/Both - S01E01-E02.mkv",
    "Range.S01E01-E03.mkv": "tv/Range/Season 01/Range - S01E01-E03.mkv",
    "Special.S00E03.mkv": "tv/Special/Specials/Special - S00E03.mkv",
    "Crossed.2x05.mkv": "tv/Crossed/Season 02/Crossed - S02E05.mkv",
    "Daily.2024.05.17.mkv": "tv/Daily/Season 2024/Daily - 2024-05-17.mkv",
}
UNSEASONED = {
    "[G] Halved - 12.5 [1080p].mkv": "Halved",
    "[G] Revised - 01v2.mkv": "Revised",
    "[G] Mob Psycho 100 - 03.mkv": "Mob Psycho 100",
    "[G] Kaijuu 8-gou - 01.mkv": "Kaijuu 8-gou",
    "[G] Steins;Gate 0 - 05.mkv": "Steins;Gate 0",
}
ODD_TITLES = (
    "Fate-stay: night?",
    "CON",
    unicodedata.normalize("NFD", "Amélie"),
    "x" * 230,
    "a\u202eb",
    "And.Then...",
    "Ｆｕｌｌｗｉｄｔｈ",
    "進撃の巨人",
)


def test_a_remote_that_cannot_be_used_is_one_line_and_leaves_the_catalogue_alone(home: Home) -> None:
    home.put("Show.S01E01.mkv")
    assert home.medialib("download").code == 0
    before = home.rows("select path from known_files")
    home.configure(key=str(home.server.stranger_key))
    refused = home.medialib("sync")
    assert (refused.code, refused.err.count("\n"), "refused" in refused.err) == (1, 1, True)
    home.configure(url="sftp://me@nohost.invalid/x")
    lost = home.medialib("sync")
    assert (lost.code, lost.err.count("\n"), "no host named" in lost.err) == (1, 1, True)
    assert home.rows("select path from known_files") == before


def test_every_way_of_numbering_is_read_and_no_number_is_guessed(home: Home) -> None:
    home.configure(library='preset = "plex"')
    for name in (*NUMBERED, *UNSEASONED):
        home.put(name, where="incoming")
    answer = home.medialib("route", "--json")
    assert answer.code == 3
    assert sorted(home.files()) == sorted([*NUMBERED.values(), *(f"incoming/{name}" for name in UNSEASONED)])
    remarks = [remark for plan in answer.document["plans"] for remark in plan["remarks"]]
    assert [remark["kind"] for remark in remarks] == ["unrouted"] * len(UNSEASONED)
    assert {title for (title,) in home.rows("select title from shows")} == {
        "Long Runner",
        "Both",
        "Range",
        "Special",
        "Crossed",
        "Daily",
    }
    told = home.medialib("parse", "--json", *UNSEASONED)
    for title in UNSEASONED.values():
        assert f'"{title}"' in told.out


def test_an_alias_with_a_comma_is_one_alias(home: Home) -> None:
    with closing(open_catalogue(home.address)) as catalogue:
        catalogue.shows.add(Show("pair", "The Pair", aliases=("Me, Myself and Irene",)))
    home.put("Me.Myself.and.Irene.S01E01.mkv", where="incoming")
    home.put("Me.S01E01.mkv", where="incoming")
    assert home.medialib("route").code == 0
    assert sorted(home.files()) == [
        "tv/Me/Season 01/Me.S01E01.mkv",
        "tv/The Pair/Season 01/Me.Myself.and.Irene.S01E01.mkv",
    ]
    assert home.rows("select count(*) from shows") == [(2,)]


def test_odd_titles_have_valid_places_with_room_for_companions(home: Home) -> None:
    home.configure(library='preset = "plex"')
    for title in ODD_TITLES:
        home.put(f"{title}.S01E01.mkv", where="incoming")
    home.medialib("route")
    files = list(home.files())
    assert len(files) == len(ODD_TITLES)
    assert [path for path in files if not path.startswith("tv/")] == []
    for file in files:
        for part in Path(file).parts:
            assert len(part.encode()) + len(".en.forced.srt") <= 255
            assert not set('<>:"|?*\\') & set(part)
            assert part.strip(" .") == part
            assert unicodedata.is_normalized("NFC", part)
    assert len(home.rows("select path from inventory")) == len(ODD_TITLES)

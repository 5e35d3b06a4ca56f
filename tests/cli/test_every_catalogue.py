"""What must not depend on the kind of catalogue, and is shown elsewhere one case at a time: many cases in one run."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medialib.catalogue import open_catalogue
from medialib.model import Show
from medialib.testing.killing import killed_after_lines

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


# ------------------------------------------------------------------------------------------------- several, and killed


def command(home: Home, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "medialib_cli", "-c", str(home.folder / "medialib.toml"), *arguments]


def assert_settled(home: Home, originals: dict[str, bytes]) -> None:
    """Each file stands in the library once, whole, and is recorded once; nothing else is anywhere."""
    found = home.files()
    assert sorted(found.values()) == sorted(originals.values())
    assert [path for path in found if path.startswith("incoming/")] == []
    assert home.rows("select location || '/' || path, sha256 from inventory order by 1") == [
        (path, hashlib.sha256(content).hexdigest()) for path, content in sorted(found.items())
    ]
    known = home.rows("select path from known_files where state = 'fetched' order by 1")
    assert [path.rpartition("/")[2] for (path,) in known] == sorted(originals)


@pytest.mark.every_catalogue("sqlite", "postgresql", "milvus-server")
def test_two_processes_at_once_do_everything_once_and_neither_complains(home: Home) -> None:
    originals = {f"Show.S01E0{number}.mkv": os.urandom(50_000 + number) for number in range(1, 7)}
    for name, content in originals.items():
        home.put(name, content)
    running = [
        subprocess.Popen(command(home, "sync"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    assert sum("nothing to do" in output for output in outputs) == 1, outputs
    assert home.rows("select action from journal_lines group by action having count(*) > 1") == []
    assert_settled(home, originals)


@pytest.mark.every_catalogue("sqlite", "postgresql", "milvus-embedded")
def test_a_run_that_is_killed_is_completed_by_the_next_and_taken_back_whole(home: Home) -> None:
    originals: dict[str, bytes] = {}
    kills = 0
    # while files come, and while they are placed
    for season, lines in ((1, 4), (2, 13)):
        fresh = {f"Show.S0{season}E0{number}.mkv": os.urandom(30_000 + number) for number in range(1, 6)}
        for name, content in fresh.items():
            home.put(name, content)
        originals |= fresh
        log = home.folder / f"{season}.log"
        ended = killed_after_lines(command(home, "--log-file", str(log), "sync"), log, lines)
        kills += ended.killed
        assert "Traceback" not in ended.output
        assert set(home.files("tv").values()) <= set(originals.values())
        assert home.medialib("sync").code == 0
        assert_settled(home, originals)
    assert kills
    assert home.medialib("catalogue", "check").code == 0
    home.put("Show.S03E01.mkv", b"third")
    before = home.files(), home.rows("select path from inventory order by 1")
    assert home.medialib("sync").code == 0
    assert home.medialib("undo").code == 0
    assert (home.files(), home.rows("select path from inventory order by 1")) == before


_WRITER = """
import sys
from medialib.catalogue import open_catalogue
from medialib.model import Show
catalogue = open_catalogue(sys.argv[1])
for turn in range(1_000_000):
    with catalogue.transaction():
        for number in range(5):
            catalogue.shows.put(Show(str(number), str(turn)))
        catalogue.checkpoints.put("turn", str(turn))
    if turn == 5:
        print("ready", flush=True)
"""


def test_a_backup_is_of_one_moment_while_another_process_writes_and_can_be_put_back(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with subprocess.Popen([sys.executable, "-c", _WRITER, home.address], stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            made = home.medialib("catalogue", "backup", "--json")
            assert writer.poll() is None
        finally:
            writer.kill()
    if home.kind == "milvus-embedded":
        # nobody else may look into it meanwhile
        assert made.code == 1
        assert "is open in another process" in made.document["error"]["message"]
        made = home.medialib("catalogue", "backup", "--json")
    assert made.code == 0
    path = made.document["path"]
    with closing(sqlite3.connect(path)) as backup:
        assert backup.execute("pragma integrity_check").fetchall() == [("ok",)]
        titles = {title for (title,) in backup.execute("select title from shows")}
    assert len(titles) == 1
    assert home.medialib("catalogue", "restore", path).code == 0
    assert {title for (title,) in home.rows("select title from shows")} == titles
    assert home.medialib("catalogue", "info", "--json").document["digest"] == made.document["digest"]

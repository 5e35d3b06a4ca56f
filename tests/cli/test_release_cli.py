"""medialib release, as a user runs it, against a real SSH server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

PACK = "Pack.S01.1080p-GRP"


@pytest.fixture
def stocked(home: Home) -> Home:
    for number in (1, 2):
        home.put(f"{PACK}/Pack.S01E0{number}.1080p-GRP.mkv", os.urandom(1000))
    home.put(f"{PACK}/pack.nfo", b"not wanted")
    home.put("Show.Name.S02E03.mkv", os.urandom(1000))
    assert home.medialib("sync").code == 0
    return home


def remote(home: Home) -> set[str]:
    return {str(file.relative_to(home.remote)) for file in home.remote.rglob("*")}


EVERYTHING = {
    PACK,
    f"{PACK}/Pack.S01E01.1080p-GRP.mkv",
    f"{PACK}/Pack.S01E02.1080p-GRP.mkv",
    f"{PACK}/pack.nfo",
    "Show.Name.S02E03.mkv",
}


def test_nothing_is_released_unless_it_is_configured(stocked: Home) -> None:
    answer = stocked.medialib("release")
    assert answer.code == 2
    assert "nothing is ever released, as configured" in answer.err
    assert remote(stocked) == EVERYTHING


def test_sync_never_releases(stocked: Home) -> None:
    stocked.configure(remote='release = "delete"')
    assert stocked.medialib("sync").code == 0
    assert remote(stocked) == EVERYTHING


def test_a_preview_changes_nothing_and_names_every_file(stocked: Home) -> None:
    stocked.configure(remote='release = "delete"')
    before = stocked.digest()
    answer = stocked.medialib("release", "-n")
    assert answer.code == 0
    assert answer.out.count("delete box:") == 4
    assert "proven to stand at tv:" in answer.out
    assert stocked.digest() == before
    assert remote(stocked) == EVERYTHING


def test_what_is_proven_is_deleted_and_the_next_sync_is_not_alarmed(stocked: Home) -> None:
    stocked.configure(remote='release = "delete"')
    library = stocked.files()
    answer = stocked.medialib("release")
    assert answer.code == 0
    assert remote(stocked) == set()
    assert stocked.files() == library
    again = stocked.medialib("sync")
    assert (again.code, again.out.strip()) == (0, "nothing to do")
    assert stocked.medialib("release").out.strip() == "nothing to do"
    undo = stocked.medialib("undo")
    assert undo.code == 3
    assert undo.out.count("irreversible box:") == 4


def test_what_is_moved_is_not_fetched_from_there_and_can_be_taken_back(stocked: Home) -> None:
    stocked.configure(remote='release = "move"\nrelease_to = "released"')
    assert stocked.medialib("release").code == 0
    assert remote(stocked) == {"released"} | {f"released/{path}" for path in EVERYTHING}
    assert stocked.medialib("sync").out.strip() == "nothing to do"
    assert stocked.medialib("undo").code == 0
    assert remote(stocked) == EVERYTHING


def test_what_is_marked_stays_and_the_mark_is_not_fetched(stocked: Home) -> None:
    stocked.configure(remote='release = "mark"', download='exclude = ["*.nfo"]')
    assert stocked.medialib("release").code == 0
    marks = {f"{PACK}/.medialib-released", ".Show.Name.S02E03.mkv.medialib-released"}
    assert remote(stocked) == EVERYTHING | marks
    assert stocked.medialib("sync").out.strip().endswith("nothing to do")
    assert stocked.medialib("release").out.strip() == "nothing to do"
    assert stocked.medialib("undo").code == 0
    assert remote(stocked) == EVERYTHING


def test_a_pack_is_kept_while_one_of_its_files_is_not_proven(stocked: Home) -> None:
    stocked.configure(remote='release = "delete"')
    (copy,) = (stocked.folder / "tv").rglob("*E02*.mkv")
    moment = copy.stat().st_mtime_ns
    copy.write_bytes(os.urandom(1000))
    os.utime(copy, ns=(moment, moment))
    answer = stocked.medialib("release")
    assert answer.code == 3
    assert f"corrupt box:{PACK}" in answer.out
    assert remote(stocked) == EVERYTHING - {"Show.Name.S02E03.mkv"}


def test_a_saved_plan_is_applied_only_while_everything_is_as_it_was(stocked: Home, tmp_path: Path) -> None:
    stocked.configure(remote='release = "delete"')
    plan = tmp_path / "release.json"
    assert stocked.medialib("release", "--save-plan", str(plan)).code == 0
    stocked.put("Show.Name.S02E03.mkv", b"changed meanwhile")
    refused = stocked.medialib("plan", "apply", str(plan))
    assert refused.code != 0
    assert "box:Show.Name.S02E03.mkv: it has changed" in refused.err
    assert remote(stocked) == EVERYTHING
    stocked.configure()
    assert "another configuration" in stocked.medialib("plan", "apply", str(plan)).err


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('release = "move"', "remotes.box.release_to: is wanted"),
        ('release = "move"\nrelease_to = "../away"', "is no folder below the url's path"),
        ('paths = ["tv"]\nrelease = "move"\nrelease_to = "tv"', "is one of the paths that are fetched from"),
        ('release = "burn"', "remotes.box.release"),
    ],
)
def test_what_cannot_be_meant_is_said(home: Home, lines: str, said: str) -> None:
    home.configure(remote=lines)
    answer = home.medialib("config", "validate")
    assert answer.code == 2
    assert said in answer.out + answer.err


def test_a_remote_on_a_disk_of_this_machine_lets_go_as_well(stocked: Home) -> None:
    stocked.configure(url=f"file://{stocked.remote}", remote='release = "move"\nrelease_to = "released"')
    file = stocked.folder / "medialib.toml"
    ssh_only = ("key_file", "known_hosts", "agent", "timeout")
    file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith(ssh_only)))
    stocked.put("Other.S01E01.mkv", b"other")
    assert stocked.medialib("sync").code == 0
    assert stocked.medialib("release").code == 0
    assert "released/Other.S01E01.mkv" in remote(stocked)

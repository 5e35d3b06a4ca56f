"""The whole story of a file through the command line: as text, and the same as data."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

PLACED = "tv:Show Name/Season 01/Show.Name.S01E02.1080p-GRP.mkv"


def chapters(home: Home, subject: str, *options: str) -> dict[str, Any]:
    told = home.medialib("explain", subject, "--json", *options)
    assert told.code == 0, told.err
    return {chapter["heading"]: chapter for chapter in told.document["chapters"]}


@pytest.mark.every_catalogue
def test_every_chapter_is_told_as_text_and_as_data(home: Home) -> None:
    home.put("Show.Name.S01E02.1080p-GRP.mkv", b"content")
    assert home.medialib("sync").code == 0
    assert "verified" not in chapters(home, PLACED)
    assert home.medialib("library", "verify", "--all").code == 0
    text = home.medialib("explain", PLACED).out
    story = chapters(home, PLACED)
    assert list(story) == [
        *("stands", "received", "verified", "journal"),
        *("filtered", "read", "matched", "routed", "otherwise"),
    ]
    for chapter in story.values():
        assert chapter["data"]
        for line in chapter["lines"]:
            assert line in text
    assert "holds 'Show Name' [show-name] S01E02" in text
    assert "nothing was found wrong with it" in text
    assert "if library.preset were 'plex', it would go to tv:Show Name/Season 01/Show Name - S01E02.mkv" in text
    assert [(line["verb"], line["action"]["action"]) for line in story["journal"]["data"]["lines"]] == [
        ("sync", "fetch"),
        ("sync", "move"),
    ]
    assert {change["key"] for change in story["otherwise"]["data"]["changes"]} >= {"library.preset"}
    assert home.medialib("undo").code == 0
    assert "undone since" in home.medialib("explain", PLACED).out


@pytest.mark.every_catalogue
def test_what_was_wrong_is_told_with_when_and_until_it_is_looked_at_again(home: Home) -> None:
    home.put("Show.Name.S01E02.1080p-GRP.mkv", b"content")
    assert home.medialib("sync").code == 0
    file = home.folder / PLACED.replace("tv:", "tv/")
    times = file.stat()
    file.write_bytes(b"cOntent")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert home.medialib("library", "verify", "tv:Show Name").code == 3
    verified = chapters(home, PLACED)["verified"]["data"]
    assert verified["broken"]["state"] == "corrupt"
    assert "broken at now" in verified["broken"]["text"]
    file.write_bytes(b"content")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert home.medialib("library", "verify", "--all", "--share", "today").code == 0
    assert chapters(home, PLACED)["verified"]["data"]["broken"] is None
    file.write_bytes(b"edited")
    assert chapters(home, PLACED)["verified"]["data"]["changed_since"] is True


def test_a_file_that_was_taken_over_has_a_story_too(home: Home) -> None:
    home.put("Show Name/Season 01/S01E01.mkv", where="tv")
    assert home.medialib("bootstrap", "shows", "--by-name").code == 0
    assert home.medialib("bootstrap", "inventory").code == 0
    story = chapters(home, "tv:Show Name/Season 01/S01E01.mkv")
    assert story["journal"]["data"]["lines"][0]["verb"] == "bootstrap inventory"
    assert "holds 'Show Name' [show-name] S01E01" in "\n".join(story["stands"]["lines"])


def test_what_goes_nowhere_says_what_would_help(home: Home) -> None:
    home.configure(download='exclude = ["sample", "720p"]\n[routing]\nunknown_shows = "refuse"')
    assert home.medialib("explain", "Show.S01E01.720p.mkv").code == 0
    story = chapters(home, "Show.S01E01.mkv")
    assert story["routed"]["data"]["place"] is None
    assert {(change["key"], change["place"]) for change in story["otherwise"]["data"]["changes"]} == {
        ("routing.unknown_shows", "tv:Show/Season 01/Show.S01E01.mkv"),
        ("routing.unknown_shows", None),
    }
    excluded = chapters(home, "Show.S01E01.720p.mkv")
    assert excluded["filtered"]["data"]["passed"] is False
    assert excluded["otherwise"]["data"]["changes"][0]["key"] == "download.exclude"
    (home.folder / "incoming/new.mkv").write_bytes(b"")
    assert "routed" in chapters(home, "incoming:new.mkv")


def test_a_catalogue_that_cannot_be_written_is_no_reason_to_call_files_broken(home: Home) -> None:
    """There is none yet: nothing is made by looking."""
    home.put("Other/a.mkv", where="tv")
    assert home.medialib("library", "verify", "--all").code == 0
    assert not (home.folder / "catalogue.db").exists()

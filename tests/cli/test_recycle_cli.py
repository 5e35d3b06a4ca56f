"""What lies in the recycle folders is listed with its story, and goes for good only where that is asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any


def test_the_recycle_folder_is_listed_and_emptied_by_age_and_size(home: Home) -> None:
    name = "Show.Name.S01E02.mkv"
    home.put(name, b"video", where="incoming")
    assert home.medialib("route").code == 0
    home.put(name, b"video", where="incoming")
    assert home.medialib("route").code == 0
    assert home.files("incoming") == {}
    listed = home.medialib("library", "recycle")
    assert listed.code == 0
    assert f"from incoming:{name}, by run " in listed.out
    assert "the same content stands at tv:Show Name/Season 01" in listed.out
    assert "1 file, 5 B" in listed.out
    (told,) = home.medialib("--json", "library", "recycle").document["files"]
    assert told["source"] == {"location": "incoming", "path": name}
    nothing = home.medialib("library", "recycle", "--empty")
    assert nothing.code == 2
    assert "Set library.recycle_keep or library.recycle_size" in nothing.err
    home.configure(library='recycle_keep = "30d"')
    assert home.medialib("library", "recycle", "--empty").out.strip() == "nothing to do"
    # as if it had been put there long ago, and by hand besides
    bin_ = home.folder / "incoming/.medialib/recycle"
    (stamp,) = bin_.iterdir()
    stamp.rename(bin_ / "20200101T000000Z")
    (bin_ / "mine").mkdir()
    (bin_ / "mine/kept.txt").write_bytes(b"by hand")
    os.utime(bin_ / "mine/kept.txt", (0, 0))
    planned = home.medialib("library", "recycle", "--empty", "-n")
    assert "delete incoming:.medialib/recycle/20200101T000000Z/1/Show.Name.S01E02.mkv for good" in planned.out
    assert "older than 30 d" in planned.out
    done = home.medialib("library", "recycle", "--empty")
    assert done.code == 0, done.out
    assert "it cannot be taken back" in done.out
    assert sorted(path.name for path in bin_.rglob("*")) == ["kept.txt", "mine"]
    assert home.files("tv") == {"tv/Show Name/Season 01/Show.Name.S01E02.mkv": b"video"}
    assert home.medialib("library", "recycle", "--empty", "--above", "0").out.count("kept.txt") <= 1
    assert (bin_ / "mine/kept.txt").exists()


def test_nfo_files_are_written_beside_what_is_placed_never_over_one_and_undone(home: Home) -> None:
    home.configure(library="nfo = true")
    home.put("Show Name/tvshow.nfo", b"mine", where="tv")
    home.put("Show.Name.S01E02.mkv", b"video", where="incoming")
    home.put("Film.Name.2001.1080p.BluRay.mkv", b"film", where="incoming")
    assert home.medialib("route").code == 0
    files = home.files()
    assert files["tv/Show Name/tvshow.nfo"] == b"mine"
    episode = files["tv/Show Name/Season 01/Show.Name.S01E02.nfo"].decode()
    assert "<showtitle>Show Name</showtitle>" in episode
    assert "<episode>2</episode>" in episode
    assert "<title>Film Name</title>" in files["movies/Film Name (2001)/Film Name (2001).nfo"].decode()
    assert home.rows("select count(*) from inventory where path like '%.nfo'") == [(2,)]
    assert home.medialib("undo").code == 0
    assert sorted(home.files()) == [
        "incoming/Film.Name.2001.1080p.BluRay.mkv",
        "incoming/Show.Name.S01E02.mkv",
        "tv/Show Name/tvshow.nfo",
    ]

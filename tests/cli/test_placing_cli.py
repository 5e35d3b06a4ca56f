"""How files are placed, through the command line: by links, into one of several roots, put aside, the better kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any


def test_hard_links_leave_what_seeds_and_are_undone(home: Home) -> None:
    home.configure(library='[routing]\nways = ["reflink", "hardlink", "move"]')
    home.put("Show.Name.S01E02/Show.Name.S01E02.mkv", b"video")
    home.put("Show.Name.S01E02/Subs/2_English.srt", b"subtitle")
    assert home.medialib("sync").code == 0
    source = home.folder / "incoming/Show.Name.S01E02/Show.Name.S01E02.mkv"
    placed = home.folder / "tv/Show Name/Season 01/Show.Name.S01E02.mkv"
    assert placed.samefile(source) or placed.read_bytes() == source.read_bytes()
    assert len(home.files()) == 4
    again = home.medialib("sync")
    assert (again.code, again.out.strip()) == (0, "nothing to do")
    told = home.medialib("route", "-n", "-v")
    assert "known incoming:Show.Name.S01E02/Show.Name.S01E02.mkv: placed already at tv:Show Name/Season 01" in told.out
    assert home.medialib("undo").code == 0
    assert home.files("tv") == {}


def test_where_no_way_works_the_file_fails_and_says_what_to_do(home: Home) -> None:
    home.configure(library='[routing]\nways = ["reflink"]')
    home.put("Show.Name.S01E02.mkv", b"video", where="incoming")
    answer = home.medialib("route")
    if answer.code == 0:
        return  # a disk that clones files
    assert answer.code in (1, 3), (answer.code, answer.out, answer.err)
    assert "reflink cannot be done from incoming:Show.Name.S01E02.mkv to there. Add 'copy' or 'move'" in answer.out
    assert home.files() == {"incoming/Show.Name.S01E02.mkv": b"video"}
    assert not (home.folder / "tv/Show Name").exists()


def test_faults_of_these_settings_are_named_together(home: Home) -> None:
    home.configure(
        library='[routing]\nways = ["hardlnk", "copy", "copy"]\n'
        '[roots.uhd]\ntypes = ["film"]\n[roots.review]\npath = "x"\n[roots.box]\npath = "tv"'
    )
    answer = home.medialib("config", "validate")
    assert answer.code == 2
    for said in (
        "routing.ways.0: 'hardlnk' is none; known are reflink, hardlink, move, copy",
        "routing.ways.2: 'copy' is there already",
        "roots.uhd.path: is not given",
        "roots.uhd.types.0: 'film' is none; known are standard, anime, daily, movie",
        "roots.review: is the name of a place already",
        "roots.box: is the name of a place already",
        "is the same folder as library.tv",
    ):
        assert said in answer.err, said


def test_a_doubtful_name_is_put_aside_with_its_companions_and_undone(home: Home) -> None:
    (home.folder / "aside").mkdir()
    home.configure(library='[routing]\nreview = "aside"\nminimum_confidence = 0.9')
    home.put("new/Some.Show.102.mkv", b"video", where="incoming")
    home.put("new/Some.Show.102.en.srt", b"subtitle", where="incoming")
    home.put("Good.Name.S01E02.1080p.WEB-DL.x264-GRP.mkv", b"good", where="incoming")
    planned = home.medialib("explain", "Some.Show.102.mkv")
    assert "it is put aside for you to look at" in planned.out
    answer = home.medialib("route")
    assert answer.code == 0, answer.out
    assert home.files("aside") == {
        "aside/new/Some.Show.102.mkv": b"video",
        "aside/new/Some.Show.102.en.srt": b"subtitle",
    }
    assert list(home.files("incoming")) == []
    assert home.rows("select count(*) from inventory where location = 'review'") == [(0,)]
    assert home.medialib("undo").code == 0
    assert len(home.files("incoming")) == 3
    assert home.files("aside") == {}


def test_the_first_root_that_fits_is_taken_and_a_show_stays_where_it_is(home: Home) -> None:
    for folder in ("uhd", "full", "cartoons"):
        (home.folder / folder).mkdir()
    home.configure(
        library='[roots.uhd]\npath = "uhd"\nresolutions = ["2160p"]\norder = 1\n'
        '[roots.full]\npath = "full"\ntypes = ["movie"]\nminimum_free = "900 PB"\norder = 2\n'
    )
    home.put("Show.Name.S01E01.2160p.WEB-DL.mkv", where="incoming")
    home.put("Other.Show.S01E01.1080p.WEB-DL.mkv", where="incoming")
    home.put("Film.Name.2001.1080p.BluRay.mkv", where="incoming")
    told = home.medialib("explain", "Film.Name.2001.1080p.BluRay.mkv")
    assert "no room in full: " in told.out
    answer = home.medialib("route")
    assert answer.code == 0, answer.out
    assert sorted(home.files("tv", "movies", "uhd", "full")) == [
        "movies/Film Name (2001)/Film Name (2001).mkv",
        "tv/Other Show/Season 01/Other.Show.S01E01.1080p.WEB-DL.mkv",
        "uhd/Show Name/Season 01/Show.Name.S01E01.2160p.WEB-DL.mkv",
    ]
    home.put("Show.Name.S01E02.1080p.WEB-DL.mkv", where="incoming")
    home.put("Other.Show.S01E02.2160p.WEB-DL.mkv", where="incoming")
    assert "stays in root uhd, where its folder is" in home.medialib("explain", "Show.Name.S01E02.1080p.WEB-DL.mkv").out
    assert home.medialib("route").code == 0
    assert sorted(home.files("tv", "uhd"))[1] == "tv/Other Show/Season 01/Other.Show.S01E02.2160p.WEB-DL.mkv"
    assert sorted(home.files("uhd"))[1] == "uhd/Show Name/Season 01/Show.Name.S01E02.1080p.WEB-DL.mkv"
    checked = home.medialib("doctor")
    for name in ("uhd", "full"):
        assert name in checked.out
    (home.folder / "full").rmdir()
    assert home.medialib("doctor").code != 0


def test_a_folder_that_is_there_is_used_rather_than_a_second_one(home: Home) -> None:
    home.put("Show Name (2019)/Season 01/Show Name - S01E01.mkv", where="tv")
    home.put("Show.Name.S01E02.mkv", where="incoming")
    assert "in the folder 'Show Name (2019)', which is there already" in home.medialib("route", "-n").out
    answer = home.medialib("route")
    assert answer.code == 0, answer.out
    assert sorted(home.files("tv")) == [
        "tv/Show Name (2019)/Season 01/Show Name - S01E01.mkv",
        "tv/Show Name (2019)/Season 01/Show.Name.S01E02.mkv",
    ]
    assert home.rows("select folder from shows") == [("Show Name (2019)",)]


def test_conflicts_are_settled_as_configured_and_nobody_is_asked_without_a_terminal(home: Home) -> None:
    low, high = "Film.Name.2001.720p.BluRay.x264-LOW.mkv", "Film.Name.2001.1080p.BluRay.x264-HIGH.mkv"
    home.put(low, b"low", where="incoming")
    assert home.medialib("route").code == 0
    home.put(high, b"high", where="incoming")
    home.configure(library='[routing]\nconflicts = "ask"')
    answer = home.medialib("route")
    assert answer.code == 3
    assert "movies:Film Name (2001)/Film Name (2001).mkv is of the same; this is the better one: 1080p before 720p" in (
        " ".join(answer.out.split())
    )
    home.configure(library='[routing]\nconflicts = "better"')
    answer = home.medialib("route")
    assert answer.code == 0, answer.out
    assert home.files() == {"movies/Film Name (2001)/Film Name (2001).mkv": b"high"}
    assert home.medialib("undo").code == 0
    assert home.files() == {
        "movies/Film Name (2001)/Film Name (2001).mkv": b"low",
        f"incoming/{high}": b"high",
    }


def test_every_sort_of_name_has_its_place_or_is_told(home: Home) -> None:
    """Dailies, double episodes, specials, OVAs, packs with subtitles in folders of their own, films."""
    for path in (
        "Show.Name.S01E01E02.mkv",
        "Show.Name.S00E03.mkv",
        "Daily.Show.2024.05.17.mkv",
        "[G] Show Name - OVA 2 [1080p].mkv",
        "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.mkv",
        "Pack.S01.1080p-GRP/Pack.S01E02.1080p-GRP.mkv",
        "Pack.S01.1080p-GRP/Subs/Pack.S01E02.1080p-GRP/2_English.srt",
        "Film.Name.2001.1080p.BluRay/Film.Name.2001.1080p.BluRay.mkv",
        "Film.Name.2001.1080p.BluRay/Film.Name.2001.1080p.BluRay.en.forced.srt",
    ):
        home.put(path, where="incoming")
    answer = home.medialib("route")
    assert answer.code == 3
    assert "it is OVA 2, and nobody tells which special (season 0) that is" in " ".join(answer.out.split())
    assert sorted(home.files()) == [
        "incoming/[G] Show Name - OVA 2 [1080p].mkv",
        "movies/Film Name (2001)/Film Name (2001).en.forced.srt",
        "movies/Film Name (2001)/Film Name (2001).mkv",
        "tv/Daily Show/Season 2024/Daily.Show.2024.05.17.mkv",
        "tv/Pack/Season 01/Pack.S01E01.1080p-GRP.mkv",
        "tv/Pack/Season 01/Pack.S01E02.1080p-GRP.en.srt",
        "tv/Pack/Season 01/Pack.S01E02.1080p-GRP.mkv",
        "tv/Show Name/Season 00/Show.Name.S00E03.mkv",
        "tv/Show Name/Season 01/Show.Name.S01E01E02.mkv",
    ]

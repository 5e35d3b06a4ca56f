"""Subtitles and other companions travel with their episode (acceptance 27)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.naming import collision_key
from medialib.routing import Companion, Orphan, extension_of, pair_companions, split_stem


def only(videos: list[str], companion: str) -> Companion | Orphan:
    (found,) = pair_companions(videos, [companion])
    return found


def pair(videos: list[str], companion: str) -> tuple[str, str, str]:
    found = only(videos, companion)
    assert isinstance(found, Companion), found
    assert found.path == companion
    return found.video, found.suffix, found.reason


def orphan(videos: list[str], companion: str) -> str:
    found = only(videos, companion)
    assert isinstance(found, Orphan), found
    assert found.path == companion
    return found.reason


TWO = ["Show.S01/Show.S01E01.mkv", "Show.S01/Show.S01E02.mkv"]


@pytest.mark.parametrize(
    ("companion", "video", "suffix"),
    [
        ("Show.S01/Show.S01E01.srt", 0, ".srt"),
        ("Show.S01/Show.S01E01.en.srt", 0, ".en.srt"),
        ("Show.S01/Show.S01E02.en.forced.srt", 1, ".en.forced.srt"),
        ("Show.S01/show.s01e02.EN.SRT", 1, ".EN.SRT"),
        ("Show.S01/Show.S01E02.nfo", 1, ".nfo"),
        ("Show.S01/Show.S01E02-thumb.jpg", 1, "-thumb.jpg"),
        ("Show.S01/Subs/Show.S01E02.en.srt", 1, ".en.srt"),
        ("Show.S01/subtitles/Show.S01E02.en.srt", 1, ".en.srt"),
    ],
)
def test_a_stem_that_begins_with_the_videos(companion: str, video: int, suffix: str) -> None:
    """1. the companion's stem begins with the stem of a video in its folder, or in the folder above a ``Subs`` one."""
    assert pair(TWO, companion) == (TWO[video], suffix, "its name begins with the video's")


def test_the_longest_stem_wins() -> None:
    videos = ["a/Show.mkv", "a/Show.S01E01.mkv", "a/Show.S01.mkv"]
    assert pair(videos, "a/Show.S01E01.en.srt")[0] == "a/Show.S01E01.mkv"
    assert pair(videos[::-1], "a/Show.S01E01.en.srt")[0] == "a/Show.S01E01.mkv"


@pytest.mark.parametrize(
    ("companion", "suffix"),
    [
        ("Show.S01/Subs/Show.S01E02/2_English.srt", ".en.srt"),
        ("Show.S01/SUBS/show.s01e02/2_English.Forced.srt", ".en.forced.srt"),
        ("Show.S01/Subs/Show.S01E02/3_Whatever.srt", ".srt"),
    ],
)
def test_a_folder_named_after_the_video(companion: str, suffix: str) -> None:
    """2. it lies in a folder named after a video, below a ``Subs`` folder."""
    assert pair(TWO, companion) == (TWO[1], suffix, "it lies in a folder named after the video")


def test_a_folder_named_after_the_video_in_the_other_unicode_form() -> None:
    assert pair(["a/Cafe\u0301.mkv", "a/Other.mkv"], "a/Subs/Café/English.srt")[0] == "a/Cafe\u0301.mkv"


def test_the_same_episode() -> None:
    """3. it names the same episodes as exactly one video there."""
    videos = ["a/Show.S01E01.1080p.mkv", "a/Show.S01E02.1080p.mkv"]
    assert pair(videos, "a/show.1x02.en.srt") == (videos[1], ".en.srt", "it names the same episode")
    assert pair(videos, "a/Subs/show.1x02.en.srt")[0] == videos[1]
    assert orphan(videos, "a/show.1x03.en.srt") == "no video beside it is of the same episode"
    assert orphan([*videos, "a/Show.S01E02.720p.mkv"], "a/show.1x02.en.srt") == (
        "it names the same episode as 2 videos"
    )


def test_the_only_video() -> None:
    """4. there is exactly one video there, and it names no other episode."""
    film = ["Film.1999/Film.1999.1080p.mkv"]
    assert pair(film, "Film.1999/Subs/2_English.srt") == (film[0], ".en.srt", "there is only one video")
    assert pair(film, "Film.1999/English.forced.srt")[1] == ".en.forced.srt"
    assert orphan(["a/Show.S01E01.1080p.mkv"], "a/show.1x02.srt") == "no video beside it is of the same episode"
    assert pair(["a/Making Of.mkv"], "a/Making.Of.S01E02.srt") == (
        "a/Making Of.mkv",
        ".srt",
        "there is only one video",
    )


def test_no_video_and_too_many() -> None:
    assert orphan([], "a/Show.srt") == "there is no video beside it"
    assert orphan(["b/Show.mkv"], "a/Show.srt") == "there is no video beside it"
    assert orphan(TWO, "Show.S01/English.srt") == "it may belong to any of 2 videos"


def test_loose_files_and_mixed_folders_ask_for_the_title() -> None:
    """Where videos of several titles lie together, and at the top, a companion needs the video's title."""
    assert pair(["Show.S01E01.1080p.mkv"], "show.1x01.en.srt")[0] == "Show.S01E01.1080p.mkv"
    assert orphan(["Other.S01E01.mkv"], "Show.S01E01.en.srt") == "no video beside it is called 'Show'"
    assert orphan(["Other.S01E01.mkv"], "2_English.srt") == "no video beside it is called '2_English'"
    mixed = ["a/Show.S01E01.1080p.mkv", "a/Other.S01E01.1080p.mkv"]
    assert pair(mixed, "a/other.1x01.en.srt")[0] == mixed[1]
    assert pair(["Subs.mkv"], "Subs/Subs.en.srt")[1] == ".en.srt"


def test_clashes_are_numbered() -> None:
    """Companions that would come to the same name: ``.en.srt``, ``.en.2.srt``."""
    film = "f/Film.1999.mkv"
    subtitles = ["f/Subs/2_English.srt", "f/Subs/3_English.srt", "f/Subs/English.srt", "f/Subs/x.idx", "f/Subs/y.idx"]
    suffixes = [found.suffix for found in pair_companions([film], subtitles) if isinstance(found, Companion)]
    assert suffixes == [".en.srt", ".en.2.srt", ".en.3.srt", ".idx", ".2.idx"]


def test_suffixes_that_differ_in_case_or_form_clash_too() -> None:
    """Two names that differ only in case or Unicode form would be one file on some disks."""
    found = pair_companions(["f/Film.mkv"], ["f/Film.é.srt", "f/Film.e\u0301.srt", "f/Film.É.srt"])
    assert [item.suffix for item in found if isinstance(item, Companion)] == [
        ".é.srt",
        ".e\u0301.2.srt",
        ".É.3.srt",
    ]


def test_a_companion_without_extension_gets_none() -> None:
    assert pair(["f/Film.1999.mkv"], "f/README")[1] == ""


@pytest.mark.parametrize(
    ("path", "parts", "extension"),
    [
        ("Show/Show.S01E01.MKV", ("Show", "Show.S01E01", "MKV"), "mkv"),
        (".hidden", ("", ".hidden", ""), ""),
        ("a/b", ("a", "b", ""), ""),
        ("a.b/c", ("a.b", "c", ""), ""),
        ("a/b.", ("a", "b", ""), ""),
        ("", ("", "", ""), ""),
    ],
)
def test_splitting(path: str, parts: tuple[str, str, str], extension: str) -> None:
    assert split_stem(path) == parts
    assert extension_of(path) == extension


@given(st.text())
def test_what_is_split_can_be_joined(path: str) -> None:
    """Folder, stem and extension lose nothing but separators; both functions agree."""
    folder, stem, extension = split_stem(path)
    assert extension_of(path) == extension.lower()
    name = path.rpartition("/")[2]
    assert name in {stem, f"{stem}.{extension}"}
    assert "/" not in stem
    assert path.startswith(folder)


folders = st.sampled_from(("", "Show.S01", "Show.S01/Subs", "Subs", "Show.S01/Subs/Show.S01E01", "Film/captions"))
stems = st.sampled_from(
    (
        "Show.S01E01",
        "Show.S01E02",
        "show.1x02",
        "2_English",
        "English",
        "é",
        "e\u0301",
        "Film.1999",
        "x",
        "Other.S01E01",
    )
)
videos = st.lists(st.builds("{}/{}.mkv".format, folders, stems).map(lambda path: path.lstrip("/")), max_size=4)
subtitles = st.lists(
    st.builds("{}/{}{}.srt".format, folders, stems, st.sampled_from(("", ".en", ".EN", ".é", ".e\u0301", ".2"))).map(
        lambda path: path.lstrip("/")
    ),
    max_size=6,
    unique=True,
)


@given(videos, subtitles)
def test_every_companion_is_answered_and_no_two_of_a_video_get_one_suffix(
    there: list[str], companions: list[str]
) -> None:
    """One answer a companion, in order; a video is one of those given; names behind a video's stem never collide."""
    found = pair_companions(iter(there), iter(companions))
    assert [item.path for item in found] == companions
    assert all(item.reason for item in found)
    paired = [item for item in found if isinstance(item, Companion)]
    assert all(item.video in there for item in paired)
    assert all(item.suffix.startswith(".") and item.suffix.endswith(".srt") for item in paired)
    keys = [(item.video, collision_key(item.suffix)) for item in paired]
    assert len(keys) == len(set(keys))


@given(videos.filter(bool), st.sampled_from(("", ".en", ".en.forced")))
def test_a_companion_named_like_its_video_is_always_found(there: list[str], marks: str) -> None:
    """Whatever else lies there, the stem decides first."""
    for video in there:
        folder, stem, _ = split_stem(video)
        found = only(there, f"{folder}/{stem}{marks}.srt".lstrip("/"))
        home_above = folder.rpartition("/")[2].casefold() in {"subs", "captions"} or "/Subs/" in f"/{folder}"
        if not home_above:
            assert isinstance(found, Companion)
            assert found.suffix == f"{marks}.srt"
            assert collision_key(split_stem(found.video)[1]) == collision_key(stem)

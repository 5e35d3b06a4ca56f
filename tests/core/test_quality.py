"""Which of two files of one episode is the better one: decided by their names, with a reason, and never by a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.model import Episode, Holding, Show
from medialib.naming import parse_name
from medialib.routing import Alike, Better, Routed, RoutingPolicy, compare, route

_DETAILS = st.fixed_dictionaries(
    {},
    optional={
        "resolution": st.sampled_from(["480p", "576i", "720p", "1080i", "1080p", "1920x800", "2160p"]),
        "source": st.sampled_from(["CAM", "DVD", "HDTV", "WEB", "WEB-DL", "BluRay", "PPV"]),
        "remux": st.just("yes"),
        "proper": st.just("yes"),
        "repack": st.just("yes"),
        "version": st.sampled_from(["1", "2", "3"]),
        "release_group": st.sampled_from(["GRP", "grp", "OTHER"]),
    },
)
HOLDINGS = _DETAILS.map(lambda details: Holding(details=details))


def held(name: str) -> Holding:
    routed = route(
        name,
        parse_name(name),
        Show("show", "Show"),
        RoutingPolicy(tv="tv"),
        episodes=[Episode("show", 1, 1, absolute=1)],
    )
    assert isinstance(routed, Routed), routed
    return routed.holding


@pytest.mark.parametrize(
    ("better", "worse", "why"),
    [
        ("Show.S01E01.1080p.WEB-DL.x264-GRP.mkv", "Show.S01E01.720p.BluRay.x264-GRP.mkv", "1080p before 720p"),
        ("Show.S01E01.1080p.BluRay.x264-GRP.mkv", "Show.S01E01.1080p.WEBRip.x264-GRP.mkv", "BluRay before WEBRip"),
        ("Show.S01E01.1080p.BluRay.REMUX.AVC-A.mkv", "Show.S01E01.1080p.BluRay.x264-B.mkv", "a remux before"),
        ("Show.S01E01.PROPER.720p.HDTV.x264-A.mkv", "Show.S01E01.720p.HDTV.x264-B.mkv", "a proper release before"),
        ("Show.S01E01.REPACK.720p.HDTV.x264-A.mkv", "Show.S01E01.720p.HDTV.x264-A.mkv", "a repack before"),
        ("[G] Show - 01v2 [1080p].mkv", "[G] Show - 01 [1080p].mkv", "version 2 before 1"),
        ("Show.S01E01.720p.WEB-DL.mkv", "Show.S01E01.DVDRip.XviD-GRP.mkv", "720p before DVD"),
        ("Show.S01E01.720p.WEB-DL.mkv", "Show.S01E01.1080p.HDCAM.x264-GRP.mkv", "a finished picture before CAM"),
        ("Show.S01E01.1080p.HDTV.mkv", "Show.S01E01.1080i.HDTV.mkv", "1080p before 1080i"),
    ],
)
def test_the_better_release_is_told_by_its_name(better: str, worse: str, why: str) -> None:
    found = compare(held(better), held(worse))
    assert isinstance(found, Better), found
    assert found.side == "left"
    assert why in found.reasons[-1]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Show.S01E01.mkv", "Show.S01E01.mp4", "nothing to compare"),
        ("Show.S01E01.mkv", "Show.S01E01.1080p.WEB-DL.mkv", "only one name tells its resolution"),
        ("Show.S01E01.1080p.mkv", "Show.S01E01.1080p.WEB-DL.mkv", "only one name tells its source"),
        ("Show.S01E01.REPACK.720p.HDTV.x264-A.mkv", "Show.S01E01.720p.HDTV.x264-B.mkv", "different groups"),
        ("Show.S01E01.1080p.WEB-DL-A.mkv", "Show.S01E01.1080p.WEB-DL-B.mkv", "both WEB-DL"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(one: str, other: str, why: str) -> None:
    found = compare(held(one), held(other))
    assert isinstance(found, Alike), found
    assert why in found.reasons[-1]


@given(HOLDINGS, HOLDINGS)
def test_the_sides_do_not_matter(one: Holding, other: Holding) -> None:
    forth, back = compare(one, other), compare(other, one)
    assert isinstance(compare(one, one), Alike)
    if isinstance(forth, Alike):
        assert isinstance(back, Alike)
        return
    assert isinstance(back, Better)
    assert {forth.side, back.side} == {"left", "right"}
    assert forth.reasons[-1] == back.reasons[-1]


@given(HOLDINGS, HOLDINGS, HOLDINGS)
def test_what_is_better_than_the_better_one_is_better(one: Holding, other: Holding, third: Holding) -> None:
    first, second = compare(one, other), compare(other, third)
    if isinstance(first, Better) and isinstance(second, Better) and first.side == second.side:
        last = compare(one, third)
        assert isinstance(last, Better)
        assert last.side == first.side

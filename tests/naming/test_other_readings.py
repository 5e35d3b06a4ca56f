"""Names that can be read in more than one way tell the other ways, the likeliest first."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.naming import parse_name


@pytest.mark.parametrize(
    ("name", "reason", "fields"),
    [
        (
            "Mob Psycho 100 - 03",
            "the number in the title counts the episode",
            {"title": "Mob Psycho", "absolute_episodes": (100,), "episode_title": "3"},
        ),
        (
            "[Lamp] Lantern Road 07 [720p]",
            "the number belongs to the title",
            {"title": "Lantern Road 7", "absolute_episodes": ()},
        ),
        ("[Lamp] Lantern Road - 1071", "season and episode as one number", {"seasons": (10,), "episodes": (71,)}),
        ("Lantern.Road.113.720p.HDTV.x264", "the number counts through", {"absolute_episodes": (113,)}),
        ("[Lamp] Lantern Road S2 - 07", "the number counts through", {"absolute_episodes": (7,), "episodes": ()}),
        ("1923.S01E02", "the number at the beginning is the year", {"year": 1923, "title": None}),
        ("2012.2009.1080p", "the number at the beginning is the year", {"title": "2009", "year": 2012}),
        ("Lantern.Road.2049.mkv", None, {}),
        ("Lantern.Road.2011.1080p.x264", "the year belongs to the title", {"title": "Lantern Road 2011", "year": None}),
        (
            "Lantern Road - Lamp Lane 1080p x264",
            "what follows the dash is another title",
            {"title": "Lantern Road", "alternative_titles": ("Lamp Lane",)},
        ),
        (
            "Lantern.Road.05.06.2014.720p",
            "month and day the other way round",
            {"date": datetime.date(2014, 5, 6)},
        ),
        ("Lantern.Road.2014.06.05.720p", None, {}),
        ("Lantern.Road.25.06.2014.720p", None, {}),
        ("Lantern.Road.S01E02.720p.HDTV.x264-QRS", None, {}),
        ("[Lamp] Lantern Road - 12.5", None, {}),
    ],
)
def test_other_reading(name: str, reason: str | None, fields: dict[str, Any]) -> None:
    others = {item.reason: dict(item.fields) for item in parse_name(name).alternatives}
    if reason is None:
        assert others == {}
    else:
        assert fields.items() <= others[reason].items()


@given(st.text(max_size=40), st.sampled_from(["", " - 03", ".113.720p.HDTV", " 2011 1080p", " 05.06.2014", " - B"]))
def test_other_readings_are_ranked_and_less_likely_than_the_one_chosen(title: str, tail: str) -> None:
    found = parse_name(title + tail)
    ranks = [item.confidence for item in found.alternatives]
    assert ranks == sorted(ranks, reverse=True)
    assert all(rank <= found.confidence for rank in ranks)
    assert all(dict(item.fields) for item in found.alternatives)

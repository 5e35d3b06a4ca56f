"""Specials and OVAs without a season in their names: mapped where the catalogue knows them, told where not."""

from __future__ import annotations

import pytest

from medialib.model import Episode, Show
from medialib.naming import parse_name
from medialib.routing import Route, Routed, RoutingPolicy, Unrouted, route

SHOW = Show("show-name", "Show Name", type="anime")
EPISODES = (
    Episode("show-name", 0, 1, "Recap"),
    Episode("show-name", 0, 3, "OVA 1"),
    Episode("show-name", 0, 4, "OAD #2 - The Beach"),
    Episode("show-name", 0, 5, "Making a Cake"),
    Episode("show-name", 1, 1, absolute=1),
    Episode("show-name", 1, 2, absolute=2),
)


def routed(name: str, episodes: tuple[Episode, ...] = EPISODES) -> Route:
    return route(name, parse_name(name), SHOW, RoutingPolicy(tv="tv"), episodes=episodes)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("[G] Show Name - OVA 1 [1080p].mkv", 3),
        ("[G] Show Name - OVA 2 [1080p].mkv", 4),
        ("[G] Show Name - 02 OVA [1080p].mkv", 4),
        ("Show Name SP1.mkv", 1),
        ("[G] Show Name - Special 1 [1080p].mkv", 1),
        ("Show.Name.S00E05.mkv", 5),
    ],
)
def test_a_special_is_the_one_that_the_catalogue_calls_so(name: str, number: int) -> None:
    found = routed(name)
    assert isinstance(found, Routed), found
    assert found.holding.unit is not None
    assert (found.holding.unit.season, found.holding.unit.episodes) == (0, (number,))
    assert found.place.path.startswith("Show Name/Season 00/")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("[G] Show Name - OVA 3 [1080p].mkv", "it is OVA 3, and nobody tells which special"),
        ("Show Name SP2.mkv", "it is special 2, and nobody tells which special"),
    ],
)
def test_what_the_catalogue_does_not_know_is_told_and_never_taken_for_an_episode(name: str, said: str) -> None:
    found = routed(name)
    assert isinstance(found, Unrouted)
    assert said in str(found)
    assert isinstance(routed(name, ()), Unrouted)

"""The decision where one video belongs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypeAlias

import attrs

from medialib.matching import normalise_title
from medialib.model import Episode, Holding, Movie, Place, Show, Unit
from medialib.naming import (
    ORIGINAL,
    AbsoluteNumbers,
    NamingPreset,
    NotCounted,
    ParsedName,
    absolute_to_season,
    edition_label,
    season_to_absolute,
    unsafe_reason,
)
from medialib.routing.companions import split_stem
from medialib.routing.copies import details_of
from medialib.routing.roots import RootRule
from medialib.routing.specials import special_of

__all__ = ["Route", "Routed", "RoutingPolicy", "Unrouted", "held_by", "home_of", "route"]


@attrs.frozen
class RoutingPolicy:
    """Where things are kept and how they are named."""

    tv: str | None = None
    """Name of the location for series; None: there is none."""
    anime: str | None = None
    """Name of the location for anime; None: they go to `tv`."""
    movies: str | None = None
    """Name of the location for films; None: there is none."""
    preset: NamingPreset = ORIGINAL
    """How folders and files are named."""
    minimum_confidence: float = 0.3
    """Names read with less confidence (0 to 1) are not routed."""
    roots: tuple[RootRule, ...] = ()
    """More locations, and what is kept in each; the first that fits goes before those above."""

    def within(self, root: str) -> RoutingPolicy:
        """The same, with everything kept in one location.

        >>> RoutingPolicy(tv="tv").within("uhd").movies
        'uhd'
        """
        return attrs.evolve(self, tv=root, anime=root, movies=root)


@attrs.frozen
class Routed:
    """A file has a place."""

    place: Place
    """Where it belongs."""
    holding: Holding
    """What the inventory is to say of it."""
    reasons: tuple[str, ...]
    """Why, for a reader."""


@attrs.frozen
class Unrouted:
    """A file has no place, and why."""

    reason: str
    """Why, for a reader."""
    remedy: str | None = None
    """What to do about it."""

    def __str__(self) -> str:
        return self.reason if self.remedy is None else f"{self.reason}. {self.remedy}"


Route: TypeAlias = Routed | Unrouted
"""What `route` answers."""


def home_of(title: Show | Movie, policy: RoutingPolicy) -> Place | Unrouted:
    """The folder that everything of a show or film belongs in.

    >>> home_of(Show("dark", "Dark", 2017), RoutingPolicy(tv="tv"))
    Place(location='tv', path='Dark (2017)')
    >>> str(home_of(Movie("salt", "Salt"), RoutingPolicy(tv="tv")))
    'it is a film, and no folder for films is configured. Set library.movies.'
    """
    if isinstance(title, Movie):
        if policy.movies is None:
            return Unrouted("it is a film, and no folder for films is configured", "Set library.movies.")
        home = Place(policy.movies, title.folder or policy.preset.movie_folder(title.title, title.year, title.ids))
    else:
        root = policy.anime if title.type == "anime" and policy.anime is not None else policy.tv
        if root is None:
            return Unrouted("it is an episode, and no folder for series is configured", "Set library.tv.")
        home = Place(root, title.folder or policy.preset.show_folder(title.title, title.year, title.ids))
    unsafe = unsafe_reason(home.path)
    if unsafe is not None:
        return Unrouted(f"its path would be {home.path!r}: {unsafe}", "Give the show or film another folder.")
    return home


def route(
    path: str,
    parsed: ParsedName,
    title: Show | Movie,
    policy: RoutingPolicy,
    *,
    episodes: Iterable[Episode] = (),
) -> Route:
    """Where the video at `path` belongs, given which show or film it is of.

    `episodes` are those that the catalogue knows of the show; without them, an absolute number has no season, so such a
    file is not routed. A number that fits several episodes is not routed either.

    >>> from medialib.naming import parse_name
    >>> name = "Show.Name.S01E02.mkv"
    >>> routed = route(name, parse_name(name), Show("show-name", "Show Name"), RoutingPolicy(tv="tv"))
    >>> str(routed.place)
    'tv:Show Name/Season 01/Show.Name.S01E02.mkv'
    """
    if parsed.kind in ("extra", "sample"):
        return _no_video(parsed)
    if parsed.confidence < policy.minimum_confidence:
        return Unrouted(
            f"its name is read with a confidence of {parsed.confidence:.2f}, below {policy.minimum_confidence:.2f}",
            "Rename it, or lower routing.minimum_confidence.",
        )
    if isinstance(title, Movie):
        return _route_movie(path, parsed, title, policy)
    return _route_episode(path, parsed, title, policy, tuple(episodes))


def held_by(
    path: str, parsed: ParsedName, title: Show | Movie, *, episodes: Iterable[Episode] = ()
) -> Holding | Unrouted:
    """What a video that stands in the library holds, given which show or film it is of.

    Other than for `route`, its place is not in question: any name will do that says which episode it is. An absolute
    number that has no season so far is kept as such, and in the folder of a season the title of one of its episodes
    does as well as a number.

    >>> from medialib.naming import parse_name
    >>> held_by("Dark/E05.mkv", parse_name("Dark/E05.mkv"), Show("dark", "Dark")).unit
    Unit(kind='episode', key='dark', season=None, episodes=(5,), aired=None)
    """
    if parsed.kind in ("extra", "sample"):
        return _no_video(parsed)
    if isinstance(title, Movie):
        return _holding(path, parsed, Unit("movie", title.key))
    known = tuple(episodes)
    numbered = _number(parsed, title, known)
    if isinstance(numbered, _Numbered):
        unit = Unit("episode", title.key, numbered.season, numbered.episodes, numbered.aired)
        return _holding(path, parsed, unit)
    counted = tuple(int(each) for each in parsed.absolute_episodes or parsed.episodes if isinstance(each, int))
    if counted and parsed.date is None and not parsed.seasons and not parsed.special:
        return _holding(path, parsed, Unit("episode", title.key, None, counted))
    called = None if parsed.episode_title is None else normalise_title(parsed.episode_title)
    fitting = [
        each
        for each in known
        if called and (each.season,) == parsed.seasons and each.title and normalise_title(each.title) == called
    ]
    if len(fitting) == 1 and not parsed.episodes:
        return _holding(path, parsed, Unit("episode", title.key, fitting[0].season, (fitting[0].number,)))
    return numbered


def _no_video(parsed: ParsedName) -> Unrouted:
    return Unrouted(f"it is {'an extra' if parsed.kind == 'extra' else 'a sample'}, not an episode or a film")


def _route_movie(path: str, parsed: ParsedName, movie: Movie, policy: RoutingPolicy) -> Route:
    home = home_of(movie, policy)
    if isinstance(home, Unrouted):
        return home
    _, stem, extension = split_stem(path)
    name = policy.preset.movie_file(
        movie.title,
        movie.year,
        extension=extension,
        part=parsed.part,
        edition=edition_label(parsed.edition),
        original=stem,
        ids=movie.ids,
        release=parsed,
    )
    return Routed(
        Place(home.location, f"{home.path}/{name}"),
        _holding(path, parsed, Unit("movie", movie.key)),
        (f"film {movie.title!r}", f"named for {policy.preset.name}"),
    )


def _route_episode(
    path: str, parsed: ParsedName, show: Show, policy: RoutingPolicy, episodes: tuple[Episode, ...]
) -> Route:
    home = home_of(show, policy)
    if isinstance(home, Unrouted):
        return home
    numbered = _number(parsed, show, episodes)
    if isinstance(numbered, Unrouted):
        return numbered
    _, stem, extension = split_stem(path)
    title = parsed.episode_title
    if numbered.season is not None and len(numbered.episodes) == 1:
        known = {(episode.season, episode.number): episode.title for episode in episodes}
        title = known.get((numbered.season, numbered.episodes[0])) or title
    season = numbered.season if numbered.season is not None else (numbered.aired or date.min).year
    counted = season_to_absolute(season, numbered.episodes, episodes, show=show.title)
    name = policy.preset.episode_file(
        show.title,
        extension=extension,
        season=numbered.season,
        episodes=numbered.episodes,
        absolute_episodes=counted.numbers if isinstance(counted, AbsoluteNumbers) else (),
        date=numbered.aired,
        episode_title=title,
        original=stem,
        year=show.year,
        ids=show.ids,
        release=parsed,
    )
    folder = policy.preset.season_folder(season, title=show.title, year=show.year, ids=show.ids)
    unit = Unit("episode", show.key, numbered.season, numbered.episodes, numbered.aired)
    return Routed(
        Place(home.location, f"{home.path}/{folder}/{name}"),
        _holding(path, parsed, unit),
        (f"show {show.title!r}", numbered.reason, f"named for {policy.preset.name}"),
    )


@attrs.frozen
class _Numbered:
    season: int | None
    episodes: tuple[int, ...]
    aired: date | None
    reason: str


def _number(parsed: ParsedName, show: Show, episodes: tuple[Episode, ...]) -> _Numbered | Unrouted:
    """Season and episode numbers of a file, from its name and what is known of the show."""
    numbers = (*parsed.episodes, *parsed.absolute_episodes)
    if any(isinstance(number, float) for number in numbers):
        half = next(number for number in numbers if isinstance(number, float))
        return Unrouted(
            f"episode {half} stands between two episodes, and no season has a number for it",
            "Rename it to the special that it is (S00E…).",
        )
    if len(parsed.seasons) > 1:
        return Unrouted("its name spans several seasons, so no single folder is right")
    whole = tuple(int(number) for number in parsed.episodes)
    if parsed.seasons and whole:
        listed = "E".join(f"{number:02}" for number in whole)
        return _Numbered(parsed.seasons[0], whole, parsed.date, f"the name says S{parsed.seasons[0]:02}E{listed}")
    if parsed.date is not None:
        return _by_date(parsed.date, episodes)
    if parsed.special and not parsed.seasons:
        special = special_of(parsed, episodes)
        if isinstance(special, str):
            return Unrouted(special, "Rename it to the special that it is (S00E…).")
        return _Numbered(0, (special[0].number,), None, special[1])
    absolute = tuple(int(number) for number in parsed.absolute_episodes) or whole
    if absolute:
        return _by_absolute(absolute, show, episodes)
    if parsed.season_pack:
        return Unrouted("it names a whole season, not an episode")
    return Unrouted("its name has no episode number or date")


def _by_date(aired: date, episodes: tuple[Episode, ...]) -> _Numbered | Unrouted:
    fitting = [episode for episode in episodes if episode.aired == aired]
    if len({episode.season for episode in fitting}) > 1:
        return Unrouted(f"episodes of several seasons were broadcast on {aired}")
    if fitting:
        numbers = tuple(sorted(episode.number for episode in fitting))
        return _Numbered(fitting[0].season, numbers, aired, f"broadcast on {aired}")
    return _Numbered(None, (), aired, f"a daily of {aired}")


def _by_absolute(absolute: tuple[int, ...], show: Show, episodes: tuple[Episode, ...]) -> _Numbered | Unrouted:
    found = absolute_to_season(absolute, episodes, show=show.title)
    if isinstance(found, NotCounted):
        remedy = f'Let a provider tell its episodes: medialib shows add "{show.title}".'
        return Unrouted(found.reason, remedy if found.unknown else None)
    return _Numbered(found.season, found.episodes, None, found.reason)


def _holding(path: str, parsed: ParsedName, unit: Unit) -> Holding:
    return Holding(unit, release=path, details=details_of(parsed))

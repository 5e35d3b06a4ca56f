"""Plan to enter the films whose folders and files stand in the library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from medialib.events import LocationWalked, Noted, Observer, nobody
from medialib.filters import PathRules, judge_path
from medialib.matching import NotChosen, normalise_title
from medialib.model import ExternalIds, FileEntry, Movie, Place, RefusedEntry
from medialib.naming import (
    ParsedName,
    TitleFolder,
    collision_key,
    is_for_extras,
    is_of_the_system,
    parse_name,
    read_title_folder,
)
from medialib.planning import AddMovie
from medialib.ports import CancelToken, Catalogue, Clock, Location
from medialib.routing import RoutingPolicy, Unrouted, extension_of, home_of, movie_from, movie_of_folder, same_title
from medialib.workflows.bootstrap.describing import (
    Asking,
    Unasked,
    describe_folder,
    remedy_for,
    share_number,
    with_numbers,
)
from medialib.workflows.bootstrap.pieces import Gathering, Piece, refuse_empty
from medialib.workflows.route_rules import VIDEO_EXTENSIONS

__all__ = ["plan_bootstrap_movies"]

VERB = "bootstrap movies"
_SIZE = 20
_PART: Final = re.compile(r"(?i)(?:cd|disc|disk|dvd|part)[\s._-]*\d{1,2}|video_ts|audio_ts|bdmv|stream|samples?|subs?")
"""Folders that hold a part of a film."""


def plan_bootstrap_movies(
    roots: Mapping[str, Location],
    catalogue: Catalogue,
    policy: RoutingPolicy,
    clock: Clock,
    *,
    asking: Asking | None = None,
    paths: PathRules,
    configuration: str = "",
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Iterator[Piece]:
    """Plan to make each film in the root for films one of the catalogue's, piece by piece.

    The innermost folder that holds videos is that of a film, at any depth, and the film keeps it. A video at the root,
    or one of several films in a folder (which is then none of a film's own), is entered by its own name. Who is asked,
    and what is left with a remark, is as for `plan_bootstrap_shows`; where the provider knows no films they are entered
    by their names.

    Raises OutOfReach if the root cannot be listed, or is empty though the catalogue knows files in it, and Cancelled
    when asked to stop.
    """
    gathering = Gathering(VERB, catalogue, clock, configuration, cancelled, size=_SIZE)
    if policy.movies is None or policy.movies not in roots:
        yield gathering.take()
        return
    location = roots[policy.movies]
    if asking is not None and not asking.preferred.knows("movie"):
        observer(Noted(f"{asking.preferred.provider} knows no films, so they are entered by their names"))
        asking = None
    entering = _Entering(catalogue, policy, location.name, gathering, asking)
    videos = _videos(location, catalogue, paths, gathering, observer)
    for film in _films(videos, location.name, gathering):
        gathering.go_on()
        entering.enter(film)
        if gathering.full:
            yield gathering.take()
    yield gathering.take()


@attrs.frozen
class _Film:
    """A film as it stands on the disk."""

    path: str
    """Its folder, or its file where it has no folder of its own."""
    told: TitleFolder
    """What it is called."""
    folder: str
    """Its folder; empty if that is not its own."""


def _videos(
    location: Location,
    catalogue: Catalogue,
    paths: PathRules,
    gathering: Gathering,
    observer: Observer,
) -> dict[str, list[FileEntry]]:
    """The videos that may be films, by the folder of the film that they would be of."""
    found: dict[str, list[FileEntry]] = {}
    count = 0
    for entry in location.walk():
        gathering.go_on()
        count += 1
        *folders, _ = entry.path.split("/")
        if any(is_of_the_system(folder) for folder in folders):
            continue
        if isinstance(entry, RefusedEntry):
            gathering.remark("refused", Place(location.name, entry.path), entry.reason)
        elif _may_be_film(entry, paths):
            while folders and _PART.fullmatch(folders[-1]):
                folders.pop()
            found.setdefault("/".join(folders), []).append(entry)
    observer(LocationWalked(location.name, "", count, done=True))
    if not count:
        refuse_empty(location, catalogue, observer)
    return found


def _may_be_film(entry: FileEntry, paths: PathRules) -> bool:
    if extension_of(entry.path) not in VIDEO_EXTENSIONS or not judge_path(entry.path, paths):
        return False
    return not any(is_for_extras(folder) for folder in entry.folder.split("/")[1:])


def _films(videos: Mapping[str, list[FileEntry]], root: str, gathering: Gathering) -> Iterator[_Film]:
    for folder in sorted(videos):
        told = read_title_folder(folder.rpartition("/")[2])
        read = [(entry, parse_name(entry.name, kind="movie")) for entry in videos[folder]]
        if all(parsed.is_episode for _, parsed in read):
            path = folder or videos[folder][0].path
            gathering.remark("unidentified", Place(root, path), "it holds episodes. Move it to the series.")
            continue
        films: dict[tuple[str, int | None], _Film] = {}
        for entry, parsed in read:
            by_file = None if parsed.is_episode or parsed.kind in ("extra", "sample") else _by_file(entry, parsed)
            if by_file is not None:
                films.setdefault(_words(by_file), _Film(entry.path, by_file, ""))
        # what has no year is a part of a film, or stands beside it
        dated = {words: film for words, film in films.items() if words[1] is not None}
        if not folder:
            yield from films.values()
        elif _is_own(told, dated):
            if told.year is None and len(dated) == 1:
                told = attrs.evolve(told, year=next(iter(dated))[1])
            yield _Film(folder, told, folder)
        else:
            yield from dated.values()


def _is_own(told: TitleFolder, dated: Mapping[tuple[str, int | None], _Film]) -> bool:
    """Whether a folder is that of one film, and not one for several or for any: ``Action``, ``Trilogy``."""
    if told.ids != ExternalIds() or not dated or _words(told) in dated:
        return True
    if len(dated) > 1:
        return False
    ((title, _),) = dated
    return told.year is not None or title == _words(told)[0]


def _by_file(entry: FileEntry, parsed: ParsedName) -> TitleFolder | None:
    """What the name of a video says by itself; None if it says no title."""
    if parsed.title is None:
        return None
    told = read_title_folder(entry.name.rpartition(".")[0])
    return attrs.evolve(told, title=parsed.title if parsed.year else told.title, year=parsed.year or told.year)


def _words(told: TitleFolder) -> tuple[str, int | None]:
    return normalise_title(told.title), told.year


class _Entering:
    """Films on their way into the catalogue."""

    def __init__(
        self, catalogue: Catalogue, policy: RoutingPolicy, root: str, gathering: Gathering, asking: Asking | None
    ) -> None:
        self._policy = policy
        self._root = root
        self._gathering = gathering
        self._asking = asking
        self._catalogue = catalogue
        self._movies = {movie.key: movie for movie in catalogue.movies.all()}
        self._homes = {key for movie in self._movies.values() if (key := self._home(movie)) is not None}
        self._named: dict[str, set[int | None]] = {}
        for movie in self._movies.values():
            self._remember(movie)

    def enter(self, film: _Film) -> None:
        """Plan what one film wants."""
        place = Place(self._root, film.path)
        if self._is_known(film, place):
            self._gathering.known += 1
        elif self._asking is None and self._is_named(film.told):
            self._gathering.remark("duplicate", place, f"the catalogue has a film called {film.told} already")
        elif self._asking is None:
            self._add(movie_of_folder(film.told, film.folder, self._movies), place, "by its name")
        else:
            self._look_up(film, place, self._asking)

    def _is_known(self, film: _Film, place: Place) -> bool:
        if film.folder:
            return collision_key(film.folder) in self._homes
        if self._is_named(film.told):
            return True
        row = self._catalogue.inventory.get(place)
        return row is not None and row.holding.unit is not None and row.holding.unit.kind == "movie"

    def _is_named(self, told: TitleFolder) -> bool:
        title, year = _words(told)
        years = self._named.get(title, set())
        return year in years or (bool(years) and (year is None or None in years))

    def _look_up(self, film: _Film, place: Place, asking: Asking) -> None:
        choice = describe_folder(film.told, "movie", asking)
        if isinstance(choice, Unasked):
            self._gathering.remark("out of reach", place, f"it could not be looked up: {choice.reason}")
        elif isinstance(choice, NotChosen):
            remedy = remedy_for(choice, str(film.told))
            self._gathering.remark("unidentified", place, f"{choice.reason}. {remedy}")
        else:
            movie = movie_from(choice.title, self._movies, folder=film.folder, alias=film.told.title)
            movie = with_numbers(movie, film.told.ids)
            same = next((known for known in self._movies.values() if same_title(known, choice.title)), None)
            if same is not None:
                self._gathering.remark("duplicate", place, self._second(same))
            else:
                why = f"{choice.title.provider} says: {', '.join(choice.reasons)}"
                self._add(movie, place, why)

    def _second(self, same: Movie) -> str:
        home = home_of(same, self._policy)
        where = "" if isinstance(home, Unrouted) else f", whose folder is {home}"
        return f"it is another copy of {same.title!r} ({same.key}){where}"

    def _add(self, movie: Movie, place: Place, why: str) -> None:
        same = next((known for known in self._movies.values() if share_number(known.ids, movie.ids)), None)
        home = home_of(movie, self._policy)
        if same is not None:
            self._gathering.remark("duplicate", place, self._second(same))
        elif isinstance(home, Unrouted):
            self._gathering.remark("refused", place, str(home))
        elif (key := self._home(movie)) in self._homes:
            self._gathering.remark("collision", place, f"its folder would be {home}, which is that of another film")
        else:
            assert key is not None
            self._homes.add(key)
            self._movies[movie.key] = movie
            self._remember(movie)
            self._gathering.add(AddMovie(self._gathering.name(), movie, why))

    def _remember(self, movie: Movie) -> None:
        for name in (movie.title, *movie.aliases):
            self._named.setdefault(normalise_title(name), set()).add(movie.year)

    def _home(self, movie: Movie) -> str | None:
        home = home_of(movie, self._policy)
        return None if isinstance(home, Unrouted) else collision_key(home.path)

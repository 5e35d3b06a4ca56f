"""In which of several roots a title is kept: the first whose conditions it meets and that has room."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

import attrs

from medialib.matching import TitleType, normalise_title
from medialib.model import Movie, Show

__all__ = ["RootChoice", "RootRule", "TitleType", "choose_root", "folder_fits", "same_folder"]

_TAG: Final = re.compile(r"\s*[\[{](tvdb|tvdbid|tmdb|tmdbid|imdb|imdbid)-([\w]+)[\]}]")
_YEAR: Final = re.compile(r"\s*\((\d{4})\)\s*$")


@attrs.frozen
class RootRule:
    """What is kept in one root beside those of the kinds; a condition that is empty is met by everything."""

    name: str
    """Name of the location."""
    types: tuple[TitleType, ...] = ()
    """Kinds of titles."""
    genres: tuple[str, ...] = ()
    """Genres, one of which a title must have; letter case does not matter."""
    languages: tuple[str, ...] = ()
    """Original languages, ISO 639-1."""
    resolutions: tuple[str, ...] = ()
    """Resolutions, as release names have them: ``2160p``."""
    minimum_free: int = 0
    """Bytes that must stay free there."""


@attrs.frozen
class RootChoice:
    """In which root a title is kept."""

    name: str | None
    """Name of the location; None: in that of its kind."""
    reasons: tuple[str, ...]
    """Why, and why not in those before it, for a reader."""


def choose_root(
    title: Show | Movie,
    details: Mapping[str, str],
    rules: Iterable[RootRule],
    *,
    size: int,
    free: Callable[[str], int | None],
    home: str | None = None,
) -> RootChoice:
    """The first root that a file of a title fits in.

    `details` is what its release name says, `size` its bytes, `free` tells how many bytes can still be written to a
    root (None where that cannot be told), and `home` names the root that has the folder of the show already: there it
    stays.

    >>> anime = RootRule("anime2", types=("anime",), minimum_free=100)
    >>> cartoons = RootRule("cartoons", genres=("Animation",))
    >>> show = Show("s", "S", type="anime", genres=("animation",))
    >>> choose_root(show, {}, [anime, cartoons], size=50, free=lambda name: 120)
    RootChoice(name='cartoons', reasons=('no room in anime2: 120 bytes are free, and 100 are to stay so',
                                         'root cartoons, by its genre animation'))
    >>> choose_root(show, {}, [anime, cartoons], size=50, free=lambda name: 120, home="tv")
    RootChoice(name='tv', reasons=('stays in root tv, where its folder is',))
    """
    rules = tuple(rules)
    if home is not None and rules:
        return RootChoice(home, (f"stays in root {home}, where its folder is",))
    passed: list[str] = []
    for rule in rules:
        met = _met(title, details, rule)
        if met is None:
            continue
        room = free(rule.name)
        if room is not None and room - size < rule.minimum_free:
            passed.append(f"no room in {rule.name}: {room} bytes are free, and {rule.minimum_free} are to stay so")
            continue
        said = f", by its {' and '.join(met)}" if met else ", which takes everything"
        return RootChoice(rule.name, (*passed, f"root {rule.name}{said}"))
    return RootChoice(None, tuple(passed))


def _met(title: Show | Movie, details: Mapping[str, str], rule: RootRule) -> tuple[str, ...] | None:
    """The conditions that a title meets; None if there is one that it does not, or of which nothing is known."""
    kind = "movie" if isinstance(title, Movie) else title.type
    language = title.language
    wanted = {genre.casefold() for genre in rule.genres}
    genre = next((each for each in title.genres if each.casefold() in wanted), None)
    asked: tuple[tuple[Collection[str], str, str | None], ...] = (
        (rule.types, "type", kind if kind in rule.types else None),
        (rule.genres, "genre", genre),
        (rule.languages, "language", language if language in rule.languages else None),
        (rule.resolutions, "resolution", _listed(details.get("resolution"), rule.resolutions)),
    )
    if any(condition and value is None for condition, _, value in asked):
        return None
    return tuple(f"{name} {value}" for condition, name, value in asked if condition)


def _listed(value: str | None, wanted: Collection[str]) -> str | None:
    return value if value is not None and value.casefold() in {each.casefold() for each in wanted} else None


def folder_fits(folder: str, title: Show | Movie) -> bool:
    """Whether a folder on disk is that of a title: by its title or another name of it, and no other year or identifier.

    >>> show = Show("show", "Show: Name")
    >>> [folder_fits(name, show) for name in ("Show - Name (2019)", "show name", "Show Name 2", "Other (2019)")]
    [True, True, False, False]
    >>> folder_fits("Show - Name (2019) {tvdb-7}", Show("show", "Show: Name", 2005))
    False
    """
    tags = {found[1].removesuffix("id"): found[2] for found in _TAG.finditer(folder)}
    bare = _TAG.sub("", folder)
    year = _YEAR.search(bare)
    if year is not None and title.year is not None and int(year[1]) != title.year:
        return False
    ids = {name: str(value) for name, value in attrs.asdict(title.ids).items() if value is not None}
    if any(name in ids and ids[name] != value for name, value in tags.items()):
        return False
    names = {normalise_title(name) for name in (title.title, *title.aliases)}
    return normalise_title(_YEAR.sub("", bare)) in names


def same_folder(folders: Iterable[str], title: Show | Movie) -> str | None:
    """The one folder among `folders` that is a title's; None if none is, or several are.

    >>> same_folder(["Other", "Show (2019)"], Show("show", "Show"))
    'Show (2019)'
    >>> same_folder(["Show (2005)", "Show (2019)"], Show("show", "Show")) is None
    True
    """
    found = [folder for folder in folders if folder_fits(folder, title)]
    return found[0] if len(found) == 1 else None

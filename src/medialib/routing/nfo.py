"""NFO files, as Kodi and Jellyfin read them beside shows, episodes and films (https://kodi.wiki/view/NFO_files)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final, TypeAlias

import attrs

from medialib.model import Episode, ExternalIds, Movie, Show, Unit

__all__ = ["episode_nfo", "movie_nfo", "show_nfo"]

_Element: TypeAlias = tuple[str, str | int | None] | tuple[str, str | int | None, str]
"""Name, content, and attributes as they are written."""

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NO_XML: Final = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What XML 1.0 cannot hold, escaped or not (section 2.2, Char)."""
_PREFERRED: Final = ("tvdb", "tmdb", "imdb", "tvmaze", "anidb")


def show_nfo(show: Show) -> str:
    """The content of ``tvshow.nfo``.

    >>> print(show_nfo(Show("dark", "Dark & <Light>", 2017, ids=ExternalIds(tvdb=334824), genres=("Drama",))))
    <?xml version="1.0" encoding="UTF-8" standalone="yes"?>
    <tvshow>
      <title>Dark &amp; &lt;Light&gt;</title>
      <year>2017</year>
      <uniqueid type="tvdb" default="true">334824</uniqueid>
      <genre>Drama</genre>
    </tvshow>
    """
    return _HEAD + _element(
        "tvshow",
        [
            ("title", show.title),
            ("year", show.year),
            *_identifiers(show.ids),
            *(("genre", genre) for genre in show.genres),
            ("status", show.status),
        ],
    )


def movie_nfo(movie: Movie) -> str:
    """The content of the NFO file of a film.

    >>> "<title>Salt</title>" in movie_nfo(Movie("salt", "Sa\\x00lt", 2010))
    True
    """
    return _HEAD + _element(
        "movie",
        [
            ("title", movie.title),
            ("year", movie.year),
            *_identifiers(movie.ids),
            *(("genre", genre) for genre in movie.genres),
        ],
    )


def episode_nfo(show: Show, unit: Unit, episodes: Iterable[Episode]) -> str:
    """The content of the NFO file of what a file holds: one element for each of its episodes.

    `episodes` are those that the catalogue knows of the show.

    >>> print(episode_nfo(Show("dark", "Dark"), Unit("episode", "dark", 1, (2,)), [Episode("dark", 1, 2, "Lies")]))
    <?xml version="1.0" encoding="UTF-8" standalone="yes"?>
    <episodedetails>
      <title>Lies</title>
      <showtitle>Dark</showtitle>
      <season>1</season>
      <episode>2</episode>
    </episodedetails>
    """
    known = {(episode.season, episode.number): episode for episode in episodes}
    told = []
    for number in unit.episodes or (None,):
        episode = None if unit.season is None or number is None else known.get((unit.season, number))
        aired = unit.aired if episode is None else episode.aired or unit.aired
        told.append(
            _element(
                "episodedetails",
                [
                    ("title", None if episode is None else episode.title),
                    ("showtitle", show.title),
                    ("season", unit.season),
                    ("episode", number),
                    ("aired", None if aired is None else aired.isoformat()),
                ],
            )
        )
    return _HEAD + "".join(told)


def _identifiers(ids: ExternalIds) -> Iterable[_Element]:
    known = {name: value for name in _PREFERRED if (value := attrs.asdict(ids).get(name)) is not None}
    for position, (name, value) in enumerate(known.items()):
        yield "uniqueid", value, f' type="{name}"' + ("" if position else ' default="true"')


def _element(name: str, inner: Iterable[_Element]) -> str:
    lines = [
        f"  <{each[0]}{each[2] if len(each) > 2 else ''}>{_text(each[1])}</{each[0]}>\n"
        for each in inner
        if each[1] is not None
    ]
    return f"<{name}>\n{''.join(lines)}</{name}>\n"


def _text(value: str | int | None) -> str:
    return escape(_NO_XML.sub("", str(value)), quote=False)

"""A small AniDB on 127.0.0.1: its HTTP API and its dump of titles, telling of a `MetadataWorld`.

Written by AniDB's wiki and recorded answers: packed with gzip whatever is asked for, errors as ``<error>`` with status
200, apostrophes as grave accents, episodes with types, placeholders for titles that are not known. A
`TitleMetadata.id`, or `ExternalIds.anidb` where a title has one, is AniDB's number of it. Seasons are not known to it:
`in_one_season` makes a world that it can tell of.
"""

from __future__ import annotations

import gzip
from xml.sax.saxutils import escape, quoteattr

import attrs

from medialib.metadata import EpisodeMetadata, TitleMetadata
from medialib.testing.metadata_world import MetadataWorld
from medialib.testing.web_server import Answer, Request, WebServer

__all__ = ["ANIDB_CLIENT", "ANIDB_CLIENT_VERSION", "AnidbServer", "anidb_world", "in_one_season"]

ANIDB_CLIENT = "inventedclient"
"""The client that the servers take: invented."""
ANIDB_CLIENT_VERSION = 3
"""Its version."""

_TRANSCRIBED = {"ja": "x-jat", "zh": "x-zht", "ko": "x-kot"}
_GZIP = {"Content-Type": "text/xml; charset=utf-8", "Content-Encoding": "gzip"}


def in_one_season(episodes: tuple[EpisodeMetadata, ...]) -> tuple[EpisodeMetadata, ...]:
    """The same episodes, counted through as season 1; specials stay.

    >>> in_one_season((EpisodeMetadata(1, 1), EpisodeMetadata(2, 1), EpisodeMetadata(0, 1)))[1]
    EpisodeMetadata(season=1, number=2, title=None, aired=None, absolute=None)
    """
    regular = sorted((each for each in episodes if each.season), key=lambda each: (each.season, each.number))
    specials = tuple(each for each in episodes if not each.season)
    return (*(attrs.evolve(each, season=1, number=at) for at, each in enumerate(regular, start=1)), *specials)


def anidb_world(world: MetadataWorld) -> MetadataWorld:
    """A world with all its shows as AniDB has them: anime, in one season, without other orders. It is changed."""
    for (kind, number), title in list(world.titles.items()):
        if kind == "show":
            world.titles[kind, number] = attrs.evolve(title, type="anime")
            world.episodes[number] = in_one_season(world.episodes[number])
            world.orders[number] = ()
    return world


class AnidbServer(WebServer):
    """AniDB over a world: the HTTP API at `api`, the dump at `titles`.

    >>> from urllib.request import urlopen
    >>> from medialib.testing.metadata_world import invented_world
    >>> with AnidbServer(invented_world()) as server:
    ...     gzip.decompress(urlopen(f"{server.api}?request=anime&aid=1").read()).decode()
    '<error code="302">client version missing or invalid</error>'
    """

    def __init__(self, world: MetadataWorld) -> None:
        super().__init__()
        self.world = world
        self.banned = False
        """Whether every question is answered with a ban."""

    @property
    def api(self) -> str:
        """The address of its HTTP API."""
        return f"{self.url}/httpapi"

    @property
    def titles(self) -> str:
        """The address of its dump of titles."""
        return f"{self.url}/api/anime-titles.dat.gz"

    def answer(self, request: Request) -> Answer:
        """What AniDB says to a request."""
        if self.banned:
            return _packed('<error code="500">banned</error>')
        if request.path == "/api/anime-titles.dat.gz":
            return Answer(gzip.compress(self.dump().encode(), 1), headers={"Content-Type": "application/gzip"})
        if request.path != "/httpapi":
            return Answer({"message": "no such page"}, 404)
        query = request.query
        who = (query.get("client"), query.get("clientver"), query.get("protover"))
        if who != (ANIDB_CLIENT, str(ANIDB_CLIENT_VERSION), "1"):
            return _packed('<error code="302">client version missing or invalid</error>')
        if query.get("request") != "anime":
            return _packed('<error code="310">illegal input or access denied</error>')
        number = query.get("aid", "")
        if not number.isdecimal() or int(number) >= 2**31:
            return _packed("<error>aid Missing or Invalid</error>")
        found = self._numbered(int(number))
        return _packed("<error>Anime not found</error>" if found is None else self._anime(int(number), found))

    def dump(self) -> str:
        """The dump of titles as text."""
        lines = ["# created: Fri May 17 03:00:02 2024", "# <aid>|<type>|<language>|<title>"]
        for number, title in sorted(self._shows().items()):
            lines += [f"{number}|{kind}|{language}|{_stored(name)}" for kind, _, language, name in _names(title)]
        return "\n".join(lines) + "\n"

    def _shows(self) -> dict[int, TitleMetadata]:
        return {title.ids.anidb or title.id: title for (kind, _), title in self.world.titles.items() if kind == "show"}

    def _numbered(self, number: int) -> TitleMetadata | None:
        return self._shows().get(number)

    def _anime(self, number: int, title: TitleMetadata) -> str:
        episodes = self.world.episodes[title.id]
        regular = [each for each in episodes if each.season]
        names = "".join(
            f"<title xml:lang={quoteattr(language)} type={quoteattr(kind)}>{_written(name)}</title>\n"
            for _, kind, language, name in _names(title)
        )
        tags = "".join(
            f'<tag id="{at}" weight="600" localspoiler="false" globalspoiler="false" verified="true">\n'
            f"<name>{_written(genre)}</name>\n</tag>\n"
            for at, genre in enumerate(title.genres, start=1)
        )
        return "".join(
            (
                f'<?xml version="1.0" encoding="UTF-8"?><anime id="{number}" restricted="false">\n',
                f"<type>TV Series</type>\n<episodecount>{len(regular)}</episodecount>\n",
                "" if title.year is None else f"<startdate>{title.year:04}</startdate>\n",
                f"<titles>\n{names}</titles>\n",
                "" if title.summary is None else f"<description>{_written(title.summary)}</description>\n",
                f"<tags>\n{tags}</tags>\n" if tags else "",
                '<characters>\n<character id="1" type="main character in"><name>Nobody</name></character>\n',
                "</characters>\n",
                "<episodes>\n" + "".join(_episode(number, at, each) for at, each in enumerate(episodes, start=1)),
                _opening(number) if episodes else "",
                "</episodes>\n</anime>",
            )
        )


def _names(title: TitleMetadata) -> list[tuple[int, str, str, str]]:
    """Type and its number, language and text of each name."""
    language = title.language or "x-unk"
    names = [(1, "main", _TRANSCRIBED.get(language, language), title.title)]
    names += [(2, "synonym", "en", alias) for alias in title.aliases if alias != title.original_title]
    if title.original_title is not None:
        names.append((4, "official", language, title.original_title))
    return names


def _episode(number: int, at: int, episode: EpisodeMetadata) -> str:
    label, kind, word = (str(episode.number), 1, "Episode") if episode.season else (f"S{episode.number}", 2, "Special")
    name = f"{word} {label}" if episode.title is None else episode.title
    aired = "" if episode.aired is None else f"<airdate>{episode.aired}</airdate>\n"
    return (
        f'<episode id="{number * 10_000 + at}" update="2024-05-17">\n<epno type="{kind}">{label}</epno>\n'
        f'<length>25</length>\n{aired}<title xml:lang="en">{_written(name)}</title>\n</episode>\n'
    )


def _opening(number: int) -> str:
    return (
        f'<episode id="{number * 10_000}" update="2024-05-17">\n<epno type="3">C1</epno>\n<length>2</length>\n'
        '<title xml:lang="en">Opening</title>\n</episode>\n'
    )


def _stored(text: str) -> str:
    return text.replace("'", "`")


def _written(text: str) -> str:
    return escape(_stored(text))


def _packed(text: str) -> Answer:
    return Answer(gzip.compress(text.encode(), 1), headers=_GZIP)

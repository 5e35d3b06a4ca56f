"""What the name of a folder says of the show or film in it: title, year, and the numbers that media servers read."""

from __future__ import annotations

import re
from typing import Final

import attrs

from medialib.model import ExternalIds
from medialib.naming.parse import parse_name

__all__ = ["TitleFolder", "is_for_extras", "is_of_the_system", "read_title_folder"]

_ID: Final = re.compile(
    r"(?i)[\[{(]\s*(?:(tmdb|tvdb|tvmaze|anidb)(?:id|\d)?\s*[-=:]\s*(\d{1,12})|(?:imdb(?:id)?\s*[-=:]\s*)?(tt\d{5,12}))"
    r"\s*[\]})]"
)
"""``[tmdbid-1]`` (Jellyfin), ``{tvdb-1}`` (Plex, Sonarr), ``[tmdbid=1]`` (Emby), ``[anidb-1]`` (HAMA) and the like."""
_OTHER_TAG: Final = re.compile(
    r"(?i)[\[{(]\s*(?:tmdb|tvdb|tvmaze|anidb|imdb|trakt|anilist|mal|edition)(?:id|\d)?\s*[-=:][^\[\]{}()]*[\]})]"
)
_YEAR: Final = re.compile(r"[(\[]\s*((?:18|19|20)\d\d)(?:\s*[-–]\s*(?:(?:19|20)\d\d)?)?\s*[)\]]")
_ARTICLE: Final = re.compile(r"(.+), (The|A|An|Der|Die|Das|Le|La|Les|El|Los|Las)")
_SYSTEM: Final = frozenset(
    (
        *("@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "$recycle.bin", "recycler"),
        *("lost+found", "system volume information", "_gsdata_", "plex versions"),
    )
)


@attrs.frozen
class TitleFolder:
    """What a folder is called after."""

    title: str
    """The title as the folder has it; the whole name where nothing else could be read."""
    year: int | None = None
    """Year of the first broadcast or of release."""
    ids: ExternalIds = ExternalIds()
    """What metadata providers call it."""

    def __str__(self) -> str:
        return self.title if self.year is None else f"{self.title} ({self.year})"


def read_title_folder(name: str) -> TitleFolder:
    """What the folder of a show or film is called after.

    Folders have names that people chose, so a title is taken as it stands, up to a year in brackets; a name like that
    of a release is read like one. Of two numbers of one provider the first counts. Any string is answered.

    >>> read_title_folder("Breaking Bad (2008) {tvdb-81189}")
    TitleFolder(title='Breaking Bad', year=2008, ids=ExternalIds(tmdb=None, tvdb=81189, ...))
    >>> str(read_title_folder("The.Matrix.1999.1080p.BluRay.x264-GRP"))
    'The Matrix (1999)'
    >>> str(read_title_folder("Office, The (2005-2013) [imdbid-tt0386676]"))
    'The Office (2005)'
    """
    ids = _ids(name)
    rest = " ".join(_OTHER_TAG.sub(" ", _ID.sub(" ", name)).split()).strip(" -_")
    title, year = _title(rest)
    if (match := _ARTICLE.fullmatch(title)) is not None:
        title = f"{match[2]} {match[1]}"
    return TitleFolder(title or rest or name, year, ids)


def is_of_the_system(name: str) -> bool:
    """Whether a folder is one that an operating system or a NAS keeps for itself, or one that is hidden.

    >>> is_of_the_system("@eaDir"), is_of_the_system(".Trash-1000"), is_of_the_system("Dark")
    (True, True, False)
    """
    # "...": a show may be called so
    return name.casefold() in _SYSTEM or (name.startswith(".") and name.strip(".") != "")


def is_for_extras(name: str) -> bool:
    """Whether a folder is one of those that media servers know for what is beside a film or a show.

    >>> is_for_extras("Featurettes"), is_for_extras("Season 01")
    (True, False)
    """
    from medialib.naming.folders import EXTRAS  # loads the grammar

    return EXTRAS.fullmatch(name) is not None


def _ids(name: str) -> ExternalIds:
    found: dict[str, int] = {}
    imdb: str | None = None
    for provider, number, title in _ID.findall(name):
        if provider:
            found.setdefault(provider.lower(), int(number))
        elif imdb is None:
            imdb = title.lower()
    return ExternalIds(**found, imdb=imdb)


def _title(rest: str) -> tuple[str, int | None]:
    match = _YEAR.search(rest, 1) if rest else None
    if match is not None and (before := rest[: match.start()].strip(" -_.")) and not before.startswith("["):
        dotted = " " not in before and ("." in before or "_" in before)
        return (parse_name(before).title or before) if dotted else before, int(match[1])
    parsed = parse_name(rest)
    released = bool(parsed.resolution or parsed.source or parsed.video_codec or parsed.seasons)
    dotted = " " not in rest and ("." in rest.strip(".") or "_" in rest.strip("_"))
    if parsed.title is None or not (released or dotted or rest.startswith("[")):
        return rest, int(match[1]) if match is not None else None
    return parsed.title if parsed.country is None else f"{parsed.title} ({parsed.country})", parsed.year

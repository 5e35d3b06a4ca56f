"""Layouts: how folders and files of shows and films are called, as each program documents it.

Plex: "Naming and organizing your TV show files", "… your Movie files" and "Multiple Editions" (support.plex.tv).
Jellyfin: "Shows" and "Movies" (jellyfin.org/docs). Kodi: "Naming video files" (kodi.wiki) and its default patterns for
identifiers (``[tmdbid-1]`` is one) and further episodes (``S01E01E02E03``; it fills no range).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Final

import attrs

from medialib.model import ExternalIds
from medialib.naming.grammar import CONTAINERS
from medialib.naming.parse import parse_name
from medialib.naming.parsed import ParsedName
from medialib.naming.rendering.facts import NameFacts
from medialib.naming.rendering.safety import LONGEST_PART, safe_part
from medialib.naming.rendering.templates import Template, parse_template
from medialib.naming.rendering.tokens import TemplateKind

__all__ = ["JELLYFIN", "KODI", "ORIGINAL", "PLEX", "NamingPreset", "preset_from_templates"]

_EXTENSION: Final = re.compile(r"\.([A-Za-z0-9]{1,8})$")
_DIGIT: Final = re.compile(r"\d")
_NOTHING: Final = ParsedName(name="")


@attrs.frozen
class NamingPreset:
    """A layout: how folders and files of shows and films are called.

    `preset_from_templates` makes one of a user's own.

    >>> PLEX.episode_file("Show Name", extension="mkv", season=1, episodes=(2, 3), episode_title="Pilot")
    'Show Name - S01E02-E03 - Pilot.mkv'
    """

    name: str
    """What a configuration calls it."""
    show_folders: Template
    """How the folder of a show is called."""
    season_folders: Template
    """How the folder of a season is called."""
    specials: str | None
    """Folder of season 0; None: as other seasons."""
    episode_files: Template
    """How the file of an episode is called."""
    movie_folders: Template
    """How the folder of a film is called."""
    movie_files: Template
    """How the file of a film is called."""
    keeps_episode_names: bool = False
    """Episodes keep the name they were released under, made safe; films are named by title and year all the same."""
    names_every_episode: bool = False
    """A file of several episodes names each of them, not just the first and last."""
    one_id: bool = True
    """Of several identifiers only the one that is asked for first is written: TheTVDB's of shows, TMDB's of films."""

    def show_folder(self, title: str, year: int | None = None, ids: ExternalIds | None = None) -> str:
        """Folder of a show: ``Title (Year)``, with an identifier where the preset's server reads one.

        >>> JELLYFIN.show_folder("Show: Name", 2019, ExternalIds(tvdb=7))
        'Show - Name (2019) [tvdbid-7]'
        """
        return self.show_folders.write(NameFacts(title=title, year=year, ids=self._ids(ids, "tvdb", "tmdb", "imdb")))

    def season_folder(
        self, number: int, *, title: str = "", year: int | None = None, ids: ExternalIds | None = None
    ) -> str:
        """Folder of a season; season 0 as the server wants it. The show's `title` and so on are for templates only.

        >>> PLEX.season_folder(0), JELLYFIN.season_folder(0), PLEX.season_folder(12)
        ('Specials', 'Season 00', 'Season 12')
        """
        if number == 0 and self.specials is not None:
            return self.specials
        shown = self._ids(ids, "tvdb", "tmdb", "imdb")
        return self.season_folders.write(NameFacts(title=title, year=year, ids=shown, season=number))

    def episode_file(
        self,
        title: str,
        *,
        extension: str,
        season: int | None = None,
        episodes: Sequence[float] = (),
        absolute_episodes: Sequence[float] = (),
        date: datetime.date | None = None,
        episode_title: str | None = None,
        part: int | None = None,
        original: str | None = None,
        year: int | None = None,
        ids: ExternalIds | None = None,
        release: ParsedName = _NOTHING,
        room: int = 40,
    ) -> str:
        """File name of an episode: by season and episode, else by date, else by absolute number.

        Behind a title that would be read for more than that (it ends with a number) stands the `year`, where known; a
        title of the episode that would be read for the number of another episode (``S01E01 Again``) is left out.
        `extension` is given without its dot; `original` is the release's file name, which a preset that keeps names
        uses; `ids` and `release` (what the release name says of quality, group …) are for templates that ask for them.
        `room` bytes stay free for companions; the extension is never cut.

        >>> import datetime
        >>> PLEX.episode_file("Title", extension="mkv", date=datetime.date(2024, 5, 17))
        'Title - 2024-05-17.mkv'
        >>> PLEX.episode_file("Title", extension="mkv", absolute_episodes=(1071,))
        'Title - 1071.mkv'
        >>> PLEX.episode_file("1923", extension="mkv", season=1, episodes=(2,), year=2022)
        '1923 (2022) - S01E02.mkv'
        >>> KODI.episode_file("Title", extension="mkv", season=1, episodes=(1, 2, 3))
        'Title - S01E01E02E03.mkv'
        >>> ORIGINAL.episode_file("Title", extension="mkv", season=1, episodes=(2,), original="Show.S01E02.mkv")
        'Show.S01E02.mkv'
        """
        stem = _stem(original)
        if self.keeps_episode_names and stem is not None:
            return _file(stem, extension, room=room)
        facts = NameFacts(
            title=title,
            year=year,
            ids=self._ids(ids, "tvdb", "tmdb", "imdb"),
            season=season,
            episodes=tuple(episodes),
            absolute_episodes=tuple(absolute_episodes),
            date=date,
            episode_title=episode_title,
            part=part,
            original=stem,
            release=release,
        )
        written = self._episode_stem(facts, _longest(extension, room))
        if _DIGIT.search(facts.episode_title or ""):
            untitled = self._episode_stem(attrs.evolve(facts, episode_title=None), _longest(extension, room))
            if _counted(written) != _counted(untitled):
                written = untitled
        return _file(written, extension, room=room)

    def _episode_stem(self, facts: NameFacts, longest: int) -> str:
        return self.episode_files.write(facts, longest=longest, repeats=self.names_every_episode)

    def movie_folder(self, title: str, year: int | None = None, ids: ExternalIds | None = None) -> str:
        """Folder of a film: ``Title (Year)``, with an identifier where the preset's server reads one.

        >>> PLEX.movie_folder("The Matrix", 1999, ExternalIds(tmdb=603))
        'The Matrix (1999) {tmdb-603}'
        """
        return self.movie_folders.write(NameFacts(title=title, year=year, ids=self._ids(ids, "tmdb", "imdb")))

    def movie_file(
        self,
        title: str,
        year: int | None = None,
        *,
        extension: str,
        part: int | None = None,
        edition: str | None = None,
        original: str | None = None,
        ids: ExternalIds | None = None,
        release: ParsedName = _NOTHING,
        room: int = 40,
    ) -> str:
        """File name of a film: ``Title (Year).ext``; of a film in several files ``Title (Year) - part1.ext``.

        `edition` is written as the preset's server reads it; Jellyfin takes files for versions of one film only where
        each begins with the whole name of their folder, identifier included, and so they do.

        >>> PLEX.movie_file("The Matrix", 1999, extension="mkv")
        'The Matrix (1999).mkv'
        >>> PLEX.movie_file("The Long Film", 1999, extension="mkv", part=2)
        'The Long Film (1999) - part2.mkv'
        >>> PLEX.movie_file("Brazil", 1985, extension="mkv", edition="Director's Cut")
        "Brazil (1985) {edition-Director's Cut}.mkv"
        >>> JELLYFIN.movie_file("Brazil", 1985, extension="mkv", edition="Director's Cut", ids=ExternalIds(tmdb=68))
        "Brazil (1985) [tmdbid-68] - Director's Cut.mkv"
        """
        facts = NameFacts(
            title=title,
            year=year,
            ids=self._ids(ids, "tmdb", "imdb"),
            edition=edition,
            part=part,
            original=_stem(original),
            release=release,
        )
        return _file(self.movie_files.write(facts, longest=_longest(extension, room)), extension, room=room)

    def _ids(self, ids: ExternalIds | None, *sources: str) -> ExternalIds:
        if ids is None or not self.one_id:
            return ids or ExternalIds()
        for source in sources:
            if getattr(ids, source) is not None:
                return ExternalIds(**{source: getattr(ids, source)})
        return ExternalIds()


def _counted(stem: str) -> tuple[object, ...]:
    """Which episodes a name is read for."""
    found = parse_name(stem)
    return found.seasons, found.episodes, found.absolute_episodes


def _stem(file_name: str | None) -> str | None:
    """The name without the extension that a media file has."""
    match = _EXTENSION.search(file_name or "")
    if file_name is None or match is None or match[1].casefold() not in CONTAINERS:
        return file_name or None
    return file_name[: match.start()]


def _clean_extension(extension: str) -> str:
    return "".join(character for character in extension if character.isascii() and character.isalnum())[:16]


def _longest(extension: str, room: int) -> int:
    return max(16, LONGEST_PART - max(0, room) - len(_clean_extension(extension)) - 1)


def _file(stem: str, extension: str, *, room: int) -> str:
    clean = _clean_extension(extension)
    safe = safe_part(stem, room=LONGEST_PART - _longest(extension, room))
    return f"{safe}.{clean}" if clean else safe


_SQUARE_IDS: Final = "[tvdbid-{TvdbId}][tmdbid-{TmdbId}][imdbid-{ImdbId}]"
_CURLY_IDS: Final = "{tvdb-{TvdbId}}{tmdb-{TmdbId}}{imdb-{ImdbId}}"


def _preset(
    name: str,
    *,
    ids: str,
    specials: str,
    movie_file: str,
    keeps_episode_names: bool = False,
    names_every_episode: bool = False,
) -> NamingPreset:
    return NamingPreset(
        name,
        parse_template(f"{{Series TitleYear}} {ids}", "show_folder"),
        parse_template("Season {season:00}", "season_folder"),
        specials,
        parse_template("{Series TitleClear} - S{season:00}E{episode:00} - {Episode Title}", "episode_file"),
        parse_template(f"{{Movie TitleYear}} {ids}", "movie_folder"),
        parse_template(movie_file, "movie_file"),
        keeps_episode_names=keeps_episode_names,
        names_every_episode=names_every_episode,
    )


PLEX: Final = _preset(
    "plex", ids=_CURLY_IDS, specials="Specials", movie_file="{Movie TitleYear} {edition-{Edition Tags}}"
)
"""As Plex documents: specials in ``Specials``, identifiers as ``{tvdb-1}``, editions as ``{edition-Final Cut}``."""

JELLYFIN: Final = _preset(
    "jellyfin",
    ids=_SQUARE_IDS,
    specials="Season 00",
    movie_file=f"{{Movie TitleYear}} {_SQUARE_IDS} - {{Edition Tags}}",
)
"""As Jellyfin documents: specials in ``Season 00``, identifiers as ``[tvdbid-1]`` on folders and on the files of films,
editions behind a dash."""

KODI: Final = _preset(
    "kodi",
    ids=_SQUARE_IDS,
    specials="Season 00",
    movie_file="{Movie TitleYear} - {Edition Tags}",
    names_every_episode=True,
)
"""As Kodi documents: as for Jellyfin, but a file of several episodes names each: ``S01E01E02E03``."""

ORIGINAL: Final = _preset(
    "original", ids="", specials="Season 00", movie_file="{Movie TitleYear}", keeps_episode_names=True
)
"""Folders of title and season, episodes under the name they were released by, films by title and year."""


def preset_from_templates(
    base: NamingPreset = PLEX,
    *,
    name: str | None = None,
    show_folder: str | Template | None = None,
    season_folder: str | Template | None = None,
    episode_file: str | Template | None = None,
    movie_folder: str | Template | None = None,
    movie_file: str | Template | None = None,
) -> NamingPreset:
    """A preset with templates of one's own in place of some of `base`'s; see `parse_template` for how they are written.

    An own `season_folder` is for specials too. Raises InvalidTemplate for a template that cannot be read, that says
    what its place does not know, or that would give several files or folders one name.

    >>> own = preset_from_templates(PLEX, episode_file="{Series.Title}.S{season:00}E{episode:00}{-Release Group}")
    >>> own.episode_file("Show Name", extension="mkv", season=1, episodes=(2,)), own.season_folder(0)
    ('Show.Name.S01E02.mkv', 'Specials')
    """

    def own(kind: TemplateKind, text: str | Template | None, otherwise: Template) -> Template:
        return otherwise if text is None else parse_template(str(text), kind)

    made = attrs.evolve(
        base,
        show_folders=own("show_folder", show_folder, base.show_folders),
        season_folders=own("season_folder", season_folder, base.season_folders),
        specials=base.specials if season_folder is None else None,
        episode_files=own("episode_file", episode_file, base.episode_files),
        movie_folders=own("movie_folder", movie_folder, base.movie_folders),
        movie_files=own("movie_file", movie_file, base.movie_files),
        keeps_episode_names=base.keeps_episode_names and episode_file is None,
        one_id=base.one_id and show_folder is None and movie_folder is None and movie_file is None,
    )
    return attrs.evolve(made, name=name or (base.name if made == base else f"{base.name} with templates of your own"))

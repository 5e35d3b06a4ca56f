"""Sections on where the library is, what its files are called, and how it is decided where one belongs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import attrs

from medialib.config.setting import setting
from medialib.config.values import (
    EpisodeFileTemplate,
    FileMode,
    Folder,
    FolderMode,
    MovieFileTemplate,
    MovieFolderTemplate,
    Range,
    SeasonFolderTemplate,
    ShowFolderTemplate,
    UnknownTitles,
)

__all__ = ["LibrarySettings", "RoutingSettings"]


@attrs.frozen
class LibrarySettings:
    """Where the library is, and how its files look.

    >>> LibrarySettings(tv=Path("/srv/tv")).roots
    {'tv': PosixPath('/srv/tv'), 'anime': PosixPath('/srv/tv')}
    """

    tv: Folder | None = setting(None, "Root folder of series, or its address.")
    anime: Folder | None = setting(None, "Root folder of anime series, or its address; tv where none is given.")
    movies: Folder | None = setting(None, "Root folder of films, or its address.")
    preset: Literal["original", "plex", "jellyfin", "kodi"] = setting("original", "How placed files are named.")
    show_folder: ShowFolderTemplate | None = setting(
        None, "How a show's folder is named, as {Series TitleYear}; as the preset has it where none is given."
    )
    season_folder: SeasonFolderTemplate | None = setting(
        None, "How a season's folder is named, as Season {season:00}; as the preset has it where none is given."
    )
    episode_file: EpisodeFileTemplate | None = setting(
        None,
        "How an episode's file is named, as {Series Title} - S{season:00}E{episode:00} - {Episode Title}; "
        "as the preset has it where none is given.",
    )
    movie_folder: MovieFolderTemplate | None = setting(
        None, "How a film's folder is named, as {Movie TitleYear}; as the preset has it where none is given."
    )
    movie_file: MovieFileTemplate | None = setting(
        None, "How a film's file is named, as {Movie TitleYear}; as the preset has it where none is given."
    )
    file_mode: FileMode | None = setting(
        None, 'Mode of placed files, octal ("0644"); by the umask where none is given.'
    )
    folder_mode: FolderMode | None = setting(
        None, 'Mode of new folders, octal ("0755"); by the umask where none is given.'
    )
    owner: str | None = setting(None, "Account, by name or number in quotes, that placed files belong to.")
    group: str | None = setting(None, "Group, by name or number in quotes, that placed files belong to.")

    @property
    def templates(self) -> dict[str, str]:
        """The templates that are set, by their keys.

        >>> LibrarySettings(season_folder="Staffel {season}").templates
        {'season_folder': 'Staffel {season}'}
        """
        kinds = {
            "show_folder": self.show_folder,
            "season_folder": self.season_folder,
            "episode_file": self.episode_file,
            "movie_folder": self.movie_folder,
            "movie_file": self.movie_file,
        }
        return {kind: template for kind, template in kinds.items() if template is not None}

    @property
    def roots(self) -> dict[str, Path | str]:
        """Each kind that has a root folder, and that folder; anime goes to the series where it has none of its own."""
        kinds = {"tv": self.tv, "anime": self.anime or self.tv, "movies": self.movies}
        return {kind: root for kind, root in kinds.items() if root is not None}


@attrs.frozen
class RoutingSettings:
    """How it is decided where a fetched file belongs."""

    unknown_shows: UnknownTitles = setting(
        "by-name",
        "What becomes of a series that the catalogue does not know: entered by its name, looked up, or left alone.",
    )
    unknown_movies: UnknownTitles = setting(
        "by-name",
        "What becomes of a film that the catalogue does not know: entered by its name, looked up, or left alone.",
    )
    minimum_confidence: Annotated[float, Range(0, 1)] = setting(
        0.3, "How sure a reading of a name must be to be acted on: 0 for a guess, 1 for no doubt."
    )
    companions: tuple[str, ...] = setting(
        ("srt", "ass", "ssa", "sub", "idx", "vtt", "sup"),
        "Extensions, without dot, of files that travel with their video.",
    )
    keep_nfo: bool = setting(False, "Whether .nfo files travel with their video too.")
    identify_by_hash: bool = setting(
        False,
        "Whether files that look like anime, or whose show is not known, are read for their ed2k hash, by which AniDB "
        "is asked what they are.",
    )

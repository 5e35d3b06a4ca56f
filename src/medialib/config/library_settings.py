"""Sections on where the library is, what its files are called, and how it is decided where one belongs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import attrs

from medialib.config.setting import setting
from medialib.config.values import (
    Duration,
    EpisodeFileTemplate,
    FileMode,
    Folder,
    FolderMode,
    MovieFileTemplate,
    MovieFolderTemplate,
    Range,
    SeasonFolderTemplate,
    ShowFolderTemplate,
    Size,
    UnknownTitles,
)

__all__ = ["LibrarySettings", "RootSettings", "RoutingSettings"]


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

    nfo: bool = setting(False, "Whether NFO files, as Kodi and Jellyfin read them, are written beside placed videos.")
    recycle_keep: Duration | None = setting(
        None, "Age from which library recycle --empty deletes what is in the recycle folders; none where not given."
    )
    recycle_size: Size | None = setting(
        None, "Room that is left to the recycle folder of each location by library recycle --empty; any if not given."
    )

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
class RootSettings:
    """One more root of the library, and what is kept there: what meets all of its conditions that are given."""

    path: Folder | None = setting(None, "The folder, or its address.")
    types: tuple[str, ...] = setting((), "Kinds of titles: standard, anime or daily, which are shows, and movie.")
    genres: tuple[str, ...] = setting((), "Genres, one of which a title must have, as its provider calls them.")
    languages: tuple[str, ...] = setting((), "Original languages, as en or ja.")
    resolutions: tuple[str, ...] = setting((), "Resolutions that release names have, as 2160p.")
    minimum_free: Size = setting(0, "Room that must stay free there; where there is less, the next root is taken.")
    order: int = setting(0, "Which root is asked first: the one with the smallest number, then by name.")


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
    review: Folder | None = setting(
        None,
        "Folder, or its address, for files whose names are read with less confidence than that; where none is given, "
        "they are left where they are.",
    )
    companions: tuple[str, ...] = setting(
        ("srt", "ass", "ssa", "sub", "idx", "vtt", "sup"),
        "Extensions, without dot, of files that travel with their video.",
    )
    ways: tuple[str, ...] = setting(
        ("move",),
        "How files are placed, the first that works there: reflink, hardlink or copy, which leave them in the incoming "
        "folder too, or move.",
    )
    conflicts: Literal["refuse", "better", "both", "ask"] = setting(
        "refuse",
        "What becomes of a file whose place is taken: it is left, the better one is kept, both are, or you are asked.",
    )
    keep_nfo: bool = setting(False, "Whether .nfo files travel with their video too.")
    identify_by_hash: bool = setting(
        False,
        "Whether files that look like anime, or whose show is not known, are read for their ed2k hash, by which AniDB "
        "is asked what they are.",
    )

"""What a setting may be: the annotated types of the sections, from which values are read, checked and described."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import attrs

from medialib.config.secret import Secret, SecretUrl

__all__ = [
    "Duration",
    "EpisodeFileTemplate",
    "ExecutorText",
    "FileMode",
    "Folder",
    "FolderMode",
    "ModeBits",
    "MovieFileTemplate",
    "MovieFolderTemplate",
    "OptionValue",
    "Port",
    "PositiveDuration",
    "ProviderName",
    "ProviderNames",
    "Range",
    "SeasonFolderTemplate",
    "ShowFolderTemplate",
    "Size",
    "TemplateOf",
    "Transfers",
    "UnknownTitles",
]


@attrs.frozen
class Range:
    """The numbers or durations that a setting may have, ends included."""

    least: float | timedelta
    """The smallest."""
    most: float | None = None
    """The largest; None for no end."""


@attrs.frozen
class ModeBits:
    """The permission bits that a mode must have, so that we do not lock ourselves out."""

    needed: int
    """Bits, such as 0o600."""


@attrs.frozen
class TemplateOf:
    """What a template makes the name of."""

    kind: Literal["show_folder", "season_folder", "episode_file", "movie_folder", "movie_file"]
    """As `medialib.naming.parse_template` has it."""


Duration = Annotated[timedelta, Range(timedelta(0))]
"""A duration: ``90s``, ``5m``, ``2h``, ``30d``, or a number of seconds."""
PositiveDuration = Annotated[timedelta, Range(timedelta(milliseconds=1))]
"""A duration that is not nothing."""
Size = Annotated[int, "size"]
"""Bytes: ``500 MB``, ``1 GiB``, or a whole number."""
FileMode = Annotated[int, ModeBits(0o600)]
"""Permission bits of files, octal: ``"0644"``."""
FolderMode = Annotated[int, ModeBits(0o700)]
"""Permission bits of folders, octal: ``"0755"``."""
ShowFolderTemplate = Annotated[str, TemplateOf("show_folder")]
"""How the folder of a show is called: ``{Series TitleYear}``."""
SeasonFolderTemplate = Annotated[str, TemplateOf("season_folder")]
"""How the folder of a season is called: ``Season {season:00}``."""
EpisodeFileTemplate = Annotated[str, TemplateOf("episode_file")]
"""How the file of an episode is called, without its extension: ``{Series Title} - S{season:00}E{episode:00}``."""
MovieFolderTemplate = Annotated[str, TemplateOf("movie_folder")]
"""How the folder of a film is called: ``{Movie TitleYear}``."""
MovieFileTemplate = Annotated[str, TemplateOf("movie_file")]
"""How the file of a film is called, without its extension: ``{Movie TitleYear}``."""
Port = Annotated[int, Range(1, 65_535)]
"""A TCP port."""
Transfers = Annotated[int, Range(1, 16)]
"""How many files are on their way at once."""
Folder = Annotated[Path | str, "folder"]
"""Where files are carried to: a folder of this machine, or as text an address such as ``sftp://me@nas/volume1/tv``."""
VectorAddress = Annotated[SecretUrl, "index"]
"""Where vectors are kept: ``memory:``, ``exact:`` or an address such as ``milvus:///titles.db``."""
EmbedderName = Annotated[str, "embedder"]
"""``lexical``, or the folder of a sentence model."""
ExecutorText = Annotated[str, "executor"]
"""Who does work: ``threads[:N]``, ``processes[:N]`` or ``dask://scheduler:8786``."""
ProviderName = Literal["tvmaze", "tmdb", "tvdb", "anidb", "imdb"]
"""A metadata provider that comes with medialib."""
ProviderNames = Annotated[tuple[ProviderName, ...], "providers"]
"""Who is asked, in this order: one name, or a list of them; ``none`` for nobody."""
UnknownTitles = Literal["by-name", "look-up", "refuse"]
"""What becomes of a title that the catalogue does not know."""
OptionValue = str | int | bool | Secret
"""What an fsspec file system may be given by name."""

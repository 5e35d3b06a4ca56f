"""Reads release names and paths: ``parse_name``."""

from __future__ import annotations

from typing import Literal

from medialib.naming.parsed import ParsedName

__all__ = ["parse_name"]


def parse_name(name: str, *, kind: Literal["episode", "movie"] | None = None) -> ParsedName:
    """Reads a release name, a file name or a whole path, whose folders help.

    `kind` is what the caller knows it to be, as Sonarr knows that it asks for an episode; it settles readings that
    the name leaves open. Any string is answered, the same one always the same way; nothing is raised. Only the first
    4096 characters are read.

    >>> found = parse_name("Show.Name.S01E02.720p.HDTV.x264-GRP.mkv")
    >>> found.title, found.season, found.episode, found.release_group
    ('Show Name', 1, 2, 'GRP')
    >>> parse_name("[G] One Piece - 1071 [ABCD1234].mkv").absolute_episode
    1071
    >>> parse_name("The.Matrix.1999.1080p.BluRay.x264-GRP.mkv").kind
    'movie'
    """
    # The grammar takes a tenth of a second to compile, which commands that read no name shall not wait for.
    from medialib.naming.assembling import read_name

    return read_name(name, kind)

"""Which video a subtitle or another companion file travels with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import attrs

from medialib.filters import tokens_of
from medialib.matching import normalise_title
from medialib.naming import ParsedName, collision_key, companion_suffix, parse_name

__all__ = ["Companion", "Orphan", "extension_of", "pair_companions", "split_stem"]

_SUBTITLE_FOLDERS = frozenset({"sub", "subs", "subtitle", "subtitles", "captions"})


@attrs.frozen
class Companion:
    """A file that travels with a video."""

    path: str
    """The companion."""
    video: str
    """The video it travels with."""
    suffix: str
    """What its name shall have behind the video's stem, extension included: ``.en.forced.srt``."""
    reason: str
    """Why with this one, for a reader."""


@attrs.frozen
class Orphan:
    """A companion for which no video was found."""

    path: str
    """The companion."""
    reason: str
    """Why, for a reader."""


def extension_of(path: str) -> str:
    """The extension of a path in lower case without its dot; empty if there is none.

    >>> extension_of("Show/Show.S01E01.MKV"), extension_of(".hidden")
    ('mkv', '')
    """
    stem, _, extension = path.rpartition("/")[2].rpartition(".")
    return extension.lower() if stem else ""


def split_stem(path: str) -> tuple[str, str, str]:
    """Folder, stem and extension (without its dot, as written) of a path.

    >>> split_stem("Show/Show.S01E01.mkv")
    ('Show', 'Show.S01E01', 'mkv')
    """
    folder, _, name = path.rpartition("/")
    stem, _, extension = name.rpartition(".")
    return (folder, stem, extension) if stem else (folder, name, "")


def pair_companions(videos: Iterable[str], companions: Iterable[str]) -> tuple[Companion | Orphan, ...]:
    """Find the video of every companion, by these rules in turn:

    1. the companion's stem begins with the stem of a video in its folder, or in the folder above a ``Subs`` folder;
    2. it lies in a folder named after a video, below a ``Subs`` folder (``Subs/Show.S01E01/2_English.srt``);
    3. it names the same episodes as exactly one video there;
    4. there is exactly one video there, and it names no other episode.

    Where videos of several titles lie together, and where files lie loose at the top, the last two hold only for a
    companion that has the video's title in its name.

    >>> pair_companions(["a/Show.S01E01.mkv"], ["a/Show.S01E01.en.forced.srt"])[0].suffix
    '.en.forced.srt'
    >>> found = pair_companions(["f/Film.1999.mkv"], ["f/Subs/2_English.srt"])[0]
    >>> found.video, found.suffix
    ('f/Film.1999.mkv', '.en.srt')
    >>> pair_companions(["Other.S01E01.mkv"], ["Show.S01E01.en.srt"])
    (Orphan(path='Show.S01E01.en.srt', reason="no video beside it is called 'Show'"),)
    """
    by_folder: defaultdict[str, list[str]] = defaultdict(list)
    for video in videos:
        by_folder[split_stem(video)[0]].append(video)
    parsed: dict[str, ParsedName] = {}
    return _without_clashes([_pair(path, by_folder, parsed) for path in companions])


def _pair(path: str, by_folder: Mapping[str, list[str]], parsed: dict[str, ParsedName]) -> Companion | Orphan:
    folder, stem, extension = split_stem(path)
    above, named_after = _home(folder)
    candidates = by_folder.get(above, [])
    if not candidates:
        return Orphan(path, "there is no video beside it")
    name = path.rpartition("/")[2]
    fitting = [
        (len(split_stem(video)[1]), video, suffix)
        for video in candidates
        if (suffix := companion_suffix(split_stem(video)[1], name)) is not None
    ]
    if fitting:
        _, video, suffix = max(fitting)
        return Companion(path, video, suffix, "its name begins with the video's")
    marks = _marks(stem, extension)
    for video in candidates:
        if named_after is not None and collision_key(split_stem(video)[1]) == collision_key(named_after):
            return Companion(path, video, marks, "it lies in a folder named after the video")
    if above == "" or len({_title(video, parsed) for video in candidates}) > 1:
        title = _title(path, parsed)
        candidates = [video for video in candidates if title is not None and _title(video, parsed) == title]
        if not candidates:
            called = _read(path, parsed).title if title is not None else stem
            return Orphan(path, f"no video beside it is called {called!r}")
    wanted = _episodes(path, parsed)
    if wanted is not None:
        same = [video for video in candidates if _episodes(video, parsed) == wanted]
        if len(same) == 1:
            return Companion(path, same[0], marks, "it names the same episode")
        if len(same) > 1:
            return Orphan(path, f"it names the same episode as {len(same)} videos")
        if any(_episodes(video, parsed) is not None for video in candidates):
            return Orphan(path, "no video beside it is of the same episode")
    if len(candidates) == 1:
        return Companion(path, candidates[0], marks, "there is only one video")
    return Orphan(path, f"it may belong to any of {len(candidates)} videos")


def _home(folder: str) -> tuple[str, str | None]:
    """The folder whose videos count, and the name of the folder below ``Subs`` that a companion lies in."""
    above, _, last = folder.rpartition("/")
    if last.casefold() in _SUBTITLE_FOLDERS:
        return above, None
    further, _, subs = above.rpartition("/")
    if subs.casefold() in _SUBTITLE_FOLDERS:
        return further, last
    return folder, None


def _marks(stem: str, extension: str) -> str:
    """A suffix made of what the companion's own name says of its language."""
    # behind a title and a number, words such as "English" can only be marks
    read = parse_name(f"Title.S01E01.{'.'.join(tokens_of(stem))}.{extension}")
    language = next(iter((*read.subtitle_languages, *read.languages)), None)
    words = (language, "forced" if read.forced else None, extension)
    return "".join(f".{word}" for word in words if word)


def _read(path: str, parsed: dict[str, ParsedName]) -> ParsedName:
    if path not in parsed:
        parsed[path] = parse_name(path)
    return parsed[path]


def _title(path: str, parsed: dict[str, ParsedName]) -> tuple[str, int | None] | None:
    """The words of the title and the year that a name has; None if it has no title."""
    read = _read(path, parsed)
    return None if read.rejected or read.title is None else (normalise_title(read.title), read.year)


def _episodes(path: str, parsed: dict[str, ParsedName]) -> tuple[object, ...] | None:
    read = _read(path, parsed)
    if not (read.episodes or read.absolute_episodes or read.date):
        return None
    return (read.seasons, read.episodes or read.absolute_episodes, read.date)


def _without_clashes(found: list[Companion | Orphan]) -> tuple[Companion | Orphan, ...]:
    """Number companions that would come to the same name: ``.en.srt``, ``.en.2.srt``."""
    taken: set[tuple[str, str]] = set()
    result: list[Companion | Orphan] = []
    for item in found:
        if isinstance(item, Companion):
            front, dot, extension = item.suffix.rpartition(".")
            suffix, number = item.suffix, 1
            while (item.video, collision_key(suffix)) in taken:
                number += 1
                suffix = f"{front}.{number}{dot}{extension}"
            taken.add((item.video, collision_key(suffix)))
            item = attrs.evolve(item, suffix=suffix)
        result.append(item)
    return tuple(result)

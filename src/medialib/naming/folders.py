"""What the folders of a path add to what the name of its file says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import attrs

from medialib.naming.claims import Reading
from medialib.naming.parsed import Finding
from medialib.naming.titles import tidy

__all__ = ["GIBBERISH", "merged"]

_LEADING_NUMBER: Final = re.compile(r"(\d{1,3})(?=[\s._-])")
_PLAIN_FOLDERS: Final = frozenset(
    [
        "tv",
        "movies",
        "movie",
        "films",
        "film",
        "series",
        "shows",
        "downloads",
        "download",
        "complete",
        "incoming",
        "video",
        "videos",
        "media",
        "test",
        "specials",
        "extras",
        "subs",
        "subtitles",
        "sample",
        "samples",
        "season",
        "seasons",
        "anime",
        "folder",
        "somefolder",
        "volume1",
        "mnt",
        "data",
        "home",
        "c",
        "d",
        "tv_drop",
    ]
)
GIBBERISH: Final = re.compile(
    r"(?i)(?:_unpack[ _])?(?:[0-9a-f]{12,64}|(?=\w*\d\w*\d)[a-z0-9]{20,}|"
    r"(?:[a-z]{1,4}[.]){1,3}[0-9a-f]{10,}|[\d_.-]{5,}|[a-z]{1,3}\d{1,6})"
)
"""What names nothing: a hash, an identifier, a run of digits."""
_SCENE_FILE: Final = re.compile(r"[a-z0-9]{2,6}-[a-z0-9.-]+$")
_SEASON_AND_EPISODE: Final = re.compile(r"(?:(.*)[\s._-])?0?(\d{1,2})(\d\d)$")
_SHARED: Final = ("resolution", "source", "video_codec", "audio_codecs", "audio_channels")
_NUMBERED: Final = ("seasons", "episodes", "absolute_episodes", "date")


def _gibberish(text: str, reading: Reading) -> bool:
    title = reading.first("title")
    stem_end = reading.high
    container = reading.first("container")
    if container is not None:
        stem_end = container.start - 1
    return title is None or bool(GIBBERISH.fullmatch(text[reading.low : stem_end].strip()))


def _together(text: str, own: Reading, folder: Reading) -> list[Finding]:
    """Title and episode of a file whose number begins with the season of its folder: ``S01/show.0106``."""
    season, title = folder.first("seasons"), own.first("title")
    match = _SEASON_AND_EPISODE.match(text, title.start, title.end) if season and title else None
    if match is None or season is None or title is None or int(match[2]) != season.value:
        return []
    episode = Finding("episodes", int(match[3]), *match.span(3))
    kept = tidy(match[1] or "")
    return [Finding("title", kept, title.start, match.end(1)), episode] if kept else [episode]


def merged(text: str, readings: Sequence[Reading]) -> tuple[list[Finding], list[str]]:
    """The file's own findings and reasons, with gaps filled from its folders; `readings` has the file's first.

    >>> from medialib.naming.reading import read_part
    >>> text = "Show/S01E02"
    >>> spans = [(5, 11, True), (0, 4, False)]
    >>> parts = [read_part(text, low, high, kind=None, is_file=file) for low, high, file in spans]
    >>> [found.field for found in merged(text, parts)[0]]
    ['seasons', 'episodes', 'title']
    """
    own, *folders = readings
    chosen = list(own.findings)
    reasons = list(own.reasons)
    if not folders:
        return chosen, reasons
    hidden = _gibberish(text, own)
    if hidden:
        chosen = [
            found
            for found in chosen
            if found.field not in {"title", "year", "absolute_episodes"}
            or not GIBBERISH.fullmatch(text[own.low : own.high])
        ]
    bare = not own.has(*_NUMBERED) and (not own.firm_tags or bool(_SCENE_FILE.match(text, own.low, own.high)))
    if (hidden or bare) and folders[0].firm_tags >= 2 and folders[0].has("title"):
        hidden = True
        named = {"title", "alternative_titles", "episode_title", "release_group", "year"}
        chosen = [found for found in chosen if found.field not in named]
        reasons.append("the file's own name says less than its release folder")
    for folder in folders:
        have = {found.field for found in chosen}
        numbered = have & set(_NUMBERED)
        title = folder.first("title")
        plain = title is None or title.value.casefold() in _PLAIN_FOLDERS or _gibberish(text, folder)
        plain = plain and not (folder.firm_tags and title is not None)
        counts_episode = folder.has("episodes", "absolute_episodes", "date")
        if not numbered and folder.has("seasons") and (together := _together(text, own, folder)):
            chosen = [*(found for found in chosen if found.field != "title"), *together]
            have = {found.field for found in chosen}
            numbered = have & set(_NUMBERED)
        if folder.has("seasons") and not have & {"seasons", "date", "absolute_episodes"}:
            if not numbered and not counts_episode and (number := _LEADING_NUMBER.match(text[own.low : own.high])):
                chosen = [found for found in chosen if found.field != "title"]
                episode_title = own.first("title")
                chosen.append(Finding("episodes", int(number[1]), own.low, own.low + number.end()))
                if episode_title is not None:
                    begin = max(episode_title.start, own.low + number.end())
                    while begin < episode_title.end and not text[begin].isalnum():
                        begin += 1
                    if begin < episode_title.end:
                        chosen.append(
                            Finding("episode_title", text[begin : episode_title.end].strip(), begin, episode_title.end)
                        )
                reasons.append("the file's leading number counts episodes, for its folder names a season")
            elif not numbered and title is None and own.has("title") and not own.has("year"):
                # A file without a number in a folder that is nothing but a season bears the title of its episode.
                chosen = [
                    attrs.evolve(found, field="episode_title") if found.field == "title" else found for found in chosen
                ]
            chosen += [
                found
                for found in folder.findings
                if found.field in {"seasons", "episodes"} and (found.field == "seasons" or not numbered)
            ]
            reasons.append("season from the folder")
            if counts_episode and not numbered and title is not None:
                chosen = [found for found in chosen if found.field != "title"]
        elif not numbered and counts_episode and not own.firm_tags:
            chosen = [found for found in chosen if found.field != "title"]
            chosen += [found for found in folder.findings if found.field in _NUMBERED]
        have = {found.field for found in chosen}
        if "title" not in have and not plain and title is not None:
            chosen += [found for found in folder.findings if found.field in {"title", "alternative_titles", "country"}]
            reasons.append("title from the folder")
            have = {found.field for found in chosen}
        if not plain and (hidden or folder.firm_tags or folder.has("year")):
            wanted = {"year"} if not folder.firm_tags else {"year", "release_group", *_SHARED}
            if hidden:
                wanted |= {found.field for found in folder.findings} - {"title", "container"}
            if "date" in have:
                wanted -= {"year"}
            chosen += [found for found in folder.findings if found.field in wanted and found.field not in have]
        hidden = hidden and "title" not in {found.field for found in chosen}
    return chosen, reasons

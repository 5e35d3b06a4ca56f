"""What the folders of a path add to what the name of its file says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from medialib.naming.claims import Reading
from medialib.naming.parsed import Finding
from medialib.naming.reading import read_part
from medialib.naming.titles import tidy

__all__ = ["GIBBERISH", "merged", "with_show"]

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
_NAMELESS: Final = frozenset(["movie", "film", "video", "main", "feature", "file", "index", "title", "stream"])
"""What a file is called that has no name of its own."""
_EXTRAS: Final = re.compile(
    r"(?i)(?:extras?|featurettes?|trailers?|behind the scenes|deleted scenes|interviews?|scenes|shorts|bonus|"
    r"making of|clips?|backdrops)"
)
"""Folders of media servers for what is beside a film or a show."""
_BESIDE: Final = re.compile(r"(?i)subs?|subtitles?|samples?")
"""Folders for what belongs to the video beside them, whose files are called after nothing of their own."""
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


def _names_show(text: str, own: Reading, folder: Reading, title: Finding) -> bool:
    """Whether a folder of a plain word and a year is that of a show: its files begin with that word, or with none."""
    if not folder.has("year"):
        return False
    written = own.first("title")
    return written is None or text.startswith(title.value, written.start)


def _counts_in_season(chosen: Sequence[Finding]) -> bool:
    """Whether the bare number of a file may count within the season that its folder names: no show runs so long."""
    numbers = [found.value for found in chosen if found.field == "absolute_episodes"]
    return bool(numbers) and max(numbers) < 100


def _nameless(own: Reading, folders: Sequence[Reading]) -> bool:
    """Whether a file has a word for any file as its name, in a folder that says which film it is."""
    title = own.first("title")
    return (
        title is not None
        and title.value.casefold() in _NAMELESS
        and (folders[0].has("year") or folders[0].firm_tags > 1)
        and not own.has("year", *_NUMBERED)
    )


def _counted(findings: Sequence[Finding]) -> set[tuple[str, Any]]:
    return {(found.field, found.value) for found in findings if found.field in _NUMBERED}


def with_show(text: str, readings: list[Reading], kind: str | None) -> list[Reading]:
    """The readings, a file's once more where its show is called like a number: ``S01E01/S01E01 - S02E03``.

    The folder of a show whose name counts something is believed once the file begins with the same words and counts
    besides.
    """
    own = readings[0]
    for place, folder in enumerate(readings[1:3], 1):
        written = text[folder.low : folder.high]
        if folder.has("title") or not folder.has("seasons") or not text.startswith(written, own.low):
            continue
        rest = read_part(text, own.low + len(written), own.high, kind=kind, is_file=True)
        if rest.has("seasons", "date") and rest.has("episodes", "date") and not rest.has("title"):
            show = Reading(folder.low, folder.high)
            year = folder.first("year")
            end = folder.high if year is None else year.start - 1
            show.claim("title", tidy(text[folder.low : end]), folder.low, end)
            if year is not None:
                show.claim_finding(year)
            return [rest, *readings[1:place], show, *readings[place + 1 :]]
    return readings


def _by_show(text: str, chosen: list[Finding], folders: Sequence[Reading]) -> list[Finding]:
    """The findings, a title that says more than that of the show's folder cut down to it.

    ``Show/Season 2/Show - Other Name - 12`` has another name, ``Show/Second Pilot - Show S2E01`` the episode's title,
    and ``Show.S01E02.720p-GRP/grp-sh.102`` a short form.
    """
    title = next((found for found in chosen if found.field in {"title", "episode_title"}), None)
    show = next((found for folder in folders[:2] if (found := folder.first("title")) is not None), None)
    if title is None or show is None or not any(found.field in _NUMBERED for found in chosen):
        return chosen
    name, whole = show.value.casefold(), title.value.casefold()
    if name in _PLAIN_FOLDERS or name == whole:
        return chosen
    if title.field == "episode_title":
        if not whole.startswith(f"{name} - ") or any(found.field == "title" for found in chosen):
            return chosen
        begin = text.find("-", title.start + len(name), title.end) + 1
        while begin < title.end and not text[begin].isalnum():
            begin += 1
        named = title._replace(value=tidy(text[begin : title.end]), start=begin)
        return [*(found for found in chosen if found is not title), named]
    if (
        folders[0].firm_tags > 1
        and show in folders[0].findings
        and _SCENE_FILE.fullmatch(text, title.start, title.end)
        and _counted(chosen) == _counted(folders[0].findings)
    ):
        return [found for found in chosen if found is not title]
    if whole.startswith(f"{name} - "):
        between = text.find(" - " if " - " in text[title.start : title.end] else "-", title.start, title.end)
        begin = between
        while begin < title.end and not text[begin].isalnum():
            begin += 1
        other = Finding("alternative_titles", tidy(text[begin : title.end]), begin, title.end)
        kept = title._replace(value=tidy(text[title.start : between]), end=between)
        return [*(found for found in chosen if found is not title), kept, other]
    if whole.endswith(f" - {name}") and not any(found.field == "episode_title" for found in chosen):
        between = text.rfind("-", title.start, title.end - len(name))
        begin = between
        while begin < title.end and not text[begin].isalnum():
            begin += 1
        episode = Finding("episode_title", tidy(text[title.start : between]), title.start, between)
        kept = title._replace(value=tidy(text[begin : title.end]), start=begin)
        return [*(found for found in chosen if found is not title), kept, episode]
    return chosen


def _free(chosen: Sequence[Finding], low: int, length: int) -> bool:
    """Whether so many characters from `low` on are nothing, or belong to a title."""
    return all(found.field == "title" or found.end <= low or found.start >= low + length for found in chosen)


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
    if len(folders) > 1 and not own.has(*_NUMBERED) and _EXTRAS.fullmatch(text[folders[0].low : folders[0].high]):
        own.extra = True
        reasons.append("its folder is for extras")
        chosen = [found._replace(field="episode_title") if found.field == "title" else found for found in chosen]
        folders = folders[1:]
    elif not own.has("year", *_NUMBERED) and _BESIDE.fullmatch(text[folders[0].low : folders[0].high]):
        chosen = [found for found in chosen if found.field != "title"]
        folders = folders[1:]
    else:
        chosen = _by_show(text, chosen, folders)
    if not folders:
        return chosen, reasons
    nameless = _nameless(own, folders)
    hidden = nameless or _gibberish(text, own)
    dropped = {"title", "year", "absolute_episodes"} if GIBBERISH.fullmatch(text[own.low : own.high]) else set()
    if hidden:
        chosen = [found for found in chosen if found.field not in dropped and (found.field != "title" or not nameless)]
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
        plain = plain and not (title is not None and (folder.firm_tags or _names_show(text, own, folder, title)))
        counts_episode = folder.has("episodes", "absolute_episodes", "date")
        if not numbered and folder.has("seasons") and (together := _together(text, own, folder)):
            chosen = [*(found for found in chosen if found.field != "title"), *together]
            have = {found.field for found in chosen}
            numbered = have & set(_NUMBERED)
        if folder.has("seasons") and "seasons" not in have and _counts_in_season(chosen):
            chosen = [
                found._replace(field="episodes") if found.field == "absolute_episodes" else found for found in chosen
            ]
            have = {found.field for found in chosen}
            numbered = have & set(_NUMBERED)
        if folder.has("seasons") and not have & {"seasons", "date", "absolute_episodes"}:
            number, own_title = _LEADING_NUMBER.match(text[own.low : own.high]), own.first("title")
            if (
                number is not None
                and own_title is not None
                and not (numbered or counts_episode)
                and _free(chosen, own.low, number.end())
            ):
                chosen = [found for found in chosen if found.field != "title"]
                chosen.append(Finding("episodes", int(number[1]), own.low, own.low + number.end()))
                begin = max(own_title.start, own.low + number.end())
                while begin < own_title.end and not text[begin].isalnum():
                    begin += 1
                if begin < own_title.end:
                    chosen.append(Finding("episode_title", text[begin : own_title.end].strip(), begin, own_title.end))
                reasons.append("the file's leading number counts episodes, for its folder names a season")
            elif not numbered and title is None and own.has("title") and not own.has("year"):
                # A file without a number in a folder that is nothing but a season bears the title of its episode.
                chosen = [
                    found._replace(field="episode_title") if found.field == "title" else found for found in chosen
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

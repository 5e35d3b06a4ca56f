"""What the folders of a path add to what the name of its file says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import attrs

from medialib.naming.claims import Reading
from medialib.naming.parsed import Finding
from medialib.naming.reading import read_part
from medialib.naming.titles import tidy

__all__ = ["EXTRAS", "GIBBERISH", "merged", "with_show"]

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
EXTRAS: Final = re.compile(
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
        halves = _halves(text, title, text.find("-", title.start + len(name), title.end))
        return chosen if halves is None else [*(found for found in chosen if found is not title), halves[1]]
    if (
        folders[0].firm_tags > 1
        and show in folders[0].findings
        and _SCENE_FILE.fullmatch(text, title.start, title.end)
        and _counted(chosen) == _counted(folders[0].findings)
    ):
        return [found for found in chosen if found is not title]
    if whole.startswith(f"{name} - "):
        dash = text.find(" - " if " - " in text[title.start : title.end] else "-", title.start, title.end)
        first, second = "title", "alternative_titles"
    elif whole.endswith(f" - {name}") and not any(found.field == "episode_title" for found in chosen):
        dash = text.rfind("-", title.start, title.end - len(name))
        first, second = "episode_title", "title"
    else:
        return chosen
    halves = _halves(text, title, dash)
    if halves is None:
        return chosen
    rest = [found for found in chosen if found is not title]
    return [*rest, halves[0]._replace(field=first), halves[1]._replace(field=second)]


def _halves(text: str, title: Finding, dash: int) -> tuple[Finding, Finding] | None:
    """What stands before and behind a dash in a title; None if nothing does, or if there is no dash."""
    begin = dash + 1
    while begin < title.end and not text[begin].isalnum():
        begin += 1
    first, second = tidy(text[title.start : max(dash, title.start)]), tidy(text[begin : title.end])
    if not first or not second:
        return None
    return title._replace(value=first, end=dash), title._replace(value=second, start=begin)


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
    merging = _Merging(text, own, list(own.findings), list(own.reasons))
    if folders and (folders := merging.placed(folders)):
        merging.hide(folders)
        for folder in folders:
            merging.count(folder)
            merging.entitle(folder)
            merging.fill(folder)
    return merging.chosen, merging.reasons


@attrs.define
class _Merging:
    """What a path says, while its folders are asked one after the other, the innermost first."""

    text: str
    own: Reading
    """What the file's own name says."""
    chosen: list[Finding]
    reasons: list[str]
    hidden: bool = False
    """Whether the file's own name says nothing of what it is."""

    def _have(self) -> set[str]:
        return {found.field for found in self.chosen}

    def _drop(self, *fields: str) -> None:
        self.chosen = [found for found in self.chosen if found.field not in fields]

    def _rename(self, field: str, other: str) -> None:
        self.chosen = [found._replace(field=other) if found.field == field else found for found in self.chosen]

    def _numbered(self) -> bool:
        return not self._have().isdisjoint(_NUMBERED)

    def placed(self, folders: list[Reading]) -> list[Reading]:
        """The folders that still have to be asked, once what the innermost is for has been settled."""
        first = self.text[folders[0].low : folders[0].high]
        if len(folders) > 1 and not self.own.has(*_NUMBERED) and EXTRAS.fullmatch(first):
            self.own.extra = True
            self.reasons.append("its folder is for extras")
            self._rename("title", "episode_title")
            return folders[1:]
        if not self.own.has("year", *_NUMBERED) and _BESIDE.fullmatch(first):
            self._drop("title")
            return folders[1:]
        self.chosen = _by_show(self.text, self.chosen, folders)
        return folders

    def hide(self, folders: Sequence[Reading]) -> None:
        """Drops what was read of a name that is gibberish, means any file, or says less than its release folder."""
        text, own = self.text, self.own
        nameless = _nameless(own, folders)
        self.hidden = nameless or _gibberish(text, own)
        if self.hidden and nameless:
            self._drop("title")
        if self.hidden and GIBBERISH.fullmatch(text[own.low : own.high]):
            self._drop("title", "year", "absolute_episodes")
        bare = not own.has(*_NUMBERED) and (not own.firm_tags or bool(_SCENE_FILE.match(text, own.low, own.high)))
        if (self.hidden or bare) and folders[0].firm_tags >= 2 and folders[0].has("title"):
            self.hidden = True
            self._drop("title", "alternative_titles", "episode_title", "release_group", "year")
            self.reasons.append("the file's own name says less than its release folder")

    def count(self, folder: Reading) -> None:
        """Takes season and episode from a folder, as far as the name has none."""
        if not self._numbered() and folder.has("seasons") and (together := _together(self.text, self.own, folder)):
            self._drop("title")
            self.chosen += together
        if folder.has("seasons") and "seasons" not in self._have() and _counts_in_season(self.chosen):
            self._rename("absolute_episodes", "episodes")
        numbered, counts_episode = self._numbered(), folder.has("episodes", "absolute_episodes", "date")
        if folder.has("seasons") and self._have().isdisjoint({"seasons", "date", "absolute_episodes"}):
            if not numbered:
                self._count_in_season(folder, counts_episode=counts_episode)
            self.chosen += [
                found
                for found in folder.findings
                if found.field == "seasons" or (found.field == "episodes" and not numbered)
            ]
            self.reasons.append("season from the folder")
            if counts_episode and not numbered and folder.has("title"):
                self._drop("title")
        elif not numbered and counts_episode and not self.own.firm_tags:
            self._drop("title")
            self.chosen += [found for found in folder.findings if found.field in _NUMBERED]

    def _count_in_season(self, folder: Reading, *, counts_episode: bool) -> None:
        """Makes an episode of a name without a number of its own, in a folder that names a season."""
        own, title = self.own, self.own.first("title")
        number = _LEADING_NUMBER.match(self.text[own.low : own.high])
        if (
            number is not None
            and title is not None
            and not counts_episode
            and _free(self.chosen, own.low, number.end())
        ):
            self._drop("title")
            begin = own.low + number.end()
            self.chosen.append(Finding("episodes", int(number[1]), own.low, begin))
            begin = max(title.start, begin)
            while begin < title.end and not self.text[begin].isalnum():
                begin += 1
            if begin < title.end:
                self.chosen.append(Finding("episode_title", self.text[begin : title.end].strip(), begin, title.end))
            self.reasons.append("the file's leading number counts episodes, for its folder names a season")
        elif title is not None and not folder.has("title") and not own.has("year"):
            # A file without a number in a folder that is nothing but a season bears the title of its episode.
            self._rename("title", "episode_title")

    def _says_title(self, folder: Reading) -> bool:
        """Whether a folder is called like a show or film, not like one for anything: ``Downloads``, ``tv``."""
        title = folder.first("title")
        if title is None:
            return False
        plain = title.value.casefold() in _PLAIN_FOLDERS or _gibberish(self.text, folder)
        return not plain or bool(folder.firm_tags) or _names_show(self.text, self.own, folder, title)

    def entitle(self, folder: Reading) -> None:
        """Takes the title from a folder, if there is none yet."""
        if "title" not in self._have() and self._says_title(folder):
            self.chosen += [
                found for found in folder.findings if found.field in {"title", "alternative_titles", "country"}
            ]
            self.reasons.append("title from the folder")

    def fill(self, folder: Reading) -> None:
        """Takes what is the same for all files of a folder, as far as the name does not say it."""
        if self._says_title(folder) and (self.hidden or folder.firm_tags or folder.has("year")):
            have = self._have()
            wanted = {"year"} if not folder.firm_tags else {"year", "release_group", *_SHARED}
            if self.hidden:
                wanted |= {found.field for found in folder.findings} - {"title", "container"}
            if "date" in have:
                wanted -= {"year"}
            self.chosen += [found for found in folder.findings if found.field in wanted and found.field not in have]
        self.hidden = self.hidden and "title" not in self._have()

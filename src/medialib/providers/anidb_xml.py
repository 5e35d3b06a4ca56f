"""What AniDB's HTTP API says of an anime: from its XML to values, without asking anybody.

The form is that of https://wiki.anidb.net/HTTP_API_Definition, version 1 of the protocol.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, Literal, get_args
from xml.etree import ElementTree

import attrs

from medialib.errors import UnusableAnswer
from medialib.metadata import EpisodeMetadata, TitleMetadata
from medialib.model import ExternalIds

__all__ = ["Anime", "AnimeName", "Refusal", "described", "parse_xml", "read_anime"]

NameKind = Literal["main", "synonym", "short", "official"]
_KINDS: Final[Mapping[str, NameKind]] = MappingProxyType({kind: kind for kind in get_args(NameKind)})
_XML_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_NATIVE: Final[Mapping[str, str]] = MappingProxyType({"x-jat": "ja", "x-zht": "zh", "x-kot": "ko", "x-tha": "th"})
"""Transcriptions, and the language that they transcribe."""
_SEASONS: Final[Mapping[str, int]] = MappingProxyType({"1": 1, "2": 0})
"""Types of episodes that have a place: regular ones and specials."""
_HEAVY: Final = 400
"""Weight from which a tag says what an anime is, of 600."""
_LINK: Final = re.compile(r"https?://anidb\.net/\S+ \[([^\]]*)\]")
_MARKUP: Final = re.compile(r"\[/?(?:i|b|u|s|url|spoiler)(?:=[^\]]*)?\]", re.IGNORECASE)


@attrs.frozen
class AnimeName:
    """One name of an anime."""

    kind: NameKind
    """``main`` is AniDB's own, one for each anime; ``official`` one for each language."""
    language: str
    """ISO 639-1, or AniDB's code of a transcription (``x-jat``)."""
    text: str
    """The name."""


@attrs.frozen
class Anime:
    """What an answer says of one anime."""

    number: int
    """AniDB's number (aid)."""
    names: tuple[AnimeName, ...]
    """Its names, one of them the main one."""
    started: str = ""
    """Day of the first broadcast, as far as it is known: ``2003-08-26``, ``2003-08``, ``2003``."""
    tags: tuple[str, ...] = ()
    """The tags that say most, the weightiest first."""
    summary: str | None = None
    """What it is about, plain text."""
    episodes: tuple[EpisodeMetadata, ...] = ()
    """Regular episodes as season 1, with absolute numbers; specials as season 0. Openings and endings (C), trailers
    (T), parodies (P) and others (O) have no place in a library's seasons, and are left out."""
    places: Mapping[int, tuple[int, int]] = attrs.field(factory=dict)
    """Season and number of those episodes by AniDB's number of them (eid)."""


@attrs.frozen
class Refusal:
    """The service says that it does not answer."""

    kind: Literal["nothing", "banned", "client", "other"]
    """``nothing``: there is no such anime. ``client``: it does not take the client that asks."""
    text: str
    """In its own words."""


def read_anime(body: bytes, language: str) -> Anime | Refusal:
    """The anime that an answer describes, titles of episodes in `language` where it has them.

    Raises UnusableAnswer for what is no answer.

    >>> read_anime(b'<error code="500">banned</error>', "en")
    Refusal(kind='banned', text='banned')
    """
    root = parse_xml(body)
    if root.tag == "error":
        text = " ".join((root.text or "").split())[:200]
        return Refusal(_refused(text.casefold()), text)
    number = _number(root.get("id"))
    names = tuple(_names(root))
    if root.tag != "anime" or number is None or not any(name.kind == "main" for name in names):
        raise _unusable(f"<{root.tag[:20]}> where an anime with number and title was due")
    placed = dict(_episodes(root, language))
    by_place: dict[tuple[int, int], EpisodeMetadata] = {}
    for _, episode in placed.values():
        by_place.setdefault((episode.season, episode.number), episode)
    return Anime(
        number,
        names,
        _text(root.findtext("startdate")) or "",
        tuple(_tags(root)),
        _plain(root.findtext("description")),
        tuple(by_place[place] for place in sorted(by_place)),
        {number: (episode.season, episode.number) for number, (_, episode) in placed.items()},
    )


def described(
    number: int, names: Iterable[AnimeName], language: str, anime: Anime | None = None, ids: ExternalIds | None = None
) -> TitleMetadata:
    """An anime as a title: its official title in `language`, else its main one.

    >>> described(1, [AnimeName("main", "x-jat", "Seikai no Monshou"), AnimeName("official", "ja", "星界の紋章")], "en")
    TitleMetadata(provider='anidb', id=1, kind='show', title='Seikai no Monshou', original_title='星界の紋章', ...)
    """
    known = tuple(names)
    main = next(name for name in known if name.kind == "main")
    official = {name.language: name.text for name in known if name.kind == "official"}
    native = _NATIVE.get(main.language, main.language)
    title = official.get(language, main.text)
    original = official.get(native)
    aliases = dict.fromkeys(name.text for name in known if name.text not in (title, original))
    year = re.match(r"\d{4}", "" if anime is None else anime.started)
    return TitleMetadata(
        provider="anidb",
        id=number,
        kind="show",
        title=title,
        original_title=original,
        year=None if year is None else int(year[0]),
        aliases=tuple(aliases),
        ids=attrs.evolve(ids or ExternalIds(), anidb=number),
        language=native if re.fullmatch("[a-z]{2}", native) else None,
        genres=() if anime is None else anime.tags,
        type="anime",
        summary=None if anime is None else anime.summary,
    )


def parse_xml(body: bytes) -> ElementTree.Element:
    """The root of a document. Raises UnusableAnswer for what is no XML, and for XML with definitions of its own."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise _unusable("a document type of its own")
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - what could blow up was refused above
    except (ElementTree.ParseError, ValueError, LookupError):
        pass
    raise _unusable("no XML")  # out here, so that no traceback quotes the answer


def _unusable(what: str) -> UnusableAnswer:
    return UnusableAnswer(f"an answer of AniDB is not in its documented form: {what}", remedy="Try again later.")


def _refused(text: str) -> Literal["nothing", "banned", "client", "other"]:
    if "banned" in text:
        return "banned"
    if "not found" in text or "aid missing" in text or "no such" in text:
        return "nothing"
    return "client" if "client" in text or "access denied" in text else "other"


def _names(root: ElementTree.Element) -> Iterator[AnimeName]:
    for title in root.iterfind("titles/title"):
        text, kind = _text(title.text), _KINDS.get(title.get("type") or "")
        if text is not None and kind is not None:
            yield AnimeName(kind, (title.get(_XML_LANGUAGE) or "").lower(), text)


def _episodes(root: ElementTree.Element, language: str) -> Iterator[tuple[int, tuple[str, EpisodeMetadata]]]:
    for item in root.iterfind("episodes/episode"):
        number = item.find("epno")
        identifier = _number(item.get("id"))
        if number is None or identifier is None:
            raise _unusable("an episode without a number")
        season = _SEASONS.get(number.get("type") or "")
        label = (number.text or "").strip()
        counted = _number(label.upper().removeprefix("S"))
        if season is None or counted is None:
            continue
        absolute = counted if season == 1 else None
        title = _episode_title(item, language, label)
        yield identifier, (label, EpisodeMetadata(season, counted, title, _day(item.findtext("airdate")), absolute))


def _episode_title(item: ElementTree.Element, language: str, label: str) -> str | None:
    titles: dict[str, str] = {}
    for title in item.iterfind("title"):
        text = _text(title.text)
        if text is not None:
            titles.setdefault((title.get(_XML_LANGUAGE) or "").lower(), text)
    found = next((titles[each] for each in (language, "en", "x-jat") if each in titles), None)
    if found is None:
        found = next(iter(titles.values()), None)
    # "Episode 3" and "Special S1" stand where there is no title yet
    placeholder = found is not None and re.fullmatch(rf"(?:Episode|Special) {re.escape(label)}", found) is not None
    return None if placeholder else found


def _tags(root: ElementTree.Element) -> Iterator[str]:
    weighed = []
    for tag in root.iterfind("tags/tag"):
        name, weight = _text(tag.findtext("name")), _number(tag.get("weight")) or 0
        spoils = "true" in (tag.get("localspoiler"), tag.get("globalspoiler"))
        if name is not None and weight >= _HEAVY and not spoils:
            weighed.append((-weight, name))
    yield from dict.fromkeys(name for _, name in sorted(weighed, key=lambda each: each[0]))


def _plain(text: str | None) -> str | None:
    return None if text is None else _text(_MARKUP.sub("", _LINK.sub(r"\1", text)))


def _text(value: str | None) -> str | None:
    """Text as people write it: AniDB stores an apostrophe as a grave accent."""
    return (value or "").replace("`", "'").strip() or None


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and re.fullmatch(r"\d{1,9}", value, re.ASCII) else None


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat((value or "").strip())
    except ValueError:
        return None

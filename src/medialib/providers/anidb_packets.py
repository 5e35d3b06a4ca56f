"""The packets of AniDB's UDP API: https://wiki.anidb.net/UDP_API_Definition. From values to bytes and back, no more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import attrs

from medialib.errors import UnusableAnswer
from medialib.metadata import EpisodePlace, FileMetadata

__all__ = ["ANIME_MASK", "FILE_MASK", "Reply", "packet", "read_file", "read_reply"]

_FILE: Final = (
    (0, 0x40, "anime"), (0, 0x20, "episode"), (0, 0x10, "group"), (0, 0x04, "others"), (0, 0x01, "state"),
    (1, 0x80, "size"), (1, 0x40, "ed2k"), (1, 0x08, "crc32"),
)  # fmt: skip
"""What is asked of a file: byte of the mask, bit, our name of it; in the order of the answer."""
_ANIME: Final = (
    (0, 0x20, "year"), (1, 0x80, "romaji"), (1, 0x40, "kanji"), (1, 0x20, "english"),
    (2, 0x80, "number"), (2, 0x40, "title"), (2, 0x20, "title romaji"),
    (3, 0x80, "group name"), (3, 0x40, "group short"),
)  # fmt: skip
"""The same of its anime, episode and group."""
_FIELDS: Final = ("file", *(name for _, _, name in (*_FILE, *_ANIME)))
_VERSIONS: Final = ((0x20, 5), (0x10, 4), (0x08, 3), (0x04, 2))
_CRC_WRONG: Final = 0x02


def _mask(fields: tuple[tuple[int, int, str], ...], length: int) -> str:
    mask = bytearray(length)
    for at, bit, _ in fields:
        mask[at] |= bit
    return mask.hex().upper()


FILE_MASK: Final = _mask(_FILE, 5)
"""What `read_file` reads, as the parameter ``fmask``."""
ANIME_MASK: Final = _mask(_ANIME, 4)
"""What `read_file` reads, as the parameter ``amask``."""


@attrs.frozen
class Reply:
    """What the server answered."""

    tag: str | None
    """The tag of the command that it answers; None if it has none, as where the server is too busy to read it."""
    code: int
    """What it means, 200 to 699."""
    text: str = attrs.field(repr=False)
    """What stands behind the code: words, and the session's key where there is one."""
    lines: tuple[str, ...] = attrs.field(default=(), repr=False)
    """The lines that follow."""


def packet(command: str, parameters: Mapping[str, str | int]) -> bytes:
    r"""One command.

    >>> packet("AUTH", {"user": "me", "pass": "a&b\nc"})
    b'AUTH user=me&pass=a&amp;b<br />c'
    """
    told = "&".join(f"{name}={_escaped(str(value))}" for name, value in parameters.items())
    return f"{command} {told}".rstrip().encode()


def read_reply(data: bytes) -> Reply | None:
    r"""What a packet says; None for one that is no reply.

    >>> read_reply(b"t1 220 FILE\n12|34\n")
    Reply(tag='t1', code=220)
    >>> read_reply(b"555 BANNED\nflooding\n").lines
    ('flooding',)
    """
    first, *lines = data.decode("utf-8", "replace").rstrip("\r\n").split("\n")
    found = re.fullmatch(r"(?:(\S+) )?([2-6]\d\d)(?: (.*))?", first.rstrip("\r"))
    if found is None:
        return None
    return Reply(found[1], int(found[2]), found[3] or "", tuple(lines))


def read_file(line: str) -> FileMetadata:
    """The file that the line of an answer 220 to FILE describes, asked with both masks.

    Raises UnusableAnswer for one that is cut or has other fields.
    """
    values = line.split("|")
    if len(values) != len(_FIELDS):
        raise UnusableAnswer(f"AniDB told {len(values)} fields of a file where {len(_FIELDS)} were asked for")
    told = dict(zip(_FIELDS, values, strict=True))
    number, anime = _number(told["file"]), _number(told["anime"])
    names = tuple(dict.fromkeys(name for each in ("romaji", "english", "kanji") if (name := _text(told[each]))))
    if number is None or anime is None or not names:
        raise UnusableAnswer("AniDB told of a file without number or anime")
    state = _number(told["state"]) or 0
    year = re.match(r"\d{4}", told["year"])
    crc32 = told["crc32"].strip().lower()
    return FileMetadata(
        provider="anidb",
        id=number,
        title=anime,
        names=names,
        label=told["number"].strip() or "?",
        episode=_place(told["number"].strip()),
        others=tuple(int(each) for each in re.findall(r"(\d+),\d+", told["others"])),
        episode_title=_text(told["title"]) or _text(told["title romaji"]),
        year=None if year is None else int(year[0]),
        group=_text(told["group short"]) or _text(told["group name"]),
        size=_number(told["size"]),
        crc32=crc32 if re.fullmatch("[0-9a-f]{8}", crc32) else None,
        version=next((version for bit, version in _VERSIONS if state & bit), 1),
        damaged=bool(state & _CRC_WRONG),
    )


def _place(label: str) -> EpisodePlace | None:
    found = re.fullmatch(r"(S?)0*(\d{1,6})", label)
    return None if found is None else EpisodePlace(0 if found[1] else 1, (int(found[2]),))


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("\r", "").replace("\n", "<br />")


def _text(value: str) -> str | None:
    return re.sub(r"<br ?/?>", "\n", value).replace("`", "'").strip() or None


def _number(value: str) -> int | None:
    return int(value) if re.fullmatch(r"\d{1,18}", value.strip(), re.ASCII) else None

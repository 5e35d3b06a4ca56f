"""Files that are pieces of one thing, as their names tell: volumes of archives, split files, films on several discs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import attrs

from medialib.completeness.marks import folded

__all__ = ["PartSet", "announced", "part_sets"]

_FLAGS: Final = re.IGNORECASE | re.ASCII | re.DOTALL
_MOST_MISSING: Final = 10
"""Names that leave out more than this for each that is there, and as many again, count something else."""
_MOST_SETS: Final = 10_000
"""So many sets of one folder are looked at: names are made by others, and may be made to cost memory."""
_ARCHIVE: Final = re.compile(r".+\.(?:rar|zip|7z|ace|arj|tar|gz|bz2|xz|zst|[r-z]\d\d|\d{3})", _FLAGS)
_NUMBERED: Final = {
    "new rar": re.compile(r"(?P<base>.+\.part)(?P<number>\d{1,4})(?P<rest>\.(?:rar|exe))", _FLAGS),
    "old rar": re.compile(r"(?P<base>.+\.)(?P<number>[r-y]\d\d)(?P<rest>)", _FLAGS),
    "zip": re.compile(r"(?P<base>.+\.z)(?P<number>\d\d)(?P<rest>)", _FLAGS),
    "split": re.compile(r"(?P<base>.+\.)(?P<number>\d{3})(?P<rest>)", _FLAGS),
    "disc": re.compile(
        r"(?P<base>(?:.*[\W_])?cd[ ._-]?)(?P<number>\d)(?P<rest>[)\]]?\.[a-z0-9]{2,4})",
        _FLAGS,
    ),
}
_OF: Final = re.compile(
    r"(?P<base>(?:.*[\W_])?)(?P<number>\d{1,3})(?P<rest>[ ._-]?of[ ._-]?(?P<total>\d{1,3})(?![^\W_]).*)",
    re.I | re.A | re.S,
)


@attrs.frozen
class PartSet:
    """Files that belong together, and those of them that are not there."""

    members: tuple[str, ...]
    """Names of the files that are there, as listed, in the order of the set."""
    missing: tuple[str, ...] = ()
    """Names that the ones between, before or, where they are counted, after them would have."""
    short: tuple[str, ...] = ()
    """Those that are smaller than the others, though not the last: every piece but the last is of one size."""
    counted: bool = False
    """Whether the names say how many there are, so that none can be missing at the end."""


@attrs.frozen
class _Piece:
    """A name that counts."""

    name: str
    base: str
    digits: str
    rest: str
    number: int


def part_sets(sizes: Mapping[str, int | None]) -> tuple[PartSet, ...]:
    """The sets that the files of one folder form, by name, with their sizes in bytes where known.

    Gaps are seen, and files before the first; how many there are in all is known only where the names say so.

    >>> part_sets({"a.rar": 9, "a.r00": 9, "a.r02": 5})
    (PartSet(members=('a.rar', 'a.r00', 'a.r02'), missing=('a.r01',), short=(), counted=False),)
    >>> [found.missing for found in part_sets({"b.part2.rar": 9, "c.002": 9, "d.z01": 9, "e.cd2.avi": 9})]
    [('b.part1.rar',), ('c.001',), ('d.zip',), ('e.cd1.avi',)]
    >>> part_sets({"Show.S01E01.mkv": 9, "stream.264": 9})
    ()
    """
    groups: dict[tuple[str, ...], dict[int, _Piece]] = {}
    named: dict[str, str] = {}
    for name in sorted(sizes):
        named.setdefault(folded(name), name)
        found = _piece(name)
        if found is not None:
            groups.setdefault(found[0], {}).setdefault(found[1].number, found[1])
    made = (_set(group, pieces, named, sizes) for group, pieces in islice(groups.items(), _MOST_SETS))
    return tuple(sorted((each for each in made if each is not None), key=lambda each: each.members))


def announced(name: str) -> tuple[int, int] | None:
    """Which of how many a name says that it is; of episodes, that is no reason to wait for the others.

    >>> announced("The.Sea.2of6.Ebb.mkv"), announced("Best.of.2024.mkv")
    ((2, 6), None)
    """
    found = _OF.fullmatch(name)
    if found is None or not 1 <= int(found["number"]) <= int(found["total"]):
        return None
    return int(found["number"]), int(found["total"])


def _piece(name: str) -> tuple[tuple[str, ...], _Piece] | None:
    """The set that a name belongs to, and its place there."""
    kind = "of"
    found = _OF.fullmatch(name) if _ARCHIVE.fullmatch(name) and announced(name) is not None else None
    if found is None:
        kind, found = next(
            ((kind, match) for kind, form in _NUMBERED.items() if (match := form.fullmatch(name)) is not None),
            ("", None),
        )
    if found is None:
        return None
    base, digits, rest = found["base"], found["number"], found["rest"]
    number = int(digits) if digits.isdecimal() else (ord(digits[0].lower()) - ord("r")) * 100 + int(digits[1:])
    # the first volume of a RAR set may be a program that unpacks it
    group = (kind, folded(base), re.sub(r"\.exe$", ".rar", folded(rest)), *((found["total"],) if kind == "of" else ()))
    return group, _Piece(name, base, digits, rest, number)


def _set(
    group: tuple[str, ...], pieces: Mapping[int, _Piece], named: Mapping[str, str], sizes: Mapping[str, int | None]
) -> PartSet | None:
    kind = group[0]
    members = {number: piece.name for number, piece in pieces.items()}
    first, last = min(1, min(members)), max(members)
    model = pieces[last]
    upper = model.digits[:1].isupper() or model.base[-1:].isupper()
    spelt: dict[int, str] = {}
    if kind == "old rar":
        first = -1
        spelt[-1] = f"{model.base}{'RAR' if upper else 'rar'}"
        if folded(spelt[-1]) not in named and min(members) >= 100:
            return None  # Show.S01 is no volume
    elif kind == "zip":
        # the piece without a number is the last
        last += 1
        spelt[last] = f"{model.base[:-1]}{'ZIP' if upper else 'zip'}"
    elif kind == "split" and min(members) >= 100:
        return None  # .264 is an extension of its own
    elif kind == "of":
        last = int(group[-1])
    members |= {number: named[folded(name)] for number, name in spelt.items() if folded(name) in named}
    if last - first - len(members) > _MOST_MISSING * (len(members) + 1):
        return None
    width = min(len(piece.digits) for piece in pieces.values())
    missing = []
    for number in range(first, last + 1):
        if number not in members:
            count = f"{number:0{width}}" if kind != "old rar" else f"{chr(ord('r') + number // 100)}{number % 100:02}"
            missing.append(spelt.get(number, f"{model.base}{count.upper() if upper else count}{model.rest}"))
    ordered = tuple(members[number] for number in sorted(members))
    short = () if kind in ("disc", "of") else _short(ordered, sizes)
    return PartSet(ordered, tuple(missing), short, counted=kind == "of")


def _short(ordered: Sequence[str], sizes: Mapping[str, int | None]) -> tuple[str, ...]:
    known = [(name, size) for name in ordered if (size := sizes[name]) is not None]
    most = max((size for _, size in known), default=0)
    return tuple(name for name, size in known[:-1] if size < most)

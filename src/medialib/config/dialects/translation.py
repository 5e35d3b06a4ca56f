"""What a dialect's reader makes of a file: native data, where each key of it came from, and what is wrong.

A reader goes through its keys with a `Translator`, which finds what the dialect does not know, checks the kinds of
values that every dialect has, and remembers the origin of each native key. So a fault that only shows later, when the
whole is seen, is still told in the words of the file that the user wrote.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from medialib.config.description import section_types
from medialib.config.environment import KeyPath
from medialib.config.forms import wanted

__all__ = ["Dialect", "DialectFault", "Translation", "Translator"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_INLINE_COMMENT = re.compile(r"\s(;|#(?=\s))")
_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:([\\/]|$)")
_WHOLE_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_NATIVE: Final = "is a section of the native form, which goes into a TOML, YAML or JSON file of its own"


@attrs.frozen
class DialectFault:
    """Something wrong with a key of a dialect."""

    key: str
    """Section and key as the dialect spells them, a dot between; or a section alone."""
    message: str
    """What is wrong, and what would be right."""
    instead: tuple[KeyPath, ...] = ()
    """Native keys: where the environment gives one of them, the dialect's key does not count, nor does its fault."""


@attrs.frozen
class Translation:
    """A configuration in the native form, and how it came to be.

    >>> made = Translation({"library": {"tv": "/srv"}}, origins={("library", "tv"): "Routing.tv_path"})
    >>> made.spelled(("library", "tv")), made.spelled(("log", "level"))
    (('Routing.tv_path',), ('log', 'level'))
    >>> made.in_its_words("lies inside library.tv: move it")
    'lies inside Routing.tv_path: move it'
    """

    data: Mapping[str, Any]
    """What a native file would say, each dollar sign doubled."""
    dialect: str | None = None
    """Name of the dialect; None for what was native already."""
    origins: Mapping[KeyPath, str] = attrs.field(factory=dict)
    """Native keys, and sections, with the dialect's key that each was made of."""
    notes: Mapping[KeyPath, str] = attrs.field(factory=dict)
    """Native keys that the dialect has no key for, or means otherwise, with the reason for their value."""
    faults: tuple[DialectFault, ...] = ()
    """What is wrong with the dialect's own keys."""
    warnings: tuple[str, ...] = ()
    """What looks like a mistake, a line each."""

    def spelled(self, path: KeyPath) -> KeyPath:
        """The path of a native key as the user's file spells it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return (self.origins[path[:length]],)
        return path

    def in_its_words(self, message: str) -> str:
        """The message with the dialect's keys in place of the native ones that it names."""
        for path, origin in self.origins.items():
            native = re.escape(".".join(str(part) for part in path))
            message = re.sub(rf"(?<![\w.]){native}(?![\w.])", origin.replace("\\", r"\\"), message)
        return message


@attrs.frozen
class Dialect:
    """A form of configuration that an older program had."""

    name: str
    """Name of the program, in small letters."""
    title: str
    """What the file is called in messages."""
    file: str
    """Where the program had its file, below the working directory."""
    sections: Mapping[str, str]
    """Its sections, and the native section that has each one's place."""
    read: Callable[..., Translation]
    """Reads a document (texts by section and key) with the keyword ``windows``: whether this machine has drives."""

    def recognises(self, document: Mapping[str, Any]) -> bool:
        """Whether a document has a section of this dialect, letter case apart."""
        return any(section.lower() in _folded(self.sections) for section in document)


class Translator:
    """Reads the keys of one document, and gathers what becomes of them.

    >>> found = Translator("demo", {"Place": ("path", "port")}, {"place": {"path": "./in", "prot": "22"}})
    >>> found.local_path("Place", "path", to=("download", "incoming"))
    >>> found.translation().data
    {'download': {'incoming': './in'}}
    >>> [f"{fault.key}: {fault.message}" for fault in found.translation().faults]
    ["Place.prot: is no setting of this dialect; did you mean 'port'?"]
    """

    def __init__(
        self,
        dialect: str,
        keys: Mapping[str, tuple[str, ...]],
        document: Mapping[str, Mapping[str, str]],
        *,
        refused: Mapping[str, str] | None = None,
        windows: bool = False,
    ) -> None:
        """Find what the dialect does not know; `refused` says why for keys that a user might well expect."""
        self._dialect = dialect
        self._keys = keys
        self._refused = refused or {}
        self._windows = windows
        self._values: dict[str, str] = {}
        self._spellings: dict[str, str] = {}
        self._data: dict[str, Any] = {}
        self._origins: dict[KeyPath, str] = {}
        self._notes: dict[KeyPath, str] = {}
        self._faults: list[DialectFault] = []
        self._warnings: list[str] = []
        for section, values in document.items():
            self._take_section(section, values)

    def translation(self) -> Translation:
        """All that was gathered."""
        return Translation(
            self._data, self._dialect, self._origins, self._notes, tuple(self._faults), tuple(self._warnings)
        )

    def has(self, section: str) -> bool:
        """Whether the document has a section."""
        return section in self._spellings

    def given(self, section: str, key: str) -> bool:
        """Whether the document has a key, whatever its value."""
        return f"{section}.{key}" in self._values

    def raw(self, section: str, key: str) -> str:
        """The value of a key that is given, unchecked."""
        return self._values[f"{section}.{key}"]

    def text(self, section: str, key: str, *, to: KeyPath | None = None) -> str | None:
        """The value of a key, if it is given and fit to be one; it becomes that of a native key where one is named."""
        name = f"{section}.{key}"
        value = self._values.get(name)
        if value is None:
            return None
        if not value:
            self.fault(name, "is empty: fill it in, or take the line out", to)
        elif "\n" in value:
            self.fault(name, "runs over several lines: wants one; an indented line belongs to the one before it", to)
        elif _CONTROL.search(value):
            self.fault(name, "holds a control character", to)
        else:
            if to is not None:
                self.put(to, value, name)
            return value
        return None

    def port(self, section: str, key: str, *, to: KeyPath | None = None) -> int | None:
        """A TCP port; None if it is not given, or is none."""
        value = self.text(section, key)
        if value is None:
            return None
        number = int(value) if _WHOLE_NUMBER.fullmatch(value) else 0
        if not 1 <= number <= 65_535:
            self.fault(f"{section}.{key}", wanted("a whole number, 1 to 65535", value).faults[0][1], to)
            return None
        if to is not None:
            self.put(to, number, f"{section}.{key}")
        return number

    def local_path(self, section: str, key: str, *, to: KeyPath | None) -> None:
        """A path of this machine."""
        value = self.text(section, key)
        if value is None:
            return
        fault = None if self._windows else _windows_fault(value)
        if fault is not None:
            self.fault(f"{section}.{key}", fault, to)
        elif to is not None:
            self.put(to, value, f"{section}.{key}")

    def put(self, path: KeyPath, value: Any, origin: str) -> None:
        """Say a native key with its value (dollar signs as they are) and what it came of."""
        section = self._data
        for part in path[:-1]:
            section = section.setdefault(str(part), {})
        section[str(path[-1])] = _escaped(value)
        if origin:
            self._origins[path] = origin

    def say(self, path: KeyPath, value: Any, note: str) -> None:
        """Say a native key that the dialect has no key for, and why it has this value."""
        self.put(path, value, "")
        self._notes[path] = note

    def origin(self, path: KeyPath, origin: str, *, note: str | None = None) -> None:
        """Say what a native section or key came of, and what is worth knowing about it."""
        self._origins[path] = origin
        if note is not None:
            self._notes[path] = note

    def fault(self, key: str, message: str, *instead: KeyPath | None) -> None:
        """Say what is wrong with a key, and which native ones would take its place."""
        self._faults.append(DialectFault(key, message, tuple(path for path in instead if path is not None)))

    def _take_section(self, given: str, values: Mapping[str, str]) -> None:
        section = _folded(self._keys).get(given.lower())
        if section is None:
            self.fault(given, self._unknown_section(given))
            return
        if section in self._spellings:
            self.fault(section, f"is there twice, as [{self._spellings[section]}] and [{given}]: keep one")
            return
        self._spellings[section] = given
        for key, value in values.items():
            name = f"{section}.{key}"
            if key not in self._keys[section]:
                self.fault(name, self._refused.get(name) or self._unknown_key(section, key))
                continue
            self._values[name] = value
            if _INLINE_COMMENT.search(value) and key != "password":
                self._warnings.append(f"{name}: what looks like a comment in it is part of the value; give it its line")

    def _unknown_section(self, given: str) -> str:
        if given == "DEFAULT":
            return "is no section of this dialect: write its keys where they belong"
        if given.lower().partition(".")[0] in {name.partition(".")[0] for name, _ in section_types()}:
            return f"{_NATIVE}; `medialib config migrate` prints this file in it"
        known = _folded(self._keys)
        near = difflib.get_close_matches(given.lower(), known, n=1, cutoff=0.6)
        if near:
            return f"is no section of this dialect; did you mean {known[near[0]]!r}?"
        return f"is no section of this dialect; known here: {', '.join(self._keys)}"

    def _unknown_key(self, section: str, key: str) -> str:
        elsewhere = [other for other, keys in self._keys.items() if key in keys]
        if elsewhere:
            return f"is no setting of this dialect here; it belongs in {' or '.join(elsewhere)}"
        near = difflib.get_close_matches(key.replace("-", "_"), self._keys[section], n=1, cutoff=0.6)
        if near:
            return f"is no setting of this dialect; did you mean {near[0]!r}?"
        return f"is no setting of this dialect; known here: {', '.join(self._keys[section])}"


def _folded(names: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): name for name in names}


def _escaped(value: Any) -> Any:
    if isinstance(value, list):
        return [_escaped(each) for each in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


def _windows_fault(path: str) -> str | None:
    """Why a path is one of Windows and cannot be meant here; None if it can."""
    if _WINDOWS_DRIVE.match(path):
        return "names a Windows drive, which this machine has not: write the path as it is here, such as /srv/media"
    if path.startswith("\\\\"):
        return "names a Windows share: write the path where it is mounted here, such as /mnt/nas"
    if "\\" in path:
        return "has a backslash between folders, as Windows writes them: write / here"
    return None

"""How one value of each kind is read: strictly from a file, by the type of its key from the environment.

Every reader raises `Faults` with what the key wants and what it got.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar, get_args

from medialib.config.description import type_name
from medialib.config.environment import EnvironmentText, Fault
from medialib.config.quantities import format_duration, format_mode, parse_duration, parse_mode, parse_size
from medialib.config.remote_settings import SECRET_OPTION_WORDS
from medialib.config.secret import Secret
from medialib.config.values import ModeBits, OptionValue, ProviderName, ProviderNames, Range, TemplateOf
from medialib.parallel import parse_executor

__all__ = [
    "Faults",
    "boolean",
    "choice",
    "duration",
    "each",
    "executor",
    "in_range",
    "located",
    "mode",
    "number",
    "options",
    "providers",
    "secret",
    "section_data",
    "size",
    "template",
    "text",
    "texts",
    "wanted",
    "whole_number",
]

Key = TypeVar("Key", str, int)
Read = TypeVar("Read")


class Faults(ValueError):
    """What is wrong with one value, each with the path from that value on."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults)
        self.faults = faults


def wanted(what: str, value: Any) -> Faults:
    """The fault of a value that is not what is wanted; what came from the environment is not shown."""
    if isinstance(value, EnvironmentText):
        shown = "other text from the environment"
    elif isinstance(value, bool):
        shown = str(value).lower()
    elif isinstance(value, Mapping):
        shown = "a section"
    elif isinstance(value, list | tuple):
        shown = "a list"
    elif value is None:
        shown = "nothing"
    else:
        text = repr(value) if isinstance(value, str) else str(value)
        shown = text if len(text) <= 60 else f"{text[:56]} …"
    return Faults(((), f"wants {what}, got {shown}"))


def section_data(value: Any) -> Mapping[str, Any]:
    """The keys of a section; an empty one (``download:`` in YAML) has none."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wanted("a section with keys of its own", value)
    odd = [key for key in value if not isinstance(key, str)]
    if odd:
        raise Faults(*(((key,), "is no text, as a key must be: put it in quotes") for key in odd))
    return value


def each(data: Mapping[Key, Any], read: Callable[[Any], Read]) -> dict[Key, Read]:
    """Every value of a mapping, read; or the faults of all of them."""
    result: dict[Key, Read] = {}
    faults: list[Fault] = []
    for key, value in data.items():
        try:
            result[key] = read(value)
        except Faults as error:
            faults += _below(key, error)
    if faults:
        raise Faults(*faults)
    return result


def _below(key: str | int, error: Faults) -> list[Fault]:
    return [((key, *path), message) for path, message in error.faults]


def boolean(value: Any) -> bool:
    """True or false, and no text that looks like it."""
    if isinstance(value, EnvironmentText) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise wanted("true or false, without quotes", value)
    return value


def whole_number(value: Any) -> int:
    """A whole number, and neither text nor true."""
    if isinstance(value, EnvironmentText) and re.fullmatch(r"\s*[+-]?\d{1,18}\s*", value, re.ASCII):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wanted("a whole number, without quotes", value)
    return value


def number(value: Any) -> float:
    """A finite number, and neither text nor true."""
    if isinstance(value, EnvironmentText) and re.fullmatch(r"\s*[+-]?\d{1,18}(\.\d{1,18})?\s*", value, re.ASCII):
        return float(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise wanted("a number, without quotes", value)
    return value


def text(value: Any) -> str:
    """Text that is not empty."""
    if not isinstance(value, str):
        raise wanted("text in quotes", value)
    if not value:
        raise wanted("text", None)
    return str(value)


def secret(value: Any) -> Secret:
    """Text that is not empty, never shown; nor is what stands in its place: it may be a password."""
    if not isinstance(value, str) or not value:
        raise Faults(((), 'wants text in quotes, best "${VARIABLE}"'))
    return Secret(value)


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts, and no text alone."""
    if isinstance(value, EnvironmentText):
        value = _listed(value)
    if not isinstance(value, list | tuple):
        raise wanted("a list of texts in brackets", value)
    return tuple(each(dict(enumerate(value)), text).values())


def _listed(text: EnvironmentText) -> list[Any]:
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",")] if text.strip() else []
    try:
        listed: list[Any] = json.loads(text)
    except (ValueError, RecursionError):
        raise wanted("a list: a, b or a JSON list", text) from None
    return listed


def choice(value: Any, kind: Any) -> str:
    """One of the texts of a Literal, in small letters."""
    choices = get_args(kind)
    if isinstance(value, str) and value.lower() in choices:
        return value.lower()
    raise wanted(type_name(kind), value)


def providers(value: Any) -> tuple[str, ...]:
    """Names of metadata providers in the order they are asked: one, or a list of them; none where it says so."""
    if isinstance(value, EnvironmentText):
        value = _listed(value)
    names = get_args(ProviderName)
    if isinstance(value, str) and value.lower() == "none":
        return ()
    if isinstance(value, list | tuple) and [str(name).lower() for name in value] == ["none"]:
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not listed:
        raise wanted(type_name(ProviderNames), value)
    if isinstance(value, str) and value.lower() not in names:
        raise wanted(type_name(ProviderNames), value)
    found = tuple(each(dict(enumerate(listed)), lambda name: choice(name, ProviderName)).values())
    if len(set(found)) != len(found):
        raise Faults(((), "names a provider twice"))
    return found


def duration(value: Any) -> timedelta:
    """A duration as text, or a number of seconds."""
    try:
        if isinstance(value, str):
            return parse_duration(value)
        return timedelta(seconds=number(value))
    except Faults:
        raise wanted("a duration such as 90s, 5m, 2h or 30d", value) from None
    except OverflowError:
        raise Faults(((), "is too long a duration")) from None
    except ValueError as error:
        raise _said(error, value) from None


def size(value: Any) -> int:
    """A size as text, or a whole number of bytes."""
    try:
        found = parse_size(value) if isinstance(value, str) else whole_number(value)
    except Faults:
        raise wanted("a size such as 500 MB or 1 GiB, or a whole number of bytes", value) from None
    except ValueError as error:
        raise _said(error, value) from None
    checked: int = in_range(found, Range(0))
    return checked


def mode(value: Any, bits: ModeBits) -> int:
    """Permission bits as octal text, those among them that we need ourselves."""
    try:
        mode = parse_mode(value if isinstance(value, str) else "")
    except ValueError as error:
        raise _said(error, value) from None
    if mode & bits.needed != bits.needed:
        raise Faults(((), f"would lock us out: the owner needs {format_mode(bits.needed)}"))
    return mode


def template(value: Any, wanted: TemplateOf) -> str:
    """A template of names, with its tokens checked against what it makes the name of."""
    from medialib.naming import parse_template  # compiles the grammar of names

    written: str = located(value, lambda text: str(parse_template(text, wanted.kind)))
    return written


def executor(value: Any) -> str:
    """Who does work, as `medialib.parallel.parse_executor` reads it."""
    read: str = located(value, lambda text: str(parse_executor(text)))
    return read


def _said(error: ValueError, value: Any) -> Faults:
    message = str(error)
    return wanted(message.removeprefix("wants "), value) if message.startswith("wants ") else Faults(((), message))


def in_range(value: Any, allowed: Range) -> Any:
    """The value, if it is in the range."""
    least, most = allowed.least, allowed.most
    if value < least or (most is not None and value > most):
        shown = format_duration(least) if isinstance(least, timedelta) else str(least)
        raise wanted(f"at least {shown}" if most is None else f"{shown} to {most}", value)
    return value


def located(value: Any, read: Callable[[str], Any]) -> Any:
    """A place as text, read by a function that raises ValueError for a wrong one."""
    place = text(value)
    try:
        return read(place)
    except ValueError as error:
        raise Faults(((), str(error))) from None


def options(value: Any) -> dict[str, OptionValue]:
    """Names and values for an fsspec file system; text under a name that sounds secret is kept as a `Secret`."""
    return {name: _option(name, each) for name, each in each(section_data(value), _plain_option).items()}


def _plain_option(value: Any) -> str | int | bool:
    if isinstance(value, EnvironmentText) and value.overrides:
        # A variable says no type: what looks like a number is one, and "…" in quotes is text all the same.
        if value in ("true", "false") or re.fullmatch(r'-?\d{1,18}|".*"', value, re.ASCII):
            with suppress(ValueError):
                decoded: str | int | bool = json.loads(value)
                return decoded
        return str(value)
    if not isinstance(value, str | int):
        raise wanted("text, a whole number, true or false", value)
    return str(value) if isinstance(value, str) else value


def _option(name: str, value: str | int | bool) -> OptionValue:
    hidden = isinstance(value, str) and any(word in name.lower() for word in SECRET_OPTION_WORDS)
    return Secret(value) if hidden and isinstance(value, str) else value

"""What every key means, made from the schema: for the page of settings, ``config show`` and the messages of errors."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import attrs

from medialib.config.quantities import format_duration, format_size
from medialib.config.remote_settings import AddressKeys, RemoteSettings
from medialib.config.secret import Secret, SecretUrl
from medialib.config.settings import Settings
from medialib.config.values import ModeBits, ProviderNames, Size, TemplateOf

__all__ = ["SettingDescription", "describe_settings", "keys_of", "section_types", "type_name"]


@attrs.frozen
class SettingDescription:
    """One key, for a page of settings."""

    path: str
    """Key path: sections and key, dots between; ``<name>`` stands for a name of the user's own."""
    type: str
    """What its value looks like, in words."""
    default: str
    """Its default as it would be written; empty where there is none."""
    meaning: str
    """What it is for: one sentence."""


def describe_settings() -> tuple[SettingDescription, ...]:
    """Every key that can be configured, in the order of the schema.

    >>> next(each for each in describe_settings() if each.path == "download.stability")
    SettingDescription(path='download.stability', type='duration', default='1m',
                       meaning='Age that a remote file must have before it is taken as whole.')
    """
    found: list[SettingDescription] = []
    for section, cls in section_types():
        found += _described(cls, section)
        if cls is RemoteSettings:
            found += _described(AddressKeys, section)
    return tuple(found)


def section_types() -> tuple[tuple[str, type], ...]:
    """The sections of a configuration and their classes, in order; a remote's or server's name is the user's own.

    >>> [name for name, _ in section_types()][:4]
    ['catalogue', 'remotes.<name>', 'servers.<name>', 'download']
    """
    return tuple(
        (f"{name}.<name>", get_args(kind)[1]) if get_origin(kind) is Mapping else (name, kind)
        for name, kind in _fields(Settings)
    )


def keys_of(cls: type) -> tuple[str, ...]:
    """The keys that a section of this class may have.

    >>> from medialib.config.settings import LogSettings
    >>> keys_of(LogSettings), keys_of(RemoteSettings)[-4:]
    (('file', 'level', 'format'), ('host', 'port', 'username', 'path'))
    """
    extra = keys_of(AddressKeys) if cls is RemoteSettings else ()
    return (*(name for name, _ in _fields(cls)), *extra)


def type_name(kind: Any) -> str:
    """What a value of this type looks like, in words.

    >>> type_name(Size | None), type_name(Literal["plex", "jellyfin"]), type_name(tuple[str, ...])
    ('size', '"plex" or "jellyfin"', 'list of text')
    """
    if get_origin(kind) in (typing.Union, types.UnionType):
        named = [type_name(member) for member in get_args(kind) if member is not type(None)]
        return " or ".join(dict.fromkeys(named))
    if get_origin(kind) is Literal:
        return " or ".join(f'"{member}"' for member in get_args(kind))
    if get_origin(kind) is Annotated:
        base, mark = get_args(kind)
        if mark in ("size", "executor"):
            return str(mark)
        if mark == "providers":
            return f'{type_name(get_args(base)[0])} or "none", or a list of them'
        if mark == "index":
            return "address"
        if mark == "embedder":
            return "name or path"
        if mark == "folder":
            return "path or address"
        if isinstance(mark, ModeBits):
            return "octal mode"
        if isinstance(mark, TemplateOf):
            return "template"
        return type_name(base) if mark.most is None else f"{type_name(base)}, {mark.least} to {mark.most}"
    if get_origin(kind) is tuple:
        return "list of text"
    if isinstance(get_origin(kind), type):
        return "mapping"
    return _TYPE_NAMES[kind]


_TYPE_NAMES: Final[dict[Any, str]] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    Secret: "secret text",
    SecretUrl: "address or path",
    timedelta: "duration",
}


def _fields(cls: type) -> Iterator[tuple[str, Any]]:
    """Names and resolved types of the fields that are settings."""
    for field in attrs.fields(attrs.resolve_types(cls)):
        if "doc" in field.metadata:
            yield field.name, field.type


def _described(cls: type, prefix: str) -> Iterator[SettingDescription]:
    attributes = attrs.fields_dict(cls)
    for name, kind in _fields(cls):
        default = attributes[name].default
        yield SettingDescription(
            f"{prefix}.{name}", type_name(kind), _default_text(default, kind), attributes[name].metadata["doc"]
        )


def _default_text(default: Any, kind: Any) -> str:
    match default:
        case None:
            return ""
        case _ if type_name(kind) == "mapping":
            return ""
        case bool():
            return str(default).lower()
        case timedelta():
            return format_duration(default)
        case int() if kind == Size:
            return format_size(default)
        case (str() as name,) if kind == ProviderNames:
            return name
        case tuple():
            return json.dumps(default, ensure_ascii=False)
    return str(default)

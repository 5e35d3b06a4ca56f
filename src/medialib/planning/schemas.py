"""JSON Schemas (draft 2020-12) of what `medialib.planning.unstructure` writes, made from the classes."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from medialib.planning.actions import Action
from medialib.planning.plan import PLAN_FORMAT, Plan
from medialib.planning.serial import action_kind

__all__ = ["plan_schema", "value_schema"]

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    Any: {},
}


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of a saved plan.

    >>> plan_schema()["properties"]["format"]
    {'const': 'medialib.plan/1'}
    """
    schema = value_schema(Plan)
    schema["properties"] = {"format": {"const": PLAN_FORMAT}, **schema["properties"]}
    schema["required"] = ["format", *schema["required"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "medialib plan", **schema}


def value_schema(cls: type[attrs.AttrsInstance]) -> dict[str, Any]:
    """The JSON Schema of a frozen value as an object.

    What a field holds under ``schema`` in its metadata (a description, bounds) is said of it too.

    >>> from medialib.model import Place
    >>> value_schema(Place)["properties"]["path"], value_schema(Place)["required"]
    ({'type': 'string'}, ['location', 'path'])
    """
    definitions: dict[str, Any] = {}
    schema = _object_schema(cls, definitions)
    return {**schema, "$defs": dict(sorted(definitions.items()))} if definitions else schema


def _object_schema(cls: type[attrs.AttrsInstance], definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    fields = attrs.fields(cls)
    return {
        "type": "object",
        "properties": {
            field.name: {**_schema(hints[field.name], definitions), **field.metadata.get("schema", {})}
            for field in fields
        },
        "required": [field.name for field in fields if field.default is attrs.NOTHING],
        "additionalProperties": False,
    }


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint == Action:
        return {"oneOf": [_schema(cls, definitions) for cls in get_args(Action)]}
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(member, definitions) for member in get_args(hint)]}
    if origin is Literal:
        return {"enum": list(get_args(hint))}
    if origin is tuple:
        return {"type": "array", "items": _schema(get_args(hint)[0], definitions)}
    if isinstance(hint, type) and attrs.has(hint):
        return _reference(hint, definitions)
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(get_args(hint)[1], definitions)}
    return dict(_PLAIN[hint])


def _reference(cls: type[attrs.AttrsInstance], definitions: dict[str, Any]) -> dict[str, Any]:
    name = cls.__name__
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _object_schema(cls, definitions)
        if cls in get_args(Action):
            definitions[name]["properties"] = {
                "action": {"const": action_kind(cls)},
                **definitions[name]["properties"],
            }
            definitions[name]["required"] = ["action", *definitions[name]["required"]]
    return {"$ref": f"#/$defs/{name}"}

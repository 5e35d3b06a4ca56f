"""Plans and journal lines as JSON; what is read is checked, what is unknown is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

import cattrs
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
from cattrs.v import format_exception, transform_error

from medialib.errors import InvalidPlan
from medialib.model import utc
from medialib.planning.actions import Action
from medialib.planning.plan import PLAN_FORMAT, Plan, check_plan

__all__ = ["action_kind", "dump_plan", "load_plan", "structure", "unstructure"]

T = TypeVar("T")


def action_kind(cls: type) -> str:
    """The name of an action class as saved plans spell it: ``AddShow`` is ``add show``.

    >>> from medialib.planning.actions import AddShow
    >>> action_kind(AddShow)
    'add show'
    """
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in cls.__name__).strip()


_ACTIONS: dict[str, type] = {action_kind(cls): cls for cls in get_args(Action)}


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, omit_if_default=True)
    strict: tuple[type, ...] = (int, str, bool)

    def exactly(value: Any, wanted: type) -> Any:
        if type(value) is not wanted:
            raise TypeError(f"wants {wanted.__name__}, got {type(value).__name__}")
        return value

    for plain in strict:
        converter.register_structure_hook(plain, exactly)
    converter.register_unstructure_hook(datetime, lambda moment: utc(moment).isoformat())
    converter.register_structure_hook(datetime, lambda text, _: utc(datetime.fromisoformat(exactly(text, str))))
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(exactly(text, str)))

    def read_tuple(wanted: Any) -> Callable[[Any, Any], Any]:
        read_items = homogenous_tuple_structure_factory(wanted, converter)

        def read(value: Any, wanted: Any) -> Any:
            # a text or an object can be gone through like a list, and would pass for one
            if not isinstance(value, (list, tuple)):
                raise TypeError(f"wants a list, got {type(value).__name__}")
            return read_items(value, wanted)

        return read

    converter.register_structure_hook_factory(_is_tuple, read_tuple)

    def read_action(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            raise TypeError(f"wants an object, got {type(value).__name__}")
        kind = value.get("action")
        if not isinstance(kind, str) or kind not in _ACTIONS:
            raise ValueError(f"unknown action {kind!r}; known are {', '.join(sorted(_ACTIONS))}")
        return converter.structure({key: item for key, item in value.items() if key != "action"}, _ACTIONS[kind])

    def write_action(action: Any) -> dict[str, Any]:
        return {"action": action_kind(type(action)), **converter.unstructure(action, unstructure_as=type(action))}

    converter.register_structure_hook(Action, read_action)
    converter.register_unstructure_hook(Action, write_action)
    return converter


def _is_tuple(hint: Any) -> bool:
    origin: Any = get_origin(hint)
    return origin is tuple


def unstructure(value: Any, as_type: Any = None) -> Any:
    """A value of the model or the planning room as plain JSON data; fields at their default are left out.

    >>> from medialib.model import Place
    >>> unstructure(Place("tv", "a.mkv"))
    {'location': 'tv', 'path': 'a.mkv'}
    """
    return _converter().unstructure(value, unstructure_as=as_type)


def structure(data: Any, as_type: type[T]) -> T:
    """The value that `unstructure` wrote.

    Raises InvalidPlan, naming each fault by its path in the data.

    >>> from medialib.model import Place
    >>> structure({"location": "tv", "path": "a.mkv"}, Place)
    Place(location='tv', path='a.mkv')
    """
    try:
        return _converter().structure(data, as_type)
    except (BaseValidationError, ValueError, TypeError, AttributeError) as error:
        problems = transform_error(error, path="", format_exception=_say)
        raise InvalidPlan("the data cannot be read", problems) from None


def _say(error: BaseException, wanted: type | None) -> str:
    if isinstance(error, ForbiddenExtraKeysError):
        return f"unknown keys: {', '.join(sorted(error.extra_fields))}"
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    if isinstance(error, AttributeError):
        return "wants an object"
    if isinstance(error, (TypeError, ValueError)):
        return str(error)
    return str(format_exception(error, wanted))


def dump_plan(plan: Plan) -> str:
    """The plan as JSON text, of the form that `plan_schema` describes.

    Undecodable bytes of file names are written as escaped lone surrogates, so the text is plain ASCII.

    >>> from datetime import UTC
    >>> dump_plan(Plan("route", datetime(2024, 1, 1, tzinfo=UTC), "c", "d")).split()[:3]
    ['{', '"format":', '"medialib.plan/1",']
    """
    data = {"format": PLAN_FORMAT, **unstructure(plan)}
    return json.dumps(data, indent=1) + "\n"


def load_plan(text: str) -> Plan:
    """Read a saved plan. It is untrusted input: all is checked here that can be checked without the disk.

    Raises InvalidPlan for text that is no JSON, another format or version, unknown or missing keys, wrong types, and
    for a plan that contradicts itself.

    >>> from datetime import UTC
    >>> plan = Plan("route", datetime(2024, 1, 1, tzinfo=UTC), "c", "d")
    >>> load_plan(dump_plan(plan)) == plan
    True
    >>> load_plan('{"format": "medialib.plan/9"}')
    Traceback (most recent call last):
    medialib.errors.InvalidPlan: the plan's format is 'medialib.plan/9', this medialib reads 'medialib.plan/1'...
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidPlan(f"the plan is no JSON: {error}") from None
    if not isinstance(data, dict) or data.get("format") != PLAN_FORMAT:
        found = data.get("format") if isinstance(data, dict) else type(data).__name__
        raise InvalidPlan(
            f"the plan's format is {found!r}, this medialib reads {PLAN_FORMAT!r}",
            remedy="Make the plan again with this version.",
        )
    plan = structure({key: value for key, value in data.items() if key != "format"}, Plan)
    check_plan(plan)
    return plan

"""Saved plans come back as they were; what is unknown or malformed is refused, by us and by the schema."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from medialib.errors import InvalidPlan
from medialib.model import Digest, Holding, KnownFile, Place, Show, Unit
from medialib.planning import (
    PLAN_FORMAT,
    Action,
    AddShow,
    Fetch,
    Move,
    Outcome,
    Plan,
    RecordKnown,
    Remark,
    dump_plan,
    load_plan,
    plan_schema,
    structure,
    unstructure,
)
from medialib.testing.plan_strategies import json_actions, json_outcomes, plans

NOW = datetime(2024, 1, 1, tzinfo=UTC)
SCHEMA = Draft202012Validator(plan_schema())
PLAN = Plan(
    "route",
    NOW,
    "catalogue",
    "configuration",
    (
        AddShow("a1", Show("dark", "Dark", 2017, aliases=("Finsternis",))),
        Fetch("f1", Place("seedbox", "a.mkv"), Place("incoming", "a.mkv"), 7, 5),
        Move(
            "m1",
            Place("incoming", "a.mkv"),
            Place("tv", "Dark/a.mkv"),
            7,
            5,
            Holding(Unit("episode", "dark", 1, (2,), date(2017, 12, 1)), details={"source": "WEB"}),
            after=("a1", "f1"),
        ),
        RecordKnown("k1", "seedbox", "/b", None, KnownFile("seedbox", "/b", 1, 0, "baseline", NOW)),
    ),
    (Remark("refused", Place("seedbox", "caf\udce9"), "it is not valid UTF-8"),),
)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(plan_schema())
    json.dumps(plan_schema())
    assert plan_schema() == plan_schema()


@settings(max_examples=50)
@given(plans())
def test_a_plan_comes_back_as_it_was(plan: Plan) -> None:
    """load_plan(dump_plan(p)) == p for any plan, undecodable names included; the text is plain ASCII."""
    text = dump_plan(plan)
    assert text.isascii()
    assert load_plan(text) == plan
    assert dump_plan(load_plan(text)) == text


@settings(max_examples=50)
@given(plans())
def test_every_saved_plan_is_of_the_schema(plan: Plan) -> None:
    """JSON text of the form that `plan_schema` describes."""
    assert list(SCHEMA.iter_errors(json.loads(dump_plan(plan)))) == []


@settings(max_examples=50)
@given(json_actions(), json_outcomes())
def test_journal_lines_come_back_as_they_were(action: Action, outcome: Outcome) -> None:
    """`structure` reads what `unstructure` wrote, straight or through JSON."""
    kind = cast("type[Action]", Action)
    for data, written, wanted in (
        (unstructure(action, Action), action, kind),
        (unstructure(outcome), outcome, Outcome),
    ):
        assert structure(data, wanted) == written
        assert structure(json.loads(json.dumps(data)), wanted) == written


def test_fields_at_their_default_are_left_out() -> None:
    assert json.loads(dump_plan(Plan("test", NOW, "c", "d"))) == {
        "format": PLAN_FORMAT,
        "kind": "test",
        "created": "2024-01-01T00:00:00+00:00",
        "catalogue": "c",
        "configuration": "d",
    }


def setting(*path: Any) -> Callable[[dict[str, Any]], None]:
    """A change of the data: all but the last of `path` lead to a key, the last is its new value."""

    def change(data: Any) -> None:
        *way, key, value = path
        for step in way:
            data = data[step]
        data[key] = value

    return change


def dropping(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: Any) -> None:
        *way, key = path
        for step in way:
            data = data[step]
        del data[key]

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (setting("surprise", 1), "unknown keys: surprise"),
        (setting("actions", 0, "surprise", 1), "unknown keys: surprise @ .actions[0]"),
        (setting("actions", 0, "show", "surprise", 1), "unknown keys: surprise @ .actions[0].show"),
        (setting("actions", 1, "source", "surprise", 1), "unknown keys: surprise @ .actions[1].source"),
        (setting("kind", 5), "wants str, got int @ .kind"),
        (setting("provisional", "false"), "wants bool, got str @ .provisional"),
        (setting("provisional", 0), "wants bool, got int @ .provisional"),
        (setting("created", 5), "wants str, got int @ .created"),
        (setting("actions", 1, "size", "7"), "wants int, got str @ .actions[1].size"),
        (setting("actions", 1, "size", True), "wants int, got bool @ .actions[1].size"),
        (setting("actions", 1, "size", 7.5), "wants int, got float @ .actions[1].size"),
        (setting("actions", 1, "size", None), "wants int, got NoneType @ .actions[1].size"),
        (setting("actions", 1, "target", "incoming:a.mkv"), "wants an object @ .actions[1].target"),
        (setting("actions", 2, "after", "a1"), "wants a list, got str @ .actions[2].after"),
        (setting("actions", 2, "after", {"a1": 1}), "wants a list, got dict @ .actions[2].after"),
        (setting("actions", 2, "after", [1]), "wants str, got int @ .actions[2].after[0]"),
        (setting("actions", 0, "show", "aliases", "abc"), "wants a list, got str @ .actions[0].show.aliases"),
        (setting("actions", 0, "show", "type", "weekly"), "@ .actions[0].show.type"),
        (setting("actions", 2, "holding", "details", []), "wants an object @ .actions[2].holding.details"),
        (setting("actions", 2, "holding", "details", "x", 1), "wants str, got int @ .actions[2].holding.details"),
        (setting("actions", 2, "holding", "unit", "aired", 5), "wants str, got int @ .actions[2].holding.unit.aired"),
        (setting("actions", {}), "wants a list, got dict @ .actions"),
        (setting("actions", None), "wants a list, got NoneType @ .actions"),
        (setting("actions", 0, 5), "wants an object, got int @ .actions[0]"),
        (setting("actions", 0, "action", "explode"), "unknown action 'explode'"),
        (setting("actions", 0, "action", ["add show"]), "unknown action ['add show']"),
        (setting("actions", 0, "action", "AddShow"), "unknown action 'AddShow'"),
        (setting("actions", 0, "action", "fetch"), "@ .actions[0]"),
        (dropping("actions", 0, "action"), "unknown action None"),
        (dropping("actions", 1, "size"), "size is missing @ .actions[1].size"),
        (dropping("actions", 3, "previous"), "previous is missing @ .actions[3].previous"),
        (dropping("catalogue"), "catalogue is missing @ .catalogue"),
        (setting("remarks", 0, "kind", "whatever"), "@ .remarks[0].kind"),
        (setting("format", "medialib.plan/2"), "the plan's format is 'medialib.plan/2'"),
        (setting("format", None), "the plan's format is None"),
        (dropping("format"), "the plan's format is None"),
    ],
)
def test_what_is_unknown_or_of_the_wrong_type_is_refused_twice(
    change: Callable[[dict[str, Any]], None], said: str
) -> None:
    """Raises InvalidPlan for another format or version, unknown or missing keys, wrong types; the schema agrees."""
    data = json.loads(dump_plan(PLAN))
    assert load_plan(json.dumps(data)) == PLAN
    assert SCHEMA.is_valid(data)
    changed = copy.deepcopy(data)
    change(changed)
    with pytest.raises(InvalidPlan) as caught:
        load_plan(json.dumps(changed))
    assert said in str(caught.value)
    assert not SCHEMA.is_valid(changed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (setting("created", "yesterday"), "@ .created"),
        (setting("created", "2024-01-01"), "has no time zone @ .created"),
        (setting("created", "0001-01-01T00:00:00+14:00"), "@ .created"),
        (setting("actions", 2, "holding", "unit", "aired", "2017-13-01"), "@ .actions[2].holding.unit.aired"),
        (setting("actions", 2, "id", "f1"), "f1: the id is used twice"),
        (setting("actions", 1, "target", "path", "../../etc/passwd"), "it climbs out of its folder"),
        (setting("actions", 1, "source", "path", "caf\udce9"), "it is not valid UTF-8"),
        (setting("actions", 2, "after", ["m1"]), "comes after 'm1', which is no action before it"),
    ],
)
def test_what_no_schema_can_say_is_refused_by_loading(change: Callable[[dict[str, Any]], None], said: str) -> None:
    """… and for a plan that contradicts itself."""
    changed = json.loads(dump_plan(PLAN))
    change(changed)
    with pytest.raises(InvalidPlan) as caught:
        load_plan(json.dumps(changed))
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "not JSON", "[" * 100_000, "1" * 5_000, "\ufeff{}"])
def test_what_is_no_json_is_refused(text: str) -> None:
    """Raises InvalidPlan for text that is no JSON, however it is made."""
    with pytest.raises(InvalidPlan, match="the plan is no JSON"):
        load_plan(text)


@pytest.mark.parametrize(("text", "found"), [("[]", "'list'"), ("5", "'int'"), ("null", "'NoneType'"), ("{}", "None")])
def test_what_is_no_plan_is_refused(text: str, found: str) -> None:
    with pytest.raises(InvalidPlan) as caught:
        load_plan(text)
    assert str(caught.value) == (
        f"the plan's format is {found}, this medialib reads 'medialib.plan/1'. Make the plan again with this version."
    )


def test_all_faults_are_told_at_once() -> None:
    changed = json.loads(dump_plan(PLAN))
    for change in (setting("kind", 5), setting("actions", 1, "size", "7"), dropping("actions", 2, "source")):
        change(changed)
    with pytest.raises(InvalidPlan) as caught:
        load_plan(json.dumps(changed))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("data", [5, "tv:a", None, [], {"location": "tv"}])
def test_structure_refuses_what_is_no_value(data: Any) -> None:
    with pytest.raises(InvalidPlan, match="the data cannot be read"):
        structure(data, Place)


def test_what_a_file_should_be_is_saved_with_its_fetch_and_checked_when_it_is_read() -> None:
    told = (Digest("sha256", "0" * 64), Digest("crc32", "0a1b2c3d"))
    fetch = Fetch("f1", Place("seedbox", "a.mkv"), Place("incoming", "a.mkv"), 7, 5, expected=told)
    saved = unstructure(fetch, Action)
    assert saved["expected"][1] == {"algorithm": "crc32", "value": "0a1b2c3d"}
    assert structure(saved, cast(type[Action], Action)) == fetch
    for wrong in ({"algorithm": "crc32", "value": "0A1B2C3D"}, {"algorithm": "crc33", "value": "0a1b2c3d"}):
        with pytest.raises(InvalidPlan):
            structure({**saved, "expected": [wrong]}, cast(type[Action], Action))

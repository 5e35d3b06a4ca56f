"""Plans: what they ask of the world, what they refuse, and how they are cut down."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text

from medialib.errors import InvalidPlan
from medialib.model import Episode, FileEntry, Holding, InventoryFile, KnownFile, Movie, Place, Show
from medialib.planning import (
    Absent,
    Action,
    AddMovie,
    AddShow,
    ChangeShow,
    Discard,
    Fetch,
    KeptCopy,
    MakeFolder,
    Move,
    Plan,
    Precondition,
    RecordInventory,
    RecordKnown,
    ReleaseFile,
    ReleaseFolder,
    ReleaseMark,
    ReleaseMove,
    Remark,
    RemoveFolder,
    RemoveMovie,
    RemoveShow,
    SetEpisodes,
    SetHolding,
    Unchanged,
    bytes_carried,
    check_plan,
    describe,
    effects,
    initial_preconditions,
    preconditions,
)
from medialib.testing.plan_strategies import plans, remarks
from medialib.testing.strategies import actions

HERE, THERE = Place("incoming", "a.mkv"), Place("tv", "b.mkv")
HELD = InventoryFile(HERE, 3, 5, datetime(2024, 1, 1, tzinfo=UTC))
KNOWN = KnownFile("seedbox", "/a.mkv", 1, 0, "baseline", datetime(2024, 1, 1, tzinfo=UTC))
SHOW, FILM = Show("dark", "Dark", 2017), Movie("alien", "Alien")
PILOT = Episode("dark", 1, 1)


def plan_of(*made: Action, **fields: object) -> Plan:
    return Plan("test", datetime(2024, 1, 1, tzinfo=UTC), "c", "d", made, **fields)  # type: ignore[arg-type]


def move(name: str, source: Place, target: Place, *after: str) -> Move:
    return Move(name, source, target, 1, 0, after=after)


COPY = KeptCopy(Place("movies", "a.mkv"), 3, 5)


@pytest.mark.parametrize(
    ("action", "line", "appear", "vanish"),
    [
        (Fetch("x", HERE, THERE, 3, 5), "fetch incoming:a.mkv → tv:b.mkv", [THERE], []),
        (Move("x", HERE, THERE, 3, 5), "move incoming:a.mkv → tv:b.mkv", [THERE], [HERE]),
        (Discard("x", HERE, THERE, 3, 5), "recycle incoming:a.mkv", [THERE], [HERE]),
        (MakeFolder("x", HERE), "make folder incoming:a.mkv", [HERE], []),
        (RemoveFolder("x", HERE), "remove folder incoming:a.mkv if empty", [], [HERE]),
        (AddShow("x", SHOW), "add show Dark (2017)", [], []),
        (RemoveShow("x", SHOW), "remove show Dark (2017) from the catalogue", [], []),
        (AddShow("x", SHOW, episodes=(PILOT,)), "add show Dark (2017) with 1 episode", [], []),
        (ChangeShow("x", SHOW, SHOW, episodes=(PILOT, PILOT)), "change show Dark (2017) with 2 episodes", [], []),
        (ChangeShow("x", SHOW, Show("dark", "Darkness")), "change show Dark (2017) to Darkness", [], []),
        (SetEpisodes("x", "dark", (), (PILOT,)), "set 1 episode of dark", [], []),
        (SetHolding("x", HERE, Holding(), Holding()), "set what the inventory says of incoming:a.mkv", [], []),
        (AddMovie("x", FILM), "add film Alien", [], []),
        (RemoveMovie("x", FILM), "remove film Alien from the catalogue", [], []),
        (RecordInventory("x", HERE, None, HELD), "enter incoming:a.mkv", [], []),
        (RecordInventory("x", HERE, HELD, None), "forget incoming:a.mkv", [], []),
        (RecordInventory("x", HERE, HELD, HELD), "change what is recorded of incoming:a.mkv", [], []),
        (RecordKnown("x", "seedbox", "/a", None, KNOWN), "record as known: seedbox:/a", [], []),
        (RecordKnown("x", "seedbox", "/a", KNOWN, None), "forget seedbox:/a", [], []),
    ],
)
def test_what_each_action_says_and_does(action: Action, line: str, appear: list[Place], vanish: list[Place]) -> None:
    assert describe(action) == line
    assert effects(action) == (tuple(appear), tuple(vanish))
    moves_a_file = isinstance(action, Fetch | Move | Discard)
    assert preconditions(action) == ((Unchanged(HERE, 3, 5), Absent(THERE)) if moves_a_file else ())
    assert bytes_carried(action) == (3 if isinstance(action, Fetch) else 0)


KEPT = Unchanged(COPY.place, 3, 5)
THERE_BEFORE = Unchanged(HERE, 3, 5)


@pytest.mark.parametrize(
    ("action", "line", "appear", "vanish", "asked"),
    [
        (ReleaseFile("x", HERE, 3, 5), "delete incoming:a.mkv on the remote", [], [HERE], [THERE_BEFORE]),
        (ReleaseFile("x", HERE, 3, 5, COPY), "delete incoming:a.mkv on the remote", [], [HERE], [THERE_BEFORE, KEPT]),
        (
            ReleaseMove("x", HERE, THERE, 3, 5, COPY),
            "move incoming:a.mkv → tv:b.mkv on the remote",
            [THERE],
            [HERE],
            [THERE_BEFORE, Absent(THERE), KEPT],
        ),
        (
            ReleaseMove("x", HERE, THERE, 3, 5, COPY, back=True),
            "move incoming:a.mkv → tv:b.mkv on the remote",
            [THERE],
            [HERE],
            [THERE_BEFORE, Absent(THERE)],
        ),
        (
            ReleaseMark("x", THERE, (FileEntry("c.mkv", 1, 2),), (COPY,)),
            "mark as released: tv:b.mkv",
            [THERE],
            [],
            [Unchanged(Place("tv", "c.mkv"), 1, 2), Absent(THERE), KEPT],
        ),
        (ReleaseMark("x", HERE, (), (COPY,), back=True), "take away the mark incoming:a.mkv", [], [HERE], []),
        (ReleaseFolder("x", HERE), "remove folder incoming:a.mkv on the remote if empty", [], [HERE], []),
    ],
)
def test_what_each_release_says_does_and_rests_on(
    action: Action, line: str, appear: list[Place], vanish: list[Place], asked: list[Precondition]
) -> None:
    assert describe(action) == line
    assert effects(action) == (tuple(appear), tuple(vanish))
    assert preconditions(action) == tuple(asked)
    assert bytes_carried(action) == 0


@given(actions())
def test_every_action_asks_for_free_names_where_files_appear(action: Action) -> None:
    """What vanishes was there unchanged; where a file appears nothing stood; every action can be told in a line."""
    assert type(action) in get_args(Action)
    appear, vanish = effects(action)
    asked = preconditions(action)
    if asked:
        assert tuple(item.place for item in asked if isinstance(item, Absent)) == appear
        unchanged = {item.place for item in asked if isinstance(item, Unchanged)}
        assert unchanged >= set(vanish)
    assert describe(action)
    assert 0 <= bytes_carried(action) <= getattr(action, "size", 0)


@given(remarks())
def test_some_remarks_need_a_person(remark: Remark) -> None:
    """The last nine kinds need a person's attention; "nothing to do here" never does."""
    needs = {
        "proposed",
        "refused",
        "conflict",
        "collision",
        "unrouted",
        "unidentified",
        "out of reach",
        "corrupt",
        "irreversible",
    }
    assert remark.needs_attention is (remark.kind in needs)
    assert plan_of(remarks=(remark,)).needs_attention == ((remark,) if remark.kind in needs else ())


def test_an_empty_plan() -> None:
    empty = plan_of()
    assert not empty
    assert len(empty) == empty.bytes == 0
    assert empty.lines() == ()
    assert empty.__rich__() == "nothing to do"
    check_plan(empty)


@settings(max_examples=50)
@given(plans())
def test_the_strategy_makes_plans_that_hold(plan: Plan) -> None:
    """`check_plan` accepts what is consistent."""
    check_plan(plan)
    assert len(plan) == len(plan.actions)
    assert bool(plan) is (len(plan) > 0)
    assert plan.bytes == sum(action.size for action in plan.actions if isinstance(action, Fetch))


def _needs(plan: Plan, name: str) -> set[str]:
    by_id = {action.id: action for action in plan.actions}
    return {name}.union(*(_needs(plan, before) for before in by_id[name].after))


@settings(max_examples=50)
@given(plans(), st.data())
def test_only_keeps_what_is_named_and_all_that_it_needs(plan: Plan, data: st.DataObject) -> None:
    """The plan cut down to the named actions and all that they come after: closed under ``after``, in order."""
    ids = [action.id for action in plan.actions]
    named = data.draw(st.lists(st.sampled_from(ids), max_size=3)) if ids else []
    cut = plan.only(*named)
    check_plan(cut)
    kept = {action.id for action in cut.actions}
    assert kept == set().union(*(_needs(plan, name) for name in named))
    assert cut.actions == tuple(action for action in plan.actions if action.id in kept)
    assert attrs.evolve(cut, actions=plan.actions) == plan
    assert cut.only(*named) == cut


@settings(max_examples=50)
@given(plans(), st.data())
def test_without_drops_what_is_named_and_all_that_needs_it(plan: Plan, data: st.DataObject) -> None:
    """The plan without the named actions and all that come after them: what stays is closed under ``after``."""
    ids = [action.id for action in plan.actions]
    named = data.draw(st.lists(st.sampled_from(ids), max_size=3)) if ids else []
    cut = plan.without(*named)
    check_plan(cut)
    dropped = {action.id for action in plan.actions if _needs(plan, action.id) & set(named)}
    assert cut.actions == tuple(action for action in plan.actions if action.id not in dropped)
    assert cut == plan.only(*(action.id for action in cut.actions))


def test_an_id_that_is_not_there_is_an_error() -> None:
    plan = plan_of(move("m1", HERE, THERE))
    with pytest.raises(KeyError, match="the plan has no action 'm2'"):
        plan.only("m1", "m2")
    with pytest.raises(KeyError, match="the plan has no action 'm2'"):
        plan.without("m3", "m2")


SPOT = Place("tv", "Show/x.mkv")


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        ([move("m1", HERE, THERE), move("m1", SPOT, HERE)], "m1: the id is used twice"),
        ([move("m1", HERE, THERE, "m2"), move("m2", SPOT, HERE)], "m1: comes after 'm2', which is no action before it"),
        ([move("m1", HERE, THERE, "m1")], "m1: comes after 'm1', which is no action before it"),
        ([move("m1", HERE, Place("tv", "../x"))], "m1: tv:../x: it climbs out of its folder ('..')"),
        ([MakeFolder("k1", Place("tv", "/etc"))], "k1: tv:/etc: it is absolute"),
        ([RemoveFolder("k1", Place("tv", ""))], "k1: tv:: it is empty"),
        ([Fetch("f1", Place("s", "caf\udce9"), HERE, 1, 0)], "f1: s:caf\udce9: it is not valid UTF-8"),
        ([move("m1", HERE, SPOT), move("m2", THERE, SPOT)], "m2: tv:Show/x.mkv collides with tv:Show/x.mkv"),
        (
            [move("m1", HERE, SPOT), move("m2", THERE, Place("tv", "SHOW/X.mkv"))],
            "m2: tv:SHOW/X.mkv collides with tv:Show/x.mkv",
        ),
        (
            [move("m1", HERE, Place("tv", "Café")), move("m2", THERE, Place("tv", "Cafe\u0301"))],
            "m2: tv:Cafe\u0301 collides with tv:Café",
        ),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(made: list[Action], problem: str) -> None:
    """Raises InvalidPlan, naming every fault."""
    with pytest.raises(InvalidPlan) as caught:
        check_plan(plan_of(*made))
    assert caught.value.problems == (problem,)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(InvalidPlan) as caught:
        check_plan(plan_of(move("m1", HERE, Place("tv", "../x"), "no"), move("m1", THERE, Place("tv", "/y"))))
    assert len(caught.value.problems) == 4


def test_a_name_that_became_free_may_be_used_again() -> None:
    """Two files for one name are a collision only if both stand there."""
    check_plan(plan_of(move("m1", HERE, SPOT), move("m2", SPOT, THERE), move("m3", Place("tv", "z"), SPOT)))
    check_plan(plan_of(move("m1", Place("tv", "show"), Place("tv", "Show"))))
    check_plan(plan_of(move("m1", HERE, SPOT), move("m2", THERE, Place("other", SPOT.path))))
    check_plan(plan_of(MakeFolder("k1", SPOT), RemoveFolder("k2", SPOT), MakeFolder("k3", SPOT)))


@settings(max_examples=50)
@given(plans())
def test_initial_preconditions_are_what_the_first_touch_of_each_place_needs(plan: Plan) -> None:
    """The preconditions that must hold before the first action: those on places that no earlier action touches."""
    expected = []
    for index, action in enumerate(plan.actions):
        earlier = {
            (place.location, place.path.casefold())
            for before in plan.actions[:index]
            for places in effects(before)
            for place in places
        }
        expected += [
            item for item in preconditions(action) if (item.place.location, item.place.path.casefold()) not in earlier
        ]
    assert initial_preconditions(plan) == tuple(expected)


def test_a_place_touched_under_another_case_is_touched() -> None:
    plan = plan_of(Fetch("f1", HERE, Place("tv", "A"), 1, 0), move("m1", Place("tv", "a"), SPOT))
    assert [str(item.place) for item in initial_preconditions(plan)] == ["incoming:a.mkv", "tv:A", "tv:Show/x.mkv"]


def test_lines_align_ids_and_give_reasons() -> None:
    plan = plan_of(
        Fetch("f1", HERE, THERE, 1, 0, reason="new"),
        RemoveFolder("r10", Place("incoming", "Show [G]")),
        remarks=(Remark("excluded", SPOT, "a sample"),),
    )
    assert plan.lines() == (
        "f1   fetch incoming:a.mkv → tv:b.mkv  (new)",
        "r10  remove folder incoming:Show [G] if empty",
        "excluded: tv:Show/x.mkv  (a sample)",
    )
    assert Text.from_markup(plan.__rich__()).plain == "\n".join(plan.lines())


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("hostile", ["<script>x</script>", "[/]", "\\[/red]", "[bold]", "a & b", "[link=x]"])
def test_hostile_names_are_only_text_where_a_plan_is_drawn(hostile: str) -> None:
    """Names come from strangers: they are never markup."""
    plan = plan_of(move("m1", Place("tv", hostile), THERE), remarks=(Remark("refused", Place("s", hostile), hostile),))
    cells = _Cells()
    cells.feed(plan._repr_html_())
    assert set(cells.tags) == {"table", "thead", "tr", "th", "td"}
    assert "".join(cells.text).count(hostile) == 3
    drawn = Text.from_markup(plan.__rich__())
    assert drawn.plain == "\n".join(plan.lines())
    assert drawn.spans == []

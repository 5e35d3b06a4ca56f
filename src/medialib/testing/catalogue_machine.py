"""A random walk that takes a catalogue and the one in memory through the same steps and compares all they say."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from medialib.catalogue import MemoryCatalogue
from medialib.model import Place
from medialib.ports import Catalogue
from medialib.testing import strategies as our

__all__ = ["CatalogueMachine", "Operation", "everything_in", "operations", "perform"]

_KEYS = st.sampled_from(("a", "b", "caf\udce9"))
_REMOTES = st.sampled_from(("seedbox", "x\x00"))
_RUNS = st.sampled_from(("20240101T000000Z-aaaaaa", "20240102T000000Z-bbbbbb", "\udc80"))
_NAMES = st.sampled_from(("first", "second", "\ud83d\ude00"))
_HOLDERS = st.sampled_from(("host:1:aa", "host:2:bb"))
_FOLDERS = st.sampled_from(("", "/", "/a", "/a/", "/a/b", "/Show (2020)", "/caf\udce9"))


@attrs.frozen
class Operation:
    """One call of one repository, as data."""

    repository: str
    """Name of the repository."""
    method: str
    """Name of its method."""
    positional: tuple[Any, ...] = ()
    """Arguments by position."""
    named: Mapping[str, Any] = attrs.field(factory=dict)
    """Arguments by name."""


def perform(catalogue: Catalogue, operation: Operation) -> Any:
    """Carry it out; the answer in a form that can be compared, a KeyError as such an answer too."""
    method = getattr(getattr(catalogue, operation.repository), operation.method)
    try:
        answer = method(*operation.positional, **operation.named)
    except KeyError:
        return KeyError
    return tuple(answer) if isinstance(answer, Iterator) else answer


def _call(
    repository: str, method: str, *positional: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]
) -> st.SearchStrategy[Operation]:
    return st.builds(
        Operation,
        st.just(repository),
        st.just(method),
        st.tuples(*positional),
        st.fixed_dictionaries(named),
    )


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    """Any call of any repository, with few keys, so that calls meet."""
    return draw(_any_operation())  # Composed, for Hypothesis prints the parts of a plain strategy at length.


@cache
def _any_operation() -> st.SearchStrategy[Operation]:
    numbers = st.integers(1, 4)
    return st.one_of(
        _call("shows", "add", our.shows(_KEYS)),
        _call("shows", "put", our.shows(_KEYS)),
        _call("shows", "get", _KEYS),
        _call("shows", "remove", _KEYS),
        _call("episodes", "put", st.lists(our.episodes(_KEYS), max_size=5)),
        _call("episodes", "get", _KEYS, st.integers(0, 2), st.integers(0, 3)),
        _call("episodes", "seasons", _KEYS),
        _call("episodes", "by_absolute", _KEYS, st.integers(0, 4)),
        _call("episodes", "by_date", _KEYS, our.dates()),
        _call("episodes", "remove", _KEYS, st.none() | st.integers(0, 2), st.none() | st.integers(0, 3)),
        _call("movies", "add", our.movies(_KEYS)),
        _call("movies", "put", our.movies(_KEYS)),
        _call("movies", "get", _KEYS),
        _call("movies", "remove", _KEYS),
        _call("known_files", "put", st.lists(our.known_files(_REMOTES), max_size=3)),
        _call("known_files", "get", _REMOTES, our.paths().map("/".__add__)),
        _call("known_files", "remove", _REMOTES, our.paths().map("/".__add__)),
        _call("known_files", "of_remote", _REMOTES, _FOLDERS),
        _call("known_files", "by_local", our.places()),
        _call("sightings", "put", st.lists(our.sightings(_REMOTES), max_size=3)),
        _call("sightings", "remove", _REMOTES, st.lists(our.paths().map("/".__add__), max_size=3)),
        _call("inventory", "put", st.lists(our.inventory_files(), max_size=3)),
        _call("inventory", "get", our.places()),
        _call("inventory", "remove", our.places()),
        _call("inventory", "of_unit", st.sampled_from(("episode", "movie")), _KEYS),
        _call("inventory", "by_sha256", st.sampled_from(("00" * 32, "ab" * 32))),
        _call("inventory", "all", st.sampled_from((None, "tv", "caf\udce9"))),
        _call("journal", "begin", our.runs(_RUNS)),
        _call("journal", "intend", _RUNS, st.lists(our.actions(), max_size=3)),
        _call("journal", "complete", _RUNS, st.lists(st.tuples(numbers, our.outcomes()), max_size=2)),
        _call("journal", "finish", _RUNS, st.sampled_from(("done", "failed", "undone")), our.instants()),
        _call("journal", "get", _RUNS),
        _call("journal", "runs", st.none() | st.integers(0, 3)),
        _call("journal", "touching", our.places()),
        _call("checkpoints", "put", _NAMES, our.texts()),
        _call("checkpoints", "get", _NAMES),
        _call("checkpoints", "remove", _NAMES),
        _call("leases", "acquire", _NAMES, _HOLDERS, seconds=st.sampled_from((0.0, 0.5, 30.0)), now=our.instants()),
        _call("leases", "release", _NAMES, _HOLDERS),
        _call("leases", "get", _NAMES),
    )


def everything_in(catalogue: Catalogue) -> dict[str, Any]:
    """All that a catalogue holds of what `operations` may have put there."""
    remotes, runs = ("seedbox", "x\x00"), catalogue.journal.runs()
    return {
        "shows": list(catalogue.shows.all()),
        "episodes": {show.key: list(catalogue.episodes.of_show(show.key)) for show in catalogue.shows.all()},
        "movies": list(catalogue.movies.all()),
        "known files": {remote: list(catalogue.known_files.of_remote(remote)) for remote in remotes},
        "sightings": {remote: list(catalogue.sightings.of_remote(remote).items()) for remote in remotes},
        "inventory": list(catalogue.inventory.all()),
        "runs": runs,
        "lines": {run.id: list(catalogue.journal.lines(run.id)) for run in runs},
        "touching": list(catalogue.journal.touching(Place("tv", "a"))),
        "checkpoints": [(name, catalogue.checkpoints.get(name)) for name in catalogue.checkpoints.names()],
        "leases": [catalogue.leases.get(name) for name in ("first", "second", "\ud83d\ude00")],
    }


class CatalogueMachine(RuleBasedStateMachine):
    """Subclass it, let `open` open the catalogue to be tried, and run its ``TestCase``.

    Steps are single calls, transactions (also nested, also failing, also failing inside only) and, where the catalogue
    is persistent, closing it and opening it again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="medialib-machine-"))
        self._place = self.new_place(self._folder)
        self._model = MemoryCatalogue()
        self._tried = self.open(self._place)
        self._identity = self._tried.identity

    def new_place(self, folder: Path) -> Any:
        """Where nothing is yet: in an empty folder, unless overridden."""
        return folder / "catalogue"

    def open(self, place: Any, *, read_only: bool = False) -> Catalogue:
        """The catalogue at `place`, made if it is not there; unless overridden, one in memory."""
        return MemoryCatalogue(read_only=read_only)

    @rule(operation=operations())
    def call(self, operation: Operation) -> None:
        """One call gives the same answer."""
        assert perform(self._tried, operation) == perform(self._model, operation)

    @rule(
        outer=st.lists(operations(), max_size=4),
        inner=st.lists(operations(), max_size=3),
        failing=st.sampled_from(("nothing", "inner", "outer")),
    )
    def transact(self, outer: Sequence[Operation], inner: Sequence[Operation], failing: str) -> None:
        """A transaction gives the same answers and, all or nothing, the same end."""
        tried, model = (_transact(catalogue, outer, inner, failing) for catalogue in (self._tried, self._model))
        assert tried == model

    @rule()
    def reopen(self) -> None:
        """What was durable is there again."""
        if self._tried.traits.persistent:
            self._tried.close()
            self._tried = self.open(self._place)
            assert self._tried.identity == self._identity

    @rule()
    def look(self) -> None:
        """A catalogue opened read-only shows the same."""
        if self._tried.traits.persistent:
            seen = self.open(self._place, read_only=True)
            try:
                assert seen.identity == self._identity
                assert everything_in(seen) == everything_in(self._model)
            finally:
                seen.close()

    @invariant()
    def same(self) -> None:
        """Both hold the same."""
        assert everything_in(self._tried) == everything_in(self._model)

    def teardown(self) -> None:
        """Leave nothing behind."""
        self._tried.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class _Enough(Exception):
    """Ends a transaction."""


def _transact(catalogue: Catalogue, outer: Sequence[Operation], inner: Sequence[Operation], failing: str) -> list[Any]:
    answers = []
    try:
        with catalogue.transaction():
            answers += [perform(catalogue, operation) for operation in outer]
            try:
                with catalogue.transaction():
                    answers += [perform(catalogue, operation) for operation in inner]
                    if failing == "inner":
                        raise _Enough
            except _Enough:
                answers.append("ended inside")
            if failing == "outer":
                raise _Enough
    except _Enough:
        answers.append("ended outside")
    return answers

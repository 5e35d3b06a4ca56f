"""Errors say what, where and what to do, and are the builtin that they resemble."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib import errors
from medialib.errors import (
    CatalogueBusy,
    CatalogueError,
    ConfigurationError,
    Drifted,
    InvalidPlan,
    MedialibError,
    PlanRefused,
    Problem,
    TransientError,
    UserFacingProblems,
)

CLASSES = [
    cls for name in errors.__all__ if isinstance(cls := getattr(errors, name), type) and issubclass(cls, MedialibError)
]


@pytest.mark.parametrize("cls", CLASSES)
def test_each_error_is_ours_and_says_message_then_remedy(cls: type[MedialibError]) -> None:
    """Every error of this library is a `MedialibError`: it says what happened and carries a remedy."""
    error = cls("the disk is full", remedy="Make room.")
    assert isinstance(error, MedialibError)
    assert str(error) == "the disk is full. Make room."
    assert (error.message, error.remedy) == ("the disk is full", "Make room.")
    assert str(cls("the disk is full")) == "the disk is full"


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("ConnectionLost", ConnectionError),
        ("OutOfReach", OSError),
        ("AuthenticationFailed", PermissionError),
        ("HostKeyUnknown", ConnectionError),
        ("HostKeyChanged", ConnectionError),
        ("UnsafePath", ValueError),
        ("TargetTaken", FileExistsError),
        ("UsageError", ValueError),
        ("ConfigurationError", ValueError),
        ("InvalidPlan", ValueError),
        ("CatalogueMissing", FileNotFoundError),
    ],
)
def test_leaves_are_the_builtin_that_they_mean(name: str, builtin: type[Exception]) -> None:
    """Leaves that mean the same as a builtin are that builtin too."""
    with pytest.raises(builtin, match="what happened"):
        raise getattr(errors, name)("what happened")


def test_what_may_succeed_later_is_transient() -> None:
    """`TransientError`: the same call may succeed later."""
    assert {cls.__name__ for cls in CLASSES if issubclass(cls, TransientError)} == {
        "TransientError",
        "Banned",
        "ConnectionLost",
        "CatalogueBusy",
        "CatalogueOutOfReach",
        "RateLimited",
        "ServiceUnavailable",
        "UnusableAnswer",
        "WorkersLost",
    }
    assert issubclass(CatalogueBusy, CatalogueError)
    assert issubclass(Drifted, PlanRefused)


def test_a_full_stop_is_not_doubled() -> None:
    assert str(MedialibError("It stopped.", remedy="Go on.")) == "It stopped. Go on."


@pytest.mark.parametrize("cls", [UserFacingProblems, ConfigurationError, InvalidPlan, PlanRefused, Drifted])
@given(st.lists(st.text("abc", min_size=1), max_size=4))
def test_each_problem_has_its_line(cls: type[UserFacingProblems], found: list[str]) -> None:
    """Several faults found at once, each worth a line of its own."""
    error = cls("it cannot be used", iter(found), remedy="Mend it.")
    assert error.problems == tuple(found)
    assert str(error).split("\n") == ["it cannot be used. Mend it.", *(f"  {problem}" for problem in found)]


@given(st.lists(st.text("ab", min_size=1) | st.integers(0, 9), min_size=1, max_size=3), st.text())
def test_a_problem_begins_with_the_path_of_its_key(path: list[str | int], message: str) -> None:
    """A problem is ``key.path: what is wrong``."""
    problem = Problem.at(path, message)
    assert problem == f"{'.'.join(map(str, path))}: {message}"
    assert repr(problem) == f"'{problem}'"


def test_a_problem_of_the_whole_has_no_path() -> None:
    assert Problem.at((), "it is empty") == "it is empty"
    assert pickle.loads(pickle.dumps(Problem("x: y"))) == "x: y"

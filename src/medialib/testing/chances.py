"""Chance that can be repeated: one seed for a whole run of tests, told with every failure.

``MEDIALIB_SEED`` gives the seed, and is drawn where it is absent. ``MEDIALIB_TORTURE`` is ``sample`` (the default: a
few rounds of each test, for every day) or ``all`` (as many as the test was written for).
"""

from __future__ import annotations

import functools
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["chances", "rounds", "run_seed"]

_SEED = "MEDIALIB_SEED"
_SIZE = "MEDIALIB_TORTURE"


@functools.lru_cache(maxsize=1)
def run_seed() -> str:
    """The seed that all chance of this process comes from."""
    return os.environ.get(_SEED) or str(random.SystemRandom().randrange(10**9))


def rounds(*, sample: int, full: int) -> range:
    """The rounds a test is to go through, counted from 0: `sample` many, or `full` many if all are asked for.

    Raises ValueError if ``MEDIALIB_TORTURE`` says anything else than ``sample`` or ``all``.
    """
    size = os.environ.get(_SIZE, "sample")
    if size not in ("sample", "all"):
        raise ValueError(f"{_SIZE} is {size!r}; it can be 'sample' or 'all'")
    return range(full if size == "all" else sample)


@contextmanager
def chances(test: str, number: int) -> Iterator[random.Random]:
    """Chance for one round of a test; an error that leaves the block tells how to have the same again.

    >>> with chances("example", 3) as first, chances("example", 3) as second:
    ...     first.random() == second.random()
    True
    """
    seed = run_seed()
    try:
        yield random.Random(f"{seed}/{test}/{number}")
    except BaseException as error:
        size = f" {_SIZE}=all" if os.environ.get(_SIZE) == "all" else ""
        error.add_note(f"This was round {number} of {test!r}; the same again: {_SEED}={seed}{size} pytest <this test>")
        raise

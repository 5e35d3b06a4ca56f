"""Asking a person at a terminal; where there is none, nobody is asked and nothing is guessed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

from rich.console import Console

from medialib.errors import Cancelled
from medialib.matching import NotChosen, Wanted
from medialib.metadata import TitleMetadata
from medialib.selection import Unselected, select
from medialib.workflows.lookup import Ask

__all__ = ["ask_at"]

_SHOWN = 20
_NOBODY = frozenset({"", "n", "none", "skip"})


def ask_at(console: Console, *, quiet: Callable[[], AbstractContextManager[None]]) -> Ask | None:
    """How the person at `console` is asked which title is meant; None if there is no terminal to ask at.

    `quiet` keeps whatever else draws there away while the question stands.
    """
    if not (console.is_terminal and sys.stdin.isatty()):
        return None

    def ask(wanted: Wanted, choice: NotChosen) -> TitleMetadata | None:
        offers = choice.offers[:_SHOWN]
        with quiet():
            console.print(f"Which of these is {wanted}?", markup=False)
            for number, offer in enumerate(offers, start=1):
                console.print(f"{number:>3}  {offer}", markup=False)
            while True:
                console.print(f"1-{len(offers)}, or Enter for none of them: ", end="", markup=False)
                line = sys.stdin.readline()
                if not line:
                    raise Cancelled("the question was not answered")
                if line.strip().casefold() in _NOBODY:
                    return None
                chosen = select(line, len(offers))
                if isinstance(chosen, Unselected):
                    console.print(chosen.reason, markup=False)
                elif len(chosen) != 1:
                    console.print("one number is wanted", markup=False)
                else:
                    return offers[chosen.numbers[0] - 1].title

    return ask

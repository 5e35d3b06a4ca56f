"""Asking a person at a terminal; where there is none, nobody is asked and nothing is guessed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

from rich.console import Console

from medialib.errors import Cancelled
from medialib.matching import NotChosen, Offer, Wanted
from medialib.metadata import TitleMetadata
from medialib.routing import Answer, Conflict, Rival, Settle
from medialib.selection import Unselected, select
from medialib.workflows.lookup import Ask
from medialib_cli.render import print_columns

__all__ = ["ask_at", "settle_at"]

_SHOWN = 20
_HEADS = ("", "title", "year", "from", "language", "number", "why")
_ANSWERS: dict[str, Answer] = {"n": "new", "new": "new", "o": "old", "old": "old", "b": "both", "both": "both"}
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
            print_columns(console, _HEADS, (_row(*each) for each in enumerate(offers, start=1)), numbers=(0,))
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


def _row(number: int, offer: Offer) -> tuple[str, ...]:
    title = offer.title
    told = (title.title, str(title.year or ""), " ".join(title.countries), title.language or "", title.reference)
    return (str(number), *told, ", ".join(offer.reasons))


def settle_at(console: Console, *, quiet: Callable[[], AbstractContextManager[None]]) -> Settle | None:
    """How the person at `console` is asked which of two files to keep; None if there is no terminal to ask at."""
    if not (console.is_terminal and sys.stdin.isatty()):
        return None

    def settle(conflict: Conflict) -> Answer | None:
        with quiet():
            console.print(f"new: {conflict.new.place} ({_said(conflict.new)})", markup=False)
            for rival in conflict.old:
                console.print(f"old: {rival.place} ({_said(rival)})", markup=False)
            console.print("; ".join(conflict.verdict.reasons), markup=False)
            while True:
                console.print("Keep new, old or both, or Enter to leave it: ", end="", markup=False)
                line = sys.stdin.readline()
                if not line:
                    raise Cancelled("the question was not answered")
                if not line.strip():
                    return None
                answer = _ANSWERS.get(line.strip().casefold())
                if answer is not None:
                    return answer

    return settle


def _said(rival: Rival) -> str:
    return (
        ", ".join(f"{name} {value}" for name, value in rival.holding.details.items()) or "its name tells nothing more"
    )

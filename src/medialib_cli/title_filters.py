"""The options that say which titles are wanted: one set for every command that lists, searches or offers titles."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from medialib.matching import TitleRules

__all__ = ["title_filters"]


def _option(metavar: str, text: str, *names: str) -> Any:
    return Annotated[list[str] | None, typer.Option(*names, metavar=metavar, help=text, rich_help_panel="Filters")]


_FILTERS: dict[str, Any] = {
    "year": _option("YEARS", "2011, 2010-2015, 2010- or -2015.", "--year"),
    "genre": _option("GENRES", "A genre: drama,comedy is either, !reality is not.", "--genre"),
    "country": _option("CODES", "Country of origin, ISO 3166-1: JP, GB.", "--country"),
    "language": _option("LANGUAGES", "Original language: ja or japanese.", "--language"),
    "status": _option("STATUS", "running, ended, planned, or a provider's own word.", "--status"),
    "type": _option("TYPES", "standard, anime, daily or movie.", "--type"),
    "source": _option("NAMES", "Where the record comes from: tvmaze, name, user.", "--source"),
    "missing": _option("IDS", "An id it lacks: tmdb, tvdb, tvmaze, anidb, imdb, any.", "--missing-ids", "--missing-id"),
}


def title_filters(function: Callable[..., int]) -> Callable[..., int]:
    """A command that takes the options too: its parameter `rules`, a `TitleRules`, is made from them.

    A parameter of the command that is called as a filter is that filter, with options of the command's own.
    """
    given = inspect.signature(function, eval_str=True)
    own = [parameter for parameter in given.parameters.values() if parameter.name != "rules"]
    filters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _FILTERS.items()
        if name not in given.parameters
    ]

    def run(*arguments: Any, **values: Any) -> int:
        rules = TitleRules(**{name: values.pop(name) or () for name in _FILTERS})
        return function(*arguments, rules=rules, **values)

    run.__name__, run.__doc__, run.__module__ = function.__name__, function.__doc__, function.__module__
    run.__signature__ = inspect.Signature([*own, *filters], return_annotation=int)  # type: ignore[attr-defined]
    return run

"""Shows that are listed, searched, compared and recommended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import attrs
import typer
from typer.core import TyperCommand

from medialib.errors import UsageError
from medialib.library import kept_shows, near_titles, search_provider
from medialib.matching import TitleRules
from medialib.metadata import TitleMetadata
from medialib.model import Movie, Show
from medialib.workflows.likeness import Alike
from medialib.workflows.listing import ListedShow, ShowOrder, list_shows
from medialib.workflows.offering import OfferedTitle
from medialib.workflows.similar import recommend_shows, search_titles, similar_shows
from medialib_cli.invocation import Invocation, command
from medialib_cli.render import counted, print_columns, print_json, printable
from medialib_cli.title_filters import title_filters

__all__ = ["ProviderAsked", "list_", "recommend", "search", "similar"]

CONFIGURED: Final = "configured"
"""What ``--provider`` without a name stands for: the provider that the configuration names."""

Known = Annotated[str, typer.Argument(metavar="TITLE", help="Title, alias or key of a show that the catalogue has.")]
Rows = Annotated[int, typer.Option("--rows", "-n", metavar="N", min=1, max=1000, help="Show at most so many.")]


class ProviderAsked(TyperCommand):
    """A command whose option ``--provider`` may stand without a name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Let the option without a name be the configured one."""
        options = args[: args.index("--")] if "--" in args else args
        for at in reversed([at for at, word in enumerate(options) if word == "--provider"]):
            if at + 1 == len(options) or options[at + 1].startswith("-"):
                args = [*args[: at + 1], CONFIGURED, *args[at + 1 :]]
        return super().parse_args(ctx, args)


@command
@title_filters
def list_(
    invocation: Invocation,
    rules: TitleRules,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", "--provider", metavar="NAMES", help="Where the record comes from.", rich_help_panel="Filters"
        ),
    ] = None,
    sort: Annotated[ShowOrder, typer.Option("--sort", help="What to sort by.")] = "title",
    reverse: Annotated[bool, typer.Option("--reverse", help="Sort the other way.")] = False,
    rows: Annotated[int | None, typer.Option("--rows", metavar="N", min=1, help="Show at most so many.")] = None,
) -> int:
    """List the shows of the catalogue, with how many seasons, episodes and files there are of each.

    The filters narrow the list. Several must all hold; within one, commas separate what may be instead.
    """
    with invocation.library(read_only=True) as (library, _):
        listed = list_shows(library.catalogue, rules, order=sort, backwards=reverse)
    shown = listed if rows is None else listed[:rows]
    if invocation.as_json:
        print_json({"shows": [_listed(each) for each in shown], "count": len(listed), "exit_code": 0})
        return 0
    heads = ("title", "year", "type", "status", "seasons", "episodes", "files", "source", "key")
    print_columns(invocation.output, heads, map(_cells, shown), numbers=frozenset({4, 5, 6}))
    left = f", {len(listed) - len(shown)} of them not shown" if len(shown) < len(listed) else ""
    invocation.output.print(f"{counted(len(listed), 'show')}{left}")
    return 0


@command
@title_filters
def search(
    invocation: Invocation,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Title or alias, as far as you remember it.")],
    rules: TitleRules,
    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="[NAME]", help="Ask a metadata provider, not the catalogue."),
    ] = None,
    movies: Annotated[bool, typer.Option("--movies", help="Films, not shows.")] = False,
    rows: Rows = 20,
) -> int:
    """Search the catalogue's shows and films by title and alias; what is misspelt is found too, with why.

    With --provider, what TVmaze or another offers under that title, and which of it the catalogue has already.
    """
    if not query.strip():
        raise UsageError("there is nothing to search for", remedy="Give a title, or a part of it.")
    with invocation.library(read_only=True) as (library, _):
        if provider is not None:
            name = None if provider == CONFIGURED else provider
            offers = search_provider(library, query, name, rules, kind="movie" if movies else "show")
            return _offered(invocation, query, offers[:rows])
        wanted = rules.also(type=["movie"]) if movies else rules
        with near_titles(library) as titles:
            found = search_titles(query, titles, wanted, count=rows)
    return _answer(invocation, {"query": query}, found, f"nothing in the catalogue is called like {query!r}")


@command
def similar(invocation: Invocation, title: Known, rows: Rows = 10) -> int:
    """Shows of the catalogue that are like one of them: by genres, title, year and language, each with its reasons.

    Titles are compared by their letters, unless similarity.embedder names a model that knows what they mean.
    """
    with invocation.library(read_only=True) as (library, _), near_titles(library) as titles:
        show, found = similar_shows(title, titles, count=rows)
    return _answer(invocation, {"show": show.key}, found, f"nothing in the catalogue is like {show.title!r}")


@command
def recommend(
    invocation: Invocation,
    liked: Annotated[
        list[str] | None, typer.Argument(metavar="[TITLE]...", help="Title, alias or key of shows that you like.")
    ] = None,
    rows: Rows = 10,
) -> int:
    """Shows that the catalogue knows and the library has no file of, by their likeness to those that you name.

    Without a name, by their likeness to the shows that the library has files of. Each comes with its reasons.
    """
    with invocation.library(read_only=True) as (library, _), near_titles(library) as titles:
        found = recommend_shows(liked or (), titles, kept_shows(library), count=rows)
    nothing = "there is nothing to recommend: no show of the catalogue without files is like those"
    return _answer(invocation, {"liked": liked or []}, found, nothing)


def _answer(invocation: Invocation, asked: dict[str, Any], found: Sequence[Alike], nothing: str) -> int:
    if invocation.as_json:
        print_json({**asked, "found": [_alike(each) for each in found], "exit_code": 0})
    elif not found:
        invocation.output.print(printable(nothing), markup=False)
    else:
        rows = (
            (each.record.title, _year(each.record), _type(each.record), f"{each.score:.2f}", "; ".join(each.reasons))
            for each in found
        )
        print_columns(invocation.output, ("title", "year", "type", "score", "why"), rows)
    return 0


def _offered(invocation: Invocation, query: str, found: Sequence[OfferedTitle]) -> int:
    if invocation.as_json:
        print_json({"query": query, "found": [_offer(each) for each in found], "exit_code": 0})
    elif not found:
        invocation.output.print(printable(f"nothing that fits is offered for {query!r}"), markup=False)
    else:
        heads = ("id", "title", "year", "countries", "language", "type", "status", "in the catalogue as")
        print_columns(invocation.output, heads, (_offer_cells(each) for each in found))
    return 0


def _cells(each: ListedShow) -> tuple[str, ...]:
    show, counts = each.show, each.counts
    episodes = f"{counts.episodes}+{counts.specials}" if counts.specials else str(counts.episodes)
    numbers = (str(counts.seasons), episodes, str(counts.files))
    return (show.title, _year(show), show.type, show.status or "", *numbers, show.source, show.key)


def _listed(each: ListedShow) -> dict[str, Any]:
    show = each.show
    told = {name: getattr(show, name) for name in ("key", "title", "year", "type", "status", "language", "source")}
    lists = {name: list(getattr(show, name)) for name in ("aliases", "genres", "countries")}
    return {
        **told,
        **lists,
        "folder": show.folder,
        "ids": attrs.asdict(show.ids),
        **attrs.asdict(each.counts),
        "reasons": list(each.reasons),
    }


def _alike(alike: Alike) -> dict[str, Any]:
    record = alike.record
    told = {"key": record.key, "title": record.title, "year": record.year, "type": _type(record)}
    return {**told, "score": alike.score, "reasons": list(alike.reasons)}


def _offer_cells(each: OfferedTitle) -> tuple[str, ...]:
    title = each.title
    told = (title.reference, title.title, _year(title), ", ".join(title.countries), title.language or "")
    return (*told, _type(title), title.status or "", each.known or "")


def _offer(each: OfferedTitle) -> dict[str, Any]:
    title = each.title
    told = {name: getattr(title, name) for name in ("title", "year", "language", "status", "summary")}
    lists = {name: list(getattr(title, name)) for name in ("aliases", "genres", "countries")}
    return {
        "reference": title.reference,
        **told,
        **lists,
        "type": _type(title),
        "ids": attrs.asdict(title.ids),
        "known": each.known,
        "score": each.score,
        "reasons": list(each.reasons),
    }


def _year(record: Show | Movie | TitleMetadata) -> str:
    return str(record.year or "")


def _type(record: Show | Movie | TitleMetadata) -> str:
    film = isinstance(record, Movie) or (isinstance(record, TitleMetadata) and record.kind == "movie")
    return "movie" if film else str(getattr(record, "type", "standard"))

"""What the catalogue knows of shows: entering, correcting, searching and comparing them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

import typer
from rich.table import Table
from rich.text import Text

from medialib.errors import UsageError
from medialib.library import Work, kept_shows, near_titles
from medialib.model import ExternalIds, Show
from medialib.workflows.likeness import Alike
from medialib.workflows.similar import TitleType, recommend_shows, search_titles, similar_shows
from medialib_cli.feeds import feed
from medialib_cli.invocation import DryRun, Invocation, SavePlan, command
from medialib_cli.render import print_json, printable

__all__ = ["add", "fix", "recommend", "search", "shows", "similar"]

Title = Annotated[
    str,
    typer.Argument(metavar="TITLE", help='Its title; a year in parentheses tells it from others: "Nosferatu (2014)".'),
]
Known = Annotated[str, typer.Argument(metavar="TITLE", help="Title, alias or key of a show that the catalogue has.")]
TmdbId = Annotated[int | None, typer.Option("--tmdb-id", metavar="N", help="Its number at The Movie Database.")]
TvmazeId = Annotated[int | None, typer.Option("--tvmaze-id", metavar="N", help="Its number at TVmaze.")]
TvdbId = Annotated[int | None, typer.Option("--tvdb-id", metavar="N", help="Its number at TheTVDB.")]
AnidbId = Annotated[int | None, typer.Option("--anidb-id", metavar="N", help="Its number at AniDB.")]
ImdbId = Annotated[str | None, typer.Option("--imdb-id", metavar="tt…", help="Its identifier at IMDb.")]
OverrideFolder = Annotated[
    bool, typer.Option("--override-dir", help="Name its folder TITLE, not what the provider calls it.")
]
Order = Annotated[
    str, typer.Option("--order", metavar="ORDER", help="Number its episodes by another order of the provider's.")
]

Rows = Annotated[int, typer.Option("--rows", "-n", metavar="N", min=1, max=1000, help="Show at most so many.")]

shows = typer.Typer(no_args_is_help=True, help="Enter, correct, search and compare shows.")


@shows.command("add")
@command
def add(
    invocation: Invocation,
    title: Title,
    tmdb_id: TmdbId = None,
    tvmaze_id: TvmazeId = None,
    tvdb_id: TvdbId = None,
    imdb_id: ImdbId = None,
    anidb_id: AnidbId = None,
    override_dir: OverrideFolder = False,
    order: Order = "aired",
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> int:
    """Look a show up and enter it with its episodes; make its folder.

    Where several answer to the title you are asked; without a terminal they are listed with their numbers, and nothing
    is done.
    """
    ids = ExternalIds(tmdb=tmdb_id, tvdb=tvdb_id, tvmaze=tvmaze_id, imdb=imdb_id, anidb=anidb_id)
    return _perform("add", invocation, title, ids, override_dir, order, dry_run, save_plan)


@shows.command("fix")
@command
def fix(
    invocation: Invocation,
    title: Known,
    tmdb_id: TmdbId = None,
    tvmaze_id: TvmazeId = None,
    tvdb_id: TvdbId = None,
    imdb_id: ImdbId = None,
    anidb_id: AnidbId = None,
    override_dir: OverrideFolder = False,
    order: Order = "aired",
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> int:
    """Make another title of a show that was taken for the wrong one, and move its files to where they belong.

    Without a number you choose among what the provider offers; without a terminal that is listed, and nothing is done.
    """
    ids = ExternalIds(tmdb=tmdb_id, tvdb=tvdb_id, tvmaze=tvmaze_id, imdb=imdb_id, anidb=anidb_id)
    return _perform("fix", invocation, title, ids, override_dir, order, dry_run, save_plan)


@shows.command("search")
@command
def search(
    invocation: Invocation,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Title or alias, as far as you remember it.")],
    year: Annotated[int | None, typer.Option("--year", metavar="YEAR", help="Only those of this year.")] = None,
    kind: Annotated[
        TitleType | None, typer.Option("--type", help="Only shows that are numbered so, or only films.")
    ] = None,
    rows: Rows = 20,
) -> int:
    """Search the catalogue's shows and films by title and alias; what is misspelt is found too, with why."""
    if not query.strip():
        raise UsageError("there is nothing to search for", remedy="Give a title, or a part of it.")
    with invocation.library(read_only=True) as (library, _), near_titles(library) as titles:
        found = search_titles(query, titles, year=year, type=kind, count=rows)
    return _answer(invocation, {"query": query}, found, f"nothing in the catalogue is called like {query!r}")


@shows.command("similar")
@command
def similar(invocation: Invocation, title: Known, rows: Rows = 10) -> int:
    """Shows of the catalogue that are like one of them: by genres, title, year and language, each with its reasons.

    Titles are compared by their letters, unless similarity.embedder names a model that knows what they mean.
    """
    with invocation.library(read_only=True) as (library, _), near_titles(library) as titles:
        show, found = similar_shows(title, titles, count=rows)
    return _answer(invocation, {"show": show.key}, found, f"nothing in the catalogue is like {show.title!r}")


@shows.command("recommend")
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


shows.command("feed")(feed)


def _answer(invocation: Invocation, asked: dict[str, Any], found: Sequence[Alike], nothing: str) -> int:
    if invocation.as_json:
        print_json({**asked, "found": [_document(each) for each in found], "exit_code": 0})
    elif not found:
        invocation.output.print(printable(nothing), markup=False)
    else:
        table = Table("title", "year", "type", "score", "why", box=None, pad_edge=False)
        for each in found:
            record = each.record
            cells = (record.title, str(record.year or ""), _type(each), f"{each.score:.2f}", "; ".join(each.reasons))
            table.add_row(*(Text(printable(cell)) for cell in cells))
        invocation.output.print(table)
    return 0


def _document(alike: Alike) -> dict[str, Any]:
    record = alike.record
    told = {"key": record.key, "title": record.title, "year": record.year, "type": _type(alike)}
    return {**told, "score": alike.score, "reasons": list(alike.reasons)}


def _type(alike: Alike) -> str:
    return alike.record.type if isinstance(alike.record, Show) else "movie"


def _perform(
    what: Literal["add", "fix"],
    invocation: Invocation,
    title: str,
    ids: ExternalIds,
    override_dir: bool,
    order: str,
    dry_run: bool,
    save_plan: str | None,
) -> int:
    if not title.strip():
        raise UsageError("a show wants a title", remedy="With --override-dir it names the folder.")
    verb, applied = f"shows {what}", not dry_run and save_plan is None
    with invocation.library(read_only=dry_run) as (library, observer):
        plan = partial(
            library.plan_show,
            what,
            title,
            ids=None if ids == ExternalIds() else ids,
            override_folder=override_dir,
            order=order,
            ask=invocation.ask(),
        )
        if applied:
            work = library.plan_and_apply(verb, plan, observer=observer, cancelled=invocation.cancelled)
        else:
            work = Work((plan(),))
        invocation.finish(work, save_plan)
    return invocation.answer(verb, work, applied=applied)


@shows.callback()
def _shows() -> None:
    """Enter, correct, search and compare shows."""

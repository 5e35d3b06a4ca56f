"""What the catalogue knows of shows: entering and correcting it; searching stands in `finding_shows`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import typer

from medialib.errors import UsageError
from medialib.library import Work
from medialib.model import ExternalIds
from medialib_cli.feeds import feed
from medialib_cli.finding_shows import ProviderAsked, list_, recommend, search, similar
from medialib_cli.invocation import DryRun, Invocation, SavePlan, command

__all__ = ["add", "fix", "shows"]

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

shows = typer.Typer(no_args_is_help=True, help="Enter, correct, search and compare shows.")
shows.command("list")(list_)
shows.command("search", cls=ProviderAsked)(search)
shows.command("similar")(similar)
shows.command("recommend")(recommend)
shows.command("feed")(feed)


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

"""What the catalogue knows of shows: entering and correcting it; searching stands in `finding_shows`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

import typer

from medialib.errors import UsageError
from medialib.library import (
    Library,
    UpdateRules,
    Work,
    apply_updates,
    plan_alias_change,
    plan_removal,
    plan_updates,
    saved_updates,
)
from medialib.matching import TitleRules
from medialib.model import ExternalIds
from medialib.planning import Plan
from medialib.workflows.remove import FileFate
from medialib.workflows.shows import named_show
from medialib.workflows.update import Following
from medialib_cli.feeds import feed
from medialib_cli.finding_shows import ProviderAsked, list_, recommend, search, similar
from medialib_cli.invocation import DryRun, Invocation, SavePlan, command
from medialib_cli.render import print_json, printable
from medialib_cli.title_filters import title_filters

__all__ = ["add", "alias", "fix", "remove", "shows", "update"]

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
@title_filters
def fix(
    invocation: Invocation,
    rules: TitleRules,
    title: Annotated[
        str, typer.Argument(metavar="[TITLE]", help="Title, alias or key of a show that the catalogue has.")
    ] = "",
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

    Without a number you choose among what the provider offers, narrowed by the filters; without a terminal that is
    listed, and nothing is done. Without TITLE, the filters say which show of the catalogue is the wrong one.
    """
    ids = ExternalIds(tmdb=tmdb_id, tvdb=tvdb_id, tvmaze=tvmaze_id, imdb=imdb_id, anidb=anidb_id)
    if not title.strip() and not rules:
        raise UsageError("say which show to fix", remedy="Name it, or give filters that only it passes.")
    return _perform("fix", invocation, title, ids, override_dir, order, dry_run, save_plan, rules)


@shows.command("update")
@command
def update(
    invocation: Invocation,
    titles: Annotated[
        list[str] | None, typer.Argument(metavar="[SHOW]...", help="Title, alias or key; or give --all.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every show; what has not changed is skipped.")] = False,
    episodes: Annotated[bool, typer.Option("--episodes", help="Only episodes, not the shows' own records.")] = False,
    renumber: Annotated[
        bool, typer.Option("--renumber", help="Follow the provider where it numbers episodes otherwise now.")
    ] = False,
    rename: Annotated[
        bool, typer.Option("--rename", help="Follow it where title, year or type are others now; move the files.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "--plan", "-n", help="Print what would be done, and what is only proposed.")
    ] = False,
    save_plan: SavePlan = None,
) -> int:
    """Ask providers about shows again and take over what is new: episodes, titles, days, status, genres.

    What files stand by (numbers, the show's title) is never changed unasked: what a provider says otherwise of that is
    proposed. --renumber and --rename follow it, and so does a plan saved by --save-plan. One show that cannot be asked
    about does not stop the others; the exit code is then 3.
    """
    if bool(titles) == every:
        raise UsageError("say which shows to update", remedy="Name some, or give --all.")
    chosen: tuple[tuple[bool, Following], ...] = ((renumber, "renumber"), (rename, "rename"))
    follow = frozenset(step for wanted, step in chosen if wanted)
    rules = UpdateRules(shows=tuple(titles or ()), follow=follow, episodes_only=episodes)
    applied = not dry_run and save_plan is None
    with invocation.library(read_only=not applied) as (library, observer):
        if applied:
            work = apply_updates(library, rules, observer=observer, cancelled=invocation.cancelled)
        elif save_plan is not None:
            work = Work((saved_updates(library, rules, observer=observer),))
        else:
            plan, proposed = plan_updates(library, rules, observer=observer, cancelled=invocation.cancelled)
            work = Work((plan, proposed) if proposed else (plan,))
        invocation.finish(work, save_plan)
    return invocation.answer("shows update", work, applied=applied)


@shows.command("remove")
@command
def remove(
    invocation: Invocation,
    title: Known,
    files: Annotated[
        FileFate | None, typer.Option("--files", help="What becomes of its files: the recycle folder, or they stay.")
    ] = None,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> int:
    """Take a show and its episodes out of the catalogue; undo brings all of it back.

    A show that the library has files of is removed only with --files. What was fetched for it stays known: it does not
    come again.
    """
    return _change("shows remove", invocation, partial(plan_removal, show=title, files=files), dry_run, save_plan)


@shows.command("alias")
@command
def alias(
    invocation: Invocation,
    title: Known,
    action: Annotated[Literal["list", "add", "remove"], typer.Argument(help="What to do.")] = "list",
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Names, each as a whole.")] = None,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> int:
    """List the other names that a show's files go by, add one, or remove one: shows alias "Dark" add "Finsternis".

    A name that another show goes by is refused.
    """
    given = names or []
    if (action == "list") == bool(given):
        raise UsageError(f"alias {action} wants {'no name' if given else 'a name'}")
    if action == "list":
        return _list_aliases(invocation, title)
    added, gone = (given, ()) if action == "add" else ((), given)
    change = partial(plan_alias_change, show=title, add=added, remove=gone)
    return _change("shows alias", invocation, change, dry_run, save_plan)


def _list_aliases(invocation: Invocation, title: str) -> int:
    with invocation.library(read_only=True) as (library, _):
        show = named_show(title, {show.key: show for show in library.catalogue.shows.all()})
    if invocation.as_json:
        print_json({"key": show.key, "title": show.title, "aliases": list(show.aliases), "exit_code": 0})
    for name in () if invocation.as_json else show.aliases:
        invocation.output.print(printable(name), markup=False)
    return 0


def _change(
    verb: str, invocation: Invocation, plan: Callable[[Library], Plan], dry_run: bool, save_plan: str | None
) -> int:
    """Make a plan and apply it, or only show or save it."""
    applied = not dry_run and save_plan is None
    with invocation.library(read_only=not applied) as (library, observer):
        if applied:
            made = partial(plan, library)
            work = library.plan_and_apply(verb, made, observer=observer, cancelled=invocation.cancelled)
        else:
            work = Work((plan(library),))
        invocation.finish(work, save_plan)
    return invocation.answer(verb, work, applied=applied)


def _perform(
    what: Literal["add", "fix"],
    invocation: Invocation,
    title: str,
    ids: ExternalIds,
    override_dir: bool,
    order: str,
    dry_run: bool,
    save_plan: str | None,
    rules: TitleRules | None = None,
) -> int:
    if not title.strip() and (rules is None or override_dir):
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
            rules=rules,
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

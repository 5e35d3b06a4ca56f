"""What feeds of releases have that the library lacks."""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Any

import attrs
import typer

from medialib.errors import ConfigurationError, MedialibError, UsageError
from medialib.library import Library, read_feed
from medialib.planning import unstructure
from medialib.workflows.apply import say_failure
from medialib.workflows.feeds import FeedReport, News, remember_news
from medialib_cli.invocation import Invocation, command
from medialib_cli.render import counted, print_json, printable

__all__ = ["feed"]


@attrs.frozen
class _Looked:
    """What became of looking at one feed."""

    feed: str
    """Its name in the configuration, or its address as given."""
    report: FeedReport | None = None
    error: MedialibError | None = None


@command
def feed(
    invocation: Invocation,
    feeds: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|URL]...", help="Feeds by name or address; none: all that are configured."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Tell what was told before, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Do not remember what was told.")] = False,
) -> int:
    """Tell what feeds of releases have that the library lacks: unknown shows, new seasons, episodes, films.

    Each is told once, however many releases and feeds have it: run it by a timer. Nothing is fetched.
    """
    with invocation.library(read_only=dry_run) as (library, _):
        names = feeds or sorted(library.settings.feeds)
        if not names:
            raise UsageError("no feed is configured", remedy="Name one under [feeds.<name>], or give an address.")
        looked = [_look(library, name) for name in dict.fromkeys(names)]
        shown = _once(looked, again=again)
        if not dry_run:
            remember_news(library.catalogue, chain.from_iterable(shown.values()), library.clock.now())
    failed = sum(each.error is not None for each in looked)
    code = 0 if not failed else 1 if failed == len(looked) else 3
    _answer(invocation, looked, shown, code)
    return code


def _look(library: Library, name: str) -> _Looked:
    try:
        return _Looked(name, read_feed(library, name))
    except (ConfigurationError, UsageError):
        raise
    except MedialibError as error:
        return _Looked(name, error=error)


def _once(looked: list[_Looked], *, again: bool) -> dict[str, tuple[News, ...]]:
    """By feed what is to be told: what two feeds have is told of the first."""
    told: set[str] = set()
    shown: dict[str, tuple[News, ...]] = {}
    for each in looked:
        report = each.report
        news = () if report is None else report.news if again else report.untold
        fresh = tuple(item for item in news if item.identity not in told)
        told.update(item.identity for item in fresh)
        shown[each.feed] = fresh
    return shown


def _answer(invocation: Invocation, looked: list[_Looked], shown: dict[str, tuple[News, ...]], code: int) -> None:
    if invocation.as_json:
        print_json({"feeds": [_document(each, shown[each.feed]) for each in looked], "exit_code": code})
    for each in () if invocation.as_json else looked:
        if each.report is not None:
            for news in shown[each.feed]:
                _show(invocation, news)
            old = len(each.report.news) - len(each.report.untold)
            line = f"{each.report.title or _named(each.feed)}: {counted(each.report.entries, 'release')}"
            rest = f"{each.report.present} in the library, {old} told before, {len(each.report.unread)} unread"
            invocation.output.print(printable(f"{line}, {rest}"), markup=False, style="dim")
    for each in looked:
        if each.error is not None:
            invocation.messages.print(printable(f"medialib: {say_failure(each.error)}"), markup=False)


def _show(invocation: Invocation, news: News) -> None:
    year = "" if news.year is None else f" ({news.year})"
    what = f" {news.what}" if news.what else ""
    invocation.output.print(printable(f"{news.kind}: {news.title}{year}{what}"), markup=False)
    for line in (*news.reasons, *news.releases[:1]):
        invocation.output.print(printable(f"  {line}"), markup=False, style="dim")


def _document(looked: _Looked, shown: tuple[News, ...]) -> dict[str, Any]:
    if looked.report is None:
        return {"feed": _named(looked.feed), "error": None if looked.error is None else say_failure(looked.error)}
    report = looked.report
    return {
        "feed": _named(looked.feed),
        "title": report.title,
        "entries": report.entries,
        "present": report.present,
        "told_before": len(report.news) - len(report.untold),
        "news": [{**unstructure(each), "what": each.what} for each in shown],
        "unread": list(report.unread),
    }


def _named(feed: str) -> str:
    """A feed without what of its address may be a key."""
    scheme, separator, rest = feed.partition("://")
    return f"{scheme}://{rest.split('/')[0].rpartition('@')[2]}" if separator else feed

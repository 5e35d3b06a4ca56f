"""A tool that looks at feeds of releases."""

from __future__ import annotations

from typing import Final

import attrs

from medialib.library import read_feed
from medialib.service.desk import Desk
from medialib.service.tools import LIMIT, OFFSET, clipped, page, said, tool
from medialib.workflows.feeds import News

__all__ = ["NEWS_TOOLS", "look_at_feed"]

_UNREAD: Final = 20


@attrs.frozen
class FeedRequest:
    """Which feed to look at."""

    feed: str = attrs.field(
        metadata=said(
            "Name of a feed of the configuration, or the https address of one on the open internet. Addresses may hold "
            "the person's key: prefer names.",
            minLength=1,
            maxLength=2_000,
        )
    )
    told_too: bool = attrs.field(default=True, metadata=said("Also what medialib shows feed has told before."))
    offset: int = attrs.field(default=0, metadata=OFFSET)
    limit: int = attrs.field(default=50, metadata=LIMIT)


@attrs.frozen
class FeedAnswer:
    """What a feed has that the library lacks."""

    title: str
    """What the feed calls itself."""
    entries: int
    """How many entries it has."""
    present: int
    """How many are of what the library has."""
    total: int
    """How much of it is news."""
    news: tuple[News, ...] = ()
    """The news of this page; since says when it was told, if it was."""
    unread: tuple[str, ...] = ()
    """Titles that are no names of episodes or films, 20 at most."""
    next_offset: int | None = None
    """Where the next page begins; none at the end."""


@tool("Look at a feed of releases", outward=True)
def look_at_feed(desk: Desk, request: FeedRequest) -> FeedAnswer:
    """Read an RSS or Atom feed of releases, and tell what of it the library lacks.

    News is of a show that the catalogue does not know, a season or an episode that the library has no file of, or a
    film; unclear is a title that may be any of several. Other releases of the same are listed with it. Fetches nothing
    and remembers nothing.
    """
    with desk.library() as library:
        report = read_feed(library, request.feed, public_only=True)
    news = report.news if request.told_too else report.untold
    rows, further = page(news, request.offset, request.limit)
    unread = tuple(clipped(title, 200) for title in report.unread[:_UNREAD])
    return FeedAnswer(clipped(report.title, 200), report.entries, report.present, len(news), rows, unread, further)


NEWS_TOOLS: Final = (look_at_feed,)

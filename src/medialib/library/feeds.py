"""Feeds of releases, looked at with the library's eyes."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

import attrs

from medialib.errors import RequestRefused, UsageError
from medialib.feeds import LARGEST_FEED, Feed, parse_feed
from medialib.http import HttpClient, check_public_url
from medialib.library.record import Library
from medialib.workflows.feeds import FeedReport, Shelves, judge_feed, with_told

__all__ = ["read_feed"]

_WORD = re.compile(r"[^/?&=#;:@]{6,}")
"""What of a feed's address may be its reader's key."""


def read_feed(library: Library, feed: str, *, public_only: bool = False) -> FeedReport:
    """Ask for a feed, and tell what it has that the library lacks.

    `feed` is a name under ``feeds`` of the settings, or an address. Nothing is remembered: see
    `medialib.workflows.feeds.remember_news`. `public_only` lets an address pass only if it leads to the open internet
    by https, for addresses that somebody else gave; names of the settings always pass.

    No error tells more of an address than its host. Raises UsageError for what is neither name nor address, and what
    `medialib.http.HttpClient.get` raises.
    """
    configured = library.settings.feeds.get(feed)
    if configured is not None and configured.url is not None:
        return _judged(library, configured.url.reveal(), f"the feed {feed}")
    if "://" not in feed:
        known = ", ".join(sorted(library.settings.feeds)) or "none"
        raise UsageError(f"no feed is called {feed!r}; configured are {known}", remedy="Give an address, or a name.")
    if public_only:
        check_public_url(feed)
    return _judged(library, feed, None)


def _judged(library: Library, address: str, name: str | None) -> FeedReport:
    found = _fetched(library, address, name)
    return with_told(judge_feed(found, Shelves(library.catalogue)), library.catalogue)


def _fetched(library: Library, address: str, name: str | None) -> Feed:
    parts = _parts(address)
    if parts is None:
        raise UsageError(f"the address of {name or 'the feed'} is not one of http or https")
    called = name or f"the feed at {parts.hostname}"
    inner = f"{parts.path}?{parts.query}" if parts.query else parts.path
    words = {word for word in _WORD.findall(inner) if word not in parts.netloc}
    options = attrs.evolve(library.http, max_bytes=LARGEST_FEED)
    base = f"{parts.scheme}://{parts.netloc}"
    with HttpClient(base, name=called, options=options, secrets=words, reads=parse_feed) as client:
        found: Feed | None = client.get(inner, fresh=True)
    if found is None:
        raise RequestRefused(f"{called} is not there (status 404)", remedy="Check its address.", status=404)
    return found


def _parts(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None

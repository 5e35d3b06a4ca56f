"""Feeds of releases: RSS 2.0, RSS 1.0 and Atom, read into values. Pure: bytes in, a value out.

A feed is text by somebody else. Entities and external references are refused (they can make a small text endless, or
ask for other files), and so is what is too large or not whole: a feed that was cut has not fewer entries, it is none.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

import attrs

from medialib.errors import UnusableAnswer

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["LARGEST_FEED", "MOST_ENTRIES", "Feed", "FeedEntry", "parse_feed"]

LARGEST_FEED: Final = 8 * 2**20
"""Bytes that a feed may have."""
MOST_ENTRIES: Final = 5_000
"""Entries that a feed may have."""
_LONGEST: Final = 1_000
_ROOTS: Final = {"rss": "item", "RDF": "item", "feed": "entry"}


@attrs.frozen
class FeedEntry:
    """One entry of a feed."""

    title: str
    """Its title in one line, for a feed of releases the name of one."""
    published: str | None = None
    """When it was published, as the feed writes it."""


@attrs.frozen
class Feed:
    """A feed with its entries. Addresses in it are left out: they often hold their reader's key."""

    title: str
    """What it calls itself; may be empty."""
    entries: tuple[FeedEntry, ...]
    """In its own order; those without a title are left out."""


def parse_feed(document: bytes, name: str) -> Feed:
    """What a document says as a feed; `name` is how errors call it.

    Raises UnusableAnswer for one that is not whole, too large, no feed, or one that declares entities.

    >>> parse_feed(b"<rss><channel><title>T</title><item><title>A.S01E01</title></item></channel></rss>", "t").entries
    (FeedEntry(title='A.S01E01', published=None),)
    >>> parse_feed(b"<rss><channel>", "the feed")
    Traceback (most recent call last):
    medialib.errors.UnusableAnswer: the feed is no whole XML document...
    """
    # here, not above: every command would load what only this needs
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(document) > LARGEST_FEED:
        raise UnusableAnswer(f"{name} is larger than {LARGEST_FEED} bytes")
    remedy = "If it stays so, check the address: a web page may be there."
    try:
        root = fromstring(document)
    except DefusedXmlException:
        raise UnusableAnswer(f"{name} declares entities or asks for other files, and is not read") from None
    except (ParseError, ValueError, LookupError):  # LookupError: an encoding that nobody knows
        raise UnusableAnswer(f"{name} is no whole XML document", remedy=remedy) from None
    if _local(root) not in _ROOTS:
        raise UnusableAnswer(f"{name} is no RSS or Atom feed", remedy=remedy)
    kind = _ROOTS[_local(root)]
    nodes = [node for node in root.iter() if _local(node) == kind]
    if len(nodes) > MOST_ENTRIES:
        raise UnusableAnswer(f"{name} has more than {MOST_ENTRIES} entries")
    own = next((node for node in root.iter() if _local(node) == "channel"), root)
    return Feed(_text(own, "title"), tuple(entry for entry in map(_entry, nodes) if entry.title))


def _entry(node: Element) -> FeedEntry:
    return FeedEntry(_text(node, "title"), _text(node, "pubDate", "published", "updated", "date") or None)


def _local(node: Element) -> str:
    """The name of an element without its namespace."""
    return str(node.tag).rpartition("}")[2]


def _text(parent: Element, *names: str) -> str:
    """The text of the first child of one of these names, in one line."""
    for name in names:
        for child in parent:
            if _local(child) == name and (said := "".join(child.itertext()).strip()):
                # many feeds escape their titles twice
                return " ".join(html.unescape(said).split())[:_LONGEST]
    return ""

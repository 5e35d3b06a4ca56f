"""Feeds are read whole or not at all, whoever wrote them."""

from __future__ import annotations

from contextlib import suppress
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import UnusableAnswer
from medialib.feeds import LARGEST_FEED, MOST_ENTRIES, FeedEntry, parse_feed

RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Releases</title><link>https://x/?key=k</link>
<item><title>Show.S01E01
  .mkv</title><link>https://x/1?key=k</link><pubDate>Fri, 17 May 2024 12:00:00 GMT</pubDate></item>
<item><title><![CDATA[Law &amp; Order S01E02]]></title></item><item><title> </title></item><item/></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Releases</title>
<entry><title type="html">A <b>Show</b> - 03</title>
<updated>2024-05-17T12:00:00Z</updated><id>urn:1</id></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Releases</title></channel>
<item><title>Film 2010</title><dc:date>2024-05-17</dc:date></item></rdf:RDF>"""


def test_three_forms_are_read_and_addresses_left_out() -> None:
    assert parse_feed(RSS.encode(), "f").entries == (
        FeedEntry("Show.S01E01 .mkv", "Fri, 17 May 2024 12:00:00 GMT"),
        FeedEntry("Law & Order S01E02"),
    )
    assert parse_feed(ATOM.encode(), "f").entries == (FeedEntry("A Show - 03", "2024-05-17T12:00:00Z"),)
    assert parse_feed(RDF.encode(), "f").entries == (FeedEntry("Film 2010", "2024-05-17"),)
    assert {parse_feed(each.encode(), "f").title for each in (RSS, ATOM, RDF)} == {"Releases"}
    assert "key=k" not in repr(parse_feed(RSS.encode(), "f"))
    outside = '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">'
    assert parse_feed(RSS.replace("<rss", f"{outside}<rss").encode(), "f").title == "Releases"  # and nobody is asked
    assert parse_feed(RSS.encode("utf-16"), "f").entries[1].title == "Law & Order S01E02"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><rss><channel><title>&l11;</title></channel></rss>', "declares"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><rss><title>&e;</title></rss>', "declares"),
        (RSS[:-20], "is no whole XML document"),
        ("", "is no whole XML document"),
        ("<html><body>busy</body></html>", "is no RSS or Atom feed"),
        ('{"items": []}', "is no whole XML document"),
        ('<?xml version="1.0" encoding="nonsense"?><rss/>', "is no whole XML document"),
        ("<rss>" + "<item/>" * (MOST_ENTRIES + 1) + "</rss>", "has more than 5000 entries"),
        ("<rss/>" + " " * LARGEST_FEED, "is larger than"),
    ],
    ids=range(9),
)
def test_what_is_hostile_cut_or_no_feed_is_an_error(document: str, said: str) -> None:
    with pytest.raises(UnusableAnswer, match=said):
        parse_feed(document.encode(), "the feed")


LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), max_size=60)


@given(st.lists(LETTERS, max_size=5))
def test_every_title_comes_back_in_one_line(titles: list[str]) -> None:
    items = "".join(f"<item><title>{escape(title)}</title></item>" for title in titles)
    found = parse_feed(f"<rss><channel>{items}</channel></rss>".encode(), "f")
    assert all("\n" not in entry.title for entry in found.entries)
    plain = [" ".join(title.split()) for title in titles if title.strip() and "&" not in title]
    assert [entry.title for entry in found.entries if entry.title in plain] == plain


@given(st.binary(max_size=300), st.integers(0, len(RSS)))
def test_nothing_but_a_clear_error_comes_of_any_bytes(noise: bytes, at: int) -> None:
    for document in (noise, RSS.encode()[:at] + noise, RSS.encode()[:at]):
        with suppress(UnusableAnswer):
            parse_feed(document, "the feed")

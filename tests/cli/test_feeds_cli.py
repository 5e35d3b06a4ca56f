"""`medialib shows feed` by name and by address, by a timer, and when a feed is down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest

from medialib.testing.web_server import Answer, Cut, Refuse, Request, WebServer

if TYPE_CHECKING:
    from .conftest import Home

KEY = "p4ssK3y0fM1ne"


class FeedServer(WebServer):
    """A tracker's feed, which wants its reader's key and writes it into every link."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: list[str] = []

    def answer(self, request: Request) -> Answer:
        if request.query.get("passkey") != KEY or request.path != "/rss/releases":
            return Answer({"message": f"no feed for {request.path} {dict(request.query)}"}, 404)
        link = f"<link>{self.url}/get?passkey={KEY}</link>"
        items = "".join(f"<item><title>{escape(title)}</title>{link}</item>" for title in self.titles)
        text = f"<rss><channel><title>Tracker</title>{link}{items}</channel></rss>"
        return Answer(text.encode(), headers={"Content-Type": "application/rss+xml"})


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as made:
        made.titles = ["Show.Name.S01E01.1080p.WEB-GRP", "Other.Name.S02E01.1080p.WEB-GRP", "Rules"]
        yield made


def configured(home: Home, server: FeedServer) -> None:
    address = f"{server.url}/rss/releases?passkey={KEY}"
    home.configure(
        library=f'[feeds.tracker]\nurl = "{address}"\n[metadata]\nprovider = "none"\npatience = "0s"\ntimeout = "2s"'
    )


def told(answer: Any) -> list[tuple[str, str]]:
    return [(news["kind"], news["title"]) for feed in answer.document["feeds"] for news in feed.get("news", ())]


def test_each_piece_of_news_is_told_once(home: Home, server: FeedServer) -> None:
    configured(home, server)
    looked = home.medialib("--json", "shows", "feed", "-n")
    both = [("new show", "Show Name"), ("new show", "Other Name")]
    assert told(looked) == both
    assert not (home.folder / "catalogue.db").exists()
    assert told(home.medialib("--json", "shows", "feed")) == both
    again = home.medialib("--json", "shows", "feed", "tracker")
    assert told(again) == []
    (document,) = again.document["feeds"]
    assert (document["told_before"], document["unread"], document["title"]) == (2, ["Rules"], "Tracker")
    assert told(home.medialib("--json", "shows", "feed", "--again")) == both
    home.put("Show.Name.S01E01.mkv", where="incoming")
    assert home.medialib("route").code == 0
    server.titles += ["Show.Name.S01E01.720p.WEB-X", "Show.Name.S01E02.720p.WEB-X"]
    drawn = home.medialib("shows", "feed")
    assert "new episode: Show Name S01E02" in drawn.out
    assert "Tracker: 5 releases, 2 in the library, 1 told before, 1 unread" in drawn.out


def test_what_is_down_is_said_and_the_rest_is_told(home: Home, server: FeedServer) -> None:
    configured(home, server)
    missing = f"{server.url}/rss/nothing?passkey={KEY}"
    answer = home.medialib("--json", "shows", "feed", missing, "tracker")
    assert answer.code == 3
    assert len(told(answer)) == 2
    assert "is not there (status 404)" in answer.err
    server.fail(Refuse(503), Cut(40))
    for said in ("the feed tracker cannot answer now (status 503)", "the answer of the feed tracker was cut"):
        down = home.medialib("--json", "shows", "feed")
        assert down.code == 1
        assert said in down.err
        assert told(down) == []
        assert said in down.document["feeds"][0]["error"]
    for wrong in (["nobody"], ["ftp://127.0.0.1/x"], ["https://[::1"]):
        assert home.medialib("shows", "feed", *wrong).code == 2
    home.configure()
    assert "[feeds.<name>]" in home.medialib("shows", "feed").err


def test_the_key_in_an_address_is_never_shown_nor_kept(home: Home, server: FeedServer) -> None:
    configured(home, server)
    log = home.folder / "log.txt"
    said = []
    for arguments in (
        ("shows", "feed"),
        ("shows", "feed", f"{server.url}/rss/other?passkey={KEY}"),
        ("--json", "shows", "feed", "--again", f"{server.url}/rss/releases?passkey={KEY}"),
        ("config", "show"),
    ):
        answer = home.medialib("-vv", "--log-file", str(log), *arguments)
        said.append(answer.out + answer.err)
    server.fail(Refuse(400, body={"message": f"bad {KEY}"}))
    refused = home.medialib("--json", "shows", "feed")
    assert "bad ••••" in refused.err
    assert KEY not in "".join((*said, refused.out, refused.err, log.read_text()))
    for file in home.folder.parent.rglob("*"):
        if file.is_file() and file.name != "medialib.toml":
            assert KEY.encode() not in file.read_bytes(), file
    assert json.loads(home.medialib("--json", "config", "show").out)["feeds"] == {"tracker": {"url": "••••"}}


def test_a_feed_wants_an_address(home: Home) -> None:
    home.configure(library="[feeds.tracker]")
    answer = home.medialib("config", "validate")
    assert answer.code == 2
    assert "feeds.tracker.url: is not given" in answer.err

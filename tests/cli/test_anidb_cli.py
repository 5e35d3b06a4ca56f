"""AniDB through the command line: shows by its titles, files by their content, and nothing more once it has banned."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
import pytest

from medialib.testing.anidb_server import ANIDB_CLIENT, ANIDB_CLIENT_VERSION, AnidbServer, anidb_world
from medialib.testing.anidb_udp_server import ANIDB_PASSWORD, ANIDB_USER, AnidbUdpServer, KnownRelease
from medialib.testing.metadata_world import invented_world
from medialib.workflows.ed2k import Ed2k

if TYPE_CHECKING:
    from .conftest import Home

CONTENT = b"a part of the song of the pirates " * 50
PASSWORD = ANIDB_PASSWORD.replace("<br />", " ")


@attrs.frozen
class Anidb:
    """Both faces of one AniDB."""

    web: AnidbServer
    udp: AnidbUdpServer


@pytest.fixture
def anidb() -> Iterator[Anidb]:
    hashing = Ed2k()
    hashing.update(CONTENT)
    told = {
        "aid": 7301,
        "crc32": f"{zlib.crc32(CONTENT):08x}",
        "romaji name": "Kaizoku no Uta",
        "epno": "14",
        "state": 1,
    }
    with AnidbServer(anidb_world(invented_world())) as web, AnidbUdpServer() as udp:
        udp.files = [KnownRelease(5001, len(CONTENT), hashing.values()[0], told)]
        udp.password = PASSWORD
        yield Anidb(web, udp)


@pytest.fixture
def asking(home: Home, anidb: Anidb) -> Home:
    home.configure(
        library=f"""
[metadata]
provider = "anidb"
patience = "5s"
timeout = "2s"
[anidb]
client = "{ANIDB_CLIENT}"
client_version = {ANIDB_CLIENT_VERSION}
username = "{ANIDB_USER}"
password = "{PASSWORD}"
url = "{anidb.web.api}"
titles_url = "{anidb.web.titles}"
udp_host = "127.0.0.1"
udp_port = {anidb.udp.port}
local_port = 0
"""
    )
    (home.folder / "medialib.toml").chmod(0o600)
    return home


def test_a_show_is_added_by_its_title_or_its_number(asking: Home, anidb: Anidb) -> None:
    added = asking.medialib("shows", "add", "Song of the Pirates")
    assert added.code == 0, added.out + added.err
    again = asking.medialib("shows", "add", "Whatever", "--anidb-id", "7301")
    assert "already exists" in again.out
    assert asking.rows("SELECT title, anidb, source, type FROM shows") == [("Kaizoku no Uta", 7301, "anidb", "anime")]
    assert asking.rows("SELECT absolute FROM episodes WHERE season = 1 AND number = 14") == [(14,)]
    assert anidb.web.asked("titles") == 1
    assert anidb.web.asked("httpapi") == 1


def test_files_are_known_by_their_content_and_verified_by_it(asking: Home, anidb: Anidb) -> None:
    assert asking.medialib("shows", "add", "Kaizoku no Uta").code == 0
    asking.put("nothing to read here/k.mkv", CONTENT, where="incoming")
    # a dry run asks nobody: it could not be counted
    dry = asking.medialib("route", "--identify-by-hash", "--dry-run")
    assert "dry run sends nothing" in dry.out + dry.err
    assert anidb.udp.asked() == []
    done = asking.medialib("-v", "route", "--identify-by-hash")
    assert done.code == 0, done.out + done.err
    assert list(asking.files("anime")) == ["anime/Kaizoku no Uta (2012)/Season 01/k.mkv"]
    assert [each.command for each in anidb.udp.asked()] == ["AUTH", "FILE", "LOGOUT"]
    assert PASSWORD not in done.out + done.err
    verified = asking.medialib("library", "verify", "--all", "--anidb", "--json")
    assert verified.code == 0
    (file,) = verified.document["files"]
    assert file["state"] == "whole"
    assert "Kaizoku no Uta episode 14 [anidb:7301]" in file["hops"][0]["source"]
    assert len(anidb.udp.asked("FILE")) == 1  # that answer was kept


def test_after_a_ban_nothing_is_sent_and_files_go_by_their_names(asking: Home, anidb: Anidb) -> None:
    anidb.udp.banned = True
    asking.put("[G] Yoru no Machi - 03.mkv", b"three", where="incoming")
    banned = asking.medialib("route", "--identify-by-hash")
    assert banned.code == 3  # by its name, as before: no episode of it is known
    assert "has banned this address" in banned.out + banned.err
    sent = len(anidb.udp.asked())
    refused = asking.medialib("shows", "add", "Yoru no Machi")
    assert refused.code == 1
    assert "nothing is sent to it until" in refused.err
    assert "delete" in refused.err
    assert asking.medialib("route", "--identify-by-hash").code == 3
    assert (len(anidb.udp.asked()), anidb.web.asked()) == (sent, 0)


def test_without_an_account_it_says_which_settings_are_wanted(home: Home) -> None:
    home.put("[G] Yoru no Machi - 03.mkv", b"three", where="incoming")
    refused = home.medialib("route", "--identify-by-hash")
    assert refused.code == 2
    assert "anidb.client" in refused.err
    assert "anidb.password" in refused.err
    home.configure(library="[routing]\nidentify_by_hash = true\n")
    refused = home.medialib("route")
    assert refused.code == 2
    assert "anidb.username: is wanted, since routing.identify_by_hash is true" in refused.err

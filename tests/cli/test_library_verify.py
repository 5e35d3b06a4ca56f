"""medialib library verify, as a user runs it, against a real SSH server."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

CONTENT = b"an episode " * 1000
CRC = f"{zlib.crc32(CONTENT):08X}"


@pytest.fixture
def stocked(home: Home) -> Home:
    home.put(f"[Group] Show Name - S01E02 [{CRC}].mkv", CONTENT)
    home.put("Other.Show.S01E01.1080p-GRP.mkv", b"other")
    assert home.medialib("sync").code == 0
    return home


def test_a_whole_library_is_whole_and_nothing_is_changed_by_looking(stocked: Home) -> None:
    before, tables = stocked.digest(), ("inventory", "known_files", "journal_lines", "shows", "sightings")
    rows = [stocked.rows(f"SELECT * FROM {table}") for table in tables]
    answer = stocked.medialib("library", "verify", "--all")
    assert (answer.code, answer.out.strip()) == (0, "2 files: 2 whole")
    after = stocked.digest()
    assert {path: after[path] for path in after if "catalogue" not in path} == {
        path: before[path] for path in before if "catalogue" not in path
    }
    # but for a note of when it was
    assert [stocked.rows(f"SELECT * FROM {table}") for table in tables] == rows


def test_one_flipped_bit_is_found_and_its_hop_is_named(stocked: Home) -> None:
    (file,) = (stocked.folder / "tv/Other Show/Season 01").glob("*.mkv")
    stat = file.stat()
    file.write_bytes(b"othes")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    answer = stocked.medialib("library", "verify", str(file))
    assert answer.code == 3
    assert "corrupt tv:Other Show/Season 01" in answer.out
    assert "broken at now: library has SHA-256" in answer.out
    document = stocked.medialib("library", "verify", "--all", "--json").document
    assert document["counts"] == {"whole": 1, "corrupt": 1}
    assert document["exit_code"] == 3
    assert [hop["hop"] for hop in document["files"][0]["hops"]] == ["received", "library", "now"]
    assert stocked.medialib("library", "verify", "tv:Show Name").code == 0


def test_a_crc_in_the_name_that_is_not_the_contents_is_corrupt_with_both_values(home: Home) -> None:
    home.put("[Group] Show Name - S01E02 [ABCD1234].mkv", CONTENT)
    assert home.medialib("sync").code == 0
    answer = home.medialib("library", "verify", "--all")
    assert answer.code == 3
    assert "corrupt" in answer.out
    assert "CRC32 abcd1234" in answer.out
    assert f"CRC32 {CRC.lower()}" in answer.out


def test_the_remote_is_asked_if_that_is_allowed(stocked: Home) -> None:
    answer = stocked.medialib("library", "verify", "--all", "--remote")
    assert answer.code == 0
    assert "hash_commands" in answer.out
    stocked.configure(remote="hash_commands = true")
    document = stocked.medialib("library", "verify", "--all", "--remote", "--json").document
    assert [file["hops"][0]["hop"] for file in document["files"]] == ["remote", "named"]
    assert document["counts"] == {"whole": 2}
    answer = stocked.medialib("library", "verify", "--all", "--remote", "-v")
    assert "remote: SHA-256" in answer.out


def test_files_are_proven_as_far_as_configured(home: Home) -> None:
    home.configure(remote="hash_commands = true", download='verify = "remote"')
    home.put("Show.S01E01.mkv", CONTENT)
    assert home.medialib("download").code == 0
    document = home.medialib("library", "verify", "--all", "--json").document
    assert [hop["hop"] for hop in document["files"][0]["hops"]] == ["remote", "received", "written", "now"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say what to verify"),
        (("tv:", "--all"), "say what to verify"),
        (("/etc/passwd",), "neither in the library nor in the incoming folder"),
        (("tv:Absent",), "nothing stands there"),
    ],
)
def test_what_cannot_be_meant(home: Home, arguments: tuple[str, ...], said: str) -> None:
    answer = home.medialib("library", "verify", *arguments)
    assert answer.code == 2
    assert said in answer.err

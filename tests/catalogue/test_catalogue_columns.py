from __future__ import annotations

from pathlib import PurePath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from medialib.catalogue.columns import escape, unescape
from medialib.catalogue.mounts import network_file_system
from medialib.testing.strategies import texts


@given(texts())
@example("\ue000\u3400")
@example("\x01\x01")
def test_escaping_loses_nothing_and_leaves_what_every_database_takes(text: str) -> None:
    coded = escape(text)
    assert unescape(coded) == text
    assert "\x00" not in coded
    coded.encode("utf-8")


@given(texts(), texts())
@example("\ud800", "\ue000")
@example("\x00b", "\x01")
@example("\ud7ff", "\ud800")
@example("\udfff", "\ue001")
def test_escaping_keeps_order(one: str, other: str) -> None:
    """Byte for byte, which is how SQLite's BINARY and PostgreSQL's C collation compare."""
    assert (escape(one).encode() < escape(other).encode()) is (one < other)


@given(texts(), texts())
def test_escaping_keeps_prefixes(one: str, other: str) -> None:
    assert escape(one + other) == escape(one) + escape(other)
    assert escape(other).startswith(escape(one)) is other.startswith(one)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ue000")))
def test_ordinary_text_is_stored_as_it_is(text: str) -> None:
    assert escape(text) == text == unescape(text)


LINE = "36 35 0:33 / {point} rw,relatime shared:1 master:2 - {kind} {kind}-source rw"


@pytest.mark.parametrize(
    ("kind", "network"),
    [
        ("ext4", False),
        ("btrfs", False),
        ("overlay", False),
        ("fuse.mergerfs", False),
        ("fuseblk", False),
        ("nfs", True),
        ("nfs4", True),
        ("cifs", True),
        ("smb3", True),
        ("9p", True),
        ("fuse.sshfs", True),
        ("fuse.rclone", True),
        ("davfs", True),
    ],
)
def test_kinds_of_file_systems(kind: str, network: bool) -> None:
    table = f"{LINE.format(point='/', kind='ext4')}\n{LINE.format(point='/data', kind=kind)}\n"
    assert network_file_system(PurePath("/data/deep/er"), table) == (kind if network else None)
    assert network_file_system(PurePath("/data"), table) == (kind if network else None)
    assert network_file_system(PurePath("/database"), table) is None


def test_the_deepest_and_last_mount_counts() -> None:
    lines = [
        ("/", "ext4"),
        ("/data", "nfs"),
        ("/data/local", "ext4"),
        ("/data/local", "cifs"),
        ("/b\\040c\\134", "nfs"),
    ]
    table = "\n".join(LINE.format(point=point, kind=kind) for point, kind in lines)
    assert network_file_system(PurePath("/data/x"), table) == "nfs"
    assert network_file_system(PurePath("/data/local/x"), table) == "cifs"
    assert network_file_system(PurePath("/b c\\/x"), table) == "nfs"
    assert network_file_system(PurePath("/data"), "") is None
    assert network_file_system(PurePath("/data"), "a line that is none\n") is None

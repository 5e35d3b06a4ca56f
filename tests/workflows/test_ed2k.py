"""The ed2k hash, against what AniDB's wiki publishes for files of zeros, and against its definition."""

from __future__ import annotations

import attrs
import pytest
from Crypto.Hash import MD4
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.integrity import HashChain, HopFacts, first_broken
from medialib.model import Digest, Place
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.ed2k import CHUNK, Ed2k
from medialib.workflows.hashing import Digester
from medialib.workflows.verify import FileState, verify


def of(*pieces: bytes) -> tuple[str, ...]:
    hashing = Ed2k()
    for piece in pieces:
        hashing.update(piece)
    return hashing.values()


@pytest.mark.parametrize(
    ("size", "values"),
    [
        (0, ("31d6cfe0d16ae931b73c59d7e0c089c0",)),
        (CHUNK - 1, ("ac44b93fc9aff773ab0005c911f8396f",)),
        (CHUNK, ("fc21d9af828f92a8df64beac3357425d", "d7def262a127cd79096a108e7a9fc138")),
        (CHUNK + 1, ("06329e9dba1373512c06386fe29e3c65",)),
        (2 * CHUNK - 1, ("a4aed104a077de7e4210e7f5b131fe25",)),
        (2 * CHUNK, ("114b21c63a74b6ca922291a11177dd5c", "194ee9e4fa79b2ee9f8829284c466051")),
        (2 * CHUNK + 1, ("e57f824d28f69fe90864e17673668457",)),
    ],
)
def test_files_of_zeros_have_the_published_hashes_both_where_there_are_two(size: int, values: tuple[str, ...]) -> None:
    assert of(bytes(size)) == values


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3_000_000), max_size=5))
def test_it_does_not_matter_how_the_bytes_come(lengths: list[int]) -> None:
    whole = bytes(range(256)) * 58_594
    pieces, at = [], 0
    for length in lengths:
        pieces.append(whole[at : at + length])
        at += length
    pieces.append(whole[at:])
    chunks = [MD4.new(whole[start : start + CHUNK]).digest() for start in range(0, len(whole), CHUNK)]
    assert of(*pieces) == (MD4.new(b"".join(chunks)).hexdigest(),)


def test_it_comes_in_the_same_pass_as_other_digests() -> None:
    digester = Digester(["ed2k", "crc32"])
    digester.update(bytes(CHUNK))
    red, blue, crc32 = digester.content().digests
    assert (red.algorithm, blue.algorithm, crc32.algorithm) == ("ed2k", "ed2k", "crc32")
    assert digester.content().value("ed2k") == red.value


def test_either_form_proves_the_bytes_and_a_third_does_not() -> None:
    red, blue, other = (Digest("ed2k", letter * 32) for letter in "abc")
    now = HopFacts("now", (red, blue))
    for known in (red, blue):
        assert first_broken(HashChain((HopFacts("library", (known,)), now))) is None
    broken = first_broken(HashChain((HopFacts("library", (other,)), now)))
    assert broken is not None
    assert broken.hop == "now"


def verified(world: MemoryWorld) -> list[FileState]:
    return [each.state for each in verify([Place("tv", "")], {"tv": world.tv}, world.catalogue)]


@pytest.mark.parametrize(("content", "state"), [(b"as it was", "whole"), (b"as it is!", "corrupt")])
def test_an_ed2k_hash_in_the_name_or_the_inventory_is_verified(content: bytes, state: FileState) -> None:
    (value,) = of(b"as it was")
    world = MemoryWorld()
    place = Place("tv", f"Show/Show - 01 [ed2k-{value.upper()}].mkv")
    world.tv.put(place.path, content)
    assert verified(world) == [state]

    world = MemoryWorld()
    world.remote.put("Show.S01E01.mkv", b"as it was", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    (row,) = world.catalogue.inventory.all("tv")
    holding = attrs.evolve(row.holding, sha256=None, details={**row.holding.details, "ed2k": value})
    with world.catalogue.transaction():
        world.catalogue.inventory.put([attrs.evolve(row, holding=holding)])
    world.tv.files[row.place.path].content = content
    assert verified(world) == [state]

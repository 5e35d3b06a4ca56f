"""Where a file's bytes first stopped being the same is found from what is known of them, gaps and all."""

from __future__ import annotations

import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.integrity import HOPS, HashChain, Hop, HopFacts, first_broken
from medialib.model import Digest, DigestAlgorithm

ALGORITHMS: tuple[DigestAlgorithm, ...] = ("crc32", "md5", "sha1", "sha256")


def digest(algorithm: DigestAlgorithm, content: bytes) -> Digest:
    if algorithm == "crc32":
        return Digest("crc32", f"{zlib.crc32(content):08x}")
    return Digest(algorithm, hashlib.new(algorithm, content).hexdigest())


def facts(hop: Hop, content: bytes, algorithms: tuple[DigestAlgorithm, ...], sized: bool) -> HopFacts:
    return HopFacts(hop, tuple(digest(each, content) for each in algorithms), len(content) if sized else None)


contents = st.sampled_from([b"as it was sent", b"one bit later!", b"shorter"])
some_algorithms = st.lists(st.sampled_from(ALGORITHMS), unique=True).map(tuple)


@st.composite
def chains(draw: st.DrawFn) -> tuple[HashChain, list[bytes]]:
    hops = draw(st.lists(st.sampled_from(HOPS), unique=True).map(lambda found: sorted(found, key=HOPS.index)))
    held = [draw(contents) for _ in hops]
    known = [
        facts(hop, content, draw(some_algorithms), draw(st.booleans())) for hop, content in zip(hops, held, strict=True)
    ]
    return HashChain(tuple(known)), held


@given(chains())
def test_what_is_called_broken_is_broken(given_chain: tuple[HashChain, list[bytes]]) -> None:
    """The hop that is named has other bytes than a hop before it, and never is a whole chain called broken."""
    chain, held = given_chain
    broken = first_broken(chain)
    if broken is None:
        return
    at = [known.hop for known in chain.hops].index(broken.hop)
    before, after = chain.hops.index(broken.before), chain.hops.index(broken.after)
    assert before < at <= after
    assert held[before] != held[at] == held[after]
    assert broken.before.hop in broken.evidence
    assert broken.after.hop in broken.evidence


@given(st.lists(contents, min_size=1, max_size=len(HOPS)))
def test_where_all_is_known_it_is_the_very_first_change(held: list[bytes]) -> None:
    """With a strong hash at every hop, the first hop that differs from the one before it is the one that is named."""
    chain = HashChain(tuple(facts(hop, content, ("sha256",), False) for hop, content in zip(HOPS, held, strict=False)))
    changes = [index for index in range(1, len(held)) if held[index] != held[index - 1]]
    broken = first_broken(chain)
    assert (broken is None) == (not changes)
    if broken is not None:
        assert broken.hop == HOPS[changes[0]]


@given(chains())
def test_two_hops_that_contradict_each_other_are_never_passed_over(given_chain: tuple[HashChain, list[bytes]]) -> None:
    """If any algorithm was asked at two hops that hold different bytes, something is broken."""
    chain, held = given_chain
    contradicted = any(
        held[one] != held[other]
        and {each.algorithm for each in chain.hops[one].digests}
        & {each.algorithm for each in chain.hops[other].digests}
        for one in range(len(held))
        for other in range(one)
    )
    if contradicted:
        assert first_broken(chain) is not None


def test_a_crc_never_proves_that_two_hops_are_the_same() -> None:
    """A name's CRC32 against today's: without a strong hash in between, the break is not put further forward."""
    named, library = facts("named", b"sent", ("crc32",), False), HopFacts("library", (), 4)
    chain = HashChain((named, library, facts("now", b"rots", ("crc32", "sha256"), True)))
    broken = first_broken(chain)
    assert broken is not None
    assert (broken.hop, broken.before) == ("now", named)


def test_sizes_contradict_too_and_a_chain_tells_whether_anything_was_compared() -> None:
    chain = HashChain((HopFacts("library", (), 3), HopFacts("now", (), 4)))
    broken = first_broken(chain)
    assert broken is not None
    assert broken.evidence == "library has 3 bytes, now has 4"
    assert not chain.proven
    assert HashChain((facts("received", b"a", ("md5",), False), facts("now", b"a", ("md5",), False))).proven
    assert not HashChain((facts("received", b"a", ("sha1",), False), facts("now", b"a", ("md5",), False))).proven


def test_hops_say_what_they_know() -> None:
    assert str(HopFacts("now")) == "now: nothing"
    assert str(HopFacts("now", (), 0, "listed now")) == "now: 0 bytes (listed now)"
    assert str(HopFacts("named", (Digest("crc32", "abcd1234"),))) == "named: CRC32 abcd1234"


def test_hops_stand_in_order() -> None:
    with pytest.raises(ValueError, match="from the remote to now"):
        HashChain((HopFacts("now"), HopFacts("remote")))

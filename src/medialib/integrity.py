"""A file's bytes from the remote to the library, hop by hop, and where they first stopped being the same.

A *hop* is a moment at which somebody knew something of the bytes: their size, their hash under some algorithm. Nothing
is read here; what is known is given, and may have gaps.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, TypeAlias, get_args

import attrs

from medialib.model import Digest

__all__ = ["HOPS", "Broken", "HashChain", "Hop", "HopFacts", "first_broken", "same_bytes"]

Hop: TypeAlias = Literal["named", "remote", "received", "written", "library", "now"]
"""``named``: what the release name or a manifest claims. ``remote``: what the server says of its own copy.
``received``: what came over the line. ``written``: what was read again from the disk. ``library``: what the inventory
holds. ``now``: what stands there today."""

HOPS: tuple[Hop, ...] = get_args(Hop)
"""All hops, in the order of a file's way."""

_PROOFS = frozenset(("ed2k", "md5", "sha1", "sha256"))
"""Equal values of these mean equal bytes where chance is the only enemy; equal CRC32s mean little, unequal ones all."""


@attrs.frozen
class HopFacts:
    """What was known of the bytes at one hop."""

    hop: Hop
    """Which."""
    digests: tuple[Digest, ...] = ()
    """What the bytes came to, one for each algorithm that was asked; an ed2k hash may have two forms."""
    size: int | None = None
    """Bytes; None where that was not said."""
    source: str = ""
    """Who says so, for a reader."""

    def __str__(self) -> str:
        said = ", ".join(str(digest) for digest in self.digests) or (
            "nothing" if self.size is None else f"{self.size} bytes"
        )
        return f"{self.hop}: {said}" + (f" ({self.source})" if self.source else "")


@attrs.frozen
class HashChain:
    """What is known of one file's bytes, in the order of `HOPS`; hops of which nothing is known are left out.

    Raises ValueError if the hops are out of order.
    """

    hops: tuple[HopFacts, ...] = ()
    """What is known."""

    def __attrs_post_init__(self) -> None:
        if any(HOPS.index(first.hop) > HOPS.index(second.hop) for first, second in pairwise(self.hops)):
            raise ValueError("the hops of a chain go from the remote to now")

    def at(self, hop: Hop) -> tuple[HopFacts, ...]:
        """What is known at one hop; a name and a manifest may both claim something."""
        return tuple(facts for facts in self.hops if facts.hop == hop)

    @property
    def proven(self) -> bool:
        """Whether what stands there now was compared with anything at all."""
        now = {digest.algorithm for facts in self.at("now") for digest in facts.digests}
        return any(digest.algorithm in now for facts in self.hops if facts.hop != "now" for digest in facts.digests)


@attrs.frozen
class Broken:
    """Where the bytes stopped being the same."""

    hop: Hop
    """The first hop that has other bytes than one before it."""
    before: HopFacts
    """What the bytes were until then."""
    after: HopFacts
    """What they are at a later hop, which has the same bytes as `hop`."""
    evidence: str
    """Both values, for a reader."""


def first_broken(chain: HashChain) -> Broken | None:
    """The first hop that has other bytes than a hop before it, as far as is known; None if nothing contradicts.

    Two hops contradict each other if they have different sizes, or different values under one algorithm. A value that
    is known of a later hop alone holds for every earlier hop that is proven to have the same bytes, so that the break
    is put as far forward as it can be shown to be.

    >>> md5, other = Digest("md5", "a" * 32), Digest("md5", "b" * 32)
    >>> chain = HashChain((HopFacts("received", (md5,)), HopFacts("library", (md5,)), HopFacts("now", (other,))))
    >>> first_broken(chain).hop, first_broken(chain).evidence
    ('now', 'library has MD5 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, now has MD5 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb')

    A file that came broken, and has been kept as it came ever since:

    >>> named = HopFacts("named", (Digest("crc32", "00000001"),))
    >>> now = HopFacts("now", (md5, Digest("crc32", "00000002")))
    >>> first_broken(HashChain((named, HopFacts("received", (md5,)), now))).hop
    'received'
    """
    found: list[tuple[int, Broken]] = []
    for later, after in enumerate(chain.hops):
        for earlier in range(later):
            before = chain.hops[earlier]
            said = _contradiction(before, after)
            if said is None:
                continue
            first = next(
                middle
                for middle in range(earlier + 1, later + 1)
                if middle == later or _proven_same(chain.hops[middle], after)
            )
            found.append((first, Broken(chain.hops[first].hop, before, after, said)))
    # of several contradictions at one hop, the one against the nearest hop before it says most
    return None if not found else min(found, key=lambda each: (each[0], -chain.hops.index(each[1].before)))[1]


def same_bytes(one: HopFacts, other: HopFacts) -> bool | None:
    """Whether the bytes are the same at two moments; None if what is known does not tell.

    >>> md5, other = Digest("md5", "a" * 32), Digest("md5", "b" * 32)
    >>> now = HopFacts("now", (md5,), 7)
    >>> same_bytes(HopFacts("named", (md5,)), now), same_bytes(HopFacts("named", (other,)), now)
    (True, False)
    >>> same_bytes(HopFacts("library", (), 7), now) is None
    True
    """
    if _contradiction(one, other) is not None:
        return False
    return True if _proven_same(one, other) else None


def _contradiction(before: HopFacts, after: HopFacts) -> str | None:
    """How two hops contradict each other, for a reader; None if they do not."""
    for digest in sorted(before.digests, key=lambda each: each.algorithm not in _PROOFS):
        # of two forms of one hash either may agree
        forms = [each for each in before.digests if each.algorithm == digest.algorithm]
        others = [each for each in after.digests if each.algorithm == digest.algorithm]
        if others and not set(forms) & set(others):
            return f"{before.hop} has {digest}, {after.hop} has {others[0]}"
    if before.size is not None and after.size is not None and before.size != after.size:
        return f"{before.hop} has {before.size} bytes, {after.hop} has {after.size}"
    return None


def _proven_same(one: HopFacts, other: HopFacts) -> bool:
    return _contradiction(one, other) is None and any(
        digest.algorithm in _PROOFS and digest in other.digests for digest in one.digests
    )

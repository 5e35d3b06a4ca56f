"""What has been read of one part of a path so far, each character for one field only."""

from __future__ import annotations

from typing import Any

import attrs

from medialib.naming.outline import Word
from medialib.naming.parsed import Finding

__all__ = ["Reading"]


@attrs.define
class Reading:
    """What one part of a path says, while it is put together."""

    low: int
    """Index of the part's first character in the whole name."""
    high: int
    """Index behind its last."""
    findings: list[Finding] = attrs.field(factory=list)
    """What was read, in the order it was claimed."""
    reasons: list[str] = attrs.field(factory=list)
    """Why."""
    taken: list[tuple[int, int, str]] = attrs.field(factory=list)
    """Spans claimed, with the field."""
    words: list[Word] = attrs.field(factory=list)
    """The words of the part."""
    covered: bytearray = attrs.field(init=False)
    """For each character of the part, 1 once it belongs to a field."""
    firm_tags: int = 0
    """How many tags were beyond doubt."""
    special: bool = False
    """Outside the run of episodes by its own words."""
    extra: bool = False
    """A trailer, a featurette, a creditless opening."""
    forced: bool = False
    """A subtitle marked forced."""

    def __attrs_post_init__(self) -> None:
        self.covered = bytearray(self.high - self.low if self.high > self.low else 0)

    def cover(self, field: str, start: int, end: int) -> None:
        """Gives a span to a field, whatever it was before."""
        self.taken.append((start, end, field))
        first, last = max(0, start - self.low), end - self.low
        self.covered[first : max(0, last)] = b"\1" * (last - first)

    def claim(self, field: str, value: Any, start: int, end: int) -> bool:
        """Keeps a finding unless its span belongs to another field already."""
        first, last = start - self.low, end - self.low
        if 0 <= first < last and self.covered.find(1, first, last) < 0:
            self.taken.append((start, end, field))
            self.covered[first:last] = b"\1" * (last - first)
            self.findings.append(Finding(field, value, start, end))
            return True
        return self.claim_finding(Finding(field, value, start, end))

    def claim_finding(self, found: Finding) -> bool:
        """The same for a finding that was made already."""
        field, start, end = found.field, found.start, found.end
        if start >= end:
            return False
        low, covered = self.low, self.covered
        first, last = start - low, end - low
        if first < 0 or covered.find(1, first, last) >= 0:
            known = False
            for begin, stop, other in self.taken:
                if start < stop and begin < end:
                    if other != field:
                        return False
                    known = known or (begin == start and stop == end)
            if not known:
                self.cover(field, start, end)
        else:
            self.taken.append((start, end, field))
            covered[first:last] = b"\1" * (last - first)
        self.findings.append(found)
        return True

    def has(self, *fields: str) -> bool:
        """Whether any of these fields was found."""
        return any(found.field in fields for found in self.findings)

    def first(self, field: str) -> Finding | None:
        """The first finding of a field."""
        for found in self.findings:
            if found.field == field:
                return found
        return None

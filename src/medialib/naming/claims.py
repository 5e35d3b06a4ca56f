"""What has been read of one part of a path so far, each character for one field only."""

from __future__ import annotations

from typing import Any

import attrs

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
    firm_tags: int = 0
    """How many tags were beyond doubt."""
    special: bool = False
    """Outside the run of episodes by its own words."""
    extra: bool = False
    """A trailer, a featurette, a creditless opening."""
    forced: bool = False
    """A subtitle marked forced."""

    def claim(self, field: str, value: Any, start: int, end: int) -> bool:
        """Keeps a finding unless its span belongs to another field already."""
        if start >= end or any(start < stop and begin < end and other != field for begin, stop, other in self.taken):
            return False
        self.taken.append((start, end, field))
        self.findings.append(Finding(field, value, start, end))
        return True

    def has(self, *fields: str) -> bool:
        """Whether any of these fields was found."""
        return any(found.field in fields for found in self.findings)

    def first(self, field: str) -> Finding | None:
        """The first finding of a field."""
        return next((found for found in self.findings if found.field == field), None)

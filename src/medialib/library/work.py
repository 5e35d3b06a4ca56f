"""What a verb planned, and what came of it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from medialib.planning import Plan, Remark
from medialib.workflows.apply import Report

__all__ = ["Verb", "Work"]

Verb: TypeAlias = Literal["sync", "download", "route", "bootstrap downloads"]
"""What a library can be told to do in one go."""


@attrs.frozen
class Work:
    """What a verb planned and what came of it."""

    plans: tuple[Plan, ...]
    """The plans in the order they were made."""
    reports: tuple[Report, ...] = ()
    """What came of each; empty where nothing was applied."""

    @property
    def run(self) -> str | None:
        """Identifier of the run in the journal; None if nothing was done."""
        return next((report.run for report in self.reports if report.run is not None), None)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Everything that was left alone, and why."""
        return tuple(remark for plan in self.plans for remark in plan.remarks)

    @property
    def state(self) -> Literal["done", "partial", "failed", "interrupted"]:
        """``done`` only if all was done and nothing needs attention; ``failed`` if something failed and nothing was
        done."""
        if any(report.cancelled for report in self.reports):
            return "interrupted"
        done = sum(report.count("done") for report in self.reports)
        missed = sum(report.count("failed") + report.count("skipped") for report in self.reports)
        if missed:
            return "partial" if done else "failed"
        return "partial" if any(remark.needs_attention for remark in self.remarks) else "done"

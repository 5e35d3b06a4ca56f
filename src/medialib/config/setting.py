"""How a key is declared: its default, and its meaning beside it."""

from __future__ import annotations

from typing import TypeVar

import attrs

__all__ = ["setting"]

Default = TypeVar("Default")


def setting(default: Default, doc: str) -> Default:
    """A field of a section: its default and its meaning (what the key is for, with its unit or form)."""
    made: Default = attrs.field(default=default, metadata={"doc": doc})
    return made

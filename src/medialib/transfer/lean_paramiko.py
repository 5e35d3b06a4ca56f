"""paramiko, loaded without what nobody here asks of it: ``from medialib.transfer.lean_paramiko import paramiko``.

A third of the time that paramiko takes to load goes into ``invoke``, which it needs for ``Match exec`` in an
``ssh_config`` and for nothing else. Here that is loaded when it is used.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

__all__ = ["paramiko"]


class _LoadedWhenUsed(ModuleType):
    """Stands in for a module. Not `importlib.util.LazyLoader`: before Python 3.12 the mere import loads that."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


@contextlib.contextmanager
def _postponed(name: str) -> Iterator[None]:
    """Whoever imports the module inside the block has it when it is used."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = stand_in = _LoadedWhenUsed(name)
    try:
        yield
    finally:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]


with _postponed("invoke"):
    import paramiko

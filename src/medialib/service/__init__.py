"""Programs that run on and answer others: the server of the Model Context Protocol, for language models.

Each of its tools is a function from a typed request to a typed answer; `TOOLS` has them all, and a `Desk` runs them
with or without the SDK. Only `medialib.service.server` imports that.
"""

from __future__ import annotations

from typing import Final

from medialib.service.desk import Desk, OpenLibrary
from medialib.service.metadata import METADATA_TOOLS
from medialib.service.names import NAME_TOOLS
from medialib.service.news import NEWS_TOOLS
from medialib.service.plans import PLAN_TOOLS
from medialib.service.titles import TITLE_TOOLS
from medialib.service.tools import Tool

__all__ = ["TOOLS", "Desk", "OpenLibrary", "Tool"]

TOOLS: Final = (*NAME_TOOLS, *TITLE_TOOLS, *METADATA_TOOLS, *NEWS_TOOLS, *PLAN_TOOLS)
"""Every tool, in the order in which clients list them."""

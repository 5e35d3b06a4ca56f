"""From settings to a `Library`: the record of wired ports, and the verbs over them.

The only room that knows every adapter. Nothing connects or opens before it is needed, so a library can be made from any
valid configuration. Verbs are loaded when they are first used: a command pays for its own alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialib.http import SystemClock
    from medialib.library.checkup import examine, examine_configuration
    from medialib.library.curating import plan_alias_change, plan_removal
    from medialib.library.explaining import explain
    from medialib.library.feeds import read_feed
    from medialib.library.imdb import make_imdb_index
    from medialib.library.near import kept_shows, near_titles, search_provider
    from medialib.library.provider_overview import ProviderState, provider_states
    from medialib.library.providers import Providers
    from medialib.library.record import Library
    from medialib.library.taking_over import LibraryPart, TakenOver, TakingOver, bootstrap, preview_bootstrap
    from medialib.library.updating import UpdateRules, apply_updates, plan_updates, saved_updates
    from medialib.library.verifying import keep_verification, shared_verification, verification_of, verify_files
    from medialib.library.wiring import open_library
    from medialib.library.work import Verb, Work

__all__ = [
    "Library",
    "LibraryPart",
    "ProviderState",
    "Providers",
    "SystemClock",
    "TakenOver",
    "TakingOver",
    "UpdateRules",
    "Verb",
    "Work",
    "apply_updates",
    "bootstrap",
    "examine",
    "examine_configuration",
    "explain",
    "keep_verification",
    "kept_shows",
    "make_imdb_index",
    "near_titles",
    "open_library",
    "plan_alias_change",
    "plan_removal",
    "plan_updates",
    "preview_bootstrap",
    "provider_states",
    "read_feed",
    "saved_updates",
    "search_provider",
    "shared_verification",
    "verification_of",
    "verify_files",
]

_HOME = {
    "SystemClock": "medialib.http",
    "LibraryPart": "medialib.library.taking_over",
    "TakenOver": "medialib.library.taking_over",
    "TakingOver": "medialib.library.taking_over",
    "bootstrap": "medialib.library.taking_over",
    "preview_bootstrap": "medialib.library.taking_over",
    "examine": "medialib.library.checkup",
    "examine_configuration": "medialib.library.checkup",
    "plan_alias_change": "medialib.library.curating",
    "plan_removal": "medialib.library.curating",
    "explain": "medialib.library.explaining",
    "read_feed": "medialib.library.feeds",
    "make_imdb_index": "medialib.library.imdb",
    "kept_shows": "medialib.library.near",
    "near_titles": "medialib.library.near",
    "search_provider": "medialib.library.near",
    "ProviderState": "medialib.library.provider_overview",
    "provider_states": "medialib.library.provider_overview",
    "Providers": "medialib.library.providers",
    "Library": "medialib.library.record",
    "UpdateRules": "medialib.library.updating",
    "apply_updates": "medialib.library.updating",
    "plan_updates": "medialib.library.updating",
    "saved_updates": "medialib.library.updating",
    "keep_verification": "medialib.library.verifying",
    "shared_verification": "medialib.library.verifying",
    "verification_of": "medialib.library.verifying",
    "verify_files": "medialib.library.verifying",
    "open_library": "medialib.library.wiring",
    "Verb": "medialib.library.work",
    "Work": "medialib.library.work",
}


def __getattr__(name: str) -> Any:
    """Import a verb from its module when it is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'medialib.library' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

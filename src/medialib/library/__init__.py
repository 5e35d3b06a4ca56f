"""From settings to a `Library`: the record of wired ports, and the verbs over them.

The only room that knows every adapter. Nothing connects or opens before it is needed, so a library can be made from any
valid configuration.
"""

from medialib.http import SystemClock
from medialib.library.bootstrap import LibraryPart, TakenOver, TakingOver, bootstrap, preview_bootstrap
from medialib.library.checkup import examine, examine_configuration
from medialib.library.curating import plan_alias_change, plan_removal
from medialib.library.feeds import read_feed
from medialib.library.imdb import make_imdb_index
from medialib.library.near import kept_shows, near_titles, search_provider
from medialib.library.provider_states import ProviderState, provider_states
from medialib.library.providers import Providers
from medialib.library.record import Library
from medialib.library.updating import UpdateRules, apply_updates, plan_updates, saved_updates
from medialib.library.verifying import keep_verification, verification_of
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
    "verification_of",
]

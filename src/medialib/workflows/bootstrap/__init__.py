"""Taking over a library that stands already: its shows, their episodes, its films and its files.

Each of the four is planned piece by piece: a piece is applied before the next one is planned, so that whoever is
stopped half-way goes on where they were. What the catalogue knows is neither asked nor read again, so a second run
plans nothing. No file is touched.
"""

from medialib.workflows.bootstrap.describing import Asking
from medialib.workflows.bootstrap.episodes import plan_bootstrap_episodes
from medialib.workflows.bootstrap.inventory import InventoryRules, plan_bootstrap_inventory
from medialib.workflows.bootstrap.movies import plan_bootstrap_movies
from medialib.workflows.bootstrap.pieces import Piece, joined
from medialib.workflows.bootstrap.shows import plan_bootstrap_shows

__all__ = [
    "Asking",
    "InventoryRules",
    "Piece",
    "joined",
    "plan_bootstrap_episodes",
    "plan_bootstrap_inventory",
    "plan_bootstrap_movies",
    "plan_bootstrap_shows",
]

"""The only writer: carries out plans, journals every step, finishes or takes back what a crash left open.

For every action the intention is in the journal before anything is touched, and the outcome, together with the
catalogue rows it changes, is committed after the files are durable. Intentions and outcomes are committed in groups,
so that many small files are not one commit each. Whoever writes holds the catalogue's one writing lease, which a dead
holder loses.
"""

from medialib.workflows.apply.checking import check_world
from medialib.workflows.apply.progress import Report
from medialib.workflows.apply.recovery import recover
from medialib.workflows.apply.session import Session, apply, writing
from medialib.workflows.apply.world import World, say_failure

__all__ = ["Report", "Session", "World", "apply", "check_world", "recover", "say_failure", "writing"]

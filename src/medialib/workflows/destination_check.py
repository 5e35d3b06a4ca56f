"""What to think of a place that files are carried to and that is no disk of this machine: what it lacks beside one."""

from __future__ import annotations

from medialib.ports import LocationTraits
from medialib.workflows.doctor import Check

__all__ = ["judge_traits"]


def judge_traits(name: str, traits: LocationTraits, *, needed: int = 0) -> tuple[Check, ...]:
    """What a destination cannot do, a line each; one that says what it is good for if there is nothing.

    `needed` bytes should stay free in it.

    >>> [check.state for check in judge_traits("tv", LocationTraits())]
    ['ok']
    >>> judge_traits("incoming", LocationTraits(tells_room=False), needed=1)[0].finding
    'how much room is left cannot be told, so download.minimum_free is not kept'
    """
    subject = f"abilities of {name}"
    found = []
    if not traits.exclusive:
        finding = "what another program puts under a name in the very moment that we give it may be replaced"
        found.append(Check(subject, "warning", finding, "Let nothing else write there."))
    if traits.durable == "nothing":
        finding = "it cannot be asked to keep what it was given through a loss of power; it is read back instead"
        found.append(Check(subject, "warning", finding))
    if needed and not traits.tells_room:
        finding = "how much room is left cannot be told, so download.minimum_free is not kept"
        found.append(Check(subject, "warning", finding, "Watch its room by other means."))
    if not traits.renames:
        found.append(Check(subject, "ok", "files are not renamed there but copied, proven, and removed"))
    if not traits.appends:
        found.append(Check(subject, "ok", "a file that was interrupted begins again"))
    if not traits.keeps_mtime:
        found.append(Check(subject, "ok", "files have the time at which they got their name"))
    return tuple(found) or (Check(subject, "ok", "nothing that is asked of it is missing"),)

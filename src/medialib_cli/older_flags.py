"""The flags of the first program that medialib takes over from: ``-d``, ``-r``, ``--create-show`` and the others.

They stand before any command, and are options of no other. Each is a command of medialib; ``-d -r`` is ``sync``.
"""

from __future__ import annotations

from typing import Final

import attrs

from medialib.errors import UsageError

__all__ = ["OlderFlags", "command_of"]

_SPELT: Final = {
    "download": "-d",
    "route": "-r",
    "refresh": "--full-sftp-table-refresh",
    "create_show": "--create-show",
    "search_show": "--search-show",
    "update_show": "--update-show",
    "update_episodes": "--update-episodes",
    "update_all_episodes": "--update-all-episodes",
}


@attrs.frozen
class OlderFlags:
    """What was asked for by flags."""

    download: bool = False
    """Fetch what is new."""
    route: bool = False
    """Route what has come."""
    refresh: bool = False
    """Record everything on the remotes as known."""
    create_show: str | None = None
    """Title of a show to enter."""
    search_show: str | None = None
    """Title of a show to search for at the provider."""
    update_show: tuple[str, int] | None = None
    """A show of the catalogue, and TheTVDB's number of what it is."""
    update_episodes: str | None = None
    """A show whose episodes are asked for again."""
    update_all_episodes: bool = False
    """Ask for the episodes of every show again."""

    @property
    def given(self) -> tuple[str, ...]:
        """The flags that were given, as they are spelt."""
        return tuple(_SPELT[name] for name, value in attrs.asdict(self).items() if value not in (None, False))


def command_of(flags: OlderFlags, *, before: str | None = None, dry_run: bool = False) -> list[str]:
    """The words of the command that flags stand for.

    Raises UsageError for flags that make no sense together (only ``-d`` and ``-r`` do), or with the command that they
    stand `before`.

    >>> command_of(OlderFlags(download=True, route=True))
    ['sync']
    >>> command_of(OlderFlags(create_show="Salt"), dry_run=True)
    ['shows', 'add', '--dry-run', '--', 'Salt']
    """
    given = set(flags.given)
    if before is not None or not given:
        said = ", ".join((*flags.given, *(["--dry-run"] if dry_run else [])))
        where = "with nothing to do" if before is None else f"with the command {before}"
        raise UsageError(f"{said} makes no sense {where}", remedy="Give the flag alone, or the command with its own.")
    if len(given) > 1 and given != {"-d", "-r"}:
        raise UsageError(f"{', '.join(flags.given)} make no sense together", remedy="Only -d and -r may be combined.")
    if given == {"-d", "-r"}:
        words: list[str] = ["sync"]
    elif flags.create_show is not None:
        words = ["shows", "add", "--", flags.create_show]
    elif flags.search_show is not None:
        words = ["shows", "search", "--provider", "configured", "--", flags.search_show]
    elif flags.update_show is not None:
        show, number = flags.update_show
        words = ["shows", "fix", "--tvdb-id", str(number), "--", show]
    elif flags.update_episodes is not None:
        words = ["shows", "update", "--episodes", "--", flags.update_episodes]
    elif flags.update_all_episodes:
        words = ["shows", "update", "--episodes", "--all"]
    else:
        words = {"-d": ["download"], "-r": ["route"]}.get(flags.given[0], ["bootstrap", "downloads"])
    if dry_run:
        if flags.search_show is not None:
            raise UsageError("--search-show changes nothing, so it has no --dry-run")
        at = words.index("--") if "--" in words else len(words)
        words = [*words[:at], "--dry-run", *words[at:]]
    return words

"""How readings of names are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from medialib.naming import ParsedName
from medialib_cli.render import printable

__all__ = ["show_reading", "show_tree"]

_UNBOUNDED: Final = 100_000


def show_reading(parsed: ParsedName, output: Console) -> None:
    """The name in colours, then a line a field, then why."""
    # a name is no text of ours: what looks like an emoji's code in it stays as it is
    output.print(Text.from_markup(parsed.__rich__(), emoji=False), soft_wrap=True)
    for field, value in parsed.to_dict().items():
        if field not in {"name", "leftover", "reasons"} and value is not None and value is not False and value != []:
            output.print(f"  {field:<18} {printable(_said(value))}", markup=False)
    for reason in parsed.reasons:
        output.print(f"  why: {printable(reason)}", markup=False)


def show_tree(folder: str, readings: Iterable[ParsedName], output: Console) -> None:
    """The files below a folder as a tree, each with what its whole path says."""
    root = Tree(Text(printable(folder)))
    branches: dict[str, Tree] = {"": root}
    for parsed in readings:
        above, _, name = parsed.name.rpartition("/")
        leaf = Text(printable(name))
        leaf.append(f"  {printable(_summary(parsed))}", style="dim" if parsed.rejected else "cyan")
        _branch(above, branches).add(leaf)
    # a file or a pipe has no width, and nothing is cut off
    wide = output if output.is_terminal else Console(file=output.file, width=_UNBOUNDED, highlight=False, emoji=False)
    wide.print(root)


def _branch(path: str, branches: dict[str, Tree]) -> Tree:
    if path not in branches:
        above, _, name = path.rpartition("/")
        branches[path] = _branch(above, branches).add(Text(printable(name), style="bold"))
    return branches[path]


def _summary(parsed: ParsedName) -> str:
    """One line: ``episode: The Show (2019) S01E02, confidence 0.90``."""
    if parsed.rejected or parsed.title is None:
        return parsed.kind
    year = f" ({parsed.year})" if parsed.year is not None else ""
    numbers = [f"S{'-'.join(f'{season:02}' for season in parsed.seasons)}"] if parsed.seasons else []
    numbers += [f"E{'-'.join(f'{number:g}' for number in parsed.episodes)}"] if parsed.episodes else []
    numbers += (
        [f"#{'-'.join(f'{number:g}' for number in parsed.absolute_episodes)}"] if parsed.absolute_episodes else []
    )
    numbers += [parsed.date.isoformat()] if parsed.date is not None else []
    where = f" {''.join(numbers)}" if numbers else ""
    return f"{parsed.kind}: {parsed.title}{year}{where}, confidence {parsed.confidence:.2f}"


def _said(value: object) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)

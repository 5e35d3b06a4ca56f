"""Tables and bars for a terminal, and pictures for a notebook, of texts that may hold anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from rich.cells import cell_len
from rich.text import Text

__all__ = ["bar", "in_bytes", "picture", "printable", "table"]

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_UNITS: Final = ("kB", "MB", "GB", "TB")


def printable(text: str) -> str:
    """A text that any terminal can show: control characters and undecodable bytes are spelt out.

    >>> printable("a\\nb\\udcff")
    'a\\\\nb\\\\udcff'
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, below: str = "") -> Text:
    """Columns for rich, each as wide as it must be, whatever the terminal is; texts spelt out.

    `below` is a line under it, with which it ends; without rows it is that line alone. A path that is cut off or broken
    in two is of no use to whoever copies it.

    >>> print(table(["show", "missing"], [("Dark", "E01"), ("The Long Voyage", "E02")], below="2 missing"))
    show             missing
    Dark             E01
    The Long Voyage  E02
    2 missing
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    drawn = Text(no_wrap=True, overflow="ignore")
    if cells:
        widths = [max(map(cell_len, column)) for column in zip(headings, *cells, strict=True)]
        drawn.append(_line(headings, widths), style="bold")
        drawn.append("".join(_line(row, widths) for row in cells))
    return drawn.append(printable(below))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip() + "\n"


def bar(value: float, most: float, width: int = 20) -> str:
    """A bar of at most `width` letters, drawn to an eighth of one.

    >>> bar(5, 10, 4), bar(1, 16, 2), bar(0, 0)
    ('██', '▏', '')
    """
    eighths = round(8 * width * value / most) if most > 0 else 0
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def in_bytes(size: float) -> str:
    """A size for a reader, in powers of a thousand.

    >>> in_bytes(999), in_bytes(1_500_000)
    ('999 B', '1.5 MB')
    """
    if size < 1000:
        return f"{size:.0f} B"
    for unit in _UNITS:
        size /= 1000
        if size < 1000 or unit == _UNITS[-1]:
            break
    return f"{size:.1f} {unit}"


def picture(title: str, bars: Sequence[tuple[str, float, str]]) -> str:
    """A chart of horizontal bars as SVG that stands within HTML: each a name, its length, and what is said of it.

    >>> picture("by year", [("2024", 3.0, "3 files")]).count("<rect")
    1
    """
    most = max((value for _, value, _ in bars), default=0.0)
    height = 22 * len(bars) + 28
    drawn = [f'<text x="0" y="16" font-weight="bold">{escape(printable(title))}</text>']
    for number, (name, value, said) in enumerate(bars):
        top, length = 28 + 22 * number, round(260 * value / most, 1) if most > 0 else 0
        drawn += [
            f'<text x="150" y="{top + 13}" text-anchor="end">{escape(_short(printable(name)))}</text>',
            f'<rect x="158" y="{top}" width="{length}" height="16" fill="#0891b2"/>',
            f'<text x="{164 + length}" y="{top + 13}" fill="#6b7280">{escape(printable(said))}</text>',
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="560" height="{height}" font-family="sans-serif" '
        f'font-size="12" fill="currentColor">{"".join(drawn)}</svg>'
    )


def _short(name: str, most: int = 22) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"

"""Rules that a file's path passes or fails, with every reason kept.

A pattern is matched against whole things, never against a piece of one: ``info`` does not exclude ``Info.Show`` unless
it is a pattern, and ``sample`` never excludes ``Resampled``.

========================  ==========================================================================================
``*.nfo``                 a shell pattern (``*``, ``?``, ``[…]``): the whole file name
``Sample/``               ends with a slash: the whole name of a folder on the path (shell patterns work here too)
``sample``                a bare word or words: whole tokens of the file name (letters and digits between anything
                          else), or the whole name of a folder on the path
========================  ==========================================================================================

Letter case and Unicode form do not count.
"""

from __future__ import annotations

import re
import unicodedata
from fnmatch import fnmatchcase

import attrs

__all__ = ["PathRules", "Verdict", "judge_path", "tokens_of"]


@attrs.frozen
class Verdict:
    """Whether something passed a set of rules, and why.

    >>> bool(Verdict(False, ("matches exclude pattern 'sample'",)))
    False
    """

    passed: bool
    """The decision."""
    reasons: tuple[str, ...] = ()
    """Every reason for it, for a reader; empty where no rule had anything to say."""

    def __bool__(self) -> bool:
        return self.passed

    def __rich__(self) -> str:
        """Rich console markup."""
        mark = "[green]passed[/]" if self.passed else "[red]failed[/]"
        # rich reads a run of backslashes before a bracket as escapes, so it is doubled
        return mark + "".join("\n  " + re.sub(r"(\\*)\[", r"\1\1\\[", reason) for reason in self.reasons)


@attrs.frozen
class PathRules:
    """Which files are wanted.

    >>> PathRules(exclude=("sample", "*.nfo")).exclude
    ('sample', '*.nfo')
    """

    exclude: tuple[str, ...] = ()
    """Patterns of files that are not wanted."""
    include: tuple[str, ...] = ()
    """Patterns of files that are wanted although an exclude pattern names them."""


def tokens_of(text: str) -> tuple[str, ...]:
    """The runs of letters and digits in a text, case and Unicode form folded.

    >>> tokens_of("Show.Name-S01E02_[1080p]")
    ('show', 'name', 's01e02', '1080p')
    """
    folded = _folded(text)
    if folded.isascii():
        return tuple(re.findall(r"[^\W_]+", folded))
    # marks without a composed form (vowels of Hindi and Thai, rare accents) belong to the letter before them
    kept: list[str] = []
    for letter in folded:
        within = letter.isalnum() or (kept and kept[-1] != " " and unicodedata.category(letter).startswith("M"))
        kept.append(letter if within else " ")
    return tuple("".join(kept).split())


def judge_path(path: str, rules: PathRules) -> Verdict:
    """Whether the file at `path` (relative, ``/`` between parts) is wanted.

    Every matching pattern is a reason; one matching include pattern outweighs all exclude patterns.

    >>> rules = PathRules(exclude=("sample", "*.nfo", "Extras/"))
    >>> judge_path("Show/Sample/show.mkv", rules)
    Verdict(passed=False, reasons=("the folder 'Sample' matches the exclude pattern 'sample'",))
    >>> judge_path("Resampled.S01E01.mkv", rules).passed, judge_path("Info.Show.S01E01.mkv", rules).passed
    (True, True)
    """
    excluded = [f"{what} matches the exclude pattern {pattern!r}" for pattern, what in _matches(path, rules.exclude)]
    if not excluded:
        return Verdict(True)
    included = [f"{what} matches the include pattern {pattern!r}" for pattern, what in _matches(path, rules.include)]
    return Verdict(bool(included), (*excluded, *included))


def _matches(path: str, patterns: tuple[str, ...]) -> list[tuple[str, str]]:
    *folders, name = path.split("/")
    found = []
    for pattern in patterns:
        what = _match(pattern, folders, name)
        if what is not None:
            found.append((pattern, what))
    return found


def _match(pattern: str, folders: list[str], name: str) -> str | None:
    wanted = _folded(pattern)
    if wanted.endswith("/"):
        return next((f"the folder {part!r}" for part in folders if fnmatchcase(_folded(part), wanted[:-1])), None)
    if any(mark in wanted for mark in "*?["):
        return f"the name {name!r}" if fnmatchcase(_folded(name), wanted) else None
    words = tokens_of(pattern)
    if not words:
        return f"the name {name!r}" if _folded(name) == wanted else None
    tokens = tokens_of(name)
    if any(tokens[start : start + len(words)] == words for start in range(len(tokens) - len(words) + 1)):
        return f"{pattern!r} in {name!r}"
    return next((f"the folder {part!r}" for part in folders if tokens_of(part) == words), None)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())

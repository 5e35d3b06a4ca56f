"""The pieces that a template is read into, and how they are written one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

import attrs

from medialib.naming.rendering.facts import NameFacts, episode_run
from medialib.naming.rendering.safety import shortened
from medialib.naming.rendering.tokens import TOKENS

__all__ = ["CLOSING", "Group", "Node", "Numbering", "Text", "Value", "every", "joined", "unnumbered"]

CLOSING: Final = {"[": "]", "(": ")", "{": "}"}
"""Each opening bracket and the one that closes it."""
_SEPARATORS: Final = " ._-"


@attrs.frozen
class Text:
    """Plain characters."""

    text: str
    """As they are written."""


@attrs.frozen
class Value:
    """A token."""

    key: str
    """Which of the tokens; not the token itself, so that a template can be pickled."""
    prefix: str
    """Brackets and separators that are written before it, unless it is empty."""
    suffix: str
    """The same behind it."""
    separator: str
    """What stands in place of its spaces."""
    case: Literal["as is", "small", "large"]
    """Which letters it is written in."""
    width: int
    """Digits that its numbers have at least."""
    longest: int
    """Bytes that its text has at most, counted from the end if negative; 0 for no bound."""

    def written(self, facts: NameFacts) -> str:
        """What it says of the facts, with what goes with it; empty if nothing."""
        token = TOKENS[self.key]
        value = token.value(facts, self.width)
        if not token.counts:
            if self.case != "as is":
                value = value.lower() if self.case == "small" else value.upper()
            if self.longest > 0:
                value = shortened(value, self.longest).rstrip(" .-")
            elif self.longest < 0:
                value = shortened(value[::-1], -self.longest)[::-1].lstrip(" .-")
            value = value.replace(" ", self.separator)
        return f"{self.prefix}{value}{self.suffix}" if value else ""


@attrs.frozen
class Numbering:
    """Season and episodes as one: ``S{season:00}E{episode:00}``."""

    first: str
    """What stands before the season: ``S``, or nothing."""
    joint: str
    """What stands between the two, and its letter before each further episode: ``E``, ``x``."""
    season_width: int
    """Digits that the season has at least."""
    episode_width: int
    """Digits that an episode has at least."""
    elsewhere: frozenset[str]
    """Which of ``airdate`` and ``absolute`` the template says by itself."""

    def written(self, facts: NameFacts, *, repeats: bool) -> str:
        """The numbers; without a season, date or absolute number unless the template says that elsewhere."""
        if facts.season is not None and facts.episodes:
            run = episode_run(facts.episodes, width=self.episode_width, letter=self.joint[-1], repeats=repeats)
            return f"{self.first}{facts.season:0{self.season_width}d}{self.joint}{run}"
        said = "airdate" if facts.date is not None else "absolute" if facts.absolute_episodes else None
        return "" if said in self.elsewhere else unnumbered(facts)


@attrs.frozen
class Group:
    """Brackets around other nodes, which go when these are tokens and all of them empty."""

    opening: str
    """The opening bracket."""
    nodes: tuple[Node, ...]
    """What stands in it."""


Node: TypeAlias = Text | Value | Numbering | Group
"""A piece of a template."""


def unnumbered(facts: NameFacts) -> str:
    """What tells an episode that has no season from the others of its show.

    >>> unnumbered(NameFacts(title="", absolute_episodes=(7, 8)))
    '07-08'
    """
    if facts.date is not None:
        return facts.date.isoformat()
    return episode_run(facts.absolute_episodes or facts.episodes, width=2, letter="", repeats=False)


def every(nodes: Sequence[Node]) -> Iterator[Node]:
    """All nodes, with those inside of brackets.

    >>> [node.text for node in every((Text("a"), Group("(", (Text("b"),)))) if isinstance(node, Text)]
    ['a', 'b']
    """
    for node in nodes:
        yield node
        if isinstance(node, Group):
            yield from every(node.nodes)


def joined(nodes: Sequence[Node], facts: NameFacts, *, repeats: bool) -> tuple[str, bool]:
    """The text of nodes, and whether it says anything: a token that is not empty, or no token at all.

    Of the separators on both sides of something empty, the longer one stays; at either end, none.

    >>> episode_title = Value("episodetitle", "", "", " ", "as is", 1, 0)
    >>> joined((Text("a - "), episode_title, Text(" - b")), NameFacts(title=""), repeats=False)
    ('a - b', False)
    """
    written, pending = "", ""
    asked = said = gap = False
    for node in nodes:
        if isinstance(node, Text):
            body = node.text.strip(_SEPARATORS)
            before, _, behind = node.text.partition(body) if body else (node.text, "", "")
            if gap:
                pending = max(pending, before, key=len) if written else ""
            else:
                pending += before
            gap = gap and not before
            if body:
                written, pending, gap = written + pending + body, behind, False
            continue
        if isinstance(node, Group):
            inner, tells = joined(node.nodes, facts, repeats=repeats)
            text = f"{node.opening}{inner}{CLOSING[node.opening]}" if tells else ""
            silent = not any(isinstance(each, Value | Numbering) for each in every(node.nodes))
        else:
            text = node.written(facts, repeats=repeats) if isinstance(node, Numbering) else node.written(facts)
            silent = False
        asked = asked or not silent
        said = said or bool(text and not silent)
        if text:
            written, pending, gap = (written + pending if written else pending.lstrip()) + text, "", False
        else:
            gap = True
            pending = pending if written else ""
    return written, said or not asked

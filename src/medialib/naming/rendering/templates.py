"""Templates of names in the manner of Sonarr and Radarr: ``{Series Title} - S{season:00}E{episode:00}``.

A template is parsed once into a frozen value and written from frozen facts. What it may say is fixed by
`medialib.naming.rendering.tokens`; nothing in it is evaluated.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, NoReturn

import attrs

from medialib.errors import UsageError
from medialib.naming.parsed import ParsedName
from medialib.naming.rendering.facts import NameFacts
from medialib.naming.rendering.nodes import CLOSING, Group, Node, Numbering, Text, Value, every, joined, unnumbered
from medialib.naming.rendering.safety import LONGEST_PART, safe_part, shortened, writable
from medialib.naming.rendering.tokens import TOKENS, TemplateKind, token_key

__all__ = ["InvalidTemplate", "Template", "parse_template"]

_LONGEST: Final = 300
_LONGEST_LITERAL: Final = 80
_LONGEST_TITLE: Final = 160
_SHORTEST_TITLE: Final = 40
_FORBIDDEN: Final = re.compile(r'[<>:"|?*\x00-\x1f\x7f\ud800-\udfff]')
_NUMBERING: Final = re.compile(
    r"(?i)(?P<first>(?:(?<![a-z])s)?)\{season(?::(?P<season>0+))?\}"
    r"(?P<joint>[ ._-]?[ex])\{episode(?::(?P<episode>0+))?\}"
)
_TOKEN: Final = re.compile(
    r"(?P<prefix>[- ._\[(]*)(?P<name>[A-Za-z0-9]+(?:(?P<separator>[- ._])[A-Za-z0-9]+)?)"
    r"(?::(?P<form>[^\[\]()]*?))?(?P<suffix>[- ._)\]]*)"
)
_KINDS: Final[Mapping[TemplateKind, str]] = MappingProxyType(
    {
        "show_folder": "the folder of a show",
        "season_folder": "the folder of a season",
        "episode_file": "the file of an episode",
        "movie_folder": "the folder of a film",
        "movie_file": "the file of a film",
    }
)
_ELSEWHERE: Final = re.compile(r"(?i)\{[^{}a-z0-9]*(air[-. _]?date|absolute)(?![a-z0-9])[^{}]*\}")


class InvalidTemplate(UsageError):
    """A template of names cannot be read: says which token or bracket, and what may stand there."""


@attrs.frozen
class Template:
    """How one file or folder is called, as a value; made by `parse_template`.

    >>> template = parse_template("{Movie Title} ({Release Year}) {edition-{Edition Tags}}{-Release Group}")
    >>> template.write(NameFacts(title="Brazil", year=1985, edition="Final Cut"))
    'Brazil (1985) {edition-Final Cut}'
    >>> template.write(NameFacts(title="Brazil"))
    'Brazil'
    """

    text: str
    """The template as it was written."""
    kind: TemplateKind | None
    """What it makes the name of; None for anything."""
    _nodes: tuple[Node, ...] = attrs.field(repr=False)

    def __str__(self) -> str:
        return self.text

    def write(self, facts: NameFacts, *, longest: int = LONGEST_PART - 40, repeats: bool = False) -> str:
        """The name that the facts make, as `safe_part` has it and of at most `longest` bytes.

        What is too long gives way in this order: the title of the episode, the title down to 40 bytes, what the release
        name said, the rest of the title. Numbers, dates, years and identifiers stay. `repeats` has every episode of a
        file named, not just the first and last. An episode without a season is named by its date, else by its absolute
        number, and a part of a film by ``part1``, whether or not the template asks for it.
        """
        written = ""
        for attempt in _attempts(facts):
            written = self._whole(attempt, repeats=repeats)
            if len(written.encode()) <= longest:
                break
        return safe_part(written, room=LONGEST_PART - longest)

    def _whole(self, facts: NameFacts, *, repeats: bool) -> str:
        name = joined(self._nodes, facts, repeats=repeats)[0]
        if self.kind not in ("episode_file", "movie_file", None) or self._says("originaltitle", "originalfilename"):
            return name
        if self.kind == "episode_file" and not self._numbers_said(facts, repeats=repeats):
            name = " - ".join(word for word in (name, unnumbered(facts)) if word)
        if facts.part is not None and not self._says("part"):
            name = f"{name} - part{facts.part}"
        return name

    def _says(self, *keys: str) -> bool:
        return any(isinstance(node, Value) and node.key in keys for node in every(self._nodes))

    def _numbers_said(self, facts: NameFacts, *, repeats: bool) -> bool:
        return any(
            (isinstance(node, Numbering) and node.written(facts, repeats=repeats) != "")
            or (
                isinstance(node, Value) and node.key in ("episode", "absolute", "airdate") and node.written(facts) != ""
            )
            for node in every(self._nodes)
        )


def _attempts(facts: NameFacts) -> Iterator[NameFacts]:
    """The facts, and then ever less of them."""
    title, told = writable(facts.title), writable(facts.episode_title or "")
    less = attrs.evolve(facts, title=shortened(title, _LONGEST_TITLE), episode_title=told)
    yield less
    for size in range(min(len(told.encode()), LONGEST_PART), -1, -4):
        yield attrs.evolve(less, episode_title=shortened(told, size))
    less = attrs.evolve(less, episode_title=None)
    for size in range(_LONGEST_TITLE, _SHORTEST_TITLE - 1, -4):
        yield attrs.evolve(less, title=shortened(title, size))
    less = attrs.evolve(less, release=ParsedName(name=""), edition=None)
    for size in range(_SHORTEST_TITLE, 0, -4):
        yield attrs.evolve(less, title=shortened(title, size))


def parse_template(text: str, kind: TemplateKind | None = None) -> Template:
    """The template that a text says.

    Tokens stand in braces, in any case and with ``.``, ``_`` or ``-`` in place of their space: ``{Series.Title}`` has
    the spaces of its value replaced likewise, ``{series title}`` is written small, ``{SERIES TITLE}`` large. Numbers
    take as many digits as zeros are asked for (``{season:00}``), texts at most as many bytes (``{Episode Title:60}``,
    from the end with ``-60``). Separators and brackets inside the braces (``{-Release Group}``, ``{[Quality Full]}``)
    go when the token is empty; so do brackets around nothing but empty tokens, and braces of the form
    ``{tmdb-{TmdbId}}``. ``{{`` and ``}}`` are the characters themselves.

    Of a `kind`, only its tokens may be used, and it must say what tells one name from the next. Raises InvalidTemplate
    (a UsageError and ValueError).

    >>> from medialib.naming import parse_name
    >>> template = parse_template("{Series Title} - S{season:00}E{episode:00} - {Episode Title} {[Quality Full]}")
    >>> release = parse_name("Dark.S01E02.1080p.WEB-DL.x264-GRP.mkv")
    >>> template.write(NameFacts(title="Dark", season=1, episodes=(2,), release=release))
    'Dark - S01E02 - [WEBDL-1080p]'
    >>> parse_template("{Serie Title}")
    Traceback (most recent call last):
    medialib.naming.rendering.templates.InvalidTemplate: {Serie Title} is no token; did you mean {Series Title}?
    """
    if not text.strip():
        raise InvalidTemplate("a template wants at least one token")
    if len(text) > _LONGEST:
        raise InvalidTemplate(f"a template has at most {_LONGEST} characters, this one has {len(text)}")
    if "/" in text or "\\" in text:
        raise InvalidTemplate("a template is one part of a path: no / or \\ may stand in it")
    elsewhere = frozenset(token_key(found) for found in _ELSEWHERE.findall(text))
    nodes = _Parser(text, kind, elsewhere).nodes()
    template = Template(text, kind, nodes)
    _check_whole(template, tuple(every(nodes)))
    return template


def _check_whole(template: Template, nodes: Sequence[Node]) -> None:
    literal = "".join(node.text for node in nodes if isinstance(node, Text))
    wrong = _FORBIDDEN.search(literal)
    if wrong:
        raise InvalidTemplate(f"{wrong[0]!r} cannot stand in a name on every file system: leave it out")
    if len(literal.encode()) > _LONGEST_LITERAL:
        raise InvalidTemplate(f"more than {_LONGEST_LITERAL} bytes stand outside of tokens: no room is left for titles")
    said = {node.key for node in nodes if isinstance(node, Value)}
    if any(isinstance(node, Numbering) for node in nodes):
        said |= {"season", "episode"}
    titles = {key for key in said if "title" in key and key[:5] in ("serie", "movie") and "first" not in key}
    original = said & {"originaltitle", "originalfilename"}
    missing = {
        "show_folder": "" if titles else "{Series Title}",
        "season_folder": "" if "season" in said else "{season:00}",
        "episode_file": "" if original or {"season", "episode"} <= said else "S{season:00}E{episode:00}",
        "movie_folder": "" if titles else "{Movie Title}",
        "movie_file": "" if original or titles else "{Movie Title}",
    }.get(template.kind or "", "")
    if missing:
        raise InvalidTemplate(f"{missing} is missing: without it, several would have one name")


@attrs.define
class _Parser:
    text: str
    kind: TemplateKind | None
    elsewhere: frozenset[str]

    def nodes(self) -> tuple[Node, ...]:
        """Everything in the text; brackets that close nothing are plain characters."""
        levels: list[tuple[str, list[Node]]] = [("", [])]
        position = 0
        while position < len(self.text):
            character = self.text[position]
            numbering = _NUMBERING.match(self.text, position)
            if numbering:
                levels[-1][1].append(self._numbering(numbering))
                position = numbering.end()
            elif self.text[position : position + 2] == "{{":
                _add_text(levels[-1][1], "{")
                position += 2
            elif character == "{":
                end = next((at for at in range(position + 1, len(self.text)) if self.text[at] in "{}"), None)
                if end is None:
                    raise InvalidTemplate(f"the {{ at character {position + 1} is never closed")
                if self.text[end] == "}":
                    levels[-1][1].append(self._value(self.text[position + 1 : end]))
                    position = end + 1
                else:
                    levels.append(("{", []))
                    position += 1
            elif character == "}" and any(opening == "{" for opening, _ in levels):
                while levels[-1][0] != "{":
                    _flatten(levels)
                _close(levels)
                position += 1
            elif character == "}":
                if self.text[position : position + 2] != "}}":
                    raise InvalidTemplate(
                        f"the }} at character {position + 1} closes nothing", remedy="Write }} for the character."
                    )
                _add_text(levels[-1][1], "}")
                position += 2
            else:
                if character in "[(":
                    levels.append((character, []))
                elif CLOSING.get(levels[-1][0]) == character:
                    _close(levels)
                else:
                    _add_text(levels[-1][1], character)
                position += 1
        while len(levels) > 1:
            if levels[-1][0] == "{":
                raise InvalidTemplate("a { is never closed")
            _flatten(levels)
        return tuple(levels[0][1])

    def _numbering(self, found: re.Match[str]) -> Numbering:
        if self.kind not in (None, "episode_file"):
            self._refuse("{episode}", "episode")
        widths = (len(found["season"] or "0"), len(found["episode"] or "0"))
        return Numbering(found["first"], found["joint"], *widths, self.elsewhere)

    def _value(self, content: str) -> Value:
        found = _TOKEN.fullmatch(content)
        if found is None:
            raise InvalidTemplate(f"{{{content}}} is no token", remedy="A token is like {Series Title} or {season:00}.")
        name, form = found["name"], found["form"]
        token = TOKENS.get(token_key(name))
        if token is None or (self.kind is not None and self.kind not in token.kinds):
            self._refuse("{" + name + "}", name, known=token is not None)
        width, longest = 1, 0
        if form is not None and token.counts:
            if not re.fullmatch("0{1,6}", form):
                raise InvalidTemplate(f"{{{name}:{form}}} is no number of digits: write {{{name}:00}}")
            width = len(form)
        elif form is not None:
            if not re.fullmatch("-?[1-9][0-9]{0,2}", form, re.ASCII):
                raise InvalidTemplate(f"{{{name}:{form}}} is no length: write a number of bytes, as in {{{name}:60}}")
            longest = int(form)
        case: Literal["as is", "small", "large"] = "small" if name.islower() else "large" if name.isupper() else "as is"
        return Value(token_key(name), found["prefix"], found["suffix"], found["separator"] or " ", case, width, longest)

    def _refuse(self, shown: str, name: str, *, known: bool = True) -> NoReturn:
        allowed = {key: token for key, token in TOKENS.items() if self.kind is None or self.kind in token.kinds}
        near = difflib.get_close_matches(token_key(name), allowed, n=1, cutoff=0.5)
        what = f"{shown} says nothing in {_KINDS[self.kind]}" if known and self.kind else f"{shown} is no token"
        hint = (
            f"did you mean {{{allowed[near[0]].name}}}?"
            if near
            else "there are " + ", ".join(f"{{{token.name}}}" for token in allowed.values())
        )
        raise InvalidTemplate(f"{what}; {hint}")


def _add_text(nodes: list[Node], text: str) -> None:
    last = nodes[-1] if nodes else None
    if isinstance(last, Text):
        nodes[-1] = Text(last.text + text)
    else:
        nodes.append(Text(text))


def _close(levels: list[tuple[str, list[Node]]]) -> None:
    opening, inner = levels.pop()
    levels[-1][1].append(Group(opening, tuple(inner)))


def _flatten(levels: list[tuple[str, list[Node]]]) -> None:
    """A bracket that is never closed is a character like others."""
    opening, inner = levels.pop()
    _add_text(levels[-1][1], opening)
    for node in inner:
        if isinstance(node, Text):
            _add_text(levels[-1][1], node.text)
        else:
            levels[-1][1].append(node)

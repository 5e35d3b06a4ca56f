"""A reading is drawn with the characters of its name, and nothing in a name can steer the terminal or the page."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.text import Text

from medialib.naming import Finding, ParsedName, parse_name

pieces = st.sampled_from(
    [
        "[",
        "]",
        "\\",
        "[a]",
        "[/]",
        "[#x",
        "Show",
        ".S01E02.",
        "1080p",
        "[GRP]",
        "\x1b[31m",
        "\x00",
        "\u202e",
        "\udcff",
        "<b>",
        "&",
    ]
)


def shown(name: str) -> str:
    return "".join(x if x.isprintable() else x.encode("unicode_escape").decode() for x in name)


@given(st.lists(pieces, max_size=8).map("".join) | st.text(max_size=40))
@example("Film (1999)\\[\\.mkv")
@example("[a]\\")
def test_the_name_is_drawn_as_it_is(name: str) -> None:
    parsed = parse_name(name)
    assert Text.from_markup(parsed.__rich__(), emoji=False).plain == shown(name)
    page = parsed._repr_html_()
    assert html.unescape(re.sub(r"<[^<>]*>", "", page)) == shown(name)
    page.encode()


@pytest.mark.parametrize("name", ["a\\", "a\\[b]", "\\\\[", "[/]", "x\\[/b]\\"])
@pytest.mark.parametrize("end", [0, 1, 2])
def test_backslashes_and_brackets_between_findings(name: str, end: int) -> None:
    found = (Finding("title", name[:end], 0, end),) if end else ()
    parsed = ParsedName(name=name, findings=found)
    assert Text.from_markup(parsed.__rich__(), emoji=False).plain == name

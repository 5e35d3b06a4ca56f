"""Which special of a show a name without a season means, an OVA above all: by what the catalogue calls them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from medialib.matching import normalise_title
from medialib.model import Episode
from medialib.naming import ParsedName
from medialib.routing.companions import split_stem

__all__ = ["special_of"]

_SPECIALS: Final = ("SP", "Special", "Specials")
_WORDS: Final = (("OVA", "OAD", "OAV"), _SPECIALS)
"""What specials are called, the words of a line for one thing."""
_WORD: Final = re.compile(rf"(?i)(?<![^\W_])({'|'.join(word for words in _WORDS for word in words)})(?![^\W\d_])")


def special_of(parsed: ParsedName, episodes: Iterable[Episode]) -> tuple[Episode, str] | str:
    """The episode of season 0 that a name means, and why; or why that cannot be told.

    A special of that word and number, as its title in the catalogue has them; or one of the same title; or, for what is
    called no more than a special, the one of that number. An OVA is never taken for an episode of that number.

    >>> from medialib.naming import parse_name
    >>> known = [Episode("s", 0, 1, "Recap"), Episode("s", 0, 4, "OVA 2: The Beach")]
    >>> special_of(parse_name("[G] Show Name - OVA 2 [1080p].mkv"), known)[1]
    "OVA 2 is S00E04, which is called 'OVA 2: The Beach'"
    >>> special_of(parse_name("Show Name SP1.mkv"), known)[1]
    'special 1 is S00E01'
    >>> special_of(parse_name("[G] Show Name - OVA 1 [1080p].mkv"), known)
    'it is OVA 1, and nobody tells which special (season 0) that is'
    """
    found = _WORD.search(split_stem(parsed.name)[1])
    word = "special" if found is None else found[1]
    numbers = (*parsed.episodes, *parsed.absolute_episodes)
    called = f"{'special' if _is_plain(word) else word.upper()} {numbers[0] if numbers else ''}".rstrip()
    specials = [episode for episode in episodes if episode.season == 0]
    if len(numbers) == 1:
        alike = next((words for words in _WORDS if word.casefold() in {each.casefold() for each in words}), (word,))
        titled = re.compile(rf"(?i)(?:{'|'.join(alike)})[\s#.:-]*0*{numbers[0]}(?!\d)")
        named = [episode for episode in specials if episode.title is not None and titled.match(episode.title)]
        if len(named) == 1:
            return named[0], f"{called} is S00E{named[0].number:02}, which is called {named[0].title!r}"
    title = None if parsed.episode_title is None else normalise_title(parsed.episode_title)
    same = [each for each in specials if title and each.title is not None and normalise_title(each.title) == title]
    if len(same) == 1:
        return same[0], f"the special S00E{same[0].number:02} is called {same[0].title!r}"
    counted = [episode for episode in specials if len(numbers) == 1 and episode.number == numbers[0]]
    if counted and _is_plain(word):
        return counted[0], f"{called} is S00E{counted[0].number:02}"
    return f"it is {called}, and nobody tells which special (season 0) that is"


def _is_plain(word: str) -> bool:
    return word.casefold() in {each.casefold() for each in _SPECIALS}

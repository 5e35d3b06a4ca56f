"""Asking a metadata provider which title is meant and what episodes it has; each question is asked once.

Nothing is decided here that is not in `medialib.matching.choose_title`: this only sees to it that the provider's
answers, their other names included, are there to be decided on, and that a person is asked where one can be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias, TypeVar

import attrs

from medialib.errors import (
    Cancelled,
    MedialibError,
    RequestRefused,
    ServiceUnavailable,
    UnusableAnswer,
    UsageError,
)
from medialib.matching import (
    Choice,
    Chosen,
    NotChosen,
    Offer,
    TitleRules,
    Wanted,
    choose_title,
    judge_title,
    lacks_details,
    wanted_of,
)
from medialib.metadata import (
    EpisodeMetadata,
    EpisodeOrder,
    TitleKind,
    TitleMetadata,
    in_order,
    number_among,
    with_absolute_numbers,
)
from medialib.model import ExternalIds, Show
from medialib.naming import ParsedName
from medialib.ports import MetadataProvider, SupportsChanges, SupportsSeveral, offers

__all__ = ["AIRED", "Ask", "TitleLookup", "in_words"]

T = TypeVar("T")

Ask: TypeAlias = Callable[[Wanted, NotChosen], TitleMetadata | None]
"""Asks a person which of the offers is meant; None leaves it open."""

AIRED = "aired"
"""The name of the order of broadcast, as in `Show.episode_order`."""

_Reference: TypeAlias = tuple[str, int]
OFFERED = 20
"""So many titles are offered at most."""
_DETAILED = 5
_IN_A_ROW = 3
_OF_ONE_QUESTION = (RequestRefused, ServiceUnavailable, UnusableAnswer)


class TitleLookup:
    """A provider, or several in turn, asked during one piece of planning.

    Once a call has failed for a reason that concerns every call (the provider is down, busy, or refuses the key), the
    same error is raised for all that follow, so that a hundred files do not wait a hundred times. What may be the fault
    of one question alone (an answer that cannot be used) concerns them all once it has happened three times in a row.
    Several know that by themselves. Whose number a title goes by is in `TitleMetadata.provider`; where a number stands
    for a show, it is that of `provider`, the first.
    """

    def __init__(self, provider: MetadataProvider, *, ask: Ask | None = None) -> None:
        self._provider = provider
        self._ask = ask
        self._choices: dict[Wanted, Choice] = {}
        self._titles: dict[tuple[TitleKind, _Reference], TitleMetadata | None] = {}
        self._episodes: dict[tuple[_Reference, str], tuple[EpisodeMetadata, ...]] = {}
        self._tellers: dict[_Reference, str] = {}
        self._orders: dict[_Reference, tuple[EpisodeOrder, ...]] = {}
        self._alone: dict[str, TitleLookup] = {}
        self._failure: MedialibError | None = None
        self._failed_in_a_row = 0

    @property
    def provider(self) -> str:
        """The provider's name; of several, that of the first."""
        return self._provider.name

    @property
    def providers(self) -> tuple[str, ...]:
        """The names of all that are asked."""
        return self._provider.names if isinstance(self._provider, SupportsSeveral) else (self._provider.name,)

    def knows(self, kind: TitleKind) -> bool:
        """Whether the provider can be asked about such titles at all."""
        return kind == "show" or self._provider.traits.movies

    def number_of(self, ids: ExternalIds) -> int | None:
        """The provider's own number among external ids."""
        return number_among(ids, self._provider.name)

    def parsed(self, parsed: ParsedName) -> Choice:
        """Which title a release name means."""
        wanted = wanted_of(parsed)
        return NotChosen("the name has no title that could be read") if wanted is None else self.title(wanted)

    def title(self, wanted: Wanted) -> Choice:
        """Which title is meant; what is chosen has all its details.

        Raises what the provider's methods raise.
        """
        if wanted not in self._choices:
            choice = self._choose(wanted)
            if isinstance(choice, NotChosen):
                picked = self.ask(wanted, choice)
                if picked is not None:
                    others = tuple(offer for offer in choice.offers if offer.title.reference != picked.reference)
                    choice = Chosen(picked, 1.0, ("chosen by hand",), others)
            else:
                choice = attrs.evolve(choice, title=self._detailed(choice.title))
            self._choices[wanted] = choice
        return self._choices[wanted]

    def offers(self, wanted: Wanted, rules: TitleRules | None = None) -> tuple[Offer, ...]:
        """What the provider offers for a title, best first: of the first 20, those that pass the rules.

        What a search does not tell and a rule wants to know is asked for.
        """
        choice = self._choose(wanted)
        offers = (
            (Offer(choice.title, choice.score, choice.reasons), *choice.runners_up)
            if isinstance(choice, Chosen)
            else choice.offers
        )
        if not rules:
            return offers[:OFFERED]
        told = (
            attrs.evolve(offer, title=self._detailed(offer.title)) if lacks_details(offer.title, rules) else offer
            for offer in offers[:OFFERED]
        )
        judged = ((offer, judge_title(offer.title, rules)) for offer in told)
        return tuple(
            attrs.evolve(offer, reasons=(*offer.reasons, *verdict.reasons)) for offer, verdict in judged if verdict
        )

    def ask(self, wanted: Wanted, choice: NotChosen) -> TitleMetadata | None:
        """What a person chooses, with all its details; None if nobody can be asked or none of them is meant."""
        picked = None if self._ask is None or not choice.offers else self._ask(wanted, choice)
        return None if picked is None else self._detailed(picked)

    def find(self, ids: ExternalIds, kind: TitleKind = "show", *, fresh: bool = False) -> TitleMetadata | None:
        """The title that goes by one of these ids, with all its details, or None.

        `fresh` asks for a show past every answer that was kept, where the provider offers that. Raises UsageError if
        the provider cannot go by any of them.
        """
        number = self.number_of(ids)
        if number is not None:
            reference = (self.provider, number)
            if fresh and kind == "show" and offers(self._provider, SupportsChanges):
                self._titles[kind, reference] = self._call(partial(self._provider.fresh_title, number))
            return self._title(reference, kind)
        given = {name for name, value in attrs.asdict(ids).items() if value is not None}
        if not given & self._provider.traits.finds_by:
            raise UsageError(
                f"{in_words(self.providers)} cannot be asked by the number of {', '.join(sorted(given))}",
                remedy=f"It goes by {', '.join(sorted(self._provider.traits.finds_by))}; or set metadata.provider.",
            )
        found = self._call(lambda: self._provider.find(ids, kind))
        return None if found is None else self._detailed(found)

    def episodes(
        self, title: TitleMetadata | int, order: str = AIRED, *, fresh: bool = False
    ) -> tuple[EpisodeMetadata, ...]:
        """A show's episodes with their absolute numbers, numbered by an order that it has.

        `fresh` asks again, past every answer that was kept. `order` is ``aired``, or the identifier, name or kind of
        one of the provider's other orders. Raises UsageError, listing them, if there is no such order.
        """
        show = self._reference(title)
        if fresh or (show, order) not in self._episodes:
            self._episodes[show, order] = self._ordered(show, order, fresh=fresh)
        return self._episodes[show, order]

    def credited(self, title: TitleMetadata) -> TitleMetadata:
        """A title with who said its episodes in its provenance, where that was another."""
        teller = self._tellers.get(self._reference(title), title.provider)
        if teller == title.provider:
            return title
        return attrs.evolve(title, provenance={**title.provenance, "episodes": teller})

    def known_episodes(self, show: Show, *, fresh: bool = False) -> tuple[str, tuple[EpisodeMetadata, ...]] | None:
        """Who is asked for the episodes of a show that the catalogue has, and what it says; None if nobody can be.

        That is the one who said them first, if it is among those that are asked, for another may number them otherwise;
        and nobody else fills in for it. Raises as `episodes` does.
        """
        first = show.said_by("episodes")
        if first in ("name", "user"):
            return None
        for name in dict.fromkeys((first, *self.providers)):
            number = number_among(show.ids, name) if name in self.providers else None
            if number is not None:
                return name, self._asking(name).episodes(number, show.episode_order, fresh=fresh)
        return None

    def order_named(self, show: TitleMetadata | int, order: str) -> str:
        """The identifier of an order, as `Show.episode_order` keeps it; see `episodes`."""
        return AIRED if order.casefold() == AIRED else self._order(self._reference(show), order).id

    def _choose(self, wanted: Wanted) -> Choice:
        offered: dict[str, TitleMetadata] = {}
        queries = [wanted.title, *wanted.alternatives]
        if wanted.year is not None:
            queries.append(f"{wanted.title} {wanted.year}")
        choice: Choice = NotChosen("nothing was asked")
        for query in dict.fromkeys(queries):
            found = self._call(partial(self._provider.search, query, wanted.kind, year=wanted.year))
            offered.update({title.reference: title for title in found if title.reference not in offered})
            choice = choose_title(wanted, offered.values())
            if isinstance(choice, Chosen) or choice.ambiguous:
                return choice
        # other titles (Shingeki no Kyojin) are often told only with the details
        near = list(offered.values())[:_DETAILED]
        for title in near:
            offered[title.reference] = self._detailed(title)
        return choose_title(wanted, offered.values()) if near else choice

    def _detailed(self, title: TitleMetadata) -> TitleMetadata:
        return self._title((title.provider, title.id), title.kind) or title

    def _title(self, title: _Reference, kind: TitleKind) -> TitleMetadata | None:
        if (kind, title) not in self._titles:
            self._titles[kind, title] = self._call(lambda: self._of(title).title(title[1], kind))
        return self._titles[kind, title]

    def _ordered(self, show: _Reference, order: str, *, fresh: bool) -> tuple[EpisodeMetadata, ...]:
        teller, aired = self._aired(show, fresh=fresh)
        self._tellers[show] = teller if order == AIRED else show[0]
        if order != AIRED:
            return with_absolute_numbers(in_order(self._order(show, order)))
        title = self._title(show, "show")
        # absolute numbers are for shows that are numbered so; to ask for orders costs a call or more
        numbered = title is not None and title.type == "anime" and teller == show[0]
        return with_absolute_numbers(aired, self._all_orders(show) if numbered else ())

    def _aired(self, show: _Reference, *, fresh: bool) -> tuple[str, tuple[EpisodeMetadata, ...]]:
        asked = self._of(show)
        try:
            if isinstance(asked, SupportsSeveral):
                return self._call(lambda: asked.told_episodes(show[1], fresh=fresh))
            return show[0], self._call(lambda: asked.episodes(show[1], fresh=fresh))
        except KeyError:
            raise UsageError(f"{show[0]} has no show {show[1]}") from None

    def _all_orders(self, show: _Reference) -> tuple[EpisodeOrder, ...]:
        asked = self._of(show)
        if not asked.traits.orders:
            return ()
        if show not in self._orders:
            self._orders[show] = self._call(lambda: asked.orders(show[1]))
        return self._orders[show]

    def _asking(self, name: str) -> TitleLookup:
        """One of those that are asked, by itself."""
        if not isinstance(self._provider, SupportsSeveral):
            return self
        if name not in self._alone:
            self._alone[name] = TitleLookup(self._provider.alone(name))
        return self._alone[name]

    def _of(self, title: _Reference) -> MetadataProvider:
        """Who is asked of a title by that number."""
        several, name = self._provider, title[0]
        if isinstance(several, SupportsSeveral) and name != several.names[0] and name in several.names:
            return several.led_by(name)
        return self._provider

    def _reference(self, title: TitleMetadata | int) -> _Reference:
        return (self.provider, title) if isinstance(title, int) else (title.provider, title.id)

    def _order(self, show: _Reference, name: str) -> EpisodeOrder:
        orders = self._all_orders(show)
        wanted = name.casefold()
        for attribute in ("id", "name", "kind"):
            fitting = [order for order in orders if str(getattr(order, attribute)).casefold() == wanted]
            if len(fitting) == 1:
                return fitting[0]
        those = "; ".join(f"{order.id} ({order.kind}: {order.name})" for order in orders) or "none but aired"
        raise UsageError(f"{show[0]} has no single order {name!r} of the show {show[1]}", remedy=f"It has: {those}.")

    def _call(self, question: Callable[[], T]) -> T:
        if self._failure is not None:
            raise self._failure
        try:
            answer = question()
        except (Cancelled, UsageError):
            raise
        except MedialibError as error:
            self._failed_in_a_row += 1
            concerns_all = not isinstance(error, _OF_ONE_QUESTION) or self._failed_in_a_row >= _IN_A_ROW
            if concerns_all and not isinstance(self._provider, SupportsSeveral):
                self._failure = error
            raise
        self._failed_in_a_row = 0
        return answer


def in_words(names: Sequence[str]) -> str:
    """Names for a sentence.

    >>> in_words(["tmdb"]), in_words(["tmdb", "tvdb", "imdb"])
    ('tmdb', 'tmdb, tvdb and imdb')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

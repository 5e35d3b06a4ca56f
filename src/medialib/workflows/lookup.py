"""Asking a metadata provider which title is meant and what episodes it has; each question is asked once.

Nothing is decided here that is not in `medialib.matching.choose_title`: this only sees to it that the provider's
answers, their other names included, are there to be decided on, and that a person is asked where one can be.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias, TypeVar

import attrs

from medialib.errors import Cancelled, MedialibError, UsageError
from medialib.matching import Choice, Chosen, NotChosen, Offer, Wanted, choose_title, wanted_of
from medialib.metadata import EpisodeMetadata, EpisodeOrder, TitleKind, TitleMetadata, in_order, with_absolute_numbers
from medialib.model import ExternalIds
from medialib.naming import ParsedName
from medialib.ports import MetadataProvider

__all__ = ["AIRED", "Ask", "TitleLookup"]

T = TypeVar("T")

Ask: TypeAlias = Callable[[Wanted, NotChosen], TitleMetadata | None]
"""Asks a person which of the offers is meant; None leaves it open."""

AIRED = "aired"
"""The name of the order of broadcast, as in `Show.episode_order`."""

_DETAILED = 5


class TitleLookup:
    """One provider, asked during one piece of planning.

    Once a call has failed for a reason that concerns every call (the provider is down, busy, or refuses the key), the
    same error is raised for all that follow, so that a hundred files do not wait a hundred times.
    """

    def __init__(self, provider: MetadataProvider, *, ask: Ask | None = None) -> None:
        self._provider = provider
        self._ask = ask
        self._choices: dict[Wanted, Choice] = {}
        self._titles: dict[tuple[TitleKind, int], TitleMetadata | None] = {}
        self._episodes: dict[tuple[int, str], tuple[EpisodeMetadata, ...]] = {}
        self._orders: dict[int, tuple[EpisodeOrder, ...]] = {}
        self._failure: MedialibError | None = None

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._provider.name

    def knows(self, kind: TitleKind) -> bool:
        """Whether the provider can be asked about such titles at all."""
        return kind == "show" or self._provider.traits.movies

    def number_of(self, ids: ExternalIds) -> int | None:
        """The provider's own number among external ids."""
        number = attrs.asdict(ids).get(self._provider.name)
        return number if isinstance(number, int) else None

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

    def offers(self, wanted: Wanted) -> tuple[Offer, ...]:
        """Everything that the provider offers for a title, best first, 20 at most."""
        choice = self._choose(wanted)
        if isinstance(choice, Chosen):
            return (Offer(choice.title, choice.score, choice.reasons), *choice.runners_up)[:20]
        return choice.offers[:20]

    def ask(self, wanted: Wanted, choice: NotChosen) -> TitleMetadata | None:
        """What a person chooses, with all its details; None if nobody can be asked or none of them is meant."""
        picked = None if self._ask is None or not choice.offers else self._ask(wanted, choice)
        return None if picked is None else self._detailed(picked)

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        """The title that goes by one of these ids, with all its details, or None.

        Raises UsageError if the provider cannot go by any of them.
        """
        number = self.number_of(ids)
        if number is not None:
            return self._title(number, kind)
        given = {name for name, value in attrs.asdict(ids).items() if value is not None}
        if not given & self._provider.traits.finds_by:
            raise UsageError(
                f"{self.provider} cannot be asked by the number of {', '.join(sorted(given))}",
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
        number = title if isinstance(title, int) else title.id
        if fresh or (number, order) not in self._episodes:
            self._episodes[number, order] = self._ordered(number, order, fresh=fresh)
        return self._episodes[number, order]

    def order_named(self, show: int, order: str) -> str:
        """The identifier of an order, as `Show.episode_order` keeps it; see `episodes`."""
        return AIRED if order.casefold() == AIRED else self._order(show, order).id

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
        return self._title(title.id, title.kind) or title

    def _title(self, number: int, kind: TitleKind) -> TitleMetadata | None:
        if (kind, number) not in self._titles:
            self._titles[kind, number] = self._call(lambda: self._provider.title(number, kind))
        return self._titles[kind, number]

    def _ordered(self, show: int, order: str, *, fresh: bool) -> tuple[EpisodeMetadata, ...]:
        try:
            aired = self._call(lambda: self._provider.episodes(show, fresh=fresh))
        except KeyError:
            raise UsageError(f"{self.provider} has no show {show}") from None
        if order != AIRED:
            return with_absolute_numbers(in_order(self._order(show, order)))
        title = self._title(show, "show")
        # absolute numbers are for shows that are numbered so; to ask for orders costs a call or more
        orders = self._all_orders(show) if title is not None and title.type == "anime" else ()
        return with_absolute_numbers(aired, orders)

    def _all_orders(self, show: int) -> tuple[EpisodeOrder, ...]:
        if not self._provider.traits.orders:
            return ()
        if show not in self._orders:
            self._orders[show] = self._call(lambda: self._provider.orders(show))
        return self._orders[show]

    def _order(self, show: int, name: str) -> EpisodeOrder:
        orders = self._all_orders(show)
        wanted = name.casefold()
        for attribute in ("id", "name", "kind"):
            fitting = [order for order in orders if str(getattr(order, attribute)).casefold() == wanted]
            if len(fitting) == 1:
                return fitting[0]
        listed = "; ".join(f"{order.id} ({order.kind}: {order.name})" for order in orders) or "none but aired"
        raise UsageError(
            f"{self.provider} has no single order {name!r} of the show {show}", remedy=f"It has: {listed}."
        )

    def _call(self, question: Callable[[], T]) -> T:
        if self._failure is not None:
            raise self._failure
        try:
            return question()
        except (Cancelled, UsageError):
            raise
        except MedialibError as error:
            self._failure = error
            raise

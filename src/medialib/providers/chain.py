"""Several providers asked in turn, with a word of who said what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import attrs

from medialib.errors import (
    Cancelled,
    ConfigurationError,
    MedialibError,
    RequestRefused,
    TransientError,
    UnusableAnswer,
    UsageError,
)
from medialib.http import SystemClock
from medialib.matching import Chosen, Wanted, choose_title
from medialib.metadata import (
    EpisodeMetadata,
    EpisodeOrder,
    TitleKind,
    TitleMetadata,
    fill_gaps,
    gaps_of,
    imdb_identifier,
)
from medialib.model import ExternalIds
from medialib.ports import Clock, MetadataProvider, ProviderTraits

__all__ = ["ChainedProvider"]

Answered = TypeVar("Answered")

REST = 60.0
"""Seconds for which a provider that was out of reach is not asked again."""


def _nobody(note: str) -> None:
    """Tell no one."""


class ChainedProvider:
    """`ports.MetadataProvider` over several others, and `ports.SupportsSeveral`.

    - A search is answered by the first who knows a title of that name; where nobody does, by the first who knows any.
    - A title is what the one says whose number was given. What it leaves out (year, language, countries, genres,
      status, other titles, summary, numbers of the others) is filled in by the others that can go by its ids, in
      order; `TitleMetadata.provenance` tells which field came from whom.
    - Episodes are those of the first who has any. Orders are those of the one whose number was given.

    A provider that cannot be asked is passed over while another answers; `told` hears of it once. It is not asked again
    for `rest` seconds. That there is nothing is said only if all could be asked: else what went wrong is raised.

    Raises UsageError for no providers, and for two of one name.
    """

    def __init__(
        self,
        providers: Sequence[MetadataProvider],
        *,
        told: Callable[[str], None] = _nobody,
        clock: Clock | None = None,
        rest: float = REST,
    ) -> None:
        if len({each.name for each in providers}) != len(providers) or not providers:
            raise UsageError("a chain wants providers, each of another name")
        self._members = tuple(providers)
        self._health = _Health(told, SystemClock() if clock is None else clock, rest)

    def __repr__(self) -> str:
        return f"ChainedProvider({', '.join(self.names)})"

    @property
    def name(self) -> str:
        """The name of the first, whose numbers the methods take."""
        return self._members[0].name

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all."""
        return tuple(each.name for each in self._members)

    @property
    def traits(self) -> ProviderTraits:
        """It knows films if any does, and goes by what any goes by."""
        traits = [each.traits for each in self._members]
        return ProviderTraits(
            movies=any(each.movies for each in traits),
            orders=traits[0].orders,
            finds_by=frozenset().union(*(each.finds_by for each in traits)),
            credit=" ".join(dict.fromkeys(each.credit for each in traits if each.credit)),
            keeps=max(each.keeps for each in traits),
        )

    def led_by(self, name: str) -> ChainedProvider:
        """The same providers with the named one first."""
        first = self.alone(name)
        led = ChainedProvider((first, *(each for each in self._members if each is not first)))
        led._health = self._health
        return led

    def alone(self, name: str) -> MetadataProvider:
        """The named one by itself."""
        for each in self._members:
            if each.name == name:
                return each
        raise KeyError(f"{name!r} is not among {', '.join(self.names)}")

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        """Titles that answer to `title`, all of one provider."""
        found: tuple[TitleMetadata, ...] = ()
        asked = _Asked(self._health)
        for each in self._knowing(kind):
            answer = asked.of(each, partial(each.search, title, kind, year=year)) or ()
            if _likely(Wanted(title, kind, year), answer):
                return answer
            found = found or answer
        if not found:
            asked.raise_failure()
        return found

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        """All that is said of one title; where the first cannot be asked, by another who goes by its numbers."""
        first, asked = self._members[0], _Asked(self._health)
        found = asked.of(first, partial(first.title, number, kind))
        if found is None and asked.failed:
            found = self._found(_ids_of(first.name, number), kind, self._members[1:], asked)
        if found is None:
            asked.raise_failure()
        return None if found is None else self._filled(found)

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        """The title that goes by one of these ids, as the first says it who knows it."""
        asked = _Asked(self._health)
        found = self._found(ids, kind, self._members, asked)
        if found is None:
            asked.raise_failure()
        return None if found is None else self._filled(found)

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        """The episodes of a show, as the first says them who has any."""
        return self.told_episodes(show, fresh=fresh)[1]

    def told_episodes(self, show: int, *, fresh: bool = False) -> tuple[str, tuple[EpisodeMetadata, ...]]:
        """The episodes of a show, and the name of the provider that says them."""
        first, asked = self._members[0], _Asked(self._health)
        listed = asked.of(first, partial(_episodes, first, show, fresh))
        if listed:
            return first.name, listed
        title = asked.of(first, partial(first.title, show))
        ids = _ids_of(first.name, show) if title is None else title.ids
        for each in self._members[1:]:
            other = self._found(ids, "show", (each,), asked)
            more = None if other is None else asked.of(each, partial(_episodes, each, other.id, fresh))
            if more:
                return each.name, more
        asked.raise_failure()
        if listed is None:
            raise KeyError(f"{first.name} has no show {show}")
        return first.name, ()

    def orders(self, show: int) -> tuple[EpisodeOrder, ...]:
        """The other orders that the first keeps for a show."""
        first, asked = self._members[0], _Asked(self._health)
        found = asked.of(first, partial(first.orders, show))
        asked.raise_failure()
        return found or ()

    def close(self) -> None:
        """Let go of the connections of all."""
        for each in self._members:
            each.close()

    def _knowing(self, kind: TitleKind) -> Iterable[MetadataProvider]:
        return (each for each in self._members if kind == "show" or each.traits.movies)

    def _found(
        self, ids: ExternalIds, kind: TitleKind, members: Sequence[MetadataProvider], asked: _Asked
    ) -> TitleMetadata | None:
        """The title of these ids at the first of `members` who has it."""
        given = {name for name, value in attrs.asdict(ids).items() if value is not None}
        for each in members:
            if given & each.traits.finds_by and (kind == "show" or each.traits.movies):
                found = asked.of(each, partial(each.find, ids, kind))
                if found is not None:
                    return found
        return None

    def _filled(self, title: TitleMetadata) -> TitleMetadata:
        """A title with its gaps filled by the others; one that cannot be asked leaves them open."""
        asked = _Asked(self._health)
        for each in self._members:
            if each.name != title.provider and gaps_of(title, self.names):
                other = self._found(title.ids, title.kind, (each,), asked)
                title = title if other is None else fill_gaps(title, other)
        return title


@attrs.define
class _Failure:
    error: MedialibError
    until: float


class _Health:
    """Who could not be asked lately, and what was told of it; shared by all views of a chain."""

    def __init__(self, told: Callable[[str], None], clock: Clock, rest: float) -> None:
        self._told = told
        self._clock = clock
        self._rest = rest
        self._failures: dict[str, _Failure] = {}
        self._said: dict[str, str] = {}
        self._lock = threading.Lock()

    def failure(self, name: str) -> MedialibError | None:
        """Why that provider is not asked now; None if it may be."""
        with self._lock:
            failed = self._failures.get(name)
            return None if failed is None or self._clock.monotonic() >= failed.until else failed.error

    def failed(self, name: str, error: MedialibError) -> None:
        # what is wrong with one question says nothing of the next
        rest = 0.0 if isinstance(error, (RequestRefused, UnusableAnswer)) else self._rest
        with self._lock:
            self._failures[name] = _Failure(error, self._clock.monotonic() + rest)
            new = self._said.get(name) != str(error)
            self._said[name] = str(error)
        if new:
            remedy = f" {error.remedy}" if error.remedy else ""
            self._told(f"{name} could not be asked, so that only the other providers were: {error.message}{remedy}")

    def answered(self, name: str) -> None:
        with self._lock:
            self._failures.pop(name, None)
            self._said.pop(name, None)


class _Asked:
    """What went wrong while one question was put to several."""

    def __init__(self, health: _Health) -> None:
        self._health = health
        self._errors: list[MedialibError] = []

    @property
    def failed(self) -> bool:
        return bool(self._errors)

    def of(self, provider: MetadataProvider, question: Callable[[], Answered]) -> Answered | None:
        """A provider's answer; None if it cannot be asked."""
        error = self._health.failure(provider.name)
        if error is None:
            try:
                answer = question()
            except (Cancelled, ConfigurationError, UsageError):
                raise
            except MedialibError as failure:
                error = failure
                self._health.failed(provider.name, failure)
            else:
                self._health.answered(provider.name)
                return answer
        self._errors.append(error)
        return None

    def raise_failure(self) -> None:
        """Raise what went wrong, if anything did: what may pass by itself before what a person has to mend."""
        if self._errors:
            raise next((error for error in self._errors if isinstance(error, TransientError)), self._errors[0])


def _likely(wanted: Wanted, found: Iterable[TitleMetadata]) -> bool:
    """Whether one of these titles may be meant, by its name."""
    choice = choose_title(wanted, found)
    return isinstance(choice, Chosen) or choice.ambiguous


def _episodes(provider: MetadataProvider, show: int, fresh: bool) -> tuple[EpisodeMetadata, ...] | None:
    """A show's episodes; None for one that the provider does not have."""
    try:
        return provider.episodes(show, fresh=fresh)
    except KeyError:
        return None


def _ids_of(provider: str, number: int) -> ExternalIds:
    """A provider's number as an external id; none where there is no field for it."""
    own: dict[str, Any] = {provider: imdb_identifier(number) if provider == "imdb" else number}
    return ExternalIds(**own) if provider in attrs.fields_dict(ExternalIds) else ExternalIds()

"""Who knows titles and episodes: TVmaze, TMDB, TheTVDB and their like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

import attrs

from medialib.metadata import EpisodeMetadata, EpisodeOrder, EpisodePlace, FileMetadata, TitleKind, TitleMetadata
from medialib.model import ExternalIds

__all__ = ["FileProvider", "MetadataProvider", "ProviderTraits", "SupportsChanges", "SupportsSeveral"]


@attrs.frozen
class ProviderTraits:
    """How a provider differs from others, as data."""

    movies: bool = False
    """Whether it knows films; where not, every question about one is answered with nothing."""
    orders: bool = False
    """Whether it keeps other orders of episodes than that of broadcast."""
    finds_by: frozenset[str] = frozenset()
    """The fields of `ExternalIds` that `find` can go by, its own number included."""
    credit: str = ""
    """The attribution that its terms ask for, for a reader."""
    keeps: float = 0.0
    """Seconds for which its terms want an answer kept, so that not even a fresh one may be asked for."""


class MetadataProvider(Protocol):
    """A service that knows titles. It is only asked, never told anything.

    What does not exist is an answer (``()`` or None) and is never raised. Every method MUST raise `TransientError` (or
    a leaf of it) where asking again later may help: no connection, a time-out, 429, 5xx, an answer that is cut, empty
    or not in its documented form, which is never taken for "there is nothing"; `AuthenticationFailed` with a remedy for
    a refused key. Anything that the provider leaves null or out is None or empty in the values. No secret is part of
    any message. Methods may be called from several threads.
    """

    @property
    def name(self) -> str:
        """Lower-case name, as in `TitleMetadata.provider` and the field of `ExternalIds`."""

    @property
    def traits(self) -> ProviderTraits:
        """How it differs from others."""

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        """Titles that answer to `title`, best first as the provider ranks them, 20 at most.

        `year` may help its ranking; titles of other years may still be among the answers.
        """

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        """All it says of one title, aliases and external ids included, or None if it has no such number."""

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        """The title that another provider calls so, or None; ids that it cannot go by are passed over."""

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        """The episodes of a show by season and number, specials as season 0, future ones included where it lists them.

        `fresh` asks past every answer that was kept for longer than `ProviderTraits.keeps`, for a caller who knows of
        an episode that such an answer lacks.
        Empty for a show that has none yet; raises KeyError for one that it does not have.
        """

    def orders(self, show: int) -> tuple[EpisodeOrder, ...]:
        """The other orders that it keeps for a show."""

    def close(self) -> None:
        """Let go of connections. Calling it twice is fine."""


@runtime_checkable
class SupportsChanges(Protocol):
    """What a provider can do that says which of its shows have changed, so that the others need not be asked about."""

    def changed_shows(self, since: datetime | None = None) -> Mapping[int, datetime]:
        """The shows that changed since then, with the instant of their last change by the provider's clock, UTC.

        There may be more among them; None asks for all there are. Asked past every answer that was kept, as is
        `fresh_title`: what changed a minute ago is not what was answered an hour ago.
        """

    def fresh_title(self, show: int) -> TitleMetadata | None:
        """What `MetadataProvider.title` says of a show, past every answer that was kept."""


@runtime_checkable
class SupportsSeveral(Protocol):
    """What a `MetadataProvider` adds that asks several others in turn.

    `MetadataProvider.name` is that of its first, and numbers given to its methods are that one's. What it answers may
    come from another: then `TitleMetadata.provider` names it, and `led_by` has to be asked of that title again. An
    answer of the later ones is given while earlier ones are out of reach; that there is nothing is only said if all
    were asked.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all, in the order they are asked."""

    def led_by(self, name: str) -> MetadataProvider:
        """The same several, with the named one first. Raises KeyError if it is none of them."""

    def alone(self, name: str) -> MetadataProvider:
        """The named one by itself. Raises KeyError if it is none of them."""

    def told_episodes(self, show: int, *, fresh: bool = False) -> tuple[str, tuple[EpisodeMetadata, ...]]:
        """What `MetadataProvider.episodes` says, and the name of the one who said it."""


class FileProvider(Protocol):
    """A service that knows files by their content. It is only asked.

    What it does not know is answered with None and never raised. `file` MUST raise `TransientError` (or a leaf) where
    asking later may help, `Banned` among them; `AuthenticationFailed` with a remedy where the account is refused. No
    secret is part of any message. Methods may be called from several threads.
    """

    @property
    def name(self) -> str:
        """Lower-case name, as in `FileMetadata.provider` and the field of `ExternalIds`."""

    def file(self, size: int, hashes: Sequence[str]) -> FileMetadata | None:
        """The file of so many bytes that one of these ed2k hashes (lower-case hex, the likelier first) is of."""

    def tvdb_place(self, file: FileMetadata) -> tuple[int, EpisodePlace] | None:
        """TheTVDB's number of the series that has the file's episode, and where in it; None if that is not known."""

    def close(self) -> None:
        """Let go of connections. Calling it twice is fine."""

"""Shows, episodes and films in Milvus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from medialib.catalogue.milvus_rows import EPISODES, MOVIES, SHOWS, digest
from medialib.catalogue.milvus_store import MilvusStore
from medialib.model import Episode, Movie, Season, Show

__all__ = ["MilvusEpisodes", "MilvusMovies", "MilvusShows"]


class MilvusShows:
    """`ports.ShowRepository` over rows of Milvus."""

    def __init__(self, store: MilvusStore) -> None:
        self._store = store

    def get(self, key: str) -> Show | None:
        """The show, or None."""
        return self._store.get(SHOWS, digest(key))

    def add(self, show: Show) -> None:
        """Enter a new show; raises KeyError if the key is taken."""
        with self._store.writing():
            if self.get(show.key) is not None:
                raise KeyError(f"there is a show {show.key!r} already")
            self.put(show)

    def put(self, show: Show) -> None:
        """Enter or replace a show; its episodes stay."""
        self._store.put(SHOWS, [show])

    def remove(self, key: str) -> bool:
        """Remove a show with its episodes; tells whether there was one."""
        with self._store.writing():
            if self.get(key) is None:
                return False
            episodes = self._store.find(EPISODES, "of_show", digest(key))
            self._store.remove(EPISODES, map(EPISODES.key, episodes))
            self._store.remove(SHOWS, [digest(key)])
            return True

    def all(self) -> Iterator[Show]:
        """All shows, by key."""
        return iter(sorted(self._store.all(SHOWS), key=lambda show: show.key))


class MilvusEpisodes:
    """`ports.EpisodeRepository` over rows of Milvus."""

    def __init__(self, store: MilvusStore) -> None:
        self._store = store

    def put(self, episodes: Iterable[Episode]) -> int:
        """Enter or replace episodes; returns how many. Raises KeyError for an unknown show; then none was."""
        given = list(episodes)
        with self._store.writing():
            for show in dict.fromkeys(episode.show for episode in given):
                if self._store.get(SHOWS, digest(show)) is None:
                    raise KeyError(f"there is no show {show!r}")
            self._store.put(EPISODES, given)
        return len(given)

    def of_show(self, show: str) -> Iterator[Episode]:
        """The show's episodes, by season and number."""
        return iter(self._find("of_show", digest(show)))

    def seasons(self, show: str) -> tuple[Season, ...]:
        """The show's seasons, by number."""
        counts = Counter(episode.season for episode in self.of_show(show))
        return tuple(Season(show, number, count) for number, count in sorted(counts.items()))

    def get(self, show: str, season: int, number: int) -> Episode | None:
        """One episode, or None."""
        return self._store.get(EPISODES, digest(show, season, number))

    def by_absolute(self, show: str, number: int) -> tuple[Episode, ...]:
        """Those with that absolute number, by season and number."""
        return self._find("absolute", digest(show, number))

    def by_date(self, show: str, aired: date) -> tuple[Episode, ...]:
        """Those first broadcast on that day, by season and number."""
        return self._find("aired", digest(show, aired.isoformat()))

    def remove(self, show: str, season: int | None = None, number: int | None = None) -> int:
        """Remove the show's episodes, those of one season, or one of them; returns how many."""
        with self._store.writing():
            doomed = [
                EPISODES.key(episode)
                for episode in self.of_show(show)
                if season in (None, episode.season) and number in (None, episode.number)
            ]
            self._store.remove(EPISODES, doomed)
        return len(doomed)

    def _find(self, field: str, value: str) -> tuple[Episode, ...]:
        found = self._store.find(EPISODES, field, value)
        return tuple(sorted(found, key=lambda episode: (episode.season, episode.number)))


class MilvusMovies:
    """`ports.MovieRepository` over rows of Milvus."""

    def __init__(self, store: MilvusStore) -> None:
        self._store = store

    def get(self, key: str) -> Movie | None:
        """The film, or None."""
        return self._store.get(MOVIES, digest(key))

    def add(self, movie: Movie) -> None:
        """Enter a new film; raises KeyError if the key is taken."""
        with self._store.writing():
            if self.get(movie.key) is not None:
                raise KeyError(f"there is a film {movie.key!r} already")
            self.put(movie)

    def put(self, movie: Movie) -> None:
        """Enter or replace a film."""
        self._store.put(MOVIES, [movie])

    def remove(self, key: str) -> bool:
        """Remove a film; tells whether there was one."""
        with self._store.writing():
            if self.get(key) is None:
                return False
            self._store.remove(MOVIES, [digest(key)])
            return True

    def all(self) -> Iterator[Movie]:
        """All films, by key."""
        return iter(sorted(self._store.all(MOVIES), key=lambda movie: movie.key))

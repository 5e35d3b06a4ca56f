"""Shows, episodes and films in tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, delete, func, insert, select

from medialib.catalogue.long_keys import as_kept, every_column, whole
from medialib.catalogue.schema import episodes, movie_aliases, movies, show_aliases, shows
from medialib.catalogue.sql_store import Store
from medialib.model import Episode, ExternalIds, Movie, Season, Show

__all__ = ["SqlEpisodes", "SqlMovies", "SqlShows"]

_SHOWS = select(*every_column(shows)).order_by(shows.c.key)
_SHOW_ALIASES = select(show_aliases.c.show, show_aliases.c.alias).order_by(show_aliases.c.show, show_aliases.c.position)
_MOVIES = select(*every_column(movies)).order_by(movies.c.key)
_MOVIE_ALIASES = select(movie_aliases.c.movie, movie_aliases.c.alias).order_by(
    movie_aliases.c.movie, movie_aliases.c.position
)
_EPISODES = select(
    episodes.c.season, episodes.c.number, episodes.c.title, episodes.c.absolute, episodes.c.aired
).order_by(episodes.c.season, episodes.c.number)


class SqlShows:
    """`ports.ShowRepository` over two tables."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, key: str) -> Show | None:
        """The show, or None."""
        return next(self._read(_SHOWS.where(shows.c.key == key), _SHOW_ALIASES.where(show_aliases.c.show == key)), None)

    def add(self, show: Show) -> None:
        """Enter a new show; raises KeyError if the key is taken."""
        with self._store.writing() as connection:
            if not self._store.add(connection, shows, _show_row(show)):
                raise KeyError(f"there is a show {show.key!r} already")
            _enter_aliases(connection, show_aliases, show.key, show.aliases)

    def put(self, show: Show) -> None:
        """Enter or replace a show; its episodes stay."""
        with self._store.writing() as connection:
            self._store.upsert(connection, shows, [_show_row(show)])
            connection.execute(delete(show_aliases).where(show_aliases.c.show == show.key))
            _enter_aliases(connection, show_aliases, show.key, show.aliases)

    def remove(self, key: str) -> bool:
        """Remove a show with its episodes; tells whether there was one."""
        with self._store.writing() as connection:
            return connection.execute(delete(shows).where(shows.c.key == key)).rowcount > 0

    def all(self) -> Iterator[Show]:
        """All shows, by key."""
        return self._read(_SHOWS, _SHOW_ALIASES)

    def _read(self, titles: Select[Any], aliases: Select[str, str]) -> Iterator[Show]:
        with self._store.reading() as connection:
            rows = connection.execute(titles).all()
            names = _grouped(connection.execute(aliases).all())
        found = whole(rows, lambda row: row.key)
        return (_show(row, names.get(as_kept(row.key, self._store.dialect), ())) for row in found)


class SqlMovies:
    """`ports.MovieRepository` over two tables."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, key: str) -> Movie | None:
        """The film, or None."""
        found = self._read(_MOVIES.where(movies.c.key == key), _MOVIE_ALIASES.where(movie_aliases.c.movie == key))
        return next(found, None)

    def add(self, movie: Movie) -> None:
        """Enter a new film; raises KeyError if the key is taken."""
        with self._store.writing() as connection:
            if not self._store.add(connection, movies, _movie_row(movie)):
                raise KeyError(f"there is a film {movie.key!r} already")
            _enter_aliases(connection, movie_aliases, movie.key, movie.aliases)

    def put(self, movie: Movie) -> None:
        """Enter or replace a film."""
        with self._store.writing() as connection:
            self._store.upsert(connection, movies, [_movie_row(movie)])
            connection.execute(delete(movie_aliases).where(movie_aliases.c.movie == movie.key))
            _enter_aliases(connection, movie_aliases, movie.key, movie.aliases)

    def remove(self, key: str) -> bool:
        """Remove a film; tells whether there was one."""
        with self._store.writing() as connection:
            return connection.execute(delete(movies).where(movies.c.key == key)).rowcount > 0

    def all(self) -> Iterator[Movie]:
        """All films, by key."""
        return self._read(_MOVIES, _MOVIE_ALIASES)

    def _read(self, titles: Select[Any], aliases: Select[str, str]) -> Iterator[Movie]:
        with self._store.reading() as connection:
            rows = connection.execute(titles).all()
            names = _grouped(connection.execute(aliases).all())
        found = whole(rows, lambda row: row.key)
        return (_movie(row, names.get(as_kept(row.key, self._store.dialect), ())) for row in found)


class SqlEpisodes:
    """`ports.EpisodeRepository` over one table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, entries: Iterable[Episode]) -> int:
        """Enter or replace episodes; returns how many. Raises KeyError for a show that does not exist."""
        given = list(entries)
        rows = [
            {
                "show": episode.show,
                "season": episode.season,
                "number": episode.number,
                "title": episode.title,
                "absolute": episode.absolute,
                "aired": episode.aired,
            }
            for episode in given
        ]
        with self._store.writing() as connection:
            for key in sorted({episode.show for episode in given}):
                # The lock (which SQLite leaves out) keeps another process from removing the show meanwhile.
                there = select(shows.c.key).where(shows.c.key == key).with_for_update(read=True, key_share=True)
                if connection.scalar(there) is None:
                    raise KeyError(f"there is no show {key!r}")
            self._store.upsert(connection, episodes, rows)
        return len(given)

    def of_show(self, show: str) -> Iterator[Episode]:
        """The show's episodes, by season and number."""
        return self._read(show)

    def seasons(self, show: str) -> tuple[Season, ...]:
        """The show's seasons, by number."""
        counted = (
            select(episodes.c.season, func.count())
            .where(episodes.c.show == show)
            .group_by(episodes.c.season)
            .order_by(episodes.c.season)
        )
        with self._store.reading() as connection:
            return tuple(Season(show, *row) for row in connection.execute(counted))

    def get(self, show: str, season: int, number: int) -> Episode | None:
        """One episode, or None."""
        return next(self._read(show, episodes.c.season == season, episodes.c.number == number), None)

    def by_absolute(self, show: str, number: int) -> tuple[Episode, ...]:
        """Those with that absolute number, by season and number."""
        return tuple(self._read(show, episodes.c.absolute == number))

    def by_date(self, show: str, aired: date) -> tuple[Episode, ...]:
        """Those first broadcast on that day, by season and number."""
        return tuple(self._read(show, episodes.c.aired == aired))

    def remove(self, show: str, season: int | None = None, number: int | None = None) -> int:
        """Remove the show's episodes, those of one season, or one of them; returns how many."""
        doomed = delete(episodes).where(episodes.c.show == show)
        if season is not None:
            doomed = doomed.where(episodes.c.season == season)
        if number is not None:
            doomed = doomed.where(episodes.c.number == number)
        with self._store.writing() as connection:
            return connection.execute(doomed).rowcount

    def _read(self, show: str, *which: ColumnElement[bool]) -> Iterator[Episode]:
        wanted = _EPISODES.where(episodes.c.show == show, *which)
        with self._store.reading() as connection:
            rows = self._store.tuples(connection, wanted)
        return (Episode(show, *row) for row in rows)


def _enter_aliases(connection: Connection, table: Table, key: str, aliases: Iterable[str]) -> None:
    of = next(iter(table.primary_key)).name
    rows = [{of: key, "position": at, "alias": alias} for at, alias in enumerate(aliases)]
    if rows:
        connection.execute(insert(table), rows)


def _grouped(rows: Iterable[Row[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for key, alias in rows:
        found.setdefault(key, []).append(alias)
    return {key: tuple(names) for key, names in found.items()}


def _ids_row(ids: ExternalIds) -> dict[str, Any]:
    return {"tmdb": ids.tmdb, "tvdb": ids.tvdb, "tvmaze": ids.tvmaze, "anidb": ids.anidb, "imdb": ids.imdb}


def _ids(row: Any) -> ExternalIds:
    return ExternalIds(tmdb=row.tmdb, tvdb=row.tvdb, tvmaze=row.tvmaze, anidb=row.anidb, imdb=row.imdb)


def _show_row(show: Show) -> dict[str, Any]:
    return {
        "key": show.key,
        "title": show.title,
        "year": show.year,
        "type": show.type,
        "folder": show.folder,
        **_ids_row(show.ids),
        "language": show.language,
        "status": show.status,
        "genres": list(show.genres),
        "source": show.source,
        "episode_order": show.episode_order,
        "countries": list(show.countries),
        "provenance": dict(show.provenance),
    }


def _show(row: Any, aliases: tuple[str, ...]) -> Show:
    return Show(
        key=row.key,
        title=row.title,
        year=row.year,
        type=row.type,
        aliases=aliases,
        folder=row.folder,
        ids=_ids(row),
        language=row.language,
        status=row.status,
        genres=tuple(row.genres),
        source=row.source,
        episode_order=row.episode_order,
        countries=tuple(row.countries),
        provenance=row.provenance,
    )


def _movie_row(movie: Movie) -> dict[str, Any]:
    return {
        "key": movie.key,
        "title": movie.title,
        "year": movie.year,
        "folder": movie.folder,
        **_ids_row(movie.ids),
        "source": movie.source,
        "language": movie.language,
        "genres": list(movie.genres),
        "countries": list(movie.countries),
        "provenance": dict(movie.provenance),
    }


def _movie(row: Any, aliases: tuple[str, ...]) -> Movie:
    return Movie(
        key=row.key,
        title=row.title,
        year=row.year,
        aliases=aliases,
        folder=row.folder,
        ids=_ids(row),
        source=row.source,
        language=row.language,
        genres=tuple(row.genres),
        countries=tuple(row.countries),
        provenance=row.provenance,
    )

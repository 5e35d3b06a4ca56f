"""A catalogue in dictionaries: the plainest reading of the law, which every other one is compared with."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import attrs

from medialib.catalogue.counting import count_rows
from medialib.catalogue.lines import places_named
from medialib.catalogue.memory_state import Contents, Repository, State, own_action, own_file, own_line, own_outcome
from medialib.errors import CatalogueError, ConfigurationError
from medialib.events import Observer, nobody
from medialib.model import Episode, InventoryFile, KnownFile, Movie, Place, Season, Show, Sighting
from medialib.planning import Action, Outcome, Performed
from medialib.ports import CatalogueTraits, Lease, Run, RunState, ShowCounts

__all__ = ["MemoryCatalogue", "open_memory"]


class _Shows(Repository):
    def get(self, key: str) -> Show | None:
        with self._state.reading() as contents:
            return contents.shows.get(key)

    def add(self, show: Show) -> None:
        with self._state.writing() as contents:
            if show.key in contents.shows:
                raise KeyError(f"there is a show {show.key!r} already")
            contents.shows[show.key] = show

    def put(self, show: Show) -> None:
        with self._state.writing() as contents:
            contents.shows[show.key] = show

    def remove(self, key: str) -> bool:
        with self._state.writing() as contents:
            for number in [number for number in contents.episodes if number[0] == key]:
                del contents.episodes[number]
            return contents.shows.pop(key, None) is not None

    def all(self) -> Iterator[Show]:
        return self._select(lambda contents: (contents.shows[key] for key in sorted(contents.shows)))


class _Episodes(Repository):
    def put(self, episodes: Iterable[Episode]) -> int:
        given = list(episodes)
        with self._state.writing() as contents:
            for episode in given:
                if episode.show not in contents.shows:
                    raise KeyError(f"there is no show {episode.show!r}")
            contents.episodes.update({(entry.show, entry.season, entry.number): entry for entry in given})
        return len(given)

    def of_show(self, show: str) -> Iterator[Episode]:
        return self._where(lambda episode: episode.show == show)

    def seasons(self, show: str) -> tuple[Season, ...]:
        counts: dict[int, int] = {}
        for episode in self.of_show(show):
            counts[episode.season] = counts.get(episode.season, 0) + 1
        return tuple(Season(show, number, count) for number, count in sorted(counts.items()))

    def get(self, show: str, season: int, number: int) -> Episode | None:
        with self._state.reading() as contents:
            return contents.episodes.get((show, season, number))

    def by_absolute(self, show: str, number: int) -> tuple[Episode, ...]:
        return tuple(self._where(lambda episode: episode.show == show and episode.absolute == number))

    def by_date(self, show: str, aired: date) -> tuple[Episode, ...]:
        return tuple(self._where(lambda episode: episode.show == show and episode.aired == aired))

    def remove(self, show: str, season: int | None = None, number: int | None = None) -> int:
        with self._state.writing() as contents:
            doomed = [
                key
                for key in contents.episodes
                if key[0] == show and season in (None, key[1]) and number in (None, key[2])
            ]
            for key in doomed:
                del contents.episodes[key]
        return len(doomed)

    def _where(self, wanted: Callable[[Episode], bool]) -> Iterator[Episode]:
        return self._select(
            lambda contents: (episode for _, episode in sorted(contents.episodes.items()) if wanted(episode))
        )


class _Movies(Repository):
    def get(self, key: str) -> Movie | None:
        with self._state.reading() as contents:
            return contents.movies.get(key)

    def add(self, movie: Movie) -> None:
        with self._state.writing() as contents:
            if movie.key in contents.movies:
                raise KeyError(f"there is a film {movie.key!r} already")
            contents.movies[movie.key] = movie

    def put(self, movie: Movie) -> None:
        with self._state.writing() as contents:
            contents.movies[movie.key] = movie

    def remove(self, key: str) -> bool:
        with self._state.writing() as contents:
            return contents.movies.pop(key, None) is not None

    def all(self) -> Iterator[Movie]:
        return self._select(lambda contents: (contents.movies[key] for key in sorted(contents.movies)))


class _KnownFiles(Repository):
    def get(self, remote: str, path: str) -> KnownFile | None:
        with self._state.reading() as contents:
            return contents.known_files.get((remote, path))

    def put(self, files: Iterable[KnownFile]) -> None:
        rows = {(file.remote, file.path): file for file in files}
        with self._state.writing() as contents:
            contents.known_files.update(rows)

    def remove(self, remote: str, path: str) -> bool:
        with self._state.writing() as contents:
            return contents.known_files.pop((remote, path), None) is not None

    def of_remote(self, remote: str, under: str = "") -> Iterator[KnownFile]:
        folder = under.rstrip("/") + "/" if under else ""
        return self._select(
            lambda contents: (
                contents.known_files[key]
                for key in sorted(contents.known_files)
                if key[0] == remote and key[1].startswith(folder)
            )
        )

    def by_local(self, place: Place) -> KnownFile | None:
        with self._state.reading() as contents:
            return max(
                (file for file in contents.known_files.values() if file.local == place),
                key=lambda file: (file.recorded, file.remote, file.path),
                default=None,
            )


class _Sightings(Repository):
    def of_remote(self, remote: str) -> Mapping[str, Sighting]:
        with self._state.reading() as contents:
            return {
                path: contents.sightings[key]
                for key in sorted(contents.sightings)
                for path in key[1:]
                if key[0] == remote
            }

    def put(self, sightings: Iterable[Sighting]) -> None:
        rows = {(sighting.remote, sighting.path): sighting for sighting in sightings}
        with self._state.writing() as contents:
            contents.sightings.update(rows)

    def remove(self, remote: str, paths: Iterable[str]) -> None:
        gone = list(paths)
        with self._state.writing() as contents:
            for path in gone:
                contents.sightings.pop((remote, path), None)


class _Inventory(Repository):
    def get(self, place: Place) -> InventoryFile | None:
        return next(self._where(lambda file: file.place == place), None)

    def put(self, files: Iterable[InventoryFile]) -> None:
        rows = {file.place: own_file(file) for file in files}
        with self._state.writing() as contents:
            contents.inventory.update(rows)

    def remove(self, place: Place) -> bool:
        with self._state.writing() as contents:
            return contents.inventory.pop(place, None) is not None

    def of_unit(self, kind: Literal["episode", "movie"], key: str) -> Iterator[InventoryFile]:
        return self._where(
            lambda file: (
                file.holding.unit is not None and (file.holding.unit.kind, file.holding.unit.key) == (kind, key)
            )
        )

    def by_sha256(self, sha256: str) -> tuple[InventoryFile, ...]:
        return tuple(self._where(lambda file: file.holding.sha256 == sha256))

    def all(self, location: str | None = None) -> Iterator[InventoryFile]:
        return self._where(lambda file: location in (None, file.place.location))

    def _where(self, wanted: Callable[[InventoryFile], bool]) -> Iterator[InventoryFile]:
        return self._select(
            lambda contents: (
                own_file(file) for _, file in sorted(contents.inventory.items(), key=_key) if wanted(file)
            )
        )


class _Journal(Repository):
    def begin(self, run: Run) -> None:
        with self._state.writing() as contents:
            if run.id in contents.runs:
                raise KeyError(f"there is a run {run.id!r} already")
            contents.runs[run.id] = run

    def intend(self, run: str, actions: Iterable[Action]) -> tuple[int, ...]:
        given = [own_action(action) for action in actions]
        with self._state.writing() as contents:
            if run not in contents.runs:
                raise KeyError(f"there is no run {run!r}")
            last = max((number for key, number in contents.lines if key == run), default=0)
            lines = {last + at: Performed(last + at, action, None) for at, action in enumerate(given, start=1)}
            contents.lines.update({(run, number): line for number, line in lines.items()})
        return tuple(lines)

    def complete(self, run: str, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        given = list(outcomes)
        with self._state.writing() as contents:
            ended: dict[tuple[str, int], Performed] = {}
            for number, outcome in given:
                line = contents.lines.get((run, number))
                if line is None:
                    raise KeyError(f"run {run!r} has no line {number}")
                if line.outcome is not None or (run, number) in ended:
                    raise KeyError(f"line {number} of run {run!r} has an outcome already")
                ended[run, number] = attrs.evolve(line, outcome=own_outcome(outcome))
            contents.lines.update(ended)

    def finish(self, run: str, state: RunState, finished: datetime) -> None:
        with self._state.writing() as contents:
            if run not in contents.runs:
                raise KeyError(f"there is no run {run!r}")
            contents.runs[run] = attrs.evolve(contents.runs[run], state=state, finished=finished)

    def get(self, run: str) -> Run | None:
        with self._state.reading() as contents:
            return contents.runs.get(run)

    def runs(self, limit: int | None = None) -> tuple[Run, ...]:
        with self._state.reading() as contents:
            found = sorted(contents.runs.values(), key=lambda run: (run.started, run.id), reverse=True)
        return tuple(found if limit is None else found[:limit])

    def lines(self, run: str) -> Iterator[Performed]:
        return self._select(
            lambda contents: (own_line(line) for key, line in sorted(contents.lines.items(), key=_key) if key[0] == run)
        )

    def touching(self, place: Place) -> Iterator[tuple[str, Performed]]:
        def ask(contents: Contents) -> Iterator[tuple[str, Performed]]:
            found = [
                (contents.runs[run].started, run, number)
                for (run, number), line in contents.lines.items()
                if place in places_named(line.action)
            ]
            return ((run, own_line(contents.lines[run, number])) for _, run, number in sorted(found))

        return self._select(ask)


class _Checkpoints(Repository):
    def get(self, name: str) -> str | None:
        with self._state.reading() as contents:
            return contents.checkpoints.get(name)

    def put(self, name: str, text: str) -> None:
        with self._state.writing() as contents:
            contents.checkpoints[name] = text

    def remove(self, name: str) -> bool:
        with self._state.writing() as contents:
            return contents.checkpoints.pop(name, None) is not None

    def names(self) -> tuple[str, ...]:
        with self._state.reading() as contents:
            return tuple(sorted(contents.checkpoints))


class _Leases(Repository):
    def acquire(self, name: str, holder: str, *, seconds: float, now: datetime | None = None) -> Lease:
        with self._state.writing() as contents:
            moment = datetime.now(UTC) if now is None else now
            standing = contents.leases.get(name)
            if standing is not None and standing.holder != holder and standing.until > moment:
                return standing
            contents.leases[name] = Lease(name, holder, moment + timedelta(seconds=seconds))
            return contents.leases[name]

    def release(self, name: str, holder: str) -> bool:
        with self._state.writing() as contents:
            standing = contents.leases.get(name)
            if standing is None or standing.holder != holder:
                return False
            del contents.leases[name]
            return True

    def get(self, name: str) -> Lease | None:
        with self._state.reading() as contents:
            return contents.leases.get(name)


class MemoryCatalogue:
    """`ports.Catalogue` that forgets everything when it is closed: for tests, and for trying things out.

    >>> catalogue = MemoryCatalogue()
    >>> catalogue.shows.add(Show("severance", "Severance", year=2022))
    >>> [show.title for show in catalogue.shows.all()]
    ['Severance']
    """

    def __init__(self, *, read_only: bool = False, identity: str | None = None) -> None:
        self._state = State(read_only=read_only, identity=uuid.uuid4().hex if identity is None else identity)
        self.shows = _Shows(self._state)
        """Shows with their aliases."""
        self.episodes = _Episodes(self._state)
        """Episodes of the shows."""
        self.movies = _Movies(self._state)
        """Films."""
        self.known_files = _KnownFiles(self._state)
        """Remote files that were dealt with."""
        self.sightings = _Sightings(self._state)
        """First looks at remote files."""
        self.inventory = _Inventory(self._state)
        """Files in the library."""
        self.journal = _Journal(self._state)
        """Runs and their lines."""
        self.checkpoints = _Checkpoints(self._state)
        """Where long work had got to."""
        self.leases = _Leases(self._state)
        """Who may write."""

    @property
    def identity(self) -> str:
        """What tells this catalogue from every other."""
        return self._state.now.identity

    @property
    def traits(self) -> CatalogueTraits:
        """It lives in one process and dies with it."""
        return CatalogueTraits(persistent=False, processes=False)

    @property
    def read_only(self) -> bool:
        """Whether writes are refused."""
        return self._state.read_only

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, for what this thread does inside."""
        return self._state.transaction()

    def show_counts(self, shows: Collection[str]) -> Mapping[str, ShowCounts]:
        """What there is of each of these shows, by key."""
        with self._state.reading() as contents:
            return count_rows(shows, contents.episodes.values(), contents.inventory.values())

    def remotes(self) -> tuple[str, ...]:
        """The names of the remotes that known files or sightings are of, sorted."""
        with self._state.reading() as contents:
            return tuple(sorted({remote for remote, _ in (*contents.known_files, *contents.sightings)}))

    def adopt(self, identity: str) -> None:
        """Take over the identity of the catalogue that is copied into this one, which must be empty."""
        with self._state.writing() as contents:
            if not identity or any(rows for name, rows in contents.repositories().items() if name != "leases"):
                raise CatalogueError("only an empty catalogue takes over the identity of another")
            contents.identity = identity

    def clear(self) -> None:
        """Forget everything but the identity and the leases."""
        with self._state.writing() as contents:
            for name, rows in contents.repositories().items():
                if name != "leases":
                    rows.clear()

    def close(self) -> None:
        """Refuse everything from now on. Calling it twice is fine."""
        self._state.closed = True


def open_memory(
    url: str, *, read_only: bool = False, create: bool = True, observer: Observer = nobody
) -> MemoryCatalogue:
    """A fresh catalogue in memory: what ``memory:`` opens. Raises ConfigurationError for an address that says more."""
    if url != "memory:":
        raise ConfigurationError("the catalogue's address cannot be used: one in memory is called memory: and no more")
    return MemoryCatalogue(read_only=read_only)


def _key(item: tuple[Any, Any]) -> Any:
    return item[0]

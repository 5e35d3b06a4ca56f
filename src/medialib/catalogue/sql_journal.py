"""The journal, checkpoints and leases in tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, func, insert, select, update

from medialib.catalogue.lines import action_data, outcome_data, places_named, read_line
from medialib.catalogue.long_keys import whole
from medialib.catalogue.schema import checkpoints, journal_lines, journal_places, journal_runs, leases
from medialib.catalogue.sql_store import Store
from medialib.model import Place
from medialib.planning import Action, Outcome, Performed
from medialib.ports import Lease, Run, RunState

__all__ = ["SqlCheckpoints", "SqlJournal", "SqlLeases"]

_RUNS = select(
    journal_runs.c.id,
    journal_runs.c.verb,
    journal_runs.c.started,
    journal_runs.c.state,
    journal_runs.c.finished,
    journal_runs.c.undoes,
    journal_runs.c.configuration,
    journal_runs.c.long_keys,
)
_LINES = select(journal_lines.c.sequence, journal_lines.c.action, journal_lines.c.outcome).order_by(
    journal_lines.c.sequence
)
_COMPLETE = (
    update(journal_lines)
    .where(journal_lines.c.run == bindparam("in_run"), journal_lines.c.sequence == bindparam("at"))
    .values(outcome=bindparam("came"))
)
_ENDED = select(journal_lines.c.sequence, journal_lines.c.outcome.is_not(None).label("ended")).where(
    journal_lines.c.run == bindparam("in_run"),
    journal_lines.c.sequence.in_(bindparam("numbers", expanding=True)),
)
_ASKED_AT_ONCE = 500


class SqlJournal:
    """`ports.JournalRepository` over three tables; `journal_places` makes the past of a file quick to find."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, run: Run) -> None:
        """Enter a new run; raises KeyError if the id is taken."""
        with self._store.writing() as connection:
            row = {
                "id": run.id,
                "verb": run.verb,
                "started": run.started,
                "state": run.state,
                "finished": run.finished,
                "undoes": run.undoes,
                "configuration": run.configuration,
            }
            if not self._store.add(connection, journal_runs, row):
                raise KeyError(f"there is a run {run.id!r} already")

    def intend(self, run: str, actions: Iterable[Action]) -> tuple[int, ...]:
        """Write down what is about to be done; returns the line numbers. Raises KeyError for a run that is not there.

        Numbers are given while the run's row is locked, so they have no gaps and no doubles.
        """
        given = tuple(actions)
        data = [action_data(action) for action in given]
        with self._store.writing() as connection:
            if connection.scalar(_lock(run)) is None:
                raise KeyError(f"there is no run {run!r}")
            last = connection.scalar(select(func.max(journal_lines.c.sequence)).where(journal_lines.c.run == run)) or 0
            numbers = tuple(range(last + 1, last + 1 + len(given)))
            lines = [
                {"run": run, "sequence": number, "action": action} for number, action in zip(numbers, data, strict=True)
            ]
            places = [
                {"location": place.location, "path": place.path, "run": run, "sequence": number}
                for number, action in zip(numbers, given, strict=True)
                for place in places_named(action)
            ]
            if lines:
                connection.execute(insert(journal_lines), lines)
            if places:
                connection.execute(insert(journal_places), places)
        return numbers

    def complete(self, run: str, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        """Write down what came of lines. Raises KeyError for a line that does not exist or has an outcome already."""
        given = list(outcomes)
        rows = [{"in_run": run, "at": number, "came": outcome_data(outcome)} for number, outcome in given]
        with self._store.writing() as connection:
            connection.execute(_lock(run))
            numbers = [number for number, _ in given]
            ended: dict[int, bool] = {}
            for start in range(0, len(numbers), _ASKED_AT_ONCE):
                asked = {"in_run": run, "numbers": numbers[start : start + _ASKED_AT_ONCE]}
                ended |= {line.sequence: line.ended for line in connection.execute(_ENDED, asked)}
            for number in numbers:
                if number not in ended:
                    raise KeyError(f"run {run!r} has no line {number}")
                if ended[number]:
                    raise KeyError(f"line {number} of run {run!r} has an outcome already")
                ended[number] = True
            if rows:
                connection.execute(_COMPLETE, rows)

    def finish(self, run: str, state: RunState, finished: datetime) -> None:
        """Set the state of a run. Raises KeyError for a run that is not there."""
        ended = update(journal_runs).where(journal_runs.c.id == run).values(state=state, finished=finished)
        with self._store.writing() as connection:
            if connection.execute(ended).rowcount == 0:
                raise KeyError(f"there is no run {run!r}")

    def get(self, run: str) -> Run | None:
        """One run, or None."""
        with self._store.reading() as connection:
            rows = connection.execute(_RUNS.where(journal_runs.c.id == run)).all()
        return next((_run(row) for row in whole(rows)), None)

    def runs(self, limit: int | None = None) -> tuple[Run, ...]:
        """Runs, latest first."""
        wanted = _RUNS.order_by(journal_runs.c.started.desc(), journal_runs.c.id.desc())
        with self._store.reading() as connection:
            rows = connection.execute(wanted if limit is None else wanted.limit(limit)).all()
            if limit is not None and any(row.long_keys is not None for row in rows):
                # Which of several that began at one instant are the first ones shows once they are whole.
                rows = connection.execute(wanted).all()
        found = whole(rows, lambda row: (row.started, row.id), reverse=True)
        return tuple(_run(row) for row in found)[:limit]

    def lines(self, run: str) -> Iterator[Performed]:
        """A run's lines, by number."""
        with self._store.reading() as connection:
            rows = connection.execute(_LINES.where(journal_lines.c.run == run)).all()
        return (_performed(run, row) for row in rows)

    def touching(self, place: Place) -> Iterator[tuple[str, Performed]]:
        """Run ids and lines whose action names `place` as source, target or place, oldest first."""
        wanted = (
            select(
                journal_runs.c.id,
                journal_runs.c.started,
                journal_lines.c.sequence,
                journal_lines.c.action,
                journal_lines.c.outcome,
                journal_runs.c.long_keys,
            )
            .select_from(
                journal_places.join(journal_lines).join(journal_runs, journal_lines.c.run == journal_runs.c.id)
            )
            .where(journal_places.c.location == place.location, journal_places.c.path == place.path)
            .order_by(journal_runs.c.started, journal_runs.c.id, journal_lines.c.sequence)
        )
        with self._store.reading() as connection:
            rows = connection.execute(wanted).all()
        found = whole(rows, lambda row: (row.started, row.id, row.sequence))
        return ((row.id, _performed(row.id, row)) for row in found)


class SqlCheckpoints:
    """`ports.CheckpointRepository` over one table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, name: str) -> str | None:
        """The text, or None."""
        with self._store.reading() as connection:
            return connection.scalar(select(checkpoints.c.text).where(checkpoints.c.name == name))

    def put(self, name: str, text: str) -> None:
        """Enter or replace it."""
        with self._store.writing() as connection:
            self._store.upsert(connection, checkpoints, [{"name": name, "text": text}])

    def remove(self, name: str) -> bool:
        """Remove it; tells whether there was one."""
        with self._store.writing() as connection:
            return connection.execute(delete(checkpoints).where(checkpoints.c.name == name)).rowcount > 0

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        with self._store.reading() as connection:
            rows = connection.execute(
                select(checkpoints.c.name, checkpoints.c.long_keys).order_by(checkpoints.c.name)
            ).all()
        return tuple(row.name for row in whole(rows, lambda row: row.name))


class SqlLeases:
    """`ports.LeaseRepository` over one table; each step is one statement, atomic between processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def acquire(self, name: str, holder: str, *, seconds: float, now: datetime | None = None) -> Lease:
        """Take or renew a lease until `now` + `seconds`; returns the lease that now stands."""
        with self._store.writing() as connection:
            moment = self._store.now(connection) if now is None else now
            wanted = Lease(name, holder, moment + timedelta(seconds=seconds))
            row = {"name": name, "holder": holder, "until": wanted.until}
            held = and_(leases.c.holder != holder, leases.c.until > moment)
            if self._store.take(connection, leases, row, unless=held):
                return wanted
            # Asking for it locked the row: whoever holds it is still there.
            standing = self.get(name)
        return wanted if standing is None else standing

    def release(self, name: str, holder: str) -> bool:
        """Give it back; tells whether `holder` had it."""
        with self._store.writing() as connection:
            gone = connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
            return gone.rowcount > 0

    def get(self, name: str) -> Lease | None:
        """The lease as it stands, lapsed or not, or None."""
        wanted = select(leases.c.holder, leases.c.until).where(leases.c.name == name)
        with self._store.reading() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else Lease(name, *row)


def _lock(run: str) -> Select[str]:
    # Where several write at once (not SQLite, which leaves this word out), the run's row is the lock for its lines.
    return select(journal_runs.c.id).where(journal_runs.c.id == run).with_for_update()


def _run(row: Any) -> Run:
    return Run(*row[:-1])


def _performed(run: str, row: Any) -> Performed:
    return read_line(run, row.sequence, row.action, row.outcome)

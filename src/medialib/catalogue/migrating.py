"""Brings an older schema up to date, with Alembic run from code: no ini file, no network, scripts inside the package.

Importing this module loads Alembic (slow), so it is imported only when there is something to migrate.
"""

from __future__ import annotations

from importlib.resources import as_file, files

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

__all__ = ["migrate"]


def migrate(connection: Connection, revision: str = "head") -> tuple[str, ...]:
    """Run the migrations that are missing up to `revision`; returns the revisions that the schema then has passed.

    The caller begins and commits: with SQLite all of it is one transaction, so it happens whole or not at all.
    """
    with as_file(files("medialib.catalogue") / "migrations") as folder:
        scripts = ScriptDirectory(str(folder))
        steps: list[str] = []

        def missing(current: str, _: MigrationContext) -> list[object]:
            found = scripts._upgrade_revs(revision, current)
            steps.extend(step.revision.revision for step in found)
            return list(found)

        context = MigrationContext.configure(
            connection, opts={"fn": missing, "script": scripts, "transactional_ddl": False}
        )
        with Operations.context(context):
            context.run_migrations()
    return tuple(steps)

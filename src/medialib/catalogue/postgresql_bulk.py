"""Many rows into a PostgreSQL table at once: copied beside it, then entered or replaced by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection, Table, text

from medialib.catalogue.sql_upsert import Upsert

__all__ = ["FEWEST", "copy_in"]

FEWEST = 500
"""Rows below which it is not worth its four statements."""

_ALLOWED = text("SELECT has_database_privilege(current_database(), 'TEMP')")


def copy_in(connection: Connection, table: Table, upsert: Upsert, rows: Sequence[tuple[Any, ...]]) -> bool:
    """Enter or replace rows, no two of one key, in the order given; tells whether it could.

    It cannot for few rows, nor where the account may make no temporary tables.
    """
    if len(rows) < FEWEST or not connection.scalar(_ALLOWED):
        return False
    beside = f"incoming_{table.name}"
    columns = ", ".join(upsert.names)
    connection.exec_driver_sql(f"CREATE TEMP TABLE IF NOT EXISTS {beside} (LIKE {table.name}) ON COMMIT DELETE ROWS")
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    # Names of our own schema, so there is nothing in the statements that could be more than a name.
    with driver.cursor() as cursor, cursor.copy(f"COPY {beside} ({columns}) FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)
    entered = f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {beside} {upsert.conflict}"  # noqa: S608
    connection.exec_driver_sql(entered)
    connection.exec_driver_sql(f"TRUNCATE {beside}")
    return True

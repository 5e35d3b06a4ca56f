"""What a failure of PostgreSQL means for a reader."""

from __future__ import annotations

import errno
import re

import psycopg
from sqlalchemy.exc import DBAPIError

from medialib.errors import (
    CatalogueBusy,
    CatalogueCorrupt,
    CatalogueError,
    CatalogueMissing,
    CatalogueOutOfReach,
    CatalogueRefused,
    MedialibError,
    OutOfReach,
)

__all__ = ["explain", "explain_connecting"]

# libpq has no code for what went wrong while it connected, so its words have to do. Servers may speak other languages:
# what is not recognised is told as it is.
_NO_DATABASE = re.compile(r'database ".*" does not exist', re.DOTALL)
_REFUSED = re.compile(
    r'password authentication failed|no password supplied|role ".*" does not exist|no pg_hba\.conf entry'
    r"|authentication failed|is not permitted to log in|permission denied for database",
    re.DOTALL,
)
_SECURITY = re.compile(r"SSL|certificate|GSSAPI", re.IGNORECASE)
_FULL = re.compile(r"the database system is|too many (clients|connections)|remaining connection slots")


def explain_connecting(error: psycopg.Error, where: str) -> MedialibError:
    """What it means that no connection could be had.

    >>> explain_connecting(psycopg.OperationalError('FATAL:  database "films" does not exist'), "db/films").remedy
    'Make it (createdb films), as an account that may, or name another in catalogue.url.'
    """
    said = _tidy(str(error))
    if _NO_DATABASE.search(said):
        name = where.partition(",")[0].rpartition("/")[2]
        return CatalogueMissing(
            f"there is no database for the catalogue at {where}",
            remedy=f"Make it (createdb {name}), as an account that may, or name another in catalogue.url.",
        )
    if _REFUSED.search(said):
        return CatalogueRefused(
            f"the server refuses to open the catalogue at {where}: {said}",
            remedy="Check the account in catalogue.url and catalogue.password (or PGPASSWORD, or ~/.pgpass).",
        )
    if _SECURITY.search(said):
        return CatalogueError(
            f"no safe connection to the catalogue at {where}: {said}", remedy="Check sslmode and its certificates."
        )
    if "FATAL:" in said and not _FULL.search(said):
        return CatalogueError(
            f"the server refuses to open the catalogue at {where}: {said}",
            remedy="Check catalogue.url and its options.",
        )
    return CatalogueOutOfReach(
        f"the server of the catalogue at {where} cannot be reached: {said}",
        remedy="Is it running, and does catalogue.url name the right host and port?",
    )


def explain(error: DBAPIError, where: str) -> MedialibError:
    """What a failed statement means; `where` names the catalogue."""
    cause = error.orig
    code = getattr(cause, "sqlstate", None) or ""
    said = _said(cause)
    if error.connection_invalidated or code.startswith("08") or code in ("57P01", "57P02", "57P03", "25P03"):
        return CatalogueOutOfReach(
            f"the connection to the catalogue at {where} was lost; what was under way was not written ({said})",
            remedy="Run the same command again.",
        )
    match code:
        case "40001" | "40P01" | "55P03":
            return CatalogueBusy(
                f"the catalogue at {where} is held by another process, which did not let go in time ({said})",
                remedy="Try again once it is done.",
            )
        case "53100":
            failure = OutOfReach(
                f"the catalogue at {where} cannot be written, the server's disk is full; "
                "what was under way was not written",
                remedy="Make room, then run the same command again.",
            )
            failure.errno = errno.ENOSPC
            return failure
        case "42501":
            return CatalogueRefused(
                f"the account may not do this with the catalogue at {where}: {said}",
                remedy="Let it own its database, or grant it CREATE and USAGE on the schema.",
            )
        case "25006":
            return CatalogueError(
                f"the catalogue at {where} can only be read: {said}",
                remedy="Is the server a standby? Name the primary one in catalogue.url.",
            )
        case "XX001" | "XX002":
            return CatalogueCorrupt(f"the catalogue at {where} is damaged ({said})", remedy="Restore a backup of it.")
        case _:
            return CatalogueError(f"the catalogue at {where} refused: {said}")


def _said(cause: object) -> str:
    # The first line alone: the others may quote values.
    primary = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
    return primary or _tidy(str(cause))


def _tidy(text: str) -> str:
    # libpq tells of each of its attempts, with and without encryption, in the same words.
    lines = dict.fromkeys(re.sub(r"^connection (failed|is bad): ", "", line.strip()) for line in text.splitlines())
    return "; ".join([line for line in lines if line][:2]) or "no reason was given"

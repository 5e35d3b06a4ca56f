"""What an address of a PostgreSQL database says: libpq's own form, with three options of ours in its query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict

from medialib.errors import ConfigurationError, Problem

__all__ = ["PostgresqlAddress", "read_address"]

_DEFAULTS: Mapping[str, Any] = {
    "connect_timeout": 10,
    "application_name": "medialib",
    # A server that is gone without a word is noticed within a minute, not within hours.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SCHEMA = re.compile(r"[^\x00-\x1f\x7f]{1,63}")


@attrs.frozen
class PostgresqlAddress:
    """Where a catalogue is, and how it is connected to. It does not show its password."""

    parameters: Mapping[str, Any] = attrs.field(repr=False)
    """libpq's connection parameters, the password among them."""
    schema: str | None = None
    """The schema of the database that holds the tables; None for the first one of the account's own search path."""
    timeout: float = 30.0
    """Seconds to wait for another process."""
    backups: Path | None = None
    """Folder on this machine for the backup before a migration; None for the user's own."""

    @property
    def where(self) -> str:
        """The database by account, server and name, for people.

        >>> read_address("postgresql://me:hunter2@db:5433/medialib?schema=films").where
        'me@db:5433/medialib, schema films'
        """
        said = self.parameters
        user = f"{said['user']}@" if said.get("user") else ""
        port = f":{said['port']}" if said.get("port") else ""
        schema = f", schema {self.schema}" if self.schema else ""
        return f"{user}{said.get('host') or 'this machine'}{port}/{said.get('dbname') or ''}{schema}"

    def __str__(self) -> str:
        return self.where


def read_address(url: str) -> PostgresqlAddress:
    """Read ``postgresql://user:password@host:port/database?option=value``.

    Any part may be left out; options are libpq's (``sslmode=verify-full``, ``passfile=…``, ``host=/run/postgresql``),
    and three of ours: ``schema``, ``timeout`` in seconds, and ``backups``, a folder of this machine. Raises
    ConfigurationError, never showing the address.

    >>> address = read_address("postgresql://me:hunter2@db/medialib?timeout=5&sslmode=require")
    >>> address.timeout, address.parameters["sslmode"], address.parameters["dbname"]
    (5.0, 'require', 'medialib')
    >>> address
    PostgresqlAddress(schema=None, timeout=5.0, backups=None)
    """
    rest, _, query = url.partition("://")[2].partition("?")
    authority, _, path = rest.partition("/")
    if "@" in path or "@" in query or authority.count("@") > 1 or "#" in url:
        raise _unusable(
            "has @ or # in a place where it is to be percent-encoded (%40, %23), as / is in a password (%2F)"
        )
    ours: dict[str, str] = {}
    theirs: list[tuple[str, str]] = []
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key in ("schema", "timeout", "backups"):
            ours[key] = value
        else:
            theirs.append((key, value))
    try:
        said = conninfo_to_dict(f"postgresql://{rest}?{urlencode(theirs, quote_via=quote)}")
    except (psycopg.ProgrammingError, UnicodeError):
        # What libpq says of it may quote a part of the password.
        known = "postgresql://user@host:port/database?option=value, percent-encoded"
        raise _unusable(f"cannot be read: wants {known}, with options of libpq, schema, timeout or backups") from None
    if any(not port.isdecimal() for port in str(said.get("port") or "0").split(",") if port):
        raise _unusable("has a port that is no number; a / or : in a password is written %2F or %3A")
    schema = ours.get("schema")
    if schema is not None and not _SCHEMA.fullmatch(schema):
        raise _unusable("wants 1 to 63 characters for schema")
    try:
        timeout = float(ours.get("timeout", "30"))
    except ValueError:
        raise _unusable("wants a number of seconds for timeout") from None
    if not 0 < timeout < 86_400:
        raise _unusable("wants more than no and less than 86400 seconds for timeout")
    backups = Path(ours["backups"]).expanduser() if ours.get("backups") else None
    return PostgresqlAddress({**_DEFAULTS, **said, "client_encoding": "UTF8"}, schema, timeout, backups)


def _unusable(problem: str) -> ConfigurationError:
    return ConfigurationError("the catalogue's address cannot be used", [Problem.at(("catalogue", "url"), problem)])

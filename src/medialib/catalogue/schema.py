"""The tables, for every database alike.

Three groups that share no table: what titles are (shows, episodes, films), what was done with files (known files, the
inventory, the journal), and what may be lost without harm (sightings, checkpoints, leases). What stands in an index is
`KeyText`; where such a text is read back, ``long_keys`` has it whole if it had to be cut.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, ForeignKeyConstraint, Index, MetaData, Table

from medialib.catalogue.columns import EscapedText, Instant, Json, KeyText, WholeNumber

__all__ = [
    "REVISIONS",
    "checkpoints",
    "episodes",
    "identities",
    "inventory",
    "journal_lines",
    "journal_places",
    "journal_runs",
    "known_files",
    "leases",
    "metadata",
    "movie_aliases",
    "movies",
    "show_aliases",
    "shows",
    "sightings",
]

REVISIONS = ("0001", "0002", "0003", "0004")
"""The revisions of the schema that this medialib knows, oldest first; each has a script in ``migrations/versions``."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

identities = Table(
    "catalogue_identity",
    metadata,
    Column("identity", EscapedText, primary_key=True),
    Column("created", Instant, nullable=False),
)

# ------------------------------------------------------------------------------------------------------------- titles

shows = Table(
    "shows",
    metadata,
    Column("key", KeyText, primary_key=True),
    Column("title", EscapedText, nullable=False),
    Column("year", WholeNumber),
    Column("type", EscapedText, nullable=False),
    Column("folder", EscapedText, nullable=False),
    Column("tmdb", BigInteger),
    Column("tvdb", BigInteger),
    Column("tvmaze", BigInteger),
    Column("anidb", BigInteger),
    Column("imdb", EscapedText),
    Column("language", EscapedText),
    Column("status", EscapedText),
    Column("genres", Json, nullable=False),
    Column("source", EscapedText, nullable=False),
    Column("episode_order", EscapedText, nullable=False, server_default="aired"),
    Column("long_keys", Json),
    Column("countries", Json, nullable=False, server_default="[]"),
    Column("provenance", Json, nullable=False, server_default="{}"),
)

show_aliases = Table(
    "show_aliases",
    metadata,
    Column("show", KeyText, ForeignKey("shows.key", ondelete="CASCADE"), primary_key=True),
    Column("position", WholeNumber, primary_key=True),
    Column("alias", EscapedText, nullable=False),
)

episodes = Table(
    "episodes",
    metadata,
    Column("show", KeyText, ForeignKey("shows.key", ondelete="CASCADE"), primary_key=True),
    Column("season", WholeNumber, primary_key=True),
    Column("number", WholeNumber, primary_key=True),
    Column("title", EscapedText),
    Column("absolute", WholeNumber),
    Column("aired", Date),
    Index(None, "show", "absolute"),
    Index(None, "show", "aired"),
    sqlite_with_rowid=False,
)

movies = Table(
    "movies",
    metadata,
    Column("key", KeyText, primary_key=True),
    Column("title", EscapedText, nullable=False),
    Column("year", WholeNumber),
    Column("folder", EscapedText, nullable=False),
    Column("tmdb", BigInteger),
    Column("tvdb", BigInteger),
    Column("tvmaze", BigInteger),
    Column("anidb", BigInteger),
    Column("imdb", EscapedText),
    Column("source", EscapedText, nullable=False),
    Column("long_keys", Json),
    Column("language", EscapedText),
    Column("genres", Json, nullable=False, server_default="[]"),
    Column("countries", Json, nullable=False, server_default="[]"),
    Column("provenance", Json, nullable=False, server_default="{}"),
)

movie_aliases = Table(
    "movie_aliases",
    metadata,
    Column("movie", KeyText, ForeignKey("movies.key", ondelete="CASCADE"), primary_key=True),
    Column("position", WholeNumber, primary_key=True),
    Column("alias", EscapedText, nullable=False),
)

# -------------------------------------------------------------------------------------------------------------- files

known_files = Table(
    "known_files",
    metadata,
    Column("remote", KeyText, primary_key=True),
    Column("path", KeyText, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("state", EscapedText, nullable=False),
    Column("recorded", Instant, nullable=False),
    Column("sha256", EscapedText),
    Column("local_location", KeyText),
    Column("local_path", KeyText),
    Column("long_keys", Json),
    Index(None, "local_location", "local_path"),
)

inventory = Table(
    "inventory",
    metadata,
    Column("location", KeyText, primary_key=True),
    Column("path", KeyText, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("recorded", Instant, nullable=False),
    Column("unit_kind", KeyText),
    Column("unit_key", KeyText),
    Column("season", WholeNumber),
    Column("episodes", Json),
    Column("aired", Date),
    Column("role", EscapedText, nullable=False),
    Column("sha256", KeyText, index=True),
    Column("release", EscapedText),
    Column("details", Json, nullable=False),
    Column("long_keys", Json),
    Index(None, "unit_kind", "unit_key"),
)

journal_runs = Table(
    "journal_runs",
    metadata,
    Column("id", KeyText, primary_key=True),
    Column("verb", EscapedText, nullable=False),
    Column("started", Instant, nullable=False),
    Column("state", EscapedText, nullable=False),
    Column("finished", Instant),
    Column("undoes", EscapedText),
    Column("configuration", EscapedText, nullable=False),
    Column("long_keys", Json),
    Index(None, "started", "id"),
)

journal_lines = Table(
    "journal_lines",
    metadata,
    Column("run", KeyText, ForeignKey("journal_runs.id"), primary_key=True),
    Column("sequence", WholeNumber, primary_key=True),
    Column("action", Json, nullable=False),
    Column("outcome", Json),
)

journal_places = Table(
    "journal_places",
    metadata,
    Column("location", KeyText, primary_key=True),
    Column("path", KeyText, primary_key=True),
    Column("run", KeyText, primary_key=True),
    Column("sequence", WholeNumber, primary_key=True),
    ForeignKeyConstraint(["run", "sequence"], ["journal_lines.run", "journal_lines.sequence"]),
    sqlite_with_rowid=False,
)

# ------------------------------------------------------------------------------------------- observations and tickets

sightings = Table(
    "sightings",
    metadata,
    Column("remote", KeyText, primary_key=True),
    Column("path", KeyText, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("long_keys", Json),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("name", KeyText, primary_key=True),
    Column("text", EscapedText, nullable=False),
    Column("long_keys", Json),
)

leases = Table(
    "leases",
    metadata,
    Column("name", KeyText, primary_key=True),
    Column("holder", EscapedText, nullable=False),
    Column("until", Instant, nullable=False),
)

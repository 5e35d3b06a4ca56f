"""A connection to Milvus, through pymilvus: to a server, or to one inside this process that keeps a folder.

pymilvus is loaded when the first connection is made, and kept from what it does unasked: it would read a ``.env`` file
into the environment, and write its log to the terminal.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medialib.catalogue.publishing import out_of_reach
from medialib.errors import (
    AuthenticationFailed,
    CatalogueBusy,
    CatalogueError,
    CatalogueMissing,
    ConfigurationError,
    ConnectionLost,
    MedialibError,
)

__all__ = ["DEFAULT_PORT", "MilvusConnection", "connect_embedded", "connect_server", "load_pymilvus"]

DEFAULT_PORT = 19530
_LOGGERS = ("pymilvus", "pymilvus.milvus_client", "pymilvus.bulk_writer")
_UNANSWERED = frozenset({2, 4, 14})  # pymilvus: connection refused; gRPC: deadline exceeded, unavailable
_NOT_ALLOWED = frozenset({1100, 1400, 1401, 65535})
_guard = threading.Lock()
_served: dict[str, int] = {}


def load_pymilvus() -> Any:
    """The module pymilvus, loaded quietly. Raises ConfigurationError, with the remedy, where it is not installed."""
    if "pymilvus" in sys.modules:
        return sys.modules["pymilvus"]
    before = os.environ.get("PYTHON_DOTENV_DISABLED")
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"
    try:
        import pymilvus
    except ImportError as error:
        raise _absent(error) from error
    finally:
        if before is None:
            del os.environ["PYTHON_DOTENV_DISABLED"]
        else:
            os.environ["PYTHON_DOTENV_DISABLED"] = before
    for name in (*_LOGGERS, "milvus_lite"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = True
    return pymilvus


class MilvusConnection:
    """A client of Milvus and the name it goes by in messages; `embedded` is the folder of one inside this process."""

    def __init__(self, client: Any, where: str, *, timeout: float, embedded: Path | None = None) -> None:
        self.client = client
        self.where = where
        self.timeout = timeout
        self.embedded = embedded
        self._closed = False

    @contextlib.contextmanager
    def asking(self) -> Iterator[Any]:
        """The client, with its failures turned into ours.

        Raises ConnectionLost if Milvus does not answer, AuthenticationFailed, and CatalogueError for what it refuses.
        """
        if self._closed:
            raise CatalogueError("the catalogue is closed")
        with _explained(self.where):
            yield self.client

    def settle(self) -> None:
        """See that what an embedded Milvus has written to its files is on the disk: it does not see to that itself."""
        if self.embedded is None:
            return
        for folder in ("collections", "databases"):
            for path in (*(self.embedded / folder).rglob("*"), self.embedded / folder):
                with contextlib.suppress(FileNotFoundError):  # it puts small files together in the background
                    _flush(path)

    def close(self) -> None:
        """Let go of the connection, and of the folder of an embedded Milvus that nobody else here uses."""
        if not self._closed:
            self._closed = True
            try:
                with _explained(self.where):
                    self.client.close()
            finally:
                if self.embedded is not None:
                    _release(self.embedded)


def connect_server(
    host: str,
    port: int = DEFAULT_PORT,
    *,
    database: str = "default",
    token: str = "",
    secure: bool = False,
    create: bool = True,
    timeout: float = 30.0,
) -> MilvusConnection:
    """Connect to a Milvus server; a database that is missing is made if `create` allows it.

    `token` is ``user:password`` or a key. Raises CatalogueMissing for a database that is missing and not to be made,
    ConnectionLost, AuthenticationFailed, ConfigurationError where pymilvus is not installed, and CatalogueError.
    """
    where = f"Milvus at {host}:{port}"
    name = f"[{host}]" if ":" in host else host
    client = _connect(f"{'https' if secure else 'http'}://{name}:{port}", where, token=token, timeout=timeout)
    try:
        if database != "default":
            with _explained(where):
                if database not in client.list_databases(timeout=timeout):
                    if not create:
                        raise CatalogueMissing(
                            f"{where} has no database {database}",
                            remedy="Check catalogue.url; if the server lost it, restore a backup of the catalogue.",
                        )
                    client.create_database(database, timeout=timeout)
                client.use_database(database)
    except BaseException:
        client.close()
        raise
    return MilvusConnection(client, where if database == "default" else f"{where}/{database}", timeout=timeout)


def connect_embedded(folder: Path, *, timeout: float = 30.0) -> MilvusConnection:
    """Connect to the Milvus inside this process that keeps `folder`, started if this is the first connection to it.

    It listens on a port of 127.0.0.1. Raises CatalogueBusy if another process has the folder, ConfigurationError where
    pymilvus or milvus-lite is not installed, OutOfReach for a folder that cannot be made, and CatalogueError.
    """
    folder = folder.absolute()
    uri = _serve(folder)
    try:
        client = _connect(uri, str(folder), token="", timeout=timeout)
    except BaseException:
        _release(folder)
        raise
    return MilvusConnection(client, str(folder), timeout=timeout, embedded=folder)


def _connect(uri: str, where: str, *, token: str, timeout: float) -> Any:
    pymilvus = load_pymilvus()
    with _explained(where):
        return pymilvus.MilvusClient(uri=uri, token=token, timeout=min(timeout, 10.0), dedicated=True)


def _serve(folder: Path) -> str:
    with _guard:
        load_pymilvus()
        try:
            from milvus_lite.server_manager import server_manager_instance as servers
        except ImportError as error:
            raise _absent(error) from error
        if not _served.get(str(folder)):
            _prepare(folder)
        # Milvus Lite names the failure in its log only, and gives no address.
        uri: str | None = servers.start_and_get_uri(str(folder))
        if uri is None:
            _refuse_taken(folder)
            raise CatalogueError(f"{folder} could not be opened by Milvus Lite")
        _served[str(folder)] = _served.get(str(folder), 0) + 1
        return uri


def _release(folder: Path) -> None:
    with _guard:
        _served[str(folder)] -= 1
        if _served[str(folder)] == 0:
            from milvus_lite.server_manager import server_manager_instance as servers

            del _served[str(folder)]
            servers.release_server(str(folder))


def _prepare(folder: Path) -> None:
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        mode = None
    except OSError as error:
        raise out_of_reach(f"{folder} cannot be read: {error.strerror}", error.errno) from error
    if mode is not None and not stat.S_ISDIR(mode):
        raise CatalogueError(
            f"{folder} is a file, and Milvus Lite keeps a folder; it was not touched",
            remedy="Name another path. Files of milvus-lite 2 and of SQLite cannot be opened as Milvus.",
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise out_of_reach(
            f"{folder} cannot be made: {error.strerror}", error.errno, remedy="Name a folder this user can write to."
        ) from error
    _refuse_taken(folder)


def _refuse_taken(folder: Path) -> None:
    """Look whether another process has the folder: the kernel takes the lock from one that was killed."""
    try:
        descriptor = os.open(folder / "LOCK", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    except OSError as error:
        raise out_of_reach(f"{folder} cannot be written: {error.strerror}", error.errno) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CatalogueBusy(
            f"{folder} is open in another process, and an embedded Milvus serves one at a time",
            remedy="Wait until that is done, or let a server keep it, which any number may use: milvus-lite server "
            f"--data-dir {folder} --host 127.0.0.1 --port {DEFAULT_PORT}, and catalogue.url = "
            f'"milvus://127.0.0.1:{DEFAULT_PORT}?beside={folder}/beside.sqlite".',
        ) from None
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _explained(where: str) -> Iterator[None]:
    import grpc
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except grpc.RpcError as error:
        raise _lost(where) from error
    except grpc.FutureTimeoutError as error:
        raise _lost(where) from error
    except MilvusException as error:
        raise _explain(error, where) from error


def _explain(error: Any, where: str) -> MedialibError:
    message = str(error.message)
    unanswered = ("StatusCode.UNAVAILABLE", "Fail connecting to server", "DEADLINE_EXCEEDED", "rpc deadline", "timeout")
    if any(sign in message for sign in unanswered):
        return _lost(where)
    if "UNAUTHENTICATED" in message or "auth check failure" in message or "PERMISSION_DENIED" in message:
        return AuthenticationFailed(f"{where} refused the user or token", remedy="Check the address of the catalogue.")
    return CatalogueError(f"{where} refused: {message}")


def _lost(where: str) -> ConnectionLost:
    return ConnectionLost(f"{where} does not answer", remedy="Start it, or check host and port.")


def _absent(error: ImportError) -> ConfigurationError:
    return ConfigurationError(
        f"a catalogue in Milvus needs {error.name or 'pymilvus'}", remedy='Install it: pip install "medialib[milvus]".'
    )


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

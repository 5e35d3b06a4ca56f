"""An object store in memory, and file systems whose process dies at a step: for what carries files to far places."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from fsspec.implementations.memory import MemoryFileSystem

from medialib.testing.backdoors import MOMENT

__all__ = ["ObjectStore", "SteppedTree", "StoreBackdoor"]

_STEPS = frozenset(("make_folder", "create", "replace", "append", "settle", "give_name", "remove"))


class ObjectStore(MemoryFileSystem):  # type: ignore[misc]  # fsspec ships no types
    """Files as an object store has them: in folders that nobody makes, neither renamed nor continued nor dated.

    It takes the name of S3 file systems, whose behaviour it has as far as `medialib.transfer` sees it. All instances
    hold the same files.
    """

    protocol = ("s3",)
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def mkdir(self, path: str, create_parents: bool = True, **options: Any) -> None:
        """Nobody may ask for that."""
        raise AssertionError("an object store has no folders")

    def rmdir(self, path: str) -> None:
        """Nobody may ask for that: in an S3 file system it removes a bucket."""
        raise AssertionError("an object store has no folders")

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if mode not in ("rb", "wb"):
            raise ValueError(f"an object store knows no mode {mode}")
        return super()._open(path, mode, **options)

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("s3://").strip("/")


class StoreBackdoor:
    """The back door of file systems that are dictionaries: fsspec's memory, and `ObjectStore`."""

    links = False
    any_names = False

    def __init__(self, filesystem: MemoryFileSystem, root: str) -> None:
        self.filesystem, self.root = filesystem, root

    def write(self, path: str, content: bytes, mtime_ns: int = MOMENT) -> None:
        """See `Backdoor`."""
        MemoryFileSystem.pipe_file(self.filesystem, f"{self.root}/{path}", content)
        self.filesystem.store[f"{self.root}/{path}"].created = datetime.fromtimestamp(mtime_ns // 10**9, UTC)

    def read(self, path: str) -> bytes | None:
        """See `Backdoor`."""
        file = self.filesystem.store.get(f"{self.root}/{path}")
        return None if file is None else bytes(file.getvalue())

    def remove(self, path: str) -> None:
        """See `Backdoor`."""
        del self.filesystem.store[f"{self.root}/{path}"]

    def link(self, path: str, target: str) -> None:
        """Never: see `links`."""
        raise LookupError("it has no links")

    def unplug(self) -> None:
        """See `Backdoor`."""
        store, folders = self.filesystem.store, self.filesystem.pseudo_dirs
        for path in [path for path in store if path.startswith(f"{self.root}/")]:
            del store[path]
        folders[:] = [path for path in folders if not path.startswith(self.root)]

    def files(self) -> dict[str, bytes]:
        """Every file below the root, by path."""
        return {
            path.removeprefix(f"{self.root}/"): bytes(file.getvalue())
            for path, file in self.filesystem.store.items()
            if path.startswith(f"{self.root}/")
        }


class SteppedTree:
    """A `WritableTree` that calls `tick` before and after each step that changes something there.

    With a `failing_disk.KillSwitch` as `tick`, the process dies then.
    """

    def __init__(self, inner: Any, tick: Callable[[str, str], None]) -> None:
        self._inner = inner
        self._tick = tick

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in _STEPS:
            return found

        def step(path: str, *arguments: Any) -> Any:
            self._tick(name, path)
            result = found(path, *arguments)
            self._tick(name, path)
            return result

        return step

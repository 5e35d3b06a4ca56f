"""Listing a tree with several folders under way at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from functools import partial

from medialib.executors import saying_where, shares_memory, tasks_ahead, this_host
from medialib.model import FileEntry, RefusedEntry
from medialib.parallel import in_tree_order
from medialib.ports import (
    CancelToken,
    FolderListing,
    Location,
    SupportsFolderListing,
    SupportsReopening,
    offers,
)

__all__ = ["scan"]


def scan(
    location: Location, path: str = "", *, executor: Executor | None = None, cancelled: CancelToken | None = None
) -> Iterator[FileEntry | RefusedEntry]:
    """Every file below the folder at `path`, in the order of `Location.walk`, with folders listed on `executor`.

    That pays where each question is a journey: a disk of another machine, on threads. A location that does not list
    folders alone, or that cannot be opened where the work is done, is walked here: a remote has many folders under way
    by itself. At most a few dozen listings are in memory. Raises as `Location.walk` does, WorkersLost where the
    executor gave up, and Cancelled soon after `cancelled`.
    """
    if executor is None or not offers(location, SupportsFolderListing):
        return location.walk(path)
    list_folder: Callable[[str], FolderListing]
    if shares_memory(executor):
        list_folder = location.list_folder
    elif offers(location, SupportsReopening):
        list_folder = partial(_list_there, location.reopening(), this_host())
    else:
        return location.walk(path)

    def begin(folder: str) -> Future[FolderListing]:
        return executor.submit(list_folder, folder)

    stopped = None if cancelled is None else cancelled.is_set
    folders = in_tree_order(path, begin, lambda listing: listing.folders, ahead=tasks_ahead(executor), stopped=stopped)
    return (entry for _, listed in folders for entry in listed.result().entries)


def _list_there(reopen: Callable[[], Location], asked_by: str, path: str) -> FolderListing:
    location = reopen()
    assert isinstance(location, SupportsFolderListing)
    with saying_where(asked_by):
        return location.list_folder(path)

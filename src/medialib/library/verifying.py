"""Verifying what stands in a library, and remembering, for `explain`, when that was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from datetime import datetime

from medialib.catalogue import open_catalogue
from medialib.errors import CatalogueMissing
from medialib.events import Observer, nobody
from medialib.executors import this_host
from medialib.library.record import Library
from medialib.model import Place
from medialib.ports import CancelToken
from medialib.workflows.sharing import SharedRun
from medialib.workflows.verifications import Verification, remember_verification
from medialib.workflows.verified import BROKEN, FoundBroken, RunReport, Verified
from medialib.workflows.verify import named_places, verify

__all__ = ["keep_verification", "shared_verification", "verification_of", "verify_files"]


def verify_files(
    library: Library,
    subjects: Iterable[str] | None,
    *,
    remotes: bool = False,
    by_content: bool = False,
    executor: Executor | None = None,
    shared: SharedRun | None = None,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Iterator[Verified]:
    """Read files, folders (``location:path`` or a full path) or everything, and say what is not what it was.

    Nothing is changed. With `remotes`, those that can are asked for hashes of their own copies; `by_content` asks
    AniDB what videos of anime are, for which the library must not be opened read-only; `shared`, from
    `shared_verification`, divides the work with others. See `medialib.workflows.verify.verify`; raises UsageError
    for what lies in neither the library nor the incoming folder.
    """
    here = library.kept
    return verify(
        None if subjects is None else named_places(subjects, here),
        here,
        library.catalogue,
        remotes=library.remotes if remotes else None,
        contents=library.contents(None, observer, cancelled) if by_content else None,
        executor=executor,
        shared=shared,
        observer=observer,
        cancelled=cancelled,
    )


def shared_verification(
    library: Library, name: str, subjects: Iterable[str] | None, *, remotes: bool = False, by_content: bool = False
) -> SharedRun:
    """The run of that name, which all who have this catalogue divide among them; subjects as for `verify`.

    Raises UsageError for a name that is none, and for what lies in neither the library nor the incoming folder.
    """
    here = library.kept
    places = [Place(each, "") for each in here] if subjects is None else named_places(subjects, here)
    asked = [*(["--remote"] if remotes else []), *(["--anidb"] if by_content else [])]
    scope = (*sorted(str(place) for place in places), *asked)
    return SharedRun(library.catalogue, library.clock, "verify", name, scope)


def verification_of(
    library: Library,
    subjects: Iterable[str] | None,
    began: datetime,
    found: Sequence[Verified] | RunReport,
) -> Verification:
    """A verification of the subjects (see `verify_files`) that has come to its end, as it is remembered.

    `began` is when it was begun, by the library's clock. Raises UsageError as `verify_files` does.
    """
    here = library.kept
    scope = [Place(name, "") for name in here] if subjects is None else named_places(subjects, here)
    if isinstance(found, RunReport):
        counts, broken = dict(found.counts), found.broken
    else:
        counts = {}
        for each in found:
            counts[each.state] = counts.get(each.state, 0) + 1
        host = this_host()
        broken = tuple(FoundBroken(each.place, each.state, str(each), host) for each in found if each.state in BROKEN)
    return Verification(began, library.clock.now(), tuple(scope), counts, broken)


def keep_verification(library: Library, verification: Verification) -> None:
    """Remember a verification in the catalogue of a library, which may have been opened to be read, and be closed.

    Where there is no catalogue yet, there is nothing to remember it in. Raises CatalogueError if it cannot be written.
    """
    try:
        catalogue = open_catalogue(library.settings.catalogue.address.reveal(), create=False)
    except CatalogueMissing:
        return
    try:
        remember_verification(verification, catalogue)
    finally:
        catalogue.close()

"""Remembering, for `explain`, when the library was verified."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from medialib.catalogue import open_catalogue
from medialib.errors import CatalogueMissing
from medialib.executors import this_host
from medialib.library.record import INCOMING, Library
from medialib.model import Place
from medialib.workflows.verifications import Verification, remember_verification
from medialib.workflows.verified import BROKEN, FoundBroken, RunReport, Verified
from medialib.workflows.verify import named_places

__all__ = ["keep_verification", "verification_of"]


def verification_of(
    library: Library,
    subjects: Iterable[str] | None,
    began: datetime,
    found: Sequence[Verified] | RunReport,
) -> Verification:
    """A verification of the subjects (see `Library.verify`) that has come to its end, as it is remembered.

    `began` is when it was begun, by the library's clock. Raises UsageError as `Library.verify` does.
    """
    here = dict(library.roots)
    if library.incoming is not None:
        here[INCOMING] = library.incoming
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

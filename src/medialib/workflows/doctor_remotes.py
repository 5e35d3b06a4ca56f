"""What is well and what is not with remotes and providers: they are asked through ports, and their answers judged."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

import attrs

from medialib.errors import AuthenticationFailed, MedialibError
from medialib.model import FileEntry
from medialib.ports import Clock, Location, MetadataProvider
from medialib.workflows.doctor import Check, failure

__all__ = ["Listing", "ask_provider", "judge_clock", "judge_listing", "list_folder"]

_MOST_LISTED = 1000
"""So many files of a folder are looked at; a doctor need not see them all."""
_LATEST_SKEW = 5.0
"""Seconds by which clocks may differ and nobody minds."""
_LATEST_FUTURE = 120.0
"""Seconds by which a file may be dated ahead: coarse disks and slow answers make some."""


@attrs.frozen
class Listing:
    """What a look at a folder of a remote found."""

    remote: str
    """Name of the remote."""
    folder: str
    """Full path there."""
    files: int
    """Files seen: no more than were needed."""
    whole: bool
    """Whether these are all."""
    newest_ns: int | None
    """The latest time of last change among them: nanoseconds since the epoch; None without files that have one."""
    seconds: float
    """How long it took."""


def list_folder(location: Location, path: str, clock: Clock) -> Listing:
    """List a folder of a remote, but no more of it than tells that it can be listed. Raises as `Location.walk` does."""
    began, files, newest = clock.monotonic(), 0, None
    for entry in islice(location.walk(path), _MOST_LISTED):
        files += 1
        if isinstance(entry, FileEntry) and entry.mtime_ns > 0:
            newest = entry.mtime_ns if newest is None else max(newest, entry.mtime_ns)
    took = clock.monotonic() - began
    return Listing(location.name, location.address(path), files, files < _MOST_LISTED, newest, took)


def judge_listing(listing: Listing, *, known: bool) -> Check:
    """What to think of a remote folder. `known`: the catalogue knows files in it, and nobody said that it is empty.

    >>> judge_listing(Listing("box", "/films", 0, True, None, 0.1), known=True).state
    'failed'
    """
    subject = f"remote {listing.remote}: {listing.folder}"
    if not listing.files and known:
        remedy = "Is the disk mounted? If it was really emptied, run `medialib download` once with --allow-empty."
        return Check(subject, "failed", "is empty, though files in it are known", remedy, listing.seconds)
    count = f"{listing.files} files" if listing.whole else f"more than {listing.files - 1} files"
    return Check(subject, "ok", f"can be listed: {count}", None, listing.seconds)


def judge_clock(
    remote: str,
    offset: tuple[float, float] | None,
    newest_ns: int | None,
    now: datetime,
    *,
    two_looks: bool,
) -> Check:
    """Whether a remote's clock and ours agree, as far as there is evidence.

    `offset` are the least and the most seconds by which its clock is ahead, if it was asked. Without, a file that is
    dated in the future shows that something is wrong, and nothing shows that all is well.

    >>> from datetime import UTC
    >>> judge_clock("box", (-301.0, -300.0), None, datetime(2024, 5, 17, tzinfo=UTC), two_looks=False).finding
    'its clock is 300 s behind ours: a file still being written may look finished'
    >>> judge_clock("box", None, None, datetime(2024, 5, 17, tzinfo=UTC), two_looks=False).state
    'skipped'
    """
    subject = f"remote {remote}: clock"
    remedy = "Set the clock that is wrong, or set download.two_looks = true, which trusts no clock."
    harmless = "; download.two_looks is on, so it does no harm"
    if offset is not None:
        least, most = offset
        if least > _LATEST_SKEW:
            finding = f"its clock is {least:.0f} s ahead of ours: new files seem to come from the future, and wait"
        elif most < -_LATEST_SKEW:
            finding = f"its clock is {-most:.0f} s behind ours: a file still being written may look finished"
        else:
            return Check(subject, "ok", f"agrees with ours to within {max(abs(least), abs(most), 1):.0f} s")
    else:
        ahead = 0.0 if newest_ns is None else newest_ns / 1e9 - now.timestamp()
        if ahead <= _LATEST_FUTURE:
            finding = "cannot be told: the server does not say its time"
            if two_looks:
                return Check(subject, "ok", finding + harmless)
            return Check(
                subject, "skipped", finding, "If in doubt, set download.two_looks = true, which needs no clock."
            )
        finding = f"a file there is dated {ahead:.0f} s in the future: its clock and ours differ, or its time was set"
    if two_looks:
        return Check(subject, "ok", finding + harmless)
    return Check(subject, "warning", finding, remedy)


def ask_provider(provider: MetadataProvider, clock: Clock, *, question: str = "nosferatu") -> Check:
    """Whether a metadata provider answers a search, and takes our key.

    `provider` must not answer from a cache, or it is the cache that was asked.
    """
    subject, began = f"provider {provider.name}", clock.monotonic()
    try:
        found = provider.search(question)
    except AuthenticationFailed as error:
        return failure(f"{subject}: key", error, seconds=clock.monotonic() - began)
    except MedialibError as error:
        return failure(subject, error, seconds=clock.monotonic() - began)
    credit = f". {provider.traits.credit}" if provider.traits.credit else ""
    finding = f"answers ({len(found)} titles for {question!r}){credit}"
    return Check(subject, "ok", finding, None, clock.monotonic() - began)

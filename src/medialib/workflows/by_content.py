"""Asking a provider what files are by their content, and weighing that against what their names say."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor

import attrs

from medialib.errors import Cancelled, MedialibError, RateLimited, UsageError
from medialib.events import Noted, Observer, nobody
from medialib.metadata import EpisodePlace, FileMetadata
from medialib.model import DigestAlgorithm, Movie, Show
from medialib.naming import ParsedName
from medialib.ports import CancelToken, FileProvider, Location
from medialib.routing.by_content import doubt, is_of, place_in, renamed
from medialib.workflows.ed2k import can_hash_ed2k
from medialib.workflows.hashing import Content
from medialib.workflows.reading import Reading, read_each
from medialib.workflows.titles import Titled, Titles

__all__ = ["CONTENT_ALGORITHMS", "ContentLookup", "Evidence", "Told", "looks_like_anime", "weigh"]

CONTENT_ALGORITHMS: tuple[DigestAlgorithm, ...] = ("ed2k", "crc32")
"""What a file is read for: the first to ask by, the second to hold the answer against."""


@attrs.frozen
class Told:
    """What a file's content came to, and what the provider says of it."""

    ed2k: str
    """Its ed2k hash, lower-case hex; of two forms, the one that AniDB enters first."""
    file: FileMetadata | None = None
    """What it is; None where the provider does not know it, could not be asked, or speaks of other bytes."""
    tvdb: tuple[int, EpisodePlace] | None = None
    """TheTVDB's number of the series that holds it, and where in it, if that is known."""
    trouble: str = ""
    """Why it was not told, for a reader; empty if the provider does not know it."""


class ContentLookup:
    """One provider, asked during one piece of work; once it is out of reach, it is not asked again.

    Raises UsageError where ed2k hashes cannot be computed.
    """

    def __init__(
        self,
        provider: FileProvider,
        *,
        executor: Executor | None = None,
        observer: Observer = nobody,
        cancelled: CancelToken | None = None,
    ) -> None:
        if not can_hash_ed2k():
            raise UsageError(
                "to know files by their content wants pycryptodome, which is not installed",
                remedy='Install it: pip install "medialib[anidb]".',
            )
        self._provider = provider
        self._executor = executor
        self._observer = observer
        self._cancelled: CancelToken = cancelled if cancelled is not None else threading.Event()
        self._failure: str | None = None
        self._said = False

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._provider.name

    def files(self, location: Location, paths: Iterable[str]) -> Iterator[tuple[str, Told]]:
        """What is told of each file, as far as it can be read and the provider can be asked."""

        def reading(path: str) -> Reading | None:
            # nothing is read for whom nobody can be asked
            return None if self._failure is not None else Reading(location, path, CONTENT_ALGORITHMS)

        for path, found in read_each(paths, reading, executor=self._executor, cancelled=self._cancelled):
            if isinstance(found, Content):
                yield path, self.told(found)
            elif found is not None:
                self._observer(Noted(f"{location.address(path)} could not be read for its hash: {found}"))

    def told(self, content: Content) -> Told:
        """What the provider says of a content that was read under `CONTENT_ALGORITHMS`; raises Cancelled alone."""
        hashes = [digest.value for digest in content.digests if digest.algorithm == "ed2k"]
        if self._failure is not None:
            return Told(hashes[0], trouble=self._failure)
        try:
            file = self._provider.file(content.size, hashes)
            tvdb = None if file is None else self._provider.tvdb_place(file)
        except Cancelled:
            raise
        except MedialibError as error:
            why = f"{self.provider} could not be asked: {error}"
            if not isinstance(error, RateLimited):  # that is told at once, and what is kept is still known
                self._failure = why
            if not self._said:
                self._observer(Noted(f"{why} Files are taken for what their names say.", level="warning"))
            self._said = True
            return Told(hashes[0], trouble=why)
        wrong = None if file is None else doubt(file, content.size, content.value("crc32"))
        if wrong is not None:
            return Told(hashes[0], trouble=f"{wrong}; so it is not believed")
        return Told(hashes[0], file, tvdb)


@attrs.frozen
class Evidence:
    """What a file is taken for, once its content was looked at too."""

    parsed: ParsedName
    """The name, as it would have to be."""
    titled: Titled | None = None
    """The show that the content is of; None: the name, as it is now, says which."""
    reasons: tuple[str, ...] = ()
    """What was told, for a reader."""
    overrides: bool = False
    """Whether the content, not the name, says what it is."""


def looks_like_anime(parsed: ParsedName, record: Show | Movie | None) -> bool:
    """Whether a file is worth reading for its hash: it looks like anime, or what it is of is not known.

    >>> from medialib.naming import parse_name
    >>> dark = Show("dark", "Dark")
    >>> looks_like_anime(parse_name("Dark.S01E01.mkv"), dark), looks_like_anime(parse_name("[G] Dark - 01.mkv"), dark)
    (False, True)
    """
    if record is None or parsed.kind == "anime" or parsed.absolute_episodes or parsed.crc32 is not None:
        return True
    return isinstance(record, Show) and record.type == "anime"


def weigh(parsed: ParsedName, told: Told, titles: Titles) -> Evidence:
    """What a file is, by its name and by what is told of its content. Nobody is asked.

    The content decides, where the catalogue has the show that it is of: by its number, by that of the series that holds
    it, or by one of its titles; and where the catalogue has no show of the name either, which is then entered as the
    provider calls it. A show that only the name leads to stays, with the name's numbers: the catalogue may call by one
    name what the provider calls by several.
    """
    file = told.file
    if file is None:
        return Evidence(parsed, reasons=(told.trouble,) if told.trouble else ())
    known = f"{file.provider} knows this file: {file.reference}"
    series = None if told.tvdb is None else told.tvdb[0]
    show = titles.only(lambda each: is_of(each, file, series))
    if show is None:
        found = titles.known(renamed(parsed, file, None, file.episode))
        show = found.record if found is not None and isinstance(found.record, Show) else None
    named = titles.known(parsed)
    if show is None and named is not None:
        why = f"{known}; the catalogue has no such show, so the name is taken"
        return Evidence(parsed, reasons=(why,))
    place = place_in(show, file, told.tvdb)
    if place is None and file.episode is not None:
        known += "; which episode that is here cannot be told, so the name's is taken"
    titled = None if show is None else Titled(show, known)
    return Evidence(renamed(parsed, file, show, place), titled, () if titled is not None else (known,), overrides=True)

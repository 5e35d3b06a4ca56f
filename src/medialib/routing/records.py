"""The library's own records of titles: made from a release name, or from what a provider says; and kept up to date."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import attrs

from medialib.matching import normalise_title
from medialib.metadata import EpisodeMetadata, TitleMetadata
from medialib.model import Episode, Movie, Show
from medialib.naming import ParsedName, TitleFolder

__all__ = [
    "EpisodeChanges",
    "episodes_from",
    "merge_episodes",
    "movie_from",
    "movie_of_folder",
    "new_movie",
    "new_show",
    "same_title",
    "show_from",
    "show_of_folder",
]


def new_show(parsed: ParsedName, taken: Collection[str] = ()) -> Show:
    """The show that a name tells of, for a catalogue that does not know it yet; its key avoids those in `taken`.

    It is anime if the name is of the form that fansub groups use, with an absolute episode number.

    >>> from medialib.naming import parse_name
    >>> new_show(parse_name("Show.Name.S01E02.mkv")).key
    'show-name'
    """
    title = _display_title(parsed)
    return Show(
        _free_key(title, parsed.year, taken),
        title,
        year=parsed.year,
        type="anime" if parsed.kind == "anime" else "daily" if parsed.kind == "daily" else "standard",
        source="name",
    )


def new_movie(parsed: ParsedName, taken: Collection[str] = ()) -> Movie:
    """The film that a name tells of, for a catalogue that does not know it yet; its key avoids those in `taken`.

    >>> from medialib.naming import parse_name
    >>> new_movie(parse_name("The.Matrix.1999.1080p.BluRay.x264-GRP.mkv"))
    Movie(key='the-matrix-1999', title='The Matrix', year=1999, ...)
    """
    title = _display_title(parsed)
    return Movie(_free_key(title, parsed.year, taken), title, year=parsed.year, source="name")


def show_from(
    title: TitleMetadata,
    taken: Collection[str] = (),
    *,
    folder: str = "",
    alias: str | None = None,
    order: str = "aired",
) -> Show:
    """The show that a provider describes; its key avoids those in `taken`.

    `folder` is the name that its folder shall have, where it is not to be rendered from the title; `alias` another name
    that it was found by, kept if the provider does not list it.

    >>> voyage = TitleMetadata("tvmaze", 82, "show", "The Long Voyage", year=2011)
    >>> show_from(voyage, alias="Long Voyage").aliases
    ('Long Voyage',)
    """
    return Show(
        _free_key(title.title, title.year, taken),
        title.title,
        year=title.year,
        type=title.type,
        aliases=_aliases(title, alias),
        folder=folder,
        ids=title.ids,
        language=title.language,
        status=title.status,
        genres=title.genres,
        source=title.provider,
        episode_order=order,
        countries=title.countries,
        provenance=title.provenance,
    )


def show_of_folder(told: TitleFolder, folder: str, taken: Collection[str] = ()) -> Show:
    """The show that a folder of the library is of, by its name alone; its key avoids those in `taken`.

    >>> show_of_folder(TitleFolder("Dark", 2017), "Dark (2017)").key
    'dark-2017'
    """
    key = _free_key(told.title, told.year, taken)
    return Show(key, told.title, year=told.year, folder=folder, ids=told.ids, source="name")


def movie_of_folder(told: TitleFolder, folder: str, taken: Collection[str] = ()) -> Movie:
    """The film that a folder of the library is of, by its name alone; its key avoids those in `taken`.

    >>> movie_of_folder(TitleFolder("Salt", 2010), "Salt (2010)").folder
    'Salt (2010)'
    """
    key = _free_key(told.title, told.year, taken)
    return Movie(key, told.title, year=told.year, folder=folder, ids=told.ids, source="name")


def movie_from(
    title: TitleMetadata, taken: Collection[str] = (), *, folder: str = "", alias: str | None = None
) -> Movie:
    """The film that a provider describes; its key avoids those in `taken`. `folder` and `alias` as for `show_from`.

    >>> movie_from(TitleMetadata("tmdb", 703, "movie", "Salt", year=2010)).key
    'salt-2010'
    """
    return Movie(
        _free_key(title.title, title.year, taken),
        title.title,
        year=title.year,
        aliases=_aliases(title, alias),
        folder=folder,
        ids=title.ids,
        source=title.provider,
        language=title.language,
        genres=title.genres,
        countries=title.countries,
        provenance=title.provenance,
    )


def same_title(record: Show | Movie, title: TitleMetadata) -> bool:
    """Whether a record is of the title that a provider describes: they share an external id and differ in none.

    >>> from medialib.model import ExternalIds
    >>> dark = Show("dark", "Dark", ids=ExternalIds(tvmaze=17861))
    >>> same_title(dark, TitleMetadata("tvmaze", 17861, "show", "Dark", ids=ExternalIds(tvmaze=17861, tmdb=70523)))
    True
    """
    mine, theirs = attrs.asdict(record.ids), attrs.asdict(title.ids)
    both = [name for name in mine if mine[name] is not None and theirs[name] is not None]
    return bool(both) and all(mine[name] == theirs[name] for name in both)


def episodes_from(show: str, episodes: Iterable[EpisodeMetadata]) -> tuple[Episode, ...]:
    """The rows that a show's episodes make in the catalogue.

    >>> episodes_from("dark", [EpisodeMetadata(1, 1, "Secrets")])
    (Episode(show='dark', season=1, number=1, title='Secrets', absolute=None, aired=None),)
    """
    return tuple(
        Episode(show, each.season, each.number, title=each.title, absolute=each.absolute, aired=each.aired)
        for each in episodes
    )


@attrs.frozen
class EpisodeChanges:
    """What would change in the catalogue's episodes of one show."""

    previous: tuple[Episode, ...] = ()
    """Rows that are replaced."""
    episodes: tuple[Episode, ...] = ()
    """The rows instead of them, and new ones."""
    notes: tuple[str, ...] = ()
    """What the provider says otherwise now and was not taken over, for a reader."""

    def __bool__(self) -> bool:
        return bool(self.episodes)


def merge_episodes(known: Iterable[Episode], fresh: Iterable[Episode]) -> EpisodeChanges:
    """What a provider's fresh list adds to the episodes that the catalogue knows.

    New episodes are added, and gaps in known ones filled. What was entered once is pinned, since files may have been
    placed by it: another title, date or absolute number today is a renumbering, which is noted and never followed
    here. If the provider counts absolute numbers otherwise than they are pinned, new episodes get none, for it cannot
    be told which count a release name goes by. What the provider no longer lists stays.

    >>> first = Episode("s", 1, 1, absolute=1)
    >>> merge_episodes([first], [first, Episode("s", 1, 2, absolute=2)])
    EpisodeChanges(previous=(), episodes=(Episode(show='s', season=1, number=2, title=None, absolute=2, aired=None),),
                   notes=())
    """
    standing = {(episode.season, episode.number): episode for episode in known}
    listed = sorted(fresh, key=lambda each: (each.season, each.number))
    pinned = {
        episode.absolute: (episode.season, episode.number)
        for episode in standing.values()
        if episode.absolute is not None
    }
    notes = []
    for episode in listed:
        key = (episode.season, episode.number)
        if episode.absolute is None:
            continue
        old = standing.get(key)
        if old is not None and old.absolute is not None and old.absolute != episode.absolute:
            notes.append(
                f"{_code(key)} stays absolute episode {old.absolute}, though it would be {episode.absolute} now"
            )
        elif pinned.get(episode.absolute, key) != key:
            holder = _code(pinned[episode.absolute])
            notes.append(f"{_code(key)} would be absolute episode {episode.absolute} now, which {holder} is")
    previous, changed = [], []
    for episode in listed:
        key = (episode.season, episode.number)
        old = standing.get(key)
        fresh_number = None if notes else episode.absolute
        merged = attrs.evolve(episode, absolute=fresh_number)
        if old is not None:
            merged = attrs.evolve(
                old,
                title=old.title or episode.title,
                aired=old.aired or episode.aired,
                absolute=old.absolute if old.absolute is not None else fresh_number,
            )
            if merged == old:
                continue
            previous.append(old)
        changed.append(merged)
    return EpisodeChanges(tuple(previous), tuple(changed), tuple(notes))


def _code(key: tuple[int, int]) -> str:
    return f"S{key[0]:02}E{key[1]:02}"


def _aliases(title: TitleMetadata, alias: str | None) -> tuple[str, ...]:
    own = normalise_title(title.title)
    found: dict[str, str] = {}
    for name in (title.original_title, *title.aliases, alias):
        if name and normalise_title(name) != own:
            found.setdefault(normalise_title(name), name)
    return tuple(found.values())


def _display_title(parsed: ParsedName) -> str:
    title = parsed.title or ""
    if parsed.country is not None and parsed.is_episode:
        title = f"{title} ({parsed.country})"
    return title


def _free_key(title: str, year: int | None, taken: Collection[str]) -> str:
    plain = re.sub(r"[^\w]+", "-", normalise_title(title)).strip("-") or "untitled"
    key = plain if year is None else f"{plain}-{year}"
    candidate, number = key, 1
    while candidate in taken:
        number += 1
        candidate = f"{key}-{number}"
    return candidate

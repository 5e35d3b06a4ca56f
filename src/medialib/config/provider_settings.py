"""Sections on who is asked about series and films, and how, and on feeds that tell of new ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import attrs

from medialib.config.secret import Secret
from medialib.config.setting import setting
from medialib.config.values import Duration, Port, PositiveDuration, ProviderNames, Range

__all__ = [
    "AnidbSettings",
    "FeedSettings",
    "ImdbSettings",
    "MetadataSettings",
    "TmdbSettings",
    "TvdbSettings",
    "TvmazeSettings",
]


@attrs.frozen
class MetadataSettings:
    """Who is asked about series and films, and how."""

    provider: ProviderNames = setting(
        ("tvmaze",),
        "Who is asked, or a list of those who are asked in turn: tvmaze wants no key and knows no films; tmdb and tvdb "
        "want theirs; anidb knows anime alone, and wants a client; imdb wants an index (medialib providers imdb "
        "import); none: nobody.",
    )
    language: str = setting("en", "Language of titles and summaries, ISO 639-1, where the provider has them in it.")
    cache: Path | None = setting(
        None, "Folder that answers are kept in; $XDG_CACHE_HOME/medialib/http where none is given."
    )
    timeout: PositiveDuration = setting(timedelta(seconds=15), "Time without an answer after which a call has failed.")
    patience: Duration = setting(
        timedelta(seconds=60), "Time that one call may spend on waiting and trying again before it has failed."
    )


@attrs.frozen
class TvmazeSettings:
    """How TVmaze is reached."""

    url: str = setting("https://api.tvmaze.com", "Address of its API.")


@attrs.frozen
class TmdbSettings:
    """How The Movie Database is reached."""

    api_key: Secret | None = setting(None, 'Key of its API (v3) or read access token, best as "${TMDB_API_KEY}".')
    url: str = setting("https://api.themoviedb.org/3", "Address of its API.")


@attrs.frozen
class TvdbSettings:
    """How TheTVDB is reached."""

    api_key: Secret | None = setting(None, 'Key of its API (v4), best as "${TVDB_API_KEY}".')
    pin: Secret | None = setting(None, "PIN of a subscriber, for keys that want one.")
    url: str = setting("https://api4.thetvdb.com/v4", "Address of its API.")


@attrs.frozen
class FeedSettings:
    """A feed of releases that `shows feed` looks at."""

    url: Secret | None = setting(
        None, 'Address of an RSS or Atom feed; never shown, for it may hold a key: best as "${TRACKER_FEED}".'
    )


@attrs.frozen
class AnidbSettings:
    """How AniDB is reached. It bans whoever asks too often; medialib keeps to its limits in all its processes."""

    client: str | None = setting(
        None, "Name of a client that is registered with AniDB (https://anidb.net/software/add), for both of its APIs."
    )
    client_version: Annotated[int, Range(1, 10**9)] = setting(1, "Version of that client, as it is registered.")
    username: str | None = setting(None, "Name of an account at AniDB; wanted where files are known by their content.")
    password: Secret | None = setting(None, 'Password of that account, best as "${ANIDB_PASSWORD}".')
    url: str = setting("http://api.anidb.net:9001/httpapi", "Address of its HTTP API.")
    titles_url: str = setting(
        "https://anidb.net/api/anime-titles.dat.gz", "Address of its dump of titles, fetched once a day at most."
    )
    udp_host: str = setting("api.anidb.net", "Host of its UDP API.")
    udp_port: Port = setting(9000, "Port of its UDP API.")
    local_port: Annotated[int, Range(0, 65_500)] = setting(
        45_678,
        "Port that packets leave from, or the first free one of the seven behind it, since AniDB bans addresses that "
        "use ever new ones; 0: any.",
    )
    anime_list: Path | None = setting(
        None,
        "Copy of anime-list.xml (https://github.com/Anime-Lists/anime-lists), gzipped or not: which anime is which "
        "series and season at TheTVDB.",
    )


@attrs.frozen
class ImdbSettings:
    """Where the index of IMDb's own files is kept, and where those come from."""

    index: Path | None = setting(
        None, "File of the index; $XDG_CACHE_HOME/medialib/imdb/index.db where none is given. It can be made again."
    )
    url: str = setting("https://datasets.imdbws.com", "Address that IMDb's files are fetched from.")

"""Sections on who is asked about series and films, and how, and on feeds that tell of new ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import attrs

from medialib.config.secret import Secret
from medialib.config.setting import setting
from medialib.config.values import Duration, PositiveDuration, ProviderNames

__all__ = ["FeedSettings", "MetadataSettings", "TmdbSettings", "TvdbSettings", "TvmazeSettings"]


@attrs.frozen
class MetadataSettings:
    """Who is asked about series and films, and how."""

    provider: ProviderNames = setting(
        ("tvmaze",),
        "Who is asked, or a list of those who are asked in turn: tvmaze wants no key and knows no films; tmdb and tvdb "
        "want theirs; none: nobody.",
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

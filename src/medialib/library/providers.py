"""The metadata providers that a configuration names, each made when it is first asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

from medialib.config import Settings, cache_folder
from medialib.errors import ConfigurationError, UsageError
from medialib.http import HttpOptions
from medialib.model import ExternalIds
from medialib.ports import FileProvider, MetadataProvider

__all__ = ["Providers", "configured_providers", "imdb_index"]


class Providers:
    """The configured providers, and those besides them that a number may ask for."""

    def __init__(
        self,
        makers: Mapping[str, Callable[[], MetadataProvider]],
        preferred: Sequence[str],
        options: HttpOptions,
        files: Callable[[], FileProvider] | None = None,
    ) -> None:
        self._makers = makers
        self._names = tuple(preferred)
        self._options = options
        self._made: dict[str, MetadataProvider] = {}
        self._chain: MetadataProvider | None = None
        self._files = files
        self._made_files: FileProvider | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Those that ``metadata.provider`` names, in the order they are asked."""
        return self._names

    @property
    def preferred(self) -> MetadataProvider | None:
        """The one that ``metadata.provider`` names, or those that it names as one; None if that is ``none``.

        Raises ConfigurationError if one of them wants a key that is not set.
        """
        if len(self._names) < 2:
            return self.named(self._names[0]) if self._names else None
        if self._chain is None:
            from medialib.providers.chain import ChainedProvider

            members = [self.named(name) for name in self._names]
            self._chain = ChainedProvider(members, told=self._options.told, clock=self._options.clock)
        return self._chain

    @property
    def files(self) -> FileProvider:
        """The one that knows files by their content.

        Raises ConfigurationError if it wants an account or a client that is not set, UsageError if there is none.
        """
        if self._made_files is None:
            if self._files is None:
                raise UsageError("there is nobody to ask what a file is by its content")
            self._made_files = self._files()
        return self._made_files

    def named(self, name: str) -> MetadataProvider:
        """One provider; raises UsageError if there is none of that name, ConfigurationError if its key is not set."""
        if name not in self._makers:
            raise UsageError(f"no provider is called {name!r}", remedy=f"There are {', '.join(sorted(self._makers))}.")
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def chosen(self, name: str | None = None) -> MetadataProvider:
        """The provider of that name, or the preferred one; raises UsageError if there is none, ConfigurationError if
        its key is not set."""
        found = self.preferred if name is None else self.named(name)
        if found is None:
            raise UsageError("there is nobody to ask about shows", remedy="Set metadata.provider.")
        return found

    def for_ids(self, ids: ExternalIds) -> MetadataProvider:
        """The provider to ask for a title by these ids: the preferred one if it can go by them, else their own.

        Raises UsageError if there is none, ConfigurationError if it wants a key that is not set.
        """
        given = {name for name, value in attrs.asdict(ids).items() if value is not None}
        preferred = self.preferred
        if preferred is not None and (given & preferred.traits.finds_by or preferred.name in given):
            return preferred
        # the index on this machine may not be there; a service is
        own = sorted(given & self._makers.keys(), key=lambda name: (name == "imdb", name))
        if own:
            return self.named(own[0])
        asked = ", ".join(self._names) or "nobody"
        raise UsageError(
            f"{asked} can be asked by the number of {', '.join(sorted(given))}",
            remedy="Set metadata.provider to one that can.",
        )

    def close(self) -> None:
        """Let go of connections."""
        for provider in self._made.values():
            provider.close()
        if self._made_files is not None:
            self._made_files.close()


def imdb_index(settings: Settings, environment: Mapping[str, str]) -> Path:
    """The file of the index of IMDb's titles."""
    return settings.imdb.index or cache_folder(environment) / "imdb" / "index.db"


def configured_providers(
    settings: Settings, options: HttpOptions, environment: Mapping[str, str] | None = None
) -> Providers:
    """The providers as `settings` have them, with HTTP as `options` say; `environment` tells where caches are."""

    def tvmaze() -> MetadataProvider:
        from medialib.providers.tvmaze import TvmazeProvider

        return TvmazeProvider(url=settings.tvmaze.url, options=options)

    def tmdb() -> MetadataProvider:
        from medialib.providers.tmdb import TmdbProvider

        key = settings.tmdb.api_key
        if key is None:
            raise _keyless("tmdb", "TMDB_API_KEY")
        language = settings.metadata.language
        return TmdbProvider(key.reveal(), url=settings.tmdb.url, language=language, options=options)

    def tvdb() -> MetadataProvider:
        from medialib.providers.tvdb import TvdbProvider

        key, pin = settings.tvdb.api_key, settings.tvdb.pin
        if key is None:
            raise _keyless("tvdb", "TVDB_API_KEY")
        return TvdbProvider(
            key.reveal(),
            pin=None if pin is None else pin.reveal(),
            url=settings.tvdb.url,
            language=settings.metadata.language,
            options=options,
        )

    def imdb() -> MetadataProvider:
        from medialib.providers.imdb import ImdbProvider

        return ImdbProvider(imdb_index(settings, os.environ if environment is None else environment))

    def anidb() -> MetadataProvider:
        from medialib.providers.anidb import AnidbProvider

        how = settings.anidb
        if how.client is None:
            raise _unset(["client"])
        return AnidbProvider(
            how.client,
            how.client_version,
            how.url,
            how.titles_url,
            settings.metadata.language,
            options,
            anime_list=how.anime_list,
        )

    def files() -> FileProvider:
        from medialib.providers.anidb_udp import AnidbFiles

        how = settings.anidb
        if how.client is None or how.username is None or how.password is None:
            raise _unset([name for name in ("client", "username", "password") if getattr(how, name) is None])
        return AnidbFiles(
            how.username,
            how.password.reveal(),
            how.client,
            how.client_version,
            how.udp_host,
            how.udp_port,
            options,
            local_port=how.local_port,
            anime_list=how.anime_list,
        )

    makers = {"tvmaze": tvmaze, "tmdb": tmdb, "tvdb": tvdb, "anidb": anidb, "imdb": imdb}
    return Providers(makers, settings.metadata.provider, options, files)


def _unset(names: list[str]) -> ConfigurationError:
    problems = [f"anidb.{name}: is not set, and AniDB wants it" for name in names]
    return ConfigurationError("the configuration cannot be used", problems)


def _keyless(section: str, variable: str) -> ConfigurationError:
    problem = f'{section}.api_key: is not set; for example api_key = "${{{variable}}}"'
    return ConfigurationError("the configuration cannot be used", [problem])

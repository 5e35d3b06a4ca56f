"""The configuration: its schema, its secrets, and how it is read from a file and an environment."""

from __future__ import annotations

from medialib.config.addresses import parse_remote_url
from medialib.config.checks import RESERVED_NAMES, secrets_of
from medialib.config.description import SettingDescription, describe_settings
from medialib.config.environment import RESERVED_VARIABLES
from medialib.config.library_settings import LibrarySettings, RootSettings, RoutingSettings
from medialib.config.migration import (
    Migration,
    NativeForm,
    migrate_configuration,
    native_form,
    write_migration,
)
from medialib.config.provider_settings import (
    AnidbSettings,
    FeedSettings,
    ImdbSettings,
    MetadataSettings,
    TmdbSettings,
    TvdbSettings,
    TvmazeSettings,
)
from medialib.config.quantities import format_duration, format_size, parse_duration, parse_size
from medialib.config.reading import (
    CONFIGURATION_NAMES,
    cache_folder,
    data_folder,
    find_configuration,
    load_settings,
    parse_settings,
    settings_to_dict,
    user_configuration_folder,
)
from medialib.config.remote_settings import DownloadSettings, RemoteSettings, ServerSettings
from medialib.config.secret import MASK, Secret, SecretUrl
from medialib.config.settings import CatalogueSettings, LogSettings, Settings, SimilaritySettings, WorkSettings
from medialib.config.starter import STARTER_CONFIGURATION

__all__ = [
    "CONFIGURATION_NAMES",
    "MASK",
    "RESERVED_NAMES",
    "RESERVED_VARIABLES",
    "STARTER_CONFIGURATION",
    "AnidbSettings",
    "CatalogueSettings",
    "DownloadSettings",
    "FeedSettings",
    "ImdbSettings",
    "LibrarySettings",
    "LogSettings",
    "MetadataSettings",
    "Migration",
    "NativeForm",
    "RemoteSettings",
    "RootSettings",
    "RoutingSettings",
    "Secret",
    "SecretUrl",
    "ServerSettings",
    "SettingDescription",
    "Settings",
    "SimilaritySettings",
    "TmdbSettings",
    "TvdbSettings",
    "TvmazeSettings",
    "WorkSettings",
    "cache_folder",
    "data_folder",
    "describe_settings",
    "find_configuration",
    "format_duration",
    "format_size",
    "load_settings",
    "migrate_configuration",
    "native_form",
    "parse_duration",
    "parse_remote_url",
    "parse_settings",
    "parse_size",
    "secrets_of",
    "settings_to_dict",
    "user_configuration_folder",
    "write_migration",
]

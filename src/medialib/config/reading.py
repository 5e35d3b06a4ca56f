"""From a file and an environment to checked `Settings`, or to one error that names every fault.

Order: the file's data (that of a dialect in its native form), then ``MEDIALIB_SECTION__KEY`` in its place, then
``${VAR}`` filled in, then types, then what only shows when all of it is seen together. A fault of one stage does not
hide those of the next.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import attrs

from medialib.config.checks import contradictions, name_faults, oddities, secrets_of
from medialib.config.dialects import DIALECTS, INI_ENDINGS, Translation, recognise
from medialib.config.environment import EnvironmentText, Fault, KeyPath, apply_overrides, home_of, interpolate
from medialib.config.files import read_configuration
from medialib.config.settings import Settings
from medialib.errors import ConfigurationError, Problem

__all__ = [
    "CONFIGURATION_NAMES",
    "cache_folder",
    "check_translation",
    "data_folder",
    "dialect_file",
    "find_configuration",
    "load_settings",
    "parse_settings",
    "settings_to_dict",
    "translate_configuration",
    "user_configuration_folder",
]

CONFIGURATION_NAMES: Final = ("config.toml", "config.yaml", "config.yml", "config.json")
"""Names of a configuration in its folder; only one of them may be there."""

_INIT: Final = "`medialib config init` writes one to start from."


def load_settings(path: Path | None = None, *, environment: Mapping[str, str]) -> Settings:
    """The settings of a file: the one given, else the one that `find_configuration` finds.

    An INI file is read as the older program's that it is of, with relative paths from the working directory on. Raises
    ConfigurationError with every problem found: no file, two of them, one that cannot be read, what is wrong in it.
    What looks like a mistake but is none is in `Settings.warnings`.
    """
    source = find_configuration(environment) if path is None else path.absolute()
    translation = translate_configuration(source)
    folder = source.parent if translation.dialect is None else Path.cwd()
    settings, literal_secrets = _checked(translation, folder, environment)
    warnings = list(settings.warnings)
    if literal_secrets and source.stat().st_mode & 0o004:
        keys = ", ".join(".".join(str(part) for part in translation.spelled(key)) for key in literal_secrets)
        way = "use ${VARIABLES}" if translation.dialect is None else "`medialib config migrate`"
        warnings.append(f"{source} can be read by everyone and holds {keys}: chmod 600, or {way}")
    older = dialect_file(Path.cwd())
    if path is None and not environment.get("MEDIALIB_CONFIG") and older not in (None, source):
        warnings.append(f"{older} is not read, for there is {source}: move it away, or name it with --config")
    return attrs.evolve(settings, source=source, warnings=tuple(warnings))


def parse_settings(data: Mapping[str, Any], *, folder: Path, environment: Mapping[str, str]) -> Settings:
    """The settings that the data says: what a file holds, with relative paths from `folder` on.

    Only `environment` is asked for variables (and the files that ``…_FILE`` ones name are read). Raises
    ConfigurationError with every problem found.

    >>> data = {"download": {"incoming": "${WHERE}"}}
    >>> settings = parse_settings(data, folder=Path("/srv"), environment={"WHERE": "new"})
    >>> str(settings.download.incoming)
    '/srv/new'
    >>> parse_settings({"downlod": {}}, folder=Path("/srv"), environment={})
    Traceback (most recent call last):
    medialib.errors.ConfigurationError: the configuration cannot be used
      downlod: is no setting; did you mean 'download'?
    """
    return check_translation(Translation(data), folder=folder, environment=environment)


def check_translation(translation: Translation, *, folder: Path, environment: Mapping[str, str]) -> Settings:
    """The settings that a dialect's file says, or data in the native form, as `parse_settings` does.

    What is wrong is told in the words of the dialect. What the environment says in place of a key takes its faults too.
    """
    return _checked(translation, folder.absolute(), environment)[0]


def settings_to_dict(settings: Settings, *, secrets_hidden: bool = True) -> dict[str, Any]:
    """The settings as a file would say them, what is not set left out; `parse_settings` reads them back as the same.

    With `secrets_hidden`, ``••••`` stands in place of each secret. A ``$`` is doubled, as a file says it.

    >>> settings_to_dict(Settings())["log"]
    {'level': 'info', 'format': 'text'}
    """
    from medialib.config.conversion import unstructure  # loads cattrs

    return unstructure(settings, secrets_hidden=secrets_hidden)


def find_configuration(environment: Mapping[str, str]) -> Path:
    """The file that ``MEDIALIB_CONFIG`` names, else the one in ``$XDG_CONFIG_HOME/medialib``, else an older program's.

    That is looked for where the program had it, below the working directory: ``config/sync2nas_config.ini``. Raises
    ConfigurationError if there is none of them, or more than one in the user's folder.
    """
    named = environment.get("MEDIALIB_CONFIG")
    if named:
        path = Path(named)
        path = home_of(environment) / path.relative_to("~") if path.parts[:1] == ("~",) else path.absolute()
        if not path.exists():
            _refuse(f"{path}, which MEDIALIB_CONFIG names, is not there", remedy=_INIT)
        return path
    folder = user_configuration_folder(environment)
    found = [folder / name for name in CONFIGURATION_NAMES if (folder / name).exists()]
    if not found:
        older = dialect_file(Path.cwd())
        if older is not None:
            return older
        names = f"{' nor '.join(CONFIGURATION_NAMES)} in {folder}, nor {' nor '.join(each.file for each in DIALECTS)}"
        _refuse(f"there is no configuration: neither {names} here", remedy=_INIT)
    if len(found) > 1:
        both = " and ".join(str(path) for path in found)
        _refuse(f"there are several configurations: {both}", remedy="Keep one, or name one with --config.")
    return found[0]


def dialect_file(folder: Path) -> Path | None:
    """The configuration file of an older program, where that program had it below `folder`; None if there is none."""
    return next((folder / each.file for each in DIALECTS if (folder / each.file).exists()), None)


def user_configuration_folder(environment: Mapping[str, str]) -> Path:
    """Where a configuration is looked for that nobody named: ``$XDG_CONFIG_HOME/medialib``.

    >>> str(user_configuration_folder({"HOME": "/home/me"}))
    '/home/me/.config/medialib'
    """
    return _user_folder("XDG_CONFIG_HOME", ".config", environment)


def data_folder(environment: Mapping[str, str]) -> Path:
    """Where data is kept that nobody said a place for: ``$XDG_DATA_HOME/medialib``.

    >>> str(data_folder({"HOME": "/home/me"})), str(data_folder({"XDG_DATA_HOME": "/data"}))
    ('/home/me/.local/share/medialib', '/data/medialib')
    """
    return _user_folder("XDG_DATA_HOME", ".local/share", environment)


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where what can be had again is kept that nobody said a place for: ``$XDG_CACHE_HOME/medialib``.

    >>> str(cache_folder({"HOME": "/home/me"}))
    '/home/me/.cache/medialib'
    """
    return _user_folder("XDG_CACHE_HOME", ".cache", environment)


def translate_configuration(path: Path) -> Translation:
    """What a file says in the native form; an INI file is read as the dialect that its sections show.

    Raises ConfigurationError as `read_configuration` does, and for an INI file that is in no dialect. What is wrong
    with the keys of a dialect is no error yet, but in `Translation.faults`.
    """
    document = read_configuration(path)
    if path.suffix.lower() not in INI_ENDINGS:
        return Translation(document)
    dialect = recognise(document)
    if dialect is None:
        known = " or ".join(f"{each.title} ({', '.join(each.sections)})" for each in DIALECTS)
        _refuse(
            f"{path} is an INI file with no section of {known}",
            remedy="medialib's own form goes into a TOML, YAML or JSON file: " + _INIT,
        )
    return dialect.read(document, windows=os.name == "nt")


def _checked(
    translation: Translation, folder: Path, environment: Mapping[str, str]
) -> tuple[Settings, tuple[KeyPath, ...]]:
    """The settings, and the paths of the secrets that the data holds in the clear."""
    overridden, faults = apply_overrides(translation.data, environment, folder=folder)
    own = [each for each in translation.faults if not any(_given_instead(overridden, path) for path in each.instead)]
    causes: dict[Fault, None] = {(path, each.message): None for each in own for path in each.instead}
    filled, missing = interpolate(_with_defaults(overridden, environment), environment, folder=folder)
    remotes = filled.get("remotes")
    found: dict[Fault, None] = dict.fromkeys((*faults, *missing))
    # What is faulted is taken out and the rest read again, so that the checks of the whole see all there is.
    remaining = _without(filled, [path for path, _ in found])
    settings = _structured(remaining, folder, environment)
    while not isinstance(settings, Settings):
        fresh = [fault for fault in settings if not _explained(fault[0], {**causes, **found})]
        found.update(dict.fromkeys(fresh))
        remaining = _without(remaining, [_present(remaining, path) for path, _ in settings])
        settings = _structured(remaining, folder, environment)
    whole = [fault for fault in contradictions(settings) if not _explained(fault[0], {**causes, **found})]
    found.update(dict.fromkeys(whole))
    # Names are checked where they stand: a remote with other faults is not among the settings by now.
    found.update(dict.fromkeys(name_faults(remotes if isinstance(remotes, Mapping) else ())))
    if own or found:
        problems = [Problem.at((each.key,), each.message) for each in own]
        problems += [_problem(translation, filled, path, message) for path, message in found]
        form = "" if translation.dialect is None else f", read as one of {translation.dialect},"
        raise ConfigurationError(f"the configuration{form} cannot be used", problems)
    literal = [path for path, _ in secrets_of(settings) if not isinstance(_value_at(filled, path), EnvironmentText)]
    warnings = (*translation.warnings, *(translation.in_its_words(each) for each in oddities(settings)))
    return attrs.evolve(settings, dialect=translation.dialect, warnings=warnings), tuple(literal)


def _given_instead(data: Any, path: KeyPath) -> bool:
    value = _value_at(data, path)
    return isinstance(value, EnvironmentText) and value.overrides


def _problem(translation: Translation, filled: Any, path: KeyPath, message: str) -> Problem:
    """The problem where the user wrote it: in the words of the dialect, or of the environment."""
    variable = _origin(filled, path)
    if variable:
        return Problem.at(path, message + variable)
    return Problem.at(translation.spelled(path), translation.in_its_words(message))


def _structured(data: Any, folder: Path, environment: Mapping[str, str]) -> Settings | tuple[Fault, ...]:
    from medialib.config.conversion import structure  # loads cattrs

    return structure(data, folder=folder, home=home_of(environment), kept=data_folder(environment))


def _with_defaults(data: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The data with the defaults that depend on the environment."""
    catalogue = data.get("catalogue")
    if catalogue is None or (isinstance(catalogue, Mapping) and catalogue.get("url") is None):
        default = str(data_folder(environment) / "catalogue.db").replace("$", "$$")
        data = {**data, "catalogue": {**(catalogue or {}), "url": default}}
    known = {"known_hosts": "~/.ssh/known_hosts"}
    for section in ("remotes", "servers"):
        named = data.get(section)
        if isinstance(named, Mapping):
            filled = {name: {**known, **keys} if isinstance(keys, Mapping) else keys for name, keys in named.items()}
            data = {**data, section: filled}
    return data


def _without(data: Any, paths: list[KeyPath]) -> Any:
    """The data less what is at the paths; of a list, the whole list."""
    if not isinstance(data, Mapping) or () in paths:
        return {}
    kept = {}
    for key, value in data.items():
        inner = [path[1:] for path in paths if path and path[0] == key]
        if () in inner or (inner and not isinstance(value, Mapping)):
            continue
        kept[key] = _without(value, inner) if inner else value
    return kept


def _present(data: Any, path: KeyPath) -> KeyPath:
    """The part of a path that the data has: a fault of a key that is missing is one of its section."""
    for length, key in enumerate(path):
        if not isinstance(data, Mapping) or key not in data:
            return path[:length]
        data = data[key]
    return path


def _explained(path: KeyPath, found: Mapping[Fault, None]) -> bool:
    """Whether an earlier fault in the same place is why there is one now."""
    if path[-1:] == ("host",) and any(earlier == (*path[:-1], "url") for earlier, _ in found):
        return True
    return any(earlier[: len(path)] == path or path[: len(earlier)] == earlier for earlier, _ in found)


def _value_at(data: Any, path: KeyPath) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _origin(data: Any, path: KeyPath) -> str:
    for length in range(len(path), 0, -1):
        value = _value_at(data, path[:length])
        if isinstance(value, EnvironmentText) and value.overrides:
            return f" (from {value.variable})"
    return _only_from(_value_at(data, path))


def _only_from(value: Any) -> str:
    """The one variable that a section was made of, where the file has none of it."""
    if isinstance(value, Mapping) and len(value) == 1:
        inner = next(iter(value.values()))
        return f" (from {inner.variable})" if isinstance(inner, EnvironmentText) and inner.overrides else ""
    return ""


def _user_folder(variable: str, usual: str, environment: Mapping[str, str]) -> Path:
    # Not platformdirs: that asks this process's environment, and the one that is given may be another.
    named = environment.get(variable, "")
    # The XDG specification has relative values ignored.
    return (Path(named) if named.startswith("/") else home_of(environment) / usual) / "medialib"


def _refuse(message: str, *, remedy: str | None = None) -> NoReturn:
    raise ConfigurationError(message, remedy=remedy)

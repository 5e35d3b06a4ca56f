"""From a file and an environment to checked `Settings`, or to one error that names every fault.

Order: the file's data, then ``MEDIALIB_SECTION__KEY`` in its place, then ``${VAR}`` filled in, then types, then what
only shows when all of it is seen together. A fault of one stage does not hide those of the next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import attrs

from medialib.config.checks import contradictions, name_faults, oddities, secrets_of
from medialib.config.environment import EnvironmentText, Fault, KeyPath, apply_overrides, home_of, interpolate
from medialib.config.settings import Settings
from medialib.errors import ConfigurationError, Problem

__all__ = [
    "CONFIGURATION_NAMES",
    "data_folder",
    "find_configuration",
    "load_settings",
    "parse_settings",
    "read_configuration",
    "settings_to_dict",
    "user_configuration_folder",
]

CONFIGURATION_NAMES: Final = ("config.toml", "config.yaml", "config.yml", "config.json")
"""Names of a configuration in its folder; only one of them may be there."""

_INIT: Final = "`medialib config init` writes one to start from."


def load_settings(path: Path | None = None, *, environment: Mapping[str, str]) -> Settings:
    """The settings of a file: the one given, else that of ``MEDIALIB_CONFIG``, else that in the user's folder.

    Raises ConfigurationError with every problem found: no file, two of them, one that cannot be read, what is wrong in
    it. What looks like a mistake but is none is in `Settings.warnings`.
    """
    source = find_configuration(environment) if path is None else path.absolute()
    settings, literal_secrets = _checked(read_configuration(source), source.parent, environment)
    warnings = list(settings.warnings)
    if literal_secrets and source.stat().st_mode & 0o004:
        keys = ", ".join(Problem.at(key, "").removesuffix(": ") for key in literal_secrets)
        warnings.append(f"{source} can be read by everyone and holds {keys}: chmod 600, or use ${{VARIABLES}}")
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
    return _checked(data, folder.absolute(), environment)[0]


def settings_to_dict(settings: Settings, *, secrets_hidden: bool = True) -> dict[str, Any]:
    """The settings as a file would say them, what is not set left out; `parse_settings` reads them back as the same.

    With `secrets_hidden`, ``••••`` stands in place of each secret. A ``$`` is doubled, as a file says it.

    >>> settings_to_dict(Settings())["log"]
    {'level': 'info'}
    """
    from medialib.config.conversion import unstructure  # loads cattrs

    return unstructure(settings, secrets_hidden=secrets_hidden)


def find_configuration(environment: Mapping[str, str]) -> Path:
    """The file that ``MEDIALIB_CONFIG`` names, else the one in ``$XDG_CONFIG_HOME/medialib``.

    Raises ConfigurationError if there is none, or more than one.
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
        _refuse(f"there is no configuration: neither {' nor '.join(CONFIGURATION_NAMES)} in {folder}", remedy=_INIT)
    if len(found) > 1:
        both = " and ".join(str(path) for path in found)
        _refuse(f"there are several configurations: {both}", remedy="Keep one, or name one with --config.")
    return found[0]


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


def read_configuration(path: Path) -> Mapping[str, Any]:
    """What a TOML, YAML (1.2) or JSON file holds, told apart by its ending.

    Raises ConfigurationError, with the line, for what cannot be read, for a key that is there twice, and for a file
    that holds no sections. No message shows a value of the file.
    """
    readers = {".toml": _toml, ".yaml": _yaml, ".yml": _yaml, ".json": _json}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        _refuse(f"{path} is no kind of file that is known", remedy="Its name must end in .toml, .yaml, .yml or .json.")
    failure, data = "", None
    try:
        data = reader(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        failure = f"{path} cannot be read: {error.strerror or type(error).__name__}"
    except UnicodeDecodeError:
        failure = f"{path} is not UTF-8 text"
    except _Unreadable as error:
        failure = f"{path}:{error.line}: {error}" if error.line else f"{path}: {error}"
    except RecursionError:
        failure = f"{path}: is nested too deeply"
    # Raised out here, so that no traceback shows the parser's own error, which quotes the file.
    if failure:
        _refuse(failure)
    if data is not None and not isinstance(data, Mapping):
        _refuse(f"{path}: wants sections with keys, such as download, at its top")
    return data or {}


class _Unreadable(ValueError):
    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


def _toml(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except ValueError as error:
        where = re.search(r"\(at line (\d+), column \d+\)$", str(error))
        line = int(where[1]) if where else text.count("\n") + 1
        message = re.sub(r" \(at .*\)$", "", str(error))
        raise _Unreadable(f"is no TOML: {message}", line) from None


def _json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise _Unreadable(f"the key {twice!r} is there twice", None)
        return dict(pairs)

    if not text.strip():
        return None
    try:
        return json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise _Unreadable(f"is no JSON: {error.msg}", error.lineno) from None
    except _Unreadable:
        raise
    except ValueError:
        raise _Unreadable("holds a number that is too long", None) from None


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    class Constructor(SafeConstructor):
        """A constructor for which an unquoted date is the text that it is."""

    Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Constructor
    try:
        return yaml.load(text)
    except DuplicateKeyError as error:
        named = re.match(r'found duplicate key "([\w.-]*)"', error.problem or "")
        raise _Unreadable(f"the key {named[1] if named else ''!r} is there twice", _line(error)) from None
    except MarkedYAMLError as error:
        raise _Unreadable(f"is no YAML: {error.problem}", _line(error)) from None
    except (YAMLError, ValueError) as error:
        position = getattr(error, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else None
        raise _Unreadable("is no YAML: it holds a character or number that YAML cannot have", line) from None


def _line(error: Any) -> int | None:
    mark = error.problem_mark or error.context_mark
    return None if mark is None else mark.line + 1


def _checked(
    data: Mapping[str, Any], folder: Path, environment: Mapping[str, str]
) -> tuple[Settings, tuple[KeyPath, ...]]:
    """The settings, and the paths of the secrets that the data holds in the clear."""
    home = home_of(environment)
    overridden, faults = apply_overrides(data, environment, folder=folder)
    filled, missing = interpolate(_with_defaults(overridden, environment), environment, folder=folder)
    remotes = filled.get("remotes")
    found: dict[Fault, None] = dict.fromkeys((*faults, *missing))
    # What is faulted is taken out and the rest read again, so that the checks of the whole see all there is.
    remaining = _without(filled, [path for path, _ in found])
    settings = _structured(remaining, folder, home)
    while not isinstance(settings, Settings):
        fresh = [fault for fault in settings if not _explained(fault[0], found)]
        found.update(dict.fromkeys(fresh))
        remaining = _without(remaining, [_present(remaining, path) for path, _ in settings])
        settings = _structured(remaining, folder, home)
    found.update(dict.fromkeys([fault for fault in contradictions(settings) if not _explained(fault[0], found)]))
    # Names are checked where they stand: a remote with other faults is not among the settings by now.
    found.update(dict.fromkeys(name_faults(remotes if isinstance(remotes, Mapping) else ())))
    if found:
        problems = [Problem.at(path, message + _origin(filled, path)) for path, message in found]
        raise ConfigurationError("the configuration cannot be used", problems)
    literal = [path for path in secrets_of(settings) if not isinstance(_value_at(filled, path), EnvironmentText)]
    return attrs.evolve(settings, warnings=oddities(settings)), tuple(literal)


def _structured(data: Any, folder: Path, home: Path) -> Settings | tuple[Fault, ...]:
    from medialib.config.conversion import structure  # loads cattrs

    return structure(data, folder=folder, home=home)


def _with_defaults(data: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The data with the defaults that depend on the environment."""
    catalogue, remotes = data.get("catalogue"), data.get("remotes")
    if catalogue is None or (isinstance(catalogue, Mapping) and catalogue.get("url") is None):
        default = str(data_folder(environment) / "catalogue.db").replace("$", "$$")
        data = {**data, "catalogue": {**(catalogue or {}), "url": default}}
    if isinstance(remotes, Mapping):
        known = {"known_hosts": "~/.ssh/known_hosts"}
        filled = {
            name: {**known, **remote} if isinstance(remote, Mapping) else remote for name, remote in remotes.items()
        }
        data = {**data, "remotes": filled}
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

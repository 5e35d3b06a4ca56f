"""What the environment adds to a configuration: ``${VAR}`` in its texts, and ``MEDIALIB_SECTION__KEY`` in its place.

The environment comes in as a mapping, so that a test, a notebook or a service can give its own. What is read from it
is marked `EnvironmentText`: it is read by the type of its key (``true``, ``22``, ``a, b``) and never shown in an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from medialib.config.addresses import absolute_path

__all__ = [
    "PREFIX",
    "RESERVED_VARIABLES",
    "EnvironmentText",
    "Fault",
    "KeyPath",
    "apply_overrides",
    "home_of",
    "interpolate",
    "read_variable",
]

KeyPath = tuple[str | int, ...]
"""Where a value is: keys, and list indices from 0."""
Fault = tuple[KeyPath, str]
"""Where something is wrong, and what."""

PREFIX: Final = "MEDIALIB_"
"""How variables start that stand for a key."""
RESERVED_VARIABLES: Final = frozenset({"MEDIALIB_CONFIG", "MEDIALIB_REQUIRE_SERVERS"})
"""Variables with this prefix that stand for no key."""

_SECRET_KEYS: Final = ("password", "key_passphrase", "api_key", "pin", "url")
_DEEPEST: Final = 12
_REFERENCE = re.compile(r"\$\$|\$\{(?P<inner>[^}]*)\}|\$\{")
_INNER = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?", re.DOTALL | re.ASCII)


class EnvironmentText(str):
    """Text that came from the environment, wholly or in part.

    >>> EnvironmentText("2222", variable="MEDIALIB_REMOTES__SEEDBOX__PORT").overrides
    True
    """

    variable: str | None
    """The variable that stands for the whole key; None for text with ``${VAR}`` in it."""

    def __new__(cls, text: str, *, variable: str | None = None) -> EnvironmentText:
        """The text, and the variable that it is the value of."""
        made = super().__new__(cls, text)
        made.variable = variable
        return made

    @property
    def overrides(self) -> bool:
        """Whether it was given in place of what the file says."""
        return self.variable is not None


def home_of(environment: Mapping[str, str]) -> Path:
    """The home folder by this environment, or this process's own where it names none.

    >>> str(home_of({"HOME": "/home/me"}))
    '/home/me'
    """
    home = environment.get("HOME", "")
    return Path(home) if home.startswith("/") else Path.home()


def read_variable(name: str, environment: Mapping[str, str], *, folder: Path) -> str | None:
    """The value of a variable; where ``NAME_FILE`` is set, what that file holds, less one newline at its end.

    A relative file name starts from `folder`. None if neither is set. Raises ValueError, with what is wrong, for a file
    that cannot be read.

    >>> read_variable("PORT", {"PORT": "22"}, folder=Path("/")), read_variable("PORT", {}, folder=Path("/"))
    ('22', None)
    """
    file_name = environment.get(f"{name}_FILE")
    if not file_name:
        return environment.get(name)
    try:
        text = absolute_path(file_name, folder=folder, home=home_of(environment)).read_bytes().decode()
    except UnicodeDecodeError:
        raise ValueError(f"the file that {name}_FILE names, {file_name}, is not UTF-8 text") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ValueError(f"the file that {name}_FILE names, {file_name}, cannot be read: {reason}") from None
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def interpolate(
    data: Any, environment: Mapping[str, str], *, folder: Path, path: KeyPath = ()
) -> tuple[Any, tuple[Fault, ...]]:
    """The data with ``${VAR}``, ``${VAR:-default}`` and ``$$`` filled in, at any depth, and what is wrong.

    The default serves where the variable is not set or empty. What is filled in is not looked at again. Keys stay as
    they are, and so do texts that are `EnvironmentText` already.

    >>> interpolate({"a": ["${USER}@${HOST:-localhost}", "5$$"]}, {"USER": "me"}, folder=Path("/"))
    ({'a': ['me@localhost', '5$']}, ())
    >>> interpolate({"a": "${NO}"}, {}, folder=Path("/"))[1]
    ((('a',), 'the variable NO is not set (nor NO_FILE); set it, or write ${NO:-default}'),)
    """
    faults: list[Fault] = []
    result = _interpolated(data, environment, folder, path, faults)
    return result, tuple(faults)


def _interpolated(data: Any, environment: Mapping[str, str], folder: Path, path: KeyPath, faults: list[Fault]) -> Any:
    if len(path) > _DEEPEST:
        faults.append((path, "is nested too deeply"))
        return None
    if isinstance(data, Mapping):
        return {key: _interpolated(value, environment, folder, (*path, key), faults) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_interpolated(value, environment, folder, (*path, index), faults) for index, value in enumerate(data)]
    if not isinstance(data, str) or isinstance(data, EnvironmentText) or "$" not in data:
        return data
    filled = False

    def fill(match: re.Match[str]) -> str:
        nonlocal filled
        if match[0] == "$$":
            return "$"
        filled = True
        return _resolved(match, environment, folder)

    try:
        text = _REFERENCE.sub(fill, data)
    except ValueError as error:
        faults.append((path, str(error)))
        return None
    return EnvironmentText(text) if filled else text


def _resolved(match: re.Match[str], environment: Mapping[str, str], folder: Path) -> str:
    inner = None if match["inner"] is None else _INNER.fullmatch(match["inner"])
    if inner is None or "${" in (inner["default"] or ""):
        raise ValueError("has a ${ that is not ${VAR} or ${VAR:-default} (a dollar sign itself is written $$)")
    name, default = inner["name"], inner["default"]
    value = read_variable(name, environment, folder=folder)
    if default is not None and not value:
        return default
    if value is None:
        raise ValueError(f"the variable {name} is not set (nor {name}_FILE); set it, or write ${{{name}:-default}}")
    return value


def apply_overrides(
    data: Mapping[str, Any], environment: Mapping[str, str], *, folder: Path
) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """The data with each ``MEDIALIB_SECTION__KEY`` of the environment in its place, and what is wrong.

    Names are lower-cased; ``-`` in a remote's name is written ``_``. A password, passphrase, API key, PIN or url may
    also be given as the name of a file that holds it: ``MEDIALIB_REMOTES__SEEDBOX__PASSWORD_FILE``.

    >>> file = {"remotes": {"my-box": {"port": 22}}}
    >>> apply_overrides(file, {"MEDIALIB_REMOTES__MY_BOX__PORT": "23"}, folder=Path("/"))
    ({'remotes': {'my-box': {'port': '23'}}}, ())
    """
    result = dict(data)
    faults: list[Fault] = []
    for variable, value in sorted(environment.items()):
        if not variable.startswith(PREFIX) or variable in RESERVED_VARIABLES:
            continue
        parts = variable.removeprefix(PREFIX).lower().split("__")
        if len(parts) < 2 or not all(parts):
            faults.append(((variable,), f"stands for no key: wants {PREFIX}SECTION__KEY, with two underscores between"))
            continue
        text = value
        stem = parts[-1].removesuffix("_file")
        if stem != parts[-1] and stem in _SECRET_KEYS:
            parts[-1] = stem
            variable = variable.removesuffix("_FILE")
            try:
                text = read_variable(variable, environment, folder=folder) or ""
            except ValueError as error:
                faults.append((tuple(parts), str(error)))
                continue
        if not _place(result, parts, EnvironmentText(text, variable=variable)):
            faults.append(((variable,), f"stands for no key: {'.'.join(parts[:-1])} is not a section"))
    return result, tuple(faults)


def _place(data: dict[str, Any], parts: list[str], text: EnvironmentText) -> bool:
    for part in parts[:-1]:
        key = _known_key(data, part)
        inner = data.get(key)
        if inner is not None and not isinstance(inner, Mapping):
            return False
        data[key] = dict(inner or {})
        data = data[key]
    data[_known_key(data, parts[-1])] = text
    return True


def _known_key(data: Mapping[str, Any], part: str) -> str:
    spelled = (key for key in data if str(key).lower().replace("-", "_") == part)
    return next(spelled, part)

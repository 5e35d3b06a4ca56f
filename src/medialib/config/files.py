"""What the file of a configuration holds: TOML, YAML, JSON or INI, told apart by the ending of its name.

Each reader is strict where its format lets a mistake pass (a key that is there twice, a date that was meant as text),
and no message shows a value, which may be a password.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medialib.config.dialects import INI_ENDINGS, UnreadableIni, parse_ini
from medialib.errors import ConfigurationError

__all__ = ["read_configuration"]


def read_configuration(path: Path) -> Mapping[str, Any]:
    """What a TOML, YAML (1.2), JSON or INI file holds, told apart by its ending.

    Raises ConfigurationError, with the line, for what cannot be read, for a key that is there twice, and for a file
    that holds no sections. No message shows a value of the file.
    """
    readers = {".toml": _toml, ".yaml": _yaml, ".yml": _yaml, ".json": _json, **dict.fromkeys(INI_ENDINGS, _ini)}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ConfigurationError(
            f"{path} is no kind of file that is known", remedy="Its name must end in .toml, .yaml, .yml, .json or .ini."
        )
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
        raise ConfigurationError(failure)
    if data is not None and not isinstance(data, Mapping):
        raise ConfigurationError(f"{path}: wants sections with keys, such as download, at its top")
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


def _ini(text: str) -> Any:
    try:
        return parse_ini(text)
    except UnreadableIni as error:
        raise _Unreadable(str(error), error.line) from None


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

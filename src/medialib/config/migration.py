"""A dialect's file in the native form, as text for a person to keep: ``medialib config migrate``.

The text says what the file says and no default of ours, in the order of the schema, with a comment on each key that
tells what it came of. Read back, it gives the same `Settings`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import attrs

from medialib.config.checks import secrets_of
from medialib.config.description import keys_of
from medialib.config.dialects import Translation
from medialib.config.environment import PREFIX, KeyPath
from medialib.config.reading import (
    check_translation,
    dialect_file,
    find_configuration,
    settings_to_dict,
    translate_configuration,
)
from medialib.config.remote_settings import AddressKeys
from medialib.config.settings import Settings
from medialib.errors import UsageError

__all__ = ["Migration", "NativeForm", "migrate_configuration", "native_form", "native_text", "write_migration"]

NativeForm: TypeAlias = Literal["toml", "yaml"]
"""Kinds of file that a configuration can be written as."""

_Lines: TypeAlias = list[tuple[tuple[str, ...], list[tuple[str, Any, str]]]]
"""Sections, each with its keys: name, value and comment."""


@attrs.frozen
class Migration:
    """A dialect's file in the native form."""

    source: Path
    """The file that was read."""
    dialect: str
    """Name of the older program whose form it has."""
    form: NativeForm
    """What kind of file the text is for."""
    text: str = attrs.field(repr=False)
    """The text of the native file; it may hold secrets, if they were asked for."""
    variables: Mapping[str, str]
    """Variables that the text refers to, each with the key of the old file that has its value."""
    warnings: tuple[str, ...] = ()
    """What looks like a mistake, a line each."""


def migrate_configuration(
    path: Path | None = None, *, environment: Mapping[str, str], form: NativeForm = "toml", with_secrets: bool = False
) -> Migration:
    """The native form of an older program's file: the one given, else the one that would be used.

    Of the environment only the home folder counts: what it says in place of a key is no part of the file. Secrets are
    references to variables, unless they are asked for. Raises UsageError for a file in the native form, and
    ConfigurationError with every problem of one that cannot be used.
    """
    source = find_configuration(environment) if path is None else path.absolute()
    translation = translate_configuration(source)
    if translation.dialect is None:
        older = None if path is not None else dialect_file(Path.cwd())
        remedy = "There is nothing to migrate." if older is None else f"Name the older one: {older}"
        raise UsageError(f"{source} is in the native form already", remedy=remedy)
    surroundings = {name: value for name, value in environment.items() if not name.startswith(PREFIX)}
    settings = check_translation(translation, folder=Path.cwd(), environment=surroundings)
    text, variables = native_text(translation, settings, form=form, with_secrets=with_secrets)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(
            "a path holds bytes that are no UTF-8 text, which no native file can hold", remedy="Rename that folder."
        ) from None
    return Migration(source, translation.dialect, form, text, variables, settings.warnings)


def native_text(
    translation: Translation, settings: Settings, *, form: NativeForm, with_secrets: bool = False
) -> tuple[str, dict[str, str]]:
    """The text of a native file that says what a translation says, and the variables that it refers to.

    `settings` are what the translation gives. The variables come with the key that each stands for.

    >>> from medialib.config.settings import LogSettings
    >>> made = Translation({"log": {"level": "debug"}}, "demo", {("log", "level"): "Logging.verbose"})
    >>> text, _ = native_text(made, Settings(log=LogSettings(level="debug")), form="yaml")
    >>> print(text, end="")
    # From a configuration of demo, by `medialib config migrate`.
    log:
      # Logging.verbose
      level: debug
    """
    secrets = frozenset() if with_secrets else frozenset(path for path, _ in secrets_of(settings))
    variables = {_variable(path): translation.spelled(path)[0] for path in secrets}
    sections = _sections(translation, settings_to_dict(settings, secrets_hidden=False), secrets)
    header = f"From a configuration of {translation.dialect}, by `medialib config migrate`."
    write = _toml if form == "toml" else _yaml
    return write(sections, header), {name: str(key) for name, key in sorted(variables.items())}


def native_form(output: Path | None, asked: NativeForm | None) -> NativeForm:
    """The kind of file to write: the one asked for, else by the ending of its name, else TOML.

    Raises UsageError for an ending that says another kind, for the file could not be read back.

    >>> native_form(Path("config.yml"), None), native_form(None, None)
    ('yaml', 'toml')
    """
    if output is None:
        return asked or "toml"
    by_ending: dict[str, NativeForm] = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}
    found = by_ending.get(output.suffix.lower())
    if found is None or asked not in (None, found):
        kinds = " or ".join(get_args(NativeForm)) if asked is None else asked
        raise UsageError(f"{output} does not end as a file of {kinds} does", remedy="Name it .toml or .yaml.")
    return found


def write_migration(migration: Migration, output: Path) -> None:
    """Write the text to a new file that only its owner can read. Raises UsageError if there is one already."""
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{output} is there already", remedy="Name another file; none is replaced.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(migration.text)


def _variable(path: KeyPath) -> str:
    """The name of the variable that a secret is best kept in: ``SEEDBOX_PASSWORD``, ``TMDB_API_KEY``."""
    parts = [str(part) for part in path if part not in ("remotes", "servers", "feeds", "options")]
    return "_".join(parts).upper().replace("-", "_")


def _sections(translation: Translation, native: Mapping[str, Any], secrets: frozenset[KeyPath]) -> _Lines:
    """The sections that the translation names, with the values that the settings have for them."""
    return [
        (section, list(_keys(translation, section, _at(translation.data, section), _at(native, section), secrets)))
        for section in _section_names(translation.data, native)
    ]


def _section_names(data: Mapping[str, Any], native: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for section in native:
        if section == "remotes":
            yield from (("remotes", name) for name in data.get("remotes", {}))
        elif section in data:
            yield (section,)


def _keys(
    translation: Translation,
    section: tuple[str, ...],
    said: Mapping[str, Any],
    native: Mapping[str, Any],
    secrets: frozenset[KeyPath],
) -> Iterator[tuple[str, Any, str]]:
    parts = [key for key in said if key in keys_of(AddressKeys)] if section[0] == "remotes" else []
    if parts:
        origins = dict.fromkeys(translation.origins[(*section, key)] for key in parts)
        yield "url", native["url"], ", ".join(origins)
    for key in said:
        path = (*section, key)
        if key not in parts:
            value = f"${{{_variable(path)}}}" if path in secrets else native[key]
            remarks = (translation.origins.get(path), translation.notes.get(path))
            yield key, value, "; ".join(remark for remark in remarks if remark)


def _at(data: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    for part in path:
        data = data[part]
    return data


def _toml(sections: _Lines, header: str) -> str:
    import tomlkit

    texts = [f"# {header}\n"]
    for names, keys in sections:
        table = tomlkit.table()
        for key, value, comment in keys:
            table.add(tomlkit.comment(comment))
            table.add(key, value)
        document = tomlkit.document()
        place: Any = document
        for name in names[:-1]:
            place.add(name, tomlkit.table(is_super_table=True))
            place = place[name]
        place.add(names[-1], table)
        texts.append(tomlkit.dumps(document).strip("\n") + "\n")
    return "\n".join(texts)


def _yaml(sections: _Lines, header: str) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    document = CommentedMap()
    document.yaml_set_start_comment(header)
    for names, keys in sections:
        place = document
        for name in names:
            place = place.setdefault(name, CommentedMap())
        for key, value, comment in keys:
            place[key] = value
            place.yaml_set_comment_before_after_key(key, before=comment, indent=2 * len(names))
    writer = YAML()
    # Long lines stay whole: a folded path is hard to search for.
    writer.width = 1 << 20
    stream = io.StringIO()
    writer.dump(document, stream)
    return stream.getvalue()

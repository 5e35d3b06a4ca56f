"""From data to `Settings` and back, by the types of the schema and nothing looser.

A text is not a number, ``"false"`` is not false, and one text is not a list; only what came from the environment, where
all is text, is read by the type of its key. Importing this module loads cattrs (0.1 s), so `reading` does it late.
"""

from __future__ import annotations

import difflib
import operator
import os.path
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from medialib.config import forms
from medialib.config.addresses import (
    CATALOGUE_SCHEMES,
    absolute_path,
    catalogue_url,
    destination,
    merge_address,
    remote_url,
    vector_url,
)
from medialib.config.description import keys_of, section_types
from medialib.config.dialects import foreign_section
from medialib.config.environment import EnvironmentText, Fault, KeyPath
from medialib.config.forms import Faults
from medialib.config.library_settings import RootSettings
from medialib.config.provider_settings import FeedSettings
from medialib.config.quantities import format_duration, format_mode, format_size
from medialib.config.remote_settings import AddressKeys, RemoteSettings, ServerSettings
from medialib.config.secret import MASK, Secret, SecretUrl
from medialib.config.settings import Settings
from medialib.config.values import (
    EmbedderName,
    ExecutorText,
    Folder,
    ModeBits,
    OptionValue,
    ProviderNames,
    Size,
    TemplateOf,
    VectorAddress,
)
from medialib.ports import CATALOGUES

__all__ = ["structure", "unstructure"]


def structure(
    data: Mapping[str, Any], *, folder: Path, home: Path, kept: Path | None = None
) -> Settings | tuple[Fault, ...]:
    """The settings that the data says, or every fault of its types, names and values.

    `folder` is where relative paths start, `home` what ``~`` means, and in `kept` is what nobody said a place for. All
    data is as a file gives it, interpolated.

    >>> structure({"log": {"level": "loud"}}, folder=Path("/"), home=Path("/"))
    ((('log', 'level'), 'wants "debug" or "info" or "warning" or "error", got \\'loud\\''),)
    """
    try:
        return _structurer(folder, home, kept).structure(data, Settings)
    except (cattrs.BaseValidationError, Faults) as error:
        return tuple(sorted(_faults_of(error, ()), key=lambda fault: [str(part) for part in fault[0]]))


def unstructure(settings: Settings, *, secrets_hidden: bool) -> dict[str, Any]:
    """The settings as a file would say them: texts, numbers, lists and mappings only; what is not set is left out.

    A ``$`` is doubled, for that is how a file says it.

    >>> unstructure(Settings(), secrets_hidden=True)["log"]
    {'level': 'info', 'format': 'text'}
    """
    plain: dict[str, Any] = _unstructurer(secrets_hidden).unstructure(settings, Settings)
    pruned: dict[str, Any] = _without_unset(plain)
    # Folders that are not given mean the whole; given and empty they would be a fault.
    for remote in pruned["remotes"].values():
        if not remote["paths"]:
            del remote["paths"]
    return pruned


def _faults_of(error: BaseException, path: KeyPath) -> Iterator[Fault]:
    if isinstance(error, cattrs.ClassValidationError | cattrs.IterableValidationError):
        noted, plain = error.group_exceptions()
        for inner, note in noted:
            yield from _faults_of(inner, (*path, note.name if hasattr(note, "name") else note.index))
        for inner in plain:
            yield from _faults_of(inner, path)
    elif isinstance(error, cattrs.ForbiddenExtraKeysError):
        for key in error.extra_fields:
            yield (*path, key), _misspelt(key, error.cl)
    elif isinstance(error, Faults):
        yield from (((*path, *inner), message) for inner, message in error.faults)
    else:
        raise error


def _misspelt(key: str, cls: type) -> str:
    known = keys_of(cls)
    foreign = foreign_section(key) if cls is Settings else None
    if foreign is not None:
        return foreign
    near = difflib.get_close_matches(key.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    if near:
        return f"is no setting; did you mean {near[0]!r}?"
    elsewhere = [name for name, kind in section_types() if key in keys_of(kind)]
    if elsewhere:
        return f"is no setting here; it belongs in {' or '.join(elsewhere)}"
    return f"is no setting; known here: {', '.join(known)}"


def _structurer(folder: Path, home: Path, kept: Path | None) -> cattrs.Converter:
    # A converter of its own for each reading: what a path means depends on the folder, and a shared one would be state.
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)

    def path(text: str) -> Path:
        return absolute_path(text, folder=folder, home=home)

    def catalogue(text: str) -> SecretUrl:
        schemes = _catalogue_schemes(text)
        return SecretUrl(catalogue_url(text, folder=folder, home=home, data=kept, schemes=schemes))

    def index(text: str) -> SecretUrl:
        return SecretUrl(vector_url(text, folder=folder, home=home))

    def embedder(text: str) -> str:
        return text if text == "lexical" else str(path(text))

    def marked(value: Any, kind: Any) -> Any:
        base, mark = get_args(kind)
        if isinstance(mark, ModeBits):
            return forms.mode(value, mark)
        if isinstance(mark, TemplateOf):
            return forms.template(value, mark)
        if kind == ExecutorText:
            return forms.executor(value)
        if kind == ProviderNames:
            return forms.providers(value)
        return forms.in_range(converter.structure(value, base), mark)

    def section(cls: Any) -> Callable[[Any, Any], Any]:
        inner = make_dict_structure_fn(cls, converter)
        return lambda value, asked: inner(forms.section_data(value), asked)

    def remotes(value: Any) -> dict[str, RemoteSettings]:
        return forms.each(forms.section_data(value), remote)

    converter.register_structure_hook_func(partial(_has_origin, Literal), forms.choice)
    converter.register_structure_hook_func(partial(_has_origin, Annotated), marked)

    def roots(value: Any) -> dict[str, RootSettings]:
        one = section(RootSettings)
        return forms.each(forms.section_data(value), lambda each: one(each, RootSettings))

    def servers(value: Any) -> dict[str, ServerSettings]:
        return forms.each(forms.section_data(value), server)

    def feeds(value: Any) -> dict[str, FeedSettings]:
        return forms.each(forms.section_data(value), partial(_feed, whole=section(FeedSettings)))

    readers: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
        (bool, forms.boolean),
        (int, forms.whole_number),
        (float, forms.number),
        (str, forms.text),
        (timedelta, forms.duration),
        (Size, forms.size),
        (tuple[str, ...], forms.texts),
        (Path, partial(forms.located, read=path)),
        (Folder, partial(forms.located, read=partial(destination, folder=folder, home=home))),
        (Secret, forms.secret),
        (SecretUrl, partial(forms.located, read=catalogue)),
        (VectorAddress, partial(forms.located, read=index)),
        (EmbedderName, partial(forms.located, read=embedder)),
        (Mapping[str, OptionValue], forms.options),
        (Mapping[str, RemoteSettings], remotes),
        (Mapping[str, ServerSettings], servers),
        (Mapping[str, FeedSettings], feeds),
        (Mapping[str, RootSettings], roots),
    )
    for kind, read in readers:
        # cattrs asks its hooks of classes first, and has its own, looser ones for int, str and their like.
        if isinstance(kind, type):
            converter.register_structure_hook(kind, partial(_without_type, read))
        else:
            converter.register_structure_hook_func(partial(operator.eq, kind), partial(_without_type, read))
    converter.register_structure_hook_factory(attrs.has, section)
    remote = partial(
        _remote,
        whole=section(RemoteSettings),
        address=section(AddressKeys),
        locate=partial(remote_url, folder=folder, home=home),
    )
    server = partial(_server, whole=section(ServerSettings), locate=partial(remote_url, folder=folder, home=home))
    settings = make_dict_structure_fn(Settings, converter, **_NOT_CONFIGURED)
    converter.register_structure_hook(Settings, lambda value, asked: settings(forms.section_data(value), asked))
    return converter


def _catalogue_schemes(text: str) -> tuple[str, ...]:
    scheme = text.partition("://")[0].lower()
    if scheme in CATALOGUE_SCHEMES or "://" not in text:
        return CATALOGUE_SCHEMES
    from importlib.metadata import entry_points

    added = {point.name for point in entry_points(group=CATALOGUES)} - {"memory", *CATALOGUE_SCHEMES}
    return (*CATALOGUE_SCHEMES, *sorted(added))


def _has_origin(origin: Any, kind: Any) -> bool:
    return get_origin(kind) is origin


def _without_type(read: Callable[[Any], Any], value: Any, _: Any) -> Any:
    return read(value)


_NOT_CONFIGURED: Any = {name: override(omit=True) for name in ("source", "dialect", "warnings")}
_SFTP_ONLY = ("password", "key_file", "key_passphrase")


def _remote(
    value: Any,
    *,
    whole: Callable[[Any, Any], RemoteSettings],
    address: Callable[[Any, Any], AddressKeys],
    locate: Callable[[str], str],
) -> RemoteSettings:
    data = forms.section_data(value)
    own = {key: each for key, each in data.items() if key in keys_of(AddressKeys) and each is not None}
    rest = {key: each for key, each in data.items() if key not in keys_of(AddressKeys) and key != "url"}
    faults: list[Fault] = []

    def attempt(step: Callable[[], Any]) -> Any:
        try:
            return step()
        except (cattrs.BaseValidationError, Faults) as error:
            faults.extend(_faults_of(error, ()))
            return None

    keys = attempt(lambda: address(own, AddressKeys))
    given = {"url": data["url"]} if data.get("url") is not None else {}
    located = attempt(lambda: forms.each(given, partial(forms.located, read=locate)))
    remote: RemoteSettings | None = attempt(lambda: whole(rest, RemoteSettings))
    if not faults and remote is not None:
        winning = frozenset(key for key, each in data.items() if isinstance(each, EnvironmentText) and each.overrides)
        values = {key: getattr(keys, key) for key in own}
        url, wrong = merge_address(located.get("url"), values, overriding=winning)
        faults += [((key,), message) for key, message in wrong.items()]
        remote = attrs.evolve(remote, url=url or "", paths=tuple(os.path.normpath(path) for path in remote.paths))
        if not wrong:
            faults += _misplaced(remote, data)
        faults += _path_faults(remote.paths, given="paths" in data)
    if faults or remote is None:
        raise Faults(*faults)
    return remote


def _server(value: Any, *, whole: Callable[[Any, Any], ServerSettings], locate: Callable[[str], str]) -> ServerSettings:
    data = forms.section_data(value)
    if data.get("url") is None:
        raise Faults((("url",), "is not given: addresses that begin with it are reached as this section says"))
    located: dict[str, str] = forms.each({"url": data["url"]}, partial(forms.located, read=locate))
    server = attrs.evolve(
        whole({key: each for key, each in data.items() if key != "url"}, ServerSettings), url=located["url"]
    )
    faults = list(_misplaced(server, data))
    if faults:
        raise Faults(*faults)
    return server


def _feed(value: Any, *, whole: Callable[[Any, Any], FeedSettings]) -> FeedSettings:
    feed = whole(value, FeedSettings)
    if feed.url is None:
        raise Faults((("url",), "is not given: the address of the feed"))
    return feed


def _misplaced(remote: ServerSettings, data: Mapping[str, Any]) -> Iterator[Fault]:
    scheme = remote.address.scheme
    if scheme == "sftp" and remote.options:
        yield ("options",), "is for addresses of other kinds; sftp has keys of its own"
    for key in _SFTP_ONLY:
        if scheme != "sftp" and data.get(key) is not None:
            yield (key,), f"is for sftp, and the url is of kind {scheme}; its secrets go into options"


def _path_faults(paths: tuple[str, ...], *, given: bool) -> Iterator[Fault]:
    if given and not paths:
        yield ("paths",), "is empty, so nothing would be fetched; leave it out to fetch from the whole remote"
    for index, path in enumerate(paths):
        if path.startswith("/") or ".." in path.split("/"):
            yield ("paths", index), "leads out of the remote's url: wants a folder below it, such as tv"
        for other in paths[:index]:
            if "." in (path, other) or f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/"):
                yield ("paths", index), f"overlaps with {other!r}, so its files would be listed twice"


def _unstructurer(secrets_hidden: bool) -> cattrs.Converter:
    converter = cattrs.Converter()

    def secret(value: Secret) -> str:
        if secrets_hidden:
            return str(value) if isinstance(value, SecretUrl) else MASK
        return _escaped(value.reveal())

    def marked(kind: Any) -> Callable[[Any], Any]:
        base, mark = get_args(kind)
        if kind == ProviderNames:
            return lambda names: list(names) if len(names) > 1 else next(iter(names), "none")
        return format_mode if isinstance(mark, ModeBits) else converter.get_unstructure_hook(base)

    def options(values: Mapping[str, OptionValue]) -> dict[str, str | int | bool]:
        return {
            name: secret(value) if isinstance(value, Secret) else _escaped(value) if isinstance(value, str) else value
            for name, value in values.items()
        }

    converter.register_unstructure_hook_factory(partial(_has_origin, Annotated), marked)
    writers: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
        (str, _escaped),
        (Path, lambda path: _escaped(str(path))),
        (Folder, lambda folder: _escaped(str(folder))),
        (timedelta, format_duration),
        (Size, format_size),
        (tuple[str, ...], lambda texts: [_escaped(text) for text in texts]),
        (Secret, secret),
        (SecretUrl, secret),
        (Mapping[str, OptionValue], options),
    )
    for kind, write in writers:
        if isinstance(kind, type):
            converter.register_unstructure_hook(kind, write)
        else:
            converter.register_unstructure_hook_func(partial(operator.eq, kind), write)
    converter.register_unstructure_hook(
        Settings,
        make_dict_unstructure_fn(Settings, converter, **_NOT_CONFIGURED),
    )
    return converter


def _escaped(text: str) -> str:
    return text.replace("$", "$$")


def _without_unset(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    return {key: _without_unset(value) for key, value in data.items() if value is not None}

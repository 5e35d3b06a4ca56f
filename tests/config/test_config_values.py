"""Secrets, quantities, addresses, and whole settings there and back."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from medialib.config import MASK, Secret, SecretUrl, Settings, parse_settings, settings_to_dict
from medialib.config.addresses import (
    RemoteAddress,
    absolute_path,
    catalogue_url,
    format_remote_url,
    merge_address,
    parse_remote_url,
    remote_url,
    sqlite_file,
)
from medialib.config.quantities import (
    format_duration,
    format_mode,
    format_size,
    parse_duration,
    parse_mode,
    parse_size,
)
from medialib.errors import ConfigurationError

PLACES: dict[str, Any] = {"folder": Path("/etc"), "home": Path("/home/me")}


# Secrets -------------------------------------------------------------------------------------------------------------


@given(st.from_regex(r"[b-z]{12,20}", fullmatch=True))
def test_a_secret_is_never_shown(text: str) -> None:
    secret = Secret(text)
    console = Console(width=200)
    with console.capture() as captured:
        console.print(secret, [secret], {"a": secret})
    shown = f"{secret} {secret!r} {secret:>9} {[secret]} {json.dumps([secret], default=str)} {captured.get()}"
    assert text not in shown
    assert MASK in captured.get()
    assert secret.reveal() == text


def test_a_secret_is_compared_copied_hashed_and_never_changed_or_pickled() -> None:
    secret = Secret("hunter2")
    assert secret == Secret("hunter2") != Secret("hunter3")
    assert secret != "hunter2"
    assert Secret("a://b") != SecretUrl("a://b")
    assert len({secret, Secret("hunter2")}) == 1
    assert copy.deepcopy(secret) is copy.copy(secret) is secret
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(secret, protocol)
    with pytest.raises(TypeError):
        secret.__getstate__()
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(AttributeError):
        secret._text = "x"
    with pytest.raises(AttributeError):
        del secret._text
    with pytest.raises(TypeError):
        vars(secret)


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:hunter2@h/d", "postgresql://u:hun/ter2@h/d", "postgresql://u:a@hunter2@h", "postgresql://:hunter2@h",
     "postgresql://h/d?password=hunter2", "postgresql://h/d?a=1&sslpassword=hunter2#x"],
)  # fmt: skip
def test_an_address_is_shown_without_its_password(url: str) -> None:
    secret = SecretUrl(url)
    assert "ter2" not in f"{secret}{secret!r}{secret.__rich__()}"
    assert secret.holds_password


@pytest.mark.parametrize("url", ["sqlite:////srv/a:b@c.db", "postgresql://u@h:5432/d", "postgresql:///d?host=/run"])
def test_an_address_without_a_password_is_shown_whole(url: str) -> None:
    assert str(SecretUrl(url)) == url
    assert not SecretUrl(url).holds_password


# Quantities ----------------------------------------------------------------------------------------------------------


@given(st.timedeltas(min_value=timedelta(0)))
def test_a_duration_reads_back(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@given(st.integers(0, 10**18 - 1))
def test_a_size_reads_back(size: int) -> None:
    assert parse_size(format_size(size)) == size


@given(st.integers(0, 0o7777))
def test_a_mode_reads_back(mode: int) -> None:
    assert parse_mode(format_mode(mode)) == mode


@given(st.text())
def test_any_text_is_a_quantity_or_a_value_error(text: str) -> None:
    for parse in (parse_duration, parse_size, parse_mode):
        with contextlib.suppress(ValueError):
            assert isinstance(parse(text), int | timedelta)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1 month", "1h banana", "1,5h", "٣s", "inf", "1e9s"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="wants a duration"):
        parse_duration(text)


def test_too_long_a_duration() -> None:
    with pytest.raises(ValueError, match="too long"):
        parse_duration("999999999999w")


# Addresses -----------------------------------------------------------------------------------------------------------

printable = st.text(st.characters(exclude_categories=["C"]), min_size=1)
folders = st.lists(
    printable.map(lambda text: text.replace("/", "")).filter(lambda p: p not in ("", ".", "..")), max_size=3
)
hosts = st.one_of(st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,10}[a-z0-9])?", fullmatch=True), st.just("::1"))


@given(
    host=hosts,
    port=st.none() | st.integers(1, 65535),
    username=st.none() | printable,
    parts=folders,
    absolute=st.booleans(),
)
def test_an_address_reads_back(
    host: str, port: int | None, username: str | None, parts: list[str], absolute: bool
) -> None:
    path = "/" + "/".join(parts) if absolute else "/".join(parts) or "."
    address = RemoteAddress("sftp", host, port, username, path)
    assert parse_remote_url(format_remote_url(address)) == address
    keys: dict[str, str | int] = {"host": host, "path": path}
    keys |= {} if port is None else {"port": port}
    keys |= {} if username is None else {"username": username}
    url, faults = merge_address(None, keys)
    assert (url, faults) == (format_remote_url(address), {})


@given(st.text())
def test_any_text_is_an_address_or_a_value_error_and_has_one_spelling(text: str) -> None:
    for read in (remote_url, catalogue_url):
        try:
            url = read(text, **PLACES)
        except ValueError:
            continue
        assert read(url, **PLACES) == url


@given(folders)
def test_a_local_path_reads_back_through_both_kinds_of_address(parts: list[str]) -> None:
    path = absolute_path("/" + "/".join(parts), **PLACES)
    assert parse_remote_url(remote_url(str(path), **PLACES)).path == str(path)
    assert sqlite_file(catalogue_url(str(path), **PLACES)) == path


@pytest.mark.parametrize(
    ("url", "path"),
    [("sftp://h", "."), ("sftp://h/~", "."), ("sftp://h/~/", "."), ("sftp://h/", "/"), ("sftp://h//a/", "/a"),
     ("sftp://h/~/a#b?c", "a#b?c"), ("sftp://h/%7E/a", "/~/a"), ("sftp://h:22/a@b", "/a@b"),
     ("file://localhost/a", "/a"),     ("ftp://h/x", "h/x"), ("simplecache::s3://b/x", "b/x")],
)  # fmt: skip
def test_the_folder_of_an_address(url: str, path: str) -> None:
    assert parse_remote_url(remote_url(url, **PLACES)).path == path


# Settings ------------------------------------------------------------------------------------------------------------

taken = ("tv", "anime", "movies", "incoming")
names = st.from_regex(r"[a-z0-9_-]{1,8}", fullmatch=True).filter(lambda name: name not in taken)
texts = st.text(st.characters(codec="utf-8"), min_size=1)
durations = st.timedeltas(timedelta(0), timedelta(days=9999)).map(format_duration) | st.integers(0, 10**6)
file_names = st.from_regex(r"[ $a-z%~@:?#.]{1,8}", fullmatch=True).filter(lambda name: name not in (".", ".."))


def some(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


escaped_texts = texts.map(lambda text: text.replace("$", "$$"))
escaped_names = file_names.map(lambda name: name.replace("$", "$$"))
sftp = st.builds(
    lambda host, keys: {"host": host, **keys},
    hosts,
    some(
        port=st.integers(1, 65535),
        username=printable.map(lambda name: name.replace("$", "$$")),
        path=escaped_names,
        password=escaped_texts,
        key_file=escaped_names.map(lambda name: f"./{name}"),
        agent=st.booleans(),
        keepalive=durations,
        paths=escaped_names.map(lambda name: [name]),
    ),
)
others = st.builds(
    lambda options: {"url": "s3://bucket/x", "options": options},
    st.dictionaries(names, escaped_texts | st.booleans() | st.integers(-(10**9), 10**9), max_size=3),
)
configurations = some(
    catalogue=some(url=escaped_names.map(lambda name: f"./{name}")),
    remotes=st.dictionaries(names, sftp | others, max_size=3),
    download=some(
        incoming=escaped_names.map(lambda name: f"/in/{name}"),
        stability=durations,
        two_looks=st.booleans(),
        exclude=st.lists(escaped_texts, max_size=3),
        minimum_free=st.integers(0, 2**50),
        transfers=st.integers(1, 16),
        bandwidth=st.integers(0, 2**50),
    ),
    library=some(
        tv=escaped_names.map(lambda name: f"/tv/{name}"),
        movies=escaped_names.map(lambda name: f"/movies/{name}"),
        preset=st.sampled_from(["original", "plex", "jellyfin"]),
        file_mode=st.sampled_from(["0644", "600", "0o2664"]),
        owner=escaped_texts,
    ),
    routing=some(
        minimum_confidence=st.floats(0, 1), keep_nfo=st.booleans(), companions=st.lists(escaped_texts, max_size=2)
    ),
    log=some(level=st.sampled_from(["debug", "INFO"]), file=escaped_names.map(lambda name: f"./{name}")),
)


def parse(data: dict[str, Any]) -> Settings:
    return parse_settings(data, folder=Path("/etc"), environment={"HOME": "/home/me"})


@given(configurations)
def test_settings_read_back(data: dict[str, Any]) -> None:
    """parse(settings_to_dict(s)) == s, and the dictionary is plain JSON."""
    settings = parse(data)
    plain = settings_to_dict(settings, secrets_hidden=False)
    assert parse(json.loads(json.dumps(plain))) == settings
    hidden = parse(settings_to_dict(settings))
    assert hidden.digest == settings.digest
    assert attrs.evolve(hidden, remotes={}, catalogue=settings.catalogue) == attrs.evolve(settings, remotes={})
    for name, remote in hidden.remotes.items():
        assert remote.url == settings.remotes[name].url
        assert remote.password is None or re.fullmatch(MASK, remote.password.reveal())


# Destinations --------------------------------------------------------------------------------------------------------


def destinations(**data: Any) -> Settings:
    return parse_settings(data, folder=Path("/etc"), environment={"HOME": "/home/me"})


def faults_of(**data: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        destinations(**data)
    return [str(problem) for problem in caught.value.problems]


def test_destinations_are_paths_or_addresses_and_read_back_the_same() -> None:
    settings = destinations(
        library={"tv": "SSH://me@NAS.example:22/tv/", "movies": "file:///srv/my%20films", "anime": "s3://bucket/anime"},
        download={"incoming": "~/in"},
        servers={"nas": {"url": "sftp://me@nas.example", "password": "hunter2"}, "s": {"url": "s3://bucket"}},
    )
    assert settings.library.roots == {
        "tv": "sftp://me@nas.example:22/tv",
        "anime": "s3://bucket/anime",
        "movies": Path("/srv/my films"),
    }
    assert settings.download.incoming == Path("/home/me/in")
    assert settings.warnings == ()
    said = settings_to_dict(settings, secrets_hidden=False)
    assert destinations(**said) == settings
    assert "hunter2" not in str(settings_to_dict(settings))
    assert settings.digest != destinations(library={"tv": "sftp://me@nas.example/other"}).digest


def test_the_longest_server_that_an_address_begins_with_says_how_it_is_reached() -> None:
    settings = destinations(
        library={"tv": "sftp://me@nas/tv", "movies": "sftp://you@nas/movies"},
        servers={
            "all": {"url": "sftp://me@nas", "timeout": "5s"},
            "one": {"url": "sftp://me@nas:22/tv", "timeout": "7s"},
        },
    )
    assert settings.server_of("sftp://me@nas/tv").timeout == timedelta(seconds=7)
    assert settings.server_of("sftp://me@nas/tv2").timeout == timedelta(seconds=5)
    assert settings.server_of("sftp://you@nas/movies").timeout == timedelta(seconds=30)
    assert destinations(servers={"x": {"url": "sftp://nas"}}).warnings == (
        "servers.x is of no use: neither download.incoming nor a root of the library lies below its url",
    )


def test_destinations_that_cannot_be_meant() -> None:
    nas = "sftp://me@nas"
    assert faults_of(library={"tv": f"{nas}/a", "movies": f"{nas}:22/a"}) == [
        "library.movies: is the same folder as library.tv: each kind wants its own"
    ]
    assert faults_of(library={"tv": f"{nas}/a"}, download={"incoming": f"{nas}/a/in"}) == [
        "download.incoming: lies inside library.tv: files that arrive must not be taken for shelved ones"
    ]
    assert faults_of(library={"tv": f"{nas}/a"}, remotes={"box": {"url": f"{nas}/", "paths": ["a", "b"]}}) == [
        "remotes.box.url: is the same folder as library.tv: files would be fetched onto themselves"
    ]
    assert faults_of(library={"tv": "sftp://me:hunter2@nas/a"})[0].startswith("library.tv: holds a password")
    assert faults_of(library={"tv": "memory://a", "file_mode": "0644"}) == [
        "library.file_mode: cannot be set where library.tv is, on memory://"
    ]
    assert faults_of(servers={"nas": {"timeout": "5s"}})[0].startswith("servers.nas.url: is not given")
    assert faults_of(servers={"s": {"url": "s3://b", "password": "x"}})[0].startswith("servers.s.password: is for sftp")
    assert destinations(library={"tv": f"{nas}/a", "movies": "sftp://you@nas/a", "file_mode": "0644"}).warnings == ()

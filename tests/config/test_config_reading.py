"""What a user's file and environment become, or the one error that names every fault."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.catalogue.milvus_address import read_address
from medialib.config import (
    STARTER_CONFIGURATION,
    Secret,
    Settings,
    describe_settings,
    find_configuration,
    load_settings,
    parse_settings,
    settings_to_dict,
)
from medialib.errors import ConfigurationError

HOME = {"HOME": "/home/me"}


def parse(data: Mapping[str, Any], **environment: str) -> Settings:
    return parse_settings(data, folder=Path("/etc/medialib"), environment={**HOME, **environment})


def problems(data: Mapping[str, Any], **environment: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(data, **environment)
    assert caught.value.__context__ is None, "a parser's own error would be shown with ours"
    return [str(problem) for problem in caught.value.problems]


def remote(**keys: Any) -> dict[str, Any]:
    return {"remotes": {"seedbox": keys}}


def test_defaults() -> None:
    settings = parse({})
    assert settings.catalogue.sqlite_file == Path("/home/me/.local/share/medialib/catalogue.db")
    assert settings.download.stability == timedelta(seconds=60)
    assert settings.library.roots == {}
    assert not settings.warnings


def test_a_catalogue_on_a_server_and_its_password(tmp_path: Path) -> None:
    url = "Postgres://me@db:5433/films?sslmode=require"
    (tmp_path / "secret").write_text("a/b:c@d\n")
    settings = parse({"catalogue": {"url": url}}, MEDIALIB_CATALOGUE__PASSWORD_FILE=str(tmp_path / "secret"))
    assert settings.catalogue.sqlite_file is None
    assert settings.catalogue.url.reveal() == "postgresql://me@db:5433/films?sslmode=require"
    assert settings.catalogue.address.reveal() == "postgresql://me:a%2Fb%3Ac%40d@db:5433/films?sslmode=require"
    assert "c%40d" not in f"{settings!r} {settings.catalogue.address!r} {settings.catalogue.address}"
    within = parse({"catalogue": {"url": "postgresql://me:${PW}@db/films"}}, PW="hunter2")
    assert within.catalogue.address.reveal() == "postgresql://me:hunter2@db/films"
    assert "hunter2" not in repr(within)
    twice = {"catalogue": {"url": "postgresql://me:hunter2@db/films", "password": "hunter2"}}
    assert problems(twice) == ["catalogue.password: is given beside the one in catalogue.url: say it in one place"]
    useless = {"catalogue": {"url": "c.db", "password": "hunter2"}}
    assert problems(useless) == ["catalogue.password: is for a database on a server, and catalogue.url names a file"]


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("milvus:///films.db", "milvus:///{folder}/films.db"),
        ("milvus:////srv/my%20films.db", "milvus:////srv/my%20films.db"),
        ("milvus:///~/films.db?timeout=5", "milvus:////home/me/films.db?timeout=5"),
        (
            "milvus://nas/films?beside=side.sqlite&secure=true",
            "milvus://nas/films?beside={folder}/side.sqlite&secure=true",
        ),
        ("milvus://nas:1?beside=../side%20car", "milvus://nas:1?beside={above}/side%20car"),
        ("milvus://nas:1?timeout=5", "milvus://nas:1?timeout=5&beside=/data/medialib/milvus-nas-1.sqlite"),
        ("milvus://${WHO}@nas/tv", "milvus://me:pw@nas/tv?beside=/data/medialib/milvus-nas-tv.sqlite"),
    ],
)
def test_a_catalogue_in_milvus_has_its_files_beside_the_configuration(tmp_path: Path, url: str, wanted: str) -> None:
    """Whatever the working folder is; a file beside that nobody names is with the other data."""
    file = tmp_path / "conf" / "medialib.toml"
    file.parent.mkdir()
    file.write_text(f'[catalogue]\nurl = "{url}"\n[similarity]\nindex = "milvus:///titles.db"\n')
    environment = {"HOME": "/home/me", "XDG_DATA_HOME": "/data", "WHO": "me:pw"}
    settings = load_settings(file, environment=environment)
    assert settings.catalogue.url.reveal() == wanted.format(folder=file.parent, above=tmp_path)
    assert read_address(settings.catalogue.url.reveal()).file.is_absolute()
    assert settings.similarity.index.reveal() == f"milvus:///{file.parent}/titles.db"


def test_a_password_for_milvus() -> None:
    for account, token in (("me@", "me:a/b"), ("", "a/b")):
        catalogue = parse({"catalogue": {"url": f"milvus://{account}nas", "password": "a/b"}}).catalogue
        assert read_address(catalogue.address.reveal()).token == token
        assert "a/b" not in str(catalogue.address)
        assert "a%2Fb" not in str(catalogue.address)
    useless = {"catalogue": {"url": "milvus:///c.db", "password": "hunter2"}}
    assert problems(useless) == ["catalogue.password: is for a database on a server, and catalogue.url names a file"]


def test_xdg_data_home_moves_the_catalogue_and_a_dollar_in_it_is_no_variable() -> None:
    assert parse({}, XDG_DATA_HOME="/x/$y").catalogue.sqlite_file == Path("/x/$y/medialib/catalogue.db")


def test_paths_start_from_the_folder_of_the_file_and_the_home() -> None:
    settings = parse({"download": {"incoming": "../in/"}, "library": {"tv": "~/tv"}, **remote(host="h", key_file="k")})
    assert settings.download.incoming == Path("/etc/in")
    assert settings.library.tv == Path("/home/me/tv")
    assert settings.remotes["seedbox"].key_file == Path("/etc/medialib/k")
    assert settings.remotes["seedbox"].known_hosts == Path("/home/me/.ssh/known_hosts")


@pytest.mark.parametrize(
    ("section", "key", "value", "wanted"),
    [
        ("download", "two_looks", "false", "true or false"),
        ("download", "two_looks", 0, "true or false"),
        ("download", "exclude", "*.nfo", "a list of texts"),
        ("download", "stability", "banana", "a duration"),
        ("download", "stability", True, "a duration"),
        ("download", "stability", None, "a duration"),
        ("download", "stability", -1, "at least 0s"),
        ("download", "stability", 1e300, "too long"),
        ("download", "stability", float("nan"), "a duration"),
        ("download", "minimum_free", "much", "a size"),
        ("download", "minimum_free", 1.5, "a size"),
        ("download", "minimum_free", -1, "at least 0"),
        ("download", "incoming", 1, "text in quotes"),
        ("download", "incoming", "", "wants text"),
        ("download", "incoming", "~you/x", "another account"),
        ("download", "incoming", "a\0b", "NUL"),
        ("library", "owner", 1000, "text in quotes"),
        ("library", "preset", "emby", '"original" or "plex"'),
        ("library", "file_mode", 644, "octal mode in quotes"),
        ("library", "file_mode", "0888", "octal mode in quotes"),
        ("library", "file_mode", "0444", "lock us out"),
        ("library", "folder_mode", "0600", "lock us out"),
        ("routing", "minimum_confidence", "0.5", "a number"),
        ("routing", "minimum_confidence", 1.5, "0 to 1"),
        ("routing", "minimum_confidence", True, "a number"),
        ("log", "level", "loud", '"debug"'),
        ("catalogue", "url", "mysql://u:hunter2@h/x", "no kind of catalogue"),
        ("catalogue", "url", ":memory:", "forgets everything"),
        ("catalogue", "url", "sqlite://", "forgets everything"),
        ("catalogue", "url", "sqlite://x.db", "three slashes"),
        ("catalogue", "url", "postgresql:///", "names no database"),
    ],
)
def test_values_of_the_wrong_kind_are_refused_with_what_is_wanted(
    section: str, key: str, value: object, wanted: str
) -> None:
    (problem,) = problems({section: {key: value}})
    assert problem.startswith(f"{section}.{key}: ")
    assert wanted in problem
    assert "hunter2" not in problem


def test_one_bad_item_of_a_list_is_named_by_its_index() -> None:
    assert problems({"download": {"include": ["a", 1, ""]}}) == [
        "download.include.1: wants text in quotes, got 1",
        "download.include.2: wants text, got nothing",
    ]


def test_all_faults_are_told_at_once_those_between_sections_too() -> None:
    found = problems(
        {
            "download": {"stabilty": "1m", "stability": "banana", "incoming": "/srv/tv/in"},
            "library": {"tv": "/srv/tv", "movies": "/srv/tv"},
            "log": {"stability": "1m"},
            "remotes": {
                "TV": {"port": "x"},
                "movies": {"url": "file:///usb", "paths": []},
                "box": {"password": "${NO}"},
            },
            "nonsense": {},
        },
        MEDIALIB_LOG_FILE="x",
        MEDIALIB_LOG__LEVLE="info",
    )
    told = {problem.split(":")[0]: problem for problem in found}
    assert set(told) == {
        "MEDIALIB_LOG_FILE",
        "download.incoming",
        "download.stability",
        "download.stabilty",
        "library.movies",
        "log.levle",
        "log.stability",
        "nonsense",
        "remotes.TV",
        "remotes.TV.host",
        "remotes.TV.port",
        "remotes.box.host",
        "remotes.box.password",
        "remotes.movies",
        "remotes.movies.paths",
    }
    assert "did you mean 'stability'" in told["download.stabilty"]
    assert "belongs in download" in told["log.stability"]
    assert "(from MEDIALIB_LOG__LEVLE)" in told["log.levle"]


def test_a_fault_is_not_followed_by_those_that_it_causes() -> None:
    assert len(problems(remote(url="sftp://me:hunter2@h"))) == 1
    assert len(problems(remote(url="${NO}"))) == 1
    assert len(problems({"remotes": {"seedbox": 5}})) == 1
    assert problems({"download": 5}) == ["download: wants a section with keys of its own, got 5"]


def test_keys_that_are_no_text_are_refused() -> None:
    assert problems({"download": {1: 2}}) == ["download.1: is no text, as a key must be: put it in quotes"]


def test_an_empty_section_is_one_with_defaults() -> None:
    assert parse({"download": None, "remotes": None, "catalogue": None}) == parse({})


@pytest.mark.parametrize("url", ["sftp://me:hunter2@h/x", "sftp://me:hun/ter2@h", "ftp://me:hunter2@h", "s3://a:b@c"])
def test_a_password_in_the_url_of_a_remote_is_refused_with_a_remedy(url: str) -> None:
    (problem,) = problems(remote(url=url))
    assert "${SEEDBOX_PASSWORD}" in problem
    assert "ter2" not in problem


def test_remote_by_keys_or_by_url_is_the_same() -> None:
    by_keys = parse(remote(host="Box.example", port=2222, username="me", path="/a b"))
    by_url = parse(remote(url="sftp://me@box.example:2222/a%20b/"))
    mixed = parse(remote(url="sftp://box.example/a b", username="me", port=2222))
    assert by_keys == by_url == mixed
    assert by_keys.digest == by_url.digest


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({}, "host"),
        ({"host": "a b"}, "host"),
        ({"host": "h", "port": 0}, "port"),
        ({"host": "h", "port": 70000}, "port"),
        ({"host": "h", "path": "../x"}, "path"),
        ({"host": "h", "username": "a\nb"}, "username"),
        ({"url": "sftp://h:22", "port": 23}, "port"),
        ({"url": "sftp://h:x"}, "url"),
        ({"url": "sftp://"}, "url"),
        ({"url": "sftp://h?x=1"}, "url"),
        ({"url": "sftp://h:0"}, "url"),
        ({"url": "sftp://h/%00"}, "url"),
        ({"url": "sftp://h/\n"}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"url": "file://host/x"}, "url"),
        ({"url": "s3://bucket", "port": 3}, "port"),
        ({"url": "s3://bucket", "password": "x"}, "password"),
        ({"url": "s3://bucket", "options": {"a": [1]}}, "options.a"),
        ({"host": "h", "options": {"a": 1}}, "options"),
        ({"host": "h", "timeout": 0}, "timeout"),
        ({"host": "h", "paths": []}, "paths"),
        ({"host": "h", "paths": ["/x"]}, "paths.0"),
        ({"host": "h", "paths": ["a", "a/b"]}, "paths.1"),
        ({"host": "h", "paths": ["a", "."]}, "paths.1"),
        ({"host": "h", "password": 12345}, "password"),
    ],
)
def test_faults_of_a_remote(keys: dict[str, Any], where: str) -> None:
    (problem,) = problems(remote(**keys))
    assert problem.startswith(f"remotes.seedbox.{where}: ")
    assert "12345" not in problem


def test_options_that_sound_secret_are_hidden_and_can_be_revealed() -> None:
    settings = parse(remote(url="s3://bucket", options={"secret": "hunter2", "anon": False, "size": 5, "region": "x"}))
    assert settings.remotes["seedbox"].options["secret"] == Secret("hunter2")
    assert settings.remotes["seedbox"].revealed_options() == {
        "secret": "hunter2",
        "anon": False,
        "size": 5,
        "region": "x",
    }
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("incoming", "library", "said"),
    [
        ("/srv", {"tv": "/srv/tv"}, "contains library.tv"),
        ("/srv/tv", {"tv": "/srv/tv"}, "same folder as library.tv"),
        ("/srv/tv/in", {"anime": "/srv/tv"}, "inside library.anime"),
    ],
)
def test_incoming_and_library_stay_apart(incoming: str, library: dict[str, str], said: str) -> None:
    (problem,) = problems({"download": {"incoming": incoming}, "library": library})
    assert said in problem


def test_neighbours_with_one_beginning_are_apart() -> None:
    parse({"download": {"incoming": "/srv/tv-incoming"}, "library": {"tv": "/srv/tv"}})


def test_a_local_remote_must_not_be_our_own_folder() -> None:
    data = {**remote(url="/srv", paths=["in", "other"]), "download": {"incoming": "/srv/in"}}
    assert "fetched onto themselves" in problems(data)[0]
    parse({**data, "download": {"incoming": "/srv/third"}})


def test_anime_may_share_the_root_of_series_only() -> None:
    assert parse({"library": {"tv": "/a", "anime": "/a"}}).library.roots["anime"] == Path("/a")
    assert problems({"library": {"anime": "/a", "movies": "/a"}})


def test_what_looks_like_a_mistake_is_a_warning() -> None:
    assert "inside library.tv" in parse({"library": {"tv": "/a", "movies": "/a/b"}}).warnings[0]
    assert "inside library.movies" in parse({"library": {"tv": "/a/b", "movies": "/a"}}).warnings[0]
    assert "keep_nfo" in parse({"routing": {"keep_nfo": True}}).warnings[0]
    assert not parse({"routing": {"keep_nfo": True}, "download": {"include": ["*.nfo"]}}).warnings


def test_the_digest_follows_what_plans_depend_on_and_no_secret() -> None:
    base = parse(remote(host="h", password="a"))
    assert base.digest == parse({**remote(host="h", password="b"), "log": {"level": "debug"}}).digest
    others = [
        parse(remote(host="i")),
        parse(remote(host="h", paths=["x"])),
        parse({**remote(host="h"), "download": {"incoming": "/x"}}),
        parse({**remote(host="h"), "library": {"movies": "/x"}}),
        parse({**remote(host="h"), "library": {"preset": "plex"}}),
    ]
    assert len({base.digest, *(other.digest for other in others)}) == 6


def test_the_starter_is_valid_as_it_is_and_with_every_sample_taken() -> None:
    assert parse(tomllib.loads(STARTER_CONFIGURATION)).remotes
    taken = "\n".join(
        line.removeprefix("# ")
        if line.startswith("# ") and " = " in line and line[2:].split(" = ")[0].isidentifier()
        else line
        for line in STARTER_CONFIGURATION.splitlines()
    )
    keys = {"TMDB_API_KEY": "k", "TVDB_API_KEY": "k", "ANIDB_PASSWORD": "k"}
    settings = parse(tomllib.loads(taken), SEEDBOX_PASSWORD="x", SEEDBOX_PASSPHRASE="y", **keys)
    assert settings.remotes["seedbox"].paths == ("tv", "movies")
    assert settings.log.file == Path("/etc/medialib/medialib.log")


def test_every_key_is_described_once_with_a_meaning() -> None:
    described = describe_settings()
    assert len({each.path for each in described}) == len(described)
    assert all(each.meaning.endswith(".") and each.type for each in described)
    by_path = {each.path: each for each in described}
    assert by_path["library.preset"].type == '"original" or "plex" or "jellyfin" or "kodi"'
    assert by_path["remotes.<name>.port"].type == "whole number, 1 to 65535"
    assert by_path["download.minimum_free"].default == "1 GiB"
    assert by_path["download.two_looks"].default == "false"
    assert by_path["remotes.<name>.options"].default == ""


def test_importing_the_room_loads_neither_cattrs_nor_yaml() -> None:
    code = "import sys, medialib.config; print([m for m in ('cattrs', 'ruamel', 'paramiko') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


# Files ---------------------------------------------------------------------------------------------------------------

FILES = {
    "config.toml": '[download]\nincoming = "in"\nstability = "5m"\n[remotes.seedbox]\nhost = "h"\n',
    "config.yaml": "download:\n  incoming: in\n  stability: 5m\nremotes:\n  seedbox: {host: h}\n",
    "config.yml": "download: {incoming: in, stability: 300}\nremotes: {seedbox: {host: h}}\n",
    "config.json": '\ufeff{"download": {"incoming": "in", "stability": 300}, "remotes": {"seedbox": {"host": "h"}}}',
}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_says_the_same(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "medialib"
    folder.mkdir()
    (folder / name).write_text(FILES[name], encoding="utf-8")
    settings = load_settings(environment={"XDG_CONFIG_HOME": str(tmp_path), **HOME})
    assert settings.source == folder / name
    assert settings.download.incoming == folder / "in"
    assert settings.download.stability == timedelta(minutes=5)


def load_error(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path, environment=HOME)
    assert caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.toml", b'[log]\nlevel = "hunter2', "a.toml:2: is no TOML"),
        ("a.toml", b"[log]\nlevel = hunter2\n", "a.toml:2: is no TOML"),
        ("a.toml", b'a = "hunter2"\na = 2\n', "a.toml:"),
        ("a.yaml", b"log:\n  level: hunter2\n  level: info\n", "a.yaml:3: the key 'level' is there twice"),
        ("a.yaml", b"log: [hunter2\nb: 1", "a.yaml:2: is no YAML"),
        ("a.yaml", b"log: !hunter 1", "a.yaml:1: is no YAML"),
        ("a.yaml", b"a: hunter2\nb: \x01", "a.yaml:2: is no YAML"),
        ("a.yaml", b"- hunter2", "wants sections"),
        ("a.json", b'{"log": "hunter2",\n"x" 1}', "a.json:2: is no JSON"),
        ("a.json", b'{"log": {"level": "hunter2", "level": 1}}', "the key 'level' is there twice"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b'{"log": ' + b"9" * 5000 + b"}", "a.json"),
        ("a.toml", b"\xff\xfe", "is not UTF-8"),
        ("a.xml", b"", "no kind of file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line_and_no_value(
    tmp_path: Path, name: str, text: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text)
    message = load_error(path)
    assert said in message
    assert "hunter2" not in message


@pytest.mark.parametrize("name", ["a.toml", "a.yaml", "a.json"])
def test_an_empty_file_is_all_defaults(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    assert load_settings(path, environment=HOME) == parse({})


def test_yaml_that_surprises_elsewhere_does_not_here(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("library: {owner: NO, group: 2024-01-02}\n")
    settings = load_settings(path, environment=HOME)
    assert (settings.library.owner, settings.library.group) == ("NO", "2024-01-02")


def test_yaml_that_holds_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("log: &log\n  file: *log\n")
    assert "nested too deeply" in load_error(path)


def test_missing_files_and_folders_are_refused_clearly(tmp_path: Path) -> None:
    assert "No such file" in load_error(tmp_path / "none.toml")
    (tmp_path / "dir.toml").mkdir()
    assert "cannot be read" in load_error(tmp_path / "dir.toml")


def test_finding_none_two_and_a_named_one(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    with pytest.raises(ConfigurationError, match="medialib config init"):
        find_configuration(environment)
    folder = tmp_path / ".config" / "medialib"
    folder.mkdir(parents=True)
    (folder / "config.toml").touch()
    assert find_configuration(environment) == folder / "config.toml"
    (folder / "config.json").touch()
    with pytest.raises(ConfigurationError, match=r"config\.toml and .*config\.json"):
        find_configuration(environment)
    named = {**environment, "MEDIALIB_CONFIG": "~/.config/medialib/config.json"}
    assert find_configuration(named) == folder / "config.json"
    with pytest.raises(ConfigurationError, match="MEDIALIB_CONFIG"):
        find_configuration({**environment, "MEDIALIB_CONFIG": str(tmp_path / "no")})


def test_a_secret_in_a_file_that_all_can_read_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        '[remotes.a]\nhost = "h"\npassword = "hunter2"\nkey_passphrase = "${P}"\n'
        '[remotes.b]\nurl = "s3://b"\noptions.secret = "hunter2"\n[catalogue]\nurl = "sqlite:////srv/x.db?password=hunter2"\n'
    )
    environment = {**HOME, "P": "x"}
    path.chmod(0o644)
    (warning,) = load_settings(path, environment=environment).warnings
    assert "catalogue.url, remotes.a.password, remotes.b.options.secret" in warning
    assert "hunter2" not in warning
    path.chmod(0o640)
    assert not load_settings(path, environment=environment).warnings


def test_hidden_secrets_are_shown_nowhere() -> None:
    settings = parse(
        {**remote(host="h", password="hunter2"), "catalogue": {"url": "sqlite:////srv/x.db?password=hunter2"}}
    )
    assert "hunter2" not in f"{settings!r}{settings_to_dict(settings)}{settings.digest}"
    assert "hunter2" in str(settings_to_dict(settings, secrets_hidden=False))


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("tvmaze", ("tvmaze",)),
        ("TVDB", ("tvdb",)),
        (["tmdb", "tvmaze"], ("tmdb", "tvmaze")),
        (["tvmaze"], ("tvmaze",)),
        ("none", ()),
        (["none"], ()),
    ],
)
def test_one_provider_is_asked_or_several_in_turn(written: object, names: tuple[str, ...]) -> None:
    keys = {"tmdb": {"api_key": "a"}, "tvdb": {"api_key": "b"}}
    settings = parse({"metadata": {"provider": written}, **keys})
    assert settings.metadata.provider == names
    assert parse({**settings_to_dict(settings, secrets_hidden=False)}).metadata.provider == names
    said = ", ".join(written) if isinstance(written, list) else str(written)
    assert parse(keys, MEDIALIB_METADATA__PROVIDER=said).metadata.provider == names
    assert parse(keys, MEDIALIB_METADATA__PROVIDER=f'["{said}"]' if len(names) == 1 else said) is not None


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("myspace", 'metadata.provider: wants "tvmaze"'),
        ([], 'metadata.provider: wants "tvmaze"'),
        (7, 'metadata.provider: wants "tvmaze"'),
        (["tvmaze", "none"], 'metadata.provider.1: wants "tvmaze"'),
        (["tvmaze", 7], 'metadata.provider.1: wants "tvmaze"'),
        (["tvmaze", "TVmaze"], "metadata.provider: names a provider twice"),
        (["tvmaze", "tmdb"], "tmdb.api_key: is wanted, since metadata.provider names 'tmdb'"),
    ],
)
def test_providers_that_are_none(written: object, problem: str) -> None:
    (found,) = problems({"metadata": {"provider": written}})
    assert found.startswith(problem)


# Anything ------------------------------------------------------------------------------------------------------------

KEYS = sorted({part for each in describe_settings() for part in each.path.split(".")})
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.text(max_size=8)
    | st.sampled_from(["sftp://h", "file:///a", "s3://b", "${A}", "5s", "~/x", "/a"])
)
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3) | st.integers(), inner, max_size=5)
    ),
    max_leaves=20,
)
variables = st.sampled_from(
    [
        "A",
        "A_FILE",
        "MEDIALIB___",
        "MEDIALIB_REMOTES__X",
        "MEDIALIB_LOG__LEVEL__Z",
        "MEDIALIB_REMOTES__X__PASSWORD_FILE",
    ]
    + ["MEDIALIB_" + each.path.upper().replace("<NAME>", "X").replace(".", "__") for each in describe_settings()]
)


@given(
    st.dictionaries(st.sampled_from([*KEYS, "nonsense"]), anything, max_size=4),
    st.dictionaries(variables, st.text(max_size=6), max_size=4),
)
def test_any_data_is_settings_or_one_error_with_problems(data: dict[str, Any], environment: dict[str, str]) -> None:
    try:
        settings = parse_settings(data, folder=Path("/"), environment={**HOME, **environment})
    except ConfigurationError as error:
        told = error.problems
    else:
        told = ()
        assert settings.digest
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    ("download", "problem"),
    [
        ({"temporary_names": ["*.part", "*"]}, "download.temporary_names.1: '*' names every file"),
        ({"temporary_names": ["a/b"]}, "download.temporary_names.0: 'a/b' holds a / before its end"),
        ({"unfinished_markers": ["*.*.aria2"]}, "download.unfinished_markers.0: '*.*.aria2' has more than one *"),
        ({"finished_markers": ["done/"]}, "download.finished_markers.0: 'done/' holds a /"),
        ({"finished_markers": ["*.part"]}, "download.finished_markers: '*.part' also stands among the names"),
        ({"wait_for_marker": True}, "download.wait_for_marker: waits for markers, and download.finished_markers names"),
    ],
)
def test_patterns_of_what_is_finished_and_what_is_not_must_mean_something(
    download: dict[str, object], problem: str
) -> None:
    (found,) = problems({"download": download})
    assert found.startswith(problem)


def test_the_usual_settings_wait_for_what_is_not_finished() -> None:
    download = parse({}).download
    assert "*.!qB" in download.temporary_names
    assert (download.finished_markers, download.wait_for_marker) == ((), False)
    assert (download.manifests, download.wait_for_whole_sets) == (True, True)
    own = parse({"download": {"finished_markers": ["*.done"], "wait_for_marker": True, "temporary_names": []}}).download
    assert (own.finished_markers, own.wait_for_marker, own.temporary_names) == (("*.done",), True, ())

"""No secret is ever seen: a canary in every secret setting, a range of commands, and a search through all they leave.

The secret settings are found by walking the schema, so a new one is covered without a word here.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import logging
import pickle
import re
import subprocess
import traceback
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import attrs
import pytest
from rich.console import Console
from rich.pretty import pretty_repr

from medialib.config import Secret, SecretUrl, load_settings, settings_to_dict
from medialib.config.description import section_types
from medialib.config.remote_settings import SECRET_OPTION_WORDS
from medialib.config.values import OptionValue
from medialib.errors import MedialibError
from medialib.library import open_library
from medialib.testing.postgresql import PostgresqlServer
from medialib.testing.servers import SshServer, free_port
from medialib.testing.web_server import Answer, Request, WebServer

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

LOGGERS = (
    "",
    "medialib",
    "medialib.transfer",
    "medialib.transfer.ssh",
    "paramiko",
    "urllib3",
    "requests_cache",
    "fsspec",
)

# ------------------------------------------------------------------------------------------------------- the canaries


def mentioned(kind: Any) -> set[Any]:
    """Every type that a type is made of."""
    return {kind}.union(*(mentioned(inner) for inner in typing.get_args(kind)))


def secret_fields() -> list[tuple[str, str, Any]]:
    """Section, key and type of every setting that may hold a secret."""
    return [
        (section, field.name, field.type)
        for section, cls in section_types()
        for field in attrs.fields(attrs.resolve_types(cls))
        if mentioned(field.type) & {Secret, SecretUrl}
    ]


def planted() -> dict[tuple[str, ...], str]:
    """A canary of its own for each secret setting, by key path; options get one for each word that makes a secret."""
    paths: list[tuple[str, ...]] = []
    for section, key, kind in secret_fields():
        path = section.split(".")
        if OptionValue in mentioned(kind):
            name = "bucket" if path[0] == "remotes" else "store"
            paths += [(path[0], name, key, f"my_{word}") for word in SECRET_OPTION_WORDS]
        elif SecretUrl not in mentioned(kind):
            names = {"remotes": "box", "servers": "nas", "feeds": "tracker"}
            paths.append((path[0], names[path[0]], key) if section.endswith("<name>") else (*path, key))
    # every character that one encoding or another changes, and no $, which the configuration reads
    return {path: f"cAnAry{number:02}/+&= %{'-'.join(path)[-6:]}?z{number:02}" for number, path in enumerate(paths)}


CANARIES = planted()
IN_URL = "cAnAryUrl-4f0c9d"
OF_A_SERVER = ("catalogue", "password")


def forms(secret: str) -> set[bytes]:
    """How a text may be hidden from a plain search."""
    data = secret.encode()
    found = {data, quote(secret).encode(), quote(secret, safe="").encode(), quote_plus(secret).encode()}
    found |= {data.hex().encode(), data.hex().upper().encode()}
    found |= {repr(secret)[1:-1].encode(), json.dumps(secret)[1:-1].encode()}
    for shift in range(3):
        # in base64 a text looks different at each of three places, and its ends depend on its neighbours
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"\0" * shift + data)[4 if shift else 0 : -4])
    return found


NEEDLES = {form: path for path, canary in [*CANARIES.items(), (("url",), IN_URL)] for form in forms(canary)}
_ANY = re.compile(b"|".join(re.escape(form) for form in sorted(NEEDLES, key=len, reverse=True)))


def leaks(said: str | bytes) -> list[str]:
    """The key paths of the canaries in a text."""
    data = said.encode("utf-8", "surrogateescape") if isinstance(said, str) else said
    return sorted({".".join(NEEDLES[found]) for found in _ANY.findall(data)})


def test_the_search_finds_a_canary_in_every_disguise() -> None:
    for path, canary in CANARIES.items():
        name = ".".join(path)
        assert leaks(f"password {canary}!") == [name]
        assert leaks(f"https://x/?key={quote(canary, safe='')}&y") == [name]
        assert leaks(quote_plus(canary)) == [name]
        for user in ("u", "us", "use", "user"):
            assert name in leaks(base64.b64encode(f"{user}:{canary}".encode()))
            assert name in leaks(base64.urlsafe_b64encode(f"{user}:{canary}\n".encode()))
        assert leaks(canary.encode().hex()) == [name]
        assert leaks(repr({"a": canary})) == [name]
    assert leaks("nothing to see") == []


def test_every_kind_of_secret_is_among_them() -> None:
    known = {path[-1] for path in CANARIES}
    assert {"password", "key_passphrase", "api_key", "pin", "my_token"} <= known
    assert ("tmdb", "api_key") in CANARIES
    assert ("tvdb", "api_key") in CANARIES


# --------------------------------------------------------------------------------------------------------- the world


class EchoServer(WebServer):
    """A service that has nothing, or that refuses, and then repeats all that it was told: as some proxies do."""

    status = 200

    def answer(self, request: Request) -> Answer:
        if self.status == 200:
            return Answer({"page": 1, "results": [], "total_pages": 0, "total_results": 0, "data": {"token": "t"}})
        told = {"message": f"{request.query} {dict(request.headers)} {request.body!r}", "query": dict(request.query)}
        return Answer(told, self.status)


@attrs.define
class Nest:
    """A home whose configuration has a canary in every secret setting."""

    home: Home
    server: SshServer
    web: EchoServer
    key: Path
    environment: pytest.MonkeyPatch
    log: Path
    heard: io.StringIO = attrs.field(factory=io.StringIO)

    def configure(
        self,
        way: str = "file",
        *,
        box: dict[str, Any] | None = None,
        provider: str = "tmdb",
        catalogue: str | None = None,
        library: dict[str, str] | None = None,
        **log: str,
    ) -> None:
        """Write the configuration, with the canaries in the file, in variables, or in files that variables name."""
        data: dict[str, Any] = {
            "remotes": {
                "box": {
                    "url": f"sftp://{self.server.username}@127.0.0.1:{self.server.port}{self.home.remote}",
                    "key_file": str(self.key),
                    "known_hosts": str(self.server.known_hosts),
                    "agent": False,
                    "timeout": "2s",
                },
                "bucket": {"url": "memory://nothing"},
            },
            "servers": {
                "nas": {
                    "url": f"sftp://{self.server.username}@127.0.0.1:{self.server.port}",
                    "key_file": str(self.key),
                    "known_hosts": str(self.server.known_hosts),
                    "agent": False,
                    "timeout": "2s",
                },
                "store": {"url": "memory://films"},
            },
            "catalogue": {"url": catalogue or "catalogue.db"},
            "download": {"incoming": "incoming", "minimum_free": 0},
            "library": {name: name for name in ("tv", "anime", "movies")} | (library or {}),
            "metadata": {"provider": provider, "timeout": "1s", "patience": "0s", "cache": "http"},
            "log": {"file": "medialib.log", "level": "debug", **log},
            "tmdb": {"url": self.web.url},
            "tvdb": {"url": self.web.url},
            "tvmaze": {"url": self.web.url},
        }
        data["remotes"]["box"].update(box or {})
        for number, (path, canary) in enumerate(CANARIES.items()):
            if path == OF_A_SERVER and (not (catalogue or "").startswith("postgresql") or IN_URL in str(catalogue)):
                continue  # of no use for a file, and a contradiction beside one in the address
            *parents, key = path
            section = data
            for parent in parents:
                section = section.setdefault(parent, {})
            if way == "file":
                section[key] = canary
            elif way == "variable":
                self.environment.setenv(f"MEDIALIB_{'__'.join(path).upper()}", canary)
            else:
                (self.home.folder.parent / "secrets" / str(number)).write_text(canary)
                self.environment.setenv(f"CANARY{number}_FILE", str(self.home.folder.parent / "secrets" / str(number)))
                section[key] = f"${{CANARY{number}}}"
        # JSON is a configuration, too, and needs no writer
        (self.home.folder / "medialib.toml").unlink(missing_ok=True)
        self.configuration.write_text(json.dumps(data))
        self.configuration.chmod(0o600)

    @property
    def configuration(self) -> Path:
        """The file with the secrets."""
        return self.home.folder / "medialib.json"

    def run(self, *arguments: str) -> int:
        """Run a command, and see that neither it nor anything that it wrote tells a canary."""
        answer = self.home.medialib("--config", str(self.configuration), *arguments)
        assert leaks(answer.out) == [], arguments
        assert leaks(answer.err) == [], arguments
        return answer.code

    def search(self) -> None:
        """Look through all logs and all files but those that hold the secrets by right."""
        assert leaks(self.heard.getvalue()) == []
        for file in sorted(self.home.folder.parent.rglob("*")):
            if file.is_file() and file != self.configuration and file.parent.name not in ("secrets", "sshd", "root"):
                assert leaks(file.read_bytes()) == [], file
                assert leaks(str(file)) == []


@contextmanager
def everything_logged(stream: io.StringIO) -> Iterator[None]:
    """All loggers at their loudest, into one stream."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="module")
def password_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SshServer, Path]]:
    """A server that asks for passwords too, and a key of its own whose passphrase is the canary."""
    from medialib.testing.servers import require

    require("sshd", "ssh-keygen")
    server = SshServer(tmp_path_factory.mktemp("canary") / "sshd")
    key = server.folder / "canary_key"
    passphrase = CANARIES["remotes", "box", "key_passphrase"]
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "canary", "-f", str(key)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    with (server.folder / "authorized_keys").open("a") as stream:
        stream.write(key.with_name("canary_key.pub").read_text())
    server.start(extra="PasswordAuthentication yes\nKbdInteractiveAuthentication yes")
    try:
        yield server, key
    finally:
        server.stop()


@pytest.fixture
def nest(
    home: Home, password_server: tuple[SshServer, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Nest]:
    server, key = password_server
    (tmp_path / "secrets").mkdir()
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    home.put("Show.Name.S01E02.mkv")
    home.put("bad\udcff.S01E01.mkv")
    with EchoServer() as web:
        assert isinstance(web, EchoServer)
        found = Nest(home, server, web, key, monkeypatch, tmp_path / "other.log")
        with everything_logged(found.heard):
            yield found
        found.search()


COMMANDS = (
    ("config", "show"),
    ("config", "validate"),
    ("download", "-n"),
    ("download", "--save-plan", "{plan}"),
    ("plan", "show", "{plan}"),
    ("sync",),
    ("route",),
    ("shows", "add", "Nosferatu", "--dry-run"),
    ("doctor", "--timeout", "20"),
    ("shows", "feed"),
    ("history",),
    ("explain", "Show Name"),
    ("explain", "box:Show.Name.S01E02.mkv"),
    ("undo",),
)
"""What is run; each of them may fail, and none may tell."""


def run_all(nest: Nest, *options: str) -> dict[str, int]:
    """Run all commands with these options; returns their exit codes."""
    codes = {}
    plan = nest.home.folder / "plan.json"
    for command in COMMANDS:
        if command[0] == "plan" and not plan.exists():
            continue
        words = [word.replace("{plan}", str(plan)) for word in command]
        codes[" ".join(command)] = nest.run(*words, *options)
    plan.unlink(missing_ok=True)
    return codes


# ---------------------------------------------------------------------------------------------------------- the tests


def test_when_the_library_is_behind_addresses_that_refuse(nest: Nest) -> None:
    nas = f"sftp://{nest.server.username}@127.0.0.1:{nest.server.port}"
    nest.configure(library={"tv": f"{nas}/srv/tv", "anime": f"{nas}/srv/anime", "movies": "memory://films"})
    assert [nest.run(*words, "-v") for words in (("config", "show"), ("sync",), ("doctor",))] == [0, 1, 3]


@pytest.mark.parametrize(
    ("way", "options"), [("file", ()), ("variable", ("-vv",)), ("named file", ("--json", "-v"))], ids=str
)
def test_when_all_goes_well(nest: Nest, way: str, options: tuple[str, ...]) -> None:
    nest.configure(way, format="json" if "-vv" in options else "text")
    codes = run_all(nest, *options)
    assert codes["config show"] == codes["config validate"] == codes["plan show {plan}"] == codes["history"] == 0
    assert codes["sync"] == 3  # the bucket is not there
    assert codes["undo"] == 0
    # the canaries are the right secrets: the key was opened with one
    assert nest.home.rows("select verb from journal_runs order by verb") == [("sync",), ("undo",)]
    assert (nest.home.folder / "medialib.log").stat().st_size > 0
    assert nest.web.asked("search") > 0
    assert "medialib.transfer.ssh" in nest.heard.getvalue()


def wrong_password(nest: Nest) -> dict[str, Any]:
    return {"key_file": None}


def dead_host(nest: Nest) -> dict[str, Any]:
    return {"url": f"sftp://me@127.0.0.1:{free_port()}/x"}


def wrong_key(nest: Nest) -> dict[str, Any]:
    return {"key_file": str(nest.server.stranger_key)}


def unknown_host(nest: Nest) -> dict[str, Any]:
    return {"known_hosts": "/dev/null"}


def wrong_passphrase(nest: Nest) -> dict[str, Any]:
    return {"key_file": str(nest.server.user_key_encrypted)}


TROUBLES = (wrong_password, dead_host, wrong_key, unknown_host, wrong_passphrase)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_when_the_remote_refuses(nest: Nest, trouble: Callable[[Nest], dict[str, Any]]) -> None:
    nest.configure(box=trouble(nest), provider="none")
    for options in (("-vv", "--log-file", str(nest.log)), ("--json",)):
        assert nest.run("sync", "--remote", "box", *options) == 1
        assert nest.run("download", "-n", *options) == 1
        assert nest.run("doctor", "--timeout", "20", *options) == 3


@pytest.mark.parametrize("provider", ["tmdb", "tvdb"])
@pytest.mark.parametrize("status", [200, 400, 401, 404, 503])
def test_when_a_service_answers_with_what_it_was_told(nest: Nest, provider: str, status: int) -> None:
    nest.configure(box={"url": f"file://{nest.home.remote}", "key_file": None, "known_hosts": None}, provider=provider)
    drop_keys_of_ssh(nest)
    nest.web.status = status
    for options in (("-vv",), ("--json",)):
        nest.run("doctor", "--timeout", "20", *options)
        nest.run("shows", "add", "Nosferatu", *options)
        nest.run("shows", "add", "Nosferatu", "--tmdb-id", "7", *options)
        nest.run("shows", "add", "Nosferatu", "--tvdb-id", "7", *options)
    assert nest.web.requests


def drop_keys_of_ssh(nest: Nest) -> None:
    """A remote of another kind takes none of them."""
    data = json.loads(nest.configuration.read_text())
    data["remotes"]["box"] = {"url": data["remotes"]["box"]["url"]}
    nest.configuration.write_text(json.dumps(data))


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///{folder}/c.db?password={canary}",
        "postgresql://user:{canary}@127.0.0.1/medialib",
        "postgresql://127.0.0.1/medialib?password={canary}",
        "mysql://user:{canary}@127.0.0.1/medialib",
    ],
)
def test_an_address_with_a_password(nest: Nest, url: str) -> None:
    nest.configure(provider="none", catalogue=url.format(folder=nest.home.folder, canary=IN_URL))
    for options in ((), ("-vv",), ("--json",)):
        for command in (("config", "show"), ("config", "validate"), ("sync",), ("history",), ("doctor",)):
            nest.run(*command, *options)


@pytest.mark.parametrize("account", ["medialib", f"nobody:{IN_URL}"])
def test_a_server_of_the_catalogue(nest: Nest, postgresql_server: PostgresqlServer, account: str) -> None:
    """One account is let in whatever its password, the other is refused."""
    nest.configure(provider="none", catalogue=postgresql_server.fresh_url().replace("medialib@", f"{account}@"))
    for options in (("-vv",), ("--json",)):
        for command in (("config", "show"), ("sync",), ("history",), ("undo", "-n"), ("doctor",)):
            nest.run(*command, *options)


@pytest.mark.parametrize("path", CANARIES, ids=".".join)
def test_a_secret_in_the_wrong_form_or_place_is_refused_without_being_shown(nest: Nest, path: tuple[str, ...]) -> None:
    canary = CANARIES[path]
    for value in ([canary], {"inner": canary}, [[canary]]):
        nest.configure(provider="none")
        data = json.loads(nest.configuration.read_text())
        section = data
        for parent in path[:-1]:
            section = section[parent]
        section[path[-1]] = value
        nest.configuration.write_text(json.dumps(data))
        for options in ((), ("--json", "-vv")):
            assert nest.run("config", "validate", *options) == 2
            assert nest.run("doctor", *options) == 2
    section[path[-1]] = canary
    section[path[-1] + "z"] = canary
    nest.configuration.write_text(json.dumps(data))
    nest.run("config", "validate")
    nest.configuration.write_text(json.dumps(data)[:-1] + f', "x": {canary}}}')
    assert nest.run("config", "validate", "-vv") == 2


def test_tracebacks_of_the_library_tell_nothing(nest: Nest) -> None:
    told = []
    for trouble in TROUBLES:
        nest.configure(box=trouble(nest), provider="tmdb")
        nest.web.status = 401
        with open_library(nest.configuration, read_only=True) as library:
            for work in (
                lambda: library.plan_download(remote="box"),
                lambda: list(library.remotes["bucket"].walk()),
                lambda: library.providers.named("tmdb").search("x"),
                lambda: library.providers.named("tvdb").search("x"),
            ):
                try:
                    work()
                except (MedialibError, OSError) as error:
                    told += traceback.format_exception(error)
                    told += [repr(error), str(vars(error)), str(error.args)]
    assert len(told) > 20
    assert leaks("\n".join(told)) == []


def drawings(value: Any) -> Iterator[str]:
    """Every way in which a value may come to be seen."""
    yield from (repr(value), str(value), f"{value}", pretty_repr(value), f"{value!a}")
    console = Console(file=io.StringIO(), width=400)
    console.print(value)
    assert isinstance(console.file, io.StringIO)
    yield console.file.getvalue()
    for recurse in (True, False):
        fields = attrs.asdict(value, recurse=recurse)
        yield repr(fields)
        yield json.dumps(fields, default=str, skipkeys=True)
        yield json.dumps(fields, default=repr, skipkeys=True)
    yield repr(attrs.astuple(value))
    yield repr(copy.copy(value))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        try:
            yield pickle.dumps(value, protocol).decode("latin-1")
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            yield repr(error)


def test_settings_and_libraries_show_no_secret_in_any_form(nest: Nest) -> None:
    url = f"sqlite:///{nest.home.folder}/catalogue.db"
    nest.configure(catalogue=url)
    settings = load_settings(nest.configuration, environment={})
    for path, canary in CANARIES.items():
        assert (canary in json.dumps(settings_to_dict(settings, secrets_hidden=False))) is (path != OF_A_SERVER), path
    with_password = attrs.evolve(settings.catalogue, url=SecretUrl(f"{url}?password={IN_URL}"))
    masked = attrs.evolve(settings, catalogue=with_password)
    seen = [*drawings(settings), *drawings(masked), repr(settings_to_dict(masked)), masked.digest]
    seen += [repr(copy.deepcopy(masked)), repr(list(attrs.asdict(masked).items()))]
    with open_library(settings, environment={}) as library:
        seen += list(drawings(library))
        library.plan_download(remote="box")
        seen += list(drawings(library))
        seen += [repr(vars(location)) for location in library.locations.values()]
        seen += [repr(library.providers), repr(library.world)]
    assert leaks("\n".join(seen)) == []


def test_what_a_language_model_is_told(nest: Nest) -> None:
    pytest.importorskip("mcp")
    from medialib.service import TOOLS, Desk
    from medialib.service.resources import RESOURCES, read_resource

    nest.configure(provider="tmdb")
    settings = load_settings(nest.configuration, environment={})
    desk = Desk(lambda only, token: open_library(settings, read_only=only, cancelled=token))
    arguments = {
        "parse_names": {"names": ["Show.S01E01.mkv"]},
        "judge_reading": {"name": "Show", "reading": {"title": "Show", "kind": "movie"}},
        "get_title": {"id": 7, "provider": "tvdb"},
        "look_at_feed": {"feed": "tracker"},
    }
    wanted = {"name": "Show Name", "subject": "box:Show.S01E01.mkv", "show": "x", "query": "x", "title": "Nosferatu"}
    wanted |= {"plan_id": "x", "run": "x"}
    for status in (200, 401):
        nest.web.status = status
        for tool in TOOLS:
            own = {name: wanted[name] for name in tool.input_schema["required"] if name in wanted}
            try:
                said = json.dumps(desk.run(tool, arguments.get(tool.name, own)), ensure_ascii=False)
            except MedialibError as error:
                said = str(error)
            assert leaks(said) == [], tool.name
    for resource in RESOURCES:
        if not resource.is_template:
            assert leaks(read_resource(desk, resource.address)) == []
    assert nest.web.requests

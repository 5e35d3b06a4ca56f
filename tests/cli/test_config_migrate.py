"""``medialib config migrate``, and the other commands of ``config`` over the file of an older program."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from medialib.config import Secret, Settings, load_settings, native_form, parse_settings
from medialib.config.dialects import Translation, read_sync2nas
from medialib.config.migration import native_text
from medialib.config.reading import check_translation
from medialib.errors import UsageError
from medialib_cli.app import main

INI = """\
[SFTP]
host = box.example
port = 2222
username = me
ssh_key_path = keys/box
paths = /seed/tv/,/seed/films/
[SQLite]
db_file = ./data/shows.db
[Transfers]
incoming = ./incoming
[TMDB]
api_key = canary$${X}%
[Routing]
anime_tv_path = /nas/anime
movie_path = /nas/films
"""


@attrs.frozen
class Answer:
    """What a command said."""

    code: object
    out: str
    err: str


@attrs.frozen
class Desk:
    """A working directory with a configuration of sync2nas, and the command line."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    @property
    def ini(self) -> Path:
        """The file of the older program."""
        return self.folder / "config/sync2nas_config.ini"

    def medialib(self, *arguments: str) -> Answer:
        """Run a command."""
        self.capture.readouterr()
        code: object = 0
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code
        said = self.capture.readouterr()
        return Answer(code, said.out, said.err)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in [name for name in os.environ if name.startswith("MEDIALIB_") and name != "MEDIALIB_REQUIRE_SERVERS"]:
        monkeypatch.delenv(name)
    found = Desk(tmp_path / "desk", capsys)
    found.ini.parent.mkdir(parents=True)
    found.ini.write_text(INI)
    found.ini.chmod(0o600)
    monkeypatch.chdir(found.folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return found


def surroundings(**more: str) -> dict[str, str]:
    return {"HOME": os.environ["HOME"], **more}


def test_the_file_that_is_used_is_printed_with_what_each_key_came_of(desk: Desk) -> None:
    answer = desk.medialib("config", "migrate")
    assert answer.code == 0
    assert '# SFTP.host, SFTP.port, SFTP.username, SFTP.paths\nurl = "sftp://me@box.example:2222/seed"' in answer.out
    assert f'# Transfers.incoming\nincoming = "{desk.folder}/incoming"' in answer.out
    assert "# Routing.anime_tv_path; there was no tv_path: every series went there\n" in answer.out
    assert "\n\n\n" not in answer.out
    assert "canary" not in answer.out + answer.err
    assert answer.err == f"set TMDB_API_KEY to what TMDB.api_key is in {desk.ini}\n"
    read = parse_settings(
        tomllib.loads(answer.out), folder=Path("/elsewhere"), environment=surroundings(TMDB_API_KEY="canary$${X}%")
    )
    assert read == load_settings(desk.ini, environment=surroundings())
    assert read.digest == load_settings(desk.ini, environment=surroundings()).digest


@pytest.mark.parametrize(("name", "options"), [("new/a.toml", ()), ("a.yaml", ()), ("a.yml", ("--format", "yaml"))])
def test_a_new_file_is_written_that_its_owner_alone_can_read(desk: Desk, name: str, options: tuple[str, ...]) -> None:
    answer = desk.medialib("config", "migrate", str(desk.ini), "-o", name, "--with-secrets", *options)
    path = desk.folder / name
    assert (answer.code, answer.err) == (0, "")
    assert f"wrote {name}" in answer.out
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_settings(path, environment=surroundings()) == load_settings(desk.ini, environment=surroundings())
    assert load_settings(path, environment=surroundings()).tmdb.api_key == Secret("canary$${X}%")
    before = path.read_bytes()
    again = desk.medialib("config", "migrate", str(desk.ini), "-o", name)
    assert again.code == 2
    assert "is there already" in again.err
    assert path.read_bytes() == before


def test_an_ending_that_could_not_be_read_back_is_refused(desk: Desk) -> None:
    for arguments in (("-o", "a.toml", "--format", "yaml"), ("-o", "a.txt"), ("-o", "a.ini")):
        assert desk.medialib("config", "migrate", *arguments).code == 2
    assert [path.name for path in desk.folder.iterdir()] == ["config"]
    assert native_form(None, "yaml") == "yaml"
    assert native_form(Path("a.TOML"), "toml") == "toml"
    with pytest.raises(UsageError, match="as a file of yaml does"):
        native_form(Path("a.toml"), "yaml")


def test_as_json_for_machines(desk: Desk) -> None:
    import json

    document = json.loads(desk.medialib("--json", "config", "migrate", "--format", "yaml").out)
    assert document["dialect"] == "sync2nas"
    assert document["variables"] == {"TMDB_API_KEY": "TMDB.api_key"}
    assert YAML(typ="safe", pure=True).load(document["text"])["metadata"] == {"provider": "tmdb"}


def test_what_the_environment_says_is_no_part_of_the_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIALIB_DOWNLOAD__INCOMING", "/other")
    monkeypatch.setenv("MEDIALIB_REMOTES__SEEDBOX__PASSWORD", "canary-password")
    answer = desk.medialib("config", "migrate", "--with-secrets")
    assert "/other" not in answer.out
    assert "canary-password" not in answer.out + answer.err
    assert "/other" in desk.medialib("config", "show").out


def test_a_native_file_is_there_already(desk: Desk) -> None:
    own = Path(os.environ["HOME"]) / ".config/medialib/config.toml"
    assert desk.medialib("config", "init").code == 0
    answer = desk.medialib("config", "migrate")
    assert answer.code == 2
    assert f"{own} is in the native form already. Name the older one: {desk.ini}" in answer.err
    answer = desk.medialib("config", "migrate", str(own))
    assert "is in the native form already. There is nothing to migrate." in answer.err
    assert "is not read, for there is" in desk.medialib("config", "validate").err


def test_a_file_with_faults_is_not_migrated_and_all_are_named(desk: Desk) -> None:
    desk.ini.write_text(INI.replace("port = 2222", "prot = 2222").replace("/nas/films", "d:/films"))
    for arguments in (("config", "migrate", "-o", "a.toml"), ("config", "validate"), ("sync", "-n")):
        answer = desk.medialib(*arguments)
        assert answer.code == 2
        assert "the configuration, read as one of sync2nas, cannot be used" in answer.err
        assert "SFTP.prot: is no setting of this dialect; did you mean 'port'?" in answer.err
        assert "Routing.movie_path: names a Windows drive" in answer.err
        assert "canary" not in answer.err
    assert not (desk.folder / "a.toml").exists()


def test_a_doubtful_value_is_warned_of(desk: Desk) -> None:
    desk.ini.write_text("[Routing]\nmovie_path = /films ; mine\n")
    assert "warning: Routing.movie_path: what looks like a comment" in desk.medialib("config", "migrate").err


def test_a_folder_whose_name_is_no_text_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = os.fsencode(desk.folder) + b"/\xff"
    os.mkdir(odd)  # noqa: PTH102 - bytes that are no text
    monkeypatch.chdir(os.fsdecode(odd))
    answer = desk.medialib("config", "migrate", str(desk.ini))
    assert answer.code == 2
    assert "no UTF-8 text" in answer.err


def test_show_and_validate_name_the_program(desk: Desk) -> None:
    assert desk.medialib("config", "validate").out == f"{desk.ini} (a configuration of sync2nas): ok\n"
    shown = desk.medialib("config", "show")
    assert shown.out.startswith(f"# {desk.ini} (a configuration of sync2nas)\n")
    assert "metadata.provider = 'tmdb'" in shown.out
    assert "canary" not in shown.out + shown.err
    assert '"dialect": "sync2nas"' in desk.medialib("config", "validate", "--json").out
    assert desk.medialib("-c", "config/sync2nas_config.ini", "config", "validate").code == 0


# Any file ------------------------------------------------------------------------------------------------------------

control = "".join(map(chr, range(32))) + "\x7f"
printable = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters=control), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)
local = printable.filter(lambda text: not re.search(r"^~|\\|^[A-Za-z]:(/|$)|://|^:memory:$", text))
remote = local.filter(lambda text: "," not in text and ".." not in text.split("/"))


def maybe(**keys: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({}, optional=keys)


documents = st.fixed_dictionaries(
    {},
    optional={
        "SFTP": st.builds(
            lambda required, optional: {**required, **optional},
            st.fixed_dictionaries({"host": st.sampled_from(["h", "::1", "box.example"]), "path": remote}),
            maybe(port=st.integers(1, 65535).map(str), username=printable, ssh_key_path=local),
        ),
        "sqlite": maybe(db_file=local),
        "Transfers": st.just({"incoming": "in coming/$x"}),
        "Routing": maybe(tv_path=local.map("/tv/{}".format), anime_tv_path=local.map("/anime/{}".format)),
        "TMDB": maybe(api_key=printable),
    },
)


@given(documents, st.sampled_from(["toml", "yaml"]), st.booleans())
def test_the_text_says_what_the_file_says(
    document: Mapping[str, Mapping[str, str]], form: Literal["toml", "yaml"], with_secrets: bool
) -> None:
    """Read back, from any folder, the text gives the same settings; secrets are in it only if asked for."""
    translation: Translation = read_sync2nas(document)
    environment = {"HOME": "/home/me"}
    settings: Settings = check_translation(translation, folder=Path("/working"), environment=environment)
    text, variables = native_text(translation, settings, form=form, with_secrets=with_secrets)
    read: Any = tomllib.loads(text) if form == "toml" else YAML(typ="safe", pure=True).load(text)
    key = settings.tmdb.api_key
    assert list(variables) == ([] if with_secrets or key is None else ["TMDB_API_KEY"])
    known = {} if with_secrets or key is None else {"TMDB_API_KEY": key.reveal()}
    assert parse_settings(read, folder=Path("/elsewhere"), environment={**environment, **known}) == settings

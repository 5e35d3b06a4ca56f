"""Variables in a file's texts and in place of its keys."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.config import Settings, parse_settings
from medialib.config.environment import home_of, interpolate, read_variable
from medialib.errors import ConfigurationError

HOME = {"HOME": "/home/me"}
BOX = {"remotes": {"my-box": {"url": "sftp://box:22/x", "password": "literal"}}}


def parse(data: dict[str, Any], folder: Path = Path("/etc"), **environment: str) -> Settings:
    return parse_settings(data, folder=folder, environment={**HOME, **environment})


def problem(data: dict[str, Any], **environment: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse(data, **environment)
    (only,) = caught.value.problems
    return only


def test_a_file_named_by_a_variable_wins_and_loses_one_newline(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"from file\n\n")
    data = {"remotes": {"a": {"host": "h", "password": "${PASS:-default}"}}}
    found = parse(data, folder=tmp_path, PASS="from variable", PASS_FILE="secret").remotes["a"].password
    assert found is not None
    assert found.reveal() == "from file\n"
    (tmp_path / "secret").write_bytes(b"windows\r\n")
    assert read_variable("PASS", {"PASS_FILE": str(tmp_path / "secret")}, folder=Path("/")) == "windows"
    (tmp_path / "secret").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="not UTF-8"):
        read_variable("PASS", {"PASS_FILE": str(tmp_path / "secret")}, folder=Path("/"))


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        ("${PASS}", {"PASS_FILE": "/nowhere/x"}, "PASS_FILE names, /nowhere/x, cannot be read: No such file"),
        ("${PASS}", {}, "PASS is not set"),
        ("${PASS", {"PASS": "x"}, "not ${VAR}"),
        ("${}", {}, "not ${VAR}"),
        ("${A:-${PASS}}", {"PASS": "x"}, "not ${VAR}"),
    ],
)
def test_what_cannot_be_filled_in_is_named_with_its_key(text: str, environment: dict[str, str], said: str) -> None:
    found = problem({"remotes": {"a": {"host": "h", "password": text}}}, **environment)
    assert found.startswith("remotes.a.password: ")
    assert said in found


def test_filled_in_text_is_read_by_the_type_of_its_key_but_literal_text_is_not() -> None:
    data = {"remotes": {"a": {"host": "h", "port": "${P}", "paths": "${L}"}}, "download": {"two_looks": "${B}"}}
    settings = parse(data, P="23", L="a, b", B="True")
    assert settings.remotes["a"].address.port == 23
    assert settings.remotes["a"].paths == ("a", "b")
    assert settings.download.two_looks is True
    assert "wants a whole number" in problem({"remotes": {"a": {"host": "h", "port": "23"}}})


def test_text_from_the_environment_is_not_shown_when_it_is_wrong() -> None:
    assert "hunter2" not in problem({"download": {"two_looks": "${B}"}}, B="hunter2")
    assert "hunter2" not in problem({}, MEDIALIB_DOWNLOAD__STABILITY="hunter2")


@given(st.text())
def test_a_doubled_dollar_is_the_text_again_and_looked_at_once(text: str) -> None:
    """``$$`` escapes: whatever a text holds, doubling its dollars gives it back."""
    assert interpolate({"a": [text.replace("$", "$$")]}, {}, folder=Path("/")) == ({"a": [text]}, ())


@given(st.text())
def test_a_value_is_not_looked_at_again(value: str) -> None:
    assert interpolate("${A}", {"A": value}, folder=Path("/")) == (value, ())


def test_overrides_of_every_type() -> None:
    settings = parse(
        BOX,
        MEDIALIB_REMOTES__MY_BOX__PORT="2222",
        MEDIALIB_REMOTES__MY_BOX__PASSWORD="pa$$${word}",
        MEDIALIB_REMOTES__OTHER__URL="s3://bucket",
        MEDIALIB_REMOTES__OTHER__OPTIONS__ANON="true",
        MEDIALIB_REMOTES__OTHER__OPTIONS__SIZE="5",
        MEDIALIB_REMOTES__OTHER__OPTIONS__NAME='"5"',
        MEDIALIB_REMOTES__OTHER__OPTIONS__REGION="x",
        MEDIALIB_DOWNLOAD__STABILITY="90",
        MEDIALIB_DOWNLOAD__MINIMUM_FREE="1 MB",
        MEDIALIB_DOWNLOAD__EXCLUDE='["a,b", "c"]',
        MEDIALIB_DOWNLOAD__INCLUDE="",
        MEDIALIB_DOWNLOAD__INCOMING="in",
        MEDIALIB_LIBRARY__FILE_MODE="640",
        MEDIALIB_LIBRARY__PRESET="Plex",
        MEDIALIB_ROUTING__MINIMUM_CONFIDENCE="0.75",
        MEDIALIB_ROUTING__KEEP_NFO="false",
        MEDIALIB_CONFIG="elsewhere",
        MEDIALIB_REQUIRE_SERVERS="1",
    )
    box = settings.remotes["my-box"]
    assert box.url == "sftp://box:2222/x"
    assert box.password is not None
    assert box.password.reveal() == "pa$$${word}"
    assert settings.remotes["other"].options == {"anon": True, "size": 5, "name": "5", "region": "x"}
    assert settings.download.stability == timedelta(seconds=90)
    assert settings.download.minimum_free == 1_000_000
    assert (settings.download.exclude, settings.download.include) == (("a,b", "c"), ())
    assert settings.download.incoming == Path("/etc/in")
    assert (settings.library.file_mode, settings.library.preset) == (0o640, "plex")
    assert settings.routing.minimum_confidence == 0.75


def test_an_url_from_the_environment_wins_over_the_keys_of_the_file() -> None:
    data = {"remotes": {"a": {"host": "h", "port": 22}}}
    assert parse(data, MEDIALIB_REMOTES__A__URL="sftp://other:23").remotes["a"].url == "sftp://other:23"


def test_an_override_can_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("hunter2\n")
    found = parse(BOX, MEDIALIB_REMOTES__MY_BOX__PASSWORD_FILE=str(tmp_path / "p")).remotes["my-box"].password
    assert found is not None
    assert found.reveal() == "hunter2"
    assert "cannot be read" in problem(BOX, MEDIALIB_REMOTES__MY_BOX__PASSWORD_FILE="/nowhere")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MEDIALIB_LOG_LEVEL", "info", "MEDIALIB_LOG_LEVEL: stands for no key"),
        ("MEDIALIB_LOG__", "info", "MEDIALIB_LOG__: stands for no key"),
        ("MEDIALIB_DOWNLOAD__TWO_LOOK", "true", "did you mean 'two_looks'? (from MEDIALIB_DOWNLOAD__TWO_LOOK)"),
        ("MEDIALIB_DOWNLOD__TWO_LOOKS", "true", "did you mean 'download'? (from MEDIALIB_DOWNLOD__TWO_LOOKS)"),
        ("MEDIALIB_DOWNLOAD__TWO_LOOKS", "1", "download.two_looks: wants true or false"),
        ("MEDIALIB_DOWNLOAD__EXCLUDE", "[1", "download.exclude: wants a list"),
        ("MEDIALIB_DOWNLOAD__EXCLUDE", "[1]", "download.exclude.0: wants text"),
        ("MEDIALIB_LOG__LEVEL__X", "1", "log.level: wants"),
        ("MEDIALIB_REMOTES__MY_BOX__PORT__X", "1", "port"),
        ("MEDIALIB_REMOTES__MY_BOX__URL__X", "1", "is not a section"),
    ],
)
def test_overrides_that_fit_nothing_are_faults(variable: str, value: str, said: str) -> None:
    assert said in problem(BOX, **{variable: value})


def test_an_environment_without_a_home_is_that_of_this_process() -> None:
    assert home_of({}) == home_of({"HOME": "relative"}) == Path.home()

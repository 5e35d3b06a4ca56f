"""The configuration files of older programs: what each key becomes, and what is said of each that is wrong."""

from __future__ import annotations

import configparser
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.catalogue.milvus_address import read_address
from medialib.config import (
    Secret,
    SecretUrl,
    Settings,
    find_configuration,
    load_settings,
    parse_settings,
    settings_to_dict,
)
from medialib.config.dialects import DIALECTS, UnreadableIni, foreign_section, parse_ini, read_sync2nas, recognise
from medialib.config.dialects.sync2nas import KEYS
from medialib.config.reading import check_translation
from medialib.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
HOME = {"HOME": "/home/me"}
WORKING = Path("/srv/program")

WHOLE = """\
[SFTP]
host = box.example
port = 2222
username = me
ssh_key_path = ./keys/box
paths = /seed/tv/ , /seed/films,

[Database]
type = sqlite

[PostgreSQL]
host = db.example
port = 5432
database = shows
user = me
password = hunter2%$

[Milvus]
host = db.example
port = 19530

[SQLite]
db_file = ./data/shows.db

[Transfers]
incoming = ./incoming

[TMDB]
api_key = canary%(key)s$${X}

[Routing]
tv_path = /nas/tv/
anime_tv_path = /nas/anime
movie_path = ../films
"""


def read(text: str, **environment: str) -> Settings:
    translation = read_sync2nas(parse_ini(text))
    return check_translation(translation, folder=WORKING, environment={**HOME, **environment})


def problems(text: str, **environment: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(text, **environment)
    assert caught.value.__context__ is None
    assert "sync2nas" in caught.value.message
    return [str(problem) for problem in caught.value.problems]


def native(**sections: object) -> Settings:
    """What a native file says that says the same, for comparison."""
    data = {"routing": {"unknown_shows": "refuse", "unknown_movies": "refuse"}, **sections}
    return parse_settings(data, folder=WORKING, environment=HOME)


# What each key becomes ------------------------------------------------------------------------------------------------


def test_every_key_becomes_what_the_native_form_says() -> None:
    assert read(WHOLE) == native(
        remotes={
            "seedbox": {"url": "sftp://me@box.example:2222/seed", "paths": ["tv", "films"], "key_file": "keys/box"}
        },
        catalogue={"url": "data/shows.db"},
        download={"incoming": "incoming"},
        library={"tv": "/nas/tv", "anime": "/nas/anime", "movies": "../films"},
        metadata={"provider": "tmdb"},
        tmdb={"api_key": "canary%(key)s$$$${X}"},
    )


def test_each_key_changes_what_is_read() -> None:
    """No key is read and then forgotten, but for those of databases that are not opened."""
    without_effect = {"PostgreSQL", "Milvus", "Database"}
    base = read(WHOLE)
    lines = WHOLE.splitlines()
    tried = 0
    section = ""
    for position, line in enumerate(lines):
        if line.startswith("["):
            section = line.strip("[]")
        if "=" not in line or section in without_effect or line.startswith(("host", "paths")):
            continue
        tried += 1
        assert read("\n".join(lines[:position] + lines[position + 1 :])) != base, line
    assert tried == 9
    assert read(WHOLE.replace("box.example", "other.example")) != base
    assert read(WHOLE.replace("paths = /seed/tv/ , /seed/films,", "path = /seed/tv")) != base


def test_a_database_on_a_server() -> None:
    on_server = WHOLE.replace("type = sqlite", "type = postgres")
    expected = "postgresql://me@db.example:5432/shows"
    settings = read(on_server)
    assert settings.catalogue.url == SecretUrl(expected)
    assert settings.catalogue.password == Secret("hunter2%$")
    assert settings.catalogue.address.reveal() == "postgresql://me:hunter2%25%24@db.example:5432/shows"
    assert "hunter2" not in f"{settings!r}{settings.catalogue.address}"
    section = on_server.index("[PostgreSQL]")
    for line in ("host = db.example", "port = 5432", "database = shows", "user = me", "password = hunter2%$"):
        key = line.partition(" ")[0]
        changed = on_server[:section] + on_server[section:].replace(line, f"{key} = 77", 1)
        assert read(changed).catalogue != settings.catalogue, line
    assert read(on_server.replace("db_file = data/shows.db", "db_file = other.db")) == settings
    without = "[Database]\ntype = postgres\n[PostgreSQL]\nhost = ::1\ndatabase = a/b?c\nuser = a@b\npassword =\n"
    assert read(without).catalogue.address.reveal() == "postgresql://a%40b@[::1]/a%2Fb%3Fc"


def test_a_database_in_milvus() -> None:
    """On its server, with a file of this machine beside it; a mistake in what another database wants stays one."""
    in_milvus = WHOLE.replace("type = sqlite", "type = Milvus")
    settings = read(in_milvus)
    beside = "/home/me/.local/share/medialib/milvus-db.example-19530.sqlite"
    assert settings.catalogue.url.reveal() == f"milvus://db.example:19530?beside={beside}"
    assert (settings.catalogue.password, settings.catalogue.sqlite_file) == (None, None)
    found = read_address(settings.catalogue.address.reveal())
    assert (found.host, found.port, found.database, found.token) == ("db.example", 19530, "default", "")
    assert found.file == Path(beside)
    moved = read("[Database]\ntype = milvus\n[Milvus]\nhost = ::1\n", XDG_DATA_HOME="/data")
    assert moved.catalogue.url.reveal() == "milvus://[::1]?beside=/data/medialib/milvus-1.sqlite"
    assert problems(in_milvus.replace("port = 5432", "port = x"))[0].startswith("PostgreSQL.port: wants")


def test_a_dollar_and_a_per_cent_sign_are_what_they_are() -> None:
    key = read(WHOLE, X="filled in").tmdb.api_key
    assert key == Secret("canary%(key)s$${X}")
    settings = read("[Routing]\nmovie_path = /a/${HOME}/$$\n")
    assert settings.library.movies == Path("/a/${HOME}/$$")


def test_the_older_of_the_two_programs_has_one_folder_and_asks_tvdb() -> None:
    settings = read("[SFTP]\nhost = h\npath = /files/\n[TVDB]\napi_key = canary\n[Routing]\ntv_path = /tv\n")
    assert settings.remotes["seedbox"].url == "sftp://h/files"
    assert settings.remotes["seedbox"].paths == ()
    assert (settings.metadata.provider, settings.tvdb.api_key) == (("tvdb",), Secret("canary"))
    assert settings.library.roots == {"tv": Path("/tv"), "anime": Path("/tv")}


def test_without_a_folder_for_series_all_of_them_go_to_that_for_anime() -> None:
    library = read("[Routing]\nanime_tv_path = /a\nmovie_path = /m\n").library
    assert (library.tv, library.anime, library.movies) == (Path("/a"), None, Path("/m"))
    assert library.roots["anime"] == Path("/a")


def test_films_alone_are_a_library() -> None:
    assert read("[Routing]\nmovie_path = /m\n").library.roots == {"movies": Path("/m")}


def test_who_is_asked_without_a_key_and_what_becomes_of_unknown_titles() -> None:
    settings = read("[Transfers]\nincoming = /in\n")
    assert settings.metadata.provider == ("tvmaze",)
    assert (settings.routing.unknown_shows, settings.routing.unknown_movies) == ("refuse", "refuse")
    assert settings.remotes == {}
    assert settings.catalogue.sqlite_file == Path("/home/me/.local/share/medialib/catalogue.db")


@pytest.mark.parametrize(
    ("said", "url", "paths"),
    [
        ("paths = /a/b/,", "sftp://h/a/b", ()),
        ("paths = /a/b, /a/c/d", "sftp://h/a", ("b", "c/d")),
        ("paths = /a,\n  /b ,, /c/", "sftp://h/", ("a", "b", "c")),
        ("paths = /a/b,/a/b/", "sftp://h/a/b", ()),
        ("paths = /", "sftp://h/", ()),
        ("path = //a//b/./c", "sftp://h/a/b/c", ()),
        ("paths = x, y/z", "sftp://h", ("x", "y/z")),
        ("paths = x/y, x/z", "sftp://h/~/x", ("y", "z")),
        ("path = ./x", "sftp://h/~/x", ()),
        ("path = .", "sftp://h", ()),
        ("path = /a, b", "sftp://h/a%2C%20b", ()),
        ("path = /ä%20 b", "sftp://h/%C3%A4%2520%20b", ()),
    ],
)
def test_folders_on_the_server(said: str, url: str, paths: tuple[str, ...]) -> None:
    remote = read(f"[SFTP]\nhost = h\n{said}\n").remotes["seedbox"]
    assert (remote.url, remote.paths) == (url, paths)


folder_names = st.text(st.characters(exclude_characters=",/;#~=:", exclude_categories=["C", "Z"]), min_size=1).filter(
    lambda name: name not in (".", "..")
)


@given(st.lists(st.lists(folder_names, min_size=1, max_size=4), min_size=1, max_size=4))
def test_the_folders_that_are_fetched_from_are_those_that_were_named(folders: list[list[str]]) -> None:
    """Whatever root is chosen, root and paths together name just the folders of the file, each once."""
    wanted = {"/" + "/".join(parts) for parts in folders}
    text = f"[SFTP]\nhost = h\npaths = {' , '.join(sorted(wanted))}/\n"
    if any(f"{other}/".startswith(f"{folder}/") for folder in wanted for other in wanted - {folder}):
        assert "one inside the other" in problems(text)[0]
        return
    remote = read(text).remotes["seedbox"]
    root = remote.address.path.rstrip("/")
    assert ({f"{root}/{path}" for path in remote.paths} or {root}) == wanted


def test_the_environment_stands_above_and_takes_faults_with_it() -> None:
    broken = WHOLE.replace("port = 2222", "port = many").replace("type = sqlite", "type = access")
    broken = broken.replace("/nas/tv/", "d:/tv").replace("host = box.example\n", "")
    assert len(problems(broken)) == 4
    settings = read(
        broken,
        MEDIALIB_REMOTES__SEEDBOX__PORT="23",
        MEDIALIB_REMOTES__SEEDBOX__HOST="other",
        MEDIALIB_CATALOGUE__URL="/srv/c.db",
        MEDIALIB_LIBRARY__TV="/srv/tv",
    )
    assert settings.remotes["seedbox"].url == "sftp://me@other:23/seed"
    assert settings.library.tv == Path("/srv/tv")
    assert settings.catalogue.sqlite_file == Path("/srv/c.db")


def test_the_environment_can_choose_between_two_keys() -> None:
    text = "[TMDB]\napi_key = a\n[TVDB]\napi_key = b\n"
    assert problems(text) == ["TVDB.api_key: is given beside TMDB.api_key: one service is asked, so take the other out"]
    assert read(text, MEDIALIB_METADATA__PROVIDER="tvdb").metadata.provider == ("tvdb",)


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[SFTP]\nhost = h\npath = /\nprot = 22", "SFTP.prot: is no setting of this dialect; did you mean 'port'?"),
        ("[sftp]\nhost = h\npath = /\nzzz = 22", "SFTP.zzz: is no setting of this dialect; known here: host, port,"),
        ("[Transfers]\ndb_file = x", "Transfers.db_file: is no setting of this dialect here; it belongs in SQLite"),
        ("[SFTP]\nhost = h\npath = /\npassword = hunter2", "SFTP.password: is no setting of this dialect: `medialib"),
        ("[SFTP]\npath = /", "SFTP.host: is missing"),
        ("[SFTP]\nhost = h", "SFTP.paths: is missing"),
        ("[SFTP]\nhost = h\npath = /a\npaths = /a", "SFTP.paths: is given beside path"),
        ("[SFTP]\nhost = h\npaths = ,,", "SFTP.paths: names no folder"),
        ("[SFTP]\nhost = h\npaths =", "SFTP.paths: names no folder"),
        ("[SFTP]\nhost = h\npath =", "SFTP.path: is empty"),
        ("[SFTP]\nhost = h\npaths = /a\n /b", "SFTP.paths: has lines without a comma"),
        ("[SFTP]\nhost = h\npaths = /a\x01", "SFTP.paths: holds a control character"),
        ("[SFTP]\nhost = h\npaths = /a/../b", "SFTP.paths: names a folder with .. in it"),
        ("[SFTP]\nhost = h\npaths = ~/a", "SFTP.paths: starts with ~"),
        ("[SFTP]\nhost = h\npaths = /a, b", "SFTP.paths: mixes whole paths"),
        ("[SFTP]\nhost = h\npaths = /a/b, /a", "SFTP.paths: names '/a' and '/a/b', one inside the other"),
        ("[SFTP]\nhost = h\npaths = -a, .", "SFTP.paths: names '-a' and '.', one inside the other"),
        ("[SFTP]\nhost = h\nport = 0\npath = /", "SFTP.port: wants a whole number, 1 to 65535, got '0'"),
        ("[SFTP]\nhost = h\nport = 22 ; ssh\npath = /", "SFTP.port: wants a whole number, 1 to 65535, got '22 ; ssh'"),
        ("[SFTP]\nhost = h ; box\npath = /", "SFTP.host: wants a host's name or IP address alone"),
        ("[SFTP]\nhost = h\nusername =\npath = /", "SFTP.username: is empty"),
        ("[SFTP]\nhost = h\nusername = a\n  b\npath = /", "SFTP.username: runs over several lines"),
        ("[SFTP]\nhost = h\nusername = a\x00b\npath = /", "SFTP.username: holds a control character"),
        ("[SFTP]\nhost = h\nssh_key_path = ~you/key\npath = /", "SFTP.ssh_key_path: another account's folder"),
        (
            "[Database]\ntype = Postgres\n[PostgreSQL]\ndatabase = d",
            "PostgreSQL.host: is missing: Database.type is postgres, and wants the host",
        ),
        ("[Database]\ntype = postgres\n[PostgreSQL]\nhost = h", "PostgreSQL.database: is missing"),
        ("[Database]\ntype = milvus", "Milvus.host: is missing: Database.type is milvus, and wants the host"),
        ("[Database]\ntype = milvus\n[Milvus]\nhost =", "Milvus.host: is empty"),
        (
            "[Database]\ntype = postgresql",
            "Database.type: is none of sqlite, postgres, milvus; did you mean 'postgres'?",
        ),
        ("[Database]\ntype = access", "Database.type: is none of sqlite, postgres, milvus"),
        ("[PostgreSQL]\nport = x", "PostgreSQL.port: wants a whole number, 1 to 65535, got 'x'"),
        ("[PostgreSQL]\nuser =", "PostgreSQL.user: is empty"),
        ("[Milvus]\nport = 99999", "Milvus.port: wants a whole number"),
        ("[SQLite]\ndb_file = :memory:", "SQLite.db_file: a catalogue in memory forgets everything"),
        ("[TMDB]\napi_key =", "TMDB.api_key: is empty"),
        ("[Routing]\nmovie_path = d:/movies/", "Routing.movie_path: names a Windows drive"),
        ("[Routing]\nmovie_path = D:", "Routing.movie_path: names a Windows drive"),
        ("[Routing]\nmovie_path = \\\\nas\\movies", "Routing.movie_path: names a Windows share"),
        ("[Routing]\nmovie_path = .\\movies", "Routing.movie_path: has a backslash"),
        ("[SFTP]\nhost=h\npath=/\n[sftp]\nhost=i", "SFTP: is there twice, as [SFTP] and [sftp]"),
        ("[SFTB]\nhost = h", "SFTB: is no section of this dialect; did you mean 'SFTP'?"),
        ("[Zzz]\nhost = h", "Zzz: is no section of this dialect; known here: SFTP,"),
        ("[DEFAULT]\nhost = h", "DEFAULT: is no section of this dialect: write its keys where they belong"),
        ("[download]\nincoming = in", "download: is a section of the native form"),
        ("[remotes.seedbox]\nhost = h", "remotes.seedbox: is a section of the native form"),
        ("[Routing]\ntv_path = /a\nmovie_path = /a", "Routing.movie_path: is the same folder as Routing.tv_path"),
        ("[Routing]\nanime_tv_path = /a\nmovie_path = /a", "Routing.movie_path: is the same folder as Routing.anime"),
        (
            "[Routing]\ntv_path = /a\n[Transfers]\nincoming = /a/in",
            "Transfers.incoming: lies inside Routing.tv_path: files that arrive",
        ),
    ],
)
def test_a_fault_is_told_once_in_the_words_of_the_file(text: str, problem: str) -> None:
    (found,) = problems(text)
    assert found.startswith(problem)
    assert "hunter2" not in found


def test_all_faults_are_told_at_once() -> None:
    found = problems(
        "[SFTP]\nprot = 22\nport = x\nhost = a b\npath = /a\n[Database]\ntype = access\n[Nonsense]\na = b\n"
        "[Transfers]\nincoming = /tv/in\n[Routing]\ntv_path = /tv\nmovie_path = e:/x\n",
        MEDIALIB_LOG__LEVLE="info",
    )
    assert [each.split(": ")[0] for each in found] == [
        "SFTP.prot",
        "Nonsense",
        "SFTP.port",
        "Database.type",
        "Routing.movie_path",
        "log.levle",
        "SFTP.host",
        "Transfers.incoming",
    ]
    assert found[5].endswith("(from MEDIALIB_LOG__LEVLE)")


def test_a_fault_of_an_override_is_told_in_native_words() -> None:
    assert problems("[SFTP]\nhost = h\npath = /\n", MEDIALIB_REMOTES__SEEDBOX__PORT="x") == [
        (
            "remotes.seedbox.port: wants a whole number, without quotes, got other text from the environment "
            "(from MEDIALIB_REMOTES__SEEDBOX__PORT)"
        )
    ]


def test_windows_has_drives() -> None:
    text = "[Routing]\nanime_tv_path = d:/anime_tv/\nmovie_path = \\\\nas\\films\n[SQLite]\ndb_file = .\\x.db\n"
    assert not read_sync2nas(parse_ini(text), windows=True).faults
    assert len(read_sync2nas(parse_ini(text)).faults) == 3


def test_a_password_of_a_database_becomes_no_message() -> None:
    text = "[PostgreSQL]\npassword = hunter2 ; x\n   more\n[Milvus]\nport = x\n[Database]\ntype = postgres"
    assert "hunter2" not in str(problems(text))
    settings = read("[PostgreSQL]\npassword =\n")
    assert not settings.warnings
    assert "hunter2" not in f"{read(WHOLE)!r}{read_sync2nas(parse_ini(WHOLE)).data}"


def test_what_looks_like_a_comment_in_a_value_is_a_warning() -> None:
    (warning,) = read("[Routing]\nmovie_path = /films ; mine\ntv_path = /shows #1\n").warnings
    assert warning.startswith("Routing.movie_path: ")
    assert read("[Routing]\nmovie_path = /films ; mine\n").library.movies == Path("/films ; mine")
    nested = read("[Routing]\ntv_path = /a\nmovie_path = /a/b\n").warnings
    assert nested == (
        "Routing.movie_path lies inside Routing.tv_path: what looks through one sees the files of the other",
    )


# INI files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [str.upper, lambda text: text.replace("\n", "\r\n"), lambda text: f"\ufeff{text}"])
def test_letter_case_of_names_line_ends_and_a_mark_do_not_count(change: object) -> None:
    assert callable(change)
    text = "[transfers]\nincoming = /IN\n; a comment\n# another\n[routing]\nMovie_Path: /M\n"
    settings = read(change(text))
    assert (settings.download.incoming, settings.library.movies) == (Path("/IN"), Path("/M"))


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("hunter2\n[SFTP]", "before the first", 1),
        ("[SFTP]\nhost = h\nhunter2\n", "wants key = value", 3),
        ("[SFTP]\nhost = h\nhost = hunter2\n", "SFTP.host is there twice", 3),
        ("[SFTP]\n[Routing]\n[SFTP]\n", "[SFTP] is there twice", 3),
    ],
)
def test_what_is_no_ini_is_told_with_its_line(text: str, said: str, line: int) -> None:
    with pytest.raises(UnreadableIni) as caught:
        parse_ini(text)
    assert caught.value.line == line
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


@given(st.text(st.sampled_from("[]=:;# \n\r\tab\ufeff%$\\/,."), max_size=60) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        document = parse_ini(text)
    except UnreadableIni:
        return
    assert all(key == key.lower() for values in document.values() for key in values)


words = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="[]=:;#,"), min_size=1, max_size=8)


@given(st.dictionaries(words, st.dictionaries(words.map(str.lower).filter(lambda key: key == key.lower()), words)))
def test_what_configparser_writes_is_read_back(document: dict[str, dict[str, str]]) -> None:
    parser = configparser.ConfigParser(interpolation=None, default_section="\n")
    parser.read_dict(document)
    stream = io.StringIO()
    parser.write(stream)
    assert parse_ini(stream.getvalue()) == document


values = st.text(max_size=12) | st.sampled_from(
    ["/a", "/a/b", "b", "d:/x", "22", "sqlite", "milvus", "h", "/a, /c", "."]
)
documents = st.dictionaries(
    st.sampled_from([*KEYS, *(section.upper() for section in KEYS), "Other"]),
    st.dictionaries(st.sampled_from(sorted({key for keys in KEYS.values() for key in keys} | {"other"})), values),
)


@given(documents, st.booleans())
def test_any_document_is_settings_or_one_error_with_problems(
    document: dict[str, dict[str, str]], windows: bool
) -> None:
    translation = read_sync2nas(document, windows=windows)
    try:
        settings = check_translation(translation, folder=WORKING, environment=HOME)
    except ConfigurationError as error:
        told = list(error.problems)
    else:
        assert settings.dialect == "sync2nas"
        told = []
    assert len(set(told)) == len(told)
    assert bool(told) >= bool(translation.faults)
    for problem in told:
        assert not re.match(r"(remotes|catalogue|download|library|metadata|tmdb|tvdb)\b", problem), problem


# Files ---------------------------------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path, environment=HOME)
    assert caught.value.__context__ is None
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is not the folder of the file."""
    folder = tmp_path / "working"
    (folder / "config").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_relative_paths_start_from_the_working_directory(working: Path) -> None:
    path = working / "config" / "sync2nas_config.ini"
    path.write_text(WHOLE)
    path.chmod(0o600)
    settings = load_settings(path, environment=HOME)
    assert settings.source == path
    assert settings.dialect == "sync2nas"
    assert settings.download.incoming == working / "incoming"
    assert settings.catalogue.sqlite_file == working / "data/shows.db"
    assert settings.remotes["seedbox"].key_file == working / "keys/box"
    assert settings.library.movies == working.parent / "films"
    assert not settings.warnings
    assert "canary" not in f"{settings!r}{settings_to_dict(settings)}"


def test_a_key_in_a_file_that_all_can_read_is_a_warning_in_its_words(working: Path) -> None:
    path = working / "a.ini"
    path.write_text(WHOLE)
    path.chmod(0o644)
    (warning,) = load_settings(path, environment=HOME).warnings
    assert "holds TMDB.api_key: chmod 600, or `medialib config migrate`" in warning
    path.with_suffix(".toml").write_text('[tvdb]\napi_key = "x"\npin = "${PIN}"\n')
    (warning,) = load_settings(path.with_suffix(".toml"), environment={**HOME, "PIN": "x"}).warnings
    assert "holds tvdb.api_key: chmod 600, or use ${VARIABLES}" in warning


def test_the_file_of_the_older_program_is_found_where_it_had_it(working: Path) -> None:
    environment = {"HOME": str(working / "home")}
    with pytest.raises(ConfigurationError, match=r"nor config/sync2nas_config\.ini here"):
        find_configuration(environment)
    older = working / "config/sync2nas_config.ini"
    older.write_text("[Routing]\nmovie_path = /m\n")
    assert find_configuration(environment) == older
    assert load_settings(environment=environment).dialect == "sync2nas"


def test_of_two_files_the_native_one_is_used_and_the_other_named(working: Path) -> None:
    environment = {"HOME": str(working / "home")}
    older, own = working / "config/sync2nas_config.ini", working / "home/.config/medialib/config.toml"
    older.write_text("[Routing]\nmovie_path = /m\n")
    own.parent.mkdir(parents=True)
    own.write_text("")
    settings = load_settings(environment=environment)
    assert (settings.source, settings.dialect) == (own, None)
    (warning,) = settings.warnings
    assert warning.startswith(f"{older} is not read, for there is {own}")
    assert not load_settings(own, environment=environment).warnings
    assert not load_settings(environment={**environment, "MEDIALIB_CONFIG": str(own)}).warnings
    assert load_settings(environment={**environment, "MEDIALIB_CONFIG": str(older)}).dialect == "sync2nas"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.ini", "", "a.ini is an INI file with no section of the INI file of sync2nas (SFTP, "),
        ("a.ini", "[download]\nincoming = x\n", "goes into a TOML, YAML or JSON file"),
        ("a.ini", "[SFTP]\nhunter2\n", "a.ini:2: is no INI file"),
        ("a.ini", "[SFTP]\nhost=h\npath=/\n[library]\ntv = /x\n", "library: is a section of the native form"),
        ("a.toml", "[SFTP]\nhost = 'h'\n", "SFTP: is a section of the INI file of sync2nas, which is never mixed"),
        ("a.yaml", "transfers: {incoming: x}\n", "never mixed with the native form; here it is download"),
        ("a.yaml", "Routing: {}\n", "Routing: is no setting; did you mean 'routing'?"),
    ],
)
def test_forms_are_never_mixed(working: Path, name: str, text: str, said: str) -> None:
    path = working / name
    path.write_text(text)
    assert said in refusal(path)


def test_a_dialect_is_recognised_by_its_sections_and_names_native_ones() -> None:
    assert recognise({"mILVUS": {}}) is DIALECTS[0]
    assert recognise({"library": {}}) is None
    assert foreign_section("tmdb") is None
    assert foreign_section("nonsense") is None
    for dialect in DIALECTS:
        assert set(dialect.sections) == set(KEYS)
        assert all(
            foreign_section(section) for section in dialect.sections if section not in ("Routing", "TMDB", "TVDB")
        )


def test_a_key_of_a_service_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("canary\n")
    settings = read("[TMDB]\napi_key = old\n", MEDIALIB_TMDB__API_KEY_FILE=str(tmp_path / "key"))
    assert settings.tmdb.api_key == Secret("canary")


# What the older programs' own documents say --------------------------------------------------------------------------


def test_the_sample_of_the_older_program_is_read_as_it_is_but_for_its_drives() -> None:
    found = sorted((ROOT / ".." / "shared" / "seeds").glob("001_*.txt"))
    if not found:
        pytest.skip("the older programs' documents are not here")
    (sample,) = re.findall(r"^```\n(\[SFTP\].*?)^```$", found[0].read_text(), re.MULTILINE | re.DOTALL)
    assert [each.split(": ")[0] for each in problems(sample)] == ["Routing.anime_tv_path", "Routing.movie_path"]
    settings = read(sample.replace("d:/", "/mnt/"))
    assert settings.library.roots == {key: Path("/mnt/anime_tv") for key in ("tv", "anime")} | {
        "movies": Path("/mnt/movies")
    }
    assert len(settings.remotes["seedbox"].paths) == 3
    assert settings.metadata.provider == ("tmdb",)


def test_every_key_that_the_older_programs_name_is_known() -> None:
    found = sorted((ROOT / ".." / "shared" / "seeds").glob("00[01]_*.txt"))
    if not found:
        pytest.skip("the older programs' documents are not here")
    lines = [line for path in found for line in path.read_text().splitlines() if line.startswith("- `")]
    named = {key for line in lines for key in re.findall(r"`([a-z_]+)`", line.partition(":")[0])}
    assert named <= {key for keys in KEYS.values() for key in keys}
    assert {"path", "paths", "ssh_key_path", "anime_tv_path", "db_file", "incoming"} <= named


def test_the_page_about_coming_from_the_older_programs_names_every_key() -> None:
    page = (ROOT / "docs/howto/migrate.md").read_text(encoding="utf-8")
    missing = [f"{section}.{key}" for section, keys in KEYS.items() for key in keys if f"`{key}`" not in page]
    assert missing == []
    assert all(f"`[{section}]`" in page for section in KEYS)

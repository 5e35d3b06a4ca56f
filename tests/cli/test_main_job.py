"""What a user of the main job tries, through the command line and a real SSH server."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medialib.naming import ParsedName
from medialib.testing.failing_disk import remount, small_disk
from medialib.testing.faulty_proxy import CutOff, FaultyProxy

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# ------------------------------------------------------------------------------------------------------------- download


@pytest.mark.every_catalogue
def test_a_new_file_arrives_whole_with_its_hash_and_only_once(home: Home) -> None:
    content = os.urandom(300_000)
    home.put("Show.Name.S01E02.mkv", content)
    answer = home.medialib("download")
    assert answer.code == 0
    assert home.files() == {"incoming/Show.Name.S01E02.mkv": content}
    assert home.rows("select path, size, state, sha256 from known_files") == [
        (f"{home.remote}/Show.Name.S01E02.mkv", 300_000, "fetched", sha256(content))
    ]
    before = home.digest()
    again = home.medialib("download")
    assert (again.code, again.out.strip()) == (0, "nothing to do")
    assert {k: v for k, v in home.digest().items() if "catalogue" not in k} == {
        k: v for k, v in before.items() if "catalogue" not in k
    }
    assert len(home.rows("select * from journal_runs")) == 1


@pytest.mark.every_catalogue
def test_a_file_that_is_still_arriving_is_fetched_by_a_later_run(home: Home) -> None:
    file = home.put("Show.S01E01.mkv", b"half", age=10)
    answer = home.medialib("download")
    assert answer.code == 0
    assert "still arriving box:Show.S01E01.mkv: changed 1" in answer.out
    file.write_bytes(b"half and half")
    os.utime(file, (time.time() - 5000,) * 2)
    assert "its size went from 4 to 13 bytes between two looks" in home.medialib("download").out
    home.configure(download='stability = "0s"')
    assert home.medialib("download").code == 0
    assert home.files() == {"incoming/Show.S01E01.mkv": b"half and half"}


def test_a_release_waits_for_what_its_list_names_and_what_is_not_finished_is_never_fetched(home: Home) -> None:
    home.configure(download='finished_markers = ["*.done"]')
    parts = {"rel.part1.rar": os.urandom(50_000), "rel.part2.rar": os.urandom(20_000)}
    home.put("Rel/rel.part1.rar", parts["rel.part1.rar"])
    lines = "".join(f"{name} {zlib.crc32(content):08X}\r\n" for name, content in parts.items())
    home.put("Rel/rel.sfv", f"; made by a test\r\n{lines}")
    for name in ("Show.S01E01.mkv.!qB", "_UNPACK_Show/Show.S01E02.mkv", "Show.S01E03.mkv", "Show.S01E03.mkv.aria2"):
        home.put(name)
    home.put("Show.S01E04.mkv", age=10)
    home.put("Show.S01E04.mkv.done", age=5)
    before = home.digest()
    preview = home.medialib("download", "-n")
    assert home.digest() == before
    assert preview.code == 0
    for said in (
        "still arriving box:Rel/rel.part1.rar: rel.sfv names rel.part2.rar, which is not there yet",
        "still arriving box:Show.S01E01.mkv.!qB: its name ends in '.!qB', so it is not finished",
        "still arriving box:_UNPACK_Show/Show.S01E02.mkv: it lies in '_UNPACK_Show', which holds what is not finished",
        "still arriving box:Show.S01E03.mkv: Show.S01E03.mkv.aria2 stands beside it, so that is not finished",
        "new, Show.S01E04.mkv.done stands beside it",
    ):
        assert said in preview.out
    told = home.medialib("explain", "box:Rel/rel.part1.rar", "--json").document
    (whole,) = [chapter for chapter in told["chapters"] if chapter["heading"] == "whole"]
    assert whole["data"]["verdict"] == "still arriving"
    assert "rel.part2.rar" in whole["data"]["evidence"]
    assert home.medialib("download").code == 0
    assert set(home.files()) == {"incoming/Show.S01E04.mkv"}
    home.put("Rel/rel.part2.rar", parts["rel.part2.rar"])
    answer = home.medialib("download", "--json").document
    assert answer["exit_code"] == 0
    fetches = {action["source"]["path"]: action for action in answer["plans"][0]["actions"]}
    assert set(fetches) == {"Rel/rel.part1.rar", "Rel/rel.part2.rar"}
    for path, action in fetches.items():
        content = parts[path.removeprefix("Rel/")]
        assert action["expected"] == [{"algorithm": "crc32", "value": f"{zlib.crc32(content):08x}"}]
        assert "all 2 files of rel.sfv are there" in action["reason"]
        assert home.files()[f"incoming/{path}"] == content
    kinds = {remark["kind"] for plan in answer["plans"] for remark in plan["remarks"]}
    assert kinds == {"still arriving", "excluded"}
    assert home.medialib("sync").code == 0


@pytest.mark.every_catalogue
def test_nested_folders_arrive_file_by_file_and_only_what_is_new_or_changed(home: Home) -> None:
    home.put("a/Show.S01E01.mkv")
    home.put("a/b/Show.S01E02.mkv")
    home.put("a/b/c/Show.S01E03.mkv")
    assert home.medialib("download").code == 0
    assert len(home.rows("select * from known_files")) == 3
    home.put("a/b/Show.S01E04.mkv")
    only = home.medialib("download", "--json").document
    assert [result["result"] for result in only["results"]] == ["done"]
    assert only["plans"][0]["actions"][0]["source"]["path"] == "a/b/Show.S01E04.mkv"
    home.put("a/Show.S01E01.mkv", b"longer than before")
    home.put("a/b/c/Show.S01E03.mkv", age=1800)
    plan = home.medialib("download", "-n", "--json").document["plans"][0]
    fetched = [action["source"]["path"].rpartition("/")[2] for action in plan["actions"] if action["action"] == "fetch"]
    assert fetched == ["Show.S01E01.mkv", "Show.S01E03.mkv"]
    assert home.medialib("download").code == 0
    assert home.files()["incoming/a/Show.S01E01.mkv"] == b"longer than before"


@pytest.mark.every_catalogue
def test_a_connection_that_dies_is_resumed_at_the_byte(home: Home) -> None:
    content = os.urandom(6_000_000)
    home.put("Big.S01E01.mkv", content)
    with FaultyProxy(home.server.port, CutOff(1_500_000), strikes=10) as proxy:
        known = home.folder / "known_hosts"
        known.write_text(home.server.known_hosts.read_text().replace(f":{home.server.port}", f":{proxy.port}"))
        url = home.server.url.replace(f":{home.server.port}", f":{proxy.port}")
        home.configure(url=url.removesuffix(str(home.server.root)) + str(home.remote), known_hosts=str(known))
        broken = home.medialib("download")
    assert broken.code == 1
    assert "what was received is kept" in broken.out
    assert {name.rpartition(".")[2] for name in home.files()} == {"part", "json"}
    received = (home.folder / "incoming/Big.S01E01.mkv.part").stat().st_size
    assert 0 < received < 6_000_000
    home.configure()
    assert "partial" not in home.medialib("route").out
    assert len(home.files("incoming")) == 2
    resumed = home.medialib("download", "--json").document
    assert resumed["results"][0]["detail"].startswith("resumed at byte ")
    assert home.files() == {"incoming/Big.S01E01.mkv": content}
    assert home.rows("select sha256 from known_files") == [(sha256(content),)]


@pytest.mark.every_catalogue
def test_one_of_three_fails_and_is_fetched_by_the_next_run(home: Home) -> None:
    for number in (1, 2, 3):
        home.put(f"pack/Show.S01E0{number}.mkv")
    blocker = home.folder / "incoming/pack/Show.S01E02.mkv"
    blocker.mkdir(parents=True)
    answer = home.medialib("download")
    assert answer.code == 3
    assert "2 done" in answer.out
    assert "1 failed" in answer.out
    blocker.rmdir()
    assert home.medialib("download").code == 0
    assert len(home.rows("select * from known_files")) == 3


@pytest.mark.every_catalogue
def test_time_zones_make_nothing_new(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.put("Show.S01E01.mkv")
    assert home.medialib("download").code == 0
    try:
        for zone in ("Asia/Tokyo", "America/New_York"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert home.medialib("download").out.strip() == "nothing to do"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.every_catalogue
def test_what_is_excluded_is_named_and_nothing_else_is_excluded(home: Home) -> None:
    for name in (
        "Resampled.S01E01.mkv",
        "Info.Show.S01E01.mkv",
        "sample.mkv",
        "Show/show.nfo",
        "Sample/Show.S01E01.mkv",
    ):
        home.put(name)
    answer = home.medialib("download", "-v")
    assert answer.code == 0
    assert sorted(home.files()) == ["incoming/Info.Show.S01E01.mkv", "incoming/Resampled.S01E01.mkv"]
    assert answer.out.count("excluded") == 3


@pytest.mark.every_catalogue
def test_bootstrap_records_everything_and_one_path_that_fails_stops_no_other(home: Home) -> None:
    home.configure(remote='paths = ["one", "two", "three"]')
    home.put("one/deep/er/Show.S01E01.mkv")
    home.put("three/Show.S01E02.mkv")
    answer = home.medialib("bootstrap", "downloads")
    assert answer.code == 3
    assert "out of reach box:two" in answer.out
    assert len(home.rows("select * from known_files")) == 2
    home.put("two/Show.S01E03.mkv")
    assert home.medialib("bootstrap-downloads").code == 0
    assert home.medialib("download").out.strip() == "nothing to do"
    assert home.files() == {}


@pytest.mark.every_catalogue
def test_a_dry_run_prints_every_step_and_changes_not_one_byte(home: Home) -> None:
    home.put("Show.S01E01.mkv")
    home.put("Fresh.S01E01.mkv", age=1)
    before = home.digest()
    first = home.medialib("sync", "-n")
    assert first.code == 0
    assert "fetch box:Show.S01E01.mkv" in first.out
    assert "(provisional)" in first.out
    assert "tv:Show/Season 01/Show.S01E01.mkv" in first.out
    assert home.digest() == before
    assert home.medialib("sync").code == 0
    home.put("Show.S01E02.mkv")
    before = home.digest()
    for verb in (("sync",), ("download",), ("route",), ("undo",), ("bootstrap", "downloads")):
        assert home.medialib(*verb, "-n").code == 0
    assert home.digest() == before


# -------------------------------------------------------------------------------------------------- what can be wrong


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("key", "refused"),
        ("port", "Connection refused"),
        ("host", "no host named"),
        ("path", "has no folder"),
        ("unknown", "ssh-keyscan"),
    ],
)
def test_what_is_wrong_with_a_remote_is_said_in_one_line_with_a_remedy(home: Home, change: str, said: str) -> None:
    address = f"{home.server.username}@127.0.0.1"
    match change:
        case "key":
            home.configure(key=str(home.server.stranger_key))
        case "port":
            home.configure(url=f"sftp://{address}:1/x")
        case "host":
            home.configure(url="sftp://me@nohost.invalid/x")
        case "path":
            home.configure(url=f"sftp://{address}:{home.server.port}{home.remote}/nowhere")
        case _:
            (home.folder / "empty").write_text("")
            home.configure(known_hosts=str(home.folder / "empty"))
    for verb in ("download", "sync"):
        answer = home.medialib(verb)
        assert answer.code == 1
        assert said in answer.err
        assert answer.err.count("\n") == 1


@pytest.mark.every_catalogue
def test_a_changed_host_key_sends_nothing_and_says_how_to_go_on(home: Home) -> None:
    lines = home.server.known_hosts.read_text().split()
    other = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(home.server.stranger_key)], capture_output=True, text=True, check=True
    ).stdout.split()
    (home.folder / "known").write_text(f"{lines[0]} {other[0]} {other[1]}\n")
    home.configure(known_hosts=str(home.folder / "known"))
    answer = home.medialib("download")
    assert answer.code == 1
    assert "ssh-keygen" in answer.err
    assert "-R" in answer.err


def test_no_secret_reaches_any_output(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOX_PASSWORD", "canary-password")
    home.configure(remote='password = "${BOX_PASSWORD}"\nkey_passphrase = "canary-passphrase"')
    home.put("Show.S01E01.mkv")
    log = home.folder / "log.txt"
    for arguments in (
        ("config", "show"),
        ("config", "show", "--json"),
        ("-vv", "--log-file", str(log), "sync"),
        ("sync", "-n", "--json"),
        ("sync", "--save-plan", str(home.folder / "plan.json")),
        ("history", "--json"),
    ):
        answer = home.medialib(*arguments)
        assert "canary" not in answer.out + answer.err
    for file in home.folder.rglob("*"):
        if file.is_file() and file.name != "medialib.toml":
            assert b"canary" not in file.read_bytes()


def test_every_fault_of_a_configuration_is_named_at_once(home: Home) -> None:
    (home.folder / "medialib.toml").write_text(
        '[downlod]\nincoming = "x"\n[remotes.box]\nport = "many"\n[library]\ntv = 5\n'
    )
    for arguments in (("sync",), ("config", "validate"), ("history",)):
        answer = home.medialib(*arguments)
        assert answer.code == 2
        assert "did you mean 'download'" in answer.err
        assert "remotes.box.port" in answer.err
        assert "library.tv" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [("sync", "--nope"), ("nonsense",), ("plan", "apply"), ("parse", "--kind", "opera", "x"), ("undo", "no")],
)
def test_a_wrong_command_line_is_refused_with_2(home: Home, arguments: tuple[str, ...]) -> None:
    assert home.medialib(*arguments).code == 2


def test_a_catalogue_from_the_future_and_a_damaged_one_are_left_alone(home: Home) -> None:
    home.put("Show.S01E01.mkv")
    assert home.medialib("download").code == 0
    catalogue = home.folder / "catalogue.db"
    good = catalogue.read_bytes()
    import sqlite3

    connection = sqlite3.connect(catalogue)
    connection.execute("update alembic_version set version_num = '9999'")
    connection.commit()
    connection.close()
    future = catalogue.read_bytes()
    answer = home.medialib("sync")
    assert answer.code == 1
    assert "schema revision" in answer.err
    assert catalogue.read_bytes() == future
    catalogue.write_bytes(good[:100] + b"\xff" * (len(good) - 100))
    damaged = catalogue.read_bytes()
    for name in ("catalogue.db-wal", "catalogue.db-shm"):
        (home.folder / name).unlink(missing_ok=True)
    answer = home.medialib("sync")
    assert answer.code == 1
    assert answer.err.count("\n") == 1
    assert catalogue.read_bytes() == damaged


# ---------------------------------------------------------------------------------------------------------------- route


@pytest.mark.every_catalogue
def test_a_file_is_placed_and_emptied_folders_are_removed(home: Home) -> None:
    home.put("deep/er/Show.Name.S01E02.mkv", where="incoming")
    answer = home.medialib("route")
    assert answer.code == 0
    assert list(home.files()) == ["tv/Show Name/Season 01/Show.Name.S01E02.mkv"]
    assert list((home.folder / "incoming").iterdir()) == []
    assert home.rows("select location, path, role from inventory") == [
        ("tv", "Show Name/Season 01/Show.Name.S01E02.mkv", "video")
    ]
    assert len(home.rows("select * from journal_lines")) == 4


@pytest.mark.parametrize(
    ("name", "placed"),
    [
        ("Show.S21E1071.mkv", "tv/Show/Season 21/Show - S21E1071.mkv"),
        ("Show.S01E01E02.mkv", "tv/Show/Season 01/Show - S01E01-E02.mkv"),
        ("Show.S01E01-E03.mkv", "tv/Show/Season 01/Show - S01E01-E03.mkv"),
        ("Show.S00E03.mkv", "tv/Show/Specials/Show - S00E03.mkv"),
        ("Show.2x05.mkv", "tv/Show/Season 02/Show - S02E05.mkv"),
        ("Show.2024.05.17.mkv", "tv/Show/Season 2024/Show - 2024-05-17.mkv"),
        ("Film.Name.2001.1080p.BluRay.x264-X.mkv", "movies/Film Name (2001)/Film Name (2001).mkv"),
    ],
)
def test_names_are_read_and_rendered_for_plex(home: Home, name: str, placed: str) -> None:
    home.configure(library='preset = "plex"')
    home.put(name, where="incoming")
    assert home.medialib("route").code == 0
    assert list(home.files()) == [placed]


@pytest.mark.parametrize(
    "name",
    ["[G] Mob Psycho 100 - 03.mkv", "[G] Kaijuu 8-gou - 01.mkv", "[G] Steins;Gate 0 - 05.mkv", "[G] A - 12.5.mkv"],
)
def test_numbers_without_a_season_are_not_guessed(home: Home, name: str) -> None:
    home.put(name, where="incoming")
    answer = home.medialib("route")
    assert answer.code == 3
    assert "unrouted" in answer.out
    assert list(home.files()) == [f"incoming/{name}"]


def test_a_file_that_another_program_still_writes_is_left(home: Home) -> None:
    file = home.put("Show.S01E01.mkv", b"half", where="incoming")
    with file.open("ab") as stream:
        answer = home.medialib("route")
        assert answer.code == 0
        assert "still arriving incoming:Show.S01E01.mkv: another program has it open" in answer.out
        stream.write(b" and half")
    assert home.medialib("route").code == 0
    assert home.files() == {"tv/Show/Season 01/Show.S01E01.mkv": b"half and half"}


@pytest.mark.every_catalogue
def test_a_target_that_stands_is_never_replaced(home: Home) -> None:
    home.put("Show.S01E01.mkv", b"first", where="incoming")
    assert home.medialib("route").code == 0
    home.put("Show.S01E01.mkv", b"other", where="incoming")
    answer = home.medialib("route")
    assert answer.code == 3
    assert "conflict incoming:Show.S01E01.mkv" in answer.out
    assert home.files() == {"incoming/Show.S01E01.mkv": b"other", "tv/Show/Season 01/Show.S01E01.mkv": b"first"}
    home.put("Show.S01E01.mkv", b"first", where="incoming")
    answer = home.medialib("route")
    assert answer.code == 0
    assert "duplicate incoming:Show.S01E01.mkv" in answer.out
    assert home.files() == {"tv/Show/Season 01/Show.S01E01.mkv": b"first"}
    assert home.medialib("undo").code == 0
    assert home.files()["incoming/Show.S01E01.mkv"] == b"first"


@pytest.mark.every_catalogue
def test_companions_and_packs_travel_together(home: Home) -> None:
    home.configure(library='preset = "jellyfin"', download='include = ["*.nfo"]')
    for name in (
        "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.mkv",
        "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.en.forced.srt",
        "Pack.S01.1080p-GRP/Pack.S01E02.1080p-GRP.mkv",
        "Pack.S01.1080p-GRP/Subs/Pack.S01E02.1080p-GRP/2_English.srt",
        "Film.2001.1080p-GRP/Film.2001.1080p-GRP.mkv",
        "Film.2001.1080p-GRP/Subs/3_German.srt",
    ):
        home.put(name)
    answer = home.medialib("sync")
    assert answer.code == 0
    assert sorted(home.files()) == [
        "movies/Film (2001)/Film (2001).de.srt",
        "movies/Film (2001)/Film (2001).mkv",
        "tv/Pack/Season 01/Pack - S01E01.en.forced.srt",
        "tv/Pack/Season 01/Pack - S01E01.mkv",
        "tv/Pack/Season 01/Pack - S01E02.en.srt",
        "tv/Pack/Season 01/Pack - S01E02.mkv",
    ]
    home.put("Pack.S01E02.1080p-GRP.fr.srt")
    assert home.medialib("sync").code == 0
    assert "tv/Pack/Season 01/Pack - S01E02.fr.srt" in home.files()


@pytest.mark.parametrize(
    "title",
    ["Fate-stay: night?", "CON", "Amélie", "x" * 230, "a\u202eb", "And.Then...", "Ｆｕｌｌｗｉｄｔｈ", "進撃の巨人"],
)
def test_odd_titles_have_valid_places_inside_the_root(home: Home, title: str) -> None:
    home.configure(library='preset = "plex"')
    home.put(f"{title}.S01E01.mkv", where="incoming")
    home.medialib("route")
    files = list(home.files())
    assert len(files) == 1
    for part in Path(files[0]).parts:
        assert len(part.encode()) <= 255
        assert not set('<>:"|?*\\') & set(part)
        assert part.strip(" .") == part


@pytest.mark.every_catalogue
def test_hostile_names_are_refused_and_the_others_go_on(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mkv"
    secret.write_bytes(b"secret")
    home.put("Good.S01E01.mkv")
    home.put("new\nline.S01E01.mkv")
    (home.remote / "Link.S01E01.mkv").symlink_to(secret)
    Path(os.fsdecode(os.fsencode(home.remote) + b"/bad\xff.S01E01.mkv")).write_bytes(b"x")
    answer = home.medialib("sync")
    assert answer.code == 3
    assert answer.out.count("refused") == 3
    assert list(home.files()) == ["tv/Good/Season 01/Good.S01E01.mkv"]
    assert home.medialib("sync", "--json").document["exit_code"] == 3


@pytest.mark.every_catalogue
def test_names_that_differ_in_case_or_form_alone_are_a_reported_collision(home: Home) -> None:
    pairs = [("SHOW.name.S01E01.mkv", "Show.Name.S01E01.mkv")]
    pairs += [tuple(unicodedata.normalize(form, "Amélie.S01E01.mkv") for form in ("NFC", "NFD"))]
    for one, two in pairs:
        home.put(one, b"one", where="incoming")
        home.put(two, b"two", where="incoming")
    answer = home.medialib("route")
    assert answer.code == 3
    assert answer.out.count("collision") == 2
    assert sorted(home.files().values()) == [b"one", b"one", b"two", b"two"]


# ----------------------------------------------------------------------------------------------- disks that run out


@pytest.mark.every_catalogue("sqlite", "postgresql")
def test_a_full_disk_loses_nothing_and_the_next_run_completes(home: Home) -> None:
    content = os.urandom(600_000)
    for folder in ("incoming", "movies"):
        with small_disk(home.folder / folder, "300k"):
            name = "Film.Name.2001.1080p.BluRay.x264-X.mkv" if folder == "movies" else "Show.S01E01.mkv"
            home.put(name, content)
            answer = home.medialib("sync")
            assert answer.code in (1, 3)
            assert "Make room" in answer.out
            assert (home.remote / name).read_bytes() == content
            assert content not in home.files(folder).values()
            remount(home.folder / folder, "size=4m")
            assert home.medialib("sync").code == 0
            assert content in home.files().values()


@pytest.mark.every_catalogue
def test_a_read_only_library_keeps_the_source(home: Home) -> None:
    with small_disk(home.folder / "tv", "1m"):
        remount(home.folder / "tv", "ro")
        home.put("Show.S01E01.mkv", where="incoming")
        answer = home.medialib("route")
        assert answer.code in (1, 3)
        assert "Read-only file system" in answer.out
        assert list(home.files()) == ["incoming/Show.S01E01.mkv"]
        remount(home.folder / "tv", "rw")
        assert home.medialib("route").code == 0


@pytest.mark.every_catalogue("sqlite", "postgresql")
def test_a_library_that_is_not_mounted_is_an_error(home: Home) -> None:
    home.put("Show.S01E01.mkv")
    assert home.medialib("sync").code == 0
    shutil.rmtree(home.folder / "tv")
    home.put("Show.S01E02.mkv")
    assert "disk mounted" in home.medialib("sync").err
    (home.folder / "tv").mkdir()
    answer = home.medialib("route")
    assert answer.code == 1
    assert "disk mounted" in answer.err
    assert list(home.files()) == ["incoming/Show.S01E02.mkv"]


@pytest.mark.every_catalogue("sqlite", "postgresql")
def test_a_remote_that_is_suddenly_empty_is_an_error(home: Home) -> None:
    home.put("Show.S01E01.mkv")
    assert home.medialib("sync").code == 0
    (home.remote / "Show.S01E01.mkv").unlink()
    answer = home.medialib("sync")
    assert answer.code == 1
    assert "--allow-empty" in answer.err
    assert home.medialib("sync", "-n", "--allow-empty").code == 0
    assert home.medialib("sync").code == 1
    assert home.medialib("sync", "--allow-empty").code == 0
    assert home.medialib("sync").code == 0
    home.put("Show.S01E02.mkv")
    assert home.medialib("sync").code == 0
    (home.remote / "Show.S01E02.mkv").unlink()
    assert home.medialib("sync").code == 1


# -------------------------------------------------------------------------------------------- plans, undo, interruption


@pytest.mark.every_catalogue
def test_a_saved_plan_is_reviewed_cut_down_and_applied(home: Home) -> None:
    for number in (1, 2, 3):
        home.put(f"Show.S01E0{number}.mkv")
    file = str(home.folder / "plan.json")
    assert home.medialib("download", "--save-plan", file).code == 0
    assert home.files() == {}
    assert "f2" in home.medialib("plan", "show", file).out
    assert home.medialib("plan", "apply", file, "--only", "f2").code == 0
    assert list(home.files()) == ["incoming/Show.S01E02.mkv"]
    drifted = home.medialib("plan", "apply", file)
    assert drifted.code == 1
    assert "incoming:Show.S01E02.mkv: something stands there now" in drifted.err
    assert home.medialib("plan", "apply", file, "--without", "f2").code == 0
    assert len(home.files()) == 3


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("medialib.plan/1", "medialib.plan/9", 2),
        ('"fetch"', '"destroy"', 2),
        ('"path": "Show', '"path": "../Show', 2),
        ('"location": "box"', '"location": "elsewhere"', 1),
        ('"size": 15', '"size": "15"', 2),
        ("{", "", 2),
    ],
)
def test_a_saved_plan_that_was_meddled_with_is_refused(home: Home, old: str, new: str, code: int) -> None:
    home.put("Show.S01E01.mkv", b"x" * 15)
    file = home.folder / "plan.json"
    assert home.medialib("download", "-n", "--save-plan", str(file)).code == 0
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    assert home.medialib("plan", "apply", str(file)).code == code
    assert home.files() == {}


@pytest.mark.every_catalogue
def test_undo_restores_names_bytes_and_rows_and_names_what_drifted(home: Home) -> None:
    for name in ("Show.S01E01.mkv", "pack/Show.S01E02.mkv", "Film.2001.1080p.BluRay.mkv"):
        home.put(name)
    assert home.medialib("download").code == 0
    before = {k: v for k, v in home.digest().items() if "catalogue" not in k and not k.startswith("tv")}
    assert home.medialib("route").code == 0
    assert home.medialib("undo").code == 0
    after = {k: v for k, v in home.digest().items() if "catalogue" not in k and not k.startswith("tv")}
    assert {k: v[1] for k, v in after.items()} == {k: v[1] for k, v in before.items()}
    assert {k: v[0] for k, v in after.items() if v[1]} == {k: v[0] for k, v in before.items() if v[1]}
    assert home.rows("select * from inventory") == []
    assert home.rows("select * from shows") == []
    assert home.medialib("route").code == 0
    placed = home.folder / "tv/Show/Season 01/Show.S01E02.mkv"
    placed.write_bytes(b"changed by hand")
    answer = home.medialib("undo")
    assert answer.code == 1
    assert "tv:Show/Season 01/Show.S01E02.mkv: it has changed" in answer.err
    assert len(home.files("tv")) == 2


@pytest.mark.every_catalogue
def test_the_journal_and_every_decision_can_be_asked(home: Home) -> None:
    home.put("[Group] Show Name - S01E02 [1080p].mkv")
    assert home.medialib("sync").code == 0
    run = home.medialib("history", "--json").document[0]
    assert run["verb"] == "sync"
    lines = home.medialib("history", run["id"], "--json").document["lines"]
    assert [line["action"]["action"] for line in lines] == ["fetch", "add show", "move"]
    assert "done" in home.medialib("history", run["id"]).out
    placed = "Show Name/Season 01/[Group] Show Name - S01E02 [1080p].mkv"
    for subject in (f"tv:{placed}", str(home.folder / "tv" / placed)):
        told = home.medialib("explain", subject)
        assert told.code == 0
        for words in ("in the inventory", "fetch box:", "move incoming:", "seasons: 1", "SHA-256"):
            assert words in told.out
    assert {
        chapter["heading"] for chapter in home.medialib("explain", f"tv:{placed}", "--json").document["chapters"]
    } >= {
        "stands",
        "journal",
        "read",
        "matched",
        "routed",
    }
    assert "tv:Show Name" in home.medialib("explain", "Show Name").out
    assert "routed:" in home.medialib("explain", "Show.Name.S03E04.mkv").out


@pytest.mark.every_catalogue("sqlite", "postgresql", "milvus-embedded")
def test_ctrl_c_stops_in_order_with_130_and_the_next_run_goes_on(home: Home) -> None:
    content = os.urandom(40_000_000)
    home.put("Big.S01E01.mkv", content)
    command = [sys.executable, "-m", "medialib_cli", "-c", str(home.folder / "medialib.toml"), "download"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    part = home.folder / "incoming/Big.S01E01.mkv.part"
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size > 0) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, err = process.communicate(timeout=20)
    assert time.monotonic() - started < 5
    assert process.returncode == 130, err
    assert "stopping in order" in err
    assert "Big.S01E01.mkv" not in {Path(name).name for name in home.files()}
    assert home.medialib("download").code == 0
    assert home.files() == {"incoming/Big.S01E01.mkv": content}


def test_a_full_disk_under_the_log_stops_nothing(home: Home) -> None:
    for number in range(1, 61):
        home.put(f"Show.S01E{number:02}.mkv")
    log = home.folder / "log"
    log.mkdir()
    with small_disk(log, "4k"):
        answer = home.medialib("--log-file", str(log / "medialib.log"), "sync")
        assert answer.code == 0
        assert answer.err.count("cannot be written") == 1
        assert len(home.files("tv")) == 60


def test_the_whole_of_a_remote_can_be_called_by_a_dot(home: Home) -> None:
    home.configure(remote='paths = ["."]')
    home.put("pack/Show.S01E01.mkv")
    assert home.medialib("sync").code == 0
    assert list(home.files()) == ["tv/Show/Season 01/Show.S01E01.mkv"]


def test_a_reader_that_leaves_early_does_not_change_the_exit_code(home: Home) -> None:
    for number in range(1, 41):
        home.put(f"Show.S01E{number:02}.mkv")
    command = [sys.executable, "-m", "medialib_cli", "-c", str(home.folder / "medialib.toml"), "sync"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert (process.stderr.read(), process.wait(timeout=30)) == (b"", 0)
    process.stderr.close()
    assert len(home.files("tv")) == 40


def test_a_log_file_tells_every_step(home: Home) -> None:
    home.put("Show.S01E01.mkv")
    log = home.folder / "medialib.log"
    assert home.medialib("--log-file", str(log), "sync").code == 0
    text = log.read_text()
    assert "listed box:" in text
    assert "fetch box:Show.S01E01.mkv" in text
    refused = home.medialib("--log-file", str(home.folder / "no/such/folder.log"), "sync")
    assert refused.code == 1
    assert "log file" in refused.err


def test_names_are_read_from_arguments_and_from_input(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import json

    assert "Show Name" in home.medialib("parse", "Show.Name.S01E02.mkv").out
    monkeypatch.setattr("sys.stdin", io.StringIO("Show.S01E02.mkv\nFilm.2001.1080p.mkv\n"))
    lines = [json.loads(line) for line in home.medialib("--json", "parse").out.splitlines()]
    assert [line["kind"] for line in lines] == ["episode", "movie"]
    assert [list(line) for line in lines] == [list(ParsedName.columns())] * 2
    monkeypatch.setattr("sys.stdin", io.StringIO("\r\n\nA\x1b[31m :tv: \\[x].S01E01\r\n"))
    assert home.medialib("parse").out.splitlines()[0] == "A\\x1b[31m :tv: \\[x].S01E01"
    monkeypatch.setattr("sys.stdin", None)
    assert home.medialib("parse").out == ""
    (home.folder / "names").mkdir()
    (home.folder / "names" / f"{'Paper.Moons.' * 12}S01E02.mkv").touch()
    assert "S01E2, confidence 1.00" in home.medialib("parse", "--tree", str(home.folder / "names")).out


def test_a_first_configuration_is_written_and_never_replaced(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home.folder / "xdg"))
    assert home.medialib("config", "init").code == 0
    path = home.folder / "xdg/medialib/config.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert home.medialib("config", "validate", str(path)).code == 0
    assert home.medialib("config", "init").code == 2
    assert "download.stability = '1m'" in home.medialib("config", "show").out

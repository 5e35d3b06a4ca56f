from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest

from medialib.library import Work
from medialib_cli.demo import lay_out, surprises
from medialib_cli.demo_sample import (
    EPISODES,
    LINKS,
    MOVIES,
    SHOWS,
    Fate,
    SampleFile,
    kept_files,
    sample_files,
)

Run = Callable[..., "subprocess.CompletedProcess[str]"]

LEDGER = "tv/The Quince Street Ledger (2019)"
KETTLE = "anime/Yoru no Tetsubin Densetsu (2017)"
MARROWBY = "tv/Tonight in Marrowby (2011)/Season 2024/Tonight in Marrowby"
SEASON_PACK = {
    1: "Double Entry",
    2: "The Missing Column",
    3: "Carried Forward",
    4: "Red Ink",
    5: "A Matter of Ninepence",
    6: "The Auditor's Umbrella",
    7: "Write-Offs",
    8: "Closing Balance",
}
SEEDED = {
    f"{LEDGER}/Season 01/The Quince Street Ledger - S01E01 - Opening Balance.mkv",
    f"{LEDGER}/Season 01/The Quince Street Ledger - S01E02 - Petty Cash.mkv",
    f"{KETTLE}/Season 01/Yoru no Tetsubin Densetsu - S01E01 - First Steam.mkv",
    "movies/Nine Spoons of Rain (2018)/Nine Spoons of Rain (2018).mkv",
}
PLACED = {
    *(
        f"{LEDGER}/Season 02/The Quince Street Ledger - S02E{number:02} - {title}{suffix}"
        for number, title in SEASON_PACK.items()
        for suffix in (".mkv", ".en.srt")
    ),
    f"{LEDGER}/Season 02/The Quince Street Ledger - S02E03 - Carried Forward.en.forced.srt",
    f"{LEDGER}/Specials/The Quince Street Ledger - S00E03 - The Midwinter Audit.mkv",
    f"{LEDGER}/Season 01/The Quince Street Ledger - S01E01 - Opening Balance.en.srt",
    f"{KETTLE}/Season 02/Yoru no Tetsubin Densetsu - S02E01 - Cold Iron.mkv",
    f"{KETTLE}/Season 02/Yoru no Tetsubin Densetsu - S02E02 - Three Cups for a Stranger.mkv",
    f"{KETTLE}/Season 02/Yoru no Tetsubin Densetsu - S02E03 - The Lid That Sang.mkv",
    f"{KETTLE}/Season 02/Yoru no Tetsubin Densetsu - S02E04 - Embers Keep No Diary.mkv",
    f"{KETTLE}/Season 02/Yoru no Tetsubin Densetsu - S02E05 - A Spout Facing North.mkv",
    f"{KETTLE}/Season 02/Yoru no Tetsubin Densetsu - S02E06 - The Tea Thief's Apprentice.mkv",
    f"{MARROWBY} - S2024E92 - Ottoline Varga.mkv",
    f"{MARROWBY} - S2024E93 - Benno Quill.mkv",
    f"{MARROWBY} - S2024E94 - Sunniva Dale-Okoro.mkv",
    f"{MARROWBY} - S2024E95 - Imre Lathbury.mkv",
    f"{MARROWBY} - 2024-05-17 - Teodor Finchmarsh.mkv",
    "tv/Gullwick Signal Box/Season 01/Gullwick Signal Box - S01E01-E02.mkv",
    "tv/Gullwick Signal Box/Season 01/Gullwick Signal Box - S01E01-E02.srt",
    "tv/Gullwick Signal Box/Season 01/Gullwick Signal Box - S01E03.mkv",
    "tv/Gullwick Signal Box/Season 01/Gullwick Signal Box - S01E04.mkv",
    "tv/Tante Brumaille (2015)/Season 02/Tante Brumaille - S02E05.mkv",
    "tv/Tante Brumaille (2015)/Season 02/Tante Brumaille - S02E06.mkv",
    "tv/Bread, Salt & Thimbles (2020)/Season 03/Bread, Salt & Thimbles - S03E01.mkv",
    "tv/Bread, Salt & Thimbles (2020)/Season 03/Bread, Salt & Thimbles - S03E02.mkv",
    "tv/Lighthouse Arithmetic/Season 01/Lighthouse Arithmetic - S01E01.mkv",
    "tv/Lighthouse Arithmetic/Season 01/Lighthouse Arithmetic - S01E02.mkv",
    "tv/Lighthouse Arithmetic/Season 01/Lighthouse Arithmetic - S01E03.mkv",
    "movies/A Ladder for the Tidewarden (2021)/A Ladder for the Tidewarden (2021).mkv",
    "movies/A Ladder for the Tidewarden (2021)/A Ladder for the Tidewarden (2021).en.srt",
    "movies/A Ladder for the Tidewarden (2021)/A Ladder for the Tidewarden (2021).fr.srt",
    "movies/The Mapmenders Umbrella (2023)/The Mapmenders Umbrella (2023).mkv",
    "movies/The Mapmenders Umbrella (2023)/The Mapmenders Umbrella (2023).en.srt",
    "movies/Resampled Hearts (2022)/Resampled Hearts (2022).mkv",
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Calls medialib in a process of its own, in an environment with nothing of ours in it."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MEDIALIB_", "UV_")) and name != "FORCE_COLOR"
    }

    def call(
        *words: str, environment: Mapping[str, str] | None = None, shell: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "medialib_cli", *words] if shell is None else ["/bin/sh", "-c", shell],
            env=clean | {"TMPDIR": str(tmp_path), "COLUMNS": "80"} | dict(environment or {}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def folders(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_dir()}


def states(folder: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path.relative_to(folder)): (status.st_mode, status.st_size, status.st_mtime_ns)
        for path in folder.rglob("*")
        for status in [path.lstat()]
    }


def commands_in(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("    ") and "medialib.toml" in line]


def document(completed: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(completed.stdout)
    return found


def test_demo_shows_the_plan_applies_it_and_says_how_to_go_on(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "a new folder"
    shown = run("demo", "--folder", str(folder))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert set(tree(folder / "library")) == SEEDED | PLACED

    assert "\x1b" not in shown.stdout, "colour without a terminal"
    lines = shown.stdout.splitlines()
    plan = [line for line in lines if re.match(r"  [afmr]\d+ ", line)]
    assert len(plan) > 100
    assert [line for line in plan if not re.search(r"  \S.*  \S", line[2:])] == [], "a line without a reason"
    assert any("absolute episode 27 is S02E03" in line for line in plan)
    for remark in (
        r"refused seedbox:Nothing.To.See\nHere.2024.1080p.WEB-DL.H.264-KILN.mkv: it holds a control character",
        "refused seedbox:The.Borrowed.Key.2024.1080p.WEB-DL.H.264-KILN.mkv: it is a link that leaves seedbox",
        "still arriving seedbox:Lighthouse.Arithmetic.S01E04.1080p.WEB.H264-KILN.mkv: changed",
        "still arriving seedbox:Lighthouse.Arithmetic.S01E05.1080p.WEB.H264-KILN.mkv.!qB: its name ends in '.!qB'",
        "bread.salt.and.thimbles.s02.sfv names Bread.Salt.and.Thimbles.S02E02.1080p.WEB-DL.H.264-KILN.mkv, which",
        "duplicate incoming:Nine.Spoons.of.Rain.2018.1080p.BluRay.x264-TALLOW.mkv: the same content stands",
        "unrouted incoming:b7e1c94f02d85a36.mkv: its name says neither episode nor film",
        "exit code 3",
    ):
        assert remark in shown.stdout
    drawn = shown.stdout.partition("3. The library now")[2]
    missing = [path for path in SEEDED | PLACED if f"── {path.rpartition('/')[2]}" not in drawn]
    assert missing == [], "cut or left out of the tree"
    assert drawn.count("(was here before)") == len(SEEDED)


def test_demo_moves_every_byte_to_where_it_belongs(run: Run, tmp_path: Path) -> None:
    assert run("demo", "--folder", str(tmp_path / "demo")).returncode == 0
    library = tree(tmp_path / "demo" / "library")
    arrived = sorted(content for path, content in library.items() if path in PLACED)
    assert arrived == sorted(file.content for file in sample_files() if file.fate == "placed")
    sung = library[f"{KETTLE}/Season 02/Yoru no Tetsubin Densetsu - S02E03 - The Lid That Sang.mkv"]
    assert any(f"- 27 (1080p) [{zlib.crc32(sung):08X}].mkv" in file.path for file in sample_files())


def test_commands_that_the_demo_names_work_when_pasted_and_undo_restores(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    lay_out(tmp_path / "untouched")
    shown = run("demo", "--folder", str(folder))
    assert shown.returncode == 0
    before = states(folder / "remote")
    placed = tree(folder / "library")

    commands = {
        words[words.index("-c") + 2]: line for line in commands_in(shown.stdout) if (words := shlex.split(line))
    }
    assert set(commands) == {"history", "explain", "sync", "undo"}
    ended = [(line, run(shell=line)) for line in commands_in(shown.stdout)]
    assert [(line, done.returncode, done.stderr) for line, done in ended] == [
        (line, 3 if line.endswith(" sync") else 0, "") for line, _ in ended
    ]
    said = "".join(done.stdout for _, done in ended)
    assert "absolute episode 27 is S02E03" in said
    assert "movie 'Nine Spoons of Rain' (2018)" in said

    seeded = folder.parent / "untouched" / "library"
    assert tree(folder / "library") == tree(seeded)
    assert folders(folder / "library") == folders(seeded)
    assert states(folder / "remote") == before

    again = run("--json", "-c", str(folder / "medialib.toml"), "sync")
    assert again.returncode == 3
    assert tree(folder / "library") == placed


def test_sync_after_the_demo_fetches_nothing(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert run("demo", "--folder", str(folder)).returncode == 0
    before = tree(folder / "incoming"), tree(folder / "library")
    again = document(run("-c", str(folder / "medialib.toml"), "--json", "sync"))
    assert [plan.get("actions", []) for plan in again["plans"]] == [[], []]
    assert (again["exit_code"], again["run"]) == (3, None)
    assert (tree(folder / "incoming"), tree(folder / "library")) == before


def test_demo_takes_a_temporary_folder_and_keeps_it(run: Run, tmp_path: Path) -> None:
    shown = run("--json", "demo")
    told = document(shown)
    folder = Path(told["folder"])
    assert (shown.returncode, told["exit_code"], told["state"], told["surprises"]) == (0, 0, "partial", [])
    assert folder.parent == tmp_path
    assert Path(told["configuration"]).is_file()
    assert set(tree(folder / "library")) == SEEDED | PLACED
    assert [plan["kind"] for plan in told["plans"]] == ["download", "route"]
    assert told["preview"]["plans"][1]["provisional"] is True
    assert {item["command"][-1] for item in told["next"]} >= {"history", "sync", told["run"]}


@pytest.mark.parametrize("standing", ["a file in it", "a file itself"])
def test_demo_refuses_a_folder_that_is_not_its_own(run: Run, tmp_path: Path, standing: str) -> None:
    taken = tmp_path / "taken"
    if standing == "a file in it":
        taken.mkdir()
        (taken / "mine.txt").write_text("mine")
    else:
        taken.write_text("mine")
    before = states(tmp_path)
    refused = run("demo", "--folder", str(taken))
    assert refused.returncode == 2
    assert "Name a new or empty folder" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert states(tmp_path) == before


def test_demo_accepts_an_empty_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run("demo", "--folder", "empty").returncode == 0
    assert set(tree(tmp_path / "empty" / "library")) == SEEDED | PLACED


def test_demo_never_follows_the_environment_into_a_real_library(run: Run, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    environment = {
        "MEDIALIB_LIBRARY__TV": str(real),
        "MEDIALIB_LIBRARY__MOVIES": str(real),
        "MEDIALIB_CATALOGUE__URL": str(real / "catalogue.db"),
    }
    shown = run("demo", "--folder", str(tmp_path / "demo"), environment=environment)
    assert shown.returncode == 0
    sync = next(line for line in commands_in(shown.stdout) if line.endswith(" sync"))
    assert run(shell=sync, environment=environment).returncode == 3
    assert tree(real) == {}
    assert set(tree(tmp_path / "demo" / "library")) == SEEDED | PLACED


def test_demo_can_be_read_where_output_is_ascii_only(run: Run, tmp_path: Path) -> None:
    shown = run("demo", "--folder", str(tmp_path / "demo"), environment={"PYTHONIOENCODING": "ascii"})
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.isascii()
    assert "Yoru no Tetsubin Densetsu - S02E03 - The Lid That Sang.mkv" in shown.stdout


def test_demo_asks_no_network(tmp_path: Path) -> None:
    program = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto"):
        print("NETWORK", event, arguments, file=sys.stderr)
        raise SystemExit(77)
sys.addaudithook(refuse)
from medialib_cli.app import main
main(["demo", "--folder", sys.argv[1]])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_commands_are_spelt_as_the_demo_was_called(run: Run, tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("medialib")
    if not script.exists():
        pytest.skip("medialib is not installed as a command beside this Python")
    call = f"{shlex.quote(str(script))} --json demo"
    ways = {
        "by name": ({"PATH": f"{script.parent}:/usr/bin:/bin"}, ["medialib"]),
        "by path": ({"PATH": "/usr/bin:/bin"}, [str(script)]),
        "by uv": ({"UV_RUN_RECURSION_DEPTH": "1"}, ["uv", "run", "medialib"]),
    }
    for environment, spelling in ways.values():
        command = document(run(shell=call, environment=environment))["next"][0]["command"]
        assert command[: command.index("-c")] == spelling


def test_sample_is_the_same_every_time_and_no_two_files_are_alike_but_the_duplicate() -> None:
    files, kept = sample_files(), kept_files()
    assert files == sample_files()
    assert kept == kept_files()
    assert 55 <= len(files) + len(LINKS) <= 65
    assert {file.fate for file in files} == set(get_args(Fate))
    contents = [file.content for file in files] + [file.content for file in kept]
    assert len(contents) - len(set(contents)) == 1
    assert sum(len(content) for content in contents) < 500_000


def test_names_with_a_checksum_tell_the_truth() -> None:
    told = {
        file.path: (found[1], f"{zlib.crc32(file.content):08X}")
        for file in sample_files()
        if (found := re.search(r"\[([0-9A-F]{8})\]", file.path))
    }
    assert len(told) == 8
    assert all(said == true for said, true in told.values())


def test_sample_catalogue_is_consistent() -> None:
    shows = {show.key for show in SHOWS}
    assert {episode.show for episode in EPISODES} <= shows
    assert len({(episode.show, episode.season, episode.number) for episode in EPISODES}) == len(EPISODES)
    known = shows | {movie.key for movie in MOVIES}
    assert {file.holding.unit.key for file in kept_files() if file.holding.unit is not None} <= known
    third = [episode for episode in EPISODES if episode.absolute == 27]
    assert [(episode.season, episode.number) for episode in third] == [(2, 3)]


def test_names_that_a_disk_cannot_hold_are_left_out(tmp_path: Path) -> None:
    impossible = SampleFile("x" * 300 + ".mkv", b"x", 1, "refused")
    possible = SampleFile("b.mkv", b"x", 1, "unrouted")
    sample = lay_out(tmp_path / "demo", [impossible, possible])
    assert [file.path for file in sample.files] == ["b.mkv", *LINKS]
    with pytest.raises(OSError, match="too long"):
        lay_out(tmp_path / "other", [attrs.evolve(impossible, fate="placed")])


def test_surprises_name_every_file_that_ended_otherwise() -> None:
    files = sample_files()[:2]
    assert surprises(files, Work(())) == tuple(
        f"{file.path}: not seen, where {file.fate!r} was expected" for file in files
    )
    assert surprises((), Work(())) == ()

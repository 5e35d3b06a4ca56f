"""`medialib mcp` as a language model's program starts it: a process, spoken to on its standard input and output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from medialib.planning import load_plan

if TYPE_CHECKING:
    from .conftest import Home

mcp = pytest.importorskip("mcp")

CANARY = "cAnAry/+&= %5f"


def spoken(home: Home, *arguments: str, calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """What the server answers to calls in turn; an answer may be used by a later call as ``{plan_id}``."""
    import anyio

    program = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "medialib_cli", "--config", str(home.folder / "medialib.toml"), "mcp", *arguments],
        env=dict(os.environ),
    )

    async def main() -> list[Any]:
        answers: list[Any] = []
        async with mcp.Client(program) as client:
            for name, given in calls:
                if given.get("plan_id") == "{plan_id}":
                    given["plan_id"] = next(each["plan_id"] for each in reversed(answers) if "plan_id" in each)
                if name == "read":
                    (content,) = (await client.read_resource(given["uri"])).contents
                    answers.append(json.loads(content.text))
                    continue
                answer = await client.call_tool(name, given)
                answers.append({"error": answer.content[0].text} if answer.is_error else answer.structured_content)
        return answers

    return anyio.run(main)


def test_what_a_tool_plans_and_applies_is_what_the_command_line_does(home: Home) -> None:
    nowhere = 'url = "http://127.0.0.1:9"\n[metadata]\nprovider = "none"\npatience = "0s"'
    home.configure(library=f'[tmdb]\napi_key = "{CANARY}"\n{nowhere}')
    for name in ("Show.Name.S01E01.mkv", "Show.Name.S01E02.mkv", "A Film (2010).mkv"):
        home.put(name, name, where="incoming")
    saved = home.folder.parent / "saved.json"
    assert home.medialib("route", "--save-plan", str(saved)).code == 0
    by_command = load_plan(saved.read_text())
    answers = spoken(
        home,
        "--allow-writes",
        calls=[
            ("plan_route", {}),
            ("show_plan", {"plan_id": "{plan_id}"}),
            ("apply_plan", {"plan_id": "{plan_id}"}),
            ("list_shows", {}),
            ("read", {"uri": "medialib://settings"}),
            ("search_provider", {"title": "x"}),
            ("search_provider", {"title": "x", "provider": "tmdb"}),
        ],
    )
    made, shown, applied, shows, settings, nobody, refused = answers
    assert made["actions"] == len(by_command)
    assert load_plan(json.dumps(shown["plan"])).actions == by_command.actions
    assert applied["state"] == "done"
    assert sorted(home.files("tv", "movies")) == [
        "movies/A Film (2010)/A Film (2010).mkv",
        "tv/Show Name/Season 01/Show.Name.S01E01.mkv",
        "tv/Show Name/Season 01/Show.Name.S01E02.mkv",
    ]
    assert [(each["title"], each["files"]) for each in shows["shows"]] == [("Show Name", 2)]
    assert home.medialib("--json", "history", applied["run"]).document["verb"] == "route"
    assert home.medialib("undo").code == 0
    assert len(home.files("incoming")) == 3
    assert settings["tmdb"]["api_key"] == "••••"
    assert CANARY not in json.dumps(answers, ensure_ascii=False)
    assert "metadata.provider" in nobody["error"]
    assert refused["error"].startswith("TMDB could not be connected to")


def test_a_reader_changes_not_one_byte(home: Home) -> None:
    home.put("Show.Name.S01E01.mkv", where="incoming")
    before = home.digest()
    made, refused, unknown, nothing = spoken(
        home,
        calls=[
            ("plan_route", {}),
            ("apply_plan", {"plan_id": "{plan_id}"}),
            ("explain", {"subject": "Show.Name.S01E01.mkv"}),
            ("undo", {}),
        ],
    )
    assert made["actions"] > 0
    assert "--allow-writes" in refused["error"]
    assert "chapters" in unknown
    assert "--allow-writes" in nothing["error"]
    assert home.digest() == before


def test_a_signal_ends_it_in_order(home: Home) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "medialib_cli", "--config", str(home.folder / "medialib.toml"), "mcp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write('{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == -signal.SIGTERM


def test_wrong_configuration_is_said_before_anything(home: Home) -> None:
    (home.folder / "medialib.toml").write_text("[librery]\n")
    answer = home.medialib("mcp")
    assert answer.code == 2
    assert "library" in answer.err
    assert answer.out == ""

"""How well and how fast release names are read: medialib beside the peers that are installed, in one run.

``uv run python benchmarks/naming.py [--corpus FILE] [--scorer FOLDER] [--without-hint] [--rounds N]``. The corpus holds
one case a line (JSON: ``name``, ``source``, ``expect``, ``options``); the scorer's folder holds ``score_naming.py`` and
``peers.py``, which judge every reader by the same rules. Both are looked for beside the checkout, under ``shared``.
Without a corpus only speed is measured, on invented names. To have peers there:
``uv run --with guessit --with parsett --with parse-torrent-title --with anitopy python benchmarks/naming.py``.

Speed is CPU time of one thread, the adapter into the common vocabulary included, the readers taking turns; the median
of the rounds counts. Printed besides: how sure readings are and how often those are wrong, and the slowest of names
that were made to be slow.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import naming_adapter

from medialib.naming import parse_name

Reader = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
SHARED = Path(__file__).resolve().parents[2] / "shared"
CORE = ("title", "season", "episode")


def main() -> None:
    options = _options()
    scorer = _scorer(options.scorer)
    cases = _cases(options.corpus, hints=not options.without_hint)
    readers: dict[str, Reader] = {"medialib": naming_adapter.parse, **_peers()}
    if scorer is None or cases is None:
        print("no corpus here: speed alone, on invented names")
        cases = [{"name": name, "options": {}} for name in invented_names(1000)]
    else:
        _accuracy(scorer, cases, readers)
    _speed(cases, readers, options.rounds)
    if scorer is not None and "expect" in cases[0]:
        _confidence(scorer, cases)
    _slowest()


def _accuracy(scorer: Any, cases: list[dict[str, Any]], readers: Mapping[str, Reader]) -> None:
    sources = sorted({case["source"] for case in cases})
    print(f"{len(cases)} names; share of names right, core fields / every expected field, in %")
    print(f"{'reader':<10} {'all':>13} {'without own':>13}  " + " ".join(f"{source:>13}" for source in sources))
    best: dict[str, tuple[float, str]] = {}
    ours: dict[str, float] = {}
    for name, reader in readers.items():
        whole = scorer.run(cases, reader).summary()
        own = [source for source in sources if source in _own_suites(name)]
        others = whole
        if own:
            others = scorer.run([case for case in cases if case["source"] not in own], reader).summary()
        cells = [(whole["core"]["all"], whole["whole"]["all"]), (others["core"]["all"], others["whole"]["all"])]
        cells += [
            tuple(whole[kind]["per_source"].get(source, {}).get("share", 0.0) for kind in ("core", "whole"))
            for source in sources
        ]
        shown = " ".join(f"{100 * core:>6.1f}/{100 * every:>5.1f} " for core, every in cells)
        print(f"{name:<10} {shown}")
        for field, figures in whole["fields"].items():
            score = figures["f1"] or 0.0
            if name == "medialib":
                ours[field] = score
            elif score > best.get(field, (-1.0, ""))[0]:
                best[field] = (score, name)
    print("\nF1 by field, in %, and the best peer's")
    for field, score in ours.items():
        peer, who = best.get(field, (0.0, "-"))
        mark = " " if score >= peer else "<"
        print(f"  {field:<20} {100 * score:>6.1f} {mark} {100 * peer:>6.1f} {who}")


def _speed(cases: list[dict[str, Any]], readers: Mapping[str, Reader], rounds: int) -> None:
    jobs = [(case["name"], case.get("options") or {}) for case in cases]
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, reader in readers.items():
            # the slowest reads a part, spread over all sources
            mine = jobs[:: 1 + len(jobs) // 600] if name == "guessit" else jobs
            began = time.process_time()
            for job in mine:
                try:
                    reader(*job)
                except Exception:  # noqa: BLE001 - a peer that fails has still spent its time
                    continue
            times[name].append((time.process_time() - began) / len(mine))
    print("\nspeed, names/s of CPU time on one thread, adapter included")
    own = statistics.median(times["medialib"])
    for name, each in times.items():
        median = statistics.median(each)
        spread = f"{1 / max(each):,.0f} to {1 / min(each):,.0f}"
        ratio = "" if name == "medialib" else f"medialib is {median / own:.1f} times as fast"
        print(f"  {name:<10} {1 / median:>10,.0f}  ({spread})  {ratio}")


def _confidence(scorer: Any, cases: list[dict[str, Any]]) -> None:
    """How many readings are sure, and how many of those are wrong in what decides where a file goes."""
    bounds = (0.9, 0.7, 0.5, 0.3)
    print("\nconfidence: share of names read with at least so much, and of those wrong in title, season or episode")
    judged = []
    for case in cases:
        hints = case.get("options") or {}
        verdicts = scorer.judge(case, naming_adapter.parse(case["name"], hints))
        wrong = any(verdicts.get(field, "tp") not in ("tp", "tn") for field in CORE)
        judged.append((parse_name(case["name"], kind=hints.get("type")).confidence, wrong))
    for bound in bounds:
        sure = [wrong for confidence, wrong in judged if confidence >= bound]
        share, bad = len(sure) / len(judged), sum(sure) / max(1, len(sure))
        print(f"  >= {bound:.1f}   {100 * share:5.1f} %   {100 * bad:5.2f} % wrong")


def _slowest() -> None:
    """Names of up to 1,000 characters that were made to be slow: the best of three readings of each counts."""
    slowest = (0.0, "")
    for name in hostile_names():
        best = min(_cpu_of(name) for _ in range(3))
        slowest = max(slowest, (best, name[:40]))
    print(f"\nslowest of {sum(1 for _ in hostile_names())} hostile names: {1000 * slowest[0]:.1f} ms  {slowest[1]!r}…")


def _cpu_of(name: str) -> float:
    began = time.thread_time()
    parse_name(name)
    return time.thread_time() - began


def invented_names(count: int) -> Iterator[str]:
    """Release names of shows and films that were never made, always the same ones."""
    chance = random.Random(7)
    words = ("lighthouse", "arithmetic", "harbour", "paper", "moon", "northern", "kiln", "salt", "glass", "quiet")
    for _ in range(count):
        title = ".".join(word.title() for word in chance.sample(words, chance.randint(1, 3)))
        height = chance.choice(("2160p", "1080p", "720p"))
        tail = f"{height}.{chance.choice(('WEB-DL', 'BluRay', 'HDTV'))}.{chance.choice(('x264', 'H.265'))}-KILN.mkv"
        numbered = chance.choice(
            (
                f"S{chance.randint(1, 9):02}E{chance.randint(1, 24):02}",
                f"{chance.randint(1, 9)}x{chance.randint(1, 24):02}",
                f"{chance.randint(1950, 2025)}",
                f"{chance.randint(2010, 2025)}.{chance.randint(1, 12):02}.{chance.randint(1, 28):02}",
            )
        )
        yield f"{title}.{numbered}.{tail}"
        spaced, number, mark = title.replace(".", " "), chance.randint(1, 999), chance.getrandbits(32)
        yield f"[Kiln] {spaced} - {number:02} [{height}][{mark:08X}].mkv"


def hostile_names() -> Iterator[str]:
    """Runs of everything that readers go back over, 1,000 characters each."""
    pieces = (
        *(
            "1",
            "12 ",
            "S01E01",
            "E01-",
            "S01E001-E9999 ",
            "[",
            "]",
            "[[]]",
            "([{",
            "(1999)",
            "- ",
            "._-",
            " ",
            "\u202e",
        ),
        *("1080p.", "x264-", "DTS.", "2024.05.17.", "2024-", "\x00", "🎬", "第1話", "é", "a.", "A-", "AKA ", "Part 1 "),
        *("Season 1 ", "1x01x", "v2", "~", "&", "[ABCD1234]", "EN.", "Multi ", "S01-S99.", "01-02-03-", "1.5 "),
    )
    for piece in pieces:
        yield (piece * 1000)[:1000]
        yield f"Title {(piece * 1000)[:980]}.mkv"
    chance = random.Random(11)
    for _ in range(300):
        yield "".join(chance.choice(pieces) for _ in range(400))[:1000]


def _own_suites(reader: str) -> tuple[str, ...]:
    return {"guessit": ("guessit",), "ptt": ("ptt",), "ptn": ("ptn",), "anitopy": ("anitopy",)}.get(reader, ())


def _peers() -> dict[str, Reader]:
    found: dict[str, Reader] = {}
    try:
        peers = importlib.import_module("peers")
    except ImportError:
        return found
    for name in ("guessit", "ptt", "ptn", "anitopy"):
        try:
            found[name] = peers.ADAPTERS[name]()
        except ImportError:
            print(f"not installed here: {name}")
    return found


def _scorer(folder: Path) -> Any:
    if not (folder / "score_naming.py").exists():
        return None
    sys.path.insert(0, str(folder))
    return importlib.import_module("score_naming")


def _cases(corpus: Path, *, hints: bool) -> list[dict[str, Any]] | None:
    if not corpus.exists():
        return None
    with corpus.open(encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines if line.strip()]
    cases = [case for case in cases if not case.get("fragment")]
    return cases if hints else [{**case, "options": {}} for case in cases]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--corpus", type=Path, default=SHARED / "corpus" / "naming-dev.jsonl")
    parser.add_argument("--scorer", type=Path, default=SHARED / "tools")
    parser.add_argument("--without-hint", action="store_true", help="do not tell readers whether it is a film")
    parser.add_argument("--rounds", type=int, default=3, help="how often each reader's speed is taken")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""A million broken names: none raises, none stalls, and what is read of each holds together.

``uv run python benchmarks/hostile_names.py [--count N] [--seed N] [--processes N] [--corpus FILE] [--only NUMBER]``.
Names of the corpus (looked for beside the checkout, under ``shared``; without one, invented names) are changed at
random: pieces cut out, doubled and swapped, two names spliced, a fragment repeated up to 1,000 characters, and what
readers stumble over put in: ranges without end, nested brackets, runs of digits, emoji, marks of direction, NUL. Each
name is made from the seed and its own number, so ``--only NUMBER`` makes one again.

Time is CPU time of the reading thread; of a name that takes more than 5 ms, the best of three readings counts. Every
tenth name is read a second time, as a film and as an episode, and written by every preset. Leaves with 1 if a name
raised, took more than 20 ms, or was read in a way that does not hold together.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from medialib.naming import JELLYFIN, KODI, ORIGINAL, PLEX, ParsedName, parse_name, unsafe_reason

LONGEST = 1000
SLOW, TOO_SLOW = 0.005, 0.020
MOST_NUMBERS = 2000
CHUNK = 5000
KEPT = 5
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "naming-dev.jsonl"

STUMBLES = (
    "S01E001-E9999", "S01-S99", "S01E01E02E03", "E01-", "01-9999", "1x01-99", "S99999E99999", "1-2-3-4-5", "001~9999",
    "S01E01.5", "S00E00", "第1話", "第1-999集", "2024.05.17", "2024-", "1999", "(1999)", "(", ")", "[", "]", "{", "}",
    "[[", "]]", "([{<", ">}])", "[]", "()", "- ", " - ", "--", "._-", "...", "   ", "___", "~", "&", "+", ",", "/",
    "\\", "//", "|", "~/", ".mkv", ".mkv.", ".en.srt", "1080p", "x264-", "-GRP", "H.265", "DTS-HD.MA.5.1", "WEB-DL",
    "AKA ", "(US)", "Part 1 ", "CD1", "v2", "[ABCD1234]", "EN.", "Multi", "Season 1", "Complete", "OVA", "NCOP",
    "sample", "p0801", "E01S", "www.site.com", "yEnc", "🎬", "👨\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "\u202e",
    "\u200f", "\u200e", "\u2066", "\u2069", "\u200b", "\ufeff", "\x00", "\x01", "\x7f", "\n", "\r\n", "\t", "\u2028",
    "\x85", "\ud800", "\udcff", "e\u0301", "a\u0300\u0301\u0302\u0303", "İ", "ı", "ß", "ﬁ", "ſ", "K", "Ｓ０１Ｅ０２",
    "１０８０ｐ", "（１９９９）", "【", "】", "「", "東京", "٣", "²", "½", "Ⅳ", "𝟙", "שלום", "العربية", "ไทย",
    "\U0010ffff",
)  # fmt: skip
"""What readers stumble over: put into names at random places, or repeated."""
_DIGITS = "0123456789"
_SEPARATORS = " ._-~+,;&|"


class Report(NamedTuple):
    """What came of some names."""

    count: int
    seconds: float
    """CPU time of all first readings."""
    faults: Counter[str]
    """How many names by what is wrong."""
    examples: dict[str, tuple[int, str]]
    """For each fault, the number and the text of a short name that has it."""
    slowest: list[tuple[float, int, str]]
    """The slowest names, the worst first: CPU seconds, number, name."""


def main() -> None:
    options = _options()
    names = _corpus(options.corpus)
    if options.only is not None:
        name = hostile_name(options.seed, options.only, names)
        parsed = parse_name(name)
        print(repr(name), *parsed.explain(), f"{1000 * _best_of_three(name):.2f} ms", *faults(parsed), sep="\n")
        return
    begun = time.perf_counter()
    report = _run(options, names)
    elapsed = time.perf_counter() - begun
    print(
        f"{report.count} names made of {len(names)}, seed {options.seed}: {report.count / report.seconds:,.0f} a second"
        f" of CPU time ({elapsed:.0f} s on {options.processes} processes)"
    )
    for worst, number, name in report.slowest[:KEPT]:
        print(f"{1000 * worst:6.1f} ms  {number:>8}  {len(name)} characters: {name[:60]!r}")
    for fault, count in report.faults.most_common():
        number, name = report.examples[fault]
        print(f"{count:>8} x {fault}; --only {number}: {name!r}")
    too_slow = sum(1 for worst, _, _ in report.slowest if worst > TOO_SLOW)
    print(f"{sum(report.faults.values())} faults; {too_slow} names over {1000 * TOO_SLOW:.0f} ms")
    sys.exit(1 if report.faults or too_slow else 0)


def hostile_name(seed: int, number: int, names: Sequence[str]) -> str:
    """The name with that number: the same ones for the same seed and corpus."""
    chance = random.Random(f"{seed}:{number}")
    name = chance.choice(names)
    for _ in range(chance.choice((1, 1, 2, 2, 3, 5, 8))):
        name = chance.choice(CHANGES)(name, chance, names)[:LONGEST]
    return name


def faults(parsed: ParsedName) -> list[str]:
    """What does not hold together in a reading."""
    name, found = parsed.name, parsed.findings
    wrong = []
    if not all(0 <= item.start < item.end <= len(name) for item in found):
        wrong.append("a span outside of the name")
    if any(one.start > other.start for one, other in pairwise(found)):
        wrong.append("findings out of order")
    ends: dict[str, int] = {}
    overlapping = set()
    for item in found:
        overlapping |= {
            tuple(sorted((field, item.field)))
            for field, end in ends.items()
            if field != item.field and end > item.start
        }
        ends[item.field] = max(ends.get(item.field, 0), item.end)
    wrong += [f"{one} and {other} share characters" for one, other in sorted(overlapping)]
    if not 0.0 <= parsed.confidence <= 1.0:
        wrong.append("a confidence outside of 0 to 1")
    if len(parsed.seasons) + len(parsed.episodes) + len(parsed.absolute_episodes) > MOST_NUMBERS:
        wrong.append(f"more than {MOST_NUMBERS} numbers")
    if "" in (parsed.title, parsed.episode_title, parsed.release_group, *parsed.alternative_titles):
        wrong.append("an empty text")
    return wrong


def unwritable(parsed: ParsedName) -> list[str]:
    """What is wrong with the names that the presets make of a reading."""
    wrong = []
    for preset in (PLEX, JELLYFIN, KODI, ORIGINAL):
        written = [
            preset.show_folder(parsed.title or "", parsed.year),
            preset.episode_file(
                parsed.title or "",
                extension=parsed.container or "mkv",
                season=parsed.season,
                episodes=parsed.episodes,
                absolute_episodes=parsed.absolute_episodes,
                date=parsed.date,
                episode_title=parsed.episode_title,
                part=parsed.part,
                original=parsed.name,
                release=parsed,
            ),
            preset.movie_file(parsed.title or "", parsed.year, extension="mkv", part=parsed.part, release=parsed),
        ]
        wrong += [f"{preset.name} writes a name that {reason}" for each in written if (reason := unsafe_reason(each))]
    return wrong


def check(numbers: range, *, seed: int, names: Sequence[str]) -> Report:
    """Reads the names with these numbers."""
    report = Report(0, 0.0, Counter(), {}, [])
    seconds, slowest = 0.0, report.slowest
    for number in numbers:
        name = hostile_name(seed, number, names)
        try:
            begun = time.thread_time()
            parsed = parse_name(name)
            taken = time.thread_time() - begun
            seconds += taken
            wrong = faults(parsed)
            if not number % 10:
                wrong += _more_faults(parsed)
        except Exception as error:  # noqa: BLE001 - that nothing is raised is what is tried
            wrong, taken = [f"{type(error).__name__}: {error}"], 0.0
        for fault in wrong:
            report.faults[fault] += 1
            if len(name) < len(report.examples.get(fault, (0, "x" * (LONGEST + 1)))[1]):
                report.examples[fault] = (number, name)
        if taken > SLOW:
            taken = min(taken, _best_of_three(name))
        heapq.heappush(slowest, (taken, number, name))
        if len(slowest) > KEPT and slowest[0][0] <= TOO_SLOW:
            heapq.heappop(slowest)
    return report._replace(count=len(numbers), seconds=seconds, slowest=sorted(slowest, reverse=True))


def _more_faults(parsed: ParsedName) -> list[str]:
    name = parsed.name
    wrong = [] if parse_name(name) == parsed else ["read another way the second time"]
    for kind in ("film", "episode"):
        read = parse_name(name, kind="movie" if kind == "film" else "episode")
        wrong += [f"as {kind}: {fault}" for fault in faults(read)]
    parsed.to_dict(), parsed.alternatives, parsed.explain(), parsed.__rich__(), parsed._repr_html_()
    return wrong + unwritable(parsed)


def _best_of_three(name: str) -> float:
    taken = []
    for _ in range(3):
        begun = time.thread_time()
        parse_name(name)
        taken.append(time.thread_time() - begun)
    return min(taken)


# ------------------------------------------------------------------------------------------------ ways to change a name


def _place(name: str, chance: random.Random) -> int:
    return chance.randint(0, len(name))


def _piece(name: str, chance: random.Random) -> tuple[int, int]:
    begin = _place(name, chance)
    return begin, min(len(name), begin + chance.randint(1, 20))


def _cut_out(name: str, chance: random.Random, _: Sequence[str]) -> str:
    begin, end = _piece(name, chance)
    return name[:begin] + name[end:]


def _doubled(name: str, chance: random.Random, _: Sequence[str]) -> str:
    begin, end = _piece(name, chance)
    return name[:end] + name[begin:end] * chance.randint(1, 4) + name[end:]


def _swapped(name: str, chance: random.Random, _: Sequence[str]) -> str:
    one, other, third = sorted(_place(name, chance) for _ in range(3))
    return name[:one] + name[other:third] + name[one:other] + name[third:]


def _spliced(name: str, chance: random.Random, names: Sequence[str]) -> str:
    other = chance.choice(names)
    return name[: _place(name, chance)] + chance.choice(("", "/", " ", "-")) + other[_place(other, chance) :]


def _repeated(name: str, chance: random.Random, _: Sequence[str]) -> str:
    begin, end = _piece(name, chance)
    piece = name[begin:end] if chance.random() < 0.5 else "".join(chance.choices(STUMBLES, k=chance.randint(1, 3)))
    times = LONGEST // max(1, len(piece)) + 1 if chance.random() < 0.3 else chance.randint(2, 40)
    return name[:begin] + piece * times + name[end:]


def _stumbling(name: str, chance: random.Random, _: Sequence[str]) -> str:
    for _ in range(chance.randint(1, 6)):
        at = _place(name, chance)
        name = name[:at] + chance.choice(STUMBLES) + name[at:]
    return name


def _nested(name: str, chance: random.Random, _: Sequence[str]) -> str:
    begin, end = _piece(name, chance)
    depth = chance.choice((1, 2, 5, 50, 300))
    opening, closing = chance.choice(("[]", "()", "{}", "【】", "「」", "][", ")("))
    return name[:begin] + opening * depth + name[begin:end] + closing * chance.choice((0, 1, depth)) + name[end:]


def _digits(name: str, chance: random.Random, _: Sequence[str]) -> str:
    at = _place(name, chance)
    return name[:at] + "".join(chance.choices(_DIGITS, k=chance.choice((1, 2, 3, 4, 8, 20, 400)))) + name[at:]


def _separators(name: str, chance: random.Random, _: Sequence[str]) -> str:
    if chance.random() < 0.1:
        return "".join(chance.choices(_SEPARATORS, k=chance.randint(0, LONGEST)))
    mark = chance.choice(_SEPARATORS)
    return "".join(mark if letter in _SEPARATORS else letter for letter in name)


def _letters(name: str, chance: random.Random, _: Sequence[str]) -> str:
    kept = list(name)
    for _ in range(min(len(kept), chance.randint(1, 5))):
        kept[chance.randrange(len(kept))] = chr(chance.choice((chance.randint(1, 126), chance.randrange(0x110000))))
    return "".join(kept)


def _case(name: str, chance: random.Random, _: Sequence[str]) -> str:
    return chance.choice((name.upper(), name.lower(), name.swapcase(), name[::-1]))


CHANGES: tuple[Callable[[str, random.Random, Sequence[str]], str], ...] = (
    _cut_out, _doubled, _swapped, _spliced, _repeated, _stumbling, _nested, _digits, _separators, _letters, _case,
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- running


def _run(options: argparse.Namespace, names: Sequence[str]) -> Report:
    chunks = [range(begin, min(begin + CHUNK, options.count)) for begin in range(0, options.count, CHUNK)]
    work = partial(check, seed=options.seed, names=names)
    if options.processes < 2:
        return _together(map(work, chunks))
    with ProcessPoolExecutor(options.processes) as executor:
        return _together(executor.map(work, chunks))


def _together(reports: Iterator[Report]) -> Report:
    count, seconds, counted, examples, slowest = Report(0, 0.0, Counter(), {}, [])
    for report in reports:
        count, seconds = count + report.count, seconds + report.seconds
        counted += report.faults
        for fault, example in report.examples.items():
            examples[fault] = min(examples.get(fault, example), example, key=lambda each: len(each[1]))
        slowest = sorted([*slowest, *report.slowest], reverse=True)
        slowest = slowest[: max(KEPT, sum(1 for worst, _, _ in slowest if worst > TOO_SLOW))]
    return Report(count, seconds, counted, examples, slowest)


def _corpus(path: Path) -> list[str]:
    if not path.exists():
        import naming

        print("no corpus here: names are made from invented ones")
        return list(naming.invented_names(500))
    with path.open(encoding="utf-8") as lines:
        return sorted({json.loads(line)["name"] for line in lines if line.strip()})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="make, read and explain one name")
    return parser.parse_args()


if __name__ == "__main__":
    main()

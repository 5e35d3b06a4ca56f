"""How long `shows recommend` thinks, beside comparing each show with each, in the same run and with the same answer.

Run: ``python benchmarks/recommending.py [SHOWS] [OF WHICH WITH FILES]``. Bringing the index of titles up to date is
what a command does first, and is told on its own.
"""

from __future__ import annotations

import random
import sys
import time

from medialib.model import Show
from medialib.similarity import LexicalEmbedder, open_vector_index
from medialib.workflows.likeness import Alike, compare_shows
from medialib.workflows.similar import NearTitles, recommend_shows

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
KEPT = int(sys.argv[2]) if len(sys.argv) > 2 else 100
SYLLABLES = [first + second for first in "bdklmrst" for second in "aeiou"] + ["the", "of", "night"]
GENRES = [
    "Action",
    "Adventure",
    "Anime",
    "Children",
    "Comedy",
    "Crime",
    "DIY",
    "Drama",
    "Espionage",
    "Family",
    "Fantasy",
    "Food",
    "History",
    "Horror",
    "Legal",
    "Medical",
    "Music",
    "Mystery",
    "Nature",
    "Romance",
    "Science-Fiction",
    "Sports",
    "Supernatural",
    "Thriller",
    "Travel",
    "War",
    "Western",
]


def invented(chance: random.Random, number: int) -> Show:
    words = ("".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(chance.randint(1, 5)))
    return Show(
        f"show-{number}",
        f"{' '.join(words)} {number}",
        year=chance.choice([None, *range(1980, 2025)]),
        genres=tuple(chance.sample(GENRES, chance.randint(0, 4))),
        language=chance.choice([None, "en", "en", "en", "de", "ja", "fr"]),
    )


def plainly(shows: list[Show], titles: NearTitles, kept: set[str]) -> list[tuple[float, str]]:
    best: dict[str, Alike] = {}
    for show in shows:
        if show.key in kept:
            near = titles.near(show.title)
            for other in shows:
                if other.key not in kept:
                    alike = compare_shows(show, other, nearness=near.get(("show", other.key), 0.0))
                    if alike is not None and (other.key not in best or alike.score > best[other.key].score):
                        best[other.key] = alike
    ranked = sorted(best.values(), key=lambda alike: (-alike.score, alike.record.title, alike.record.key))
    return [(alike.score, alike.record.key) for alike in ranked[:10]]


def main() -> None:
    chance, embedder = random.Random(1), LexicalEmbedder()
    shows = [invented(chance, number) for number in range(COUNT)]
    kept = {show.key for show in chance.sample(shows, KEPT)}
    start = time.perf_counter()
    titles = NearTitles(shows, open_vector_index("memory:", embedder.space), embedder)
    titles.update()
    indexed = time.perf_counter()
    found = recommend_shows((), titles, kept)
    quick = time.perf_counter()
    wanted = plainly(shows, titles, kept)
    plain = time.perf_counter()
    assert [(alike.score, alike.record.key) for alike in found] == wanted
    took = quick - indexed
    print(f"{COUNT} shows, {KEPT} of them with files; their titles indexed in {indexed - start:.2f} s")
    print(f"recommend {took:.2f} s, each with each {plain - quick:.2f} s: {(plain - quick) / took:.1f}x")


if __name__ == "__main__":
    main()

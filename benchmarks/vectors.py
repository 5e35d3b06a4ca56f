"""How long a search among many titles takes on each index, and the bulk write before it.

Run: ``python benchmarks/vectors.py [TITLES] [INDEX …]``; indexes are memory, milvus, server and exact. The first one is
the peer that the ratios are against. Searches are those for one title at a time, the median of 15, and what of it this
process spent computing, which is what it takes on a machine that has nothing else to do.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from medialib.ports import VectorIndex, VectorSpace
from medialib.similarity import LexicalEmbedder, open_vector_index
from medialib.testing.servers import milvus_server

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 80_000
WANTED = sys.argv[2:] or ["memory", "milvus", "server"]
SYLLABLES = [first + second for first in "bdklmrst" for second in "aeiou"] + ["the", "of", "night"]


def titles(count: int) -> list[str]:
    chance = random.Random(1)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(5_000)]
    return [f"{' '.join(chance.choices(words, k=chance.randint(1, 5)))} {number}" for number in range(count)]


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def opened(kind: str, space: VectorSpace) -> Iterator[VectorIndex]:
    with tempfile.TemporaryDirectory() as folder:
        if kind == "server":
            with milvus_server(Path(folder)) as server:
                index = open_vector_index(f"milvus://{server.host}:{server.port}?beside=/none", space)
                yield index
                index.close()
            return
        index = open_vector_index(f"milvus:///{folder}/index.db" if kind == "milvus" else f"{kind}:", space)
        yield index
        index.close()


def main() -> None:
    names, embedder = titles(COUNT), LexicalEmbedder()
    start = time.perf_counter()
    vectors = embedder.embed(names)
    took = time.perf_counter() - start
    print(f"{COUNT} titles embedded in {took:.1f} s, {1e6 * took / COUNT:.0f} µs each")
    asked = embedder.embed([name.replace("a", "e", 1) for name in names[:: COUNT // 15][:15]])
    peer = 0.0
    for kind in WANTED:
        with opened(kind, embedder.space) as index:
            written = timed(lambda index=index: index.put(zip(names, vectors, strict=True)))
            first = timed(lambda index=index: index.search(asked[0], 10))
            spent = time.process_time()
            searches = [timed(lambda index=index, one=one: index.search(one, 10)) for one in asked]
            spent = (time.process_time() - spent) / len(asked)
            median = statistics.median(searches)
        peer = peer or median
        print(
            f"{kind:8} bulk write {written:6.1f} s   first search {first * 1e3:7.1f} ms   "
            f"search {median * 1e3:7.1f} ms (computing {spent * 1e3:.1f} ms)   {median / peer:5.1f}x"
        )


if __name__ == "__main__":
    main()

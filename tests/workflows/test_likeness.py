"""The quick way to what is most alike, against the plain one; and shows that are alike in every way there is."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from medialib.model import Show
from medialib.similarity import ExactVectorIndex, LexicalEmbedder
from medialib.workflows.likeness import LEAST_NEARNESS, Alike, compare_shows, most_alike
from medialib.workflows.similar import NearTitles, recommend_shows

genres = st.lists(st.sampled_from(["Drama", "drama", "Comedy", "Crime", "Anime", "War"]), max_size=3).map(tuple)
traits = st.fixed_dictionaries(
    {
        "genres": genres,
        "year": st.none() | st.integers(1999, 2012),
        "language": st.sampled_from([None, "en", "de"]),
        "type": st.sampled_from(["standard", "anime", "daily"]),
        "title": st.sampled_from(["Dark", "Ozark", "The Wire", "Wire", "Ö", ""]),
    }
)


def said(nearness: float) -> str:
    return f"near by {nearness}"


def plainly(
    liked: list[Show], others: list[Show], near: list[dict[str, float]], count: int
) -> list[tuple[Show, Alike]]:
    """Each compared with each; the best of each, the first of those that are equal; then the best of all."""
    best: dict[str, tuple[Show, Alike]] = {}
    for show, nearness in zip(liked, near, strict=True):
        for other in others:
            close = nearness.get(other.key, 0.0)
            alike = compare_shows(show, other, nearness=close, how=said(close))
            if alike is not None and (other.key not in best or alike.score > best[other.key][1].score):
                best[other.key] = (show, alike)
    return sorted(best.values(), key=lambda each: (-each[1].score, each[1].record.title, each[1].record.key))[:count]


@given(st.lists(traits, max_size=6), st.lists(traits, max_size=25), st.data(), st.integers(1, 8))
def test_none_is_missed_by_comparing_fewer(
    some: list[dict[str, object]], more: list[dict[str, object]], data: st.DataObject, count: int
) -> None:
    liked = [Show(key=f"liked-{at}", **each) for at, each in enumerate(some)]  # type: ignore[arg-type]
    others = [Show(key=f"other-{at}", **each) for at, each in enumerate(more)]  # type: ignore[arg-type]
    keys = st.integers(0, 25).map(lambda at: f"other-{at}")
    nearness = st.dictionaries(keys, st.floats(0, 1.01).map(lambda score: round(score, 3)), max_size=4)
    near = [data.draw(nearness) for _ in liked]
    assert most_alike(liked, others, near, count=count, how=said) == plainly(liked, others, near, count)


def test_a_whole_catalogue_gives_what_comparing_each_with_each_gives() -> None:
    chance = random.Random(7)
    names = ["Drama", "Comedy", "Crime", "War", "Music", "Food", "Nature", "Horror", "Mystery"]
    shows = [
        Show(
            f"s{number}",
            f"{chance.choice(['The', 'A'])} {chance.choice(names)} {chance.choice(names)} {number % 40}",
            year=chance.choice([None, *range(1990, 2025)]),
            genres=tuple(chance.sample(names, chance.randint(0, 3))),
            language=chance.choice([None, "en", "de"]),
        )
        for number in range(300)
    ]
    embedder = LexicalEmbedder()
    titles = NearTitles(shows, ExactVectorIndex(embedder.space), embedder)
    titles.update()
    kept = {f"s{number}" for number in range(0, 300, 12)}
    liked, others = [[show for show in shows if (show.key in kept) == ours] for ours in (True, False)]
    near = [{key: score for (_, key), score in titles.near(show.title).items()} for show in liked]
    assert all(score >= LEAST_NEARNESS for each in near for score in each.values())
    found = recommend_shows((), titles, kept, count=20)
    wanted = plainly(liked, others, near, 20)
    assert [(each.record, each.score, each.reasons[0]) for each in found] == [
        (alike.record, alike.score, f"like {show.title}") for show, alike in wanted
    ]
    assert "titles spelt alike" in str([each.reasons for each in found])

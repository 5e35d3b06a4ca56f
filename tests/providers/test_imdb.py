"""IMDb by its index: the law of every provider, and what becomes of IMDb's own files, whatever state they are in."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.errors import Cancelled, OutOfReach, TransientError, UnusableFile, UsageError
from medialib.events import Event, RecordsRead
from medialib.metadata import EpisodeMetadata, TitleMetadata
from medialib.model import ExternalIds
from medialib.providers.imdb import ImdbProvider
from medialib.providers.imdb_import import DATA_SETS, files_among, import_imdb
from medialib.providers.imdb_index import read_index
from medialib.providers.imdb_rows import HEADERS, DataSet
from medialib.testing.imdb_files import imdb_lines, write_imdb_files
from medialib.testing.metadata_world import MetadataWorld
from medialib.testing.providers import MetadataProviderSuite

NOON = datetime(2024, 5, 17, 12, tzinfo=UTC)


class WorldImdb(ImdbProvider):
    """Makes its index anew whenever its world has changed."""

    def __init__(self, world: MetadataWorld, folder: Path) -> None:
        super().__init__(folder / "index.db")
        self._world = world
        self._folder = folder
        self._told: object = None
        self._making = threading.Lock()

    def _ask(self, question: str, values: Any) -> Any:
        with self._making:
            told = (dict(self._world.titles), dict(self._world.episodes))
            if told != self._told:
                import_imdb(
                    files_among([write_imdb_files(self._folder / "files", imdb_lines(self._world))]),
                    self._path,
                    made=NOON,
                )
                self._told = told
        return super()._ask(question, values)


class TestImdb(MetadataProviderSuite):
    carries = frozenset({"original_title", "year", "aliases", "genres"})
    carries_ids = frozenset[str]()
    carries_dates = False

    @pytest.fixture
    def provider(self, world: MetadataWorld, tmp_path: Path) -> WorldImdb:
        return WorldImdb(world, tmp_path)


# ---------------------------------------------------------------------------------------------------------- importing

BASICS = [
    "tt0903747\ttvSeries\tBreaking Bad\tBreaking Bad\t0\t2008\t2013\t45\tCrime,Drama",
    "tt0959621\ttvEpisode\tPilot\tPilot\t0\t2008\t\\N\t58\tCrime",
    'tt0113277\tmovie\t"Heat"\tHeat\t0\t1995\t\\N\t170\t\\N',
    "tt0000001\tmovie\tHeat\tHeat\t0\t1986\t\\N\t\\N\tAction",
    "tt12345678\tvideoGame\tHeat: The Game\tHeat\t0\t1999\t\\N\t\\N\tAction",
    "tt0000009\ttvSeries\tThe Late Hour\tThe Late Hour\t0\t1999\t\\N\t\\N\tComedy,Talk-Show",
]
FILES: dict[DataSet, list[str]] = {
    "title.basics": BASICS,
    "title.akas": [
        "tt0903747\t1\tÜberlebenskampf\tDE\t\\N\timdbDisplay\t\\N\t0",
        "tt0903747\t2\tÜberlebenskampf\tAT\t\\N\timdbDisplay\t\\N\t0",
        "tt0959621\t1\tDie erste\tDE\t\\N\timdbDisplay\t\\N\t0",
    ],
    "title.episode": ["tt0959621\ttt0903747\t1\t1", "tt0959622\ttt0903747\t\\N\t\\N", "tt0959623\ttt0113277\t1\t1"],
    "title.ratings": ["tt0903747\t9.5\t2000000", "tt0113277\t8.3\t700000", "tt0000001\t5.0\t5"],
}


def imported(folder: Path, lines: Mapping[DataSet, list[str]] = FILES, **options: Any) -> ImdbProvider:
    index = folder / "cache" / "index.db"
    import_imdb(files_among([write_imdb_files(folder / "files", lines)]), index, made=NOON, **options)
    return ImdbProvider(index)


def test_what_the_files_say_is_found(tmp_path: Path) -> None:
    provider = imported(tmp_path)
    (show,) = provider.search("uberlebenskampf")
    assert show == TitleMetadata(
        "imdb",
        903747,
        "show",
        "Breaking Bad",
        year=2008,
        aliases=("Überlebenskampf",),
        ids=ExternalIds(imdb="tt0903747"),
        genres=("Crime", "Drama"),
    )
    assert (show.reference, show.identifier) == ("imdb:tt0903747", "tt0903747")
    assert provider.find(ExternalIds(imdb="tt903747")) == show == provider.title(903747)
    assert provider.episodes(903747) == (EpisodeMetadata(1, 1, "Pilot"),)
    late = provider.title(9)
    assert late is not None
    assert late.type == "daily"
    # quotes are letters of a title; the better known first, but a year that was said before that
    assert [(title.title, title.year) for title in provider.search("heat", "movie")] == [
        ('"Heat"', 1995),
        ("Heat", 1986),
    ]
    assert [title.year for title in provider.search("heat", "movie", year=1986)] == [1986, 1995]
    assert provider.search("heat the game", "movie") == ()
    odd = ("", "'", '"', "OR AND", 'a" OR "b', "heat*", "NEAR(heat)", "\udcff", "words_1:heat", "\x80\x08÷", "÷-÷ ¿")
    for lost in odd:
        assert provider.search(lost) == ()
    provider.close()
    provider.close()
    assert provider.title(903747) == show


def test_an_index_tells_what_it_holds(tmp_path: Path) -> None:
    imported(tmp_path)
    index = read_index(tmp_path / "cache" / "index.db")
    assert index.made == NOON
    assert index.counts == {"series": 2, "films": 2, "other titles": 1, "episodes": 1, "ratings": 3}
    assert index.rows == 9
    assert index.path.stat().st_mode & 0o777 == 0o600


def test_files_are_packed_or_not_and_some_may_be_missing(tmp_path: Path) -> None:
    files = files_among([write_imdb_files(tmp_path / "packed", {"title.basics": BASICS}, packed=True)])
    done = import_imdb(files, tmp_path / "index.db", made=NOON)
    assert (done.read, done.refused) == ({"title.basics": 6}, {})
    provider = ImdbProvider(tmp_path / "index.db")
    assert provider.title(903747) is not None
    assert provider.episodes(903747) == ()


def test_which_files_are_meant(tmp_path: Path) -> None:
    folder = write_imdb_files(tmp_path / "files", FILES)
    (folder / "name.basics.tsv.gz").write_bytes(b"")
    assert set(files_among([folder])) == set(DATA_SETS)
    assert set(files_among([folder / "title.basics.tsv", folder / "title.akas.tsv"])) == {"title.basics", "title.akas"}
    for paths, words in (
        ([folder / "title.akas.tsv"], "title.basics.tsv.gz is not among"),
        ([folder / "name.basics.tsv.gz"], "none of IMDb's files"),
        ([folder, write_imdb_files(tmp_path / "others", FILES, packed=True)], "are both title.akas"),
    ):
        with pytest.raises(UsageError, match=words):
            files_among(paths)
    with pytest.raises(OutOfReach):
        files_among([tmp_path / "nowhere"])


def test_without_an_index_it_says_what_to_do(tmp_path: Path) -> None:
    provider = ImdbProvider(tmp_path / "index.db")
    questions: list[Any] = [
        lambda: provider.search("Heat"),
        lambda: provider.title(1),
        lambda: provider.find(ExternalIds(imdb="tt0000001")),
        lambda: provider.episodes(1),
    ]
    for content in (None, b"", b"no database at all", b"SQLite format 3\x00" + bytes(4000)):
        if content is not None:
            (tmp_path / "index.db").write_bytes(content)
        for ask in questions:
            with pytest.raises(OutOfReach) as caught:
                ask()
            assert "medialib providers imdb import" in (caught.value.remedy or "")
    (tmp_path / "index.db").unlink()
    with sqlite3.connect(tmp_path / "index.db") as connection:
        connection.executescript("CREATE TABLE about (name, value); INSERT INTO about VALUES ('version', '999');")
    connection.close()
    with pytest.raises(OutOfReach, match="another medialib"):
        provider.search("Heat")


def test_a_new_index_is_seen_at_once(tmp_path: Path) -> None:
    provider = imported(tmp_path)
    assert provider.search("Heat", "movie")
    imported(tmp_path, {"title.basics": ["tt0000005\tmovie\tCold\tCold\t0\t1990\t\\N\t\\N\t\\N"]})
    assert provider.search("Heat", "movie") == ()
    assert [title.id for title in provider.search("Cold", "movie")] == [5]


def test_what_is_cut_or_of_another_form_is_refused_and_the_old_index_stays(tmp_path: Path) -> None:
    provider = imported(tmp_path)
    whole = gzip.compress(b"".join(line.encode() + b"\n" for line in (HEADERS["title.basics"].decode(), *BASICS)))
    noise = gzip.compress(HEADERS["title.basics"] + b"\n" + b"no such line\n" * 101)
    broken = bytearray(whole)
    broken[len(whole) // 2] ^= 0xFF
    for content, words in (
        (whole[:-20], "ends too early"),
        (whole[:12], "ends too early"),
        (bytes(broken), "damaged|not in the form|does not begin|ends too early"),
        (b"<html>", "damaged"),
        (gzip.compress(b"<html>too many requests</html>"), "does not begin as IMDb's file does"),
        (gzip.compress(b""), "does not begin"),
        (noise, "101 of 101 lines are not, such as 'no such line'"),
    ):
        file = tmp_path / "title.basics.tsv.gz"
        file.write_bytes(content)
        with pytest.raises(UnusableFile, match=words):
            import_imdb({"title.basics": file}, tmp_path / "cache" / "index.db", made=NOON)
        assert provider.search("Heat", "movie")
        assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["index.db", "index.db.lock"]


def test_a_few_garbled_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    garbled = [
        "",
        "tt\ttvSeries\tA\tA\t0\t1\t1\t1\tA",
        "nm0000001\tmovie\tA\tA\t0\t1\t1\t1\tA",
        "tt1\tmovie\tA\tA\t0\tsoon\t1\t1\tA",
    ]
    folder = write_imdb_files(
        tmp_path / "files",
        {**FILES, "title.basics": [*garbled, *BASICS], "title.ratings": ["tt1\tx\ty"] + FILES["title.ratings"]},
    )
    with (folder / "title.basics.tsv").open("ab") as stream:
        stream.write(b"tt0000077\tmovie\t\xff\xfe\tx\t0\t1990\t\\N\t\\N\t\\N")
    done = import_imdb(files_among([folder]), tmp_path / "index.db", made=NOON)
    assert done.refused == {"title.basics": 5, "title.ratings": 1}
    assert done.read["title.basics"] == 11
    assert done.index.counts["films"] == 2


def test_progress_is_told_and_a_stop_leaves_the_old_index(tmp_path: Path) -> None:
    heard: list[Event] = []
    provider = imported(tmp_path, observer=heard.append)
    ends = [event.purpose for event in heard if isinstance(event, RecordsRead) and event.done]
    assert ends == [*DATA_SETS, "search for series", "search for films"]
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(Cancelled):
        imported(tmp_path, cancelled=stopping)
    assert provider.search("Heat", "movie")


def test_two_imports_at_once_are_one_too_many(tmp_path: Path) -> None:
    files = files_among([write_imdb_files(tmp_path / "files", FILES)])

    def again(event: Event) -> None:
        with pytest.raises(TransientError, match="another import"):
            import_imdb(files, tmp_path / "index.db", made=NOON)

    import_imdb(files, tmp_path / "index.db", made=NOON, observer=again)
    assert read_index(tmp_path / "index.db").rows == 9


def test_a_killed_import_leaves_the_old_index_and_the_next_one_begins_again(tmp_path: Path) -> None:
    provider = imported(tmp_path)
    program = (
        "import os, sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from medialib.providers.imdb_import import files_among, import_imdb\n"
        "import_imdb(files_among([Path(sys.argv[1])]), Path(sys.argv[2]), made=datetime.now(UTC),\n"
        "            observer=lambda event: os.kill(os.getpid(), 9) if event.purpose == 'title.episode' else None)\n"
    )
    index = tmp_path / "cache" / "index.db"
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path / "files"), str(index)], check=False)
    assert ended.returncode == -9
    assert (tmp_path / "cache" / "index.db.new").exists()
    assert provider.search("Heat", "movie")
    assert read_index(index).made == NOON
    imported(tmp_path)
    assert not (tmp_path / "cache" / "index.db.new").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutOfReach):
        import_imdb(
            files_among([write_imdb_files(tmp_path / "files", FILES)]), tmp_path / "file" / "index.db", made=NOON
        )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([line.encode() for lines in FILES.values() for line in lines]))
)
def test_any_lines_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("any")
    file = folder / "title.basics.tsv"
    file.write_bytes(b"\n".join((HEADERS["title.basics"], *lines)))
    index = folder / "index.db"
    try:
        done = import_imdb({"title.basics": file}, index, made=NOON)
    except UnusableFile:
        assert not index.exists()
    else:
        assert done.index.rows + done.refused.get("title.basics", 0) <= done.read["title.basics"]
    finally:
        for left in folder.iterdir():
            os.unlink(left)  # noqa: PTH108 - some hundred folders of examples

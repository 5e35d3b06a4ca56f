"""Who is asked about titles, and IMDb's index, through the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medialib.errors import OutOfReach
from medialib.providers.imdb_import import files_among, import_imdb
from medialib.providers.imdb_index import read_index
from medialib.testing.imdb_files import imdb_lines, write_imdb_files
from medialib.testing.metadata_world import invented_world
from medialib.testing.web_server import Answer, Cut, Refuse, Request, WebServer

if TYPE_CHECKING:
    from .conftest import Home


class Datasets(WebServer):
    """IMDb's site of files."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def answer(self, request: Request) -> Answer:
        file = self._folder / request.path.lstrip("/")
        return Answer(file.read_bytes(), headers={"ETag": '"1"'}) if file.is_file() else Answer({}, 404)


@pytest.fixture
def datasets(tmp_path: Path) -> Iterator[Datasets]:
    folder = write_imdb_files(tmp_path / "datasets", imdb_lines(invented_world()), packed=True)
    with Datasets(folder) as server:
        yield server


@pytest.fixture
def asking(home: Home, datasets: Datasets) -> Home:
    """IMDb is asked, and its files come from a server here."""
    home.configure(
        library='[metadata]\nprovider = "imdb"\npatience = "1s"\ntimeout = "1s"\n'
        f'[imdb]\nindex = "imdb/index.db"\nurl = "{datasets.url}"\n'
    )
    return home


def test_an_index_is_made_and_shows_come_from_it(asking: Home, tmp_path: Path) -> None:
    missing = asking.medialib("shows", "add", "The Long Voyage")
    assert missing.code == 1
    assert "there is no index" in missing.err
    assert "medialib providers imdb import" in missing.err
    answer = asking.medialib("providers", "imdb", "import", str(tmp_path / "datasets"))
    assert answer.code == 0, answer.err
    assert "index.db holds " in answer.out
    assert asking.medialib("shows", "add", "The Long Voyage").code == 0
    told = asking.medialib("explain", "The Long Voyage", "--json").document
    (chapter,) = told["chapters"]
    assert (chapter["data"]["show"]["source"], chapter["data"]["show"]["ids"]) == ("imdb", {"imdb": "tt0900101"})
    assert asking.medialib("shows", "add", "Nosferatu", "--imdb-id", "tt0000202", "-n").code == 0


def test_the_files_are_fetched_and_let_go(asking: Home, datasets: Datasets) -> None:
    datasets.fail(Cut(after=200))
    answer = asking.medialib("providers", "imdb", "import", "--download", "--json")
    assert answer.code == 0, answer.err
    assert answer.document["index"]["counts"]["films"] == 3
    assert answer.document["refused"] == {}
    index = asking.folder / "imdb" / "index.db"
    assert not any((index.parent / "files").iterdir())
    made = read_index(index).made
    datasets.fail(*[Refuse(503)] * 200)
    failed = asking.medialib("providers", "imdb", "import", "--download")
    assert failed.code == 1
    assert "IMDb cannot answer now" in failed.err
    assert read_index(index).made == made


def test_what_is_wrong_with_the_files_is_said(asking: Home, tmp_path: Path) -> None:
    for arguments in ((), ("--download", str(tmp_path))):
        assert asking.medialib("providers", "imdb", "import", *arguments).code == 2
    assert asking.medialib("providers", "imdb", "import", str(tmp_path)).code == 2
    folder = tmp_path / "datasets"
    whole = (folder / "title.akas.tsv.gz").read_bytes()
    (folder / "title.akas.tsv.gz").write_bytes(whole[:-9])
    cut = asking.medialib("providers", "imdb", "import", str(folder))
    assert cut.code == 1
    assert "title.akas.tsv.gz ends too early" in cut.err
    with pytest.raises(OutOfReach):
        read_index(asking.folder / "imdb" / "index.db")
    lines = imdb_lines(invented_world())
    lines["title.ratings"].append("garbled")
    lines["title.ratings"] += ["tt0900101\t9.0\t7"]
    partly = asking.medialib("providers", "imdb", "import", str(write_imdb_files(tmp_path / "partly", lines)))
    assert partly.code == 3
    assert "title.ratings: 1 line not in its form, left out" in partly.out


def test_the_providers_are_listed(asking: Home) -> None:
    listed = asking.medialib("providers", "list")
    assert listed.code == 0
    assert "there is no index of IMDb's titles" in listed.out
    document = asking.medialib("providers", "list", "--json").document
    assert [(each["name"], each["turn"], each["ready"]) for each in document["providers"]] == [
        ("imdb", 1, False),
        ("tvmaze", None, True),
        ("tmdb", None, False),
        ("tvdb", None, False),
        ("anidb", None, False),
    ]


def test_the_check_up_looks_at_every_provider_and_at_the_age_of_the_index(asking: Home, tmp_path: Path) -> None:
    checks = {each["subject"]: each for each in asking.medialib("doctor", "--json").document["checks"]}
    assert checks["provider imdb: index"]["state"] == "failed"
    assert "import" in checks["provider imdb: index"]["remedy"]
    assert "provider imdb" not in checks
    for days, state in ((3, "ok"), (90, "warning")):
        made = datetime.now(UTC) - timedelta(days=days, hours=1)
        import_imdb(files_among([tmp_path / "datasets"]), asking.folder / "imdb" / "index.db", made=made)
        checks = {each["subject"]: each for each in asking.medialib("doctor", "--json").document["checks"]}
        assert checks["provider imdb: index"]["state"] == state
        assert f"made {days} days ago" in checks["provider imdb: index"]["finding"]
        assert checks["provider imdb"]["state"] == "ok"


def test_the_index_stands_in_the_cache_unless_it_is_told_otherwise(
    home: Home, tmp_path: Path, datasets: Datasets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    home.configure(library='[metadata]\nprovider = ["imdb", "tvmaze"]\n')
    assert home.medialib("providers", "imdb", "import", str(tmp_path / "datasets")).code == 0
    assert (tmp_path / "cache" / "medialib" / "imdb" / "index.db").exists()
    assert os.stat(tmp_path / "cache" / "medialib" / "imdb").st_mode & 0o777 == 0o700  # noqa: PTH116
    document = home.medialib("providers", "list", "--json").document
    assert [(each["name"], each["turn"]) for each in document["providers"]][:2] == [("imdb", 1), ("tvmaze", 2)]

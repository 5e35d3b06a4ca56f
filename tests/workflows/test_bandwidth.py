"""A limit of bytes a second reaches everything that asks the line for bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from medialib.library import open_library

CONFIGURATION = """
[remotes.seedbox]
url = "sftp://me@127.0.0.1:9/downloads"
[download]
incoming = "{folder}"
transfers = 4
{limit}
[catalogue]
url = "{folder}/catalogue.db"
"""


@pytest.mark.parametrize(("limit", "ahead"), [('bandwidth = "2 MB"', 2_000_000), ("", None)])
def test_remotes_are_asked_for_what_a_second_may_bring(tmp_path: Path, limit: str, ahead: int | None) -> None:
    configuration = tmp_path / "config.toml"
    configuration.write_text(CONFIGURATION.format(folder=tmp_path, limit=limit))
    with open_library(configuration, read_only=True, environment={}) as library:
        tree = library.remotes["seedbox"]._tree  # type: ignore[attr-defined]
        assert tree._filesystem.session.endpoint.most_ahead == ahead

"""Two medialibs at once on one catalogue: everything happens once, and neither complains of the other."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medialib.testing.chances import chances, rounds
from medialib.testing.servers import SshServer

if TYPE_CHECKING:
    from .conftest import House
else:
    House = Any


def stock(remote: Path, chance: random.Random) -> dict[str, bytes]:
    names = [f"Pack.S01.1080p-GRP/Pack.S01E{number:02}.1080p-GRP.mkv" for number in range(1, chance.randint(3, 9))]
    names += ["Film.Name.2001.1080p.BluRay.x264-GRP.mkv", "deep/er/Show.Name.S02E03.mkv", "Show.Name.S02E03.en.srt"]
    hour_ago = time.time() - 3600
    for name in names:
        (remote / name).parent.mkdir(parents=True, exist_ok=True)
        (remote / name).write_bytes(chance.randbytes(chance.randint(20, 400_000)))
        os.utime(remote / name, (hour_ago, hour_ago))
    return {name.rpartition("/")[2]: (remote / name).read_bytes() for name in names}


@pytest.mark.parametrize("number", rounds(sample=4, full=100))
def test_two_syncs_at_once_do_everything_once(
    house: Callable[[str], House], ssh_server: SshServer, tmp_path: Path, number: int
) -> None:
    home = house("house")
    (tmp_path / "remote").mkdir()
    with chances("two processes", number) as chance:
        originals = stock(tmp_path / "remote", chance)
        if number % 2:
            home.configure(f"file://{tmp_path}/remote")
        else:
            server, place = ssh_server, f"{ssh_server.username}@127.0.0.1:{ssh_server.port}"
            home.configure(
                f"sftp://{place}{tmp_path}/remote",
                timeout="20s",
                key_file=str(server.user_key),
                known_hosts=str(server.known_hosts),
            )
        if chance.random() < 0.5:
            # one catalogue may be there already, or both may be the first to make it
            with home.library():
                assert home.rows("select * from journal_runs") == []
        # the second comes as the first one wakes, works, or is about to end
        pause = chance.uniform(0, 0.8)
        running = [start(home)]
        time.sleep(pause / 2)
        running.append(start(home))
        outputs = [process.communicate(timeout=60)[0] for process in running]
        assert [process.returncode for process in running] == [0, 0], outputs
        for output in outputs:
            assert "Traceback" not in output
            assert "locked" not in output
        assert sum("nothing to do" in output for output in outputs) == 1, outputs
        lines = home.rows("select action, count(*) from journal_lines group by action having count(*) > 1")
        assert lines == [], "an action was carried out twice"
        home.assert_settled(originals)


def start(home: House) -> subprocess.Popen[str]:
    return subprocess.Popen(
        home.command("sync"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=home.environment
    )

"""All connections of a file that is read over several are lost at once: what had come is not asked for again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from medialib.errors import ConnectionLost
from medialib.testing.faulty_proxy import FaultyProxy, Lag
from medialib.testing.servers import SshServer
from medialib.transfer import LocalLocation, StreamTransfer, open_location

MEBIBYTE = 2**20
CONTENT = bytes(range(256)) * (96 * MEBIBYTE // 256)
MOST_TWICE = 8 * MEBIBYTE


@pytest.mark.parametrize("delay", [0.0, 0.03])
def test_what_had_come_before_all_connections_were_lost_is_kept(
    ssh_server: SshServer, tmp_path: Path, delay: float
) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far/a.mkv").write_bytes(CONTENT)
    known = tmp_path / "known_hosts"
    target = LocalLocation("here", tmp_path)
    with FaultyProxy(ssh_server.port, Lag(delay)) as proxy:
        known.write_text(f"[127.0.0.1]:{proxy.port} {ssh_server.host_key_line}\n")
        source = open_location(
            "box",
            f"sftp://{ssh_server.username}@127.0.0.1:{proxy.port}{tmp_path}/far",
            key_file=str(ssh_server.user_key),
            known_hosts=str(known),
            agent=False,
        )
        entry = source.entry("a.mkv")
        assert entry is not None
        part, came, cutting = target.part("a.mkv"), 0, True

        def arrived(count: int) -> None:
            nonlocal came
            came += count
            # one that is only now made is cut as well
            if cutting and came > 16 * MEBIBYTE:
                proxy.cut_now()

        with pytest.raises(ConnectionLost):
            StreamTransfer().receive(source, entry, part, cancelled=threading.Event(), arrived=arrived)
        assert proxy.connections > 1 or not delay
        record = part.record
        assert record is not None
        assert record.offset > 16 * MEBIBYTE
        assert proxy.delivered - record.offset <= MOST_TWICE
        again, cutting = target.part("a.mkv"), False
        received = StreamTransfer().receive(source, entry, again, cancelled=threading.Event(), arrived=arrived)
        assert received.resumed_at == record.offset
        again.publish(mtime_ns=entry.mtime_ns)
        source.close()
    assert (tmp_path / "a.mkv").read_bytes() == CONTENT

"""A remote of 10,000 files, none of them new: ``medialib download`` beside ``rclone lsf -R``, same server, same run.

``uv run python benchmarks/listing.py [files] [folders]``. Each time is the best of five, of whole processes: start-up,
connection and listing, as a user of the command line pays them. For ours the walk alone, and the memory of the whole
command at its most, are shown too; and ``medialib --help`` beside a Typer app with two commands.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from medialib.testing.servers import SshServer

WALK = """
import sys, time
from medialib.transfer import open_location
location = open_location("seedbox", sys.argv[1], key_file=sys.argv[2], known_hosts=sys.argv[3])
location.entry("none")
began = time.perf_counter()
count = sum(1 for _ in location.walk())
print(count, time.perf_counter() - began)
location.close()
"""


CONFIGURATION = """
[catalogue]
url = "catalogue.db"
[remotes.seedbox]
url = "{url}"
key_file = "{key}"
known_hosts = "{known_hosts}"
[download]
incoming = "incoming"
"""
HELLO = """
import typer
app = typer.Typer()
@app.command()
def one(name: str): ...
@app.command()
def two(name: str): ...
app()
"""


def best(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Seconds of the quickest of five runs, and the output of the last."""
    times = []
    output = ""
    for _ in range(5):
        began = time.perf_counter()
        output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
        times.append(time.perf_counter() - began)
    return min(times), output


def main(files: int = 10_000, folders: int = 500) -> None:
    """Measure and print one line."""
    with tempfile.TemporaryDirectory() as folder, SshServer(Path(folder)) as server:
        for number in range(files):
            place = server.root / f"Some.Show.S{number % folders:03}.1080p.WEB-GROUP"
            place.mkdir(exist_ok=True)
            (place / f"Some.Show.S{number % folders:03}E{number // folders:03}.1080p.WEB.H264-GROUP.mkv").touch()
        environment = os.environ | {"RCLONE_CONFIG": str(Path(folder, "rclone.conf"))}
        rclone = [
            "rclone", "lsf", "-R", f":sftp:{server.root}", "--sftp-host", server.host, "--sftp-port", str(server.port),
            "--sftp-user", server.username, "--sftp-key-file", str(server.user_key),
            "--sftp-known-hosts-file", str(server.known_hosts), "--files-only",
        ]  # fmt: skip
        theirs, listed = best(rclone, environment)
        walk, printed = best(
            [sys.executable, "-c", WALK, server.url, str(server.user_key), str(server.known_hosts)], environment
        )
        count, alone = printed.split()
        assert int(count) == files == len(listed.splitlines()), (count, files, len(listed.splitlines()))
        home = Path(folder, "home")
        (home / "incoming").mkdir(parents=True)
        configuration = home / "medialib.toml"
        configuration.write_text(
            CONFIGURATION.format(url=server.url, key=server.user_key, known_hosts=server.known_hosts)
        )
        medialib = [sys.executable, "-m", "medialib_cli", "-c", str(configuration)]
        subprocess.run([*medialib, "bootstrap", "downloads"], check=True, capture_output=True)
        ours, said = best([*medialib, "download"], environment)
        assert said.strip() == "nothing to do", said
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{files} files in {folders} folders, none new:")
        print(f"  rclone lsf -R       {theirs:6.2f} s")
        print(
            f"  our walk            {walk:6.2f} s  ratio {walk / theirs:.2f}  (of which listing {float(alone):.2f} s)"
        )
        print(f"  medialib download   {ours:6.2f} s  ratio {ours / theirs:.2f}  (largest process {memory:.0f} MiB)")
        hello, _ = best([sys.executable, "-c", HELLO, "--help"], environment)
        helped, _ = best([sys.executable, "-m", "medialib_cli", "--help"], environment)
        print(
            f"  hello-world --help  {hello:6.2f} s\n  medialib --help     {helped:6.2f} s  ratio {helped / hello:.2f}"
        )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))

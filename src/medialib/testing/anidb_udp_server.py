"""A small AniDB on 127.0.0.1 over real UDP, with accounts, sessions and files, which bans whoever is too fast.

Written by AniDB's wiki (UDP_API_Definition): commands, codes, masks with all their fields, escapes, tags, sessions that
belong to one address and port, and the flood protection, which counts all packets of one address. The kernel says when
a packet came, so that what is measured does not depend on how busy this process is.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Self

import attrs

from medialib.testing.anidb_server import ANIDB_CLIENT, ANIDB_CLIENT_VERSION

__all__ = ["ANIDB_PASSWORD", "ANIDB_USER", "AnidbUdpServer", "KnownRelease", "Packet"]

ANIDB_USER = "somebody"
"""The account that the server takes."""
ANIDB_PASSWORD = "an&invented<br />password"
"""Its password: invented, and of characters that have to be escaped."""

_SO_TIMESTAMPNS = 35
_STAMP = struct.calcsize("qq")

FILE_FIELDS: Final = (
    ("", "aid", "eid", "gid", "lid", "other episodes", "deprecated", "state"),
    ("size", "ed2k", "md5", "sha1", "crc32", "", "colour depth", ""),
    ("quality", "source", "audio codec", "audio bitrate", "video codec", "video bitrate", "resolution", "type"),
    ("dub language", "sub language", "length", "description", "aired", "", "", "file name"),
    ("mylist state", "mylist filestate", "viewed", "view date", "storage", "mylist source", "other", ""),
)
"""The bits of ``fmask``, byte by byte from the highest bit on."""
ANIME_FIELDS: Final = (
    ("total episodes", "highest episode", "year", "type", "related aids", "related types", "categories", ""),
    ("romaji name", "kanji name", "english name", "other name", "short names", "synonyms", "", ""),
    ("epno", "ep name", "ep romaji name", "ep kanji name", "ep rating", "ep votes", "", ""),
    ("group name", "group short name", "", "", "", "", "", "updated"),
)
"""The bits of ``amask``."""


@attrs.frozen
class KnownRelease:
    """A file that the server knows; `fields` are named as in `FILE_FIELDS` and `ANIME_FIELDS`, others are empty."""

    fid: int
    """AniDB's number of it."""
    size: int
    """Bytes."""
    ed2k: str
    """Its ed2k hash, lower-case hex."""
    fields: Mapping[str, str | int] = MappingProxyType({})
    """What is known of it."""

    def value(self, field: str) -> str:
        """A field as it is sent: without what cannot be sent."""
        told = {"size": self.size, "ed2k": self.ed2k, **self.fields}.get(field, "")
        return str(told).replace("'", "`").replace("|", "/").replace("\n", "<br />")


@attrs.frozen
class Packet:
    """What came."""

    at: float
    """When, by the machine's clock, in seconds."""
    sender: tuple[str, int]
    """From where."""
    command: str
    """``AUTH``, ``FILE`` …"""
    parameters: Mapping[str, str]
    """With their escapes taken back."""


class AnidbUdpServer:
    """The server; a context manager, on a port of its own.

    Packets of one address must be `short` seconds apart and, over the last `window` of them, `long` on average; the
    first five are free, as AniDB's are. Who is faster is banned until the server ends. 0 allows everything.
    """

    def __init__(self, *, short: float = 0.0, long: float = 0.0, window: int = 10) -> None:
        self.files: list[KnownRelease] = []
        self.packets: list[Packet] = []
        self.password = ANIDB_PASSWORD
        """That of the one account."""
        self.banned = False
        """Whether every packet is answered with a ban."""
        self.bans_after: int | None = None
        """So many packets are answered, all others with a ban."""
        self.silent = 0
        """So many packets from now on are lost."""
        self.twice = False
        """Whether every answer is sent twice, and once more before the next one."""
        self.say: deque[str] = deque()
        """Answers, from the code on, to the next packets in place of what would be said."""
        self.sessions: dict[str, tuple[str, int]] = {}
        self.lock = threading.Lock()
        self._short, self._long, self._window = short, long, window
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._count = 0
        self._last_answer = b""

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.settimeout(0.05)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, args=(self._socket,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        line, self._socket = self._socket, None
        if self._thread is not None:
            self._thread.join()
        if line is not None:
            line.close()

    @property
    def port(self) -> int:
        """The port that it listens at."""
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    def asked(self, command: str = "") -> list[Packet]:
        """The packets so far, or those of one command."""
        with self.lock:
            return [each for each in self.packets if not command or each.command == command]

    def gaps(self) -> list[float]:
        """Seconds between each packet and the one before it, from wherever they came."""
        times = [each.at for each in self.asked()]
        return [later - earlier for earlier, later in pairwise(times)]

    def _serve(self, line: socket.socket) -> None:
        while self._socket is not None:
            try:
                data, extra, _, sender = line.recvmsg(65_535, socket.CMSG_SPACE(_STAMP))
            except TimeoutError:
                continue
            except OSError:
                return
            stamps = [content for _, kind, content in extra if kind == _SO_TIMESTAMPNS]
            at = struct.unpack("qq", stamps[0][:_STAMP]) if stamps else divmod(time.time_ns(), 10**9)
            with self.lock:
                before = self._last_answer
                answer = self._answer(at[0] + at[1] / 1e9, sender, data.decode("utf-8", "replace"))
                twice = self.twice
            if answer is None:
                continue
            for each in (before, answer, answer) if twice else (answer,):
                if each:
                    line.sendto(each, sender)
            self._last_answer = answer

    def _answer(self, at: float, sender: tuple[str, int], line: str) -> bytes | None:
        command, _, rest = line.partition(" ")
        parameters = {}
        for pair in rest.replace("&amp;", "\0").split("&"):
            name, _, value = pair.partition("=")
            parameters[name] = value.replace("\0", "&").replace("<br />", "\n")
        self.packets.append(Packet(at, sender, command, parameters))
        used_up = self.bans_after is not None and len(self.packets) > self.bans_after
        self.banned = self.banned or used_up or self._too_fast()
        if self.silent:
            self.silent -= 1
            return None
        if self.banned:
            return b"555 BANNED\nflooding\n"
        said = self.say.popleft() if self.say else self._said(command, sender, parameters)
        tag = parameters.get("tag")
        return f"{tag + ' ' if tag else ''}{said}\n".encode()

    def _too_fast(self) -> bool:
        times = [each.at for each in self.packets]
        if len(times) <= 5:
            return False
        if times[-1] - times[-2] < self._short:
            return True
        recent = times[-self._window :]
        return len(recent) == self._window and recent[-1] - recent[0] < self._long * (self._window - 1)

    def _said(self, command: str, sender: tuple[str, int], told: Mapping[str, str]) -> str:
        if command == "PING":
            return "300 PONG"
        if command == "AUTH":
            return self._auth(sender, told)
        key = told.get("s", "")
        if command == "LOGOUT":
            return "203 LOGGED OUT" if self.sessions.pop(key, None) else "403 NOT LOGGED IN"
        if not key:
            return "501 LOGIN FIRST"
        if self.sessions.get(key) != sender:
            return "506 INVALID SESSION"
        return self._file(told) if command == "FILE" else "598 UNKNOWN COMMAND"

    def _auth(self, sender: tuple[str, int], told: Mapping[str, str]) -> str:
        if not {"user", "pass", "protover", "client", "clientver"} <= told.keys() or told["protover"] != "3":
            return "505 ILLEGAL INPUT OR ACCESS DENIED"
        if told["client"] != ANIDB_CLIENT:
            return "504 CLIENT BANNED - not registered"
        if int(told["clientver"]) < ANIDB_CLIENT_VERSION:
            return "503 CLIENT VERSION OUTDATED"
        if (told["user"], told["pass"]) != (ANIDB_USER, self.password.replace("<br />", "\n")):
            return "500 LOGIN FAILED"
        self._count += 1
        key = f"S3cr{self._count:03}x"
        self.sessions[key] = sender
        return f"200 {key} LOGIN ACCEPTED"

    def _file(self, told: Mapping[str, str]) -> str:
        if "size" not in told or len(told.get("ed2k", "")) != 32:
            return "505 ILLEGAL INPUT OR ACCESS DENIED"
        found = [each for each in self.files if (str(each.size), each.ed2k) == (told["size"], told["ed2k"])]
        if not found:
            return "320 NO SUCH FILE"
        if len(found) > 1:
            return "322 MULTIPLE FILES FOUND\n" + "|".join(str(each.fid) for each in found)
        (release,) = found
        names = [*_masked(FILE_FIELDS, told.get("fmask", "")), *_masked(ANIME_FIELDS, told.get("amask", ""))]
        return "220 FILE\n" + "|".join([str(release.fid), *(release.value(name) for name in names)])


def _masked(fields: tuple[tuple[str, ...], ...], mask: str) -> list[str]:
    chosen = []
    for names, byte in zip(fields, bytes.fromhex(mask), strict=True):
        chosen += [name for at, name in enumerate(names) if byte & (0x80 >> at)]
    return chosen

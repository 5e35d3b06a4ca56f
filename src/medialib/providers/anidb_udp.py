"""Files that AniDB knows by their content, asked by its UDP API: https://wiki.anidb.net/UDP_API_Definition.

A packet may be lost, come twice, or come late. So each command has a tag, by which its answer is known; one that is not
answered is sent again with the same tag, after twice the time; answers to what nobody asks any more are passed over.

AniDB bans whoever is too fast, for all programs behind one address. So packets go out by a `Pace` that all processes
share, one command at a time, and answers are kept: those of files that it knows for a month, others for a day.
"""

from __future__ import annotations

import json
import secrets
import select
import socket
import threading
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Final, NoReturn

import cattrs

from medialib.errors import (
    AuthenticationFailed,
    Banned,
    ConnectionLost,
    MedialibError,
    RequestRefused,
    ServiceUnavailable,
    TransientError,
    UnusableAnswer,
)
from medialib.http import HttpOptions
from medialib.http.pace import Pace
from medialib.http.redaction import Redactor, guard_logs
from medialib.http.waiting import Patience, ask_cancelled
from medialib.metadata import EpisodePlace, FileMetadata
from medialib.providers.anidb import BAN, CLIENT_REMEDY, anidb_pace
from medialib.providers.anidb_kept import DAY, KeptAnswers
from medialib.providers.anidb_map import AnimeList
from medialib.providers.anidb_packets import ANIME_MASK, FILE_MASK, Reply, packet, read_file, read_reply

__all__ = ["AnidbFiles"]

MONTH: Final = 30 * DAY
TRIES: Final = 3
PORTS: Final = 8
"""So many local ports, from the first on, are tried: AniDB bans addresses that use ever new ones."""
LOOK: Final = 0.1
NO_SESSION: Final = frozenset({501, 505, 506})
"""LOGIN FIRST, ILLEGAL INPUT OR ACCESS DENIED, INVALID SESSION: a new session may help, once."""
ACCOUNT_REMEDY: Final = "Check anidb.username and anidb.password."


class AnidbFiles:
    """`ports.FileProvider` over AniDB's UDP API.

    `username` and `password` are of an account at AniDB, `client` and `client_version` of a client that is registered
    there. `local_port` is the port that packets leave from, or the first free one of the seven behind it; 0: any.
    `pace` is what all processes keep to, `ban` for how many seconds nothing is sent once AniDB has banned this address.
    `anime_list` is a copy of ``anime-list.xml``. ``options.timeout`` is for how many seconds an answer is waited for.

    The session is begun by the first question and ended by `close`. Raises AuthenticationFailed for an empty name,
    password or client. May be used by several threads, which take turns.
    """

    def __init__(
        self,
        username: str,
        password: str,
        client: str,
        client_version: int,
        host: str = "api.anidb.net",
        port: int = 9000,
        options: HttpOptions | None = None,
        *,
        local_port: int = 0,
        anime_list: Path | None = None,
        pace: Pace | None = None,
        ban: float = BAN,
    ) -> None:
        if not (username.strip() and password and client.strip()):
            raise AuthenticationFailed(
                "AniDB tells of files only with an account and a client", remedy=f"{ACCOUNT_REMEDY} {CLIENT_REMEDY}"
            )
        self._options = options = options or HttpOptions()
        self._password = password
        self._who: dict[str, str | int] = {"user": username.strip(), "pass": password, "protover": 3}
        self._as: dict[str, str | int] = {"client": client.strip().lower(), "clientver": client_version, "enc": "UTF8"}
        self._address = (host, port)
        self._local_port = local_port
        self._ban = ban
        self._pace = anidb_pace(options) if pace is None else pace
        self._kept = KeptAnswers(
            options.cache and options.cache / "anidb-files.sqlite",
            options.clock,
            read_only=options.read_only,
            told=options.told,
        )
        self._list = None if anime_list is None else AnimeList(anime_list)
        self._redact = Redactor([password])
        guard_logs(self._redact)
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._session: str | None = None
        self._refused: AuthenticationFailed | None = None
        self._prefix = secrets.token_hex(3)
        self._tags = count(1)

    def __repr__(self) -> str:
        return f"AnidbFiles('{self._address[0]}:{self._address[1]}')"

    @property
    def name(self) -> str:
        """``anidb``."""
        return "anidb"

    def file(self, size: int, hashes: Sequence[str]) -> FileMetadata | None:
        """The file that AniDB has under one of these hashes; None too where it has several and so says nothing.

        Raises as `ports.FileProvider.file` says. An older answer is used, and told of, where AniDB cannot be asked.
        """
        for value in hashes:
            key = f"file {size} {value.lower()}"
            kept = self._kept.get(key)
            known = None if kept is None else _kept_file(kept[0])
            if kept is not None and known is not None and kept[1] < (DAY if known[0] is None else MONTH):
                found = known[0]
            else:
                try:
                    found = self._asked(size, value.lower())
                except TransientError as error:
                    if known is None:
                        raise
                    self._options.told(f"an older answer of AniDB about a file is used: {error.message}")
                    found = known[0]
                else:
                    self._kept.put(key, _json(found))
            if found is not None:
                return found
        return None

    def tvdb_place(self, file: FileMetadata) -> tuple[int, EpisodePlace] | None:
        """As the list of anime says."""
        if self._list is None or file.episode is None or file.episode.season is None:
            return None
        places = [self._list.tvdb_place(file.title, file.episode.season, number) for number in file.episode.numbers]
        return places[0] if len(places) == 1 else None

    def close(self) -> None:
        """End the session, if that can be done soon, and let go of files. Calling it twice is fine."""
        with self._lock:
            if self._session is not None and self._socket is not None:
                # one packet, whose answer nobody waits for
                goodbye = packet("LOGOUT", {"tag": self._tag(), "s": self._session})
                patience = Patience(5.0, self._options.clock, self._options.cancelled, "AniDB")
                try:
                    self._pace.send(lambda: self._transmit(goodbye), patience)
                except MedialibError:
                    self._session = None  # it ends by itself, half an hour from now
            self._session = None
            self._hang_up()
        self._pace.close()
        self._kept.close()

    # ------------------------------------------------------------------------------------------------------- commands

    def _asked(self, size: int, value: str) -> FileMetadata | None:
        query: dict[str, str | int] = {"size": size, "ed2k": value, "fmask": FILE_MASK, "amask": ANIME_MASK}
        reply = self._command("FILE", query)
        if reply.code == 220 and reply.lines:
            return read_file(reply.lines[0])
        if reply.code == 320:
            return None
        if reply.code == 322:
            self._options.told(f"AniDB has several files of {size} bytes with the ed2k hash {value}; none was taken")
            return None
        raise self._unexpected("FILE", reply)

    def _command(self, command: str, parameters: dict[str, str | int]) -> Reply:
        """The answer to a command that wants a session, which is begun where there is none, and again if it is over."""
        options = self._options
        with self._lock:
            patience = Patience(options.patience, options.clock, options.cancelled, "AniDB")
            self._pace.check()
            for attempt in range(2):
                session = self._session if self._session is not None else self._sign_in(patience)
                reply = self._exchange(command, {**parameters, "s": session}, patience)
                if reply.code not in NO_SESSION:
                    return reply
                self._session = None
                if attempt:
                    raise RequestRefused(f"AniDB refuses {command} ({reply.code} {self._redact(reply.text)})")
        raise AssertionError  # the loop returns or raises

    def _sign_in(self, patience: Patience) -> str:
        if self._refused is not None:
            raise self._refused
        reply = self._exchange("AUTH", {**self._who, **self._as}, patience)
        if reply.code in (200, 201):
            key = reply.text.partition(" ")[0]
            if not key.isalnum():
                raise UnusableAnswer("AniDB let us in without a session")
            if reply.code == 201:
                self._options.told("AniDB says that there is a newer version of this client")
            self._redact.learn([key])
            self._session = key
            return key
        if reply.code == 500:
            # never tried again: AniDB bans who goes on guessing
            self._refused = AuthenticationFailed("AniDB refuses the account (500 LOGIN FAILED)", remedy=ACCOUNT_REMEDY)
            raise self._refused
        if reply.code in (503, 504):
            said = self._redact(reply.text)
            self._refused = AuthenticationFailed(
                f"AniDB refuses the client ({reply.code} {said})", remedy=CLIENT_REMEDY
            )
            raise self._refused
        raise self._unexpected("AUTH", reply)

    def _unexpected(self, command: str, reply: Reply) -> MedialibError:
        return UnusableAnswer(f"AniDB answered {command} with {reply.code} {self._redact(reply.text)[:100]}")

    # ------------------------------------------------------------------------------------------------------ exchanges

    def _exchange(self, command: str, parameters: dict[str, str | int], patience: Patience) -> Reply:
        """Send a command until it is answered, three times at most; what concerns every command is raised."""
        tag = self._tag()
        data = packet(command, {**parameters, "tag": tag})
        for attempt in range(TRIES):
            self._connected()  # a name is looked up before others are kept waiting
            self._pace.send(lambda: self._transmit(data), patience)
            reply = self._received(tag, self._options.timeout * 2**attempt)
            if reply is not None and reply.code == 604:  # TIMEOUT - DELAY AND RESUBMIT
                patience.wait(min(patience.left, self._options.timeout * 2**attempt))
            elif reply is not None:
                self._judge(reply)
                return reply
        raise ServiceUnavailable(
            f"AniDB did not answer {TRIES} packets to {self._address[0]}:{self._address[1]}",
            remedy="Check the network, and whether UDP may leave it.",
        )

    def _judge(self, reply: Reply) -> None:
        """Let pass what answers the command."""
        if reply.code == 555:
            self._session = None
            raise self._banned(reply)
        if reply.code >= 600:
            said = self._redact(reply.text)[:100]
            raise ServiceUnavailable(
                f"AniDB cannot answer now ({reply.code} {said})", remedy="Try again in half an hour."
            )

    def _banned(self, reply: Reply) -> Banned:
        return self._pace.ban(self._ban, self._redact(" ".join(reply.lines).strip())[:200])

    def _transmit(self, data: bytes) -> None:
        try:
            self._connected().send(data)
        except ConnectionRefusedError:
            # told late, of the packet before; the one that counts is sent again
            self._transmit_again(data)
        except OSError as error:
            self._lost(error)

    def _transmit_again(self, data: bytes) -> None:
        try:
            self._connected().send(data)
        except OSError as error:
            self._lost(error)

    def _received(self, tag: str, seconds: float) -> Reply | None:
        """The answer to a tag, if it comes within so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ask_cancelled(self._options.cancelled, "AniDB")
            line = self._connected()
            if not select.select([line], [], [], min(left, LOOK))[0]:
                continue
            try:
                reply = read_reply(line.recv(65_535))
            except ConnectionRefusedError:
                continue  # nobody listens there now; somebody may when it is sent again
            except OSError as error:
                self._lost(error)
            if reply is not None and (reply.tag == tag or (reply.tag is None and reply.code >= 555)):
                return reply
        return None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self._bind(line)
                line.connect(self._address)  # so that nobody else's packets are taken for answers
            except OSError as error:
                line.close()
                self._lost(error)
            self._socket = line
        return self._socket

    def _bind(self, line: socket.socket) -> None:
        ports = range(self._local_port, self._local_port + PORTS) if self._local_port else range(1)
        for port in ports:
            try:
                line.bind(("", port))
            except OSError:
                continue
            return
        raise ConnectionLost(
            f"the ports {ports.start} to {ports.stop - 1}, which AniDB is asked from, are all taken",
            remedy="Set anidb.local_port.",
        )

    def _lost(self, error: OSError) -> NoReturn:
        self._hang_up()
        if isinstance(error, MedialibError):
            raise error
        host, port = self._address
        raise ConnectionLost(
            f"nothing can be sent to AniDB at {host}:{port}: {error.strerror or type(error).__name__}",
            remedy="Check anidb.udp_host and the network.",
        ) from None

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._session = None  # a session is one address and port

    def _tag(self) -> str:
        return f"{self._prefix}{next(self._tags)}"


def _json(found: FileMetadata | None) -> bytes:
    return json.dumps(None if found is None else cattrs.unstructure(found)).encode()


def _kept_file(body: bytes) -> tuple[FileMetadata | None] | None:
    """What a kept answer says; None if it cannot be read, being another version's."""
    try:
        told = json.loads(body)
        return (None if told is None else cattrs.structure(told, FileMetadata),)
    except (ValueError, TypeError, KeyError, cattrs.BaseValidationError):
        return None

"""What the demo is shown on: a sample seedbox, a sample library and what is known of them, all invented.

Titles, people, groups and dates are made up; no provider's data and no real show or film is among them. Everything is
computed from names, so two samples are equal byte for byte.
"""

from __future__ import annotations

import hashlib
import random
import zlib
from datetime import date
from typing import Final, Literal, TypeAlias

import attrs

from medialib.model import Episode, Holding, Movie, Place, Show, Unit

__all__ = [
    "CONFIGURATION",
    "EPISODES",
    "EXPLAINED",
    "LINKS",
    "MOVIES",
    "SHOWS",
    "Fate",
    "KeptFile",
    "SampleFile",
    "kept_files",
    "sample_files",
]

Fate: TypeAlias = Literal[
    "placed", "duplicate", "conflict", "unrouted", "excluded", "still arriving", "refused"
]  # fmt: skip
"""What is to become of a sample file: ``placed`` in the library, or left alone with a remark of that kind."""


@attrs.frozen
class SampleFile:
    """A file on the sample seedbox."""

    path: str
    """Path below the seedbox's root."""
    content: bytes
    """What is in it."""
    hours: float
    """How long ago it was last changed."""
    fate: Fate
    """What is to become of it."""


@attrs.frozen
class KeptFile:
    """A file that the sample library holds from the start."""

    place: Place
    """Where it stands."""
    content: bytes
    """What is in it."""
    holding: Holding
    """What the inventory says of it."""


CONFIGURATION: Final = """\
# Written by `medialib demo`. Everything is in the folder of this file; relative paths start from it.

[remotes.seedbox]
url = "./remote"            # a folder that plays the seedbox; a real one: "sftp://user@seedbox.example/downloads"

[download]
incoming = "incoming"
stability = "5m"            # a file must be this old to be taken as whole
minimum_free = 0

[library]
tv = "library/tv"
anime = "library/anime"
movies = "library/movies"
preset = "plex"

[catalogue]
url = "catalogue.db"
"""
"""The sample's configuration file."""

LINKS: Final = {"The.Borrowed.Key.2024.1080p.WEB-DL.H.264-KILN.mkv": "../medialib.toml"}
"""Links on the seedbox, by path, and where they lead: out of it."""

EXPLAINED: Final = Place(
    "anime", "Yoru no Tetsubin Densetsu (2017)/Season 02/Yoru no Tetsubin Densetsu - S02E03 - The Lid That Sang.mkv"
)
"""The file whose story is worth telling: its name gives a number counted through all seasons."""

SHOWS: Final = (
    Show("bread-salt-and-thimbles", "Bread, Salt & Thimbles", 2020, source="demo"),
    Show("tante-brumaille", "Tante Brumaille", 2015, aliases=("Aunt Brumaille",), language="fr", source="demo"),
    Show("the-quince-street-ledger", "The Quince Street Ledger", 2019, language="en", source="demo"),
    Show("tonight-in-marrowby", "Tonight in Marrowby", 2011, type="daily", language="en", source="demo"),
    Show(
        "yoru-no-tetsubin-densetsu",
        "Yoru no Tetsubin Densetsu",
        2017,
        type="anime",
        aliases=("Legend of the Midnight Kettle", "YnTD"),
        language="ja",
        source="demo",
    ),
)
"""The shows that the sample catalogue knows; two more come on the seedbox."""

MOVIES: Final = (
    Movie("a-ladder-for-the-tidewarden-2021", "A Ladder for the Tidewarden", 2021, source="demo"),
    Movie("nine-spoons-of-rain-2018", "Nine Spoons of Rain", 2018, source="demo"),
)
"""The films that the sample catalogue knows; one more comes on the seedbox."""

_LEDGER = "the-quince-street-ledger"
_KETTLE = "yoru-no-tetsubin-densetsu"
_LEDGER_TITLES = {
    0: ("A Day in the Vault", "Blots", "The Midwinter Audit"),
    1: ("Opening Balance", "Petty Cash"),
    2: (
        *("Double Entry", "The Missing Column", "Carried Forward", "Red Ink"),
        *("A Matter of Ninepence", "The Auditor's Umbrella", "Write-Offs", "Closing Balance"),
    ),
}
_KETTLE_TITLES = {
    1: "First Steam",
    25: "Cold Iron",
    26: "Three Cups for a Stranger",
    27: "The Lid That Sang",
    28: "Embers Keep No Diary",
    29: "A Spout Facing North",
    30: "The Tea Thief's Apprentice",
}
_GUESTS = ("Ottoline Varga", "Benno Quill", "Sunniva Dale-Okoro", "Imre Lathbury", "Teodor Finchmarsh")
_FIRST_NIGHT = date(2024, 5, 13)


def _nights() -> tuple[tuple[date, str], ...]:
    return tuple((date.fromordinal(_FIRST_NIGHT.toordinal() + day), guest) for day, guest in enumerate(_GUESTS))


def _episodes() -> tuple[Episode, ...]:
    ledger = (
        Episode(_LEDGER, season, number, title)
        for season, titles in _LEDGER_TITLES.items()
        for number, title in enumerate(titles, start=1)
    )
    # 24 episodes in the first season, 12 in the second: 27 is the third of the second
    kettle = (
        Episode(
            _KETTLE,
            1 if absolute <= 24 else 2,
            (absolute - 1) % 24 + 1,
            _KETTLE_TITLES.get(absolute),
            absolute=absolute,
        )
        for absolute in range(1, 37)
    )
    # the last night is not known yet: it goes by its date
    marrowby = (
        Episode("tonight-in-marrowby", 2024, 92 + index, guest, aired=night)
        for index, (night, guest) in enumerate(_nights()[:-1])
    )
    return (*ledger, *kettle, *marrowby)


EPISODES: Final = _episodes()
"""The episodes that the sample catalogue knows; the anime's have absolute numbers, the daily's have dates."""


def sample_files() -> tuple[SampleFile, ...]:
    """The files on the sample seedbox, by path.

    >>> files = sample_files()
    >>> len(files), sum(file.fate == "placed" for file in files)
    (64, 47)
    """
    found = (
        *_season_pack(),
        *_unfinished_pack(),
        *_more_of_the_ledger(),
        *_anime(),
        *_daily(),
        *_other_series(),
        *_films(),
        *_oddities(),
    )
    return tuple(sorted(found, key=lambda file: file.path))


def kept_files() -> tuple[KeptFile, ...]:
    """The files that the sample library holds from the start.

    >>> [str(file.place).partition("/")[0] for file in kept_files()][-1]
    'movies:Nine Spoons of Rain (2018)'
    """
    ledger, kettle = "The Quince Street Ledger", "Yoru no Tetsubin Densetsu"
    return (
        _kept(
            Place("tv", f"{ledger} (2019)/Season 01/{ledger} - S01E01 - Opening Balance.mkv"),
            Unit("episode", _LEDGER, 1, (1,)),
            "The.Quince.Street.Ledger.S01E01.Opening.Balance.1080p.WEB-DL.H.264-PLUMB.mkv",
        ),
        _kept(
            Place("tv", f"{ledger} (2019)/Season 01/{ledger} - S01E02 - Petty Cash.mkv"),
            Unit("episode", _LEDGER, 1, (2,)),
            "The.Quince.Street.Ledger.S01E02.Petty.Cash.1080p.WEB-DL.H.264-PLUMB.mkv",
        ),
        _kept(
            Place("anime", f"{kettle} (2017)/Season 01/{kettle} - S01E01 - First Steam.mkv"),
            Unit("episode", _KETTLE, 1, (1,)),
            "[Kettlecloth] Yoru no Tetsubin Densetsu - 01.mkv",
        ),
        _kept(
            Place("movies", "Nine Spoons of Rain (2018)/Nine Spoons of Rain (2018).mkv"),
            Unit("movie", "nine-spoons-of-rain-2018"),
            _DUPLICATE,
        ),
    )


_DUPLICATE = "Nine.Spoons.of.Rain.2018.1080p.BluRay.x264-TALLOW.mkv"
_SUBTITLE = "1\n00:00:02,000 --> 00:00:05,000\n({})\n\n2\n00:00:06,000 --> 00:00:09,000\nAnd what does it say?\n"
_MATROSKA = bytes.fromhex("1a45dfa3a34286810142f7810142f2810442f381084282886d6174726f736b61")


def _content(name: str) -> bytes:
    """A few kilobytes for a name: the head of a Matroska file and noise, or text where text belongs."""
    if name.endswith(".srt"):
        return _SUBTITLE.format(name.rpartition("/")[2]).encode()
    if name.endswith((".nfo", ".txt")):
        return f"{name}\nA sample; there is nothing to play.\n".encode()
    # a seed of text is hashed with SHA-512, so it gives the same bytes everywhere
    noise = random.Random(f"medialib demo: {name}")
    return _MATROSKA + noise.randbytes(noise.randrange(3_000, 9_000))


def _file(path: str, hours: float, fate: Fate = "placed") -> SampleFile:
    return SampleFile(path, _content(path), hours, fate)


def _kept(place: Place, unit: Unit, release: str) -> KeptFile:
    content = _content(release)
    return KeptFile(place, content, Holding(unit, sha256=hashlib.sha256(content).hexdigest(), release=release))


def _list(path: str, files: list[SampleFile], hours: float) -> SampleFile:
    """A list of files and their checksums, as releases bring one."""
    names = ((file.path.rpartition("/")[2], zlib.crc32(file.content)) for file in files)
    lines = "".join(f"{name} {checksum:08X}\r\n" for name, checksum in names)
    return SampleFile(path, f"; invented, like all of this\r\n{lines}".encode(), hours, "excluded")


def _unfinished_pack() -> list[SampleFile]:
    """One episode of two that its list names: it waits for the other."""
    folder = "Bread.Salt.and.Thimbles.S02.1080p.WEB-DL.H.264-KILN"
    stem = f"{folder}/Bread.Salt.and.Thimbles.S02E0"
    episodes = [_file(f"{stem}{number}.1080p.WEB-DL.H.264-KILN.mkv", 2, "still arriving") for number in (1, 2)]
    return [episodes[0], _list(f"{folder}/bread.salt.and.thimbles.s02.sfv", episodes, 2)]


def _season_pack() -> list[SampleFile]:
    folder = "The.Quince.Street.Ledger.S02.1080p.WEB-DL.H.264-PLUMB"
    files = []
    for number, title in enumerate(_LEDGER_TITLES[2], start=1):
        words = title.replace(" ", ".").replace("'", "")
        stem = f"{folder}/The.Quince.Street.Ledger.S02E{number:02}.{words}.1080p.WEB-DL.H.264-PLUMB"
        files += [_file(f"{stem}.mkv", 9), _file(f"{stem}.en.srt", 9)]
        if number == 3:
            files.append(_file(f"{stem}.en.forced.srt", 9))
    files.append(_list(f"{folder}/the.quince.street.ledger.s02.1080p.web-dl.sfv", files, 9))
    files.append(_file(f"{folder}/the.quince.street.ledger.s02.1080p.web-dl.nfo", 9, "excluded"))
    files.append(_file(f"{folder}/Sample/the.quince.street.ledger.s02e01.sample.mkv", 9, "excluded"))
    return files


def _more_of_the_ledger() -> list[SampleFile]:
    return [
        _file("The.Quince.Street.Ledger.S00E03.The.Midwinter.Audit.1080p.WEB-DL.H.264-PLUMB.mkv", 30),
        # another version of what the library holds: neither is touched
        _file("The.Quince.Street.Ledger.S01E02.Petty.Cash.REPACK.1080p.WEB-DL.H.264-PLUMB.mkv", 28, "conflict"),
        # its video is in the library since long
        _file("The.Quince.Street.Ledger.S01E01.Opening.Balance.1080p.WEB-DL.H.264-PLUMB.en.srt", 27),
    ]


def _anime() -> list[SampleFile]:
    files = []
    numbers: tuple[tuple[str, Fate], ...] = (
        *((str(number), "placed") for number in range(25, 30)),
        ("30v2", "placed"),
        ("24.5", "unrouted"),
        ("99", "unrouted"),
    )
    for number, fate in numbers:
        content = _content(f"kettle {number}")
        name = f"[Kettlecloth] Yoru no Tetsubin Densetsu - {number} (1080p) [{zlib.crc32(content):08X}].mkv"
        files.append(SampleFile(name, content, 14, fate))
    return files


def _daily() -> list[SampleFile]:
    return [
        _file(f"Tonight.in.Marrowby.{night:%Y.%m.%d}.{guest.replace(' ', '.')}.720p.HDTV.x264-TALLOW.mkv", 20 + index)
        for index, (night, guest) in enumerate(_nights())
    ]


def _other_series() -> list[SampleFile]:
    double = "Gullwick.Signal.Box.S01E01E02.1080p.WEB.H264-KILN"
    return [
        _file(f"{double}/{double}.mkv", 5),
        _file(f"{double}/{double}.srt", 5),
        _file("Gullwick.Signal.Box.S01E03.1080p.WEB.H264-KILN.mkv", 5),
        _file("Gullwick.Signal.Box.S01E04.1080p.WEB.H264-KILN.mkv", 5),
        _file("Aunt.Brumaille.2x05.FRENCH.720p.HDTV.x264-TALLOW.mkv", 50),
        _file("Aunt.Brumaille.2x06.FRENCH.720p.HDTV.x264-TALLOW.mkv", 50),
        _file("Bread.Salt.and.Thimbles.S03E01.2160p.WEB-DL.DDP5.1.HDR.H.265-KILN.mkv", 11),
        _file("Bread.Salt.and.Thimbles.S03E02.2160p.WEB-DL.DDP5.1.HDR.H.265-KILN.mkv", 11),
        _file("Lighthouse.Arithmetic.S01E01.1080p.WEB.H264-KILN.mkv", 70),
        _file("Lighthouse.Arithmetic.S01E02.1080p.WEB.H264-KILN.mkv", 70),
        _file("Lighthouse.Arithmetic.S01E03.PROPER.1080p.WEB.H264-KILN.mkv", 70),
        _file("Lighthouse.Arithmetic.S01E04.1080p.WEB.H264-KILN.mkv", 0, "still arriving"),
        _file("Lighthouse.Arithmetic.S01E05.1080p.WEB.H264-KILN.mkv.!qB", 1, "still arriving"),
    ]


def _films() -> list[SampleFile]:
    ladder = "A.Ladder.for.the.Tidewarden.2021.2160p.UHD.BluRay.x265-PLUMB"
    return [
        _file(f"{ladder}/{ladder}.mkv", 40),
        _file(f"{ladder}/Subs/2_English.srt", 40),
        _file(f"{ladder}/Subs/3_French.srt", 40),
        _file(f"{ladder}/{ladder.lower()}.nfo", 40, "excluded"),
        _file(f"{ladder}/Proof/proof.jpg", 40, "excluded"),
        _file("The.Mapmenders.Umbrella.2023.1080p.WEB-DL.H.264-KILN.mkv", 16),
        _file("The.Mapmenders.Umbrella.2023.1080p.WEB-DL.H.264-KILN.en.srt", 16),
        _file(_DUPLICATE, 33, "duplicate"),
    ]


def _oddities() -> list[SampleFile]:
    return [
        _file("sample.mkv", 16, "excluded"),
        _file("Resampled.Hearts.2022.1080p.WEB-DL.H.264-KILN.mkv", 16),
        _file("b7e1c94f02d85a36.mkv", 3, "unrouted"),
        _file("Nothing.To.See\nHere.2024.1080p.WEB-DL.H.264-KILN.mkv", 3, "refused"),
        _file("New.Tools.For.You.exe", 3, "excluded"),
    ]

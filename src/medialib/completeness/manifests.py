"""Lists of checksums that come beside files: ``.sfv``, ``.md5``, ``SHA256SUMS`` and their like."""

from __future__ import annotations

import codecs
import re
from typing import Final

import attrs

from medialib.model import DIGEST_LENGTHS, Digest, DigestAlgorithm

__all__ = ["LARGEST_MANIFEST", "Manifest", "ManifestEntry", "manifest_algorithm", "parse_manifest"]

LARGEST_MANIFEST: Final = 1 << 20
"""Bytes; a larger file is not read, whatever it is called."""

_SUMS: Final = re.compile(r"(md5|sha1|sha256)sums?(\.txt|\.asc)?", re.ASCII | re.IGNORECASE)
_EMPTY: Final[dict[DigestAlgorithm, str]] = {
    "crc32": "00000000",
    "md5": "d41d8cd98f00b204e9800998ecf8427e",
    "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
}
_BY_LENGTH: Final = {DIGEST_LENGTHS[algorithm]: algorithm for algorithm in _EMPTY}
_SFV_VALUE: Final = re.compile(r"[ \t][0-9a-f]{8}", re.IGNORECASE)
# "; 50000000  12:30.00 2024-05-17 Name.r00", as most programs that write .sfv files begin them
_SFV_SIZE: Final = re.compile(r";[ \t]*(?P<size>\d+)[ \t]+\d\d?[:.]\d\d[:.]\d\d[ \t]+\d{4}-\d\d-\d\d[ \t]+(?P<name>.+)")
# "d41d8cd9… *name" of md5sum and its kin; a backslash before it tells that the name is written with escapes
_SUM_LINE: Final = re.compile(r"(?P<escaped>\\?)(?P<value>[0-9a-f]{32,64})(?:[ \t]+\*?(?P<name>.+))?", re.IGNORECASE)
# "MD5 (name) = d41d8cd9…" of BSD's md5 and of openssl
_BSD_LINE: Final = re.compile(r"[A-Z0-9-]+ ?\((?P<name>.+)\) ?= ?(?P<value>[0-9a-f]{32,64})", re.IGNORECASE)


@attrs.frozen
class ManifestEntry:
    """What a list says of one file."""

    path: str
    """Path relative to the list's own folder, ``/`` between parts."""
    digest: Digest
    """What its content must be."""
    size: int | None = None
    """Bytes, where the list says it."""
    sure: bool = True
    """Whether the name could be read for certain: one that is not UTF-8 was guessed, and may be another file's."""

    @property
    def empty(self) -> bool:
        """Whether the file is one without a byte."""
        return self.digest.value == _EMPTY[self.digest.algorithm]


@attrs.frozen
class Manifest:
    """A list of checksums."""

    name: str
    """Name of the file that it was read from."""
    entries: tuple[ManifestEntry, ...] = ()
    """What it lists, in its order; of several lines for one path the last counts."""
    passed_over: int = 0
    """How many lines say nothing that can be used: they cannot be read, or name a path outside of its folder."""
    problem: str = ""
    """Why it could not be read at all, for a reader; empty if it could."""


def manifest_algorithm(name: str) -> DigestAlgorithm | None:
    """Which kind of checksums a file of this name lists; None if it is no list.

    >>> [manifest_algorithm(name) for name in ("release.SFV", "a.mkv.sha1", "SHA256SUMS", "show.mkv")]
    ['crc32', 'sha1', 'sha256', None]
    """
    found = _SUMS.fullmatch(name)
    kind = found[1].lower() if found is not None else name.rpartition(".")[2].lower() if "." in name else ""
    by_extension: dict[str, DigestAlgorithm] = {
        "sfv": "crc32",
        "md5": "md5",
        "md5sum": "md5",
        "sha1": "sha1",
        "sha1sum": "sha1",
        "sha256": "sha256",
        "sha256sum": "sha256",
    }
    return by_extension.get(kind)


def parse_manifest(name: str, content: bytes) -> Manifest:
    """Read a list of checksums, whichever program wrote it. Nothing in it is an error; a line may be useless.

    Comments, blank lines, byte order marks, Windows line ends and backslashes between folders are read. A list with a
    single checksum and no name, as ``movie.mkv.md5`` often is, speaks for the file it is called after.

    >>> parse_manifest("a.sfv", b"; made by me\\r\\nShow.r00 0A1B2C3D\\r\\n../x 00000000\\r\\n")
    Manifest(name='a.sfv', entries=(ManifestEntry(path='Show.r00', digest=Digest(algorithm='crc32', value='0a1b2c3d'),
             size=None, sure=True),), passed_over=1, problem='')
    >>> parse_manifest("movie.mkv.md5", b"d41d8cd98f00b204e9800998ecf8427e\\n").entries[0].path
    'movie.mkv'
    """
    algorithm = manifest_algorithm(name)
    if algorithm is None:
        return Manifest(name, problem="is no list of checksums")
    if len(content) > LARGEST_MANIFEST:
        return Manifest(name, problem=f"has more than {LARGEST_MANIFEST} bytes")
    entries: dict[str, ManifestEntry] = {}
    sizes: dict[str, int] = {}
    passed_over = 0
    for line, sure in _lines(content):
        if algorithm == "crc32" and (told := _SFV_SIZE.fullmatch(line)) is not None:
            inside = _inside(told["name"])
            if inside is not None and len(told["size"]) < 19:
                sizes[inside] = int(told["size"])
        if not line or line.startswith((";", "#", "//", "-----")):
            continue
        found = _read(line, algorithm, name)
        if found is None:
            passed_over += 1
        else:
            path, digest = found
            entries[path] = ManifestEntry(path, digest, sure=sure)
    if passed_over and not entries:
        return Manifest(name, passed_over=passed_over, problem="names no file that can be read from it")
    whole = (attrs.evolve(entry, size=sizes.get(entry.path)) for entry in entries.values())
    return Manifest(name, tuple(whole), passed_over)


def _lines(content: bytes) -> list[tuple[str, bool]]:
    """The lines without blanks around them, and whether each could be read for certain."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, "replace")
            return [(line.strip(), "\ufffd" not in line) for line in re.split(r"\r\n|\r|\n", text)]
    found = []
    for line in re.split(rb"\r\n|\r|\n", content.removeprefix(codecs.BOM_UTF8)):
        try:
            found.append((line.decode("utf-8").strip(" \t\0"), True))
        except UnicodeDecodeError:
            # most were written on Windows; its code page has holes, which Latin-1 has not
            try:
                found.append((line.decode("cp1252").strip(" \t\0"), False))
            except UnicodeDecodeError:
                found.append((line.decode("latin-1").strip(" \t\0"), False))
    return found


def _read(line: str, algorithm: DigestAlgorithm, manifest: str) -> tuple[str, Digest] | None:
    if algorithm == "crc32":
        # "Name.r00 0A1B2C3D"; names may hold blanks. By its end, since a search would take long for a line of blanks
        if _SFV_VALUE.fullmatch(line[-9:]) is None:
            return None
        path = _inside(line[:-9].rstrip(" \t"))
        return None if path is None else (path, Digest("crc32", line[-8:].lower()))
    found = _BSD_LINE.fullmatch(line)
    escaped = False
    if found is None:
        found = _SUM_LINE.fullmatch(line)
        escaped = found is not None and bool(found["escaped"])
    # the length tells the kind for certain; the name of the list may say another
    kind = None if found is None else _BY_LENGTH.get(len(found["value"]))
    if found is None or kind is None:
        return None
    name = found["name"]
    if name is None:
        name = manifest.rpartition(".")[0]
    path = _inside(name, escaped=escaped)
    return None if path is None else (path, Digest(kind, found["value"].lower()))


def _inside(name: str, *, escaped: bool = False) -> str | None:
    """The path that a line names, if it stays in the list's folder."""
    if escaped:
        if re.search(r"\\[nr]", name):
            return None  # a line break: no name that is ever touched has one
        text = name.replace("\\\\", "\\")
    else:
        text = name.replace("\\", "/")
    if text.startswith(("/", "~/")) or re.match(r"[A-Za-z]:", text) or "\0" in text:
        return None
    parts = [part for part in text.split("/") if part not in ("", ".")]
    return None if not parts or ".." in parts else "/".join(parts)

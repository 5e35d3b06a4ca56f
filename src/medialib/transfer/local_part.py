"""A file on its way to a disk of this machine: ``<name>.part``, with what is known of it in ``<name>.part.json``."""

# os, not pathlib: it speaks in plain strings, which carry undecodable names, and in descriptors.
# ruff: noqa: PTH105, PTH108, PTH110, PTH112, PTH120, PTH116, PTH123

from __future__ import annotations

import hashlib
import io
import json
import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, cast

import attrs

from medialib.errors import ConnectionLost, ContentChanged, OutOfReach, TargetTaken
from medialib.ports import PartRecord
from medialib.transfer.linking import clone_content
from medialib.transfer.ownership import Ownership
from medialib.transfer.placing import rename_without_replacing
from medialib.transfer.reserving import reserve_room, return_room
from medialib.transfer.write_back import begin_writing

__all__ = ["LocalPart", "dump_note", "load_note", "part_address"]

_FORMAT = "medialib.part/1"
_LONGEST_NAME = 255
_BEGIN_EVERY = 2**23
_OPEN_FILES = "/proc/self/fd"
_SUFFIXES = len(".part.json.part")


def part_address(address: str) -> str:
    """Where the bytes of a file stand until it is whole.

    A name so long that ours would pass 255 bytes is replaced by a hidden one made of its hash.

    >>> part_address("/srv/a.mkv")
    '/srv/a.mkv.part'
    >>> part_address("/srv/" + 250 * "x")
    '/srv/.086d4a1c293bde318dc1fec9.part'
    """
    folder, slash, name = address.rpartition("/")
    if len(os.fsencode(name)) + _SUFFIXES > _LONGEST_NAME:
        name = "." + hashlib.sha256(os.fsencode(name)).hexdigest()[:24]
    return f"{folder}{slash}{name}.part"


def dump_note(record: PartRecord) -> bytes:
    """A record as it is kept beside a part. Undecodable bytes in names travel as JSON's escapes of lone surrogates.

    >>> dump_note(PartRecord("seedbox:/a", 9, 0, 5, "00"))
    b'{"format": "medialib.part/1", "source": "seedbox:/a", "size": 9, "mtime_ns": 0, "offset": 5, "sha256": "00"}'
    """
    return json.dumps({"format": _FORMAT, **attrs.asdict(record)}).encode("ascii")


def load_note(data: bytes) -> PartRecord | None:
    """What `dump_note` made; None for anything else.

    >>> load_note(dump_note(PartRecord("seedbox:/a", 9, 0, 5, "00"))).offset
    5
    >>> load_note(b"{")
    """
    try:
        fields = json.loads(data)
        if fields.pop("format") != _FORMAT:
            return None
        record = PartRecord(**fields)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    numbers = (record.size, record.mtime_ns, record.offset)
    texts = (record.source, record.sha256)
    sound = all(type(number) is int for number in numbers) and all(isinstance(text, str) for text in texts)
    return record if sound else None


class LocalPart:
    """See `medialib.ports.Part`. Built by `LocalLocation.part`.

    `address` is the final path, `label` the same for messages; `free` raises `TargetTaken` if the name is not to be
    had; `touched` is told once names in the folder have changed, and whether the final name is among them.

    The note is made before the part and removed after it: a file of that name without a note beside it is somebody
    else's (a torrent client's, say), and is neither written to nor removed.
    """

    def __init__(
        self,
        address: str,
        label: str,
        *,
        ownership: Ownership,
        free: Callable[[], None],
        touched: Callable[[bool], None],
    ) -> None:
        self._address = address
        self._label = label
        self._ownership = ownership
        self._free = free
        self._touched = touched
        self._part = part_address(address)
        self._note = f"{self._part}.json"
        self._settled: int | None = None
        self._wanted = 0
        # An open file without a name, and what closes it.
        self._held: int | None = None
        self._let_go: Callable[[], object] = _nothing

    def __repr__(self) -> str:
        return f"<LocalPart {self._label}>"

    @property
    def record(self) -> PartRecord | None:
        """See `Part.record`."""
        try:
            with open(self._note, "rb") as file:
                return load_note(file.read())
        except OSError:
            return None

    def read(self) -> BinaryIO:
        """See `Part.read`."""
        if self._held is not None:
            return io.BytesIO(os.pread(self._held, os.fstat(self._held).st_size, 0))
        try:
            return os.fdopen(self._open(os.O_RDONLY), "rb", buffering=0)
        except FileNotFoundError:
            return io.BytesIO()

    def write(self, offset: int) -> BinaryIO:
        """See `Part.write`."""
        self._name_held()
        self._settled = None
        wanted, self._wanted = self._wanted, 0
        ours = os.path.exists(self._note)
        try:
            if not ours:
                os.close(os.open(self._note, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
            descriptor = self._open(os.O_WRONLY | os.O_CREAT | (0 if ours else os.O_EXCL))
        except FileNotFoundError:
            raise OutOfReach(f"the folder of {self._label} is not there", remedy="Is the disk still mounted?") from None
        except FileExistsError:
            _forget(self._note)
            raise TargetTaken(
                f"{self._part} is in the way of {self._label}: it was not begun by medialib",
                remedy="Move it elsewhere.",
            ) from None
        try:
            # what an earlier try had reserved goes, too
            os.ftruncate(descriptor, offset)
            os.lseek(descriptor, offset, os.SEEK_SET)
            reserved = self._reserved(descriptor, offset, wanted)
        except BaseException:
            os.close(descriptor)
            raise
        self._touched(False)
        return cast(BinaryIO, _EarlyWriter(descriptor, offset, reserved_to=wanted if reserved else 0))

    def reserve(self, size: int) -> None:
        """See `SupportsReserving.reserve`."""
        self._wanted = size

    def release(self) -> None:
        """See `SupportsReserving.release`."""
        with suppress(FileNotFoundError):
            descriptor = self._open(os.O_WRONLY)
            try:
                return_room(descriptor)
            finally:
                os.close(descriptor)

    def hold(self, content: bytes | bytearray | memoryview) -> bool:
        """See `SupportsHolding.hold`: Linux keeps files without a name (O_TMPFILE), and names them later.

        A note and a part for each of thousands of small files are as many files that are made to be removed, and some
        file systems (ext4) look for a place among those removed of late one by one.
        """
        self._name_held()
        if not hasattr(os, "O_TMPFILE") or os.path.exists(self._note) or not os.path.isdir(_OPEN_FILES):
            return False
        folder = os.path.dirname(self._address)
        try:
            descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666)
        except OSError:
            return False
        self._held, self._let_go = descriptor, weakref.finalize(self, os.close, descriptor)
        self._settled = None
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(descriptor, left) :]
        except BaseException:
            self._forget_held()
            raise
        return True

    def clone(self, source: str, size: int) -> bool:
        """Hold a file that shares its blocks with the one at `source`; False where the disk does not do that.

        Only `publish` or `discard` may follow. Raises `ContentChanged` if the source has not `size` bytes.
        """
        if not hasattr(os, "O_TMPFILE") or not os.path.isdir(_OPEN_FILES):
            return False
        self._forget_held()
        try:
            descriptor = os.open(os.path.dirname(self._address), os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666)
        except OSError:
            return False
        self._held, self._let_go = descriptor, weakref.finalize(self, os.close, descriptor)
        self._settled = None
        try:
            cloned = clone_content(source, descriptor)
            found = os.fstat(descriptor).st_size
            if cloned and found != size:
                raise ContentChanged(f"{source} has {found} bytes, not {size}", remedy="Make the plan again.")
        except BaseException:
            self._forget_held()
            raise
        if not cloned:
            self._forget_held()
        return cloned

    def note(self, record: PartRecord) -> None:
        """See `Part.note`."""
        self._name_held()
        new = f"{self._note}.part"
        try:
            with open(new, "wb") as file:
                file.write(dump_note(record))
            os.replace(new, self._note)
        except OSError:
            _forget(new)
            raise

    def settle(self, *, mtime_ns: int) -> None:
        """See `SupportsSettling.settle`."""
        if self._held is not None:
            self._settle(self._held, mtime_ns)
            return
        try:
            descriptor = self._open(os.O_RDWR)
        except FileNotFoundError:
            raise FileNotFoundError(f"nothing was received for {self._label}") from None
        try:
            self._settle(descriptor, mtime_ns)
        finally:
            os.close(descriptor)

    def _settle(self, descriptor: int, mtime_ns: int) -> None:
        self._ownership.apply(descriptor)
        os.utime(descriptor, ns=(mtime_ns, mtime_ns))
        try:
            os.fsync(descriptor)
        except OSError:
            # What the disk refused may look fine from memory, and be gone later: nothing of it is proven.
            self._forget_held()
            with suppress(OSError):
                os.truncate(self._note, 0)
            raise
        self._settled = mtime_ns

    def publish(self, *, mtime_ns: int) -> int:
        """See `Part.publish`."""
        if self._settled != mtime_ns:
            self.settle(mtime_ns=mtime_ns)
        try:
            self._free()
            if self._held is not None:
                self._name(self._held, self._address)
                self._touched(True)
                result = os.fstat(self._held).st_mtime_ns
                self._forget_held()
                return result
            if not rename_without_replacing(self._part, self._address):
                # Beside each other and yet on two file systems: an overlay went away or came under our feet.
                raise ConnectionLost(f"{self._label} cannot be named: its folder changed disks", remedy="Try again.")
        except FileExistsError as error:
            if isinstance(error, TargetTaken):
                raise
            raise TargetTaken(f"{self._label} is taken") from None
        result = os.stat(self._address).st_mtime_ns
        # the file has its name: a note that stays behind is no failure of that
        with suppress(OSError):
            self._forget_note()
        self._touched(True)
        return result

    def discard(self) -> None:
        """See `Part.discard`."""
        self._forget_held()
        if os.path.exists(self._note):
            _forget(self._part)
            self._forget_note()
            self._touched(False)

    def _name_held(self) -> None:
        """Let what is held be a part like any other."""
        if self._held is None:
            return
        try:
            os.close(os.open(self._note, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
            try:
                self._name(self._held, self._part)
            except BaseException:
                _forget(self._note)
                raise
        except FileExistsError:
            raise TargetTaken(f"{self._part} is in the way of {self._label}") from None
        finally:
            self._forget_held()
        self._touched(False)

    def _name(self, descriptor: int, address: str) -> None:
        folder, name = os.path.split(address)
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # Given a folder, Python asks for the link to be followed, which leads to the open file.
            os.link(f"{_OPEN_FILES}/{descriptor}", name, dst_dir_fd=place, follow_symlinks=True)
        finally:
            os.close(place)

    def _reserved(self, descriptor: int, offset: int, wanted: int) -> bool:
        try:
            return reserve_room(descriptor, offset, wanted - offset)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._part) from None

    def _forget_held(self) -> None:
        self._held = None
        self._let_go()

    def _forget_note(self) -> None:
        # what a process that was killed was just noting goes first: the note says that it is ours
        _forget(f"{self._note}.part")
        _forget(self._note)

    def _open(self, flags: int) -> int:
        if not flags & os.O_CREAT and not os.path.exists(self._note):
            raise FileNotFoundError(self._part)
        # A link under the part's name would lead our bytes elsewhere.
        return os.open(self._part, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)


class _EarlyWriter(io.FileIO):
    """Tells the disk to begin with what it was given every 8 MiB, so that little is left to wait for at the end.

    Closed before it has come to `reserved_to`, it gives back the room that is kept for the rest.
    """

    def __init__(self, descriptor: int, offset: int, *, reserved_to: int) -> None:
        super().__init__(descriptor, "wb")
        self._begun = self._at = offset
        self._reserved_to = reserved_to

    def close(self) -> None:
        """As ever."""
        if not self.closed and self._at < self._reserved_to:
            # where that fails, recovery or the next try gives it back
            with suppress(OSError):
                return_room(self.fileno())
        super().close()

    def write(self, data: Any, /) -> int:
        """As ever."""
        taken = super().write(data) or 0
        self._at += taken
        if self._at - self._begun >= _BEGIN_EVERY:
            begin_writing(self.fileno(), self._begun, self._at - self._begun)
            self._begun = self._at
        return taken


def _nothing() -> None:
    """Nothing is held."""


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return

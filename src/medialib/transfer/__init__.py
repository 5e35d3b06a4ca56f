"""Locations and the carrying of files between them: SFTP, any fsspec file system, disks of this machine.

Importing this loads neither paramiko nor fsspec; `open_location` and `open_destination` do, when an address needs them.
"""

from __future__ import annotations

from medialib.transfer.addressing import AddressOptions
from medialib.transfer.destination import FsspecDestination, open_destination
from medialib.transfer.local import LocalLocation
from medialib.transfer.remote import FsspecLocation, open_location
from medialib.transfer.stream import StreamTransfer

__all__ = [
    "AddressOptions",
    "FsspecDestination",
    "FsspecLocation",
    "LocalLocation",
    "StreamTransfer",
    "open_destination",
    "open_location",
]

"""Locations and the carrying of files between them: SFTP, any fsspec file system, disks of this machine.

Importing this loads neither paramiko nor fsspec; `open_location` does, when an address needs them.
"""

from __future__ import annotations

from medialib.transfer.local import LocalLocation
from medialib.transfer.remote import FsspecLocation, open_location
from medialib.transfer.stream import StreamTransfer

__all__ = ["FsspecLocation", "LocalLocation", "StreamTransfer", "open_location"]

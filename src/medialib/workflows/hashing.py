"""Reading a file's content for its hash."""

from __future__ import annotations

import hashlib
from contextlib import closing

from medialib.errors import Cancelled
from medialib.ports import CancelToken, Location

__all__ = ["content_hash"]

_BLOCK = 1 << 20


def content_hash(location: Location, path: str, cancelled: CancelToken) -> str:
    """SHA-256 of a file's bytes, lower-case hex; raises Cancelled when asked to stop."""
    digest = hashlib.sha256()
    with closing(location.open(path)) as stream:
        while block := stream.read(_BLOCK):
            if cancelled.is_set():
                raise Cancelled("stopped while a file was read")
            digest.update(block)
    return digest.hexdigest()

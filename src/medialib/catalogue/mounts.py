"""Tells network file systems, on which SQLite's locks and shared memory cannot be trusted."""

from __future__ import annotations

import re
from pathlib import PurePath

__all__ = ["MOUNT_TABLE", "network_file_system"]

MOUNT_TABLE = "/proc/self/mountinfo"
"""Where Linux lists what is mounted (proc(5)); other systems have no such file."""

_NETWORK = frozenset(
    {
        "9p", "afs", "ceph", "cifs", "coda", "davfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs",
        "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "beegfs", "beegfs_nodev",
    }
)  # fmt: skip
_NETWORK_FUSE = re.compile(
    r"fuse\.(?:.*(?:sshfs|smb|cifs|rclone|davfs|webdav|curlftp|ftpfs|s3|gcsfuse|gluster|ceph|nfs|hdfs|google|dropbox"
    r"|onedrive|juicefs|seaweed|mfs|moosefs|hgfs|vmhgfs).*)"
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def network_file_system(folder: PurePath, mount_table: str) -> str | None:
    r"""The kind of network file system that `folder` (absolute, links resolved) lies on; None for a local one.

    `mount_table` is the text of ``/proc/self/mountinfo``: the fifth field is where something is mounted, with blanks as
    ``\040``; the first one after a lone ``-`` is its kind. The deepest mount counts, the last one where two are alike.

    >>> table = "36 35 0:33 / / rw - ext4 /dev/vda rw\n37 36 0:34 / /mnt/my\\040nas rw shared:1 - nfs4 nas:/x rw\n"
    >>> network_file_system(PurePath("/mnt/my nas/media"), table)
    'nfs4'
    >>> network_file_system(PurePath("/home/me"), table) is None
    True
    """
    deepest, kind = -1, ""
    for line in mount_table.splitlines():
        fields = line.split(" ")
        if "-" not in fields[6:-1]:
            continue
        point = PurePath(_OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4]))
        depth = len(point.parts)
        if depth >= deepest and (point == folder or point in folder.parents):
            deepest, kind = depth, fields[fields.index("-", 6) + 1]
    return kind if kind in _NETWORK or _NETWORK_FUSE.fullmatch(kind) else None

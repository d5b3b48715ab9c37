"""Where a file lies: a write-ahead log shares memory between processes, which a network file system cannot do."""

from __future__ import annotations

import re
from pathlib import Path

REMOTE = (
    *("9p", "afs", "ceph", "cifs", "drvfs", "fuse.glusterfs", "fuse.rclone", "fuse.sshfs"),
    *("ncpfs", "nfs", "nfs4", "smb3", "smbfs"),
)
MOUNTS = Path("/proc/self/mounts")
"""Lines of “device folder type options …” (proc(5)); only Linux has it."""


def is_remote(path: Path, mounts: Path = MOUNTS) -> bool:
    """Whether ``path`` lies on a network file system; False where the system does not say."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    place = path.resolve()
    found = [(Path(_unescaped(folder)), kind) for _, folder, kind, *_ in map(str.split, lines)]
    holding = [(len(folder.parts), kind) for folder, kind in found if place.is_relative_to(folder)]
    return max(holding, key=lambda held: held[0], default=(0, ""))[1] in REMOTE


def _unescaped(folder: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), folder)

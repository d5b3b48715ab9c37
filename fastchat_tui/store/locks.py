"""One writer for each session, also across processes."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fastchat_tui.wire.folders import make_private


@dataclass(slots=True)
class Claim:
    """A held lock; the system lets go of it when the process dies."""

    session: str
    _file: int
    _path: Path

    @classmethod
    def of(cls, folder: Path, session: str) -> Claim | None:
        """None when another process holds it. Where the system has no file locks, every claim is granted."""
        locks = folder / "locks"
        make_private(locks)
        path = locks / re.sub(r"[^A-Za-z0-9_-]", "_", session)
        while True:
            file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
            if not _locked(file):
                os.close(file)
                return None
            if _is(file, path):
                return cls(session, file, path)
            os.close(file)  # its holder removed it between our opening and locking it

    def release(self) -> None:
        with suppress(OSError):  # Windows removes no open file; an empty one stays
            self._path.unlink(missing_ok=True)
        os.close(self._file)


def _locked(file: int) -> bool:
    with suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def _is(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False

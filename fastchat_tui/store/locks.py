"""One writer for each session, also across processes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path


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
        locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = locks / re.sub(r"[^A-Za-z0-9_-]", "_", session)
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass
        except OSError:
            os.close(file)
            return None
        return cls(session, file, path)

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._file)

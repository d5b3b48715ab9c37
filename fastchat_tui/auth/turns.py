"""One after the other, across processes: a refresh token that rotates is used once, or all holders are signed out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastchat_tui.wire.folders import make_private

PATIENCE = 30.0
"""Seconds after which somebody who holds the lock is taken for stuck."""
LOOK = 0.05


@asynccontextmanager
async def alone(path: Path) -> AsyncIterator[None]:
    """Holds the lock file ``path``; after ``PATIENCE``, and where no lock can be had, it goes on without. The system
    frees the lock of the dead."""
    file = _opened(path)
    try:
        for _ in range(round(PATIENCE / LOOK)):
            if file < 0 or _locked(file):
                break
            await asyncio.sleep(LOOK)  # a lock of another process tells nobody when it is free
        yield
    finally:
        if file >= 0:
            os.close(file)


def _opened(path: Path) -> int:
    try:
        make_private(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:  # a home that cannot be written to
        return -1


def _locked(file: int) -> bool:
    """True also where the system has no such locks."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        pass
    return True

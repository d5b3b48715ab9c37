"""One after the other, across processes: a refresh token that rotates is used once, or all holders are signed out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastchat_tui.wire.folders import make_private

PATIENCE = 30.0
"""Seconds after which somebody who holds the lock is taken for stuck."""
LOOK = 0.05


@asynccontextmanager
async def alone(path: Path) -> AsyncIterator[None]:
    """Holds the lock file ``path``; after ``PATIENCE`` it goes on without. The system frees the lock of the dead."""
    make_private(path.parent)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for _ in range(round(PATIENCE / LOOK)):
            if _locked(file):
                break
            await asyncio.sleep(LOOK)  # a lock of another process tells nobody when it is free
        yield
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    with suppress(ImportError):  # where the system has no such locks, nobody waits
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True

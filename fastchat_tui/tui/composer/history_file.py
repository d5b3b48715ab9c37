"""The private file of what was sent before, a JSON text in each line. Where it cannot be used, all is forgotten."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from fastchat_tui.wire.folders import make_private

KEPT = 1_000
"""Entries that the file is cut back to when it has grown to twice as many."""
LONGEST = 10_000
"""Characters of an entry that is still written to the file."""


def load(path: Path) -> list[str]:
    """The entries that are kept, the oldest first."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    entries = []
    for line in lines[-KEPT:]:
        with contextlib.suppress(ValueError, RecursionError):
            if isinstance(entry := json.loads(line), str):
                entries.append(entry)
    if len(lines) > 2 * KEPT:
        with contextlib.suppress(OSError):
            _rewrite(path, entries)
    return entries


def append(path: Path, text: str) -> None:
    if len(text) > LONGEST:
        return
    with contextlib.suppress(OSError, UnicodeError):
        make_private(path.parent)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(fd, f"{json.dumps(text)}\n".encode())
        finally:
            os.close(fd)


def _rewrite(path: Path, entries: list[str]) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(entry)}\n" for entry in entries)
    fresh.replace(path)

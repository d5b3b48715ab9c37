"""Folders of the user's own: whatever is missing on the way is made for the owner alone."""

from __future__ import annotations

from pathlib import Path


def make_private(folder: Path) -> None:
    """Raises OSError. (``mkdir`` with ``parents`` gives its mode to the last folder only.)"""
    for place in reversed((folder, *folder.parents)):
        if not place.is_dir():
            place.mkdir(mode=0o700, exist_ok=True)

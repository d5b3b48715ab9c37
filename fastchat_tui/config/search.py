"""Which file is the configuration: the nearest one in the working folder and its parents, up to the home folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

NAMES = ("fastchat.config.json", ".mcp.json", ".vscode/mcp.json")


def project_file(cwd: Path, home: Path | None, own: Path) -> Path | None:
    """None when there is none. The user's ``own`` folder is no project."""
    return next(filter(is_file, candidates(cwd, home, own)), None)


def candidates(cwd: Path, home: Path | None, own: Path) -> Iterator[Path]:
    """Every place where it could be, the nearest first."""
    return (folder / name for folder in _upwards(cwd, home) if folder != own for name in NAMES)


def is_file(path: Path) -> bool:
    """Whether a regular file is there, as far as we may know."""
    try:
        return path.is_file()
    except OSError:
        return False


def _upwards(cwd: Path, home: Path | None) -> Iterator[Path]:
    for folder in (cwd, *cwd.parents):
        yield folder
        if folder == home:
            return

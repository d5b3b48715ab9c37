"""Reading files that somebody else may have put there, and writing ours so that no crash leaves half of one."""

from __future__ import annotations

import glob
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.folders import make_private

LIMIT = 1 << 20
LEFT_BEHIND = 3600.0
"""Seconds after which a half-written file is nobody's."""


def read(path: Path, limit: int = LIMIT) -> bytes:
    """The bytes of a regular file, at most ``limit``: opening anything else could wait for ever. Raises ConfigError."""
    try:
        if not path.exists():
            raise ConfigError(f"There is no file {path}.", "Look at the name, or leave it out.")
        if not path.is_file():
            raise ConfigError(f"{path} is no file.", "Name a configuration file.")
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {_reason(error)}.", "Make it readable for you.") from error
    if len(raw) > limit:
        raise ConfigError(
            f"{path} is larger than {limit >> 20} MiB.", "A configuration is some kilobytes: is it the right file?"
        )
    return raw


def stamp(path: Path) -> tuple[int, int, int] | None:
    """Another one when the file was written or replaced; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def decoded(raw: bytes, path: Path) -> str:
    """Raises ConfigError naming the line of the first byte that is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: this is not UTF-8 text.", "Save the file as UTF-8.") from error


def write_atomically(path: Path, raw: bytes, *, mode: int = 0o600) -> None:
    """Replaces the file in one step; a symbolic link stays one. Raises OSError; the file then is what it was."""
    path = Path(os.path.realpath(path))
    make_private(path.parent)
    _sweep(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            if mode != 0o600:
                os.chmod(name, mode)
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    _sync_folder(path.parent)


def _sweep(path: Path) -> None:
    """What writers that were killed have left behind; a younger one may still be at work."""
    with suppress(OSError):
        for left in path.parent.glob(f".{glob.escape(path.name)}.????????"):  # as mkstemp names them
            if time.time() - left.stat().st_mtime > LEFT_BEHIND:
                left.unlink()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process at a time is in here for this file. Where the system has no file locks, nothing is held."""
    make_private(path.parent)
    handle = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        with suppress(ImportError):
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows cannot open a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)

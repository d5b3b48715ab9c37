"""The one folder that the demo server may look into. A path that leads out of it, by any way, is refused."""

from __future__ import annotations

import os
from pathlib import Path


class Outside(ValueError):
    """The path does not lead to a place inside the folder."""


class Root:
    """Paths are resolved whole, symbolic links included, before they are compared part by part."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def resolve(self, path: str) -> Path:
        """The place inside the folder that ``path`` means. Raises Outside."""
        if "\0" in path:
            raise Outside("A path cannot hold a NUL character.")
        try:
            place = (self.folder / path).resolve()
        except (OSError, RuntimeError) as error:  # a loop of links
            raise Outside(f"{path!r} cannot be resolved.") from error
        if not place.is_relative_to(self.folder):
            raise Outside(f"{path!r} is outside of the folder of this server.")
        return place

    def name(self, place: Path) -> str:
        return place.relative_to(self.folder).as_posix()

    def listing(self, path: str) -> list[str]:
        """Names in a folder: folders end in ``/``, files carry their size. Hidden names are left out."""
        place = self.resolve(path)
        if not place.is_dir():
            raise Outside(f"{path!r} is not a folder.")
        entries = sorted(os.scandir(place), key=lambda entry: (not entry.is_dir(follow_symlinks=False), entry.name))
        return [_line(entry) for entry in entries if not entry.name.startswith(".")]

    def read(self, path: str, max_bytes: int) -> str:
        place = self.resolve(path)
        if not place.is_file():
            raise Outside(f"{path!r} is not a file.")
        with place.open("rb") as file:
            data = file.read(max_bytes)
        left_out = place.stat().st_size - len(data)
        text = data.decode("utf-8", "replace")
        return f"{text}\n[… {left_out:,} more bytes …]" if left_out > 0 else text


def _line(entry: os.DirEntry[str]) -> str:
    if entry.is_dir(follow_symlinks=False):
        return f"{entry.name}/"
    return f"{entry.name}  {entry.stat(follow_symlinks=False).st_size:,} bytes"

"""What was sent before: recalled line by line, searched, and kept in a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class History:
    """``path`` is None where nothing is to be remembered. The file is read when it is needed first.

    A file that cannot be read or written costs the memory, not the chat.
    """

    def __init__(self, path: Path | None = None, entries: Iterable[str] = ()) -> None:
        self._path = path
        self._entries: list[str] = list(entries)
        self._read = False
        self._at: int | None = None
        """The entry that is shown; None while the user's own draft is."""
        self._draft = ""

    @property
    def entries(self) -> list[str]:
        if not self._read and self._path is not None:
            from fastchat_tui.tui.composer.history_file import load

            self._read = True
            self._entries[:0] = load(self._path)
        return self._entries

    def add(self, text: str) -> None:
        self.leave()
        if self.entries and self.entries[-1] == text:
            return
        self.entries.append(text)
        if self._path is not None:
            from fastchat_tui.tui.composer.history_file import append

            append(self._path, text)

    def older(self, draft: str) -> str | None:
        """The entry before the one shown; the first time, ``draft`` is kept. None at the oldest."""
        if self._at is None:
            if not self.entries:
                return None
            self._draft, self._at = draft, len(self.entries)
        if self._at == 0:
            return None
        self._at -= 1
        return self.entries[self._at]

    def newer(self) -> str | None:
        """The entry after the one shown, the draft after the last. None when the draft is shown."""
        if self._at is None:
            return None
        self._at += 1
        if self._at < len(self.entries):
            return self.entries[self._at]
        draft = self._draft
        self.leave()
        return draft

    def take(self, text: str, draft: str) -> None:
        """An entry was chosen by search: from here on older and newer go from it, back to ``draft``."""
        self._draft, self._at = draft, max(at for at, entry in enumerate(self.entries) if entry == text)

    def leave(self) -> None:
        """What is shown is the user's own draft now."""
        self._at, self._draft = None, ""

    def search(self, words: str, limit: int = 50) -> list[str]:
        """Entries that contain every word, the latest first, each once."""
        wanted = words.lower().split()
        found: dict[str, None] = {}
        for entry in reversed(self.entries):
            if all(word in entry.lower() for word in wanted):
                found[entry] = None
                if len(found) == limit:
                    break
        return list(found)

"""The demo's notebook: one small SQLite file, opened for each use, so that nothing is held between calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

FILE = ".notebook.db"


class Notebook:
    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def remember(self, title: str, text: str) -> int:
        """Keeps a note and returns its number."""
        with self._open() as db:
            number = db.execute("INSERT INTO note (title, text) VALUES (?, ?)", (title, text)).lastrowid
        return number or 0

    def search(self, query: str, limit: int = 20) -> list[tuple[int, str, str]]:
        """The notes that hold every word of ``query``, the latest first; all of them for an empty one."""
        words = query.split()
        where = " AND ".join("(title LIKE ? ESCAPE '\\' OR text LIKE ? ESCAPE '\\')" for _ in words) or "1"
        values = [f"%{_literal(word)}%" for word in words for _ in range(2)]
        with self._open() as db:
            rows = db.execute(
                f"SELECT id, title, text FROM note WHERE {where} ORDER BY id DESC LIMIT ?", (*values, limit)
            )
            return [(int(number), str(title), str(text)) for number, title, text in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=5)) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, title TEXT, text TEXT)")
            yield db


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

"""Opening the file: its settings, its tables, and what happens when it is not one of ours any more."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from fastchat_tui.wire.errors import StoreError

VERSION = 1
TABLES = """
CREATE TABLE sessions (
  id TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT '', created REAL NOT NULL, updated REAL NOT NULL,
  messages INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE events (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, event BLOB NOT NULL,
  PRIMARY KEY (session, seq)
) WITHOUT ROWID;
CREATE INDEX turns ON events (session, seq) WHERE kind IN ('turn_started', 'turn_finished');
CREATE INDEX deltas ON events (session) WHERE kind IN ('text_delta', 'thought_delta');
"""


def open_database(path: Path) -> sqlite3.Connection:
    """Raises StoreError for a file of a newer version; a damaged one is set aside and a new one begun."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        return _opened(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        aside = path.with_name(f"chats.corrupt-{time.strftime('%Y%m%d-%H%M%S')}.db")
        path.rename(aside)
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
    try:
        db.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for pragma in (
            "busy_timeout=5000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
        ):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN IMMEDIATE")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise StoreError(
                "The session log was written by a newer fastchat-tui.", "Update the program, or move the file away."
            )
        if version == 0:
            for statement in TABLES.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.close()
        raise
    return db

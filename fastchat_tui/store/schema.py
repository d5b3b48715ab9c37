"""Opening the file: its settings, its tables, and what happens when it is not one of ours any more."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from fastchat_tui.store.place import is_remote
from fastchat_tui.wire.errors import StoreError
from fastchat_tui.wire.folders import make_private

FIND_PAIRS = """
    UPDATE events SET pair = CASE WHEN json_valid(CAST(event AS TEXT)) THEN coalesce(
      json_extract(CAST(event AS TEXT), '$.call'), json_extract(CAST(event AS TEXT), '$.question')
    ) END WHERE pair IS NULL AND kind IN ('call_proposed', 'call_finished', 'asked', 'answered');
    """
"""Fills ``pair``: the call or the question that an event opens or closes."""
MIGRATIONS = (
    """
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
    CREATE INDEX deltas ON events (session, seq) WHERE kind IN ('text_delta', 'thought_delta');
    """,
    f"""
    ALTER TABLE events ADD COLUMN pair TEXT;
    {FIND_PAIRS}
    CREATE INDEX pairs ON events (session, pair) WHERE pair IS NOT NULL;
    """,
)
"""The n-th script makes version n out of version n - 1."""
PRAGMAS = ("busy_timeout=5000", "foreign_keys=ON", "trusted_schema=OFF", "synchronous=FULL")
NEWER = ("The session log was written by a newer fastchat-tui.", "Update the program; until then it is only read.")
BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
BIRTH = threading.Lock()
"""Held while a file is made, so that no other store of this process has it open yet when we close it."""


@dataclass(frozen=True, slots=True)
class Database:
    connection: sqlite3.Connection
    refusal: tuple[str, str] | None = None
    """Why nothing is written to it, and the remedy; None when it can be written."""


def writable(database: Database) -> sqlite3.Connection:
    """Raises StoreError when nothing can be written."""
    if database.refusal:
        raise StoreError(*database.refusal)
    return database.connection


def open_database(path: Path) -> Database:
    """Raises sqlite3.Error or OSError. What cannot be written, or is of a newer version, is opened for reading."""
    try:
        make_private(path.parent)
        _create(path)
        if not os.access(path, os.W_OK):  # SQLite would read on, and not say so
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        connection = _connected(f"{path.as_uri()}?mode=rw")
    except (OSError, sqlite3.OperationalError) as error:
        if not path.is_file() or not _is_unwritable(error):
            raise
        return Database(_connected(f"{path.as_uri()}?mode=ro&immutable=1"), _unwritable(path, error))
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            return Database(connection, NEWER)
        connection.execute(f"PRAGMA journal_mode={'DELETE' if is_remote(path) else 'WAL'}")
        if version < len(MIGRATIONS):
            _migrate(connection, path, version)
    except sqlite3.OperationalError as error:
        if _is_unwritable(error):
            return Database(connection, _unwritable(path, error))
        connection.close()
        raise
    except BaseException:
        connection.close()
        raise
    return Database(connection)


def _is_unwritable(error: OSError | sqlite3.OperationalError) -> bool:
    return isinstance(error, OSError) or error.sqlite_errorcode & 0xFF in UNWRITABLE


def _unwritable(path: Path, error: Exception) -> tuple[str, str]:
    reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return f"{path} cannot be written: {reason}.", f"Make {path.parent} writable; earlier sessions can be read."


def set_aside(path: Path) -> Path:
    """Moves a damaged log out of the way, with what belongs to it; returns where it is now."""
    aside = path.with_name(f"chats.corrupt-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.db")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    return aside


def salvage(aside: Path, into: sqlite3.Connection) -> int:
    """Copies every readable row of a damaged log; returns how many events that were."""
    try:
        old = sqlite3.connect(aside.as_uri(), uri=True, isolation_level=None)
    except sqlite3.Error:
        return 0
    with closing(old):
        into.execute("BEGIN IMMEDIATE")
        _copy(old, into, "sessions", "id, title, created, updated, messages")
        _adopt_orphans(old, into)
        found = _copy(old, into, "events", "session, seq, at, kind, event")
        into.execute(FIND_PAIRS)
        into.execute("COMMIT")
    return found


def _copy(old: sqlite3.Connection, into: sqlite3.Connection, table: str, columns: str) -> int:
    """From both ends: a damaged page in the middle stops either way, and hides only what lies behind it."""
    marks = ", ".join("?" * len(columns.split(",")))
    count = 0
    for order in ("ASC", "DESC"):
        key = "id" if table == "sessions" else f"session {order}, seq"
        with suppress(sqlite3.Error):
            for row in old.execute(f"SELECT {columns} FROM {table} ORDER BY {key} {order}"):
                with suppress(sqlite3.Error):
                    count += into.execute(f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})", row).rowcount
    return count


def _adopt_orphans(old: sqlite3.Connection, into: sqlite3.Connection) -> None:
    """Events whose session's row was lost keep a session."""
    with suppress(sqlite3.Error):
        for row in old.execute("SELECT session, min(at), max(at), count(*) FROM events GROUP BY session"):
            into.execute("INSERT OR IGNORE INTO sessions (id, created, updated, messages) VALUES (?, ?, ?, ?)", row)


def _connected(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5.0, check_same_thread=False)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path, version: int) -> None:
    if version:
        backup = path.with_name(f"chats.version-{version}.db")
        backup.unlink(missing_ok=True)
        _create(backup)
        connection.execute("VACUUM INTO ?", (str(backup),))
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])  # another instance may have been first
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _create(path: Path) -> None:
    """The file is for the owner only from birth; what SQLite puts beside it takes its mode.

    One that exists is never opened here: whoever closes a file drops all POSIX locks that this process has on it, also
    SQLite's; another process then takes itself for the last one and removes the write-ahead log in use."""
    with BIRTH, suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

"""The event log of all sessions in one SQLite file.

One daemon thread owns the connection, so that a slow disk never holds up the loop nor the exit. What ``append``
acknowledged survives a kill and a power cut (WAL, synchronous=FULL). Searching needs only one more table beside
``events``.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from fastchat_tui.store.locks import Claim
from fastchat_tui.store.schema import BROKEN, Database, open_database, salvage, set_aside, writable
from fastchat_tui.store.worker import Worker
from fastchat_tui.wire.chat import SessionInfo
from fastchat_tui.wire.errors import StoreError
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    CallFinished,
    CallProposed,
    Event,
    ReplyFinished,
    SessionTitled,
    Stamped,
    TurnStarted,
)
from fastchat_tui.wire.text import one_line

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
LAST = 1 << 62
LISTED = """
    SELECT id, title, created, updated, messages, CASE WHEN messages = 0 THEN (
      SELECT coalesce(CASE WHEN json_valid(CAST(event AS TEXT)) THEN
        json_extract(CAST(event AS TEXT), '$.server') || '.' || json_extract(CAST(event AS TEXT), '$.tool')
      END, '') FROM events WHERE session = id AND kind = 'call_proposed' ORDER BY seq LIMIT 1
    ) END AS call
    FROM sessions WHERE messages > 0 OR call IS NOT NULL ORDER BY messages = 0, updated DESC, rowid DESC
    """
"""``call`` names the first call by hand where there is no message; those sessions come last, so that the first one is
the one to go on with."""
CLOSE_WITHIN = 3.0


class SqliteStore:
    """Satisfies ``wire.ports.SessionStore``. The file is opened at the first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._path = self._folder / "chats.db"
        self._worker = Worker("session store")
        self._database: Database | None = None
        self._claim: Claim | None = None
        self.notices: list[tuple[str, str]] = []
        """What the user should know of the log, (text, remedy): a damaged one was set aside."""

    async def create(self, session: str, at: float) -> None:
        def work(db: sqlite3.Connection) -> None:
            self._take(session)
            db.execute("INSERT OR IGNORE INTO sessions (id, created, updated) VALUES (?, ?, ?)", (session, at, at))

        await self._write(work)

    async def claim(self, session: str) -> bool:
        try:
            return await self._worker.run(lambda: self._take(session))
        except OSError as error:
            raise StoreError(*_words(error, self._path)) from error

    async def append(self, session: str, events: Sequence[Stamped]) -> None:
        if events:
            await self._write(lambda db: _append(db, session, events))

    async def read(self, session: str, before: int | None = None, limit: int | None = None) -> list[Stamped]:
        def work(db: sqlite3.Connection) -> list[Stamped]:
            rows = db.execute(
                "SELECT seq, at, event FROM events WHERE session = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
                (session, LAST if before is None else before, -1 if limit is None else limit),
            ).fetchall()
            return _decoded(rows[::-1])

        return await self._do(work)

    async def left_open(self, session: str) -> list[Stamped]:
        def work(db: sqlite3.Connection) -> list[Stamped]:
            row = db.execute(
                "SELECT seq, kind FROM events INDEXED BY turns "
                "WHERE session = ? AND kind IN ('turn_started', 'turn_finished') ORDER BY seq DESC LIMIT 1",
                (session,),
            ).fetchone()
            since = row[0] if row and row[1] == "turn_started" else LAST
            query = (
                "SELECT seq, at, event FROM events WHERE session = :session AND (seq >= :since OR seq IN ("
                "SELECT max(seq) FROM events INDEXED BY pairs WHERE session = :session AND pair IS NOT NULL "
                "GROUP BY pair HAVING count(*) % 2 = 1)) ORDER BY seq"
            )
            return _decoded(db.execute(query, {"session": session, "since": since}).fetchall())

        return await self._do(work)

    async def last_seq(self, session: str) -> int:
        query = "SELECT coalesce(max(seq), 0) FROM events WHERE session = ?"
        return await self._do(lambda db: int(db.execute(query, (session,)).fetchone()[0]))

    async def sessions(self) -> list[SessionInfo]:
        def work(db: sqlite3.Connection) -> list[SessionInfo]:
            rows = db.execute(LISTED)
            return [SessionInfo(name, title or one_line(call or "", 60), *rest) for name, title, *rest, call in rows]

        return await self._do(work)

    async def rename(self, session: str, title: str) -> None:
        await self._write(lambda db: _execute(db, "UPDATE sessions SET title = ? WHERE id = ?", title, session))

    async def delete(self, session: str) -> None:
        """Raises StoreError when another process is at this session."""

        def work(db: sqlite3.Connection) -> None:
            held = self._claim is not None and self._claim.session == session
            claim = None if held else Claim.of(self._folder, session)
            if not held and claim is None:
                raise StoreError("This session is open in another window.", "Close it there, then delete it.")
            try:
                _execute(db, "DELETE FROM sessions WHERE id = ?", session)
            finally:
                if claim:
                    claim.release()

        await self._write(work)

    async def close(self) -> None:
        """Returns after a few seconds at the latest, also when the disk does not answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN):
                await self._worker.run(self._shut)
        self._worker.stop()

    # ── on the thread ────────────────────────────────────────────────────────────────────────────────────────────

    async def _write(self, work: Work[T]) -> T:
        def within(db: sqlite3.Connection) -> T:
            if self._opened().refusal:
                self._disconnect()  # it may have been mended meanwhile
                db = writable(self._opened())
            db.execute("BEGIN IMMEDIATE")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                db.rollback()
                raise
            return result

        return await self._do(within)

    async def _do(self, work: Work[T]) -> T:
        def within() -> T:
            try:
                return work(self._opened().connection)
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in BROKEN:
                    raise
                self._begin_anew()
                return work(self._opened().connection)

        try:
            return await self._worker.run(within)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise StoreError(*_words(error, self._path)) from error

    def _opened(self) -> Database:
        if self._database is None:
            self._database = open_database(self._path)
        return self._database

    def _begin_anew(self) -> None:
        """The log is damaged: it is kept aside, what is readable is copied into a new one, and it is said."""
        self._disconnect()
        aside = set_aside(self._path)
        saved = salvage(aside, self._opened().connection)
        remedy = f"It is kept as {aside}; {saved:,} events could be read and are in the new one."
        self.notices.append(("The session log was damaged.", remedy))

    def _take(self, session: str) -> bool:
        """Holds the lock of ``session`` in place of the one held before."""
        if self._claim and self._claim.session == session:
            return True
        claim = Claim.of(self._folder, session)
        if claim is None:
            return False
        if self._claim:
            self._claim.release()
        self._claim = claim
        return True

    def _shut(self) -> None:
        if self._claim:
            self._claim.release()
            self._claim = None
        self._disconnect()

    def _disconnect(self) -> None:
        if self._database:
            self._database.connection.close()
            self._database = None


def _append(db: sqlite3.Connection, session: str, events: Sequence[Stamped]) -> None:
    from fastchat_tui.wire.codec import encode_event

    first, last = events[0].at, events[-1].at
    _execute(db, "INSERT OR IGNORE INTO sessions (id, created, updated) VALUES (?, ?, ?)", session, first, first)
    for stamped in events:
        event = stamped.event
        _execute(
            db,
            "INSERT OR REPLACE INTO events (session, seq, at, kind, event, pair) VALUES (?, ?, ?, ?, ?, ?)",
            *(session, stamped.seq, stamped.at, event.kind, encode_event(event), _pair(event)),
        )
        match event:
            case ReplyFinished():
                _drop_deltas(db, session, stamped.seq)
            case TurnStarted(text=text):
                _execute(
                    db,
                    "UPDATE sessions SET messages = messages + 1, title = iif(title = '', ?, title) WHERE id = ?",
                    *(one_line(text, 60), session),
                )
            case SessionTitled(title=title):
                _execute(db, "UPDATE sessions SET title = ? WHERE id = ?", title, session)
            case _:
                pass
    _execute(db, "UPDATE sessions SET updated = ? WHERE id = ?", last, session)


def _drop_deltas(db: sqlite3.Connection, session: str, seq: int) -> None:
    """The reply at ``seq`` says all that the deltas of its step said; only where a call by hand stands among them, they
    stay and keep its place."""
    first = seq
    query = "SELECT seq, kind FROM events WHERE session = ? AND seq < ? ORDER BY seq DESC"
    for before, kind in db.execute(query, (session, seq)):
        if kind == "call_proposed":
            return
        if kind == "step_started":
            break
        first = before
    _execute(
        db,
        "DELETE FROM events INDEXED BY deltas "
        "WHERE session = ? AND seq >= ? AND seq < ? AND kind IN ('text_delta', 'thought_delta')",
        *(session, first, seq),
    )


def _pair(event: Event) -> str | None:
    """The call or the question that it opens or closes."""
    match event:
        case CallProposed(call=name) | CallFinished(call=name) | Asked(question=name) | Answered(question=name):
            return name
        case _:
            return None


def _execute(db: sqlite3.Connection, statement: str, *values: str | float | bytes | None) -> None:
    db.execute(statement, values)


def _decoded(rows: Sequence[tuple[int, float, bytes]]) -> list[Stamped]:
    if not rows:
        return []  # a new session needs no codec yet: 10 MB
    from fastchat_tui.wire.codec import decode_event

    events: list[Stamped] = []
    for seq, at, raw in rows:
        with suppress(ValueError):  # a damaged or newer row must not cost the session
            events.append(Stamped(seq, at, decode_event(raw)))
    return events


def _words(error: Exception, path: Path) -> tuple[str, str]:
    text = str(error)
    if "full" in text:
        return "The disk is full.", "Free some room; what you write is kept in memory until then."
    if isinstance(error, OSError) or "readonly" in text or "unable to open" in text:
        folder = path.parent
        return f"{folder} cannot be written.", f"Make it a writable folder (chmod u+w {os.fspath(folder)})."
    if "locked" in text:
        return "Another program holds the session log.", "Close it; everything is tried again by itself."
    return f"The session log cannot be used: {text}.", f"It is {path}."

"""The event log of all sessions in one SQLite file.

One daemon thread owns the connection, so that a slow disk never holds up the loop nor the exit. What ``append``
acknowledged survives a kill and a power cut (WAL, synchronous=FULL). Searching needs only one more table beside
``events``.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fastchat_tui.store.locks import Claim
from fastchat_tui.store.schema import open_database
from fastchat_tui.wire.errors import StoreError
from fastchat_tui.wire.events import ReplyFinished, SessionTitled, Stamped, TurnStarted
from fastchat_tui.wire.text import one_line
from fastchat_tui.wire.values import SessionInfo

if TYPE_CHECKING:
    from asyncio import Future

T = TypeVar("T")
TURN_KINDS = ("turn_started", "turn_finished")
Work = Callable[[sqlite3.Connection], T]


class SqliteStore:
    """Satisfies ``wire.ports.SessionStore``. The file is opened at the first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "chats.db"
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._claim: Claim | None = None

    async def create(self, session: str, at: float) -> None:
        def work(db: sqlite3.Connection) -> None:
            self._take(session)
            db.execute("INSERT OR IGNORE INTO sessions (id, created, updated) VALUES (?, ?, ?)", (session, at, at))

        await self._do(work)

    async def claim(self, session: str) -> bool:
        return await self._do(lambda db: self._take(session))

    async def append(self, session: str, events: Sequence[Stamped]) -> None:
        def work(db: sqlite3.Connection) -> None:
            from fastchat_tui.wire.codec import encode_event

            for stamped in events:
                event = stamped.event
                db.execute(
                    "INSERT OR REPLACE INTO events (session, seq, at, kind, event) VALUES (?, ?, ?, ?, ?)",
                    (session, stamped.seq, stamped.at, event.kind, encode_event(event)),
                )
                match event:
                    case ReplyFinished():  # it says all that its deltas said
                        db.execute(
                            "DELETE FROM events WHERE session = ? AND kind IN ('text_delta', 'thought_delta')",
                            (session,),
                        )
                    case TurnStarted(text=text):
                        db.execute(
                            "UPDATE sessions SET messages = messages + 1, "
                            "title = CASE title WHEN '' THEN ? ELSE title END WHERE id = ?",
                            (one_line(text, 60), session),
                        )
                    case SessionTitled(title=title):
                        db.execute("UPDATE sessions SET title = ? WHERE id = ?", (title, session))
                    case _:
                        pass
            db.execute("UPDATE sessions SET updated = ? WHERE id = ?", (events[-1].at, session))

        if events:
            await self._do(work)

    async def read(self, session: str, before: int | None = None, limit: int | None = None) -> list[Stamped]:
        def work(db: sqlite3.Connection) -> list[Stamped]:
            rows = db.execute(
                "SELECT seq, at, event FROM events WHERE session = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
                (session, (1 << 62) if before is None else before, -1 if limit is None else limit),
            ).fetchall()
            return _decoded(rows[::-1])

        return await self._do(work)

    async def open_turn(self, session: str) -> list[Stamped]:
        def work(db: sqlite3.Connection) -> list[Stamped]:
            row = db.execute(
                "SELECT seq, kind FROM events WHERE session = ? AND kind IN (?, ?) ORDER BY seq DESC LIMIT 1",
                (session, *TURN_KINDS),
            ).fetchone()
            if row is None or row[1] == TURN_KINDS[1]:
                return []
            query = "SELECT seq, at, event FROM events WHERE session = ? AND seq >= ? ORDER BY seq"
            return _decoded(db.execute(query, (session, row[0])).fetchall())

        return await self._do(work)

    async def last_seq(self, session: str) -> int:
        query = "SELECT coalesce(max(seq), 0) FROM events WHERE session = ?"
        return await self._do(lambda db: int(db.execute(query, (session,)).fetchone()[0]))

    async def sessions(self) -> list[SessionInfo]:
        query = """SELECT id, title, created, updated, messages FROM sessions
            WHERE messages > 0 ORDER BY updated DESC, rowid DESC"""
        return await self._do(lambda db: [SessionInfo(*row) for row in db.execute(query)])

    async def rename(self, session: str, title: str) -> None:
        await self._do(lambda db: db.execute("UPDATE sessions SET title = ? WHERE id = ?", (title, session)) and None)

    async def delete(self, session: str) -> None:
        await self._do(lambda db: db.execute("DELETE FROM sessions WHERE id = ?", (session,)) and None)

    async def close(self) -> None:
        if self._thread:
            await self._run(self._shut)
            self._work.put(None)
            self._thread = None

    # ── the writer's thread ──────────────────────────────────────────────────────────────────────────────────────

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

    async def _do(self, work: Work[T]) -> T:
        def within() -> T:
            if self._connection is None:
                self._connection = open_database(self._path)
            db = self._connection
            db.execute("BEGIN IMMEDIATE")
            try:
                result = work(db)
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
            return result

        try:
            return await self._run(within)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise StoreError(*_words(error, self._path)) from error

    async def _run(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        future: Future[T] = loop.create_future()

        def settle(act: Callable[[], None]) -> None:
            if not future.done():
                act()

        def job() -> None:
            try:
                result = work()
            except Exception as error:  # it belongs to whoever waits
                act = partial(future.set_exception, error)
            else:
                act = partial(future.set_result, result)
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, act)

        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="session store", daemon=True)
            self._thread.start()
        self._work.put(job)
        return await future

    def _serve(self) -> None:
        while (job := self._work.get()) is not None:
            job()

    def _shut(self) -> None:
        if self._claim:
            self._claim.release()
            self._claim = None
        if self._connection:
            self._connection.close()
            self._connection = None


def _decoded(rows: Sequence[tuple[int, float, bytes]]) -> list[Stamped]:
    from fastchat_tui.wire.codec import decode_event

    events: list[Stamped] = []
    for seq, at, raw in rows:
        try:
            events.append(Stamped(seq, at, decode_event(raw)))
        except ValueError:  # a damaged or newer row must not cost the session
            continue
    return events


def _words(error: Exception, path: Path) -> tuple[str, str]:
    text = str(error)
    if "full" in text:
        return "The disk is full.", "Free some room; what you write is kept in memory until then."
    if "readonly" in text or "unable to open" in text or isinstance(error, PermissionError):
        folder = path.parent
        return f"{folder} cannot be written.", f"Make it writable (chmod u+w {os.fspath(folder)})."
    if "locked" in text:
        return "Another program holds the session log.", "Close it; everything is tried again by itself."
    return f"The session log cannot be used: {text}.", f"It is {path}."

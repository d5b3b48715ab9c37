"""Which session is open: the first one, another one, none that is gone."""

from __future__ import annotations

from collections.abc import Callable

from fastchat_tui.engine.press import Press
from fastchat_tui.engine.session import Session
from fastchat_tui.wire.errors import CommandError, StoreError
from fastchat_tui.wire.events import Noticed, SessionOpened, SessionTitled
from fastchat_tui.wire.ports import SessionStore


class Sessions:
    """``busy`` says whether a turn or a call runs; then the session stays."""

    def __init__(self, store: SessionStore, session: Session, press: Press, busy: Callable[[], bool]) -> None:
        self._store = store
        self._session = session
        self._press = press
        self._busy = busy

    async def open_first(self, wanted: str) -> None:
        """Empty for a new session, ``continue`` for the last one that has a message, or an id. What goes wrong is told,
        and a new one begins."""
        try:
            if wanted == "continue":
                wanted = next((info.id for info in await self._store.sessions() if info.messages), "")
            await self.open(wanted)
        except (StoreError, CommandError) as error:
            self._press.emit(Noticed(level="warning", text=error.text, remedy=error.remedy))
            self._press.emit(SessionOpened(session=self._session.info.id))
        for text, remedy in self._store.notices:
            self._press.emit(Noticed(level="warning", text=text, remedy=remedy))

    async def open(self, session: str) -> None:
        if self._busy():
            raise CommandError("A turn or a call is running.", "Stop it with Esc first.")
        await self._press.recorder.flush()
        if session:
            self._press.go_on_after(await self._session.resume(session))
        else:
            self._session.start()
        self._press.ledger.clear()
        info = self._session.info
        self._press.recorder.open(info.id, exists=bool(session))
        self._press.emit(SessionOpened(session=info.id, title=info.title, resumed=bool(session)))

    async def rename(self, session: str, title: str) -> None:
        await self._require(session)
        await self._store.rename(session, title)
        if session == self._session.info.id:
            self._press.emit(SessionTitled(session=session, title=title))

    async def delete(self, session: str) -> None:
        await self._require(session)
        if session == self._session.info.id:
            await self.open("")
        await self._store.delete(session)

    async def _require(self, session: str) -> None:
        """The open one is there, also when nothing of it is stored yet."""
        if session != self._session.info.id and session not in {info.id for info in await self._store.sessions()}:
            raise CommandError(f"There is no session “{session}”.", "Ctrl+S lists the sessions.")

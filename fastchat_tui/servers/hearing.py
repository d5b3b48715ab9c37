"""What a server tells of itself while it is connected: its lists, at first and when they change, and its resources."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from fastchat_tui.servers.differences import difference
from fastchat_tui.servers.journal import Journal
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import CatalogueChanged, ResourceUpdated, ResourceWatched
from fastchat_tui.wire.ports import Emit

if TYPE_CHECKING:
    from fastchat_tui.servers.attempt import Attempt
    from fastchat_tui.servers.session import Session

REFRESH = 1.0
"""Seconds between two readings of the lists."""


class Hearing:
    """Over all connections to one server: what is watched stays watched, and lists are compared with the last ones."""

    def __init__(self, server: str, emit: Emit, journal: Journal, tell: Callable[[str, str], None]) -> None:
        self._server = server
        self._emit = emit
        self._tell_user = tell
        self._journal = journal
        self._watched: set[str] = set()
        self._catalogue: CatalogueChanged | None = None
        self._changed = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    def changed(self) -> None:
        """The lists are others now."""
        self._changed.set()

    def updated(self, uri: str) -> None:
        self._emit(ResourceUpdated(server=self._server, uri=uri))

    async def keep(self, attempt: Attempt, session: Session, lost: asyncio.Event, ready: Callable[[], None]) -> None:
        """Reads the lists at first and whenever they change, at most once a second; ``ready`` after the first."""
        first = True
        self._listen(session)
        try:
            while True:
                self._changed.clear()
                catalogue = await attempt.catalogue(session)
                if lost.is_set():
                    return
                self._tell(catalogue, aloud=first)
                if first:
                    first = False
                    ready()
                    await self._watch_again(attempt, session)
                await asyncio.sleep(REFRESH)
                await self._changed.wait()
        finally:
            if self._listening is not None:
                self._listening.cancel()
                await asyncio.gather(self._listening, return_exceptions=True)

    async def watch(self, attempt: Attempt, session: Session, uri: str, on: bool) -> None:
        """Raises ServerError when the server tells of no changes."""
        if on and not session.can_watch:
            raise ServerError(f"{self._server} does not tell of changes of its resources.", "Read it again instead.")
        if not session.modern:
            await attempt.ask(session, f"resources/{'subscribe' if on else 'unsubscribe'}", {"uri": uri})
        (self._watched.add if on else self._watched.discard)(uri)
        self._emit(ResourceWatched(server=self._server, uri=uri, on=on))
        if session.modern:
            self._listen(session)

    def _listen(self, session: Session) -> None:
        if self._listening is not None:
            self._listening.cancel()
        self._listening = asyncio.create_task(session.listen(self.changed, sorted(self._watched)))
        self._listening.add_done_callback(_seen)

    async def _watch_again(self, attempt: Attempt, session: Session) -> None:
        """After a reconnection: what changed meanwhile is unknown, so each resource counts as changed."""
        for uri in sorted(self._watched):
            with contextlib.suppress(ServerError):
                if not session.modern:
                    await attempt.ask(session, "resources/subscribe", {"uri": uri})
                self.updated(uri)

    def _tell(self, catalogue: CatalogueChanged, *, aloud: bool) -> None:
        """``aloud``: after a reconnection the server may be another one; changes that it announces are its business."""
        if self._catalogue is not None and (what := difference(self._catalogue, catalogue)):
            self._journal.add("client", "warning", what)
            if aloud:
                self._tell_user(f"{self._server} is back. {what}", "Enter on it shows what it offers now.")
        self._catalogue = catalogue
        self._emit(catalogue)


def _seen(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()  # a server that tells of nothing is no less of use

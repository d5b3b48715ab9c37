"""What servers offer besides tools: read, saved, filled in, completed. Their answers are as hostile as their events."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar

from fastchat_tui.engine.fleet import Fleet
from fastchat_tui.engine.sanitise import sanitise
from fastchat_tui.engine.saving import write_new
from fastchat_tui.wire.content import Completion, EmbeddedResource, PromptMessage
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import ResourceRead
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.ports import Emit
from fastchat_tui.wire.roster import Roster
from fastchat_tui.wire.servers import Completable

T = TypeVar("T")


class Offers:
    """The part of ``wire.ports.Engine`` that asks servers."""

    def __init__(self, fleet: Fleet, roster: Roster, masker: Masker, emit: Emit) -> None:
        self._fleet = fleet
        self._roster = roster
        self._masker = masker
        self._emit = emit

    async def read(self, server: str, uri: str, *, fresh: bool = False) -> Sequence[EmbeddedResource]:
        held = await self._fleet.server(server).read(uri, fresh=fresh)
        if (view := self._roster.get(server)) and self._safe(uri) in view.changed:
            self._emit(ResourceRead(server=server, uri=uri))
        return self._safe(held)

    async def save(self, server: str, uri: str, path: str) -> int:
        return await asyncio.to_thread(write_new, path, await self._fleet.server(server).read(uri))

    async def prompt(self, server: str, name: str, arguments: Mapping[str, str]) -> Sequence[PromptMessage]:
        return self._safe(await self._fleet.server(server).prompt(name, arguments))

    async def complete(
        self, server: str, kind: Completable, of: str, argument: str, value: str, others: Mapping[str, str]
    ) -> Completion:
        try:
            return self._safe(await self._fleet.server(server).complete(kind, of, argument, value, others))
        except ServerError:
            return Completion()

    def _safe(self, answer: T) -> T:
        return sanitise(answer, self._masker)

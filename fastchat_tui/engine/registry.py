"""The configured servers as entries: read to be edited, written, found in other programs, examined.

Settings block, so all of it happens in threads; what is wrong with an entry is a CommandError, like with every command.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import ParamSpec, TypeVar

from fastchat_tui.engine.sanitise import sanitise
from fastchat_tui.wire.commands import AddServer, PutServer, RemoveServer, TakeServers
from fastchat_tui.wire.discovery import Discovery
from fastchat_tui.wire.doctor import Examine, Step
from fastchat_tui.wire.errors import CommandError, ConfigError
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.ports import Settings
from fastchat_tui.wire.servers import ServerSpec

T = TypeVar("T")
P = ParamSpec("P")


class Registry:
    def __init__(
        self, settings: Settings, examine: Examine, masker: Masker, running: Callable[[], Mapping[str, ServerSpec]]
    ) -> None:
        self._settings = settings
        self._examine = examine
        self._masker = masker
        self._running = running

    async def write(self, command: AddServer | PutServer | RemoveServer | TakeServers) -> None:
        match command:
            case AddServer(name=name, command=line, url=url):
                await _in_thread(self._settings.add_server, name, line, url)
            case PutServer(entry=entry, instead=instead):
                await _in_thread(self._settings.put_server, entry, instead)
            case RemoveServer(server=server):
                await _in_thread(self._settings.remove_server, server)
            case TakeServers(found=found):
                await _in_thread(self._settings.take, found)

    async def entry(self, server: str) -> ServerSpec:
        return await _in_thread(self._settings.entry, server)

    async def discover(self) -> Discovery:
        return await _in_thread(self._settings.discover)

    async def examine(self, server: str | ServerSpec) -> AsyncGenerator[Step, None]:
        if isinstance(server, ServerSpec):
            spec = await _in_thread(self._settings.expanded, server)
            self._masker.learn((*server.headers.values(), *spec.headers.values(), *spec.env.values()))
        elif (known := self._running().get(server)) is not None:
            spec = known
        else:
            raise CommandError(f"There is no server “{server}”.", "See the servers pane for the names.")
        async with aclosing(self._examine(spec)) as steps:
            async for step in steps:
                yield sanitise(step, self._masker)


async def _in_thread(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    try:
        return await asyncio.to_thread(work, *arguments, **named)
    except ConfigError as error:
        raise CommandError(error.text, error.remedy) from error

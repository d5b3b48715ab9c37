"""The servers together: which run, what they offer, where a call goes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from fastchat_tui.engine.toolbox import Toolbox, Weigh
from fastchat_tui.wire.commands import Login, Logout, WatchResource
from fastchat_tui.wire.content import Object, ToolResult
from fastchat_tui.wire.destination import destination
from fastchat_tui.wire.errors import CommandError, ServerError
from fastchat_tui.wire.events import (
    CatalogueChanged,
    Event,
    FrameSeen,
    ServerChanged,
    ServerLogged,
    ServerRemoved,
    SignInFinished,
)
from fastchat_tui.wire.ports import Emit, Host, MakeServer, OnProgress, Server, Settings
from fastchat_tui.wire.servers import USUAL, ServerOptions, ServerSpec, ServerState, SignInView
from fastchat_tui.wire.text import clean, head_and_tail

CLOSING = "closing"
MAX_INSTRUCTIONS = 4000
"""Characters of one server's instructions that the model is sent with every request."""


class Fleet:
    """Owns the connections. The switches of the user decide which servers run and which tools are offered."""

    def __init__(self, make: MakeServer, host: Host, settings: Settings, weigh: Weigh, emit: Emit) -> None:
        self._make = make
        self._host = host
        self._settings = settings
        self._emit = emit
        self._specs: dict[str, ServerSpec] = {}
        self._servers: dict[str, Server] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._wanted: set[str] = set()
        self._ready: set[str] = set()
        self._instructions: dict[str, str] = {}
        self._toolbox = box = Toolbox(settings, weigh, self._ready, emit)
        self.tools, self.tool, self.find, self.set_aside = box.tools, box.tool, box.find, box.set_aside
        self.enable_tool = box.enable

    @property
    def specs(self) -> Mapping[str, ServerSpec]:
        return self._specs

    async def apply(self, specs: Iterable[ServerSpec]) -> None:
        """Makes the running servers those of ``specs``; one whose entry did not change is not touched."""
        wanted = {spec.name: self._with_options(spec) for spec in specs}
        changed = [name for name, spec in self._specs.items() if wanted.get(name) != spec]
        await asyncio.gather(*(self._end(name) for name in changed))
        for name in [name for name in self._specs if name not in wanted]:
            self._toolbox.forget(name)
            self._emit(ServerRemoved(server=name))
        fresh = [name for name in wanted if self._specs.get(name) != wanted[name]]
        self._specs = wanted
        for name in fresh:
            spec = wanted[name]
            if not self._is_on(spec):
                self._emit(self._changed(name, "off"))
            elif spec.problem:
                self._emit(self._changed(name, "failed", spec.problem))
            else:
                self._wanted.add(name)
                self._start(name)

    async def connect(self, name: str) -> None:
        """Switches a server on, or connects a running one again."""
        spec = self._spec(name)
        if spec.problem:
            raise CommandError(f"{name} cannot be started: {spec.problem}", "Mend its entry, then reload the file.")
        if server := self._servers.get(name):
            server.reconnect()
            return
        await self._switch_on(name)

    async def disconnect(self, name: str) -> None:
        """Switches a server off: at once for the model and the screen; when this returns, its process tree is gone."""
        spec = self._spec(name)
        self._wanted.discard(name)
        if name in self._servers:
            self._emit(self._changed(name, "off", CLOSING))
        await asyncio.gather(self._end(name), asyncio.to_thread(self._settings.set_enabled, spec.name, False))
        if name not in self._wanted:
            self._emit(self._changed(name, "off"))

    async def _switch_on(self, name: str) -> None:
        """When what runs of it is gone: two of it could fight over a port or a file."""
        self._wanted.add(name)
        if name in self._ending:
            self._emit(self._changed(name, "connecting", CLOSING))
        await asyncio.gather(self._end(name), asyncio.to_thread(self._settings.set_enabled, name, True))
        if name in self._wanted and name not in self._servers:
            self._start(name)

    async def carry_out(self, command: WatchResource | Login | Logout) -> None:
        """Raises CommandError or ServerError."""
        match command:
            case WatchResource(server=name, uri=uri, on=on):
                await self.server(name).watch(uri, on)
            case Login(server=name):
                await self._login(name)
            case Logout(server=name):
                detail = await self._any(name).logout()
                self._emit(SignInFinished(server=name, outcome="signed_out", detail=detail))

    async def _login(self, name: str) -> None:
        """Switches the server on where it is off."""
        spec = self._spec(name)
        if spec.problem:
            raise CommandError(f"{name} cannot be started: {spec.problem}", "Mend its entry, then reload the file.")
        if name not in self._servers:
            await self._switch_on(name)
        await self.server(name).login()

    async def sign_ins(self) -> dict[str, SignInView]:
        """Side by side: a keyring that does not answer is waited for once."""
        names = tuple(self._specs)
        views = await asyncio.gather(*(self._any(name).signed_in() for name in names))
        return {name: view for name, view in zip(names, views, strict=True) if view is not None}

    async def set_options(self, name: str, options: ServerOptions, *, quietly: bool = False) -> None:
        """Changes what a server may do, remembered; ``quietly`` leaves a running connection to itself."""
        spec = self._spec(name)
        await asyncio.to_thread(self._settings.set_options, name, options)
        self._specs[name] = replace(spec, options=options)
        if server := self._servers.get(name):
            await server.configure(options, quietly=quietly)
        else:
            self._emit(self._changed(name, "failed" if spec.problem else "off", spec.problem))

    async def forbid_sampling(self, name: str) -> None:
        """For good. The connection stays, as a call on it waits for the no; it is not declared on the next one."""
        if spec := self._specs.get(name):
            await self.set_options(name, replace(spec.options, sampling=False), quietly=True)

    async def remember_deaf(self, name: str) -> None:
        if spec := self._specs.get(name):
            self._specs[name] = replace(spec, deaf=True)
            await asyncio.to_thread(self._settings.remember_deaf, spec)

    def options(self, name: str) -> ServerOptions:
        spec = self._specs.get(name)
        return spec.options if spec else USUAL

    def instructions(self) -> str:
        """What the ready servers say of their use, as far as the user lets them say it to the model."""
        said = (
            f"The server “{name}” says of itself:\n{head_and_tail(text, MAX_INSTRUCTIONS)}"
            for name in sorted(self._ready)
            if self.options(name).instructions and (text := self._instructions.get(name, "").strip())
        )
        return "\n\n".join(said)

    def server(self, name: str) -> Server:
        """Raises ServerError when it is switched off."""
        if (running := self._servers.get(name)) is None:
            raise ServerError(f"{name} is switched off.", "Switch it on in the servers pane, then try again.")
        return running

    async def call(self, call: str, server: str, tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
        """Raises ServerError when the server is off or away, dies, or stays silent too long."""
        return await self.server(server).call(call, tool, arguments, progress)

    async def close(self) -> None:
        await asyncio.gather(*(self._end(name) for name in {*self._servers, *self._ending}))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _spec(self, name: str) -> ServerSpec:
        if (spec := self._specs.get(name)) is None:
            raise CommandError(f"There is no server “{name}”.", "See the servers pane for the names.")
        return spec

    def _any(self, name: str) -> Server:
        """The running server, or one that is not started."""
        return self._servers.get(name) or self._make(self._spec(name), lambda event: None, self._host)

    def _with_options(self, spec: ServerSpec) -> ServerSpec:
        remembered = self._settings.options(spec.name)
        deaf = self._settings.is_deaf(spec)
        return replace(spec, deaf=deaf, options=spec.options if remembered is None else remembered)

    def _is_on(self, spec: ServerSpec) -> bool:
        remembered = self._settings.enabled(spec.name)
        return spec.enabled if remembered is None else remembered

    def _start(self, name: str) -> None:
        server: Server

        def hear(event: Event) -> None:
            if self._servers.get(name) is server or isinstance(event, ServerLogged | FrameSeen):
                self._hear(event)  # of a connection that is being closed only its last words count

        server = self._servers[name] = self._make(self._specs[name], hear, self._host)
        self._emit(self._changed(name, "connecting"))  # whoever waits for the servers must see it at once
        server.start()

    async def _end(self, name: str) -> None:
        """Returns when nothing of the server is left; it is of no use from now on."""
        if server := self._servers.pop(name, None):
            self._ready.discard(name)
            self._ending[name] = asyncio.create_task(server.stop())
            self._ending[name].add_done_callback(lambda _: self._ending.pop(name, None))
        if name in self._ending:
            await asyncio.shield(self._ending[name])

    def _hear(self, event: Event) -> None:
        match event:
            case ServerChanged(server=name, state=state, instructions=instructions):
                self._instructions[name] = clean(instructions)
                (self._ready.add if state == "ready" else self._ready.discard)(name)
                self._emit(event)
                self._toolbox.warn_of_many()
            case CatalogueChanged():
                self._toolbox.publish(event)
            case _:
                self._emit(event)

    def _changed(self, name: str, state: ServerState, detail: str = "") -> ServerChanged:
        spec = self._specs[name]
        return ServerChanged(
            server=name,
            state=state,
            detail=detail,
            transport=spec.transport,
            destination=destination(spec, str),
            description=spec.description,
            origin=spec.origin,
            options=spec.options,
        )

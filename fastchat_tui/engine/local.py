"""The engine in this process: commands go in, events come out, everything that starts ends exactly once.

It is opened around a front end: ``async with`` it, ``begin`` it, and leaving the block closes turn, servers and log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, assert_never

from fastchat_tui import crash
from fastchat_tui.engine.bus import Subscription
from fastchat_tui.engine.calls import Caller
from fastchat_tui.engine.configuration import Configuration
from fastchat_tui.engine.endpoint import Endpoint, MakeModel
from fastchat_tui.engine.fleet import Fleet
from fastchat_tui.engine.host import EngineHost
from fastchat_tui.engine.offers import Offers
from fastchat_tui.engine.policy import Rules
from fastchat_tui.engine.press import Press
from fastchat_tui.engine.questions import Questions
from fastchat_tui.engine.recorder import Recorder
from fastchat_tui.engine.registry import Registry
from fastchat_tui.engine.sampling import Sampler
from fastchat_tui.engine.sanitise import sanitise
from fastchat_tui.engine.session import Session
from fastchat_tui.engine.sessions import Sessions
from fastchat_tui.engine.toolbox import Weigh
from fastchat_tui.engine.turns import Turns
from fastchat_tui.engine.world import TurnWorld
from fastchat_tui.wire.chat import SessionInfo
from fastchat_tui.wire.commands import (
    AddServer,
    Answer,
    CallTool,
    CancelTurn,
    Command,
    ConnectServer,
    DeleteSession,
    DisconnectServer,
    EnableTool,
    Login,
    Logout,
    OpenSession,
    PutServer,
    ReloadConfig,
    RemoveServer,
    RenameSession,
    RetryTurn,
    SendMessage,
    SetKey,
    SetModel,
    SetServerOptions,
    TakeServers,
    WatchResource,
)
from fastchat_tui.wire.doctor import Examine
from fastchat_tui.wire.errors import CommandError, ConfigError, ServerError
from fastchat_tui.wire.events import EngineStarted, FrameSeen, Noticed, ServerLogged, Stamped
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.ports import Config, MakeServer, SessionStore, Settings, Snapshot, Vault
from fastchat_tui.wire.servers import SignInView

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the engine is built from; ``compose.py`` chooses them."""

    settings: Settings
    store: SessionStore
    vault: Vault
    make_server: MakeServer
    make_model: MakeModel
    weigh: Weigh
    examine: Examine
    masker: Masker
    version: str = ""
    session: str = ""
    """The session to open first: empty for a new one, ``continue`` for the last one, or an id."""
    demo: bool = False
    tools: bool = True


class LocalEngine:
    """Satisfies ``wire.ports.Engine``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._session = Session(parts.store)
        self._press = Press(parts.masker, self._session)
        self.emit = self._press.emit
        self._recorder = self._press.recorder = Recorder(parts.store, self.emit)
        self._questions = Questions(self.emit)
        self._endpoint = Endpoint(
            parts.make_model, parts.settings, parts.vault, self._questions, parts.masker, self.emit
        )
        sampler = Sampler(
            self._endpoint,
            self._questions,
            lambda server: self._fleet.options(server),
            lambda server: self._fleet.forbid_sampling(server),
        )
        host = EngineHost(self._questions, sampler, lambda server: self._fleet.remember_deaf(server), self.emit)
        self.tell = host.tell
        self._fleet = Fleet(parts.make_server, host, parts.settings, parts.weigh, self.emit)
        self._configuration = Configuration(parts.settings, self._questions, self.emit, self._apply)
        self._registry = Registry(parts.settings, parts.examine, parts.masker, lambda: self._fleet.specs)
        self.examine, self.entry = self._registry.examine, self._registry.entry
        self.discover = self._registry.discover
        self._offers = Offers(self._fleet, self._press.roster, parts.masker, self.emit)
        self.read, self.save = self._offers.read, self._offers.save
        self.prompt, self.complete = self._offers.prompt, self._offers.complete
        self._caller = Caller(
            self._fleet, Rules(), self._questions, parts.settings, parts.masker, self._destination, self.emit
        )
        self._world = TurnWorld(
            self._session, self._endpoint, self._fleet, self._caller, self._questions, self.emit, tools=parts.tools
        )
        self._turns = Turns(self._world, self._session, self._press.ledger, self._recorder, self._caller)
        self._sessions = Sessions(
            parts.store, self._session, self._press, lambda: self._turns.busy and self._world.is_open
        )
        self._started: asyncio.Task[None] | None = None
        self._closed = False

    async def __aenter__(self) -> LocalEngine:
        self._session.start()
        self._recorder.open(self._session.info.id, exists=False)
        self._writer = asyncio.create_task(self._recorder.run(), name="recorder")
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._closed:
            return
        self._closed = True
        if self._started:
            self._started.cancel()
            await asyncio.wait([self._started])
        await self._turns.close()
        self._world.open()  # whoever waits for the start is refused
        await self._fleet.close()
        await self._recorder.flush()
        await self._press.bus.close()
        self._writer.cancel()
        await asyncio.wait([self._writer])
        await self._endpoint.close()
        await self._parts.store.close()

    # ── what front ends call ─────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        self._require_open()
        if self._started is None:
            self._started = asyncio.create_task(self._start(), name="engine start")

    def subscribe(self, since: int | None = None, *, frames: bool = False) -> Subscription:
        if since is None:
            return self._press.bus.subscribe(frames=frames)
        until = self._press.seq

        async def replay() -> list[Stamped]:
            return [stamped for stamped in await self._recorder.read() if since < stamped.seq <= until]

        return self._press.bus.subscribe(replay, frames=frames)

    async def send(self, command: Command) -> None:
        self.begin()
        match command:
            case SendMessage(text=text):
                self._turns.say(text)
            case CancelTurn():
                self._turns.cancel()
            case RetryTurn():
                self._turns.retry()
            case Answer():
                self._questions.answer(command)
            case OpenSession(session=session):
                await self._sessions.open(session)
            case RenameSession(session=session, title=title):
                await self._sessions.rename(session, title)
            case DeleteSession(session=session):
                await self._sessions.delete(session)
            case SetModel() | SetKey():
                await self._world.opened()  # else the configuration would come over it
                self._require_open()
                await self._endpoint.carry_out(command)
            case ConnectServer(server=server):
                await self._fleet.connect(server)
            case DisconnectServer(server=server):
                await self._fleet.disconnect(server)
            case AddServer() | PutServer() | RemoveServer() | TakeServers():
                await self._registry.write(command)
                await self._configuration.reload()
            case WatchResource() | Login() | Logout():
                try:
                    await self._fleet.carry_out(command)
                except ServerError as error:
                    raise CommandError(error.text, error.remedy) from error
            case SetServerOptions(server=server, options=options):
                await self._fleet.set_options(server, options)
            case EnableTool(server=server, tool=tool, on=on):
                await self._fleet.enable_tool(server, tool, on)
            case CallTool():
                self._call_by_hand(command)
            case ReloadConfig():
                await self._configuration.reload(anew=True)
            case _:
                assert_never(command)

    def snapshot(self) -> Snapshot:
        return Snapshot(
            model=self._endpoint.view,
            session=self._session.info,
            servers=dict(self._press.roster),
            turn=self._turns.running,
            queue=self._turns.queue,
            questions=self._safe(self._questions.open),
            policy=self._configuration.current.policy,
            config=self._configuration.current.path,
            demo=self._parts.demo,
            unsaved=self._recorder.is_broken,
            name=self._configuration.current.app_name,
        )

    async def page(self, before: int | None = None, limit: int = 200) -> Sequence[Stamped]:
        self._require_open()
        return await self._recorder.read(before, limit)

    async def sessions(self) -> Sequence[SessionInfo]:
        self._require_open()
        await self._recorder.flush()
        return await self._parts.store.sessions()

    async def sign_ins(self) -> Mapping[str, SignInView]:
        return self._safe(await self._fleet.sign_ins())

    def frames(self, server: str = "", call: str = "") -> Sequence[FrameSeen]:
        return self._press.rings.frames(server, call)

    def logs(self, server: str) -> Sequence[tuple[float, ServerLogged]]:
        return self._press.rings.logs(server)

    # ── start and configuration ──────────────────────────────────────────────────────────────────────────────────

    async def _start(self) -> None:
        """Until the engine ends. Its border: who waits for the start hears of a fault, and no turn waits for ever."""
        try:
            await self._live()
        except Exception as error:
            self.emit(Noticed(level="error", text=crash.told(error)))
            self._world.open()

    async def _live(self) -> None:
        config = await self._configuration.load()
        await self._sessions.open_first(self._parts.session)
        await self._configuration.use(config)
        self._world.open()
        await self._configuration.ask()
        self.emit(
            EngineStarted(version=self._parts.version, demo=self._parts.demo, config=self._configuration.current.path)
        )
        await self._configuration.watch()

    async def _apply(self, config: Config) -> None:
        self._parts.masker.learn(config.secrets)
        self._world.configure(config)
        for text, remedy in config.notices:
            self.emit(Noticed(level="warning", text=text, remedy=remedy))
        policy = config.policy if config.policy in ("ask", "allow", "deny") else "ask"
        rules = [*config.rules, *self._parts.settings.rules()]
        try:
            self._caller.rules = Rules("allow" if policy == "allow" else "deny" if policy == "deny" else "ask", rules)
        except ConfigError as error:
            self.emit(Noticed(level="error", text=error.text, remedy=error.remedy))
        await self._endpoint.configure(config)
        await self._fleet.apply(config.servers)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _require_open(self) -> None:
        if self._closed:
            raise CommandError("The engine is closed.")

    def _call_by_hand(self, command: CallTool) -> None:
        if self._fleet.tool(command.server, command.tool) is None:
            raise CommandError(
                f"{command.server or 'No server'} offers no tool “{command.tool}”.", "See the servers pane for names."
            )
        self._turns.call(command)

    def _safe(self, answer: T) -> T:
        """What a server answers is as hostile as what it says."""
        return sanitise(answer, self._parts.masker)

    def _destination(self, server: str) -> str:
        view = self._press.roster.get(server)
        return view.destination if view else ""

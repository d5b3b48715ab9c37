"""Fakes of the engine's ports: a model that says what it was told to, servers that answer, a store in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from fastchat_tui.engine.endpoint import Address
from fastchat_tui.engine.local import LocalEngine, Parts
from fastchat_tui.wire import codec
from fastchat_tui.wire.chat import (
    CallPart,
    ModelView,
    Part,
    Piece,
    Prompt,
    Reply,
    SessionInfo,
    TextPart,
    TextPiece,
    ThoughtPart,
    ThoughtPiece,
    UserMessage,
)
from fastchat_tui.wire.content import Completion, EmbeddedResource, Object, PromptMessage, Text, ToolResult
from fastchat_tui.wire.discovery import Discovery, FoundServer
from fastchat_tui.wire.doctor import Step
from fastchat_tui.wire.errors import ServerError, StoreError, VaultError
from fastchat_tui.wire.events import (
    Answered,
    Asked,
    CallFinished,
    CallProposed,
    CatalogueChanged,
    Event,
    ReplyFinished,
    ResourceUpdated,
    ResourceWatched,
    ServerChanged,
    SessionTitled,
    SignInFinished,
    Stamped,
    StepStarted,
    TextDelta,
    ThoughtDelta,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.ports import Config, Emit, Host, MakeServer, OnProgress, Rule
from fastchat_tui.wire.questions import Trust
from fastchat_tui.wire.servers import Completable, ServerOptions, ServerSpec, Tool

Line = Piece | Exception
"""A piece is yielded, an exception is raised; a TimeoutError is silence without end."""
DEADLINE = 10.0


def say(*words: str, calls: Sequence[CallPart] = (), cut: str = "") -> list[Line]:
    """A reply that streams ``words`` and wants ``calls``."""
    parts: tuple[Part, ...] = ((TextPart("".join(words)),) if words else ()) + tuple(calls)
    return [*(TextPiece(word) for word in words), Reply(parts, finish="stop", cut=cut, issuer="fake")]


def want(call: str, tool: str = "echo", arguments: str = "{}") -> CallPart:
    return CallPart(call, f"demo__{tool}", arguments)


class FakeModel:
    """Plays one list of lines for each request; keeps the prompts that it was sent."""

    def __init__(self, *replies: Sequence[Line]) -> None:
        self.replies = list(replies)
        self.otherwise: Sequence[Line] = ()
        """What it answers when no reply is left."""
        self.prompts: list[Prompt] = []
        self.closed = False
        self.key = "scripted"

    def view(self) -> ModelView:
        return ModelView("fake", key="scripted")

    async def names(self) -> Sequence[str]:
        return ("fake", "fake-large", "fake-large-2", "other")

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        self.prompts.append(prompt)
        for line in self.replies.pop(0) if self.replies else self.otherwise:
            if isinstance(line, TimeoutError):
                await asyncio.Event().wait()
            if isinstance(line, Exception):
                raise line
            await asyncio.sleep(0)
            yield line

    async def close(self) -> None:
        self.closed = True


class Endless(FakeModel):
    """Says one word to the message “hi” and never ends; answers every other message."""

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        self.prompts.append(prompt)
        if prompt.messages[-1] == UserMessage("hi"):
            yield TextPiece("par")
            await asyncio.Event().wait()
        yield Reply((TextPart("fine"),), finish="stop", issuer="fake")


Handler = Callable[[str, Object, OnProgress], Awaitable[ToolResult]]


async def echo(tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
    if tool == "boom":
        raise ServerError("demo went away during the call.", "Reconnect it.")
    if tool == "wrong":
        return ToolResult((Text("no such file"),), is_error=True)
    if tool == "hang":
        await asyncio.Event().wait()
    if tool == "slow":
        progress(1, 2, "half")
    return ToolResult((Text(f"{tool}={arguments}"),))


TOOLS = ("echo", "boom", "wrong", "hang", "slow")


class FakeServer:
    def __init__(self, spec: ServerSpec, emit: Emit, handler: Handler) -> None:
        self.spec = spec
        self._emit = emit
        self._handler = handler
        self.stopped = 0
        self.told_to_stop, self.gone = asyncio.Event(), asyncio.Event()
        self.gone.set()
        """Cleared by a test whose server takes its time to end."""
        self.calls: list[tuple[str, Object]] = []
        self.cancelled: list[str] = []

    def start(self) -> None:
        name = self.spec.name
        self._emit(ServerChanged(server=name, state="connecting", destination=f"run {name}"))
        tools = tuple(Tool(name, tool, input_schema={"type": "object"}) for tool in TOOLS)
        self._emit(CatalogueChanged(server=name, tools=tools))
        self.introduce("Be gentle with me.")

    async def login(self) -> None:
        """Nobody comes to the page."""
        self._emit(SignInFinished(server=self.spec.name, outcome="failed", detail="The sign-in was cancelled."))

    async def logout(self) -> str:
        return "It is revoked."

    def introduce(self, said: str) -> None:
        """Is ready, and says this of itself."""
        name = self.spec.name
        self._emit(ServerChanged(server=name, state="ready", destination=f"run {name}", instructions=said))

    def reconnect(self) -> None:
        self.start()

    async def call(self, call: str, tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
        self.calls.append((tool, arguments))
        try:
            return await self._handler(tool, arguments, progress)
        except asyncio.CancelledError:
            self.cancelled.append(call)
            raise

    def offer(self, catalogue: CatalogueChanged) -> None:
        self._emit(catalogue)

    async def read(self, uri: str, *, fresh: bool = False) -> Sequence[EmbeddedResource]:
        return (EmbeddedResource(uri, text=f"\x1b[31m{uri}"),)

    async def prompt(self, name: str, arguments: Mapping[str, str]) -> Sequence[PromptMessage]:
        return (PromptMessage("user", Text(f"{name} {dict(arguments)}")),)

    async def complete(
        self, kind: Completable, of: str, argument: str, value: str, others: Mapping[str, str]
    ) -> Completion:
        return Completion((f"{value}!",))

    async def watch(self, uri: str, on: bool) -> None:
        self._emit(ResourceWatched(server=self.spec.name, uri=uri, on=on))
        if on:
            self._emit(ResourceUpdated(server=self.spec.name, uri=uri))

    async def configure(self, options: ServerOptions, *, quietly: bool = False) -> None:
        self.spec = replace(self.spec, options=options)
        name = self.spec.name
        self._emit(ServerChanged(server=name, state="ready", destination=f"run {name}", options=options))

    async def stop(self) -> None:
        self.stopped += 1
        self.told_to_stop.set()
        async with asyncio.timeout(DEADLINE):
            await self.gone.wait()


class MemoryStore:
    """A SessionStore in memory, through the codec; ``broken`` makes every write fail."""

    def __init__(self) -> None:
        self.lines: dict[str, list[tuple[Stamped, bytes]]] = {}
        self.info: dict[str, SessionInfo] = {}
        self.broken: StoreError | None = None
        self.notices: list[tuple[str, str]] = []
        self.claimed: set[str] = set()

    async def create(self, session: str, at: float) -> None:
        self._check()
        self.lines[session] = []
        self.info[session] = SessionInfo(session, created=at, updated=at)

    async def claim(self, session: str) -> bool:
        return session not in self.claimed

    async def append(self, session: str, events: Sequence[Stamped]) -> None:
        self._check()
        kept = self.lines[session]
        for stamped in events:
            match stamped.event:
                case ReplyFinished(turn=turn, step=step):
                    start = max((n for n, (old, _) in enumerate(kept) if isinstance(old.event, StepStarted)), default=0)
                    if not any(isinstance(old.event, CallProposed) for old, _ in kept[start:]):
                        kept[:] = [(old, raw) for old, raw in kept if not _is_delta_of(old.event, turn, step)]
                case SessionTitled(title=title):
                    self.info[session] = replace(self.info[session], title=title)
                case TurnStarted():
                    self.info[session] = replace(self.info[session], messages=self.info[session].messages + 1)
                case _:
                    pass
            kept.append((stamped, codec.encode(stamped)))

    async def read(self, session: str, before: int | None = None, limit: int | None = None) -> list[Stamped]:
        raws = [raw for old, raw in self.lines.get(session, []) if before is None or old.seq < before]
        return [codec.decode(raw) for raw in (raws if limit is None else raws[-limit:])]

    async def left_open(self, session: str) -> list[Stamped]:
        events = await self.read(session)
        start = max((i for i, s in enumerate(events) if isinstance(s.event, TurnStarted)), default=len(events))
        if any(isinstance(s.event, TurnFinished) for s in events[start:]):
            start = len(events)
        pairs: dict[str, Stamped] = {}
        for stamped in events[:start]:
            match stamped.event:
                case CallProposed(call=name) | Asked(question=name):
                    pairs[name] = stamped
                case CallFinished(call=name) | Answered(question=name):
                    pairs.pop(name, None)
                case _:
                    pass
        return [*pairs.values(), *events[start:]]

    async def last_seq(self, session: str) -> int:
        return max((old.seq for old, _ in self.lines.get(session, [])), default=0)

    async def sessions(self) -> list[SessionInfo]:
        return list(reversed(self.info.values()))

    async def rename(self, session: str, title: str) -> None:
        self.info[session] = replace(self.info[session], title=title)

    async def delete(self, session: str) -> None:
        self.lines.pop(session, None)
        self.info.pop(session, None)

    async def close(self) -> None:
        pass

    def _check(self) -> None:
        if self.broken:
            raise self.broken


def _is_delta_of(event: Event, turn: str, step: int) -> bool:
    return isinstance(event, TextDelta | ThoughtDelta) and (event.turn, event.step) == (turn, step)


class MemorySettings:
    def __init__(self, config: Config | None = None) -> None:
        self.config = config or Config(servers=(ServerSpec("demo", "stdio", "run"),), model="fake")
        self.trusted: list[tuple[Trust, bool]] = []
        self.servers: dict[str, bool] = {}
        self.tools: dict[tuple[str, str], bool] = {}
        self.deaf: list[str] = []
        self.server_options: dict[str, ServerOptions] = {}
        self.saved_rules: list[Rule] = []
        self.origins: list[str] = []
        self.discovery = Discovery()
        self.stamped = 0
        self.kept: list[Config] = []

    def load(self) -> Config:
        return self.config

    def stamp(self) -> object:
        return self.stamped

    def keep(self, config: Config) -> None:
        self.kept.append(config)

    def trust(self, about: Trust, remember: bool) -> None:
        self.trusted.append((about, remember))
        self.config = replace(self.config, pending=tuple(p for p in self.config.pending if p != about))

    def enabled(self, server: str) -> bool | None:
        return self.servers.get(server)

    def set_enabled(self, server: str, on: bool) -> None:
        self.servers[server] = on

    def options(self, server: str) -> ServerOptions | None:
        return self.server_options.get(server)

    def set_options(self, server: str, options: ServerOptions) -> None:
        self.server_options[server] = options

    def is_deaf(self, spec: ServerSpec) -> bool:
        return spec.name in self.deaf

    def remember_deaf(self, spec: ServerSpec) -> None:
        self.deaf.append(spec.name)

    def tool_enabled(self, server: str, tool: str) -> bool:
        return self.tools.get((server, tool), True)

    def set_tool_enabled(self, server: str, tool: str, on: bool) -> None:
        self.tools[server, tool] = on

    def rules(self) -> Sequence[Rule]:
        return self.saved_rules

    def add_rule(self, rule: Rule) -> None:
        self.saved_rules.append(rule)

    def key_origins(self) -> Sequence[str]:
        return self.origins

    def allow_key_origin(self, origin: str) -> None:
        self.origins.append(origin)

    def add_server(self, name: str, command: str, url: str) -> str:
        return self.put_server(ServerSpec(name, "http" if url else "stdio", command, url=url))

    def entry(self, name: str) -> ServerSpec:
        return next(spec for spec in self.config.servers if spec.name == name)

    def expanded(self, entry: ServerSpec) -> ServerSpec:
        return entry

    def put_server(self, entry: ServerSpec, instead: str = "") -> str:
        others = (spec for spec in self.config.servers if spec.name != instead)
        self.config = replace(self.config, servers=(*others, entry))
        return "fastchat.config.json"

    def remove_server(self, name: str) -> str:
        self.config = replace(self.config, servers=tuple(s for s in self.config.servers if s.name != name))
        return "fastchat.config.json"

    def discover(self, app: str = "") -> Discovery:
        return self.discovery

    def take(self, found: Sequence[FoundServer]) -> str:
        for one in found:
            self.put_server(one.spec)
        return "fastchat.config.json"

    def advice(self, entries: Sequence[ServerSpec]) -> Sequence[tuple[str, str]]:
        return ()

    def set_model(self, model: str, base_url: str) -> None:
        self.config = replace(self.config, model=model, base_url=base_url)


class MemoryVault:
    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.broken: VaultError | None = None
        self.touched = 0

    async def get(self, name: str) -> str | None:
        self._touch()
        return self.secrets.get(name)

    async def set(self, name: str, secret: str) -> None:
        self._touch()
        self.secrets[name] = secret

    async def delete(self, name: str) -> None:
        self._touch()
        self.secrets.pop(name, None)

    def _touch(self) -> None:
        self.touched += 1
        if self.broken:
            raise self.broken


class World:
    """An engine among fakes, and what it said."""

    def __init__(self, *replies: Sequence[Line], allow: bool = False, handler: Handler = echo) -> None:
        self.model = FakeModel(*replies)
        self.addresses: list[Address] = []
        self.make_model: Callable[[Address], FakeModel] = lambda _: self.model
        self.settings = MemorySettings()
        if allow:
            self.settings.config = replace(self.settings.config, policy="allow")
        self.store, self.vault, self.masker = MemoryStore(), MemoryVault(), Masker()
        self.servers: list[FakeServer] = []
        self.host: Host
        self.handler = handler
        self.steps: list[Step] = []
        self.heard: list[Stamped] = []
        self.make_server: MakeServer | None = None
        """Instead of fake servers."""
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def open(self, session: str = "", *, begin: bool = True) -> AsyncIterator[LocalEngine]:
        def make_server(spec: ServerSpec, emit: Emit, host: Host) -> FakeServer:
            self.servers.append(FakeServer(spec, emit, self.handler))
            self.host = host
            return self.servers[-1]

        def make_model(address: Address) -> FakeModel:
            self.addresses.append(address)
            return self.make_model(address)

        parts = Parts(
            settings=self.settings,
            store=self.store,
            vault=self.vault,
            make_server=self.make_server or make_server,
            make_model=make_model,
            weigh=lambda tool: (10, ""),
            examine=self.examine,
            masker=self.masker,
            session=session,
        )
        engine = LocalEngine(parts)
        reader = asyncio.create_task(self._hear(engine))
        try:
            async with engine:
                await asyncio.sleep(0)
                if begin:
                    engine.begin()
                yield engine
        finally:
            await asyncio.wait([reader], timeout=DEADLINE)

    async def examine(self, spec: ServerSpec) -> AsyncGenerator[Step, None]:
        for step in self.steps:
            yield step

    async def _hear(self, engine: LocalEngine) -> None:
        async for stamped in engine.subscribe():
            self.heard.append(stamped)
            self._changed.set()

    @property
    def events(self) -> list[Event]:
        return [stamped.event for stamped in self.heard]

    def of(self, kind: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    async def changed(self) -> None:
        """Returns when something more was heard."""
        self._changed.clear()
        await self._changed.wait()

    async def until(self, kind: type, count: int = 1) -> Event:
        """The ``count``-th event of a kind, which is waited for."""
        async with asyncio.timeout(DEADLINE):
            while len(found := self.of(kind)) < count:
                await self.changed()
        return found[count - 1]


def thinking(text: str) -> list[Line]:
    return [ThoughtPiece(text), Reply((ThoughtPart(text), TextPart("so")), issuer="fake")]

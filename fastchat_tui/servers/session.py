"""One MCP session on one transport: the only module that talks to ``mcp.Client``.

Requests go as raw JSON through the session's dispatcher. The SDK's own methods would throw away a whole list for one
malformed item, and a result that was already paid for when it does not match an output schema.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

import mcp_types as types
from mcp import Client, MCPError
from mcp.client import IncomingMessage, advertise
from mcp.client import session as sdk
from mcp.client._transport import Transport, TransportStreams
from mcp.client.session import ClientRequestContext
from mcp.client.subscriptions import ResourceUpdated, SubscriptionLost
from mcp.shared.dispatcher import CallOptions
from mcp.shared.inbound import MCP_NAME_HEADER, encode_header_value, find_invalid_x_mcp_header, x_mcp_header_map
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel

from fastchat_tui import __version__
from fastchat_tui.servers.callbacks import Callbacks
from fastchat_tui.servers.frames import Tap
from fastchat_tui.servers.kept import READ, Kept
from fastchat_tui.servers.rounds import through_rounds
from fastchat_tui.servers.tasks import EXTENSION, KEPT, Tasks
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.servers import Era, Level, Tool
from fastchat_tui.wire.text import one_line

PROBE = 4.0
"""Seconds for an answer to the later era's first question; then the earlier one's handshake follows. An answer that
comes later still counts, so that a slow start costs no era. (The SDK's own figure is 10.)"""
sdk.DISCOVER_TIMEOUT_SECONDS = PROBE

Reply = TypeVar("Reply", bound=BaseModel)
Context = ClientRequestContext
OnLog = Callable[[Level, str], None]

_LEVELS: dict[str, Level] = {"debug": "debug", "info": "info", "notice": "info", "warning": "warning"}
_CHANGES = (
    types.ToolListChangedNotification,
    types.ResourceListChangedNotification,
    types.PromptListChangedNotification,
)
_LISTEN_AGAIN, _LISTEN_RARELY = 5.0, 300.0
_AWAY = (types.CONNECTION_CLOSED, types.INTERNAL_ERROR)
"""What the SDK makes of a network that fails, and of a gateway that refuses: no word of the server itself."""


class OnProgress(Protocol):
    def __call__(self, done: float, total: float | None, text: str, /) -> None: ...


class Session:
    """An open session. Any task may ask; only the task that opened it closes it."""

    def __init__(self, client: Client, callbacks: Callbacks) -> None:
        self._client = client
        self._session = client.session
        self._callbacks = callbacks
        self.era = client.protocol_version
        info = client.server_info
        self.identity = one_line(f"{info.name} {info.version}".strip()) if info else ""
        self.instructions = client.instructions or ""
        self.capabilities: Object = client.server_capabilities.model_dump(by_alias=True, mode="json", exclude_none=True)
        self._kept = Kept(client._response_cache)
        self._tasks = Tasks(callbacks.server, self.request, callbacks.answer)
        self._as_tasks: frozenset[str] = frozenset()

    @property
    def modern(self) -> bool:
        return self.era in MODERN_PROTOCOL_VERSIONS

    async def ask(self, method: str, params: Object, on_progress: OnProgress | None = None) -> Object:
        """As ``request``, for what may ask back: each wish of the server is answered, and the request made again. A
        call that becomes a task is followed to its result."""
        if method == "tools/call" and params["name"] in self._as_tasks:
            params = {**params, "task": {"ttl": KEPT}}

        async def once(params: Object) -> Object:
            return await self.request(method, params, on_progress)

        raw = await through_rounds(self._callbacks.server, once, params, self._callbacks.answer)
        return await self._tasks.followed(raw, on_progress) if method == "tools/call" and on_progress else raw

    async def read(self, uri: str, *, fresh: bool) -> Object:
        """A resource. What took rounds to get is of nobody else's use, and is not kept."""

        async def once(params: Object) -> Object:
            if len(params) > 1:
                return await self.request(READ, params)
            return await self._kept.read(uri, lambda: self.request(READ, params), fresh=fresh)

        return await through_rounds(self._callbacks.server, once, {"uri": uri}, self._callbacks.answer)

    async def request(self, method: str, params: Object, on_progress: OnProgress | None = None) -> Object:
        """The raw result. Raises MCPError; cancelling it sends ``notifications/cancelled``."""
        data: dict[str, Any] = {"method": method, "params": params}
        options: CallOptions = {}
        self._session._stamp(data, options)
        if self.modern and method.startswith("tasks/"):  # to the instance that holds it
            options.setdefault("headers", {})[MCP_NAME_HEADER] = encode_header_value(params["taskId"])
        if on_progress is not None:

            async def progressed(progress: float, total: float | None, message: str | None) -> None:
                on_progress(progress, total, message or "")

            options["on_progress"] = progressed
        return await self._session._dispatcher.send_raw_request(method, data["params"], options)

    @property
    def runs_tasks(self) -> bool:
        """A tool that runs only as a task can be called. In the later era that is the server's own affair."""
        asked_for = (self.capabilities.get("tasks") or {}).get("requests") or {}
        return self.modern or "call" in (asked_for.get("tools") or {})

    def learn(self, tools: tuple[Tool, ...]) -> dict[str, str]:
        """Remembers how tools are called: as tasks, with arguments in HTTP headers too. Returns why some must be left
        out."""
        if not self.modern:
            self._as_tasks = frozenset(tool.name for tool in tools if tool.as_task)
            return {}
        wrong: dict[str, str] = {}
        for tool in tools:
            if (why := find_invalid_x_mcp_header(tool.input_schema)) is not None:
                wrong[tool.name] = f"its x-mcp-header is invalid: {one_line(why, 120)}"
            else:
                self._session._x_mcp_header_maps[tool.name] = x_mcp_header_map(tool.input_schema)
        return wrong

    async def ask_for_logs(self, level: Level) -> None:
        """The earlier era's way to ask; the later one's is a stamp on every request."""
        if not self.modern and "logging" in self.capabilities:
            with contextlib.suppress(MCPError):
                await self.request("logging/setLevel", {"level": level})

    async def tell_roots(self) -> None:
        """The list of roots is another. The later era has nobody to tell: it asks when it wants to know."""
        if not self.modern:
            await self._session._dispatcher.notify("notifications/roots/list_changed", None)

    @property
    def can_watch(self) -> bool:
        return bool((self.capabilities.get("resources") or {}).get("subscribe"))

    async def listen(self, on_change: Callable[[], None], watched: Sequence[str]) -> None:
        """Hears of changes in the later era. Returns when the server has none to tell of."""
        tools, resources, prompts = (
            bool((self.capabilities.get(name) or {}).get("listChanged")) for name in ("tools", "resources", "prompts")
        )
        pause, missed = _LISTEN_AGAIN, False
        while self.modern and (tools or resources or prompts or watched):
            try:
                async with self._client.listen(
                    tools_list_changed=tools,
                    resources_list_changed=resources,
                    prompts_list_changed=prompts,
                    resource_subscriptions=watched,
                ) as changes:
                    if missed:
                        on_change()
                    pause = _LISTEN_AGAIN
                    async for change in changes:
                        if not isinstance(change, ResourceUpdated):  # which the message handler has told already
                            on_change()
                return
            except MCPError as error:
                if error.code not in _AWAY:
                    return
            except SubscriptionLost:
                pass
            missed = True
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LISTEN_RARELY)


@asynccontextmanager
async def open_session(
    transport: Transport,
    tap: Tap,
    mode: Era,
    callbacks: Callbacks,
    *,
    level: Level,
    on_log: OnLog,
    on_change: Callable[[], None],
    on_update: Callable[[str], None],
) -> AsyncIterator[Session]:
    """Connects and negotiates. Entered and left in the same task."""

    async def logged(params: types.LoggingMessageNotificationParams) -> None:
        text = params.data if isinstance(params.data, str) else str(params.data)
        on_log(_LEVELS.get(params.level, "error"), f"{params.logger}: {text}" if params.logger else text)

    async def heard(message: IncomingMessage) -> None:
        if isinstance(message, Exception):
            on_log("warning", f"A message could not be read: {one_line(str(message), 200)}")
        elif isinstance(message, _CHANGES):
            on_change()
        elif isinstance(message, types.ResourceUpdatedNotification):
            on_update(message.params.uri)

    async def answered(kind: type[Reply], method: str, params: BaseModel | None) -> Reply | types.ErrorData:
        try:
            return kind.model_validate(await callbacks.answer(method, _raw(params)))
        except MCPError as error:
            return error.error

    async def elicited(context: Context, params: types.ElicitRequestParams) -> types.ElicitResult | types.ErrorData:
        return await answered(types.ElicitResult, "elicitation/create", params)

    async def sampled(
        context: Context, params: types.CreateMessageRequestParams
    ) -> types.CreateMessageResultWithTools | types.ErrorData:
        return await answered(types.CreateMessageResultWithTools, "sampling/createMessage", params)

    async def rooted(context: Context) -> types.ListRootsResult | types.ErrorData:
        return await answered(types.ListRootsResult, "roots/list", None)

    client = Client(
        _tapped(transport, tap),
        mode=mode,
        client_info=types.Implementation(name="fastchat-tui", version=__version__),
        log_level=level,
        logging_callback=logged,
        elicitation_callback=elicited,
        list_roots_callback=rooted,
        sampling_callback=sampled if callbacks.samples else None,
        sampling_capabilities=types.SamplingCapability(tools=types.SamplingToolsCapability()),
        message_handler=heard,
        extensions=[advertise(EXTENSION)],
    )
    async with client:
        yield Session(client, callbacks)


def _raw(params: BaseModel | None) -> Object:
    return {} if params is None else params.model_dump(by_alias=True, mode="json", exclude_none=True)


@asynccontextmanager
async def _tapped(transport: Transport, tap: Tap) -> AsyncIterator[TransportStreams]:
    async with transport as streams:
        yield tap.around(streams)

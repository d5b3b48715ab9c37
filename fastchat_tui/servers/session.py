"""One MCP session: its lists and its calls as raw JSON, so that a server's small faults stay small.

The SDK validates whole answers, and one malformed tool costs the list. So requests go through the session's
dispatcher, stamped as the SDK stamps its own (private API: the dependency is pinned to its minor version).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastchat_tui.servers import offers
from fastchat_tui.wire.events import CatalogueChanged
from fastchat_tui.wire.ports import Emit
from fastchat_tui.wire.values import Level, Object

MAX_PAGES = 100
REFRESH_EVERY = 1.0
LISTS = (
    ("tools", "tools/list", "tools", "tool", offers.tool),
    ("resources", "resources/list", "resources", "resource", offers.resource),
    ("resources", "resources/templates/list", "resourceTemplates", "template", offers.template),
    ("prompts", "prompts/list", "prompts", "prompt", offers.prompt),
)
"""Capability, method, key of the items, word for one, and its reader."""
LEVELS: dict[str, Level] = {
    "debug": "debug", "info": "info", "notice": "info", "warning": "warning",
    "error": "error", "critical": "error", "alert": "error", "emergency": "error",
}  # fmt: skip

OnRawProgress = Callable[[float, float | None, str | None], Awaitable[None]]


class Session:
    def __init__(self, server: str, emit: Emit, logged: Callable[[Level, str], None]) -> None:
        self._server = server
        self._emit = emit
        self._logged = logged
        self._client: Any = None
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def connect(self, transport: AbstractAsyncContextManager[Any], mode: str) -> AsyncIterator[None]:
        import mcp
        from mcp_types import Implementation

        from fastchat_tui import __version__

        client = mcp.Client(
            transport,
            mode=mode,
            message_handler=self._on_message,
            logging_callback=self._on_log,
            log_level="info",
            client_info=Implementation(name="fastchat-tui", version=__version__),
        )
        async with client:
            self._client = client
            try:
                yield
            finally:
                self._client = None

    @property
    def era(self) -> str:
        return str(self._client.protocol_version)

    @property
    def identity(self) -> str:
        info = self._client.server_info
        return f"{info.name} {info.version}".strip() if info else ""

    @property
    def instructions(self) -> str:
        return self._client.instructions or ""

    async def call_tool(self, tool: str, arguments: Object, progress: OnRawProgress) -> Object:
        return await self._request("tools/call", {"name": tool, "arguments": arguments}, progress)

    async def list_all(self, lost: asyncio.Event) -> None:
        """Reads every list that the server declares, in a task of its own, and publishes the catalogue.

        A task of its own, because a broken HTTP transport cancels the task that owns the session."""
        work = asyncio.create_task(self._list_all(), name=f"lists of {self._server}")
        gone = asyncio.create_task(lost.wait())
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for task in (work, gone):
                task.cancel()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Refreshes the catalogue when the server says that it changed, at most once a second."""
        tasks = [asyncio.create_task(self._refresh())]
        if self._client is not None and self.era >= "2026":
            tasks.append(asyncio.create_task(self._subscribe()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _request(self, method: str, params: Object, progress: OnRawProgress | None = None) -> Object:
        session = self._client.session
        data: Object = {"method": method, "params": params}
        options: Object = {}
        session._stamp(data, options)
        if progress is not None:
            options["on_progress"] = progress
        answer = await session._dispatcher.send_raw_request(method, data["params"], options)
        return answer if isinstance(answer, dict) else {}

    async def _list_all(self) -> None:
        capabilities = self._client.server_capabilities
        found: dict[str, tuple[Any, ...]] = {}
        left_out: list[str] = []
        for capability, method, key, word, read in LISTS:
            if getattr(capabilities, capability, None) is None:
                continue
            try:
                raw = await self._pages(method, key)
            except Exception as error:  # one list that fails must not cost the others
                left_out.append(f"{key}: the server did not list them ({error})")
                continue
            found[key], problems = offers.read_items(self._server, word, raw, read)
            left_out += problems
        self._emit(
            CatalogueChanged(
                server=self._server,
                tools=found.get("tools", ()),
                resources=found.get("resources", ()),
                templates=found.get("resourceTemplates", ()),
                prompts=found.get("prompts", ()),
                left_out=tuple(left_out),
            )
        )

    async def _pages(self, method: str, key: str) -> list[Any]:
        items: list[Any] = []
        seen: set[str] = set()
        cursor = ""
        for _ in range(MAX_PAGES):
            page = await self._request(method, {"cursor": cursor} if cursor else {})
            entries = page.get(key)
            items += entries if isinstance(entries, list) else []
            cursor = page.get("nextCursor") or ""
            if not isinstance(cursor, str) or not cursor or cursor in seen:
                break
            seen.add(cursor)
        return items

    async def _refresh(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            with contextlib.suppress(Exception):
                await self._list_all()
            await asyncio.sleep(REFRESH_EVERY)

    async def _subscribe(self) -> None:
        with contextlib.suppress(Exception):  # a server without subscriptions has a list that does not change
            async with self._client.listen(
                tools_list_changed=True, prompts_list_changed=True, resources_list_changed=True
            ) as events:
                async for _ in events:
                    self._changed.set()

    async def _on_message(self, message: Any) -> None:
        if type(message).__name__.endswith("ListChangedNotification"):
            self._changed.set()

    async def _on_log(self, params: Any) -> None:
        data = params.data if isinstance(params.data, str) else repr(params.data)
        text = f"{params.logger}: {data}" if params.logger else data
        self._logged(LEVELS.get(str(params.level), "info"), text[:8192])

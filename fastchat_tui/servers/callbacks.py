"""What a server may ask of its client, answered in raw JSON: the same for a request of the earlier era and for a wish
inside a result of the later one. Every question is bounded, and one server asks one question at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from mcp import MCPError
from mcp_types import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND

from fastchat_tui.servers.calls import Calls
from fastchat_tui.servers.frames import CALL
from fastchat_tui.wire.addresses import unfit
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.ports import Host
from fastchat_tui.wire.questions import Elicitation
from fastchat_tui.wire.servers import ServerSpec

REJECTED = -1
"""The protocol's own code for a user's no to a sampling request."""
URL_FIRST = -32042
MAX_WAITING = 8
MAX_MESSAGE = 20_000
MAX_SCHEMA = 64 << 10


class Callbacks:
    def __init__(
        self,
        spec: Callable[[], ServerSpec],
        host: Host,
        calls: Calls,
    ) -> None:
        self._spec = spec
        self._host = host
        self._calls = calls
        self._line = asyncio.Lock()
        self._waiting = 0

    @property
    def server(self) -> str:
        return self._spec().name

    @property
    def samples(self) -> bool:
        """Sampling is declared only where the user wants it."""
        return self._spec().options.sampling

    async def answer(self, method: str, params: Object) -> Object:
        """Raises MCPError with what the server is to be told."""
        match method:
            case "roots/list":
                return {"roots": [{"uri": uri, "name": name} for uri, name in roots(self._spec().options.roots)]}
            case "elicitation/create":
                return await self._in_line(lambda call: self._elicit(params, call))
            case "sampling/createMessage" if self.samples:
                return await self._in_line(lambda call: self._sample(params, call))
            case "sampling/createMessage":
                raise MCPError(INVALID_REQUEST, "Sampling not supported")
            case _:
                raise MCPError(METHOD_NOT_FOUND, "Method not found", method)

    async def visited(self, error: MCPError) -> bool:
        """Whether the refusal names pages to visit first, and the user agreed to each."""
        data = error.error.data
        pages = data.get("elicitations") if error.code == URL_FIRST and isinstance(data, dict) else None
        if not isinstance(pages, list) or not pages:
            return False
        for page in pages[:MAX_WAITING]:
            answer = await self.answer("elicitation/create", {**page, "mode": "url"} if isinstance(page, dict) else {})
            if answer["action"] != "accept":
                return False
        return True

    async def _in_line(self, ask: Callable[[str], Coroutine[Any, Any, Object]]) -> Object:
        call = CALL.get() or self._calls.only

        async def wait_and_ask() -> Object:
            async with self._line:
                return await ask(call)

        if self._waiting >= MAX_WAITING:
            raise MCPError(INVALID_REQUEST, "Too many questions at once")
        self._waiting += 1
        try:
            with self._calls.held():
                return await self._calls.during(call, wait_and_ask)
        except ServerError as error:
            raise MCPError(INVALID_REQUEST, error.text) from error
        finally:
            self._waiting -= 1

    async def _elicit(self, params: Object, call: str) -> Object:
        about = self._about(params, call)
        answer = await self._host.elicit(about)
        match answer.decision:
            case "accept" if about.schema is not None:
                return {"action": "accept", "content": answer.content or {}}
            case "accept":
                return {"action": "accept"}
            case "cancel":
                return {"action": "cancel"}
            case _:
                return {"action": "decline"}

    def _about(self, params: Object, call: str) -> Elicitation:
        name = self._spec().name
        message = params.get("message")
        if not isinstance(message, str) or len(message) > MAX_MESSAGE:
            raise MCPError(INVALID_PARAMS, f"message must be a text of at most {MAX_MESSAGE} characters")
        if params.get("mode") == "url":
            return Elicitation(name, message, url=_checked(params.get("url")), call=call)
        schema = params.get("requestedSchema")
        properties = schema.get("properties", {}) if isinstance(schema, dict) else None
        if not isinstance(schema, dict) or not isinstance(properties, dict):
            raise MCPError(INVALID_PARAMS, "requestedSchema must be an object with properties")
        if len(json.dumps(schema)) > MAX_SCHEMA:
            raise MCPError(INVALID_PARAMS, "requestedSchema is too large")
        return Elicitation(name, message, schema=schema, call=call)

    async def _sample(self, params: Object, call: str) -> Object:
        try:
            return await self._host.sample(self._spec().name, call, params)
        except ServerError as error:
            raise MCPError(REJECTED, error.text) from error


def _checked(url: Any) -> str:
    """Only what a browser may be sent to, and what can be shown whole."""
    wrong = unfit(url) if isinstance(url, str) else "it is no text"
    if wrong:
        raise MCPError(INVALID_PARAMS, f"url must be a whole http or https URL: {wrong}")
    checked: str = url
    return checked


def roots(folders: tuple[str, ...]) -> list[tuple[str, str]]:
    """URI and name of each folder that was granted."""
    paths = [Path(folder).expanduser().absolute() for folder in folders]
    return [(path.as_uri(), path.name or str(path)) for path in paths]

"""What others ask of a connection. A request that comes while the server is away brings it back first; one that was
sent is never sent again, unless the server did not even look at it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from fastchat_tui.servers.calls import Calls
from fastchat_tui.servers.content import completion, prompt_messages, resource_contents
from fastchat_tui.servers.words import SessionGone
from fastchat_tui.wire.content import Completion, EmbeddedResource, Object, PromptMessage, ToolResult
from fastchat_tui.wire.ports import OnProgress
from fastchat_tui.wire.servers import Completable, ServerSpec

if TYPE_CHECKING:
    from fastchat_tui.servers.attempt import Attempt
    from fastchat_tui.servers.session import Session

Result = TypeVar("Result")
COMPLETE = 5.0
"""Seconds for a completion: who types does not wait longer."""
_REFS: Mapping[Completable, tuple[str, str]] = {"prompt": ("ref/prompt", "name"), "template": ("ref/resource", "uri")}


class Requests:
    """The asking half of a ``Connection``."""

    def __init__(self, spec: ServerSpec) -> None:
        self._spec = spec
        self._calls = Calls(spec.name, spec.call_timeout)

    async def _open(self) -> tuple[Attempt, Session]:
        """Raises ServerError when there is no session, and none comes."""
        raise NotImplementedError

    def _leaving(self) -> bool:
        raise NotImplementedError

    async def call(self, call: str, tool: str, arguments: Object, progress: OnProgress) -> ToolResult:
        return await self._run(
            lambda attempt, session, told: attempt.call(session, call, tool, arguments, told), call, progress
        )

    async def read(self, uri: str, *, fresh: bool = False) -> Sequence[EmbeddedResource]:
        raw = await self._run(lambda attempt, session, _: attempt.read(session, uri, fresh=fresh))
        return resource_contents(self._spec.name, raw)

    async def prompt(self, name: str, arguments: Mapping[str, str]) -> Sequence[PromptMessage]:
        raw = await self._ask("prompts/get", {"name": name, "arguments": dict(arguments)})
        return prompt_messages(self._spec.name, raw)

    async def complete(
        self, kind: Completable, of: str, argument: str, value: str, others: Mapping[str, str]
    ) -> Completion:
        _, session = await self._open()
        if "completions" not in session.capabilities:
            return Completion()
        ref, key = _REFS[kind]
        params: Object = {"ref": {"type": ref, key: of}, "argument": {"name": argument, "value": value}}
        if others:
            params["context"] = {"arguments": dict(others)}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(COMPLETE):
                return completion(await self._ask("completion/complete", params))
        return Completion()

    async def _ask(self, method: str, params: Object) -> Object:
        return await self._run(lambda attempt, session, _: attempt.ask(session, method, params))

    async def _run(
        self,
        work: Callable[[Attempt, Session, OnProgress], Coroutine[Any, Any, Result]],
        call: str = "",
        progress: OnProgress | None = None,
    ) -> Result:
        for last in (False, True):
            attempt, session = await self._open()
            try:
                return await self._calls.run(call, partial(work, attempt, session), self._leaving, progress)
            except SessionGone:
                if last:
                    raise
                await self._forgotten(session)
        raise AssertionError("two tries return or raise")

    async def _forgotten(self, session: Session) -> None:
        """Returns when the session that the server knows no more is given up."""
        raise NotImplementedError

"""Work that a server does on its own time: it answers with a handle, and has the result later.

Two forms. In the earlier era the client asks for a task (``execution.taskSupport`` of the tool says that it must) and
fetches the result; in the later one the server decides (``io.modelcontextprotocol/tasks``), and what it asks back
stands in the state of the task. Either way a call that is cancelled cancels its task, and the task's words are its
progress.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastchat_tui.servers.rounds import Answer, fulfilled
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.ports import OnProgress
from fastchat_tui.wire.text import one_line

EXTENSION = "io.modelcontextprotocol/tasks"
KEPT = 60 * 60 * 1000
"""Milliseconds for which a server of the earlier era is asked to keep a task."""
_PAUSE, _SHORTEST, _LONGEST = 1.0, 0.05, 30.0
"""Seconds between two looks at a task, where the server names none; and the bounds of what it may name."""

Request = Callable[[str, Object], Coroutine[Any, Any, Object]]


class Tasks:
    """The tasks of one session."""

    def __init__(self, server: str, request: Request, answer: Answer) -> None:
        self._server = server
        self._request = request
        self._answer = answer
        self._errands: set[asyncio.Task[Object]] = set()

    async def followed(self, raw: Object, tell: OnProgress) -> Object:
        """The result of what may have become a task. Raises ServerError, or what the requests raise."""
        handle, follow = raw, self._followed
        if isinstance(raw.get("task"), dict):
            handle, follow = raw["task"], self._fetched
        elif raw.get("resultType") != "task":
            return raw
        if not isinstance(handle.get("taskId"), str):
            raise ServerError(f"{self._server} began a task without a name.", "Tell the server's author.")
        try:
            return await follow(handle, tell)
        except asyncio.CancelledError:
            self._cancel({"taskId": handle["taskId"]})
            raise

    async def _fetched(self, state: Object, tell: OnProgress) -> Object:
        """The earlier era: the result is waited for from the start, as the server's questions come on the way to it."""
        name = {"taskId": state["taskId"]}
        result = asyncio.create_task(self._request("tasks/result", name))
        try:
            while True:
                self._tell(state, tell)
                await asyncio.wait({result}, timeout=_pause(state, "pollInterval"))
                if result.done():
                    break
                state = await self._request("tasks/get", name)
        finally:
            result.cancel()
        if (error := result.exception()) is not None:
            raise self._without_result(await self._request("tasks/get", name)) or error
        return result.result()

    async def _followed(self, state: Object, tell: OnProgress) -> Object:
        """The later era: a wish of the server is fulfilled once, however often it is told."""
        name = {"taskId": state["taskId"]}
        fulfilled_before: set[str] = set()
        while True:
            match state:
                case {"status": "completed", "result": dict(result)}:
                    return result
                case {"status": "input_required", "inputRequests": dict(wishes)}:
                    if fresh := {key: wish for key, wish in wishes.items() if key not in fulfilled_before}:
                        self._tell(state, tell)
                        responses = await fulfilled(self._server, fresh, self._answer)
                        await self._request("tasks/update", {**name, "inputResponses": responses})
                        fulfilled_before |= fresh.keys()
                case _:
                    if error := self._without_result(state):
                        raise error
            self._tell(state, tell)
            await asyncio.sleep(_pause(state, "pollIntervalMs"))
            state = await self._request("tasks/get", name)

    def _tell(self, state: Object, tell: OnProgress) -> None:
        words = state.get("statusMessage")
        tell(0, None, words if isinstance(words, str) else "")

    def _without_result(self, state: Object) -> ServerError | None:
        """Why a task has come to its end, and to nothing else; None while that may still be."""
        error, words = state.get("error"), state.get("statusMessage")
        if isinstance(error, dict) and isinstance(error.get("message"), str):
            words = error["message"]
        why = f": {one_line(words, 500)}" if isinstance(words, str) and words else ""
        match state.get("status"):
            case "failed":
                return ServerError(f"The task of {self._server} failed{why}.")
            case "cancelled":
                return ServerError(f"{self._server} cancelled its task{why}.")
            case "completed":
                return ServerError(f"{self._server} completed its task without a result.", "Tell the server's author.")
            case _:
                return None

    def _cancel(self, name: Object) -> None:
        """Nobody waits for it, or hears how it went."""
        errand = asyncio.create_task(self._request("tasks/cancel", name))
        self._errands.add(errand)
        errand.add_done_callback(self._done)

    def _done(self, errand: asyncio.Task[Object]) -> None:
        self._errands.discard(errand)
        if not errand.cancelled():
            errand.exception()


def _pause(state: Object, key: str) -> float:
    wanted: Any = state.get(key)
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return _PAUSE
    return max(_SHORTEST, min(wanted / 1000, _LONGEST))

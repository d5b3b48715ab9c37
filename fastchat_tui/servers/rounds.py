"""The later era's way to ask back: a result that is no result yet, but a list of wishes to fulfil before trying again.

The state that comes with it is the server's own: it goes back untouched, and to nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import ServerError

MAX_ROUNDS = 10
_PAUSE = 0.05
"""Seconds before a round that asks for nothing; each such round in a row doubles it."""
_LONGEST = 0.25

Request = Callable[[Object], Awaitable[Object]]
Answer = Callable[[str, Object], Awaitable[Object]]
"""Method and params of a wish; its result."""


async def through_rounds(server: str, request: Request, params: Object, answer: Answer) -> Object:
    """The result of a request, after as many rounds as it takes."""
    raw = await request(params)
    pause = _PAUSE
    for _ in range(MAX_ROUNDS):
        if raw.get("resultType") != "input_required":
            return raw
        again = dict(params)
        wishes = raw.get("inputRequests")
        if isinstance(wishes, dict) and wishes:
            again["inputResponses"] = await fulfilled(server, wishes, answer)
            pause = _PAUSE
        else:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST)
        if isinstance(raw.get("requestState"), str):
            again["requestState"] = raw["requestState"]
        raw = await request(again)
    if raw.get("resultType") == "input_required":
        raise ServerError(f"{server} asked back more than {MAX_ROUNDS} times; the call was given up.")
    return raw


async def fulfilled(server: str, wishes: dict[str, Any], answer: Answer) -> Object:
    """The results of some wishes by their keys. All at once; a wish that cannot be fulfilled ends the others."""

    async def one(key: str, wish: Any) -> tuple[str, Object]:
        method = wish.get("method") if isinstance(wish, dict) else None
        params = wish.get("params", {}) if isinstance(wish, dict) else None
        if not isinstance(method, str) or not isinstance(params, dict):
            raise ServerError(f"{server} asked back for something that is no request.", "Tell the server's author.")
        return key, await answer(method, params)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(key, wish)) for key, wish in wishes.items()]
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from several
    return dict(task.result() for task in tasks)

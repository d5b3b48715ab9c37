"""The model, asked on behalf of a server: only where the user switched it on, within a budget, under their eyes.

The request is shown before it goes to the model and the answer before it goes to the server. ``session`` allows a
server's requests to that model for this run without asking again; the budget holds all the same. ``never`` switches
sampling off for the server.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from fastchat_tui.engine.questions import Questions
from fastchat_tui.wire.chat import (
    AssistantMessage,
    CallPart,
    Message,
    Part,
    Piece,
    Prompt,
    Reply,
    TextPart,
    TextPiece,
    ToolMessage,
    UserMessage,
)
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import FastchatError, ServerError
from fastchat_tui.wire.questions import Sampling, SamplingReview
from fastchat_tui.wire.servers import ServerOptions, Tool

CHARACTERS = 4
"""About so many make a token: an answer longer than the server's limit is cut there, whatever the endpoint does."""


YES = ("once", "session", "always", "accept")


class Thinker(Protocol):
    @property
    def name(self) -> str: ...
    async def names(self) -> Sequence[str]: ...
    def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]: ...


class Sampler:
    """``forbid`` is told the server that is never to ask again."""

    def __init__(
        self,
        thinker: Thinker,
        questions: Questions,
        options: Callable[[str], ServerOptions],
        forbid: Callable[[str], Awaitable[None]],
    ) -> None:
        self._thinker = thinker
        self._questions = questions
        self._options = options
        self._forbid = forbid
        self._spent: Counter[str] = Counter()
        self._allowed: set[tuple[str, str]] = set()

    async def sample(self, server: str, call: str, request: Object) -> Object:
        """Raises ServerError with words for the server."""
        options = self._options(server)
        if not options.sampling:
            raise ServerError("The user has not switched sampling on for this server.")
        if self._spent[server] >= options.sampling_budget:
            raise ServerError("This server has used up the tokens that the user gave it.")
        model = await self._choose(request)
        ask = (server, model) not in self._allowed
        if ask:
            about = Sampling(server, request, self._spent[server], options.sampling_budget, model, call)
            answer = await self._questions.ask(about)
            if answer.decision == "never":
                await self._forbid(server)
            if answer.decision not in YES:
                raise ServerError("The user rejected the sampling request.")
            if answer.arguments is not None:
                request = answer.arguments
                model = await self._choose(request)
            if answer.decision in ("session", "always"):
                self._allowed.add((server, model))
        result = await self._think(server, model, request)
        if ask:
            answer = await self._questions.ask(SamplingReview(server, result, call))
            if answer.decision not in YES:
                raise ServerError("The user kept the model's answer back.")
            result = answer.content if answer.content is not None else result
        return result

    async def _choose(self, request: Object) -> str:
        """The first model that fits a hint of the server, of those at the user's endpoint; else the user's own."""
        own, names = self._thinker.name, None
        for hint in hints(request):
            if hint in own.lower():
                return own
            if names is None:
                try:
                    names = await self._thinker.names()
                except FastchatError:  # asking it tells why
                    return own
            if fitting := [name for name in names if hint in name.lower()]:
                return min(fitting, key=len)
        return own

    async def _think(self, server: str, model: str, request: Object) -> Object:
        prompt = Prompt(
            model=model,
            messages=tuple(_messages(request)),
            tools=tuple(_tools(server, request)),
            system=_string(request, "systemPrompt"),
            session=f"sampling {server}",
        )
        limit = request.get("maxTokens")
        said: list[str] = []
        reply = Reply((), finish="maxTokens")
        try:
            async with aclosing(self._thinker.stream(prompt)) as pieces:
                async for piece in pieces:
                    match piece:
                        case TextPiece(text=text):
                            said.append(text)
                            if isinstance(limit, int) and sum(map(len, said)) > limit * CHARACTERS:
                                reply = Reply((TextPart("".join(said)[: limit * CHARACTERS]),), finish="maxTokens")
                                break
                        case Reply():
                            reply = piece
                        case _:
                            pass
        except FastchatError as error:
            raise ServerError(f"The model could not answer: {error.text}") from error
        finally:
            used = reply.usage.input + reply.usage.output
            self._spent[server] += used or (len(json.dumps(request)) + sum(map(len, said))) // CHARACTERS
        return _result(model, reply)


def hints(request: Object) -> list[str]:
    """Parts of the names of models that a server would like, the best first, in small letters."""
    preferences = request.get("modelPreferences")
    listed = preferences.get("hints") if isinstance(preferences, dict) else None
    return [name.lower() for hint in _objects(listed) if (name := _string(hint, "name"))]


def _messages(request: Object) -> Iterator[Message]:
    for message in _objects(request.get("messages")):
        content = message.get("content")
        blocks = list(_objects(content if isinstance(content, list) else [content]))
        if message.get("role") == "assistant":
            yield AssistantMessage(tuple(_part(block) for block in blocks))
            continue
        for block in blocks:
            if block.get("type") == "tool_result":
                inner = "\n".join(_text(item) for item in _objects(block.get("content")))
                yield ToolMessage(_string(block, "toolUseId"), inner, block.get("isError") is True)
        if words := "\n".join(_text(block) for block in blocks if block.get("type") != "tool_result"):
            yield UserMessage(words)


def _part(block: Object) -> Part:
    if block.get("type") == "tool_use":
        return CallPart(_string(block, "id"), _string(block, "name"), json.dumps(block.get("input") or {}))
    return TextPart(_text(block))


def _text(block: Object) -> str:
    kind = _string(block, "type")
    return _string(block, "text") if kind == "text" else f"[{kind} {_string(block, 'mimeType')}]"


def _tools(server: str, request: Object) -> Iterator[Tool]:
    choice = request.get("toolChoice")
    if isinstance(choice, dict) and choice.get("mode") == "none":
        return
    for tool in _objects(request.get("tools")):
        name, schema = _string(tool, "name"), tool.get("inputSchema")
        if name and isinstance(schema, dict):
            yield Tool(server, name, name, description=_string(tool, "description"), input_schema=schema)


def _result(model: str, reply: Reply) -> Object:
    text = "".join(part.text for part in reply.parts if isinstance(part, TextPart))
    calls = [part for part in reply.parts if isinstance(part, CallPart)]
    result: Object = {"role": "assistant", "model": model, "content": {"type": "text", "text": text}}
    if calls:
        spoken: list[Object] = [{"type": "text", "text": text}] if text else []
        result["content"] = [*spoken, *(_use(call) for call in calls)]
        return {**result, "stopReason": "toolUse"}
    return {**result, "stopReason": "maxTokens" if reply.cut or reply.finish == "maxTokens" else "endTurn"}


def _use(call: CallPart) -> Object:
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = {}
    used = arguments if isinstance(arguments, dict) else {}
    return {"type": "tool_use", "id": call.call, "name": call.name, "input": used}


def _objects(value: Any) -> Iterator[Object]:
    return (item for item in (value if isinstance(value, list) else ()) if isinstance(item, dict))


def _string(value: Object, key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""

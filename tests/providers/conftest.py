"""A model at a stand-in API, whose pauses take no time and are written down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from fastchat_tui.providers.openai import OpenAIModel
from fastchat_tui.wire.chat import Piece, Prompt, Reply, TextPiece, UserMessage
from fastchat_tui.wire.servers import Tool
from tests.fakes.openai_api import FakeOpenAI

KEY = "sk-test-key-123456"
TOOL = Tool("demo", "get", "demo__get", input_schema={"type": "object", "properties": {"x": {"type": "array"}}})
PROMPT = Prompt("gpt-5-nano", (UserMessage("hi"),), (TOOL,), "be kind", "s-1")


class Chat:
    """One endpoint, one model, and what went between them."""

    def __init__(self, api: FakeOpenAI, wire: str, **options: Any) -> None:
        self.api = api
        self.pauses: list[float] = []
        self.pieces: list[Piece] = []
        self.model = OpenAIModel(
            "gpt-5-nano", **{"base_url": api.url, "key": KEY, "wire": wire, "pause": self._pause} | options
        )

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def ask(self, prompt: Prompt = PROMPT) -> list[Piece]:
        self.pieces = []
        async for piece in self.model.stream(prompt):
            self.pieces.append(piece)
        return self.pieces

    async def reply(self, prompt: Prompt = PROMPT) -> Reply:
        last = (await self.ask(prompt))[-1]
        assert isinstance(last, Reply)
        return last

    @property
    def said(self) -> str:
        return "".join(piece.text for piece in self.pieces if isinstance(piece, TextPiece))

    def body(self, number: int = -1) -> dict[str, Any]:
        return self.api.requests[number][2]


Open = Callable[..., Any]


@pytest.fixture(params=["chat", "responses"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def chat(wire: str) -> AsyncIterator[Open]:
    """``await chat(reply, …, option=…)``: opens an API with that script, and a model at it."""
    async with AsyncExitStack() as stack:

        async def open_chat(*script: dict[str, Any], **options: Any) -> Chat:
            api = await stack.enter_async_context(FakeOpenAI(script).serve())
            chat = Chat(api, **{"wire": wire} | options)
            stack.push_async_callback(chat.model.close)
            return chat

        yield open_chat

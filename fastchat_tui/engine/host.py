"""What the engine does for a server that wants something: satisfies ``wire.ports.Host``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastchat_tui.engine.questions import Questions
from fastchat_tui.engine.sampling import Sampler
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.events import Noticed
from fastchat_tui.wire.ports import Emit
from fastchat_tui.wire.questions import Elicitation, SignIn


class EngineHost:
    def __init__(
        self, questions: Questions, sampler: Sampler, deaf: Callable[[str], Awaitable[None]], emit: Emit
    ) -> None:
        self._emit = emit
        self._deaf = deaf
        self._questions = questions
        self._sampler = sampler

    async def elicit(self, about: Elicitation | SignIn) -> Answer:
        return await self._questions.ask(about)

    def tell(self, text: str, remedy: str) -> None:
        self._emit(Noticed(level="warning", text=text, remedy=remedy))

    async def is_deaf(self, server: str) -> None:
        await self._deaf(server)

    async def sample(self, server: str, call: str, request: Object) -> Object:
        return await self._sampler.sample(server, call, request)

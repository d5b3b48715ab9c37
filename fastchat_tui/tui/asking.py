"""The open questions: one on the screen at a time, in the order in which they were asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fastchat_tui.tui.modals.frame import QuestionScreen
from fastchat_tui.tui.modals.questions import question_modal
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.events import Asked
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.questions import Approval

if TYPE_CHECKING:
    from textual.app import App


class Asking:
    """``point`` is told the call that the question on the screen is about."""

    def __init__(
        self, engine: Engine, send: Callable[[Answer], Awaitable[bool]], point: Callable[[str], object]
    ) -> None:
        self._engine = engine
        self._send = send
        self._point = point
        self._open: dict[str, Asked] = {}
        self._shown = ""

    def __bool__(self) -> bool:
        return bool(self._open)

    def ask(self, app: App[int], asked: Asked) -> None:
        self._open[asked.question] = asked
        self._show(app)

    def withdraw(self, app: App[int], question: str) -> None:
        """The question is answered: by us, or by somebody else while we still show it."""
        self._open.pop(question, None)
        if self._shown == question:
            self._shown = ""
            for screen in reversed(app.screen_stack):
                if isinstance(screen, QuestionScreen) and screen.question == question:
                    screen.withdraw()
        self._show(app)

    def _show(self, app: App[int]) -> None:
        waiting = len(self._open) - 1
        if self._shown:
            for screen in app.screen_stack:
                if isinstance(screen, QuestionScreen) and screen.question == self._shown:
                    screen.waiting = waiting
            return
        asked = next(iter(self._open.values()), None)
        if asked is None:
            return
        self._shown = asked.question
        server = tool = None
        if isinstance(asked.about, Approval):
            self._point(asked.about.call)
            name = asked.about.tool
            server = self._engine.snapshot().servers.get(asked.about.server)
            tool = next((tool for tool in server.tools if tool.name == name), None) if server else None

        def answered(answer: Answer | None) -> None:
            if answer is not None:
                self._shown = ""
                self._open.pop(answer.question, None)
                app.run_worker(self._deliver(app, asked, answer), group="answers")
                self._show(app)

        app.push_screen(question_modal(asked, tool=tool, server=server, waiting=waiting), answered)

    async def _deliver(self, app: App[int], asked: Asked, answer: Answer) -> None:
        """An answer that the engine does not take leaves the question open: it is asked again."""
        if not await self._send(answer) and asked in self._engine.snapshot().questions:
            self.ask(app, asked)

"""One call from consent to answer. Whatever happens, it ends in exactly one CallFinished."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from fastchat_tui.engine.fleet import Fleet
from fastchat_tui.engine.policy import Rules
from fastchat_tui.engine.questions import Questions
from fastchat_tui.engine.verdict import judged
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.content import Object, Outcome, Text, ToolResult, Verdict
from fastchat_tui.wire.errors import FastchatError, ServerError
from fastchat_tui.wire.events import CallFinished, CallProgressed, CallProposed, CallStarted
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.ports import Emit, Rule, Settings
from fastchat_tui.wire.questions import About, Approval
from fastchat_tui.wire.servers import Tool
from fastchat_tui.wire.settings import rule_name
from fastchat_tui.wire.text import one_line

MAX_NAMED = 40
"""Tools named to a model that asked for one that does not exist."""


class Caller:
    """Decides, asks, calls, and publishes the outcome."""

    def __init__(
        self,
        fleet: Fleet,
        rules: Rules,
        questions: Questions,
        settings: Settings,
        masker: Masker,
        destination: Callable[[str], str],
        emit: Emit,
    ) -> None:
        self.rules = rules
        self._fleet = fleet
        self._questions = questions
        self._settings = settings
        self._masker = masker
        self._destination = destination
        self._emit = emit

    async def run(self, proposed: CallProposed, tool: Tool | None) -> None:
        """A call that the model proposed."""
        try:
            outcome, text, arguments = await self._consent(proposed, tool)
        except FastchatError as error:
            outcome, text, arguments = "error", f"{error.text} {error.remedy}".strip(), None
        if outcome != "ok" or tool is None or arguments is None:
            self._finish(proposed.call, outcome, ToolResult((Text(text),)))
            return
        edited = arguments if arguments != proposed.arguments else None
        await self.send(proposed.call, tool.server, tool.name, arguments, edited)

    async def send(self, call: str, server: str, tool: str, arguments: Object, edited: Object | None = None) -> None:
        """The call itself; consent was given."""
        self._emit(CallStarted(call=call, arguments=edited))

        def progress(done: float, total: float | None, text: str) -> None:
            self._emit(CallProgressed(call=call, done=done, total=total, text=text))

        try:
            result = await self._fleet.call(call, server, tool, arguments, progress)
        except ServerError as error:
            self._finish(call, "error", ToolResult((Text(f"{error.text} {error.remedy}".strip()),)))
        except Exception as error:  # the border of a call: a fault of ours is an answer to the model, too
            text = f"The call failed inside fastchat-tui: {type(error).__name__}."
            self._finish(call, "error", ToolResult((Text(text),)))
        else:
            known = self._fleet.tool(server, tool)
            verdict = await judged(known.output_schema, result) if known else None
            self._finish(call, "error" if result.is_error else "ok", result, verdict)

    async def _consent(self, proposed: CallProposed, tool: Tool | None) -> tuple[Outcome, str, Object | None]:
        """``ok`` with the arguments to send, or another outcome with the words for the model."""
        if tool is None:
            names = ", ".join(tool.model_name for tool in self._fleet.tools()[:MAX_NAMED]) or "none"
            return "error", f"There is no tool “{one_line(proposed.tool, 80)}”. Available: {names}.", None
        if not tool.enabled or tool.problem:
            why = tool.problem or "the user has switched it off"
            return "error", f"The tool {tool.model_name} cannot be used: {why}.", None
        if proposed.raw:
            return "error", f"The arguments are not a JSON object: {one_line(proposed.raw)}", None
        if self._masker.holds(json.dumps(proposed.arguments, ensure_ascii=False)):
            return "denied", "The call was blocked: its arguments contain a secret of the user.", None
        verdict = self.rules.decide(tool.server, tool.name)
        if verdict.policy == "deny":
            return "denied", f"The call was denied: {verdict.why}.", None
        if verdict.policy == "allow":
            return "ok", "", proposed.arguments
        about = Approval(
            call=proposed.call,
            server=tool.server,
            tool=tool.name,
            arguments=proposed.arguments,
            destination=self._destination(tool.server),
        )
        answer = await self._questions.ask(about)
        if answer.decision == "deny":
            reason = f" The reason: {answer.text}" if answer.text else ""
            return "denied", f"The user denied this call.{reason}", None
        if answer.decision in ("session", "always"):
            await self._remember(Rule(rule_name(tool.server, tool.name), answer.decision, "you allowed it"))
        arguments = proposed.arguments if answer.arguments is None else answer.arguments
        if answer.arguments is not None and self._masker.holds(json.dumps(arguments, ensure_ascii=False)):
            return "denied", "The call was blocked: its arguments contain a secret of the user.", None
        return "ok", "", arguments

    async def _remember(self, rule: Rule) -> None:
        self.rules.add(rule)
        if rule.decision == "always":
            await asyncio.to_thread(self._settings.add_rule, rule)

        def decided(about: About) -> bool:
            return isinstance(about, Approval) and self.rules.decide(about.server, about.tool).policy == "allow"

        self._questions.settle(decided, lambda question: Answer(question, "once"))

    def _finish(self, call: str, outcome: Outcome, result: ToolResult, verdict: Verdict | None = None) -> None:
        self._emit(
            CallFinished(
                call=call, outcome=outcome, content=result.content, structured=result.structured, verdict=verdict
            )
        )

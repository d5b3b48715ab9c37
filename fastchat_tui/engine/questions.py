"""Everything that a person must decide goes through here: asked once, answered once, by whoever is first."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace

from fastchat_tui.engine.forms import faults, filled
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.errors import CommandError
from fastchat_tui.wire.events import Answered, Asked
from fastchat_tui.wire.ports import Emit
from fastchat_tui.wire.questions import About, Elicitation, Sampling, SignIn


class Questions:
    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._open: dict[str, tuple[Asked, asyncio.Future[tuple[Answer, str]]]] = {}
        self._ids = itertools.count(1)

    @property
    def open(self) -> tuple[Asked, ...]:
        return tuple(asked for asked, _ in self._open.values())

    async def ask(self, about: About) -> Answer:
        """Publishes the question and waits for its answer, for as long as it takes."""
        question = f"q{next(self._ids)}"
        asked = Asked(question=question, about=about)
        future: asyncio.Future[tuple[Answer, str]] = asyncio.get_running_loop().create_future()
        self._open[question] = asked, future
        answer, by = Answer(question, "deny"), "cancel"
        self._emit(asked)
        try:
            answer, by = await future
            return answer
        finally:
            del self._open[question]
            text = "" if isinstance(about, SignIn) else answer.text  # the address that is pasted holds the code
            self._emit(Answered(question=question, decision=answer.decision, by=by, text=text))

    def answer(self, answer: Answer, by: str = "user") -> None:
        """Settles a question; an answer that comes second finds nothing and changes nothing.

        Raises CommandError when a form is not filled in as its schema asks; the question stays open."""
        if (entry := self._open.get(answer.question)) and not entry[1].done():
            asked, future = entry
            future.set_result((_fitting(answer, asked.about), by))

    def settle(self, matches: Callable[[About], bool], answer: Callable[[str], Answer]) -> None:
        """Answers every open question that a new rule decides."""
        for question, (asked, _) in tuple(self._open.items()):
            if matches(asked.about):
                self.answer(answer(question), by="rule")


def _fitting(answer: Answer, about: About) -> Answer:
    """A no in the words of another question is a no. An answer to an elicitation is one of its own three words; an
    accepted form is complete and valid."""
    if not isinstance(about, Elicitation):
        no = answer.decision in ("decline", "cancel") or (
            answer.decision == "never" and not isinstance(about, Sampling)
        )
        return replace(answer, decision="deny") if no else answer
    if answer.decision in ("deny", "never", "decline", "cancel"):
        return replace(answer, decision="cancel" if answer.decision == "cancel" else "decline", content=None)
    if about.schema is None:
        return replace(answer, decision="accept", content=None)
    content = filled(about.schema, answer.content or {})
    try:
        wrong = faults(about.schema, content)
    except ValueError as error:
        raise CommandError(f"The form of {about.server} cannot be accepted: {error}.", "Decline it.") from error
    if wrong:
        raise CommandError("The form is not filled in as it asks.", " · ".join(wrong))
    return replace(answer, decision="accept", content=content)

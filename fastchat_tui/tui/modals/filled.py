"""A question whose answer may carry an object: a server's form, a request or a result that the user edits first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from textual import work

from fastchat_tui import browser
from fastchat_tui.tui.footer import keymap_of, keys_for
from fastchat_tui.tui.forms.editor import ObjectEditor
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.frame import NO, ONCE, Choice, QuestionScreen
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.questions import Decision

FILL = Choice("approval.edit", "fill in", "edit", "Fill in what the server asks for")
DECLINE = NO._replace(label="decline", help="Decline; the server is told so")
_OPEN = ONCE._replace(label="open", help="Open the page in your browser")


class FilledScreen(QuestionScreen):
    """``written`` makes the answer of what the form held. Escape leaves the form first, then it is ``leaving``."""

    def __init__(
        self,
        question: str,
        heading: str,
        passages: Sequence[Passage],
        choices: Sequence[Choice],
        *,
        schema: Object,
        given: Object,
        written: Callable[[Object], Answer],
        refusing: Decision = "deny",
        leaving: Decision = "deny",
        waiting: int = 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(question, heading, passages, choices, waiting=waiting, clock=clock)
        self._schema = schema
        self._given = given
        self._written = written
        self._refusing = refusing
        self._leaving = leaving

    @property
    def _form(self) -> ObjectEditor | None:
        return next(iter(self.query(ObjectEditor)), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("answer", "deny", "edit", "view") and self._form is not None:
            return False
        return super().check_action(action, parameters)

    def action_edit(self) -> None:
        if self.armed():
            self.add_class("-filling")
            self.fit(self.app.size)
            self.query_one("#question").mount(ObjectEditor(self._schema, self._given))
            self.hint(keys_for(keymap_of(self.app), "form.send", "form.json", "modal.close"))

    def on_object_editor_written(self, event: ObjectEditor.Written) -> None:
        event.stop()
        self.give(self._written(event.value))

    def action_deny(self) -> None:
        if self.armed():
            self.answer(self._refusing)

    def action_close(self) -> None:
        if (form := self._form) is not None:
            form.remove()
            self.hint("")
            self.remove_class("-filling")
            self.fit(self.app.size)
            self.query_one("#no").focus()
        elif self.armed():
            self.answer(self._leaving)


class VisitScreen(QuestionScreen):
    """A server wants a page visited: it opens only after the whole address was shown and agreed to."""

    def __init__(
        self,
        question: str,
        heading: str,
        passages: Sequence[Passage],
        url: str,
        *,
        waiting: int = 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(question, heading, passages, (_OPEN, DECLINE), waiting=waiting, clock=clock)
        self._url = url

    def action_answer(self, decision: Decision) -> None:
        if self.armed():
            self._visit()

    @work(group="links")
    async def _visit(self) -> None:
        if not await asyncio.to_thread(browser.open_in_browser, self._url):
            self.app.copy_to_clipboard(self._url)
            self.notify("There is no browser here: the address is copied.", severity="warning", markup=False)
        self.answer("accept")

    def action_deny(self) -> None:
        if self.armed():
            self.answer("decline")

    def action_close(self) -> None:
        if self.armed():
            self.answer("cancel")

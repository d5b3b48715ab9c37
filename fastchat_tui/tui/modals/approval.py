"""May this call run? Shows all that would be sent, and to whom; the arguments can be edited first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from time import monotonic
from typing import Literal

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Button, Input, Static, TextArea

from fastchat_tui.tui.footer import first_key, keymap_of, keys_for
from fastchat_tui.tui.inspector.pages import pretty
from fastchat_tui.tui.inspector.reader import Reader
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.arguments import editable, parse, schema_problem
from fastchat_tui.tui.modals.frame import ALWAYS, NO, ONCE, Choice, QuestionScreen
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.questions import Approval
from fastchat_tui.wire.servers import ServerView, Tool
from fastchat_tui.wire.text import clean, human_size, one_line

_LARGEST_EDIT = 100_000
_CHOICES = (
    ONCE,
    Choice("approval.session", "session", "answer('session')"),
    ALWAYS,
    Choice("approval.edit", "edit", "edit"),
    Choice("approval.view", "view", "view"),
    NO,
)
_CLAIMS = {
    "readOnlyHint": ("read-only", "it changes things"),
    "destructiveHint": ("DESTRUCTIVE", "it only adds"),
    "idempotentHint": ("repeating it is harmless", "repeating it has effects"),
    "openWorldHint": ("it reaches the outside world", "it stays inside the server"),
}


def passages(about: Approval, tool: Tool | None, server: ServerView | None) -> list[Passage]:
    """The whole matter: destination, claims, arguments, description."""
    destination = about.destination or (server.destination if server else "")
    shown = pretty(about.arguments)
    found = [Passage(f"sent to {destination}" if destination else "destination unknown", "text--muted", 8)]
    if tool is not None and (claims := _claims(tool)):
        careful = tool.annotations.get("destructiveHint") is True
        found.append(Passage(f"the server says: {claims}", "text--warning" if careful else "text--muted", 8))
    found += [Passage(""), Passage(f"arguments · {human_size(len(shown))}", "text--heading")]
    if _hides(about.arguments):
        found.append(Passage("with hidden or control characters, shown as codes", "text--warning"))
    found.append(Passage(shown, "text--json"))
    if tool is None:
        found += [Passage(""), Passage("The server does not list this tool now.", "text--warning")]
    elif tool.description:
        about_it = [Passage("the server describes the tool as", "text--heading"), Passage(tool.description)]
        found += [Passage(""), *about_it]
    return found


class ApprovalScreen(QuestionScreen):
    """The question about one call. Escape denies; while something is typed it goes back to the question first."""

    mode: reactive[Literal["ask", "reason", "edit"]] = reactive("ask", init=False)

    def __init__(
        self,
        question: str,
        about: Approval,
        *,
        tool: Tool | None,
        server: ServerView | None,
        waiting: int = 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(
            question,
            f"{about.server} › {one_line(about.tool)}: run this call?",
            passages(about, tool, server),
            _CHOICES,
            waiting=waiting,
            clock=clock,
        )
        self._about = about
        self._tool = tool
        self._edited: Object | None = None
        """The arguments in the editor, once they are known to be valid."""

    def compose_more(self) -> ComposeResult:
        yield Input(placeholder="why not? (Enter sends, Esc back)", id="reason", compact=True)
        yield TextArea("", id="edit", soft_wrap=True, show_line_numbers=False, compact=True)
        yield Static(id="edit-problem")
        yield Button(Content("send the edited call"), id="send", name="approval.send", compact=True, disabled=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "send_edit":
            return self.mode == "edit"
        if self.mode != "ask" and action in ("answer", "deny", "edit", "view"):
            return False
        return super().check_action(action, parameters)

    def watch_mode(self, mode: str) -> None:
        self.set_class(mode == "reason", "-reason")
        self.set_class(mode == "edit", "-edit")
        self.fit(self.app.size)
        self.refresh_bindings()
        self.hint(self._keys(mode))
        self.set_focus(self.query_one({"ask": "#no", "reason": "#reason", "edit": "#edit"}[mode]))

    def _keys(self, mode: str) -> str:
        """The keys of what is typed; those of the question are on its buttons."""
        back = f"{first_key('modal.close', keymap_of(self.app))} back"
        match mode:
            case "edit":
                return f"{keys_for(keymap_of(self.app), 'approval.send')} · {back}"
            case "reason":
                return f"Enter no, and why · {back}"
            case _:
                return ""

    def press(self, button: Button) -> None:
        if button.id == "send":
            self.action_send_edit()
        else:
            super().press(button)

    def action_deny(self) -> None:
        if self.armed():
            self.mode = "reason"

    def action_close(self) -> None:
        if self.mode != "ask":
            self.mode = "ask"
        elif self.armed():
            self.answer("deny")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.answer("deny", text=event.value.strip())

    def action_view(self) -> None:
        if self.armed():
            schema = self._tool.input_schema if self._tool else {}
            more = [Passage(""), Passage("input schema", "text--heading"), Passage(pretty(schema), "text--json")]
            self.app.push_screen(Reader(self._heading, [*self._passages, *(more if schema else ())]))

    def action_edit(self) -> None:
        if not self.armed():
            return
        text = editable(self._about.arguments)
        if len(text) > _LARGEST_EDIT:
            self.notify(
                f"The arguments are too long to edit here ({human_size(len(text))}). Say no, and what to change.",
                severity="warning",
                markup=False,
            )
            return
        editor = self.query_one("#edit", TextArea)
        if not editor.text:
            editor.text = text
        self.mode = "edit"

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._tell(None, "checking …")
        self._check(event.text_area.text)

    @work(exclusive=True, group="check")
    async def _check(self, text: str) -> None:
        """Allows the send once JSON and schema agree; a later edit takes the place of an earlier check."""
        try:
            arguments = parse(text)
        except ValueError as error:
            self._tell(None, f"✗ {error}")
            return
        schema = self._tool.input_schema if self._tool else {}
        problem = await asyncio.to_thread(schema_problem, arguments, schema)
        self._tell(None if problem else arguments, f"✗ {problem}" if problem else "✓ fits the tool's schema")

    def _tell(self, edited: Object | None, words: str) -> None:
        self._edited = edited
        self.query_one("#send", Button).disabled = edited is None
        line = self.query_one("#edit-problem", Static)
        line.set_class(edited is None, "-bad")
        line.update(Content(clean(words)))

    def action_send_edit(self) -> None:
        if self.mode == "edit" and self._edited is not None:
            same = self._edited == self._about.arguments
            self.answer("once", arguments=None if same else self._edited)


def _claims(tool: Tool) -> str:
    hints = [
        words[0 if value else 1]
        for name, words in _CLAIMS.items()
        if isinstance(value := tool.annotations.get(name), bool)
    ]
    return " · ".join(hints)


def _hides(arguments: Object) -> bool:
    text = json.dumps(arguments, ensure_ascii=False)
    return clean(text) != text or "\\u00" in text

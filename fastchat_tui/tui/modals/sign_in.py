"""Signing in: the whole address, opened or copied as the user likes. It closes when the browser comes back, or when the
address is pasted that the browser ended at: that may be pasted at any moment, wherever the cursor is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, Static

from fastchat_tui import browser
from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.frame import NO, Choice, QuestionScreen
from fastchat_tui.wire.addresses import doubt, host_of
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.questions import SignIn
from fastchat_tui.wire.sign_in import redirect
from fastchat_tui.wire.text import one_line

OPEN = Choice("sign_in.open", "open the browser", "open")
COPY = Choice("sign_in.copy", "copy", "copy")
PASTE = Choice("sign_in.paste", "type the address", "paste")
CANCEL = NO._replace(label="cancel", help="Do not sign in")
FOREIGN = "It is not the one: copy it whole, with “code” and “state” in it."


class SignInScreen(QuestionScreen, inherit_bindings=False):
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("sign_in"),
        *(binding for binding in bindings("approval") if binding.id == "approval.deny"),
        *bindings("modal"),
        *bindings("detail"),
    ]
    ROWS_MORE = 3

    def __init__(
        self, question: str, about: SignIn, *, waiting: int = 0, clock: Callable[[], float] = monotonic
    ) -> None:
        heading, choices = f"Sign in at {one_line(about.server, 60)}", (OPEN, COPY, PASTE, CANCEL)
        super().__init__(question, heading, passages(about), choices, waiting=waiting, clock=clock)
        self._url = about.url

    def compose_more(self) -> ComposeResult:
        yield Input(placeholder="or paste here the address that your browser ended at", id="address", compact=True)
        yield Static(id="address-problem")

    def action_open(self) -> None:
        if self.armed():
            self._open()

    @work(group="links")
    async def _open(self) -> None:
        if await asyncio.to_thread(browser.open_in_browser, self._url):
            self.notify("Your browser opens. This closes when it comes back.", markup=False)
        else:
            self.app.copy_to_clipboard(self._url)
            self.notify("There is no browser here: the address is copied.", severity="warning", markup=False)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._url)
        self.notify("The address is copied.", markup=False)

    def action_paste(self) -> None:
        self.query_one("#address", Input).focus()

    def on_paste(self, event: events.Paste) -> None:
        """What was pasted beside the field."""
        event.stop()
        with self.prevent(Input.Changed):
            self.query_one("#address", Input).value = event.text.strip()
        self._take(event.text)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if redirect(event.value, self._url) is not None:  # it was pasted into the field
            self._take(event.value)
        else:
            self.query_one("#address-problem", Static).update("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._take(event.value)

    def _take(self, address: str) -> None:
        if redirect(address, self._url) is not None:
            self.give(Answer(self.question, "accept", text=address.strip()))
        else:
            self.query_one("#address-problem", Static).update(Content(FOREIGN))

    def action_close(self) -> None:
        if self.query_one("#address").has_focus:
            self.query_one("#no").focus()
        else:
            super().action_close()


def passages(about: SignIn) -> list[Passage]:
    found = [Passage(f"In your browser, at {host_of(about.url)}", "text--accent"), Passage(about.url)]
    if careful := doubt(about.url):
        found.append(Passage(careful, "text--bad"))
    if about.scopes:
        found.append(Passage(f"It asks for: {about.scopes}", "text--muted"))
    wait = f" It waits for {about.patience / 60:.0f} minutes." if about.patience else ""
    where = f"This closes by itself when the browser has come back.{wait} If your browser is on another machine, paste"
    where += " the address that it ends at, even if no page is shown there."
    return [*found, Passage(""), Passage(where, "text--muted")]

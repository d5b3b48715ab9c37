"""Signing in: the whole address, opened or copied as the user likes; it closes when the browser comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import ClassVar

from textual import work
from textual.binding import BindingType

from fastchat_tui import browser
from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.filled import FilledScreen
from fastchat_tui.tui.modals.frame import NO, Choice
from fastchat_tui.wire.addresses import doubt, host_of
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.questions import SignIn
from fastchat_tui.wire.text import one_line

ADDRESS: Object = {
    "type": "object",
    "properties": {"address": {"type": "string", "title": "The address that your browser ended at"}},
    "required": ["address"],
}
OPEN = Choice("sign_in.open", "open the browser", "open")
COPY = Choice("sign_in.copy", "copy", "copy")
PASTE = Choice("sign_in.paste", "paste the address", "edit")


class SignInScreen(FilledScreen, inherit_bindings=False):
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("sign_in"),
        *(binding for binding in bindings("approval") if binding.id == "approval.deny"),
        *bindings("modal"),
        *bindings("detail"),
    ]

    def __init__(
        self, question: str, about: SignIn, *, waiting: int = 0, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(
            question,
            f"Sign in at {one_line(about.server, 60)}",
            passages(about),
            (OPEN, COPY, PASTE, NO._replace(label="cancel")),
            schema=ADDRESS,
            given={},
            written=lambda value: Answer(question, "accept", text=str(value["address"])),
            waiting=waiting,
            clock=clock,
        )
        self._url = about.url

    def action_open(self) -> None:
        if self.armed():
            self._open()

    @work(group="links")
    async def _open(self) -> None:
        if await asyncio.to_thread(browser.open_in_browser, self._url):
            self.notify("Your browser opens. This closes when it comes back.", markup=False)
        else:
            self.action_copy()
            self.notify("There is no browser here: the address is copied.", severity="warning", markup=False)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._url)
        self.notify("The address is copied.", markup=False)


def passages(about: SignIn) -> list[Passage]:
    found = [Passage(f"In your browser, at {host_of(about.url)}", "text--accent"), Passage(about.url)]
    if careful := doubt(about.url):
        found.append(Passage(careful, "text--bad"))
    if about.scopes:
        found.append(Passage(f"It asks for: {about.scopes}", "text--muted"))
    where = "If your browser is on another machine, paste the address that it ends at, even if the page is not shown."
    return [*found, Passage(""), Passage(where, "text--muted")]

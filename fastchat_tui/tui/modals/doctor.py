"""The examination of a server: steps as they come, to be copied, and before an entry is saved."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modal import Modal
from fastchat_tui.wire.doctor import Step, Verdict, step_lines
from fastchat_tui.wire.errors import FastchatError
from fastchat_tui.wire.text import one_line

STYLES: dict[Verdict, str] = {
    "running": "text--muted",
    "ok": "text--good",
    "warning": "text--warning",
    "failed": "text--bad",
    "skipped": "text--muted",
}


class DoctorScreen(Modal[str]):
    """Examines until it is closed. With ``saves`` it gives “save” when the user wants what was examined."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("modal"),
        *(binding for binding in bindings("page") if binding.action in ("save", "copy")),
    ]

    def __init__(
        self,
        title: str,
        steps: AsyncGenerator[Step, None],
        keys: str,
        copy: Callable[[str], object],
        *,
        saves: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._keys = keys
        self._copy = copy
        self._steps = steps
        self._saves = saves
        self.told: dict[str, Step] = {}

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as box:
            box.border_title = Content(one_line(self._title, 80))
            box.border_subtitle = Content(self._keys)
            yield TextView(id="page-text")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(TextView))
        self.examine()

    @work(group="doctor")
    async def examine(self) -> None:
        try:
            async with aclosing(self._steps) as steps:
                async for step in steps:
                    self.told[step.name] = step
                    self._show()
        except FastchatError as error:
            self.told["examination"] = Step("examination", "failed", error.text, error.remedy)
            self._show()
        else:
            failed = any(step.verdict == "failed" for step in self.told.values())
            words = "It does not work yet." if failed else "It works."
            self._show(Passage(""), Passage(words, "text--bad" if failed else "text--good"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that comes before the first frame of this screen does nothing."""
        return self.is_mounted and (action != "save" or self._saves)

    def action_save(self) -> None:
        self.dismiss("save")

    def _show(self, *after: Passage) -> None:
        lines = [Passage(line, STYLES[step.verdict]) for step in self.told.values() for line in step_lines(step)]
        self.query_one(TextView).show([*lines, *after], keep=True)

    def action_copy(self) -> None:
        self._copy(self.query_one(TextView).plain_text())

    def action_close(self) -> None:
        self.dismiss("")

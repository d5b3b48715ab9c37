"""A question about more than one look takes in: what a file found in a folder would start."""

from __future__ import annotations

from textual import events

from fastchat_tui.tui.footer import first_key, keymap_of
from fastchat_tui.tui.modals.frame import QuestionScreen
from fastchat_tui.wire.questions import Decision


class ReadFirstScreen(QuestionScreen):
    """What allows counts once the end of the text has been in view; until then it reads on."""

    read = False
    """Whether the end was in view, however it came there."""

    def on_mount(self) -> None:
        for changed in ("scroll_y", "virtual_size"):
            self.watch(self.body, changed, self._look, init=False)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._look)

    def _look(self) -> None:
        body = self.body
        height = body.scrollable_content_region.height
        if self.read or not height:
            return
        self.read = not body.busy and round(body.scroll_y) + height >= body.height_now
        if self.read and body.scroll_y:  # the next of the keys that brought the end here must not decide
            self._quiet_since = self._now()
        key = first_key("approval.once", keymap_of(self.app))
        self.hint("" if self.read else f"more below · {key} reads on" if key else "more below")

    def action_answer(self, decision: Decision) -> None:
        if self.read:
            super().action_answer(decision)
        elif self.armed():
            self.action_page_down()

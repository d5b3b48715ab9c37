"""The wire inspector: every call of the session above, the selected one below."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import time
from typing import ClassVar, Self

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.inspector.call_list import CallList
from fastchat_tui.tui.inspector.detail import CallDetail, Frames, Logs
from fastchat_tui.wire.ledger import CallRecord

_EMPTY = """\
No calls yet.

When the model uses a tool, the call appears here as it happens: arguments, result, the JSON-RPC on the wire, timing \
and the server's log."""
_FAR = 1 << 30


class Inspector(Widget):
    """Draws records; it never asks the engine for anything but kept frames and log lines."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("calls")]

    @dataclass
    class CallSelected(Message):
        """The user wants to see this call's card in the chat."""

        call: str

    @dataclass
    class CopyWanted(Message):
        text: str

    def __init__(self, frames: Frames, logs: Logs, *, now: Callable[[], float] = time, id: str | None = None) -> None:
        super().__init__(id=id, classes="-empty")
        self._list = CallList(now=now)
        self._detail = CallDetail(frames, logs, now=now)
        self._filter = Input(placeholder="filter calls", id="calls-filter", compact=True)

    def compose(self) -> ComposeResult:
        yield Static(Content(_EMPTY), id="calls-empty")
        yield self._filter
        yield self._list
        yield self._detail

    def show(self, record: CallRecord) -> None:
        """A call began or changed."""
        self._list.show(record)
        self.set_class(False, "-empty")
        if self._list.selected is record:
            self._draw_selected()

    def load(self, records: Iterable[CallRecord]) -> None:
        """The calls of a session, instead of those shown before."""
        self._list.load(records)
        self._draw_selected()
        self.set_class(not len(self._list), "-empty")

    @property
    def selected(self) -> str:
        """The call whose detail is shown; empty when there is none."""
        record = self._list.selected
        return record.call if record else ""

    def select(self, call: str) -> None:
        """Selects the call of a card. Unknown calls are left alone."""
        if self._list.select(call):
            self._draw_selected()

    def reset(self) -> None:
        self._close_filter()
        self.load(())

    def focus(self, scroll_visible: bool = True) -> Self:
        """The focus belongs to the list."""
        self.screen.set_focus(self._list, scroll_visible)
        return self

    def on_call_list_moved(self, event: CallList.Moved) -> None:
        event.stop()
        self._draw_selected()

    def on_call_detail_copy_wanted(self, event: CallDetail.CopyWanted) -> None:
        event.stop()
        self.post_message(self.CopyWanted(event.text))

    def tick(self) -> None:
        """Shows the time on clocks that run, and what has come to the selected call since."""
        self._list.tick()
        if (record := self._list.selected) is not None and record.outcome is None:
            self._detail.refresh_live()

    def _draw_selected(self) -> None:
        self._detail.show(self._list.selected)

    def action_cursor_down(self) -> None:
        self._list.move(1)

    def action_cursor_up(self) -> None:
        self._list.move(-1)

    def action_first(self) -> None:
        self._list.move(-_FAR)

    def action_last(self) -> None:
        self._list.move(_FAR)

    def action_open(self) -> None:
        if record := self._list.selected:
            self.post_message(self.CallSelected(record.call))

    def action_next_tab(self) -> None:
        self._detail.step_tab(1)

    def action_previous_tab(self) -> None:
        self._detail.step_tab(-1)

    def action_mode(self) -> None:
        self._detail.step_mode()

    def action_copy(self) -> None:
        if text := self._detail.whole_text():
            self.post_message(self.CopyWanted(text))

    def action_filter(self) -> None:
        if len(self._list):
            self._filter.add_class("-open")
            self.screen.set_focus(self._filter)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._list.filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.set_focus(self._list)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self._filter.has_class("-open"):
            event.stop()
            self._close_filter()
            self.screen.set_focus(self._list)

    def _close_filter(self) -> None:
        self._filter.value = ""
        self._filter.remove_class("-open")
        self._list.filter("")

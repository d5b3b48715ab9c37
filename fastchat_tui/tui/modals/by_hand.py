"""A call by hand: the tool, and its arguments to fill in."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.forms.editor import ObjectEditor
from fastchat_tui.tui.modal import Modal
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.servers import Tool
from fastchat_tui.wire.text import clean, one_line

LEAST = 4
"""Rows that a form has at least."""


class ByHandScreen(Modal[Object | None]):
    """Gives arguments that fit the tool's schema; None when it was closed."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("modal")]

    def __init__(self, tool: Tool, given: Object | None = None, *, keys: str = "") -> None:
        super().__init__()
        self._keys = keys
        self._tool = tool
        self._given = given

    def compose(self) -> ComposeResult:
        with Vertical(id="by-hand") as box:
            server, name = one_line(self._tool.server, 40), one_line(self._tool.name, 60)
            box.border_title = Content(f"{server} › {name}" if server else name)
            box.border_subtitle = Content(self._keys)
            if self._tool.description:
                yield Static(Content(clean(self._tool.description)), id="by-hand-about")
            yield ObjectEditor(self._tool.input_schema, self._given)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """A form that has no room scrolls: no style can say that of a frame as high as its text."""
        about = sum(each.outer_size.height + each.styles.margin.height for each in self.query("#by-hand-about"))
        room = self.size.height * 9 // 10 - 2 - about
        self.query_one(ObjectEditor).styles.max_height = max(LEAST, room)

    def scroll_to_center(self, widget: Widget, animate: bool = True, **rest: Any) -> None:
        """What has the focus is seen with its name, and moves no more than that takes."""
        if isinstance(widget.parent, Widget):
            widget.parent.scroll_visible(animate=False)

    def on_object_editor_written(self, event: ObjectEditor.Written) -> None:
        self.dismiss(event.value)

    def action_close(self) -> None:
        self.dismiss(None)

"""One of some rows, with a filter to type into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.wire.text import clean


class Row(NamedTuple):
    key: str
    text: str
    detail: str = ""


class ChooseScreen(ModalScreen[tuple[str, bool] | None]):
    """Gives the key of the chosen row, and whether it is to be removed; None when nothing was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("modal")]

    def __init__(
        self,
        title: str,
        rows: Sequence[Row],
        *,
        current: str = "",
        note: str = "",
        empty: str = "Nothing here.",
        remove: str = "",
        preview: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._rows = rows
        self._current = current
        self._note = note
        self._empty = empty
        self._remove = remove
        self._preview = preview

    def compose(self) -> ComposeResult:
        with Vertical(id="choose") as box:
            box.border_title = Content(clean(self._title))
            box.border_subtitle = Content(" · ".join(part for part in ("Enter", self._remove, "Esc closes") if part))
            if self._note:
                yield Static(Content(clean(self._note)), id="choose-note")
            if len(self._rows) > 8:
                yield Input(placeholder="type to filter", id="choose-filter", compact=True)
            yield OptionList(id="choose-rows", markup=False)
            yield Static(Content(self._empty), id="choose-empty")

    def on_mount(self) -> None:
        self._fill("")
        self.set_focus(self.query_one(OptionList))

    def _fill(self, needle: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        width = max((len(row.text) for row in self._rows), default=0)
        shown = [row for row in self._rows if needle.lower() in row.text.lower()]
        options.add_options(
            Option(Content.assemble(row.text.ljust(min(width, 50)), ("  " + row.detail, "$text-muted")), id=row.key)
            for row in shown
        )
        options.display = bool(shown)
        self.query_one("#choose-empty").display = not shown
        keys = [row.key for row in shown]
        options.highlighted = keys.index(self._current) if self._current in keys else 0 if keys else None

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._choose(remove=False)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if self._preview and event.option_id:
            self._preview(event.option_id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(remove=False)

    def on_key(self, event: events.Key) -> None:
        options = self.query_one(OptionList)
        if event.key == "d" and self._remove and options.has_focus:
            event.stop()
            self._choose(remove=True)
        elif event.key in ("j", "k") and options.has_focus:
            event.stop()
            (options.action_cursor_down if event.key == "j" else options.action_cursor_up)()
        elif event.key == "slash" and options.has_focus and (found := self.query("#choose-filter")):
            event.stop()
            self.set_focus(found.first())

    def _choose(self, *, remove: bool) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self.dismiss((str(options.get_option_at_index(options.highlighted).id), remove))

    def action_close(self) -> None:
        self.dismiss(None)

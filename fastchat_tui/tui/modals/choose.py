"""One of some rows, with a filter to type into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.fitting import fitted
from fastchat_tui.tui.footer import keymap_of, keys_for
from fastchat_tui.tui.listing import Listing
from fastchat_tui.tui.modal import Modal
from fastchat_tui.wire.text import clean

LEAST, MOST = 3, 20
"""Rows that are seen at a time."""
NARROW, ASIDE = 44, 10
"""Where the text of a row is not cut for a detail that would have fewer than so many cells."""


class Row(NamedTuple):
    key: str
    text: str
    detail: str = ""
    colours: tuple[str, ...] = ()
    """Shown as dots at its end."""


class ChooseScreen(Modal[tuple[str, bool] | None]):
    """Gives the key of the chosen row, and whether it is to be removed; None when nothing was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("choose"), *bindings("modal")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012

    def __init__(
        self,
        title: str,
        rows: Sequence[Row],
        *,
        current: str = "",
        note: str = "",
        empty: str = "Nothing here.",
        remove: bool = False,
        preview: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._rows = rows
        self._texts = [row.text for row in rows]
        self._details = [row.detail for row in rows]
        self._current = current
        self._note = note
        self._empty = empty
        self._remove = remove
        self._preview = preview

    def compose(self) -> ComposeResult:
        with Vertical(id="choose") as box:
            box.border_title = Content(clean(self._title))
            ids = ("choose.take", *(("choose.delete",) if self._remove else ())) if self._rows else ()
            box.border_subtitle = Content(keys_for(keymap_of(self.app), *ids, "modal.close"))
            if self._note:
                yield Static(Content(clean(self._note)), id="choose-note")
            if len(self._rows) > 8:
                yield Input(placeholder="/ filters", id="choose-filter", compact=True)
            yield Listing(id="choose-rows", markup=False)
            yield Static(Content(self._empty), id="choose-empty")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Listing))

    def _fill(self, needle: str) -> None:
        options = self.query_one(Listing)
        options.clear_options()
        shown = [row for row in self._rows if needle.lower() in row.text.lower()]
        options.add_options(Option(self._line(row), id=row.key) for row in shown)
        options.display = bool(shown)
        self.query_one("#choose-empty").display = not shown
        keys = [row.key for row in shown]
        options.highlighted = keys.index(self._current) if self._current in keys else 0 if keys else None

    def _line(self, row: Row) -> Content:
        """In columns: first the detail gives way, then, where it takes more than half of the room, the text."""
        dots = [(" ●", colour) for colour in row.colours]
        room = self.query_one("#choose").content_size.width - 2 * len(dots) - 2
        texts, details = (max(map(cell_len, column)) for column in (self._texts, self._details))
        if room < NARROW and texts + 2 + ASIDE > room:
            details = 0
        width = max(min(texts, room // 2), room - details - 2) if details else room
        text = set_cell_size(fitted(row.text, min(width, texts)), min(width, texts))
        beside = max(0, min(details, room - cell_len(text) - 2))
        detail = "  " + set_cell_size(fitted(row.detail, beside), beside) if beside else ""
        return Content.assemble(text, (detail, "$text-muted"), *dots)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """As many rows, and as wide, as the frame lets them: no style can say that of one as high as its text."""
        above = self.query("#choose-note, #choose-filter")
        taken = sum(each.outer_size.height + each.styles.margin.height for each in above)
        room = self.size.height * 9 // 10 - 2 - taken
        self.query_one(Listing).styles.max_height = max(LEAST, min(MOST, room))
        self._fill(self._needle)

    @property
    def _needle(self) -> str:
        return next((field.value for field in self.query(Input)), "")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._choose(remove=False)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id:
            self._current = event.option_id
            if self._preview:
                self._preview(event.option_id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(remove=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "delete":
                return self._remove
            case "filter":
                return bool(self.query("#choose-filter"))
            case _:
                return True

    def action_cursor_down(self) -> None:
        self.query_one(Listing).action_cursor_down()

    def action_cursor_up(self) -> None:
        self.query_one(Listing).action_cursor_up()

    def action_filter(self) -> None:
        self.set_focus(self.query_one("#choose-filter"))

    def action_take(self) -> None:
        self._choose(remove=False)

    def action_delete(self) -> None:
        self._choose(remove=True)

    def _choose(self, *, remove: bool) -> None:
        options = self.query_one(Listing)
        if options.highlighted is not None:
            self.dismiss((str(options.get_option_at_index(options.highlighted).id), remove))

    def action_close(self) -> None:
        self.dismiss(None)

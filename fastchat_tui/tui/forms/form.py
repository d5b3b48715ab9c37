"""A form on the screen: one control for each field, its problem below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Select, SelectionList, Static, TextArea
from textual.widgets.selection_list import Selection

from fastchat_tui.tui.forms.boxes import Box, Boxes
from fastchat_tui.tui.forms.fields import Field, Path, every, fields_of, names
from fastchat_tui.tui.forms.values import FieldError, Raw, collect, spread
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.text import clean, one_line

Control: TypeAlias = "Input | TextArea | Checkbox | Select[int] | SelectionList[int]"


class SchemaForm(VerticalScroll, can_focus=False):
    """Shows ``given`` and the schema's defaults; ``values`` is what stands there now."""

    class Submitted(Message):
        """Enter was pressed in the last line."""

    def __init__(self, schema: Object, given: Object | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.fields = fields_of(schema)
        self._first = spread(self.fields, given)
        self._controls: dict[Path, Control] = {}
        self._variants: dict[Path, list[Widget]] = {}

    def compose(self) -> ComposeResult:
        for field in self.fields:
            yield self._row(field)

    def on_mount(self) -> None:
        for field in every(self.fields):
            if field.kind == "variant":
                self._show_variant(field.path)

    @on(events.DescendantFocus)
    @on(events.Resize)
    def _came_to_a_field(self) -> None:
        self.call_after_refresh(self._show_field)

    def _show_field(self) -> None:
        """What a control is for stands above it: both come into view, where both fit."""
        focused = self.screen.focused
        field = focused.parent if focused is not None and self in focused.ancestors else None
        if isinstance(field, Widget) and field.outer_size.height <= self.size.height:
            self.scroll_to_widget(field, animate=False)

    def values(self) -> Object:
        """Raises FieldError, with the control of its field in focus and the problem below it."""
        self.tell((), "")
        try:
            return collect(self.fields, {path: _raw(control) for path, control in self._controls.items()})
        except FieldError as error:
            self.tell(error.path, str(error))
            raise

    def tell(self, path: Path, problem: str) -> None:
        """Shows a problem below its field, or the nearest one around it, and nowhere else. An empty path clears all."""
        for note in self.query(".field-problem").results(Static):
            note.display = False
        for place, control in self._controls.items():
            if path and names(path)[: len(names(place))] == names(place) and control.parent is not None:
                note = control.parent.query_one(".field-problem", Static)
                note.update(Content(f"✗ {clean(problem)}"))
                note.display = True
                control.focus(scroll_visible=False)
                return

    def focus_first(self) -> None:
        for control in self._controls.values():
            control.focus(scroll_visible=False)
            return

    # ── one field ────────────────────────────────────────────────────────────────────────────────────────────────

    def _row(self, field: Field) -> Widget:
        rows: list[Widget] = [*_words(field)]
        if field.kind == "group":
            return Vertical(*rows, *map(self._row, field.fields), classes="field group")
        self._controls[field.path] = control = self._control(field, self._first.get(field.path))
        rows += [control, note := Static(classes="field-problem", markup=False)]
        note.display = False
        if field.kind == "variant":
            self._variants[field.path] = groups = [self._row(group) for group in field.fields]
            rows += groups
        return Vertical(*rows, classes="field")

    def _control(self, field: Field, first: Raw) -> Control:
        match field.kind:
            case "boolean" if field.required or isinstance(first, bool):
                return Box(Content("yes"), value=first is True, compact=True)
            case "boolean":
                return _select(["no", "yes"], None, required=False)
            case "choice":
                return _select([option.label for option in field.options], first, required=field.required)
            case "variant":
                return _select([group.title for group in field.fields], first, required=field.required)
            case "choices":
                chosen = first if isinstance(first, tuple) else ()
                rows = [
                    Selection(Content(one_line(option.label, 80)), index, index in chosen)
                    for index, option in enumerate(field.options)
                ]
                return Boxes(*rows, compact=True)
            case "lines" | "json":
                return TextArea(str(first or ""), compact=True, tab_behavior="focus")
            case _:
                text = "" if first is None else str(first)
                kind = field.kind if field.kind in ("integer", "number") else "text"
                return Input(text, placeholder=kind if kind != "text" else "", compact=True, select_on_focus=False)

    def on_select_changed(self, event: Select.Changed) -> None:
        event.stop()
        for path in self._variants:
            if self._controls[path] is event.select:
                self._show_variant(path)

    def _show_variant(self, path: Path) -> None:
        chosen = _raw(self._controls[path])
        for number, group in enumerate(self._variants[path]):
            group.display = number == chosen

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if list(self._shown())[-1:] == [event.input]:
            self.post_message(self.Submitted())
        else:
            self.screen.focus_next()

    def _shown(self) -> Iterator[Control]:
        return (control for control in self._controls.values() if all(node.display for node in _within(control)))


def _within(widget: Widget) -> Iterator[Widget]:
    return (node for node in widget.ancestors_with_self if isinstance(node, Widget))


def _words(field: Field) -> Iterator[Static]:
    needed = ("  needed", "$text-warning") if field.required else ""
    hint = (f"  {one_line(field.hint, 80)}", "$text-muted") if field.hint else ""
    kind = {"lines": "  one in each line", "json": "  JSON"}.get(field.kind, "")
    yield Static(
        Content.assemble((one_line(field.title, 80), "bold"), needed, (kind, "$text-muted"), hint),
        classes="field-title",
    )
    if field.about:
        yield Static(Content(clean(field.about)), classes="field-about")


def _select(labels: list[str], first: Raw, *, required: bool) -> Select[int]:
    options = [(Content(one_line(label, 80)), index) for index, label in enumerate(labels)]
    value = first if isinstance(first, int) and not isinstance(first, bool) else 0 if required else Select.NULL
    return Select(options, prompt="not given", allow_blank=not required, value=value, compact=True)


def _raw(control: Control) -> Raw:
    match control:
        case Input(value=text) | TextArea(text=text):
            return text
        case Checkbox(value=on):
            return on
        case SelectionList():
            return tuple(control.selected)
        case _:
            return control.value if isinstance(control.value, int) else None

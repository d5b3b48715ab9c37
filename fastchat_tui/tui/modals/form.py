"""Some lines to fill in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.modal import Modal
from fastchat_tui.wire.text import clean


class Field(NamedTuple):
    key: str
    label: str
    value: str = ""
    secret: bool = False


class FormScreen(Modal[dict[str, str] | None]):
    """Gives the values by key; None when it was closed."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("modal")]

    def __init__(self, title: str, fields: Sequence[Field], note: str = "") -> None:
        super().__init__()
        self._title = title
        self._fields = fields
        self._note = note

    def compose(self) -> ComposeResult:
        with Vertical(id="form") as box:
            box.border_title = Content(clean(self._title))
            box.border_subtitle = "Enter: next, then done · Esc closes"
            if self._note:
                yield Static(Content(clean(self._note)), id="form-note")
            for field in self._fields:
                yield Static(Content(field.label), classes="form-label")
                yield Input(field.value, password=field.secret, id=f"form-{field.key}", compact=True)

    def on_mount(self) -> None:
        self.set_focus(self.query(Input).first())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        inputs = list(self.query(Input))
        place = inputs.index(event.input)
        if place + 1 < len(inputs):
            self.set_focus(inputs[place + 1])
        else:
            self.dismiss(
                {field.key: field_input.value for field, field_input in zip(self._fields, inputs, strict=True)}
            )

    def action_close(self) -> None:
        self.dismiss(None)

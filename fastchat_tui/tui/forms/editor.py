"""An object to be written: as a form made from its schema, or as JSON; the schema is checked before it is taken."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.forms.form import SchemaForm
from fastchat_tui.tui.forms.values import FieldError
from fastchat_tui.tui.modals.arguments import editable, parse, schema_problem
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.text import clean


class ObjectEditor(Vertical):
    """Posts ``Written`` with an object that fits the schema; until then it says what does not."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("form")]

    class Written(Message):
        def __init__(self, value: Object) -> None:
            super().__init__()
            self.value = value

    def __init__(self, schema: Object, given: Object | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._schema = schema
        self._form = SchemaForm(schema, given)
        self._given = given or {}

    def compose(self) -> ComposeResult:
        if self._form.fields:
            yield self._form
        else:
            yield self._as_json(self._given)
        yield Static(classes="object-problem", markup=False)

    def on_mount(self) -> None:
        self._tell("")
        self.call_after_refresh(self._focus)

    def action_json(self) -> None:
        """To JSON and back; what cannot be read stays where it is."""
        try:
            value = self._value()
        except ValueError as error:
            self._tell(str(error))
            return
        if self._json is None:
            self._form.remove()
            self.mount(self._as_json(value), before=0)
        elif SchemaForm(self._schema).fields:
            self._json.remove()
            self._form = SchemaForm(self._schema, value)
            self.mount(self._form, before=0)
        self._tell("")
        self.call_after_refresh(self._focus)

    async def action_send(self) -> None:
        try:
            value = self._value()
        except ValueError as error:
            self._tell("" if isinstance(error, FieldError) else str(error))
            return
        if problem := await asyncio.to_thread(schema_problem, value, self._schema):
            self._tell(problem)
        else:
            self.post_message(self.Written(value))

    async def on_schema_form_submitted(self, event: SchemaForm.Submitted) -> None:
        event.stop()
        await self.action_send()

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _json(self) -> TextArea | None:
        return next(iter(self.query("#object-json").results(TextArea)), None)

    def _as_json(self, value: Object) -> TextArea:
        return TextArea(editable(value), id="object-json", compact=True, tab_behavior="focus")

    def _value(self) -> Object:
        """Raises ValueError; a FieldError is shown beside its field already."""
        return parse(self._json.text) if self._json is not None else self._form.values()

    def _focus(self) -> None:
        if self._json is not None:
            self._json.focus()
        else:
            self._form.focus_first()

    def _tell(self, problem: str) -> None:
        note = self.query_one(".object-problem", Static)
        note.update(Content(f"✗ {clean(problem)}"))
        note.display = bool(problem)

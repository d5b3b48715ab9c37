"""The form on a screen, filled in by keys."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Static

from fastchat_tui.tui.forms.form import SchemaForm
from fastchat_tui.tui.forms.values import FieldError
from tests.fakes.styled import StyledApp

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Where [bold]to[/]"},
        "days": {"type": "integer", "default": 3},
        "unit": {"enum": ["C", "F"], "enumNames": ["Celsius", "Fahrenheit"]},
        "alerts": {"type": "boolean"},
        "notes": {"type": "array", "items": {"type": "string"}},
        "kinds": {"type": "array", "items": {"enum": ["rain", "snow"]}},
        "how": {
            "oneOf": [
                {"title": "by mail", "type": "object", "properties": {"to": {"type": "string"}}},
                {"title": "by push", "type": "object", "properties": {"device": {"type": "string"}}},
            ]
        },
    },
    "required": ["city"],
}


class FormApp(StyledApp):
    def __init__(self, schema: dict[str, Any], given: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.form = SchemaForm(schema, given)
        self.sent = 0

    def compose(self) -> ComposeResult:
        yield self.form

    def on_mount(self) -> None:
        self.form.focus_first()

    def on_schema_form_submitted(self) -> None:
        self.sent += 1


async def test_a_form_is_filled_in_by_keys() -> None:
    app = FormApp(SCHEMA)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.press(*"Rome", "enter", "backspace", "5", "enter")
        await pilot.press("enter", "down", "enter", "tab")
        await pilot.press("tab")
        await pilot.press(*"a", "enter", *"b", "tab")
        await pilot.press("space", "tab")
        await pilot.pause()
        values = app.form.values()
    assert values == {"city": "Rome", "days": 5, "unit": "C", "notes": ["a", "b"], "kinds": ["rain"]}


async def test_what_is_given_stands_in_its_fields() -> None:
    given = {"city": "Oslo", "alerts": True, "how": {"to": "me"}, "kinds": ["snow"], "unit": "F"}
    app = FormApp(SCHEMA, given)
    async with app.run_test(size=(80, 40)):
        values = app.form.values()
    assert values == {**{key: given[key] for key in given if key != "how"}, "days": 3}


async def test_a_problem_stands_below_its_field_which_has_the_focus() -> None:
    app = FormApp(SCHEMA)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.press("tab", "backspace", *"x")
        with pytest.raises(FieldError):
            app.form.values()
        await pilot.pause()
        shown = [note for note in app.query(".field-problem").results(Static) if note.display]
        assert len(shown) == 1
        assert "is needed" in str(shown[0].render())
        assert app.focused is app.form._controls[("city",)]


async def test_only_the_chosen_variant_shows() -> None:
    app = FormApp({"properties": {"how": SCHEMA["properties"]["how"]}, "required": ["how"]})
    async with app.run_test(size=(80, 40)) as pilot:
        groups = app.form._variants[("how",)]
        assert [group.display for group in groups] == [True, False]
        await pilot.press("enter", "down", "enter")
        await pilot.pause()
        assert [group.display for group in groups] == [False, True]


async def test_enter_in_the_last_line_submits() -> None:
    app = FormApp({"properties": {"a": {"type": "string"}, "b": {"type": "string"}}})
    async with app.run_test() as pilot:
        await pilot.press("enter")
        assert app.sent == 0
        await pilot.press("enter")
        await pilot.pause()
        assert app.sent == 1


async def test_hostile_words_of_a_schema_are_only_words() -> None:
    nasty = "[/] [@click=app.quit]x[/] \x1b]0;PWNED\x07\u202e"
    schema = {"properties": {nasty: {"title": nasty, "description": nasty, "enum": [nasty], "pattern": nasty}}}
    app = FormApp(schema)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "\x1b" not in app.export_screenshot()
        assert "[@click=app.quit]x" in app.export_screenshot().replace("&#160;", " ")


async def test_what_a_control_is_for_is_in_view_with_it() -> None:
    app = FormApp(SCHEMA)
    async with app.run_test(size=(60, 9)) as pilot:
        app.form.focus_first()
        seen = set()
        for _ in range(12):
            await pilot.pause()
            await pilot.pause()
            assert app.focused is not None
            field = app.focused.parent
            assert isinstance(field, Widget)
            if field.outer_size.height <= app.form.size.height:
                seen.add(field)
                assert app.form.region.contains_region(field.region)
            await pilot.press("tab")
        assert len(seen) > 4

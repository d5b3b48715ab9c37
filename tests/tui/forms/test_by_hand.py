"""A form in its frame: all of it can be reached, however low the terminal is."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from textual.widgets import Input, Static

import fastchat_tui.tui
from fastchat_tui.tui.forms.form import SchemaForm
from fastchat_tui.tui.modals.by_hand import ByHandScreen
from fastchat_tui.wire.servers import Tool
from tests.fakes.styled import StyledApp

PROPERTIES = {f"field {number}": {"type": "string", "description": "What it is."} for number in range(9)}
TOOL = Tool("s", "t", "s__t", "", "A long story. " * 20, {"type": "object", "properties": PROPERTIES})


STYLES = Path(fastchat_tui.tui.__file__).parent / "styles"


class ByHandApp(StyledApp):
    CSS_PATH: ClassVar = [STYLES / "modals.tcss"]


@pytest.mark.parametrize("size", [(80, 24), (40, 14)])
async def test_every_field_is_seen_whole_where_the_focus_goes(size: tuple[int, int]) -> None:
    app = ByHandApp()
    async with app.run_test(size=size) as pilot:
        app.push_screen(ByHandScreen(TOOL))
        await pilot.pause()
        form = app.screen.query_one(SchemaForm)
        for step, key in enumerate(("", *("tab",) * 8, *("shift+tab",) * 8)):
            await pilot.press(*filter(None, [key]))
            await pilot.pause()
            field = [*form.query(Input)][step if step < 9 else 16 - step]
            assert app.focused is field
            assert field.parent is not None
            frame = app.screen.query_one("#by-hand").content_region
            assert frame.contains_region(field.region)
            assert frame.contains_region(field.parent.query(".field-title").first(Static).region)

"""The last line before the terminal: whatever a widget is given, in whichever way it shows it, no command gets out.

The first line, cleaning what enters, is left out here on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tests.e2e.test_hostile_bytes import FORBIDDEN, OURS, THEIRS

pytestmark = pytest.mark.e2e
PROGRAM = """
from rich.text import Text
from textual.app import App
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import *
from textual.widgets.option_list import Option
from tests.fakes.hostile_server import HOSTILE
from fastchat_tui.tui.guard import ControlGuard
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.wrap import Passage

class Ways(App):
    CSS = "* { height: auto; } DataTable, Tree, OptionList, TextArea, Log, RichLog, TextView { height: 5; }"
    BINDINGS = [("f12", "nothing", HOSTILE)]
    TITLE, SUB_TITLE = HOSTILE, HOSTILE

    def get_line_filters(self):
        return [*super().get_line_filters(), ControlGuard()]

    def compose(self):
        yield Header()
        with VerticalScroll():
            yield Static(HOSTILE, markup=False)
            yield Static(Content(HOSTILE))
            yield Static(Text(HOSTILE))
            yield Label(HOSTILE, markup=False)
            yield Button(Content(HOSTILE))
            yield Checkbox(Content(HOSTILE))
            yield RadioButton(Content(HOSTILE))
            yield Input(HOSTILE)
            yield Input(placeholder=HOSTILE)
            yield TextArea(HOSTILE)
            yield Markdown(HOSTILE)
            yield Markdown(f"```{HOSTILE}\\n{HOSTILE}\\n```\\n| a |\\n|-|\\n| {HOSTILE} |")
            yield OptionList(Option(Content(HOSTILE)))
            yield SelectionList((Content(HOSTILE), 1))
            yield Select([(Content(HOSTILE), 1)], value=1)
            yield Collapsible(Static(HOSTILE, markup=False), title="x", collapsed=False)
            yield DataTable()
            yield Tree(Text(HOSTILE))
            yield Log()
            yield RichLog()
            yield TextView([Passage(HOSTILE)])
            framed = Static("x")
            framed.border_title = framed.border_subtitle = Content(HOSTILE)
            framed.styles.border = ("round", "red")
            yield framed
        yield Footer()

    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_column(Text(HOSTILE))
        table.add_row(Text(HOSTILE))
        self.query_one(Tree).root.add_leaf(Text(HOSTILE))
        self.query_one(Log).write_line(HOSTILE)
        self.query_one(RichLog).write(HOSTILE)
        self.notify(HOSTILE, title=HOSTILE, markup=False, timeout=600)
        self.set_timer(0.1, lambda: self.query_one(Static).update(Content("ALL SHOWN")))

Ways().run()
"""


def test_no_way_of_showing_a_text_lets_a_command_out(opened: Callable[..., Terminal]) -> None:
    """Without the guard, more than twenty of theirs do get out here."""
    Path("ways.py").write_text(PROGRAM)
    environ = {"PYTHONPATH": str(Path(__file__).parents[2])}
    terminal = opened(size=(400, 160), environ=environ, program=("ways.py",))
    terminal.until(lambda: b"ALL SHOWN" in terminal.raw)
    assert terminal.end() == 0
    text = terminal.raw.decode("utf-8", "replace")
    assert text.count("PWNED") > 20
    assert THEIRS.search(text) is None
    assert FORBIDDEN.search(OURS.sub("", text)) is None

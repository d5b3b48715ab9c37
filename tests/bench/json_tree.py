"""How soon 10 MB of JSON can be read in the inspector, and what keys cost meanwhile.

In a headless app, beside a text of 200 bytes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from textual.app import App, ComposeResult
from textual.events import Key

import fastchat_tui.tui
from fastchat_tui.launch import spare_the_keys
from fastchat_tui.tui.inspector.detail import MODES, CallDetail
from fastchat_tui.tui.inspector.inspector import Inspector
from fastchat_tui.tui.inspector.pages import Mode
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.tree_view import TreeView
from fastchat_tui.wire.content import Text
from fastchat_tui.wire.ledger import CallRecord
from tests.bench.table import Row
from tests.fakes.styled import StyledApp

STYLES = Path(fastchat_tui.tui.__file__).parent / "styles"
KEYS = 40


def texts() -> dict[str, str]:
    row = {"id": 1, "name": "an item", "tags": ["a", "b"], "note": 'two\nlines and "quotes"', "price": 12.5}
    return {
        "200 bytes": json.dumps([row, row]),
        "90,000 objects": json.dumps([row] * 90_000),
        "5,000,000 numbers": "[" + "1," * 4_999_999 + "1]",
        "one long string": json.dumps(["x" * 10_000_000]),
        "one object in it": json.dumps({"data": {"rows": [row] * 90_000}}),
    }


class BenchApp(StyledApp):
    CSS_PATH = [STYLES / "inspector.tcss"]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield Inspector(lambda server="", call="": [], lambda server: [])


async def measure(structured: str, mode: Mode) -> tuple[float, list[float], float]:
    app = BenchApp()
    async with app.run_test(size=(120, 40)) as pilot:
        spare_the_keys()  # as the program does once it is loaded
        inspector, detail = app.query_one(Inspector), app.query_one(CallDetail)
        detail.tab = "result"
        detail.mode = mode
        view = app.query_one(TreeView) if mode == "tree" else app.query_one(TextView)
        record = CallRecord(
            call="c", turn="t", step=1, server="s", tool="t", arguments={}, proposed_at=0, outcome="ok",
            structured=structured if mode == "tree" else "", content=() if mode == "tree" else (Text(structured),),
        )  # fmt: skip
        begin = perf_counter()
        inspector.show(record)
        await pilot.pause(0)
        await app.painted(view)  # nobody presses a key for rows that are not there yet
        first = perf_counter() - begin
        assert view.height_now > 1
        view.focus()
        await app.painted(view)  # that it has the focus costs as much for 200 bytes as for 10 MB
        keys = []
        for number in range(KEYS):
            pressed = perf_counter()
            before = position(view)
            app.post_message(key(app, "up" if number % 2 else "down"))
            while position(view) == before and perf_counter() - pressed < 0.5:
                await asyncio.sleep(0)
            keys.append(perf_counter() - pressed)
            await asyncio.sleep(0.005)
        while view.busy:
            await asyncio.sleep(0.01)
        return first, keys, perf_counter() - begin


def key(app: App[None], name: str) -> Key:
    event = Key(name, None)
    event.set_sender(app)
    return event


def position(view: TreeView | TextView) -> float:
    return view.cursor_row if isinstance(view, TreeView) else view.scroll_target_y


def rows() -> Iterator[Row]:
    worst = 0.0
    for mode in MODES[:2]:
        for name, text in texts().items():
            if mode == "text" and name != "one long string":
                continue
            first, keys, whole = asyncio.run(measure(text, mode))
            worst = max(worst, *keys)
            detail = f"key p50 {median(keys) * 1000:.1f} ms, all read in {whole:.2f} s"
            yield Row(f"first rows of {name} as {mode}", first * 1000, "ms", None, detail)
    yield Row("the worst key while 10 MB are read", worst * 1000, "ms", 50)

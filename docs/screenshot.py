"""Makes docs/screenshot.svg, the picture of the README, from the running program: ``python docs/screenshot.py``."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.widgets import TextArea

from fastchat_tui.compose import Options, open_engine
from fastchat_tui.tui.app import FastchatApp

QUESTION = "What time is it in Tokyo, and what is in my notes folder?"


async def main() -> None:
    async with open_engine(Options(demo=True)) as engine:
        app = FastchatApp(engine, theme="night")
        async with app.run_test(size=(120, 40)) as pilot:
            while engine.snapshot().servers.get("demo") is None or engine.snapshot().servers["demo"].state != "ready":
                await pilot.pause(0.1)
            await pilot.press("f2", "right", "f4")
            app.screen.query_one(TextArea).insert(QUESTION)
            await pilot.press("enter")
            while len(engine.snapshot().questions) < 2:
                await pilot.pause(0.1)
            while engine.snapshot().questions:
                await pilot.pause(0.5)
                await pilot.press("y")
            while engine.snapshot().turn:
                await pilot.pause(0.1)
            await pilot.press("f3", "right")
            await pilot.pause(0.5)
            Path(__file__).with_name("screenshot.svg").write_text(app.export_screenshot(), encoding="utf-8")


asyncio.run(main())

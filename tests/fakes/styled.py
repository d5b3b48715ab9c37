"""An app for a single widget of ours: Textual's theme, and the variables that our style sheets need besides."""

from __future__ import annotations

import asyncio

from textual.app import App
from textual.widget import Widget

from fastchat_tui.tui.themes import OURS


class StyledApp(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(OURS)

    async def painted(self, widget: Widget) -> None:
        """Waits until what was changed is on the screen."""
        done = asyncio.Event()
        widget.call_after_refresh(done.set)
        await done.wait()

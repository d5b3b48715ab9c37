"""An app for a single widget of ours: Textual's theme, and the variables that our style sheets need besides."""

from __future__ import annotations

from textual.app import App

from fastchat_tui.tui.themes import OURS


class StyledApp(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(OURS)

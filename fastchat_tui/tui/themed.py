"""The app's theme: the one that is wanted before the first frame, all others after it, and each as it is tried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fastchat_tui.tui.keys_in_order import KeysInOrder
from fastchat_tui.tui.themes import DEFAULT, OURS, PLAIN, OwnTheme, load_themes, theme_files
from fastchat_tui.wire.text import clean


class ThemedApp(KeysInOrder):
    def __init__(self, theme: str, folders: Sequence[Path], on_theme: Callable[[str], None] | None) -> None:
        super().__init__()
        self.own_themes: dict[str, OwnTheme] = {}
        """Those that were read, by name."""
        self.theme_problems: list[str] = []
        """What is wrong with the files, and with what was wanted: sentences for the user."""
        self._theme_files = theme_files(folders)
        self._on_theme = on_theme
        self._choose_theme(theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(OURS)

    def preview_theme(self, name: str) -> None:
        if name in self.own_themes and not self.no_color:
            self.theme = name

    def keep_theme(self, name: str) -> None:
        self.preview_theme(name)
        if self._on_theme:
            self.run_worker(asyncio.to_thread(self._on_theme, name), exit_on_error=False)

    def load_themes(self) -> None:
        """Reads all that were not read yet."""
        self._load_themes(self._theme_files)

    def refresh_css(self, animate: bool = True) -> None:
        """Before there is a screen nothing has been styled: colours are enough, and nothing is parsed twice."""
        if self.screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def _choose_theme(self, wanted: str) -> None:
        """With ``NO_COLOR`` what is wanted does not matter: cursors and focus need the styles of the plain theme."""
        files = self._theme_files
        if self.no_color:
            wanted = PLAIN
        if wanted and wanted not in files:
            self.theme_problems.append(f"There is no theme “{clean(wanted)}”. F9 shows those that there are.")
        names = [name for name in (wanted, DEFAULT) if name in files]
        for name in names:
            self._load_themes({name: files[name]})
            if name in self.own_themes:
                self.theme = name
                return

    def _load_themes(self, files: Mapping[str, Path]) -> None:
        themes, problems = load_themes({name: path for name, path in files.items() if name not in self.own_themes})
        for theme in themes.values():
            self.register_theme(theme)
        self.own_themes |= themes
        self.theme_problems += [problem for problem in problems if problem not in self.theme_problems]

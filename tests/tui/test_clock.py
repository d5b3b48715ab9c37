"""One clock; below another screen it goes slowly."""

from __future__ import annotations

from textual.app import App
from textual.screen import Screen

from fastchat_tui.tui.clock import SLOW, Clock


async def test_every_beat_moves_all_hands_and_below_another_screen_only_some_do() -> None:
    app: App[None] = App()
    async with app.run_test():
        moved: list[str] = []
        clock = Clock(app.screen, lambda: moved.append("a"))
        clock.hands.append(lambda: moved.append("b"))
        for _ in range(SLOW):
            clock._beat()
        assert moved == ["a", "b"] * SLOW
        moved.clear()
        await app.push_screen(Screen())
        for _ in range(2 * SLOW):
            clock._beat()
        assert moved == ["a", "b"] * 2

"""The empty frames of the first picture are those that Textual would draw."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.geometry import Region

from fastchat_tui.tui.frames import TITLES, Frame, Frames


class Framed(App[None]):
    CSS = ".pane { border: round red; background: blue; width: 1fr; height: 100%; }"

    def compose(self) -> ComposeResult:
        yield Frames()


@pytest.mark.parametrize("height", [1, 2, 3, 12])
async def test_a_frame_is_drawn_as_textual_draws_it_whole_and_in_part(height: int) -> None:
    app = Framed()
    async with app.run_test(size=(40, height)):
        frames = [*app.query(Frame)]
        assert [frame.id for frame in frames] == [*TITLES]
        for frame in frames:
            for top in range(height):
                part = Region(0, top, frame.region.width, height - top)
                assert frame.render_lines(part) == Container.render_lines(frame, part)

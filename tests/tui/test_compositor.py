from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual._compositor import ChopsUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Input, Static

from fastchat_tui.tui.compositor import TightCompositor

WIDTH, HEIGHT = 40, 14


class Panes(Screen[None]):
    CSS = """
    #left, #right { width: 1fr; border: round red; }
    #above { layer: above; offset: 12 3; width: 20; height: 5; background: blue; }
    Panes { layers: base above; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._compositor = TightCompositor()

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="left"):
                yield Static("left " * 40)
            with Vertical(id="right"):
                yield Static("right " * 40)
        yield Static("above " * 20, id="above")
        yield Input("below")


class PanesApp(App[None]):
    def get_default_screen(self) -> Panes:
        return Panes()


def regions() -> st.SearchStrategy[list[Region]]:
    def region(x: int, y: int, width: int, height: int) -> Region:
        return Region(x, y, width, height).intersection(Region(0, 0, WIDTH, HEIGHT))

    x, y = st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1)
    return st.lists(st.builds(region, x, y, st.integers(1, 30), st.integers(1, 8)), min_size=1, max_size=4)


@pytest.fixture
async def compositor():
    app = PanesApp()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        yield app.screen._compositor


async def test_what_changed_is_drawn_as_it_would_be_with_everything(compositor: TightCompositor) -> None:
    whole = compositor._render_chops(Region(0, 0, WIDTH, HEIGHT), lambda y: True)

    @given(regions())
    @settings(max_examples=200, deadline=None)
    def judge(changed: list[Region]) -> None:
        compositor._dirty_regions = {*changed}
        update = compositor.render_partial_update()
        assert isinstance(update, ChopsUpdate)
        for y, left, right in update.spans:
            for (x, strip), end in zip(update.chops[y].items(), update.chop_ends[y], strict=True):
                if x < right and end > left:
                    assert isinstance(strip, Strip)
                    assert strip == whole[y][x]

    judge()
    assert len(compositor.visible_widgets) >= 8

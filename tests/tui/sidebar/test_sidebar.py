from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult

import fastchat_tui.tui
from fastchat_tui.tui.sidebar.sidebar import ServerList, Sidebar
from fastchat_tui.wire.servers import ServerView, Tool
from tests.fakes.styled import StyledApp

STYLES = Path(fastchat_tui.tui.__file__).parent / "styles"
FAILED = [ServerView(name, "failed", detail="exit code 3") for name in "abc"]
READY = ServerView("ready", "ready", tools=tuple(Tool("ready", f"tool-{n}", "t", tokens=9) for n in range(1000)))


class SidebarApp(StyledApp):
    CSS_PATH: ClassVar = [STYLES / "sidebar.tcss"]

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[object] = []

    def compose(self) -> ComposeResult:
        yield Sidebar()

    def show(self, *views: ServerView) -> None:
        self.query_one(Sidebar).show({view.name: view for view in views})

    @property
    def row(self) -> str:
        row = self.query_one(ServerList).row
        return f"{row.server} {row.tool}".strip() if row else ""

    def on_sidebar_server_toggled(self, event: Sidebar.ServerToggled) -> None:
        self.wanted.append((event.server, event.on))

    def on_sidebar_tool_toggled(self, event: Sidebar.ToolToggled) -> None:
        self.wanted.append((event.server, event.tool, event.on))

    def on_sidebar_server_opened(self, event: Sidebar.ServerOpened) -> None:
        self.wanted.append((event.server, event.log))


async def test_the_cursor_goes_from_server_to_server_and_passes_what_is_said_of_them() -> None:
    app = SidebarApp()
    async with app.run_test(size=(28, 8)) as pilot:
        app.show(*FAILED, READY)
        app.query_one(Sidebar).focus()
        seen = []
        for key in ("g", "j", "j", "j", "j", "k", "G", "g"):
            await pilot.press(key)
            seen.append(app.row)
        assert seen == ["a", "b", "c", "ready", "ready", "c", "ready", "a"]


async def test_keys_act_on_the_row_under_the_cursor_among_a_thousand() -> None:
    app = SidebarApp()
    async with app.run_test(size=(28, 8)) as pilot:
        app.show(FAILED[0], READY)
        app.query_one(Sidebar).focus()
        await pilot.press("space", "l", "enter", "j", "right", "G", "space")
        await pilot.pause()
        assert app.row == "ready tool-999"
        assert app.wanted == [("a", False), ("a", True), ("a", False), ("ready", "tool-999", False)]
        assert app.query_one(ServerList).scroll_offset.y > 900


async def test_a_folded_server_keeps_the_cursor_that_stood_on_its_tool() -> None:
    app = SidebarApp()
    async with app.run_test(size=(28, 8)) as pilot:
        app.show(FAILED[0], READY)
        app.query_one(Sidebar).focus()
        await pilot.press("G", "right", "right", "G", "left")
        assert app.row == "ready"
        assert app.query_one(ServerList).scroll_offset.y == 0
        await pilot.press("left")
        assert len(app.query_one(ServerList).rows) == 3


async def test_letters_in_the_filter_filter_and_escape_brings_all_back() -> None:
    app = SidebarApp()
    async with app.run_test(size=(28, 8)) as pilot:
        app.show(*FAILED, READY)
        app.query_one(Sidebar).focus()
        await pilot.press("slash", *"tool-77", "enter")
        await pilot.pause()
        assert len(app.query_one(ServerList).rows) == 12
        await pilot.press("slash", "escape")
        await pilot.pause()
        assert len(app.query_one(ServerList).rows) == 7
        assert app.wanted == []


async def test_the_cursor_stays_on_its_row_when_servers_change() -> None:
    app = SidebarApp()
    async with app.run_test(size=(28, 8)) as pilot:
        app.show(*FAILED)
        app.query_one(Sidebar).focus()
        await pilot.press("j")
        app.show(READY, *FAILED)
        assert app.row == "b"
        app.show(FAILED[0])
        assert app.row == "a"

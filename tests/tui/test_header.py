"""What the line above the panes says of the endpoint, and of a log that cannot be written."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from fastchat_tui.tui.header import HeaderBar
from fastchat_tui.wire.chat import NO_USAGE, ModelView, SessionInfo
from fastchat_tui.wire.ports import Snapshot


class Bar(App[None]):
    def compose(self) -> ComposeResult:
        yield HeaderBar()


@pytest.mark.parametrize(
    ("base_url", "shown"),
    [
        ("", "gpt-5-nano · 0/400k · ask"),
        ("https://api.openai.com/v1", "gpt-5-nano · 0/400k · ask"),
        ("https://api.groq.com/openai/v1", "gpt-5-nano · 0/400k · ask · at api.groq.com"),
        ("http://127.0.0.1:11434/v1", "gpt-5-nano · 0/400k · ask · at 127.0.0.1:11434"),
        ("https://api.openai.com.evil.example/v1", "ask · at api.openai.com.evil.example"),
    ],
)
async def test_an_endpoint_that_is_not_openai_is_named(base_url: str, shown: str) -> None:
    app = Bar()
    async with app.run_test(size=(100, 4)):
        bar = app.query_one(HeaderBar)
        model = ModelView("gpt-5-nano", base_url, window=400_000)
        bar.show(Snapshot(model, SessionInfo("s", "Trip"), {}), NO_USAGE, NO_USAGE)
        assert str(bar.render()).rstrip().endswith(shown)


@pytest.mark.parametrize("demo", [True, False])
async def test_a_session_that_is_not_saved_is_marked_so_for_as_long_as_that_lasts(demo: bool) -> None:
    app = Bar()
    async with app.run_test(size=(60, 4)):
        bar = app.query_one(HeaderBar)
        for unsaved in (False, True, False):
            now = Snapshot(ModelView("m"), SessionInfo("s", "Trip"), {}, demo=demo, unsaved=unsaved)
            bar.show(now, NO_USAGE, NO_USAGE)
            assert ("NOT SAVED" in str(bar.render())) is unsaved
            assert ("DEMO" in str(bar.render())) is (demo and not unsaved)

"""What stands in the servers pane for each way in which a server can stand."""

from __future__ import annotations

import pytest

from fastchat_tui.tui.fitting import fitted_path
from fastchat_tui.tui.sidebar.rows import rows
from fastchat_tui.wire.servers import ServerView, Tool

NOW = 1_000.0


@pytest.mark.parametrize(
    ("view", "left", "right"),
    [
        (ServerView("x", "ready", tools=(Tool("x", "t", tokens=1200),)), "● ▸ x", "1 1.2k"),
        (ServerView("x", "connecting", since=NOW - 7), "◐   x", "7 s"),
        (ServerView("x", "off"), "○   x", "off"),
        (ServerView("x", "off", "closing"), "○   x", "closing"),
        (ServerView("x", "needs_login", "It wants a sign-in."), "◑   x", "login"),
        (ServerView("x", "failed", "It was not ready within 30 s."), "✗   x", "failed"),
        (ServerView("x", "failed", "It ended by itself: exit code 3. Last words: a"), "✗   x", "exit 3"),
        (ServerView("x", "closed", "It ended by itself: exit code 0."), "✗   x", "exit 0"),
        (ServerView("x", "failed", "It went away.", again_at=NOW + 12), "✗   x", "↻ 12 s"),
    ],
)
def test_a_row_says_how_its_server_stands(view: ServerView, left: str, right: str) -> None:
    (row,) = rows({"x": view}, (), "", NOW)
    assert (row.left, row.right) == (left, right)


def test_the_file_that_won_is_named_as_well_as_there_is_room() -> None:
    path = "/home/me/work/trip/fastchat.config.json"
    assert fitted_path(path, "/home/me", 40) == "~/work/trip/fastchat.config.json"
    assert fitted_path(path, "/home/me", 20) == "~/work/trip"
    assert fitted_path(path, "", 15) == "…e/me/work/trip"
    assert fitted_path(path, "/home/mel", 8) == "…rk/trip"

"""What stands in the servers pane for each way in which a server can stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from fastchat_tui.tui.fitting import fitted_path
from fastchat_tui.tui.sidebar.rows import ASIDE, Row, laid_out, rows, total
from fastchat_tui.wire.servers import ServerView, Tool

NOW = 1_000.0
READY = ServerView(
    "files",
    "ready",
    description="My notes",
    tools=(
        Tool("files", "read", "r", description="Reads.\nMore.", tokens=1_200),
        Tool("files", "write", "w", tokens=300, enabled=False),
        Tool("files", "odd", "", problem="no schema"),
    ),
    left_out=("1 of 4 tools: it has no name",),
)
FAILED = ServerView("broken", "failed", detail="exited with code 1: missing API key")


def drawn(found: list[Row], width: int = 26) -> list[str]:
    return ["".join(text for text, _ in laid_out(row, width)) for row in found]


def shown(*views: ServerView, opened: tuple[str, ...] = (), needle: str = "", width: int = 26) -> list[str]:
    return drawn(rows({view.name: view for view in views}, opened, needle, 12, width), width)


def test_a_server_says_how_many_tools_it_has_and_what_they_cost() -> None:
    assert shown(READY) == ["● ▸ files      ⚠   1  1.2k"]
    assert total([READY, FAILED]) == "1 tool · 1.2k tokens"
    assert total([FAILED]) == ""


def test_tools_are_listed_below_their_server_with_what_each_costs() -> None:
    assert shown(READY, opened=("files",))[1:] == [
        "  ☑ read              1.2k",
        "  ☐ write              300",
        "  ⚠ odd                  0",
        "  ⚠ 1 of 4 tools: it has… ",
    ]


def test_why_a_server_failed_stands_below_it_or_beside_it() -> None:
    assert shown(FAILED) == ["✗   broken          failed", "    exited with code 1: m…"]
    assert shown(FAILED, width=ASIDE + 20) == [f"{'✗   broken':<30}{'exited with code 1: missing API key':<39} failed"]


@pytest.mark.parametrize(
    ("view", "left", "right"),
    [
        (ServerView("x", "ready", tools=(Tool("x", "t", tokens=1200),)), "● ▸ x", "1 1.2k"),
        (ServerView("x", "connecting", since=NOW - 7), "◐   x", "7 s"),
        (ServerView("x", "off"), "○   x", "off"),
        (ServerView("x", "off", "closing"), "○   x", "closing"),
        (ServerView("x", "needs_login", "It wants a sign-in."), "◑   x", "login"),
        (ServerView("x", "failed", "It was not ready within 30 s."), "✗   x", "failed"),
        (ServerView("x", "failed", "It ended by itself: exit code 3. Last words: a", 3), "✗   x", "exit 3"),
        (ServerView("x", "closed", "It ended by itself: exit code 0.", 0), "✗   x", "exit 0"),
        (ServerView("x", "failed", "It ended by itself: killed by SIGKILL.", -9), "✗   x", "signal 9"),
        (ServerView("x", "failed", "It went away.", again_at=NOW + 12), "✗   x", "↻ 12 s"),
    ],
)
def test_a_row_says_how_its_server_stands(view: ServerView, left: str, right: str) -> None:
    row = rows({"x": view}, (), "", NOW)[0]
    assert "".join(text for text, _ in row.left) == left
    assert " ".join("".join(text for text, _ in row.right).split()) == right


def test_the_file_that_won_is_named_as_well_as_there_is_room() -> None:
    path = "/home/me/work/trip/fastchat.config.json"
    assert fitted_path(path, "/home/me", 40) == "~/work/trip/fastchat.config.json"
    assert fitted_path(path, "/home/me", 20) == "~/work/trip"
    assert fitted_path(path, "", 15) == "…e/me/work/trip"
    assert fitted_path(path, "/home/mel", 8) == "…rk/trip"


def test_the_filter_finds_servers_and_tools() -> None:
    assert [line.split()[1] for line in shown(READY, FAILED, needle="wri")] == ["▾", "write", "1"]
    assert len(shown(READY, FAILED, needle="broken")) == 2
    assert shown(READY, FAILED, needle="nothing") == []


@given(st.text(max_size=60), st.text(max_size=60), st.integers(min_value=0, max_value=120))
def test_a_row_fills_its_width_whatever_it_is_called(name: str, detail: str, width: int) -> None:
    for view in (ServerView(name, "failed", detail=detail), ServerView(name, "ready", description=detail)):
        for line in shown(view, width=width):
            assert cell_len(line) == width or width < 20

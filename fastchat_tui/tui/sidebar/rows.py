"""The rows of the servers pane, computed from the servers as they stand. No widget here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from fastchat_tui.tui.fitting import fitted
from fastchat_tui.wire.servers import ServerState, ServerView, Tool
from fastchat_tui.wire.text import human_count, one_line

Role = Literal[
    "ready", "connecting", "off", "needs_login", "failed", "closed", "on", "warning", "name", "muted", "number"
]
Piece = tuple[str, Role]

DOTS: dict[ServerState, str] = {
    "off": "○", "connecting": "◐", "ready": "●", "needs_login": "◑", "failed": "✗", "closed": "✗",
}  # fmt: skip
WORDS: dict[ServerState, str] = {
    "off": "off", "connecting": "…", "ready": "", "needs_login": "login", "failed": "failed", "closed": "closed",
}  # fmt: skip
ASIDE = 56
"""Cells from which on a row has room for what a server is about; in a narrower pane a failure has a row of its own."""
COLUMN = 30
"""The cell at which that begins."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: of a server, of one of its tools, or a remark about the server."""

    server: str
    tool: str = ""
    remark: str = ""
    on: bool = True
    left: tuple[Piece, ...] = ()
    aside: str = ""
    right: tuple[Piece, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return self.server, self.tool, self.remark


def rows(
    servers: Mapping[str, ServerView], opened: Collection[str], needle: str, now: float, width: int = 0
) -> list[Row]:
    made: list[Row] = []
    low = needle.lower()
    for view in servers.values():
        tools = [tool for tool in view.tools if low in tool.name.lower()] if needle else view.tools
        if needle and low not in view.name.lower() and not tools:
            continue
        unfolded = view.name in opened or bool(needle and tools)
        made.append(_server(view, unfolded, now))
        if view.state in ("failed", "closed") and view.detail and width < ASIDE:
            made.append(_remark(view.name, f"  {one_line(view.detail, 200)}", "muted"))
        if unfolded:
            made += [_tool(view, tool) for tool in (tools or view.tools)]
            made += [_remark(view.name, f"⚠ {one_line(text, 200)}", "warning") for text in view.left_out]
    return made


def total(servers: Iterable[ServerView]) -> str:
    """What all tools together cost in each request."""
    ready = [view for view in servers if view.state == "ready"]
    tools = sum(tool.enabled and not tool.problem for view in ready for tool in view.tools)
    tokens = sum(view.tokens for view in ready)
    return f"{tools} tool{'' if tools == 1 else 's'} · {human_count(tokens)} tokens" if ready else ""


def laid_out(row: Row, width: int) -> list[Piece]:
    """The pieces of a row in exactly ``width`` cells: what is right stands at the edge, the left gives way."""
    right = sum(cell_len(text) for text, _ in row.right)
    room = max(0, width - right - (1 if right else 0))
    out: list[Piece] = []
    used = 0
    for text, role in row.left:
        shown = fitted(text, room - used)
        out.append((shown, role))
        used += cell_len(shown)
    if row.aside and width >= ASIDE:
        gap = " " * max(2, COLUMN - used)
        shown = fitted(gap + row.aside, room - used)
        out.append((shown, "muted"))
        used += cell_len(shown)
    return [*out, (" " * max(0, width - right - used), "muted"), *row.right]


def _server(view: ServerView, unfolded: bool, now: float) -> Row:
    match view.state:
        case "ready":
            usable = sum(tool.enabled and not tool.problem for tool in view.tools)
            sick = view.left_out or any(tool.problem for tool in view.tools)
            warning: tuple[Piece, ...] = (("⚠ ", "warning"),) if sick else ()
            right = (*warning, (f"{usable:>3}", "number"), _tokens(view.tokens))
        case "connecting":
            right = ((f"{max(0, now - view.since):.0f} s", "connecting"),)
        case "off":
            right = ((one_line(view.detail, 12) or WORDS["off"], "off"),)
        case "failed" | "closed" if view.again_at > now:
            right = ((f"↻ {view.again_at - now:.0f} s", view.state),)
        case state:
            right = ((WORDS[state] if view.exit_code is None else _end_of_process(view.exit_code), state),)
    fold = "▾" if unfolded else "▸" if view.tools else " "
    name: Piece = (one_line(view.name, 60), "muted" if view.state == "off" else "name")
    return Row(
        view.name,
        on=view.state != "off",
        left=((f"{DOTS[view.state]} ", view.state), (f"{fold} ", "muted"), name),
        aside=one_line(view.detail or view.description or view.destination, 200),
        right=right,
    )


def _end_of_process(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"signal {-code}"


def _tool(view: ServerView, tool: Tool) -> Row:
    name = one_line(tool.name, 80)
    left: tuple[Piece, ...]
    if tool.problem:
        left = (("  ⚠ ", "warning"), (name, "warning"))
    elif tool.enabled and view.state == "ready":
        left = (("  ☑ ", "on"), (name, "name"))
    else:
        left = ((f"  {'☑' if tool.enabled else '☐'} ", "muted"), (name, "muted"))
    about = tool.problem or tool.description.strip().partition("\n")[0]
    return Row(
        view.name, tool.name, on=tool.enabled, left=left, aside=one_line(about, 200), right=(_tokens(tool.tokens),)
    )


def _remark(server: str, text: str, role: Role) -> Row:
    return Row(server, remark=text, left=((f"  {text}", role),))


def _tokens(count: int) -> Piece:
    return f"{human_count(count):>6}", "muted"

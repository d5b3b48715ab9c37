"""The rows of the servers pane, computed from the servers as they stand. No widget here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from fastchat_tui.wire.servers import ServerState, ServerView, Tool
from fastchat_tui.wire.text import human_count, one_line

DOTS: dict[ServerState, str] = {
    "off": "○", "connecting": "◐", "ready": "●", "needs_login": "◑", "failed": "✗", "closed": "✗",
}  # fmt: skip
WORDS: dict[ServerState, str] = {
    "off": "off", "connecting": "…", "ready": "", "needs_login": "login", "failed": "failed", "closed": "closed",
}  # fmt: skip


_EXIT = re.compile(r"exit code (\d+)")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: of a server, of one of its tools, or a remark (neither is set)."""

    server: str = ""
    tool: str = ""
    state: ServerState = "off"
    on: bool = True
    left: str = ""
    right: str = ""
    role: str = "muted"

    @property
    def key(self) -> tuple[str, str]:
        return self.server, self.tool


def rows(servers: Mapping[str, ServerView], opened: Collection[str], needle: str, now: float) -> list[Row]:
    made: list[Row] = []
    low = needle.lower()
    for view in servers.values():
        tools = [tool for tool in view.tools if low in tool.name.lower()] if needle else view.tools
        if needle and low not in view.name.lower() and not tools:
            continue
        unfolded = view.name in opened or bool(needle and tools)
        made.append(_server(view, unfolded, now))
        if unfolded:
            made += [_tool(view, tool) for tool in (tools or view.tools)]
            made += [Row(left=f"    ⚠ {one_line(text)}", role="warning") for text in view.left_out]
    return made


def total(servers: Iterable[ServerView]) -> str:
    ready = [view for view in servers if view.state == "ready"]
    tools = sum(tool.enabled and not tool.problem for view in ready for tool in view.tools)
    tokens = sum(view.tokens for view in ready)
    return f"{tools} tool{'' if tools == 1 else 's'} · {human_count(tokens)} tokens" if ready else ""


def fit(left: str, right: str, width: int) -> str:
    """``left`` cut with an ellipsis so that ``right`` stands at the edge."""
    room = max(1, width - cell_len(right) - (1 if right else 0))
    if cell_len(left) > room:
        left = set_cell_size(left, room - 1).rstrip() + "…"
    return set_cell_size(left, room) + (f" {right}" if right else "")


def _server(view: ServerView, unfolded: bool, now: float) -> Row:
    usable = sum(tool.enabled and not tool.problem for tool in view.tools)
    match view.state:
        case "ready":
            aside = "⚠ " if view.left_out or any(tool.problem for tool in view.tools) else ""
            right = f"{aside}{usable} {human_count(view.tokens)}"
        case "connecting":
            right = f"{max(0, now - view.since):.0f} s"
        case "off":
            right = one_line(view.detail, 12) or WORDS["off"]
        case "failed" | "closed" if view.again_at > now:
            right = f"↻ {view.again_at - now:.0f} s"
        case state:
            code = _EXIT.search(view.detail)
            right = f"exit {code[1]}" if code else WORDS[state]
    fold = "▾" if unfolded else "▸" if view.tools else " "
    left = f"{DOTS[view.state]} {fold} {one_line(view.name, 60)}"
    return Row(view.name, "", view.state, view.state != "off", left, right, view.state)


def _tool(view: ServerView, tool: Tool) -> Row:
    box = "⚠" if tool.problem else "☑" if tool.enabled else "☐"
    role = "warning" if tool.problem else "tool" if tool.enabled and view.state == "ready" else "muted"
    return Row(
        view.name,
        tool.name,
        view.state,
        tool.enabled,
        f"    {box} {one_line(tool.name, 80)}",
        human_count(tool.tokens),
        role,
    )

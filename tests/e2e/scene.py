"""What the pty tests of faults set up: servers in a configuration, and what of the screen they look at."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tests.e2e.terminal import F2, F4, Terminal
from tests.fakes.openai_api import FakeOpenAI

FAULTY = str(Path(__file__).parents[1] / "fakes" / "faulty_server.py")
KEY = "sk-e2e-0123456789abcdefghijklmnop"
WAITING = "waiting for your answer"
Entry = dict[str, Any]


def faulty(fault: str, *arguments: str, **more: Any) -> Entry:
    """The entry of a server with one fault."""
    return {"command": sys.executable, "args": [FAULTY, "--fault", fault, *arguments], **more}


def config(**servers: Entry) -> str:
    """A file that names these servers; the argument of ``--config``."""
    path = Path("servers.json").absolute()
    path.write_text(json.dumps({"mcpServers": servers}))
    return str(path)


def allow_all(home: Path) -> None:
    """Settings with which no call asks."""
    folder = home / ".config" / "fastchat-tui"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text('policy = "allow"\n')


def environ(api: FakeOpenAI) -> dict[str, str]:
    return {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": api.url}


def asks_for(asked: str, tool: str, said: str, **arguments: Any) -> list[dict[str, Any]]:
    """The model calls ``tool`` when it reads ``asked``, and says ``said`` once it has the result."""
    return [
        {"match": asked, "results": False, "calls": [{"name": tool, "arguments": arguments}]},
        {"match": asked, "results": True, "text": said},
    ]


def flat(terminal: Terminal, title: str = "Chat") -> str:
    """What stands in the box of this title, as one line of words: what is wrapped is found, too."""
    lines = terminal.lines
    for top, line in enumerate(lines):
        if found := re.search(rf"[╭┌]─+ {title} ─*[╮┐]", line):
            inside = [below[found.start() + 1 : found.end() - 1] for below in lines[top + 1 :]]
            bottom = next((n for n, text in enumerate(inside) if re.match("[─╰└]", text)), len(inside))
            return " ".join(" ".join(inside[:bottom]).replace("│", " ").split())
    return ""


def shows_in(terminal: Terminal, title: str, words: str, keys: str = "") -> None:
    """Waits for words in the box of this title."""
    terminal.until(lambda: words in flat(terminal, title), keys)


def shows_flat(terminal: Terminal, words: str) -> None:
    """Waits for words in the chat."""
    shows_in(terminal, "Chat", words)


def row(terminal: Terminal, server: str) -> str:
    """The line of a server in the servers pane: dot, name, and what stands at its edge."""
    found = re.search(rf"([○◐●◑✗]) [▸▾ ] {server} +(\S[^│┃▊▎║\n]*?)? *[│┃▊▎║]", terminal.text)
    return " ".join(f"{found[1]} {found[2] or ''}".split()) if found else ""


def becomes(terminal: Terminal, server: str, *beginnings: str) -> None:
    terminal.until(lambda: row(terminal, server).startswith(beginnings))


def go_to(terminal: Terminal, number: int) -> None:
    """Puts the cursor on the server of this number in the servers pane."""
    write(terminal)
    terminal.child.send(F2)
    terminal.shows("Space on/off")
    terminal.child.send("g" + "j" * number)


def page(terminal: Terminal, number: int) -> None:
    """Opens the page of the server of this number."""
    go_to(terminal, number)
    terminal.child.send("\r")
    terminal.shows("Esc close")


def close_page(terminal: Terminal) -> None:
    terminal.child.send("\x1b")
    terminal.until(lambda: "Esc close" not in terminal.text)


def write(terminal: Terminal) -> None:
    """Goes to the composer."""
    terminal.child.send(F4)
    terminal.shows("Enter send")


def say(terminal: Terminal, message: str) -> None:
    write(terminal)
    terminal.child.send(f"{message}\r")


def allows(terminal: Terminal) -> None:
    """Waits for the question about a call, and answers yes."""
    terminal.until(lambda: "run this call?" in terminal.text and WAITING in terminal.text)
    terminal.until(lambda: WAITING not in terminal.text, keys="y")


def resize(terminal: Terminal, width: int, height: int) -> None:
    """As if its window were dragged."""
    terminal.screen.resize(height, width)
    terminal.child.setwinsize(height, width)


def answers(terminal: Terminal, heading: str, key: str) -> None:
    """Presses a key until the question is gone, and not only between two halves of a frame."""
    terminal.shows(heading)
    gone_at = float("inf")

    def gone() -> bool:
        nonlocal gone_at
        gone_at = float("inf") if heading in terminal.text else min(gone_at, time.monotonic())
        return time.monotonic() - gone_at > 0.5

    terminal.until(gone, keys=key)


def offspring(pid: int) -> set[int]:
    """The processes below this one, however deep."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) and stat[0] not in "ZX":
            parents[int(entry.name)] = int(stat[1])
    found, last = {pid}, 0
    while len(found) > last:
        last = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found - {pid}


def alive(pids: set[int]) -> set[int]:
    """Those that still run."""
    return {pid for pid in pids if (stat := _stat(pid)) and stat[0] not in "ZX"}


def running(pids: set[int], words: str) -> set[int]:
    """Those whose command line holds ``words``."""
    return {pid for pid in pids if words in _command(pid)}


def kill(pids: set[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def program(terminal: Terminal) -> int:
    """The process of the program itself, below the two that guard it."""
    found = running(offspring(terminal.child.pid), "-m fastchat_tui")
    inner = [pid for pid in found if int(_stat(pid)[1]) in found]
    return inner[0]

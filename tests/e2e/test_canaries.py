"""Secrets are planted wherever the program is given any, in front of servers and a model that repeat them all.

None may be found again: on the terminal, in what is printed, in any file that the program writes, in any command line.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.scene import config, offspring
from tests.e2e.terminal import F2, F3, F4, Terminal
from tests.fakes.openai_api import serving
from tests.servers.web import Reply, Request, Web, mcp, plain, serving_web

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]

CANARY = "cAnArY"
"""Stands in every one of them, and nowhere else."""
KEY = f"plain-{CANARY}-of-no-shape"
TOKEN = f'{CANARY} "quoted" \\ token'
ENV = f"{CANARY}3xyz0123456789abcdef"
ARGUMENT = f"sk-{CANARY}-argument-0123"
HEADER = f"{CANARY}-header-0123456789"
QUERY, USER, PASSPHRASE = f"{CANARY}-query", f"{CANARY}-user", f"{CANARY}-phrase"
UNKNOWN = f"sk-{CANARY}-unknown-0123456789"
"""A key that the program was never given, in logs and errors."""
EVERY_WORD = " ".join(("$" + "{KEY}", "$" + "{MY_TOKEN}", ENV, ARGUMENT))
CRASH = """
import os, sys
from fastchat_tui.tui.chat_screen import ChatScreen

def broken(self, event):
    local = os.environ["OPENAI_API_KEY"]
    raise RuntimeError("it failed with " + local)

ChatScreen.on_composer_command_wanted = broken
from fastchat_tui.cli import main
sys.exit(main())
"""
PALETTE, CLOSE = "\x10", "\x1b"


@contextmanager
def talkative() -> Iterator[Web]:
    """An HTTP server that repeats, in whatever it says, what it was sent."""

    def behave(request: Request) -> Reply:
        said = " ".join((request.path, *request.headers.values(), UNKNOWN))
        match request.body.get("method"):
            case "tools/call":
                return plain(500, {"content-type": "text/plain", "x-said": said}, said.encode())
            case "tools/list":
                return plain(403, {"www-authenticate": said}, said.encode())
            case _:
                return mcp(request)

    with serving_web(behave) as web:
        yield web


def planted(web: Web) -> dict[str, dict[str, Any]]:
    hostile = str(Path(__file__).parents[1] / "fakes" / "hostile_server.py")
    box = {
        "command": sys.executable,
        "args": [hostile, "--api-key", ARGUMENT],
        "env": {"EVERY_WORD": EVERY_WORD, "MY_TOKEN": "${MY_TOKEN}", "PLAIN": ENV},
    }
    url = web.url.replace("127", f"{USER}@127") + f"?token={QUERY}"
    return {
        "box": box,
        "dead": {**box, "args": [*box["args"], "--dies"]},
        "web": {"url": url, "headers": {"X-Odd": HEADER}, "type": "http"},
        "bent": {"url": url, "headers": {"Authorization": f"Bearer {HEADER}\nx"}, "type": "http"},
    }


def script() -> list[dict[str, Any]]:
    """A model that has read the key from its request."""
    pieces = [KEY[at : at + 3] for at in range(0, len(KEY), 3)]
    carries = {"name": "box__act", "id": "1", "arguments": {"k": f"x{KEY}"}}
    asks = {"name": "box__act", "id": "2", "arguments": {"k": "v"}}
    return [
        {"thought": pieces, "text": ["a ", *pieces, " b FIRST-END"], "calls": [carries, asks]},
        {"text": "SECOND-END"},
        {"status": 400, "body": {"error": {"message": f"your key {KEY} and {UNKNOWN} is bad", "code": KEY}}},
        {"text": "again", "repeat": True},
    ]


def environ(url: str) -> dict[str, str]:
    return {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": url,
        "KEY": KEY,
        "MY_TOKEN": TOKEN,
        "FASTCHAT_PASSPHRASE": PASSPHRASE,
    }


def assert_clean(home: Path, servers: str, *heard: bytes) -> None:
    """Nothing that was heard or written holds a canary, and what was written is for its owner alone."""
    for raw in heard:
        at = raw.find(CANARY.encode())
        assert at < 0, raw[max(0, at - 200) : at + 60]
    for path in [*home.rglob("*"), *Path.cwd().rglob("*")]:
        if "fastchat-tui" not in path.parts:
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), (path, oct(mode))
        if path.is_file():
            raw = path.read_bytes()
            at = raw.find(CANARY.encode())
            assert at < 0, (path, raw[max(0, at - 200) : at + 60])


def assert_no_command_shows(pid: int) -> None:
    for one in offspring(pid) | {pid}:
        try:
            words = Path(f"/proc/{one}/cmdline").read_bytes().replace(ARGUMENT.encode(), b"")
        except OSError:
            continue
        assert CANARY.encode() not in words, words


def test_no_secret_comes_back_on_the_screen_or_in_a_file(opened: Opened, home: Path) -> None:
    settings = home / ".config" / "fastchat-tui" / "settings.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text('secrets = "file"\n')
    settings.chmod(0o600)
    Path("crash.py").write_text(CRASH)
    with serving(script()) as api, talkative() as web:
        servers = config(**planted(web))
        terminal = opened("--config", servers, environ=environ(api.url), program=("crash.py",))
        terminal.shows("●")
        terminal.child.send("hello\r")
        terminal.shows("run this call?")
        assert_no_command_shows(terminal.child.pid)
        terminal.until(lambda: "asks you" in terminal.text, keys="y", over="run this call?")
        terminal.shows("SECOND-END", keys="n", over="asks you")
        terminal.settles("again\r")
        for keys in (F3, "j", *"llll", F2, "g\r", CLOSE, "jj\r", "G", CLOSE, "j\r", CLOSE):
            terminal.settles(keys)
        terminal.settles(F4)
        terminal.settles("?")
        terminal.until(lambda: terminal.child.flag_eof)
        assert "a fault of the program (RuntimeError)" in terminal.raw.decode("utf-8", "replace")
        terminal.child.wait()
        assert terminal.child.exitstatus == 1
    assert list(home.rglob("crash-*.txt"))
    assert list(home.rglob("box.log"))
    assert_clean(home, servers, terminal.raw)


def test_nor_in_what_the_commands_print(opened: Opened, home: Path) -> None:
    with serving(script()) as api, talkative() as web:
        servers = config(**planted(web))
        for arguments in (
            ("ask", "--yes", "hello"),
            ("ask", "--yes", "--output", "jsonl", "hello"),
            ("tools", "--json"),
            ("doctor",),
        ):
            terminal = opened(*arguments, "--config", servers, environ=environ(api.url))
            terminal.until(lambda terminal=terminal: terminal.child.flag_eof, keys="n\r")
            assert_clean(home, servers, terminal.raw)

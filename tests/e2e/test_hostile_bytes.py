"""Text of servers and models is hostile: every byte that reaches the terminal is read, and none of theirs is a command.

The texts hold sequences that this program never writes; each would be found here if one layer let it through.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.terminal import F1, F2, F3, F4, Terminal
from tests.fakes.openai_api import serving

pytestmark = pytest.mark.e2e
SERVER = Path(__file__).parents[1] / "fakes" / "faulty_server.py"
HOSTILE = " ".join(
    (
        "\x1b]0;PWNED\x07 \x1b]52;c;UFdORUQ=\x1b\\ \x1b[6;66;666m \x1b[31mred\x1b[0m \x1bP+q504e\x1b\\ \x1b[?9966h",
        "\x1b#8 \x1b(0 \x9b6;66;666m \x9d0;PWNED\x9c \x00 \x08\x08\x08 \x7f \x0e \x0b \x0c \u202etxt\u202c",
        "\u2066x\u2069 \u200b\u2060 \ufeff \U000e0041 [bold]x[/bold] [/] [@click=app.quit]q[/]",
        "[link=https://evil.example]l[/] \U0001f469\u200d\U0001f469\u200d\U0001f467 `code` e\u0301\u0323",
    )
)
FORBIDDEN = (
    r"PWNED\x07|\x1b\]0;|\x1b\]52;c;UFdO|\x1b\[6;66;666m|\x1b\[31mred|\x1bP|\x1b\[\?9966h|\x1b#8|\x1b\(0",
    r"[\x00\x07\x08\x0b\x0c\x0e\x7f\x80-\x9f]",
    "[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\U000e0041]",
)
ENVIRON = {"OPENAI_API_KEY": "sk-e2e-0123456789abcdefghijklmnop"}


def assert_only_ours(raw: bytes) -> None:
    text = re.sub(r"\x1b\]22;[a-z]*\x07", "", raw.decode("utf-8", "replace"))  # Textual's shape of the mouse pointer
    for pattern in FORBIDDEN:
        found = re.search(f".{{0,40}}(?:{pattern}).{{0,40}}", text, re.DOTALL)
        assert found is None, f"{pattern!r} reached the terminal: {found[0]!r}"


def configured(folder: Path) -> str:
    config = folder / "servers.json"
    arguments = [str(SERVER), "--fault", "hostile"]
    config.write_text(json.dumps({"mcpServers": {"nasty": {"command": sys.executable, "args": arguments}}}))
    return str(config)


def test_no_text_of_a_model_or_a_server_is_a_command_to_the_terminal(
    opened: Callable[..., Terminal], tmp_path: Path
) -> None:
    call = {"name": "nasty__act", "arguments": {HOSTILE: HOSTILE}}
    prefixes = [HOSTILE[:at] for at in range(0, len(HOSTILE), 7)]
    script = [
        {"thought": HOSTILE, "text": list(HOSTILE), "calls": [call]},
        {"text": [*prefixes, f"\n```{HOSTILE}\n{HOSTILE} ", "THE-FIRST-END"]},
        {"status": 400, "body": {"error": {"message": HOSTILE, "code": HOSTILE}}},
    ]
    with serving(script) as api:
        terminal = opened("--config", configured(tmp_path), environ={**ENVIRON, "OPENAI_BASE_URL": api.url})
        terminal.shows("●")
        terminal.child.send("hello [/] [bold]\r")
        terminal.shows("run this call?")
        terminal.shows("THE-FIRST-END", keys="y")
        cards, thoughts, palette, sessions, close = "\x0f", "\x14", "\x10", "\x13", "\x1b"
        everywhere = [cards, cards, thoughts, F3, *"llll", F2, "l", "\r", "G", close, F1, close]
        for keys in (*everywhere, f"{palette}nasty", close, sessions, close, F4):
            terminal.settles(keys)
        terminal.child.send("again\r")
        terminal.shows("(HTTP 400)")
        assert terminal.end() == 0
    assert_only_ours(terminal.raw)
    assert b"red" in terminal.raw  # their words were shown, only not their commands


def test_nor_in_the_commands_without_a_screen(opened: Callable[..., Terminal], tmp_path: Path) -> None:
    call = {"name": "nasty__act", "arguments": {HOSTILE: HOSTILE}}
    with serving([{"text": list(HOSTILE), "calls": [call]}, {"text": f"{HOSTILE} the end"}]) as api:
        environ = {**ENVIRON, "OPENAI_BASE_URL": api.url}
        config = configured(tmp_path)
        for arguments in (
            ("ask", "--yes", "--config", config, "hello"),
            ("tools", "--config", config),
            ("servers", "--config", config),
            ("call", "nasty", "act", "{}", "--config", config),
        ):
            terminal = opened(*arguments, environ=environ)
            terminal.until(lambda terminal=terminal: terminal.child.flag_eof)  # type: ignore[misc]
            assert b"bold" in terminal.raw or arguments[0] == "servers", terminal.text
            assert_only_ours(terminal.raw)


def test_a_line_of_ten_megabytes_is_survived_and_the_screen_answers(
    opened: Callable[..., Terminal], tmp_path: Path
) -> None:
    config = tmp_path / "servers.json"
    arguments = [str(SERVER), "--fault", "returns-50mb"]
    config.write_text(json.dumps({"mcpServers": {"big": {"command": sys.executable, "args": arguments}}}))
    line = "x" * 1_000_000
    script = [{"text": [line] * 10 + [" end of the line"], "calls": [{"name": "big__act"}]}, {"text": "still here"}]
    with serving(script) as api:
        terminal = opened("--config", str(config), environ={**ENVIRON, "OPENAI_BASE_URL": api.url})
        terminal.shows("2 tools")
        terminal.child.send("hello\r")
        terminal.shows("run this call?")
        terminal.shows("still here", keys="y")
        terminal.child.send(f"{F4}typed after it")
        terminal.shows("typed after it")
        assert terminal.end() == 0

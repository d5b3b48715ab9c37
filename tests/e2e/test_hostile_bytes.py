"""Text of servers and models is hostile: every byte that reaches the terminal is read, and none of theirs is a command.

What the program itself writes is a short list of shapes; anything else that a terminal would obey came from outside.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fastchat_tui.wire.names import model_names
from tests.e2e.scene import allow_all, becomes, config, environ, faulty, flat
from tests.e2e.terminal import F1, F2, F3, F4, Terminal
from tests.fakes.hostile_server import HOSTILE
from tests.fakes.openai_api import serving

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]
OURS = re.compile(r"\x1b(?:\[[\d;]*m|\[\d+;\d+H|\[\?\d+[hl]|\[\?\d+\$p|\[[<>]\d*u|\]22;[a-z]*\x07)")
"""Colours, cursor, modes and their queries, keyboard, and Textual's shape of the mouse pointer."""
THEIRS = re.compile(r"\x1b\[(?:6;66;666m|31mred|99;66H|\?9966h)")
"""Sequences of theirs that have one of those shapes."""
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\U000e0041]")
PALETTE, SESSIONS, CARDS, THOUGHTS, CLOSE, SEND = "\x10", "\x13", "\x0f", "\x14", "\x1b", "\x13"


def assert_only_ours(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    for pattern, given in ((THEIRS, text), (FORBIDDEN, OURS.sub("", text))):
        found = pattern.search(given)
        assert found is None, f"it reached the terminal: {given[max(0, found.start() - 60) : found.end() + 60]!r}"


def hostile(*arguments: str) -> dict[str, Any]:
    """The entry of a server whose every word is hostile."""
    return {
        "command": sys.executable,
        "args": [str(Path(__file__).parents[1] / "fakes" / "hostile_server.py"), *arguments],
    }


def look(terminal: Terminal, *keys: str) -> None:
    """At what each key shows; nothing may be running, for a clock never settles."""
    for key in keys:
        terminal.settles(key)


def test_no_text_of_a_server_is_a_command_to_the_terminal(opened: Opened) -> None:
    named = model_names([("nasty", HOSTILE)])["nasty", HOSTILE]
    act = {"name": "nasty__act", "id": "1", "arguments": {HOSTILE: HOSTILE}}
    calls = [act, {"name": named, "id": "2"}, {"name": HOSTILE, "id": "3"}]
    dead, refuses = hostile("--dies"), hostile("--refuses")
    with serving([{"calls": calls}, {"text": "THE-FIRST-END"}]) as api:
        servers = config(**{"nasty": hostile(), "dead": dead, "refuses": refuses, HOSTILE: dead})
        terminal = opened("--config", servers, environ=environ(api))
        terminal.shows("●")
        terminal.child.send(f"\x1b[200~{HOSTILE}\x1b[201~\r")  # it names the session, too
        terminal.shows("run this call?")
        terminal.shows("Esc close", keys="v")
        terminal.shows("y once", keys=CLOSE)
        terminal.shows("send the edited call", keys="e")
        terminal.shows("arguments · 2 B", keys=SEND)
        terminal.until(lambda: "asks" in terminal.text and "run this call?" not in terminal.text, keys="y")
        terminal.shows("THE-FIRST-END", keys=CLOSE, over="asks you")  # what the server wants to know
        look(terminal, CARDS, CARDS, THOUGHTS, F3, *"lllll", "j", *"lm", "/PWNED\r")
        look(terminal, F2, "\x1b[C", "\r", "G", CLOSE, "G\r", "G", CLOSE, "k\r", "G", CLOSE, "k\r", CLOSE, "L", CLOSE)
        look(terminal, f"{F4}#nasty", "\t", CLOSE, f"{PALETTE}nasty", CLOSE, SESSIONS, CLOSE, F1, CLOSE)
        assert terminal.end() == 0
    assert_only_ours(terminal.raw)
    assert terminal.raw.count(b"PWNED") > 20  # their words were shown, only not their commands


def test_no_text_of_a_model_is_a_command_to_the_terminal(opened: Opened) -> None:
    prefixes = [HOSTILE[:at] for at in range(0, len(HOSTILE), 7)]
    script: list[dict[str, Any]] = [
        {"thought": [HOSTILE], "text": [*HOSTILE, " THE-FIRST-END"]},
        {"thought": list(HOSTILE), "text": [*prefixes, f"\n```{HOSTILE}\n{HOSTILE} ", "THE-SECOND-END"], "split": 5},
        {"text": [f"# {HOSTILE}\n| a |\n|-|\n| {HOSTILE} |\n\n[x]({HOSTILE}) THE-THIRD-END"], "split": 1},
        {"status": 400, "body": {"error": {"message": HOSTILE, "code": HOSTILE}}},
        {"status": 500, "headers": {"x-should-retry": "false"}, "body": HOSTILE},
        {"events": [{"error": {"message": HOSTILE, "code": 400}}]},
        {"text": "a", "finish": HOSTILE},
    ]
    ends = ("THE-FIRST-END", "THE-SECOND-END", "THE-THIRD-END", "(HTTP 400)", "(HTTP 500)", "refused the request. It")
    with serving(script) as api:
        terminal = opened(environ=environ(api))
        terminal.shows("Ask anything.")
        for number, end in enumerate(ends):
            terminal.child.send(f"[/] [bold] {number}\r")
            terminal.until(lambda end=end: end in flat(terminal) and "Esc stops" not in terminal.text)
        look(terminal, THOUGHTS, "again\r", SESSIONS, CLOSE)
        assert terminal.end() == 0
    assert_only_ours(terminal.raw)
    assert terminal.raw.count(b"PWNED") > 10


def test_nor_in_the_commands_without_a_screen_and_their_last_words(opened: Opened, tmp_path: Path) -> None:
    call = {"name": "nasty__act", "arguments": {HOSTILE: HOSTILE}}
    word = HOSTILE.replace("\0", "").replace("/", "")[:60]
    (tmp_path / word).write_text(f'{{"mcpServers": {{"x": {{"command": 7, "{word}": 1}}}}')
    (tmp_path / f"{word}.json").write_text(json.dumps({"mcpServers": {HOSTILE: {"command": 7, HOSTILE: HOSTILE}}}))
    refusal = {"match": "refused", "status": 400, "body": {"error": {"message": HOSTILE}}, "repeat": True}
    asks = {"results": False, "text": list(HOSTILE), "calls": [call], "repeat": True}
    with serving([refusal, asks, {"text": f"{HOSTILE} the end", "repeat": True}]) as api:
        nasty = ("--config", config(nasty=hostile(), dead=hostile("--dies")))
        for arguments in (
            ("ask", "--yes", *nasty, "hello"),
            ("ask", *nasty, "hello"),
            ("ask", *nasty, "refused"),
            ("tools", *nasty),
            ("servers", *nasty),
            ("call", "nasty", "act", "{}", *nasty),
            ("call", word, "act", "{}", *nasty),
            ("call", "nasty", word, "{}", *nasty),
            ("--config", str(tmp_path / word)),
            ("servers", "--config", str(tmp_path / f"{word}.json")),
            ("servers", "--config", f"no {word}"),
            ("servers", f"--{word}"),
            (word,),
            ("servers", f"--{word}"),
        ):
            terminal = opened(*arguments, environ=environ(api))
            terminal.until(lambda terminal=terminal: "PWNED" in terminal.text.replace("\n", ""), keys="n\r")
            terminal.until(lambda terminal=terminal: terminal.child.flag_eof, keys="n\r\x11")
            assert_only_ours(terminal.raw)


def test_a_line_of_ten_megabytes_is_survived_and_the_screen_answers(opened: Opened, home: Path) -> None:
    allow_all(home)
    big, bigger = faulty("returns-10mb"), faulty("returns-50mb")
    said = {
        "text": ["x" * 1_000_000] * 10 + [" its last word"],
        "calls": [{"name": "big__act", "id": "1"}, {"name": "bigger__act", "id": "2"}],
    }
    with serving([said, {"text": "still here"}]) as api:
        terminal = opened("--config", config(big=big, bigger=bigger), environ=environ(api))
        for server in ("big", "bigger"):
            becomes(terminal, server, "● 2")
        terminal.child.send("hello\r")
        terminal.shows("still here")
        look(terminal, F3, "g", "l", "m", "m", "\t", "G")
        terminal.child.send(f"{F4}typed after it")
        terminal.shows("typed after it")
        assert terminal.end() == 0


def test_a_paste_that_holds_keys_presses_none(opened: Opened) -> None:
    with serving([]) as api:
        terminal = opened(environ=environ(api))
        terminal.shows("Ask anything")
        terminal.child.send(f"\x1b[200~before\x1b[31m{'x' * 40}\r\x10\x1bafter\x1b[201~")
        terminal.shows("after")
        assert "␛[31m" in terminal.text
        assert "▌" not in terminal.text, "it was sent"
        assert terminal.end() == 0
    assert api.requests == []

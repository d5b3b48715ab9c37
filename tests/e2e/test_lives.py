"""The lives of the program: killed and continued, twice at once, without a place to write, and every way to end it."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.scene import (
    alive,
    allow_all,
    allows,
    answers,
    asks_for,
    becomes,
    config,
    environ,
    faulty,
    flat,
    go_to,
    kill,
    offspring,
    program,
    row,
    say,
    shows_flat,
)
from tests.e2e.terminal import F5, Terminal
from tests.fakes.openai_api import serving

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]
LONG = " ".join(f"word{number}" for number in range(400))
WHOLE = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?2004l")
"""Left screen, shown cursor, mouse off, paste off."""

TALL = (140, 50)
"""Long paths, too, leave room for what is asked."""


def saved(home: Path) -> bytes:
    """The files of the session log, as they are on the disk."""
    found = []
    for path in (home / ".local" / "share" / "fastchat-tui").glob("*.db*"):
        with suppress(FileNotFoundError):  # a journal goes when it is done
            found.append(path.read_bytes())
    return b"".join(found)


def test_killed_in_the_middle_it_continues_exactly_there(opened: Opened, home: Path) -> None:
    allow_all(home)
    servers = config(good=faulty(""))
    script = [
        *asks_for("use it", "good__echo", "the tool has answered", text="an echo"),
        {"match": "tell me", "text": LONG, "hold": 60},
        {"match": "tell me", "text": "told to the end this time"},
    ]
    with serving(script) as api:
        terminal = opened("--config", servers, environ=environ(api))
        becomes(terminal, "good", "● 2")
        say(terminal, "use it")
        shows_flat(terminal, "the tool has answered")
        say(terminal, "tell me")
        shows_flat(terminal, "word50")
        terminal.until(lambda: b"word50" in saved(home))  # streamed text is written every second
        everyone = offspring(terminal.child.pid)
        kill({program(terminal)})
        terminal.until(lambda: terminal.child.flag_eof)
        terminal.until(lambda: not alive(everyone))

        again = opened("--config", servers, "--continue", environ=environ(api))
        shows_flat(again, "the tool has answered")
        for words in ("use it", "good › echo", "an echo", "tell me", "word50", "The program ended before this did."):
            shows_flat(again, words)
        again.child.send(F5)
        shows_flat(again, "told to the end this time")
        api.release()
        assert again.end() == 0


def test_two_at_once_keep_apart_what_is_theirs_and_share_what_is_common(opened: Opened, home: Path) -> None:
    allow_all(home)
    servers = config(red=faulty(""), blue=faulty(""))
    script = [
        *asks_for("first window", "red__echo", "said in the first", text="1"),
        *asks_for("second window", "blue__echo", "said in the second", text="2"),
    ]
    with serving(script) as api:
        one = opened("--config", servers, environ=environ(api))
        two = opened("--config", servers, environ=environ(api))
        for terminal, words, answer in (
            (one, "first window", "said in the first"),
            (two, "second window", "said in the second"),
        ):
            becomes(terminal, "blue", "● 2")
            becomes(terminal, "red", "● 2")
            say(terminal, words)
            shows_flat(terminal, answer)
        assert "said in the first" not in two.text
        go_to(one, 0)
        one.child.send(" ")
        becomes(one, "red", "○ off")
        go_to(two, 1)
        two.child.send(" ")
        becomes(two, "blue", "○ off")
        assert one.end() == 0
        assert two.end() == 0

        three = opened("--config", servers, environ=environ(api))
        becomes(three, "red", "○ off")
        becomes(three, "blue", "○ off")
        three.child.send("\x13")
        three.until(lambda: "first window" in three.text and "second window" in three.text)
        three.child.send("\x1b")
        three.shows("Ask anything.")
        assert three.end() == 0


@pytest.mark.parametrize("way", ["read-only", "in the way"])
def test_without_a_place_to_write_it_works_and_says_so_once(
    opened: Opened, home: Path, tmp_path: Path, way: str
) -> None:
    servers = config(good=faulty(""))
    if way == "read-only" and os.getuid() == 0:
        blocked = Path("/sys")  # no folder's mode holds root back, but this place does
    else:
        blocked = tmp_path / "blocked"
        blocked.mkdir() if way == "read-only" else blocked.write_text("a file")
        blocked.chmod(0o500)
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    places = {"HOME": str(blocked)} | {name: str(blocked / name) for name in names}
    with serving(asks_for("use it", "good__echo", "it works all the same", text="an echo")) as api:
        terminal = opened("--config", servers, environ={**environ(api), **places})
        terminal.shows("cannot be written")
        becomes(terminal, "good", "● 2")
        say(terminal, "use it")
        allows(terminal)
        shows_flat(terminal, "it works all the same")
        terminal.shows("NOT SAVED")
        assert terminal.end() == 0
    assert b"Traceback" not in terminal.raw


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"mcpServers": {\n"a": {]}}', ("servers.json", "line 2")),
        ('{"mcpServers": []}', ("servers.json", "“mcpServers” must be an object")),
        (None, ("There is no file", "servers.json")),
    ],
)
def test_a_configuration_that_cannot_be_used_is_named_with_its_place(
    opened: Opened, text: str | None, words: tuple[str, ...]
) -> None:
    path = Path("servers.json").absolute()
    if text is not None:
        path.write_text(text)
    terminal = opened("--config", str(path))
    close = [word.replace(" ", "") for word in words]  # where its path is broken into lines is left to chance
    terminal.until(lambda: all(word in flat(terminal, "Servers").replace(" ", "") for word in close))
    assert b"Traceback" not in terminal.raw


def test_an_entry_that_cannot_be_used_costs_only_itself(opened: Opened) -> None:
    servers = config(wrong={"command": 7}, nowhere={"type": "pigeon", "url": "x"}, good=faulty(""))
    with serving([{"text": "fine"}]) as api:
        terminal = opened("--config", servers, environ=environ(api))
        becomes(terminal, "good", "● 2")
        becomes(terminal, "wrong", "✗ failed")
        becomes(terminal, "nowhere", "✗ failed")
        go_to(terminal, 0)
        terminal.child.send("\r")
        terminal.until(lambda: "“command” must be a text" in flat(terminal, "wrong"))
        assert terminal.end() == 0


def test_a_project_starts_nothing_before_it_is_trusted(opened: Opened, home: Path, tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    def project(*more: str) -> None:
        entry = faulty("", "--pids", str(pids), *more)
        Path("fastchat.config.json").write_text(json.dumps({"mcpServers": {"found": entry}}))

    def answered(terminal: Terminal, key: str) -> None:
        unwrapped = re.compile(r"[\s│]")  # where its paths are broken into lines is left to chance
        terminal.until(lambda: "faulty_server.py" in unwrapped.sub("", terminal.text))
        answers(terminal, "use this file?", key)

    project()
    with serving([{"text": "fine"}]) as api:
        terminal = opened(size=TALL, environ=environ(api))
        answered(terminal, "n")
        terminal.until(lambda: "is not used" in " ".join(terminal.text.split()))
        say(terminal, "hello")
        shows_flat(terminal, "fine")
        assert row(terminal, "found") == ""
        assert terminal.end() == 0
        assert not pids.exists()

        terminal = opened(size=TALL, environ=environ(api))
        answered(terminal, "y")
        becomes(terminal, "found", "● 2")
        assert "/work ─╯" in terminal.text, "the screen names the file that won, by its folder where the pane is narrow"
        assert terminal.end() == 0
        terminal = opened(size=TALL, environ=environ(api))
        answered(terminal, "a")
        becomes(terminal, "found", "● 2")
        assert terminal.end() == 0
        terminal = opened(size=TALL, environ=environ(api))
        becomes(terminal, "found", "● 2")
        assert "use this file?" not in terminal.text
        assert terminal.end() == 0

        started = pids.read_text()
        project("--until", "changed")
        terminal = opened(size=TALL, environ=environ(api))
        terminal.shows("It has changed since you trusted it.")
        answered(terminal, "n")
        terminal.shows("Ask anything.")
        assert terminal.end() == 0
        assert pids.read_text() == started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_whole(opened: Opened, home: Path, number: signal.Signals) -> None:
    allow_all(home)
    servers = config(deaf=faulty("ignores-sigterm"), strays=faulty("leaves-strays"), mute=faulty("never-answers"))
    with serving(asks_for("wait", "mute__act", "never said")) as api:
        terminal = opened("--config", servers, environ=environ(api))
        for name in ("deaf", "strays", "mute"):
            becomes(terminal, name, "● 2")
        say(terminal, "wait")
        terminal.shows("mute › act runs")
        everyone = offspring(terminal.child.pid)
        assert len(everyone) >= 6
        os.kill(terminal.child.pid, number)
        terminal.until(lambda: terminal.child.flag_eof)
        terminal.until(lambda: not alive(everyone))
        terminal.child.wait()
        assert terminal.child.exitstatus == 128 + number
    for code in WHOLE:
        assert code in terminal.raw.rpartition(b"\x1b[?1049h")[2], code
    assert b"fastchat-tui --continue" in terminal.raw


def test_it_may_be_left_at_every_moment_of_its_start(opened: Opened) -> None:
    for letters in (0, 5, 12, 20, 30, 50):
        terminal = opened("--demo")
        terminal.shows("Ask anything.")
        for number in range(1, letters + 1):
            terminal.child.send("x")
            terminal.shows("x" * number)
        assert terminal.end() == 0


def hangs_up(terminal: Terminal, *, below: int) -> None:
    """The terminal is gone; waits until the processes that were below it, at least so many, have found that out."""
    everyone = offspring(terminal.child.pid)
    assert len(everyone) >= below
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, terminal.child.child_fd)
    os.close(nothing)
    end(everyone)


def end(everyone: set[int]) -> None:
    patience = time.monotonic() + 10
    while alive(everyone):
        assert time.monotonic() < patience, "somebody stayed"


def test_a_terminal_that_goes_without_a_signal_leaves_nobody(opened: Opened, home: Path) -> None:
    """As it does for a program that it does not control, below a container's or a service's."""
    apart = (
        "import subprocess, sys\n"
        "command = [sys.executable, '-m', 'fastchat_tui', *sys.argv[1:]]\n"
        "subprocess.call(command, start_new_session=True)"
    )
    with serving([{"text": [f"word{number} " for number in range(9_000)], "pace": 0.01}]) as api:
        terminal = opened("--config", config(good=faulty("")), environ=environ(api), program=("-c", apart))
        becomes(terminal, "good", "● 2")
        say(terminal, "hello")
        shows_flat(terminal, "word20 ")
        hangs_up(terminal, below=4)


def test_a_terminal_that_stands_still_holds_up_nothing(opened: Opened, home: Path) -> None:
    def told(word: str) -> dict[str, object]:
        return {"match": word, "text": [f"{word}{number} " for number in range(1_500)], "pace": 0.002}

    def until_saved(word: str) -> None:
        patience = time.monotonic() + 60
        while f"{word}1499".encode() not in saved(home):
            assert time.monotonic() < patience, "the answer was never saved"

    with serving([told("first"), told("second")]) as api:
        terminal = opened(environ=environ(api))
        terminal.shows("Ask anything.")
        terminal.child.send("first\r")
        until_saved("first")
        shows_flat(terminal, "first1499")
        terminal.child.send("second\r")
        until_saved("second")
        everyone = {terminal.child.pid, *offspring(terminal.child.pid)}
        os.kill(terminal.child.pid, signal.SIGTERM)
        end(everyone)


def test_a_closed_terminal_leaves_nobody(opened: Opened, home: Path) -> None:
    allow_all(home)
    servers = config(deaf=faulty("ignores-sigterm"), strays=faulty("leaves-strays"))
    with serving([{"text": "something that was said"}]) as api:
        terminal = opened("--config", servers, environ=environ(api))
        for name in ("deaf", "strays"):
            becomes(terminal, name, "● 2")
        say(terminal, "hello")
        shows_flat(terminal, "something that was said")
        hangs_up(terminal, below=5)
        again = opened("--config", servers, "--continue", environ=environ(api))
        shows_flat(again, "something that was said")
        assert again.end() == 0

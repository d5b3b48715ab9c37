"""What a person sees of servers that misbehave, in a real terminal: each is told, and none harms the others."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.scene import (
    Entry,
    alive,
    allow_all,
    asks_for,
    becomes,
    close_page,
    config,
    environ,
    faulty,
    flat,
    go_to,
    kill,
    offspring,
    page,
    row,
    running,
    say,
    shows_flat,
    shows_in,
)
from tests.e2e.terminal import Terminal
from tests.fakes.openai_api import serving

pytestmark = pytest.mark.e2e
Opened = Callable[..., Terminal]
TO_TOOLS, TO_LOG = "l", "llll"


def shows_page(terminal: Terminal, number: int, name: str, *words: str, keys: str = "") -> None:
    """The page of this server, which has this number in the pane, says all of it after these keys."""
    page(terminal, number)
    terminal.child.send(keys)
    for each in words:
        shows_in(terminal, name, each)
    close_page(terminal)


def test_servers_that_do_not_start_say_why_and_those_beside_them_work(opened: Opened, home: Path) -> None:
    allow_all(home)
    servers = config(
        missing={"command": "no-such-program"},
        dead=faulty("exits-at-start"),
        hangs=faulty("hangs-at-initialize", connect_timeout=2),
        garbage=faulty("garbage-on-stdout"),
        flood=faulty("floods-stderr"),
    )
    script = [
        *asks_for("use garbage", "garbage__echo", "one fine answer", text="through the noise"),
        *asks_for("use flood", "flood__echo", "another fine answer", text="above the water"),
        *asks_for("use dead", "dead__act", "there is none"),
    ]
    with serving(script) as api:
        terminal = opened("--config", servers, size=(160, 40), environ=environ(api))
        for name in ("missing", "dead", "hangs"):
            becomes(terminal, name, "✗")
        for name in ("garbage", "flood"):
            becomes(terminal, name, "● 2")
        shows_page(terminal, 0, "missing", "there is no command “no-such-program”. Install it, or name its full path.")
        shows_page(terminal, 1, "dead", "exit code 3. Last words: Error: missing API key")
        shows_page(terminal, 1, "dead", "stderr Error: missing API key", keys=TO_LOG)
        shows_page(terminal, 2, "hangs", "It was not ready within 2.0 s. Last words: hanging")
        words = "It prints text on standard output that is not JSON-RPC", "Welcome to server 1.0"
        shows_page(terminal, 3, "garbage", *words, keys=TO_LOG)
        page(terminal, 4)
        terminal.child.send(TO_LOG)
        shows_in(terminal, "flood", "stderr line")
        terminal.shows("lines left out: too many at once", keys="g")  # it begins with them
        close_page(terminal)
        say(terminal, "use garbage")
        shows_flat(terminal, "one fine answer")
        shows_flat(terminal, "through the noise")
        say(terminal, "use flood")
        shows_flat(terminal, "another fine answer")
        shows_flat(terminal, "above the water")
        say(terminal, "use dead")
        shows_flat(terminal, "There is no tool “dead__act”")
        shows_flat(terminal, "there is none")
        assert terminal.end() == 0
    assert b"loading model" not in terminal.raw  # the noise of a server is on its page only


def test_a_call_that_goes_wrong_is_an_answer_and_the_chat_goes_on(opened: Opened, home: Path) -> None:
    allow_all(home)
    servers = config(
        dies=faulty("dies-mid-call"),
        mute=faulty("never-answers", call_timeout=2),
        patient=faulty("never-answers"),
        huge=faulty("returns-50mb"),
        large=faulty("returns-5mb"),
    )
    script = [
        *asks_for("it dies", "dies__act", "it has died"),
        *asks_for("it is mute", "mute__act", "it was silent"),
        *asks_for("it is patient", "patient__act", "never said"),
        *asks_for("it is huge", "huge__act", "it was long"),
        *asks_for("it is large", "large__act", "it fitted"),
    ]
    with serving(script) as api:
        terminal = opened("--config", servers, size=(160, 40), environ=environ(api))
        for name in ("dies", "mute", "patient", "huge", "large"):
            becomes(terminal, name, "● 2")

        say(terminal, "it dies")
        shows_flat(terminal, "it has died")
        shows_flat(terminal, "dies is gone. It ended by itself: exit code 7. Last words: Traceback")
        becomes(terminal, "dies", "● 2")  # it is started again

        say(terminal, "it is mute")
        shows_flat(terminal, "mute did not answer within 2.0 s; the call was cancelled.")
        shows_flat(terminal, "it was silent")
        becomes(terminal, "mute", "● 2")

        say(terminal, "it is patient")
        terminal.shows("patient › act runs")
        terminal.child.send("\x1b")
        terminal.shows("F5 tries again")
        shows_flat(terminal, "■ Stopped.")
        assert "never said" not in terminal.text
        shows_page(terminal, 2, "patient", "state ready")
        shows_page(terminal, 2, "patient", "stderr cancelled", keys=TO_LOG)

        say(terminal, "it is huge")
        shows_flat(terminal, "it was long")
        shows_flat(terminal, "huge sent an answer that cannot be used: an answer of 50 MB")
        assert row(terminal, "huge").startswith("●")

        say(terminal, "it is large")
        shows_flat(terminal, "it fitted")
        shows_flat(terminal, "large › act ok")
        sent = api.requests[-1][2]["messages"][-1]["content"]
        assert len(sent) < 200_000
        assert "left out" in sent, "the model is shown head and tail of it, and told so"
        assert terminal.end() == 0


def test_odd_lists_cost_only_what_is_odd_in_them(opened: Opened, home: Path) -> None:
    allow_all(home)
    servers = config(
        many=faulty("thousand-tools"),
        broken=faulty("broken-schema"),
        twice=faulty("duplicate-names"),
        torn=faulty("malformed-tool"),
    )
    script = [
        *asks_for("one of many", "many__tool_777", "it was the right one"),
        *asks_for("use what is whole", "broken__echo", "the rest works", text="beside the broken one"),
        *asks_for("use what is broken", "broken__act", "it cannot be used"),
        *asks_for("use the first", "twice__act", "the first one answered"),
    ]
    with serving(script) as api:
        terminal = opened("--config", servers, size=(160, 40), environ=environ(api))
        becomes(terminal, "many", "● 1000")
        becomes(terminal, "broken", "● ⚠ 1 ")
        becomes(terminal, "twice", "● ⚠ 2")
        becomes(terminal, "torn", "● ⚠ 2")
        terminal.shows("1005 tools")
        words = "☑ echo", "⚠ act", "set aside: its input schema cannot be used: there is no type '7'"
        shows_page(terminal, 1, "broken", *words, keys=f"{TO_TOOLS}G")
        shows_page(terminal, 2, "twice", "tool “act”: the name is listed twice; the first one is used")
        shows_page(terminal, 3, "torn", "tool “no_schema”: its inputSchema is not an object", "it is not an object")
        page(terminal, 0)
        terminal.child.send(f"{TO_TOOLS}G")
        shows_in(terminal, "many", "tool_999")
        close_page(terminal)

        say(terminal, "one of many")
        shows_flat(terminal, "it was the right one")
        assert len(api.requests[0][2]["tools"]) == 1005
        say(terminal, "use what is whole")
        shows_flat(terminal, "the rest works")
        shows_flat(terminal, "beside the broken one")
        say(terminal, "use what is broken")
        shows_flat(terminal, "The tool broken__act cannot be used")
        shows_flat(terminal, "it cannot be used")
        say(terminal, "use the first")
        shows_flat(terminal, "the first one answered")
        assert terminal.end() == 0


def test_a_server_that_starts_slowly_keeps_nobody_waiting(opened: Opened, home: Path) -> None:
    allow_all(home)
    signal = Path("start").absolute()
    servers = config(slow=faulty("slow-start", "--until", str(signal)), fast=faulty(""))
    script = [
        *asks_for("be quick", "fast__echo", "that was quick", text="hello"),
        *asks_for("now you", "slow__echo", "better late than never", text="good morning"),
    ]
    with serving(script) as api:
        terminal = opened("--config", servers, environ=environ(api))
        becomes(terminal, "fast", "● 2")
        assert row(terminal, "slow").startswith("◐")
        say(terminal, "be quick")
        shows_flat(terminal, "that was quick")
        assert row(terminal, "slow").startswith("◐")
        assert all(tool["function"]["name"].startswith("fast") for tool in api.requests[0][2]["tools"])
        signal.touch()
        becomes(terminal, "slow", "● 2")
        say(terminal, "now you")
        shows_flat(terminal, "better late than never")
        assert "good morning" in flat(terminal)
        assert terminal.end() == 0


def test_five_good_servers_are_of_use_beside_twenty_that_are_dead_or_slow(opened: Opened, home: Path) -> None:
    allow_all(home)
    patient = {"connect_timeout": 600}
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the system accepts, and nobody answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/mcp"
        slow: dict[str, Entry] = {f"deaf{n}": {"command": "sleep", "args": ["3600"], **patient} for n in range(5)}
        slow |= {f"mute{n}": {"url": url, **patient} for n in range(5)}
        dead: dict[str, Entry] = {f"none{n}": {"command": "no-such-program"} for n in range(5)}
        dead |= {f"gone{n}": {"url": "http://127.0.0.1:9/mcp"} for n in range(5)}
        good = {f"good{n}": faulty("") for n in range(5)}
        calls = [{"id": name, "name": f"{name}__echo", "arguments": {"text": f"I am {name}"}} for name in good]
        script = [{"results": False, "calls": calls}, {"results": True, "text": "all five have answered"}]
        with serving(script) as api:
            terminal = opened("--config", config(**slow, **dead, **good), size=(120, 45), environ=environ(api))
            for name in good:
                becomes(terminal, name, "● 2")
            say(terminal, "all of you")
            shows_flat(terminal, "all five have answered")
            answers = [m["content"] for m in api.requests[-1][2]["messages"] if m["role"] == "tool"]
            assert answers == [f"I am {name}" for name in good]
            assert {row(terminal, name)[0] for name in slow} == {"◐"}
            assert {row(terminal, name)[0] for name in dead} <= {"✗", "◐"}
            everyone = offspring(terminal.child.pid)
            assert terminal.end() == 0
            terminal.until(lambda: not alive(everyone))


def test_escape_stops_the_turn_whatever_a_server_does_and_closes_no_connection(opened: Opened, home: Path) -> None:
    allow_all(home)
    signal = Path("start").absolute()
    signal.touch()
    servers = config(
        mute=faulty("never-answers"),
        flood=faulty("floods-in-call"),
        steps=faulty("progress-long"),
        late=faulty("slow-start", "--until", str(signal), connect_timeout=600),
        hangs=faulty("hangs-at-initialize", connect_timeout=600),
    )
    script = [
        *(one for name in ("mute", "flood", "steps") for one in asks_for(f"try {name}", f"{name}__act", "never said")),
        *asks_for("try late", "late__echo", "never said", text="hello"),
        *asks_for("once more", "late__echo", "it came in the end", text="good morning"),
    ]
    with serving(script) as api:
        terminal = opened("--config", servers, size=(160, 40), environ=environ(api))
        for name in ("mute", "flood", "steps", "late"):
            becomes(terminal, name, "● 2")
        for name in ("mute", "flood", "steps"):
            say(terminal, f"try {name}")
            terminal.shows(f"{name} › act runs")
            stops(terminal)
            assert row(terminal, name) == row(terminal, "mute")

        signal.unlink()
        kill(running(offspring(terminal.child.pid), str(signal)))
        becomes(terminal, "late", "✗", "◐")
        say(terminal, "try late")
        terminal.shows("late › echo runs")
        becomes(terminal, "late", "◐")
        stops(terminal)
        assert row(terminal, "hangs").startswith("◐")
        signal.touch()
        becomes(terminal, "late", "● 2")
        say(terminal, "once more")
        shows_flat(terminal, "it came in the end")
        assert "never said" not in terminal.text

        hanging = running(offspring(terminal.child.pid), "hangs-at-initialize")
        assert hanging
        go_to(terminal, 4)
        terminal.child.send(" ")
        becomes(terminal, "hangs", "○ off")
        assert not alive(hanging)
        assert terminal.end() == 0


def stops(terminal: Terminal) -> None:
    """Presses Escape, and waits until the turn has ended."""
    terminal.child.send("\x1b")
    terminal.shows("F5 tries again")

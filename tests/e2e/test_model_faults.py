"""What a person sees when the model's endpoint fails, in a real terminal; and that F5 goes on where it failed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.scene import KEY, becomes, config, environ, faulty
from tests.e2e.terminal import F5, Terminal
from tests.fakes.openai_api import serving

pytestmark = pytest.mark.e2e
Reply = dict[str, Any]
Opened = Callable[..., Terminal]
PATHS = {"chat": "chat/completions", "responses": "responses"}
AT_ONCE = {"retry-after": "0"}


@dataclass(frozen=True)
class Fault:
    """One kind of failure: what the endpoint does, and the words that tell it on the screen."""

    name: str
    replies: tuple[Reply, ...]
    words: str
    remedy: str = "F5"


def error(status: int, message: str, times: int = 1) -> tuple[Reply, ...]:
    return ({"status": status, "headers": AT_ONCE, "body": {"error": {"message": message}}},) * times


FAULTS = (
    Fault("bad key", ({"fault": "401"},), "rejected the key", "Ctrl+P, “key”"),
    Fault("no model", ({"fault": "404"},), "has no model “gpt-5-nano”", "/model"),
    Fault("no credit", ({"fault": "quota"},), "no credit left", "Add credit there"),
    Fault("too long", ({"fault": "overflow"},), "conversation is too long", "Ctrl+N"),
    Fault("web page", ({"fault": "html"},), "answered with a web page", "most end in /v1"),
    Fault("redirect", ({"fault": "redirect"},), "was not sent there", "set it as the base URL"),
    Fault("rate limit", error(429, "slow down", 5), "limits the rate", "F5"),
    Fault("server error", error(500, "kaput", 4), "is overloaded or has failed", "F5"),
    Fault("said inside", ({"fault": "inside"},), "It says: “The engine room is on fire”"),
    Fault("compressed", ({"fault": "gzip"},), "a compressed answer (gzip), though none was asked for"),
    Fault("too much", ({"fault": "huge", "text": "a word"},), "at once; it was refused"),
    Fault("no end", ({"fault": "unfinished", "text": "words without a last one"},), "cut off"),
    Fault("no stream", ({"fault": "malformed", "text": "good words before the bad"},), "not a valid stream"),
    Fault("cut stream", ({"fault": "cut", "text": "words that were said before the cut came"},), "cut off"),
    Fault("broken", ({"fault": "drop", "text": "words that were said before it broke down"},), "cut off"),
)


def script(faults: Sequence[Fault]) -> list[Reply]:
    made: list[Reply] = []
    for fault in faults:
        made += [{**reply, "match": fault.name} for reply in fault.replies]
        made.append({"match": fault.name, "text": f"all is well after {fault.name}"})
    return made


def flat(terminal: Terminal) -> str:
    """The chat as one line of words, where it is alone on the screen: what wraps is found, too."""
    return " ".join(terminal.text.replace("│", " ").split())


def told(fault: Fault, shown: str) -> bool:
    """Whether it stands below the message that met it."""
    _, message, below = shown.rpartition(f"try {fault.name}")
    return bool(message) and fault.words in below and fault.remedy in below


def composed(terminal: Terminal) -> str:
    """What stands in the composer, the lowest box."""
    return terminal.text[terminal.text.rindex("╭") :]


def speak(home: Path, wire: str, more: str = "") -> None:
    """Settings with this wire."""
    settings = home / ".config" / "fastchat-tui" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'wire = "{wire}"\n{more}')


both_wires = pytest.mark.parametrize("wire", list(PATHS))


@both_wires
@pytest.mark.parametrize("part", [0, 1, 2])
def test_every_failure_is_told_with_a_remedy_and_f5_goes_on(opened: Opened, home: Path, part: int, wire: str) -> None:
    speak(home, wire)
    faults = FAULTS[part::3]
    with serving(script(faults)) as api:
        terminal = opened(size=(80, 40), environ=environ(api))
        terminal.shows("Ask anything.")
        for fault in faults:
            terminal.child.send(f"try {fault.name}\r")
            terminal.until(lambda fault=fault: told(fault, flat(terminal)))
            terminal.child.send(F5)
            terminal.until(lambda fault=fault: f"all is well after {fault.name}" in flat(terminal))
        assert terminal.end() == 0
        assert all(path.endswith(PATHS[wire]) for path, *_ in api.requests)
    assert KEY.encode() not in terminal.raw
    assert b"Traceback" not in terminal.raw


@both_wires
def test_a_wait_is_counted_down_and_the_answer_comes_by_itself(opened: Opened, home: Path, wire: str) -> None:
    speak(home, wire)
    wait = {"status": 429, "headers": {"retry-after": "3"}, "body": {"error": {"message": "slow down"}}}
    with serving([wait, {"text": "patience was rewarded"}]) as api:
        terminal = opened(environ=environ(api))
        terminal.shows("Ask anything.")
        terminal.child.send("hello\r")
        terminal.shows("tries again in 3 s")
        terminal.shows("tries again in 1 s")
        terminal.shows("patience was rewarded")
        assert len(api.requests) == 2
        assert terminal.end() == 0


def test_what_was_said_before_a_cut_stays_and_nothing_is_asked_again_in_silence(opened: Opened) -> None:
    with serving([{"fault": "cut", "text": "the first half of a long answer that never ends"}]) as api:
        terminal = opened(environ=environ(api))
        terminal.shows("Ask anything.")
        terminal.child.send("hello\r")
        terminal.shows("cut off")
        terminal.shows("the first half")
        assert len(api.requests) == 1
        assert terminal.end() == 0


def test_nobody_listens_there_until_somebody_does(opened: Opened) -> None:
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    given = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1"}
    terminal = opened(size=(80, 40), environ=given)
    terminal.shows("Ask anything.")
    terminal.child.send("hello\r")
    terminal.until(lambda: "cannot be reached" in flat(terminal) and "Start the local server" in flat(terminal))
    terminal.shows("hello")
    with serving([{"text": "somebody is here"}], port):
        terminal.child.send(F5)
        terminal.shows("somebody is here")
    assert terminal.end() == 0


@both_wires
@pytest.mark.parametrize("fault", ["silent", "hang"])
def test_escape_stops_a_model_that_says_nothing_more(opened: Opened, home: Path, fault: str, wire: str) -> None:
    speak(home, wire)
    with serving([{"fault": fault, "text": "a word or two"}, {"text": "here again"}]) as api:
        terminal = opened(environ=environ(api))
        terminal.shows("Ask anything.")
        terminal.child.send("hello\r")
        terminal.until(lambda: api.asked.is_set() and "Esc stops" in terminal.text)
        terminal.child.send("\x1b")
        terminal.shows("F5 tries again")
        terminal.until(api.gone.is_set)
        terminal.child.send(F5)
        terminal.shows("here again")
        assert terminal.end() == 0


@both_wires
def test_escape_while_it_speaks_keeps_the_words_and_gives_back_what_waited(
    opened: Opened, home: Path, wire: str
) -> None:
    speak(home, wire)
    with serving([{"text": "these words are kept and these never come", "hold": 5}, {"text": "the whole"}]) as api:
        terminal = opened(environ=environ(api))
        terminal.shows("Ask anything.")
        terminal.child.send("hello\r")
        terminal.shows("these words are")
        terminal.child.send("my second thought\r")
        terminal.shows("1 waiting")
        terminal.child.send("a third")
        terminal.shows("a third")
        terminal.child.send("\x1b")
        terminal.shows("F5 tries again")
        terminal.until(lambda: "my second thought" in composed(terminal) and "a third" in composed(terminal))
        assert "these words are" in terminal.text
        assert "never come" not in terminal.text
        terminal.child.send(F5)
        terminal.shows("the whole")
        assert "my second thought" in composed(terminal)
        assert terminal.end() == 0


def test_escape_ends_a_wait_and_f5_does_not_wait_for_it(opened: Opened) -> None:
    wait = {"status": 429, "headers": {"retry-after": "100"}, "body": {"error": {"message": "slow down"}}}
    with serving([wait, {"text": "without waiting"}]) as api:
        terminal = opened(environ=environ(api))
        terminal.shows("Ask anything.")
        terminal.child.send("hello\r")
        terminal.shows("tries again in 9")
        terminal.child.send("\x1b")
        terminal.shows("F5 tries again")
        terminal.child.send(F5)
        terminal.shows("without waiting")
        assert terminal.end() == 0


@both_wires
def test_an_empty_answer_is_told(opened: Opened, home: Path, wire: str) -> None:
    speak(home, wire)
    with serving([{"fault": "empty"}, {"fault": "empty"}, {"text": "found my voice"}]) as api:
        terminal = opened(environ=environ(api))
        terminal.shows("Ask anything.")
        terminal.child.send("hello\r")
        terminal.shows("F5 tries again")
        terminal.shows("empty answer")
        terminal.child.send(F5)
        terminal.shows("found my voice")
        assert terminal.end() == 0


@both_wires
def test_at_the_limit_of_steps_a_person_decides_whether_it_goes_on(opened: Opened, home: Path, wire: str) -> None:
    speak(home, wire, 'policy = "allow"\nmax_steps = 2\n')
    steps: list[Reply] = [{"calls": [{"name": "echo__echo", "arguments": {"text": f"step {n}"}}]} for n in range(4)]
    with serving([*steps, {"text": "at last an end"}]) as api:
        terminal = opened("--config", config(echo=faulty("")), environ=environ(api))
        terminal.shows("2 tools")
        terminal.child.send("walk\r")
        terminal.shows("go on after 2 steps?")
        terminal.shows("taken 2 steps without an end")
        assert len(api.requests) == 2
        terminal.shows("go on after 4 steps?", keys="y", over="go on after 2 steps?")
        terminal.shows("F5 tries again", keys="n", over="go on after 4 steps?")
        terminal.shows("Stopped at the step limit")
        terminal.child.send(F5)
        terminal.shows("at last an end")
        assert terminal.end() == 0


def test_a_model_that_repeats_a_call_for_ever_is_asked_about_and_can_be_stopped(opened: Opened) -> None:
    call = {"name": "echo__echo", "arguments": {"text": "again"}}
    with serving([{"calls": [call], "repeat": True}]) as api:
        terminal = opened("--config", config(echo=faulty("")), environ=environ(api))
        terminal.shows("2 tools")
        terminal.child.send("loop\r")
        terminal.shows("run this call?")
        terminal.shows("go on after", keys="s", over="run this call?")
        terminal.shows("F5 tries again", keys="n", over="go on after")
        assert terminal.end() == 0


@both_wires
def test_a_tool_that_the_model_refuses_is_set_aside_and_the_turn_goes_on(opened: Opened, home: Path, wire: str) -> None:
    speak(home, wire)
    with serving([{"fault": "bad_schema"}, {"text": "without that tool"}]) as api:
        terminal = opened("--config", config(echo=faulty("")), environ=environ(api))
        terminal.shows("2 tools")
        terminal.child.send("hello\r")
        terminal.shows("is set aside")
        terminal.shows("without that tool")
        terminal.shows("1 tool ")
        becomes(terminal, "echo", "● ⚠ 1 ")
        assert [len(body["tools"]) for _, _, body in api.requests] == [2, 1]
        assert terminal.end() == 0

"""The demo's model: real calls, chosen by a few words, and answers made of what they really returned."""

from __future__ import annotations

import pytest

from fastchat_tui.demo.script import DemoModel
from fastchat_tui.wire.chat import (
    AssistantMessage,
    CallPart,
    Message,
    Prompt,
    Reply,
    TextPart,
    TextPiece,
    ToolMessage,
    UserMessage,
)
from fastchat_tui.wire.servers import Tool

NAMES = ("get_time", "list_files", "read_file", "remember", "search_notes", "count_slowly", "always_fails")
TOOLS = tuple(Tool("demo", name, f"demo__{name}") for name in NAMES)
ANSWERS = {
    "demo__get_time": "Saturday 2026-11-21 10:00:00 JST",
    "demo__list_files": "old/\nshopping.txt  36 bytes\ntokyo.md  130 bytes",
    "demo__read_file": "city,celsius\nOslo,-4.3",
    "demo__remember": "Kept as note 1.",
    "demo__search_notes": "1. train\nat nine",
    "demo__count_slowly": "Counted to 10.",
    "demo__always_fails": "This tool always fails: the demo was asked to fail",
}


class Session:
    """Chats with the demo's model and answers its calls."""

    def __init__(self, tools: tuple[Tool, ...] = TOOLS) -> None:
        self.tools = tools
        self.messages: list[Message] = []
        self.calls: list[list[str]] = []

    async def say(self, text: str) -> str:
        """The text of the turn's last reply; its calls are in ``calls``, one list for each step."""
        self.messages.append(UserMessage(text))
        self.calls = []
        model = DemoModel(pace=0)
        while True:
            pieces = [piece async for piece in model.stream(Prompt("scripted", tuple(self.messages), self.tools))]
            reply = pieces[-1]
            assert isinstance(reply, Reply)
            said = "".join(part.text for part in reply.parts if isinstance(part, TextPart))
            assert said == "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))
            self.messages.append(AssistantMessage(reply.parts, reply.issuer))
            calls = [part for part in reply.parts if isinstance(part, CallPart)]
            if not calls:
                return said
            self.calls.append([f"{call.name.removeprefix('demo__')} {call.arguments}" for call in calls])
            for call in calls:
                self.messages.append(ToolMessage(call.call, ANSWERS[call.name], call.name == "demo__always_fails"))


async def test_it_says_once_that_it_is_scripted() -> None:
    session = Session()
    assert "scripted model" in await session.say("hello")
    assert "scripted model" not in await session.say("hello")


async def test_it_asks_for_two_things_at_once_and_tells_both() -> None:
    session = Session()
    said = await session.say("What time is it in Tokyo, and what is in my notes?")
    assert session.calls == [['get_time {"timezone": "Asia/Tokyo"}', 'list_files {"path": "notes"}']]
    assert "In Tokyo it is **Saturday 2026-11-21 10:00:00 JST**" in said
    assert "- `tokyo.md` – 130 bytes" in said


async def test_it_takes_a_second_step_to_read_what_it_found() -> None:
    session = Session()
    await session.say("please read my notes")
    assert [[call.split()[0] for call in step] for step in session.calls] == [["list_files"], ["read_file"] * 2]
    assert "notes/tokyo.md" in session.calls[1][1]


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("Compare the time in Oslo and Paris", ["get_time", "get_time"]),
        ("Show data/temperatures.csv", ["read_file"]),
        ("Remember that the train leaves at nine", ["remember"]),
        ("Search the notebook for train", ["search_notes"]),
        ("Count slowly to ten", ["count_slowly"]),
        ("Fail", ["always_fails"]),
        ("help", []),
        ("table", []),
        ("who are you?", []),
        ("42", []),
    ],
)
async def test_each_example_of_its_help_works(text: str, calls: list[str]) -> None:
    session = Session()
    assert await session.say(text)
    assert [call.split()[0] for step in session.calls for call in step] == calls


async def test_a_table_is_made_of_a_csv_and_a_failure_is_explained() -> None:
    session = Session()
    assert "| Oslo | -4.3 |" in await session.say("show data/temperatures.csv")
    assert "> This tool always fails" in await session.say("fail")


async def test_a_tool_that_is_off_is_said_to_be() -> None:
    session = Session(tools=())
    assert "switched off" in await session.say("what time is it?")
    assert session.calls == []


async def test_the_ids_of_its_calls_are_unique_in_a_session() -> None:
    session = Session()
    for _ in range(3):
        await session.say("time in Oslo and London")
    calls = [part.call for m in session.messages if isinstance(m, AssistantMessage) for part in m.parts
             if isinstance(part, CallPart)]  # fmt: skip
    assert len(set(calls)) == len(calls) == 6

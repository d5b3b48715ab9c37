"""The Responses adapter: typed items, encrypted reasoning, and a body that leaves nothing on the server."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastchat_tui.providers import responses
from fastchat_tui.providers.profiles import profile_for
from fastchat_tui.wire.chat import (
    AssistantMessage,
    CallPart,
    OpaquePart,
    Prompt,
    Reply,
    TextPart,
    ThoughtPart,
    ToolMessage,
    Usage,
    UserMessage,
)
from fastchat_tui.wire.servers import Tool
from tests.providers.test_chat import nested

OPENAI = profile_for("")


def event(kind: str, at: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **({} if at is None else {"output_index": at}), **fields}


def end(kind: str = "completed", **response: Any) -> dict[str, Any]:
    return event(kind, response={"status": kind, **response})


def read(*events: dict[str, Any]) -> Reply:
    number = count(1)
    parser = responses.Parser(OPENAI, lambda: f"made{next(number)}")
    for one in events:
        parser.feed(one)
    return parser.finish()


REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "zzz", "status": "completed"}


def test_items_become_parts_in_their_order() -> None:
    item = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": ""}
    reply = read(
        event("created"),
        event("queued"),
        event("output_item.added", 0, item={"type": "reasoning"}),
        event("reasoning_summary_text.delta", 0, delta="hm"),
        event("output_item.done", 0, item=REASONING),
        event("output_text.delta", 1, delta="Let "),
        event("output_text.delta", 1, delta="me."),
        event("output_item.added", 2, item=item),
        event("function_call_arguments.delta", 2, delta='{"x"'),
        event("output_item.added", 3, item=item | {"call_id": "c2", "name": "g"}),
        event("function_call_arguments.delta", 2, delta=":1}"),
        event("output_item.done", 3, item=item | {"call_id": "c2", "name": "g", "arguments": "{}"}),
        {"type": "keepalive"},
        end(usage={"input_tokens": 9, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 2}}),
    )
    assert reply == Reply(
        (
            ThoughtPart("hm"),
            OpaquePart("reasoning", REASONING),
            TextPart("Let me."),
            CallPart("c1", "f", '{"x":1}'),
            CallPart("c2", "g", "{}"),
        ),
        Usage(9, 4, 0, 2),
        "completed",
        "",
        "responses:api.openai.com",
    )


def test_an_answer_that_comes_only_at_its_end_is_taken_whole() -> None:
    output = [
        {"type": "message", "content": [{"type": "output_text", "text": "hi"}]},
        {"type": "function_call", "call_id": "", "name": "f", "arguments": "{}"},
    ]
    assert read(end(output=output)).parts == (TextPart("hi"), CallPart("made1", "f", "{}"))


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (end("incomplete", incomplete_details={"reason": "max_output_tokens"}), "limit of tokens"),
        (end("incomplete", incomplete_details={"reason": "content_filter"}), "filter"),
        (end("incomplete"), "not complete"),
        (event("in_progress"), "cut off"),
        (end("failed"), "error"),
        (event("completed", response={"status": "incomplete"}), "not complete"),
    ],
)
def test_an_answer_that_is_not_whole_says_why(last: dict[str, Any], words: str) -> None:
    assert words in read(event("output_text.delta", 0, delta="half"), last).cut


def test_a_refusal_is_shown_and_named() -> None:
    reply = read(event("refusal.delta", 0, delta="No."), end())
    assert (reply.parts, reply.cut) == ((TextPart("No."),), "The model refused to answer.")


@pytest.mark.parametrize(
    "last", [{"type": "error", "message": "boom"}, end("failed", error={"message": "boom"}), {"error": "boom"}]
)
def test_an_error_in_the_stream_is_kept_for_the_caller(last: dict[str, Any]) -> None:
    parser = responses.Parser(OPENAI)
    parser.feed(last)
    assert "boom" in str(parser.error)


def test_reasoning_that_cannot_be_read_again_is_not_kept() -> None:
    plain = {key: value for key, value in REASONING.items() if key != "encrypted_content"}
    assert read(event("output_item.done", 0, item=plain), end()).parts == ()


KINDS = ("error", "?", "response.completed", "response.failed", "response.output_item.added")
KINDS += ("response.output_item.done", "response.output_text.delta", "response.reasoning_text.delta")
KINDS += ("response.function_call_arguments.delta", "response.reasoning_summary_part.added")
FIELDS = ("item", "delta", "output_index", "response", "error", "item_id")
events_of_any_type = st.builds(
    lambda kind, fields: {**fields, "type": kind},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(FIELDS), nested, max_size=4),
)


@given(st.lists(events_of_any_type, max_size=6))
def test_no_event_of_any_type_breaks_it(events: Sequence[dict[str, Any]]) -> None:
    read(*events)


def test_the_prompt_becomes_a_body_that_leaves_nothing_on_the_server() -> None:
    tool = Tool("s", "t", "s__t", description="Does it.", input_schema={"properties": {"x": {"type": "string"}}})
    said = AssistantMessage(
        (OpaquePart("reasoning", REASONING), TextPart("hm"), CallPart("c", "s__t", "{}")), OPENAI.issuer
    )
    prompt = Prompt("m", (UserMessage("q"), said, ToolMessage("c", "r")), (tool,), "be kind", "s-1")
    assert responses.serialise(prompt, OPENAI) == {
        "model": "m",
        "instructions": "be kind",
        "input": [
            {"role": "user", "content": "q"},
            {key: value for key, value in REASONING.items() if key != "status"},
            {"role": "assistant", "content": "hm"},
            {"type": "function_call", "call_id": "c", "name": "s__t", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "r"},
        ],
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "stream": True,
        "prompt_cache_key": "s-1",
        "tools": [
            {
                "type": "function",
                "name": "s__t",
                "description": "Does it.",
                "parameters": {"type": "object", "properties": {"x": {"type": "string"}}},
                "strict": False,
            }
        ],
    }


def test_reasoning_of_another_endpoint_stays_here() -> None:
    said = AssistantMessage((OpaquePart("reasoning", REASONING), TextPart("hm")), "responses:elsewhere")
    assert responses.serialise(Prompt("m", (said,)), OPENAI)["input"] == [{"role": "assistant", "content": "hm"}]

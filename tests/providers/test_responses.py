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


def call(call_id: str = "", arguments: Any = "", **fields: Any) -> dict[str, Any]:
    return {"type": "function_call", "name": "f", "arguments": arguments, "call_id": call_id, **fields}


def message(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": text}], **fields}


def test_arguments_that_come_only_whole_are_taken() -> None:
    begun = event("output_item.added", 0, item=call("a", id="fc_1"))
    said = event("function_call_arguments.done", 0, item_id="fc_1", arguments='{"x":1}')
    assert read(begun, said, end()).parts == (CallPart("a", "f", '{"x":1}'),)


def test_whole_arguments_stand_for_their_fragments() -> None:
    begun = event("output_item.added", item=call("a", id="fc_1"))
    lost = event("function_call_arguments.delta", item_id="fc_1", delta='{"x"')
    said = event("function_call_arguments.done", item_id="fc_1", arguments='{"x":1}')
    assert read(begun, lost, said, end()).parts == (CallPart("a", "f", '{"x":1}'),)


def test_a_placeholder_at_the_end_takes_no_arguments_away() -> None:
    said = event("function_call_arguments.delta", 0, item_id="fc_1", delta='{"x":1}')
    last = call("a", "{}", id="fc_1")
    reply = read(said, event("output_item.done", 0, item=last), end(output=[last]))
    assert reply.parts == (CallPart("a", "f", '{"x":1}'),)


def test_the_end_fills_in_arguments_that_were_not_streamed() -> None:
    begun = event("output_item.added", 0, item=call("a", id="fc_1"))
    assert read(begun, end(output=[call("a", '{"x":1}', id="fc_1")])).parts == (CallPart("a", "f", '{"x":1}'),)


def test_the_end_names_a_call_whose_beginning_was_not_streamed() -> None:
    said = event("function_call_arguments.done", 1, item_id="fc_1", arguments="{}")
    output = [message("hi"), call("a", "{}", id="fc_1")]
    assert read(said, end(output=output)).parts == (TextPart("hi"), CallPart("a", "f", "{}"))


def test_a_call_that_stands_only_at_the_end_is_added_and_streamed_text_is_not_doubled() -> None:
    output = [message("working", id="m1"), call("a", "{}", id="fc_1")]
    reply = read(event("output_text.delta", 0, delta="working"), end(output=output))
    assert reply.parts == (TextPart("working"), CallPart("a", "f", "{}"))


def test_text_that_stands_only_at_the_end_is_shown() -> None:
    parser = responses.Parser(OPENAI)
    parser.feed(event("output_item.done", 1, item=call("a", "{}")))
    (piece,) = parser.feed(end(output=[message("hi"), call("a", "{}")]))
    assert piece.text == "hi"
    assert parser.finish().parts == (TextPart("hi"), CallPart("a", "f", "{}"))


@pytest.mark.parametrize("at", [0, 7, None])
@pytest.mark.parametrize("streamed", [{"id": "fc_1"}, {"id": "fc_2"}, {"call_id": "b"}, {"id": "fc_2", "call_id": "b"}])
def test_the_end_repeats_no_call_however_it_names_it(at: int | None, streamed: dict[str, Any]) -> None:
    done = event("output_item.done", at, item=call("a", "{}") | streamed)
    reply = read(done, end(output=[call("a", "{}", id="fc_1"), call("c", "{}", id="fc_3")]))
    assert [part.call for part in reply.parts if isinstance(part, CallPart)] == ["a", "c"]


@pytest.mark.parametrize("names", [{}, {"id": "m1"}, {"id": "m2"}])
def test_the_end_repeats_no_text_however_it_names_it(names: dict[str, str]) -> None:
    deltas = [event("output_text.delta", delta=text, item_id="m1") for text in ("wor", "king")]
    reply = read(*deltas, end(output=[message("working\n", **names), message("more")]))
    assert reply.parts == (TextPart("working"), TextPart("\n\nmore"))


def test_what_the_end_adds_stands_where_the_end_has_it() -> None:
    more = REASONING | {"id": "rs_2"}
    done = [event("output_item.done", at, item=item) for at, item in ((0, REASONING), (7, call("a")), (30, call("b")))]
    reply = read(*done, end(output=[REASONING, call("a"), more, call("b"), call("c")]))
    opaque, other = OpaquePart("reasoning", REASONING), OpaquePart("reasoning", more)
    calls = [CallPart(name, "f", "") for name in "abc"]
    assert reply.parts == (opaque, calls[0], other, *calls[1:])


def test_the_end_puts_reasoning_before_the_call_that_was_streamed_without_a_place() -> None:
    reply = read(event("output_item.done", item=call("a", "{}")), end(output=[REASONING, call("a", "{}")]))
    assert reply.parts == (OpaquePart("reasoning", REASONING), CallPart("a", "f", "{}"))


def test_calls_without_a_place_are_told_apart_by_their_call_id() -> None:
    steps = [("added", call("a")), ("added", call("b")), ("done", call("b", "[2]")), ("done", call("a", "[1]"))]
    reply = read(*(event(f"output_item.{step}", item=item) for step, item in steps), end())
    assert reply.parts == (CallPart("a", "f", "[1]"), CallPart("b", "f", "[2]"))


@pytest.mark.parametrize("begins", [True, False])
def test_items_without_any_name_are_told_apart_by_where_they_begin(begins: bool) -> None:
    events = []
    for item in (message("hi"), call("", "[1]"), call("", "[2]"), message("so")):
        begun = item | ({"arguments": ""} if item["type"] == "function_call" else {"content": []})
        events += [event("output_item.added", item=begun)] if begins else []
        events += [event("output_item.done", item=item)]
    calls = CallPart("made1", "f", "[1]"), CallPart("made2", "f", "[2]")
    assert read(*events, end()).parts == (TextPart("hi"), *calls, TextPart("\n\nso"))


def test_fragments_without_any_name_belong_to_the_call_that_began_last() -> None:
    events = []
    for name, written in (("a", "[1]"), ("b", "[2]")):
        events += [event("output_item.added", item=call(name))]
        events += [event("function_call_arguments.delta", delta=letter) for letter in written]
    assert read(*events, end()).parts == (CallPart("a", "f", "[1]"), CallPart("b", "f", "[2]"))


def test_a_call_that_never_ended_keeps_its_arguments_from_the_next() -> None:
    begun = event("output_item.added", item=call())
    said = event("function_call_arguments.delta", delta="[1]")
    reply = read(begun, said, begun, event("output_item.done", item=call("", "[2]")), end())
    assert reply.parts == (CallPart("made1", "f", "[1]"), CallPart("made2", "f", "[2]"))


def test_parts_stand_by_their_place_whenever_they_came() -> None:
    items = [(10, call("b")), (2, call("a")), (None, message("hi")), (0, REASONING)]
    reply = read(*(event("output_item.done", at, item=item) for at, item in items), end())
    calls = CallPart("a", "f", ""), CallPart("b", "f", "")
    assert reply.parts == (OpaquePart("reasoning", REASONING), calls[0], TextPart("hi"), calls[1])


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
KINDS += ("response.function_call_arguments.done",)
FIELDS = ("item", "delta", "output_index", "response", "error", "item_id", "arguments")
events_of_any_type = st.builds(
    lambda kind, fields: {**fields, "type": kind},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(FIELDS), nested, max_size=4),
)


items_of_any_type = nested | st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "function_call", "reasoning"])},
    optional=dict.fromkeys(("id", "call_id", "name", "arguments", "content", "summary", "encrypted_content"), nested),
)
ends_of_any_type = st.builds(lambda output: end(output=output), st.lists(items_of_any_type, max_size=3))


@given(st.lists(events_of_any_type | ends_of_any_type, max_size=6))
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

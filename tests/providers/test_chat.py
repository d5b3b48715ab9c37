"""The Chat Completions adapter: every shape of compatible servers, and the history that goes back up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastchat_tui.providers import chat
from fastchat_tui.providers.profiles import Profile, profile_for
from fastchat_tui.wire.chat import (
    AssistantMessage,
    CallPart,
    OpaquePart,
    Prompt,
    Reply,
    TextPart,
    TextPiece,
    ThoughtPart,
    ToolMessage,
    Usage,
    UserMessage,
)
from fastchat_tui.wire.servers import Tool

HERE = profile_for("http://127.0.0.1:1/v1", "chat")


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def call(arguments: Any = None, **fields: Any) -> dict[str, Any]:
    name = fields.pop("name", None)
    return delta(tool_calls=[{**fields, "function": {"name": name, "arguments": arguments}}])


def read(*chunks: dict[str, Any], profile: Profile = HERE) -> Reply:
    number = count(1)
    parser = chat.Parser(profile, lambda: f"made{next(number)}")
    said, thought = "", ""
    for chunk in chunks:
        for piece in parser.feed(chunk):
            if isinstance(piece, TextPiece):
                said += piece.text
            else:
                thought += piece.text
    reply = parser.finish()
    assert "".join(p.text for p in reply.parts if isinstance(p, TextPart)).startswith(said)
    assert "".join(p.text for p in reply.parts if isinstance(p, ThoughtPart)).startswith(thought)
    return reply


def calls(reply: Reply) -> list[tuple[str, str, str]]:
    return [(part.call, part.name, part.arguments) for part in reply.parts if isinstance(part, CallPart)]


STOP = delta("stop")
NO_NUMBERS = ['{"x": NaN}', '{"x": [-Infinity]}', '{"x": 1e999}']
TWO = [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]


@pytest.mark.parametrize(
    "chunks",
    [
        [
            call("", index=0, id="a", name="f"),
            call('{"x"', index=0),
            call(":1}", index=0),
            call("", index=1, id="b", name="g"),
            call('{"y":2}', index=1),
        ],
        [call('{"x":1}', id="a", name="f"), call('{"y":2}', id="b", name="g")],
        [call('{"x"', id="a", name="f"), call(":1}"), call('{"y"', id="b", name="g"), call(":2}")],
        [call('{"x":1}', index=0, id="a", name="f"), call('{"y":2}', index=0, id="b", name="g")],
        [call('{"x"', index=3, id="a", name="f"), call('{"y":2}', index=7, id="b", name="g"), call(":1}", index=3)],
        [
            call('{"x"', index=0, id="a", name="f"),
            call(":1}", index=0, id="a", name="f"),
            call('{"y":2}', index=1, id="b", name="g"),
            call("", index=1, id="b", name=""),
        ],
        [call('{"x"', id="a", name="f"), call('{"y":2}', id="b", name="g"), call(":1}", id="a")],
    ],
    ids=["openai", "no index", "no index, in fragments", "every index 0", "odd indexes", "repeated heads", "by id"],
)
def test_two_parallel_calls_are_told_apart_in_every_shape(chunks: list[dict[str, Any]]) -> None:
    assert calls(read(*chunks, STOP)) == TWO


def test_arguments_that_are_an_object_become_text() -> None:
    assert json.loads(calls(read(call({"x": 1}, index=0, id="a", name="f"), STOP))[0][2]) == {"x": 1}


def test_a_whole_call_beside_the_finish_reason_is_taken() -> None:
    chunk = call("{}", id="a", name="f")
    chunk["choices"][0]["finish_reason"] = "tool_calls"
    assert calls(read(chunk)) == [("a", "f", "{}")]


def test_another_name_at_the_same_index_without_an_id_is_another_call() -> None:
    reply = read(call("{}", index=0, name="f"), call("{}", index=0, name="g"), STOP)
    assert calls(reply) == [("made1", "f", "{}"), ("made2", "g", "{}")]


@pytest.mark.parametrize("way", [{"index": 0}, {"index": 0, "id": "a"}, {"id": "a"}, {}], ids=str)
@pytest.mark.parametrize("written", ['{"x": 1}', {"x": 1}], ids=["text", "object"])
def test_a_name_after_whole_arguments_begins_another_call_however_both_are_addressed(way: Any, written: Any) -> None:
    chunks = [call(written, name="f", **way), call('{"x"', name="f", **way), call(": 2}\n", **way), call("", **way)]
    found = calls(read(*chunks, call({}, name="f", **way), STOP))
    assert [arguments for _, _, arguments in found] == ['{"x": 1}', '{"x": 2}\n', "{}"]
    assert found[0][0] == way.get("id", "made1")
    assert len({id for id, _, _ in found}) == 3


@pytest.mark.parametrize("way", [{"index": 0}, {"index": 0, "id": "a"}, {"id": "a"}, {}], ids=str)
def test_a_name_that_is_repeated_in_each_fragment_is_one_call(way: dict[str, Any]) -> None:
    fragments = ["", None, '{"x": {}', ', "y": "}', '"}', "", "\n", None]
    reply = read(*(call(fragment, name="f", **way) for fragment in fragments), STOP)
    assert calls(reply) == [(way.get("id", "made1"), "f", '{"x": {}, "y": "}"}\n')]


def test_missing_doubled_and_unusable_ids_are_replaced() -> None:
    chunks = [call("{}", index=n, id=id, name="f") for n, id in enumerate(["", "same", "same", "a b:1", "x" * 65])]
    assert [id for id, _, _ in calls(read(*chunks, STOP))] == ["made1", "same", "made2", "made3", "made4"]


def test_calls_are_kept_when_the_finish_reason_says_stop() -> None:
    reply = read(call("{}", index=0, id="a", name="f"), STOP)
    assert (len(calls(reply)), reply.cut) == (1, "")


def test_empty_choices_and_a_last_chunk_with_usage_only_are_taken() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 2},
        "cost": 0.25,
    }
    reply = read({"choices": [], "model": ""}, delta(content="hi"), STOP, {"choices": [], "usage": usage})
    assert reply == Reply((TextPart("hi"),), Usage(9, 4, 3, 2, 0.25), "stop", "", HERE.issuer)


def test_reasoning_that_comes_beside_the_output_is_counted_into_it() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 111}
    usage |= {"completion_tokens_details": {"reasoning_tokens": 100}}
    assert read(STOP, {"choices": [], "usage": usage}).usage == Usage(10, 101, 0, 100)


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_thoughts_come_in_either_field(key: str) -> None:
    reply = read(delta(**{key: "hm"}), delta(content="so"), STOP)
    assert reply.parts == (ThoughtPart("hm"), TextPart("so"))


def test_reasoning_details_go_back_to_their_issuer_alone() -> None:
    detail = {"type": "reasoning.text", "text": "hm", "signature": "s"}
    reply = read(delta(reasoning_details=[detail]), delta(content="so"), STOP)
    assert reply.parts[0] == ThoughtPart("hm")
    mine = chat.serialise(Prompt("m", (AssistantMessage(reply.parts, reply.issuer),)), HERE)
    other = chat.serialise(Prompt("m", (AssistantMessage(reply.parts, "chat:elsewhere"),)), HERE)
    assert mine["messages"][0]["reasoning_details"] == [detail]
    assert other["messages"] == [{"role": "assistant", "content": "so"}]


def test_content_in_blocks_is_thought_and_text() -> None:
    blocks = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "so"}]
    assert read(delta(content=blocks), STOP).parts == (ThoughtPart("hm"), TextPart("so"))


@given(st.lists(st.integers(1, 9), max_size=20))
def test_inline_think_tags_are_split_off_however_the_text_is_cut(sizes: list[int]) -> None:
    text, chunks = "\n<think>I <b>wonder</b></think>\n\nIt is <think> so.", []
    for size in sizes:
        chunks.append(delta(content=text[:size]))
        text = text[size:]
    reply = read(*chunks, delta(content=text), STOP)
    assert reply.parts == (ThoughtPart("I <b>wonder</b>"), TextPart("It is <think> so."))


@pytest.mark.parametrize(
    ("finish", "words"), [("length", "cut off"), ("content_filter", "filter"), ("error", "error"), (None, "cut off")]
)
def test_an_answer_that_is_not_whole_says_why(finish: str | None, words: str) -> None:
    assert words in read(delta(content="half"), delta(finish)).cut


def test_a_refusal_is_shown_and_named() -> None:
    reply = read(delta(refusal="I will not."), STOP)
    assert (reply.parts, reply.cut) == ((TextPart("I will not."),), "The model refused to answer.")


def test_an_error_in_the_stream_is_kept_for_the_caller() -> None:
    parser = chat.Parser(HERE)
    parser.feed({"error": {"code": 502, "message": "upstream"}, "choices": [{"finish_reason": "error"}]})
    assert parser.error == {"code": 502, "message": "upstream"}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("choices", "delta", "message", "index", "finish_reason", "content", "tool_calls", "function", "name", "id")
KEYS += ("arguments", "usage", "reasoning_details", "x_groq", "refusal", "extra_content", "prompt_tokens", "cost")
nested = st.recursive(
    junk,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=15,
)


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), nested, max_size=4), max_size=5))
def test_no_chunk_of_any_type_breaks_it(chunks: Sequence[dict[str, Any]]) -> None:
    parser = chat.Parser(HERE)
    for chunk in chunks:
        parser.feed(chunk)
    json.dumps([repr(part) for part in parser.finish().parts])


# ── there ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_prompt_becomes_a_body() -> None:
    tool = Tool("s", "t", "s__t", description="Does it.", input_schema={"type": "object"})
    history = (UserMessage("q"), AssistantMessage((CallPart("c", "s__t", "{}"),)), ToolMessage("c", "r"))
    assert chat.serialise(Prompt("m", history, (tool,), "be kind"), HERE) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "q"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "s__t", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "r"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "s__t",
                    "description": "Does it.",
                    "parameters": {"type": "object", "properties": {}},
                },
            }
        ],
    }


@pytest.mark.parametrize("written", ["", "{", "[1]", "null", '{"a":1}{"b":2}', *NO_NUMBERS])
def test_arguments_that_are_no_object_do_not_go_back_up(written: str) -> None:
    body = chat.serialise(Prompt("m", (AssistantMessage((CallPart("c", "f", written),)),)), HERE)
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_mistral_gets_ids_of_nine_letters_the_same_for_call_and_answer() -> None:
    mistral = profile_for("https://api.mistral.ai/v1")
    history = (AssistantMessage((CallPart("call_long-one", "f", "{}"),)), ToolMessage("call_long-one", "r"))
    said, answered = chat.serialise(Prompt("m", history), mistral)["messages"]
    assert said["tool_calls"][0]["id"] == answered["tool_call_id"]
    assert len(answered["tool_call_id"]) == 9
    assert answered["tool_call_id"].isalnum()


def test_deepseek_gets_its_own_thoughts_back_and_an_empty_field_for_those_of_others() -> None:
    deepseek = profile_for("https://api.deepseek.com/v1")
    parts = (ThoughtPart("hm"), TextPart("so"))
    history = (AssistantMessage(parts, deepseek.issuer), AssistantMessage(parts, "chat:elsewhere"))
    messages = chat.serialise(Prompt("m", history), deepseek)["messages"]
    assert [message["reasoning_content"] for message in messages] == ["hm", ""]


def test_gemini_gets_its_signatures_back_and_a_substitute_for_the_calls_of_others() -> None:
    gemini = profile_for("https://generativelanguage.googleapis.com/v1beta/openai")
    signature = {"google": {"thought_signature": "sig"}}
    reply = read(call("{}", id="a", name="f", extra_content=signature), STOP, profile=gemini)
    assert isinstance(reply.parts[0], OpaquePart)
    history = (AssistantMessage(reply.parts, reply.issuer), AssistantMessage(reply.parts, "chat:elsewhere"))
    own, foreign = chat.serialise(Prompt("m", history), gemini)["messages"]
    assert own["tool_calls"][0]["extra_content"] == signature
    assert foreign["tool_calls"][0]["extra_content"] == chat.NO_SIGNATURE

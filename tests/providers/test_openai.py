"""The whole way over loopback, on both wires: what goes up, what comes down, and every fault in words."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from fastchat_tui.providers.openai import OpenAIModel
from fastchat_tui.wire.chat import (
    AssistantMessage,
    CallPart,
    OpaquePart,
    SetAside,
    TextPart,
    ThoughtPart,
    ToolMessage,
    UserMessage,
    Waiting,
)
from fastchat_tui.wire.errors import ModelError
from tests.providers.conftest import KEY, PROMPT, TOOL, Open

HALF: dict[str, Any] = {
    "chat": {"choices": [{"delta": {"content": "half"}}]},
    "responses": {"type": "response.output_text.delta", "output_index": 0, "delta": "half"},
}
"""The event that says “half”."""


async def fault_of(chat: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await chat.ask()
    error = caught.value
    assert error.text
    assert error.remedy
    assert KEY not in error.text + error.remedy
    return error


# ── what goes up and comes down ──────────────────────────────────────────────────────────────────────────────────


async def test_thought_text_parallel_calls_and_usage_arrive(chat: Open) -> None:
    calls = [{"name": "demo__get", "arguments": {"x": [1]}}, {"name": "demo__get", "id": "other", "arguments": {}}]
    open_chat = await chat({"thought": "let me think", "text": "two calls then", "calls": calls})
    reply = await open_chat.reply()
    assert ThoughtPart("let me think") in reply.parts
    assert TextPart("two calls then") in reply.parts
    assert open_chat.said == "two calls then"
    assert [part for part in reply.parts if isinstance(part, CallPart)] == [
        CallPart("call_0", "demo__get", '{"x": [1]}'),
        CallPart("other", "demo__get", "{}"),
    ]
    assert (reply.usage.input, reply.usage.output, reply.cut) == (100, 20, "")


async def test_the_history_goes_up_with_opaque_parts_for_their_issuer_alone(chat: Open, wire: str) -> None:
    open_chat = await chat({"text": "ok"})
    opaque = OpaquePart("reasoning", {"type": "reasoning", "encrypted_content": "x", "status": "done"})
    issuer = f"{wire}:{open_chat.api.url.split('/')[2]}"
    said = AssistantMessage((opaque, TextPart("let me see"), CallPart("c1", "demo__get", "{}")), issuer)
    foreign = replace(said, issuer="responses:elsewhere")
    history = (UserMessage("hi"), said, ToolMessage("c1", "42"), foreign, ToolMessage("c1", "43"), UserMessage("so?"))
    await open_chat.ask(replace(PROMPT, messages=history))
    body = open_chat.body()
    if wire == "chat":
        roles = ["system", "user", "assistant", "tool", "assistant", "tool", "user"]
        assert [message["role"] for message in body["messages"]] == roles
    else:
        first = ["user", "reasoning", "assistant", "function_call", "function_call_output"]
        kinds = [item.get("type", item.get("role")) for item in body["input"]]
        assert kinds == [*first, "assistant", "function_call", "function_call_output", "user"]


async def test_text_that_is_no_unicode_goes_up_all_the_same(chat: Open) -> None:
    open_chat = await chat({"text": "ok"})
    assert (await open_chat.reply(replace(PROMPT, messages=(UserMessage("a\ud800b"),)))).cut == ""


async def test_a_server_that_does_not_stream_is_understood(chat: Open, wire: str) -> None:
    message = {"role": "assistant", "content": "all at once"}
    whole: dict[str, Any] = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    if wire == "responses":
        content = [{"type": "output_text", "text": "all at once"}]
        whole = {"status": "completed", "output": [{"type": "message", "content": content}]}
    reply = await (await chat({"status": 200, "body": whole})).reply()
    assert (reply.parts, reply.cut) == ((TextPart("all at once"),), "")


async def test_a_byte_order_mark_before_the_first_event_is_left_out(chat: Open, wire: str) -> None:
    open_chat = await chat({"events": ["\ufeff", HALF[wire]]})
    await open_chat.ask()
    assert open_chat.said == "half"


# ── the traps: what must not leave, and where to ─────────────────────────────────────────────────────────────────


async def test_nothing_of_the_environment_goes_to_an_endpoint(chat: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer stolen\nX-Leak: yes")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    for key in ("", KEY):
        open_chat = await chat({"text": "ok"}, key=key)
        await open_chat.ask()
        headers = dict(open_chat.api.requests[0][1])
        assert headers.pop("authorization", "") == (f"Bearer {key}" if key else "")
        assert headers.pop("user-agent").startswith("fastchat-tui/")
        allowed = {"host", "accept", "accept-encoding", "content-type", "content-length"}
        assert headers.keys() == allowed
        assert headers["accept-encoding"] == "identity"


async def test_the_models_of_an_endpoint_are_asked_for_once(chat: Open) -> None:
    at = await chat({"text": "x"})
    assert list(await at.model.names()) == ["gpt-5-nano", "gpt-5-large"]
    assert list(await at.model.names()) == ["gpt-5-nano", "gpt-5-large"]
    ((path, headers, _),) = at.api.listed
    assert (path, headers["authorization"]) == ("/v1/models", f"Bearer {KEY}")


@pytest.mark.parametrize(
    "answer",
    [
        (404, {"error": "none"}),
        (200, "<html>"),
        (200, {"data": [1, {"id": 2}]}),
        (200, "[" * 100_000, {"content-type": "application/json"}),
    ],
    ids=["none", "html", "odd", "deep"],
)
async def test_an_endpoint_that_lists_no_models_is_no_worse_for_it(chat: Open, answer: tuple[Any, ...]) -> None:
    at = await chat({"text": "x"})
    at.api.models = answer
    assert list(await at.model.names()) == []
    assert (await at.reply()).parts


async def test_a_redirect_is_not_followed(chat: Open) -> None:
    open_chat = await chat({"fault": "redirect"})
    error = await fault_of(open_chat)
    assert error.kind == "not_an_api"
    assert "http://127.0.0.1:9/v1/elsewhere. The conversation was not sent there." in error.text
    assert len(open_chat.api.requests) == 1


async def test_a_redirect_to_nowhere_is_told_all_the_same(chat: Open) -> None:
    error = await fault_of(await chat({"status": 307, "body": "", "headers": {"location": "http://[bad"}}))
    assert "redirects to another address" in error.text


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "socks://127.0.0.1:9", "nonsense://"])
async def test_a_proxy_that_cannot_be_used_is_named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    model = OpenAIModel("m", "https://api.example/v1", KEY)
    with pytest.raises(ModelError, match="proxy") as caught:
        await anext(aiter(model.stream(PROMPT)))
    assert "ALL_PROXY" in caught.value.remedy


@pytest.mark.parametrize(("fault", "words"), [("gzip", "compressed"), ("huge", "more than 17 MB")])
async def test_an_answer_without_bounds_is_refused(chat: Open, fault: str, words: str) -> None:
    open_chat = await chat({"fault": fault})
    error = await fault_of(open_chat)
    assert words in error.text
    assert len(open_chat.api.requests) == 1


async def test_a_long_error_is_cut_short_and_carries_no_secret(chat: Open) -> None:
    words = {"error": {"message": f"the key {KEY} is\x1b[31m odd " + "x" * 3_000_000}}
    error = await fault_of(await chat({"status": 400, "body": words}))
    assert "\x1b" not in error.text
    assert len(error.text) < 600


async def test_a_compressed_error_is_told_by_its_status_alone(chat: Open) -> None:
    error = await fault_of(await chat({"status": 401, "body": "\x1f\x8b", "headers": {"content-encoding": "gzip"}}))
    assert error.kind == "auth"
    assert "It says" not in error.text


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"key": "sk-ключ"}, "characters that no key has"),
        ({"key": "sk-a\nX-Evil: 1"}, "characters that no key has"),
        ({"base_url": "api.example/v1"}, "not the address of an API"),
        ({"base_url": "http://[broken/v1"}, "not the address of an API"),
        ({"base_url": "http://127.0.0.1:99999/v1"}, "not the address of an API"),
    ],
)
async def test_settings_that_cannot_work_are_named_before_anything_is_sent(
    chat: Open, option: dict[str, str], words: str
) -> None:
    open_chat = await chat({"text": "never"}, **option)
    assert words in (await fault_of(open_chat)).text
    assert open_chat.api.requests == []


def test_importing_the_model_loads_no_sdk() -> None:
    code = "import sys, fastchat_tui.providers.openai; print({'openai', 'httpx2', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set()"


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("401", "auth", "rejected the key"),
        ("404", "model", "has no model “gpt-5-nano” for you"),
        ("quota", "quota", "no credit"),
        ("overflow", "context", "too long for gpt-5-nano"),
        ("html", "not_an_api", "a web page"),
        ("malformed", "malformed", "not a valid stream"),
        ("drop", "cut", "cut off: the connection to"),
        ("empty", "empty", "empty answer"),
        ("500", "overloaded", "overloaded or has failed"),
    ],
)
async def test_each_fault_is_one_readable_error_with_a_remedy(chat: Open, fault: str, kind: str, words: str) -> None:
    error = await fault_of(await chat({"fault": fault}))
    assert error.kind == kind
    assert words in error.text


async def test_nobody_at_home_is_told_at_once(chat: Open) -> None:
    open_chat = await chat(base_url="http://127.0.0.1:1/v1")
    error = await fault_of(open_chat)
    assert (error.kind, open_chat.pauses) == ("connect", [])
    assert "Start the local server" in error.remedy


async def test_a_stream_without_its_end_is_an_answer_that_was_cut_off(chat: Open) -> None:
    reply = await (await chat({"fault": "cut"})).reply()
    assert "cut off" in reply.cut
    assert reply.parts


async def test_a_stream_that_ends_before_the_answer_began_is_asked_for_again(chat: Open, wire: str) -> None:
    first = {"type": "response.created"} if wire == "responses" else {"choices": []}
    open_chat = await chat({"events": [first]}, {"text": "here"})
    await open_chat.ask()
    assert open_chat.said == "here"
    assert isinstance(open_chat.pieces[0], Waiting)


async def test_an_error_inside_the_stream_is_told_and_not_repeated_once_text_was_shown(chat: Open, wire: str) -> None:
    open_chat = await chat({"events": [HALF[wire], {"error": {"code": 502, "message": "upstream died"}}]})
    error = await fault_of(open_chat)
    assert "upstream died" in error.text
    assert (open_chat.said, len(open_chat.api.requests)) == ("half", 1)


@pytest.mark.parametrize("reason", ['{"message": "it died"}', '"it died"', '{"error": {"message": "it died"}}'])
async def test_an_event_that_is_named_an_error_is_one(chat: Open, wire: str, reason: str) -> None:
    error = await fault_of(await chat({"events": [HALF[wire], f"event: error\ndata: {reason}\n\n"]}))
    assert error.text.endswith(" refused the request. It says: “it died”.")


async def test_silence_ends_with_words(chat: Open) -> None:
    for fault in ("hang", "silent"):
        error = await fault_of(await chat({"fault": fault}, first_byte=0.2, idle=0.2))
        assert error.kind == "timeout"
        assert "200 ms" in error.text


async def test_comments_do_not_keep_a_silent_stream_alive(chat: Open) -> None:
    open_chat = await chat({"events": [": still here\n\n"] * 1000, "pace": 0.02}, first_byte=0.3)
    assert (await fault_of(open_chat)).kind == "timeout"


async def test_a_cancel_in_the_middle_leaves_a_model_that_can_be_asked_again(chat: Open) -> None:
    open_chat = await chat({"text": "one two three", "hold": 2})
    task = asyncio.create_task(open_chat.ask())
    await asyncio.wait_for(open_chat.api.held.wait(), 10)
    task.cancel()
    await asyncio.wait({task})
    open_chat.api.release()
    assert task.cancelled()
    fresh = await open_chat.ask()
    assert fresh


async def test_a_cancel_while_nothing_comes_is_seen_by_the_server(chat: Open) -> None:
    open_chat = await chat({"fault": "silent"})
    task = asyncio.create_task(open_chat.ask())
    await asyncio.wait_for(open_chat.api.asked.wait(), 10)
    task.cancel()
    await asyncio.wait_for(open_chat.api.gone.wait(), 10)
    assert (await asyncio.wait({task}))[0]


# ── trying again ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", ["429", "500", "malformed"])
async def test_a_passing_fault_before_the_first_word_is_waited_out_and_told(chat: Open, fault: str) -> None:
    failing: dict[str, Any] = {"fault": fault}
    if fault == "malformed":
        failing = {"events": ["data: {no JSON\n\n"]}
    open_chat = await chat(failing, {"text": "here"})
    await open_chat.ask()
    assert isinstance(open_chat.pieces[0], Waiting)
    assert open_chat.pieces[0].attempt == 1
    assert open_chat.said == "here"


async def test_the_pauses_grow_and_end(chat: Open) -> None:
    open_chat = await chat({"status": 503, "body": {}})
    await fault_of(open_chat)
    assert len(open_chat.pauses) == 3
    assert 0.7 < open_chat.pauses[0] < open_chat.pauses[1] < open_chat.pauses[2] < 5.1


async def test_the_server_says_how_long_to_wait(chat: Open) -> None:
    busy = {"status": 429, "body": {"error": {"message": "slow down"}}, "headers": {"retry-after": "17"}}
    open_chat = await chat(busy, busy | {"headers": {"retry-after-ms": "250"}}, {"text": "here"})
    await open_chat.ask()
    assert open_chat.pauses == [17.0, 0.25]


async def test_too_long_a_wait_is_told_instead(chat: Open) -> None:
    open_chat = await chat({"status": 429, "body": {}, "headers": {"retry-after": "900"}})
    assert "asks to wait 15 m" in (await fault_of(open_chat)).text
    assert open_chat.pauses == []


async def test_an_empty_answer_is_asked_for_once_more(chat: Open) -> None:
    open_chat = await chat({"fault": "empty"}, {"text": "here"})
    await open_chat.ask()
    assert (open_chat.said, len(open_chat.api.requests)) == ("here", 2)


async def test_thoughts_alone_are_no_answer(chat: Open) -> None:
    open_chat = await chat({"thought": "hm", "text": ""}, {"text": "never asked for"})
    assert (await open_chat.reply()).cut == "The model thought, but gave no answer."
    assert len(open_chat.api.requests) == 1


async def test_thoughts_that_used_up_the_limit_are_named_as_the_reason(chat: Open, wire: str) -> None:
    finish = "length" if wire == "chat" else "max_output_tokens"
    open_chat = await chat({"thought": "hm", "text": "", "finish": finish})
    assert "the model's thoughts used up its limit" in (await open_chat.reply()).cut


async def test_space_alone_is_an_empty_answer(chat: Open, wire: str) -> None:
    open_chat = await chat({"text": ["\n", " \n"]}, {"text": "better"})
    reply = await open_chat.reply()
    if wire == "chat":  # it was held back, as what may become a tag: so nothing was shown, and it is asked again
        assert open_chat.said == "better"
    else:
        assert reply.cut == "The model gave an empty answer."


async def test_each_tool_with_a_bad_schema_is_set_aside_and_the_request_goes_on(chat: Open) -> None:
    names = ("demo__a", "demo__b", "demo__c")
    prompt = replace(PROMPT, tools=tuple(replace(TOOL, model_name=name) for name in names))
    named = {"status": 400, "body": {"error": {"message": "Invalid schema for function 'demo__c': bad"}}}
    open_chat = await chat({"fault": "bad_schema"}, named, {"text": "fine"})
    await open_chat.ask(prompt)
    assert [piece.model_name for piece in open_chat.pieces if isinstance(piece, SetAside)] == ["demo__a", "demo__c"]
    assert open_chat.said == "fine"
    assert len(open_chat.body()["tools"]) == 1


# ── what it learns ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_parameter_that_is_not_known_is_left_out_from_then_on(chat: Open, wire: str) -> None:
    name = "stream_options" if wire == "chat" else "include"
    words = {"error": {"message": f"Unknown parameter: '{name}'.", "param": name}}
    open_chat = await chat({"status": 400, "body": words}, {"text": "one"}, {"text": "two"})
    await open_chat.ask()
    await open_chat.ask()
    assert [name in request[2] for request in open_chat.api.requests] == [True, False, False]
    assert open_chat.pauses == []


@pytest.mark.parametrize("wire", ["chat"])
async def test_a_model_without_a_system_role_reads_it_in_the_first_message(chat: Open) -> None:
    refused = {"status": 400, "body": {"error": {"message": "System role not supported"}}}
    open_chat = await chat(refused, {"text": "one"}, {"text": "two"})
    await open_chat.ask()
    await open_chat.ask()
    first, *later = [body["messages"] for _, _, body in open_chat.api.requests]
    assert first[0] == {"role": "system", "content": "be kind"}
    assert later == [[{"role": "user", "content": "be kind\n\nhi"}]] * 2


@pytest.mark.parametrize("wire", ["chat"])
async def test_a_model_that_wants_the_other_wire_gets_it(chat: Open) -> None:
    words = "Function tools with reasoning_effort are not supported. Please use /v1/responses instead."
    open_chat = await chat({"status": 400, "body": {"error": {"message": words}}}, {"text": "here"})
    await open_chat.ask()
    assert open_chat.said == "here"
    assert [path for path, _, _ in open_chat.api.requests] == ["/v1/chat/completions", "/v1/responses"]
    assert open_chat.model.view().wire == "responses"


@pytest.mark.parametrize("wire", ["responses"])
async def test_reasoning_that_the_endpoint_cannot_read_any_more_is_left_out(chat: Open, wire: str) -> None:
    refused = {"status": 400, "body": {"error": {"code": "invalid_encrypted_content", "message": "not verified"}}}
    open_chat = await chat(refused, {"text": "here"})
    opaque = OpaquePart("reasoning", {"type": "reasoning", "encrypted_content": "x"})
    said = AssistantMessage((opaque, TextPart("so")), f"{wire}:{open_chat.api.url.split('/')[2]}")
    await open_chat.ask(replace(PROMPT, messages=(UserMessage("q"), said, UserMessage("r"))))
    kinds = [[item.get("type") for item in request[2]["input"]] for request in open_chat.api.requests]
    assert kinds == [[None, "reasoning", None, None], [None, None, None]]


async def test_descriptions_are_shortened_to_what_the_endpoint_takes(chat: Open) -> None:
    words = "Invalid 'tools[0].function.description': string too long. Expected a string with maximum length 100"
    open_chat = await chat({"status": 400, "body": {"error": {"message": words}}}, {"text": "here"})
    await open_chat.ask(replace(PROMPT, tools=(replace(TOOL, description="d" * 500),)))
    assert open_chat.said == "here"
    tool = open_chat.body()["tools"][0]
    assert len(tool.get("function", tool)["description"]) == 100

"""The whole way over loopback: both wires, every fault, nothing of the environment leaks."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fastchat_tui.providers.openai import OpenAIModel
from fastchat_tui.wire.errors import ModelError
from fastchat_tui.wire.values import (
    AssistantMessage,
    CallPart,
    OpaquePart,
    Piece,
    Prompt,
    Reply,
    SetAside,
    TextPart,
    TextPiece,
    ThoughtPiece,
    Tool,
    ToolMessage,
    UserMessage,
    Waiting,
)
from tests.fakes.openai_api import FakeOpenAI

TOOL = Tool("demo", "get", "demo__get", input_schema={"type": "object", "properties": {"x": {"type": "array"}}})
PROMPT = Prompt("gpt-5-nano", (UserMessage("hi"),), (TOOL,), "be kind", "s-1")
WIRES = pytest.mark.parametrize("wire", ["chat", "responses"])


async def ask(server: FakeOpenAI, wire: str, prompt: Prompt = PROMPT, **options: float) -> list[Piece]:
    model = OpenAIModel("gpt-5-nano", server.url, "sk-test-key-123456", wire=wire, **options)  # type: ignore[arg-type]
    try:
        return [piece async for piece in model.stream(prompt)]
    finally:
        await model.close()


@WIRES
async def test_thought_text_parallel_calls_and_usage_arrive(wire: str) -> None:
    calls = [{"name": "demo__get", "arguments": {"x": [1]}}, {"name": "demo__get", "id": "other", "arguments": {}}]
    reply = {"thought": "let me think", "text": "two calls then", "calls": calls}
    async with FakeOpenAI([reply]).serve() as server:
        pieces = await ask(server, wire)
    assert "".join(p.text for p in pieces if isinstance(p, ThoughtPiece)) == "let me think"
    assert "".join(p.text for p in pieces if isinstance(p, TextPiece)) == "two calls then"
    last = pieces[-1]
    assert isinstance(last, Reply)
    assert [p for p in last.parts if isinstance(p, CallPart)] == [
        CallPart("call_0", "demo__get", '{"x": [1]}'),
        CallPart("other", "demo__get", "{}"),
    ]
    assert (last.usage.input, last.usage.output, last.cut) == (100, 20, "")


@WIRES
async def test_the_history_goes_up_with_every_call_answered(wire: str) -> None:
    opaque = OpaquePart("reasoning", {"type": "reasoning", "encrypted_content": "x", "status": "done"})
    async with FakeOpenAI([{"text": "ok"}]).serve() as server:
        issuer = f"{wire}:{server.url.split('/')[2]}"
        said = AssistantMessage((opaque, TextPart("let me see"), CallPart("c1", "demo__get", "{}")), issuer)
        foreign = replace(said, issuer="responses:elsewhere")
        history = (
            UserMessage("hi"),
            said,
            ToolMessage("c1", "42"),
            foreign,
            ToolMessage("c1", "43"),
            UserMessage("so?"),
        )
        await ask(server, wire, replace(PROMPT, messages=history))
    _, headers, body = server.requests[0]
    assert headers["authorization"] == "Bearer sk-test-key-123456"
    if wire == "chat":
        assert [m["role"] for m in body["messages"]] == [
            "system", "user", "assistant", "tool", "assistant", "tool", "user",
        ]  # fmt: skip
        assert body["messages"][3]["tool_call_id"] == body["messages"][2]["tool_calls"][0]["id"] == "c1"
        parameters = body["tools"][0]["function"]["parameters"]
    else:
        kinds = [item.get("type", item.get("role")) for item in body["input"]]
        first = ["user", "reasoning", "assistant", "function_call", "function_call_output"]
        assert kinds == [*first, "assistant", "function_call", "function_call_output", "user"]
        assert "status" not in body["input"][1]
        assert body["store"] is False
        assert body["tools"][0]["strict"] is False
        parameters = body["tools"][0]["parameters"]
    assert parameters["properties"]["x"]["items"] == {}


@WIRES
@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("401", "auth", "rejected the key"),
        ("404", "model", "has no model"),
        ("quota", "quota", "no credit"),
        ("overflow", "context", "is too long"),
        ("html", "not_an_api", "a web page"),
        ("redirect", "not_an_api", "redirects to"),
        ("malformed", "malformed", "not a valid stream"),
        ("drop", "cut", "cut off"),
        ("empty", "empty", "empty answer"),
    ],
)
async def test_each_fault_is_one_readable_error_with_a_remedy(wire: str, fault: str, kind: str, words: str) -> None:
    async with FakeOpenAI([{"fault": fault}]).serve() as server:
        with pytest.raises(ModelError, match=words) as caught:
            await ask(server, wire)
    assert caught.value.kind == kind
    assert caught.value.remedy
    assert "sk-test-key-123456" not in caught.value.text


@WIRES
async def test_a_stream_without_its_end_is_an_answer_that_was_cut_off(wire: str) -> None:
    async with FakeOpenAI([{"fault": "cut"}]).serve() as server:
        last = (await ask(server, wire))[-1]
    assert isinstance(last, Reply)
    assert "cut off" in last.cut
    assert last.parts


@WIRES
@pytest.mark.parametrize("fault", ["429", "500"])
async def test_a_passing_fault_is_waited_out_and_told(wire: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)
    async with FakeOpenAI([{"fault": fault}, {"text": "here"}]).serve() as server:
        pieces = await ask(server, wire)
    assert isinstance(pieces[0], Waiting)
    assert pieces[1] == TextPiece("here")


@WIRES
async def test_one_bad_schema_is_set_aside_and_the_request_goes_on(wire: str) -> None:
    prompt = replace(PROMPT, tools=(TOOL, replace(TOOL, name="b", model_name="demo__b")))
    async with FakeOpenAI([{"fault": "bad_schema"}, {"text": "fine"}]).serve() as server:
        pieces = await ask(server, wire, prompt)
    assert isinstance(pieces[0], SetAside)
    assert pieces[0].model_name == "demo__get"
    assert len(server.requests[1][2]["tools"]) == 1


@WIRES
@pytest.mark.parametrize("fault", ["hang", "silent"])
async def test_silence_ends_with_words(wire: str, fault: str) -> None:
    async with FakeOpenAI([{"fault": fault}]).serve() as server:
        with pytest.raises(ModelError) as caught:
            await ask(server, wire, connect=0.1, first_byte=0.1, idle=0.1, max_tries=1)
    assert caught.value.kind == "timeout"


@WIRES
async def test_a_cancel_closes_the_connection(wire: str) -> None:
    async with FakeOpenAI([{"fault": "hang"}]).serve() as server:
        model = OpenAIModel("m", server.url, "k", wire=wire)
        first = asyncio.Event()

        async def read() -> None:
            async for _ in model.stream(PROMPT):
                first.set()

        task = asyncio.create_task(read())
        if wire == "chat":
            await asyncio.wait_for(first.wait(), 10)
        else:
            await asyncio.wait_for(server.asked.wait(), 10)
        task.cancel()
        await asyncio.wait({task})
        await asyncio.wait_for(server.gone.wait(), 10)
        await model.close()


async def test_nothing_of_the_environment_goes_to_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer stolen\nX-Leak: yes")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with FakeOpenAI([{"text": "ok"}]).serve() as server:
        model = OpenAIModel("m", server.url, "")
        assert model.view().key == "not needed"
        assert [p async for p in model.stream(PROMPT)][:1] == [TextPiece("ok")]
        await model.close()
    headers = server.requests[0][1]
    assert "secret" not in str(headers)
    assert "stolen" not in str(headers)
    assert "authorization" not in headers
    assert not [name for name in headers if name.startswith(("openai-", "x-stainless", "x-leak"))]
    assert headers["user-agent"].startswith("fastchat-tui/")

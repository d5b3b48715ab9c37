"""One answer in every dialect of the compatible servers, cut into chunks anywhere: it is always the same answer."""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
from hypothesis import given, settings
from hypothesis import strategies as st

from fastchat_tui.providers.openai import OpenAIModel
from fastchat_tui.wire.chat import CallPart, Prompt, Reply, TextPiece, ThoughtPiece, Usage, UserMessage

Chunk = dict[str, Any]
WORDS = ("It ", "is ", "“nine”", " — 終わり", "\n\n", "{}", "a\u2028b", "🧑‍🚀", " data: [DONE]")


@dataclass(frozen=True)
class Truth:
    """What the model means to say."""

    thought: str
    words: tuple[str, ...]
    calls: tuple[tuple[str, Chunk], ...]

    @property
    def text(self) -> str:
        return "".join(self.words)


truths = st.builds(
    Truth,
    st.sampled_from(["", "hm", "I think — so.\nYes."]),
    st.lists(st.sampled_from(WORDS), max_size=5).map(lambda words: ("So ", *words)),
    st.lists(
        st.tuples(st.sampled_from(["a__get", "a__put"]), st.sampled_from([{}, {"x": "“1”"}, {"n": [1, {"y": None}]}])),
        max_size=3,
    ).map(tuple),
)


def pieces(draw: st.DrawFn, text: str) -> list[str]:
    """``text`` in a few fragments."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


# ── Chat Completions ─────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def chat_chunks(draw: st.DrawFn, truth: Truth) -> list[Chunk]:
    def choice(delta: Any, finish: str | None = None) -> Chunk:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    chunks: list[Chunk] = []
    if draw(st.booleans()):
        chunks.append({"choices": [], "model": "", "prompt_filter_results": []})  # Azure
    chunks.append(choice(draw(st.sampled_from([{"role": "assistant", "content": ""}, {"content": None}, None]))))
    chunks += map(choice, _thoughts(draw, truth))
    if draw(st.booleans()):
        chunks += [choice({"content": word}) for word in truth.words]
    else:
        chunks += [choice({"content": [{"type": "text", "text": word}]}) for word in truth.words]  # Mistral
    fragments = list(_calls(draw, truth))
    finish = draw(st.sampled_from(["stop", "tool_calls", "end_turn"]))
    beside = draw(st.booleans()) and len(fragments) > 0
    chunks += [choice({"tool_calls": [one]}) for one in (fragments[:-1] if beside else fragments)]
    chunks.append(choice({"tool_calls": fragments[-1:]} if beside else {}, finish))
    if draw(st.booleans()):
        chunks.append(choice({"content": ""}, finish))  # OpenRouter says it twice
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
    match draw(st.sampled_from(["last", "beside", "growing", "groq"])):
        case "last":
            chunks.append({"choices": [], "usage": usage})
        case "beside":
            chunks[-1]["usage"] = usage
        case "growing":
            for number, chunk in enumerate(chunks):
                chunk["usage"] = {**usage, "completion_tokens": min(number, 4)}
            chunks[-1]["usage"] = usage
        case _:
            chunks[-1]["x_groq"] = {"usage": usage}
    return chunks


def _thoughts(draw: st.DrawFn, truth: Truth) -> Iterator[Chunk]:
    if not truth.thought:
        return
    way = draw(st.sampled_from(["reasoning", "reasoning_content", "both", "details", "blocks", "tags"]))
    if way == "tags":
        yield from ({"content": part} for part in pieces(draw, f"<think>{truth.thought}</think>"))
        return
    for part in filter(None, pieces(draw, truth.thought)):
        match way:
            case "both":
                yield {"reasoning": part, "reasoning_content": part, "content": ""}
            case "details":
                yield {"content": "", "reasoning_details": [{"type": "reasoning.text", "text": part, "index": 0}]}
            case "blocks":
                yield {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": part}]}]}
            case key:
                yield {"content": None, key: part}


def _calls(draw: st.DrawFn, truth: Truth) -> Iterator[Chunk]:
    index = draw(st.sampled_from(["given", "given", "odd", "missing", "zero"]))
    ids = draw(st.sampled_from(["once", "always", "never"])) if index in ("given", "odd") else "once"
    written = draw(st.sampled_from(["fragments", "whole", "object"]))
    names = draw(st.sampled_from(["once", "empty later", "always"])) if index != "missing" or ids == "once" else "once"
    for number, (name, arguments) in enumerate(truth.calls):
        text = json.dumps(arguments, ensure_ascii=False)
        if not arguments and draw(st.booleans()):
            parts: list[Any] = draw(st.sampled_from([[""], [None], [None, ""]]))
        else:
            parts = {"fragments": ["", *pieces(draw, text)], "whole": [text], "object": [arguments]}[written]
        for at, part in enumerate(parts):
            fragment: Chunk = {"type": "function", "function": {"arguments": part}}
            if index != "missing":
                fragment["index"] = {"given": number, "odd": 3 * number + 2, "zero": 0}[index]
            if ids == "always" or (ids == "once" and not at):
                fragment["id"] = f"id{number}"
            if not at or names == "always":
                fragment["function"]["name"] = name
            elif names == "empty later":
                fragment["function"]["name"] = ""
            if index == "missing" and at and names == "always":
                fragment["id"] = f"id{number}"
            yield fragment


# ── Responses ────────────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def responses_events(draw: st.DrawFn, truth: Truth) -> list[Chunk]:
    items: list[Chunk] = []
    if truth.thought:
        key, kind = draw(st.sampled_from([("summary", "summary_text"), ("content", "reasoning_text")]))
        items.append({"type": "reasoning", "id": "r", "encrypted_content": "z", key: [_block(kind, truth.thought)]})
    items.append({"type": "message", "id": "m", "content": [_block("output_text", truth.text)]})
    for number, (name, arguments) in enumerate(truth.calls):
        whole = {"id": f"f{number}", "call_id": f"id{number}", "name": name, "arguments": json.dumps(arguments)}
        items.append({"type": "function_call", **whole})
    events = [{"type": kind} for kind in draw(st.lists(st.sampled_from(["response.created", "keepalive", "x.y"])))]
    usage = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
    end = {"type": "response.completed", "response": {"status": "completed", "usage": usage, "output": items}}
    if draw(st.integers(0, 5)) == 0:
        return [*events, end]  # all at once
    addressed = draw(st.sampled_from(["both", "index", "id"]))
    fragments = draw(st.booleans())
    for index, item in enumerate(items):
        for event in _item(draw, truth, item, fragments):
            if addressed != "id":
                event["output_index"] = index
            if addressed != "index" and "item" not in event:
                event["item_id"] = item["id"]
            events.append(event)
    if draw(st.booleans()):
        end["response"]["output"] = []
    return [*events, end]


def _item(draw: st.DrawFn, truth: Truth, item: Chunk, fragments: bool) -> Iterator[Chunk]:
    empty = {"arguments": "", "content": [], "summary": [], "encrypted_content": ""}
    yield {"type": "response.output_item.added", "item": {k: empty.get(k, v) for k, v in item.items()}}
    match item["type"]:
        case "reasoning" if fragments:
            kind = "reasoning_summary_text" if "summary" in item else "reasoning_text"
            yield from ({"type": f"response.{kind}.delta", "delta": part} for part in pieces(draw, truth.thought))
        case "message" if fragments:
            yield from ({"type": "response.output_text.delta", "delta": word} for word in truth.words)
            yield {"type": "response.output_text.done", "text": truth.text}
        case "function_call" if fragments:
            kind = "response.function_call_arguments"
            yield from ({"type": f"{kind}.delta", "delta": part} for part in pieces(draw, item["arguments"]))
            yield {"type": f"{kind}.done", "arguments": item["arguments"]}
        case _:
            pass
    written = item.get("arguments", "")
    if written and draw(st.booleans()):
        item = {**item, "arguments": json.loads(written)}
    yield {"type": "response.output_item.done", "item": item}


def _block(kind: str, text: str) -> Chunk:
    return {"type": kind, "text": text}


# ── on the wire ──────────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def on_the_wire(draw: st.DrawFn, chunks: list[Chunk]) -> list[bytes]:
    """The events as bytes, with whatever SSE allows between them, cut anywhere."""
    line = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    plain = draw(st.booleans())
    text = ""
    for chunk in chunks:
        text += draw(st.sampled_from(["", "", f": PROCESSING{line}{line}", f"id: 7{line}", f"event: x{line}"]))
        space = draw(st.sampled_from([" ", ""]))
        text += f"data:{space}{json.dumps(chunk, ensure_ascii=plain)}{line}{line}"
    if draw(st.booleans()):
        text += f"data: [DONE]{line}{line}"
    raw = draw(st.sampled_from([b"", codecs.BOM_UTF8])) + text.encode()
    sizes = [*draw(st.lists(st.integers(1, 40), max_size=30)), draw(st.integers(1, 5000))]
    cut: list[bytes] = []
    for number in range(len(raw)):
        if not raw:
            break
        size = sizes[min(number, len(sizes) - 1)]
        cut.append(raw[:size])
        raw = raw[size:]
    return cut


class Body(httpx2.AsyncByteStream):
    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def heard(wire: str, chunks: list[bytes]) -> tuple[str, str, Reply]:
    """What the model makes of it: text, thought, and the reply."""
    headers = {"content-type": "text/event-stream"}
    network = httpx2.MockTransport(lambda request: httpx2.Response(200, headers=headers, stream=Body(chunks)))
    model = OpenAIModel("m", "https://api.example/v1", "key", wire, max_tries=1, network=network)

    async def run() -> tuple[str, str, Reply]:
        said = thought = ""
        async for piece in model.stream(Prompt("m", (UserMessage("hi"),))):
            match piece:
                case TextPiece(text=text):
                    said += text
                case ThoughtPiece(text=text):
                    thought += text
                case Reply():
                    await model.close()
                    return said, thought, piece
        raise AssertionError("no reply")

    return asyncio.run(run())


def judge(truth: Truth, said: str, thought: str, reply: Reply) -> None:
    assert (said, thought) == (truth.text, truth.thought)
    calls = [part for part in reply.parts if isinstance(part, CallPart)]
    assert [(part.name, json.loads(part.arguments or "{}")) for part in calls] == list(truth.calls)
    assert len({part.call for part in calls}) == len(calls)
    assert "".join(getattr(part, "text", "") for part in reply.parts) == thought + said
    assert (reply.usage, reply.cut) == (Usage(9, 4), "")


@settings(max_examples=100)
@given(st.data())
def test_chat_completions_in_every_dialect(data: st.DataObject) -> None:
    truth = data.draw(truths)
    judge(truth, *heard("chat", data.draw(on_the_wire(data.draw(chat_chunks(truth))))))


@settings(max_examples=100)
@given(st.data())
def test_responses_in_every_dialect(data: st.DataObject) -> None:
    truth = data.draw(truths)
    judge(truth, *heard("responses", data.draw(on_the_wire(data.draw(responses_events(truth))))))

"""A stand-in for the OpenAI API on loopback: both wires, streamed, scripted, with faults.

A script is a list of replies, one for each request in turn (the last is repeated). A reply is an object:

    {"text": "words …", "thought": "…", "calls": [{"name": "demo__get_time", "arguments": {…}}], "usage": true}

or a fault, ``{"fault": NAME}``:

    401 404 429 500 quota overflow   an error answer (429 with Retry-After: 0)
    bad_schema                       a 400 that blames ``tools[0]``
    cut                              a stream that ends in the middle, without its end
    drop                             the connection breaks in the middle
    malformed                        an event that is no JSON
    hang                             headers, then nothing (until the server stops)
    silent                           nothing at all
    empty                            an end without a word
    html                             a web page with status 200
    redirect                         a 307 to another origin

``python -m tests.fakes.openai_api SCRIPT.json`` serves it and prints the base URL. Requests are kept in ``requests``
as (path, headers, body).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

Reply = dict[str, Any]
ERRORS: dict[str, tuple[int, Any]] = {
    "401": (401, {"error": {"message": "Incorrect API key provided: sk-…", "code": "invalid_api_key"}}),
    "404": (404, {"error": {"message": "The model does not exist", "code": "model_not_found"}}),
    "429": (429, {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}),
    "500": (500, {"error": {"message": "The server had an error"}}),
    "quota": (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}),
    "overflow": (400, {"error": {"message": "This model's maximum context length is 8192 tokens"}}),
    "bad_schema": (400, {"error": {"message": "Invalid schema for function: tools[0]: bad", "param": "tools[0]"}}),
}


class FakeOpenAI:
    """One server; ``url`` is its base URL."""

    def __init__(self, script: Sequence[Reply]) -> None:
        self._script = list(script)
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.url = ""
        self.asked = asyncio.Event()
        """Set when the first request has arrived."""
        self.gone = asyncio.Event()
        """Set when a client closed a connection that was still being answered."""

    @asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator[FakeOpenAI]:
        open_tasks: set[asyncio.Task[Any]] = set()

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            open_tasks.add(task)
            try:
                await self._client(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                self.gone.set()
            except asyncio.CancelledError:
                pass
            finally:
                open_tasks.discard(task)
                writer.close()

        server = await asyncio.start_server(client, "127.0.0.1", port, limit=1 << 24)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        try:
            yield self
        finally:
            server.close()
            for task in tuple(open_tasks):
                task.cancel()
            if open_tasks:
                await asyncio.wait(open_tasks)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            path = line.decode().split()[1]
            headers: dict[str, str] = {}
            while (header := (await reader.readline()).decode().rstrip("\r\n")) != "":
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))) or b"{}")
            reply = self._script[min(len(self.requests), len(self._script) - 1)]
            self.requests.append((path, headers, body))
            self.asked.set()
            if not await self._answer(path, reply, reader, writer):
                return

    async def _answer(
        self, path: str, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the connection can be used again."""
        fault = str(reply.get("fault", ""))
        if fault in ERRORS:
            status, body = ERRORS[fault]
            extra = "retry-after: 0\r\n" if fault == "429" else ""
            _whole(writer, status, "application/json", json.dumps(body), extra)
            return True
        if fault == "html":
            _whole(writer, 200, "text/html", "<html><body><h1>Please sign in</h1></body></html>")
            return True
        if fault == "redirect":
            _whole(writer, 307, "text/plain", "", "location: http://127.0.0.1:9/v1/elsewhere\r\n")
            return True
        if fault == "silent":
            await reader.read()
            self.gone.set()
            return False
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        events = _responses(reply) if path.endswith("/responses") else _chat(reply)
        if fault in ("cut", "drop", "hang", "malformed"):
            events = events[: max(1, len(events) // 2)] if fault != "hang" else events[:1]
        for event in events:
            _chunk(writer, f"data: {json.dumps(event)}\n\n")
            await writer.drain()
            await asyncio.sleep(float(reply.get("pace", 0)))
        if fault == "hang":
            await reader.read()
            self.gone.set()
            return False
        if fault == "drop":
            return False
        if fault == "malformed":
            _chunk(writer, "data: {this is no JSON\n\n")
        if fault == "":
            _chunk(writer, "data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def _chat(reply: Reply) -> list[Any]:
    def chunk(delta: Any, finish: str | None = None) -> Any:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    events = [chunk({"reasoning_content": word}) for word in _words(reply.get("thought", ""))]
    events += [chunk({"content": word}) for word in _words(reply.get("text", _filler(reply)))]
    calls = reply.get("calls", [])
    for index, call in enumerate(calls):
        arguments = json.dumps(call.get("arguments", {}))
        head = {"index": index, "id": call.get("id", f"call_{index}"), "type": "function"}
        events.append(chunk({"tool_calls": [head | {"function": {"name": call["name"], "arguments": ""}}]}))
        for piece in re.findall(".{1,7}", arguments, re.DOTALL):
            events.append(chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
    events.append(chunk({}, "tool_calls" if calls else "stop"))
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return [*events, {"choices": [], "usage": usage}]


def _responses(reply: Reply) -> list[Any]:
    events: list[Any] = [{"type": "response.created", "response": {"id": "r"}}]
    index = 0
    if thought := reply.get("thought", ""):
        kind = "response.reasoning_summary_text.delta"
        events += [{"type": kind, "output_index": index, "delta": word} for word in _words(thought)]
        item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "opaque", "status": "completed"}
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
        index += 1
    for word in _words(reply.get("text", _filler(reply))):
        events.append({"type": "response.output_text.delta", "output_index": index, "content_index": 0, "delta": word})
    for number, call in enumerate(reply.get("calls", [])):
        index += 1
        arguments = json.dumps(call.get("arguments", {}))
        item = {"type": "function_call", "call_id": call.get("id", f"call_{number}"), "name": call["name"]}
        events.append({"type": "response.output_item.added", "output_index": index, "item": item | {"arguments": ""}})
        for piece in re.findall(".{1,7}", arguments, re.DOTALL):
            kind = "response.function_call_arguments.delta"
            events.append({"type": kind, "output_index": index, "delta": piece})
        done = item | {"arguments": arguments}
        events.append({"type": "response.output_item.done", "output_index": index, "item": done})
    usage = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
    return [*events, {"type": "response.completed", "response": {"status": "completed", "usage": usage}}]


def _filler(reply: Reply) -> str:
    return "" if reply.get("calls") or reply.get("fault") == "empty" else "some words that stream slowly by"


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text)


def _chunk(writer: asyncio.StreamWriter, text: str) -> None:
    raw = text.encode()
    writer.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")


def _whole(writer: asyncio.StreamWriter, status: int, kind: str, body: str, extra: str = "") -> None:
    raw = body.encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(raw)}\r\n{extra}\r\n"
    writer.write(head.encode() + raw)


async def main(path: str) -> None:
    async with FakeOpenAI(json.loads(Path(path).read_text())).serve() as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

"""A stand-in for the OpenAI API on loopback: both wires, streamed, scripted, with faults.

A script is a list of replies. Each request takes the first reply that fits and is not used up; when none is left, the
last one is given again. A reply is an object with any of these keys:

    text        what it says: a string (streamed word by word) or a list of fragments
    thought     what it thinks before
    calls       [{"name": "demo__get_time", "arguments": {…} or "raw text", "id": "…"}], several at once if you like
    finish      the finish reason (length, content_filter, …); left out: stop, or tool_calls
    usage       the usage object; false for none
    match       a regular expression for the last user message: the reply is for such requests only
    results     true: only when the last message is a tool's result; false: only when it is not
    repeat      true: it is never used up (with calls: an endless tool loop)
    hold        waits before event number N until ``release()`` or POST /control/release
    pace        seconds between two events, for eyes and pseudo-terminals
    split       so many bytes in each chunk of the stream: inside a character, an escape, a line
    events      the events themselves, instead of text, thought and calls; a string is sent as it is
    status, headers, body     an answer without a stream: body is an object (JSON) or a string (HTML)
    fault       one of these:

    401 404 429 500 quota overflow   an error answer (429 comes with Retry-After: 0)
    bad_schema                       a 400 that blames tools[0]
    inside                           status 200, and an error as the only event
    unfinished                       all the words, but never why they end
    cut                              the stream ends in the middle, politely
    drop                             the connection breaks in the middle
    malformed                        an event in the middle that is no JSON
    hang                             the first event, then nothing
    silent                           nothing at all
    empty                            an end without a word
    html                             a web page with status 200
    redirect                         a 307 to another origin
    gzip                             a compressed answer
    huge                             one event of more than 16 MiB

In a test with a loop: ``async with FakeOpenAI(script).serve() as api``; without one: ``with serving(script) as api``;
as a process: ``python -m tests.fakes.openai_api --port 0 --script FILE.json``, which prints the base URL, and tells
the requests at GET /control/requests. ``api.requests`` keeps (path, headers, body) of each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

Reply = dict[str, Any]
Request = tuple[str, dict[str, str], dict[str, Any]]
MIDDLE = ("cut", "drop", "malformed")
ERRORS: dict[str, tuple[int, Any]] = {
    "401": (401, {"error": {"message": "Incorrect API key provided: sk-…", "code": "invalid_api_key"}}),
    "404": (404, {"error": {"message": "The model does not exist", "code": "model_not_found"}}),
    "429": (429, {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}),
    "500": (500, {"error": {"message": "The server had an error"}}),
    "quota": (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}),
    "overflow": (400, {"error": {"message": "This model's maximum context length is 8192 tokens"}}),
    "bad_schema": (400, {"error": {"message": "Invalid schema for function: tools[0]: bad", "param": "tools[0]"}}),
    "html": (200, "<html><body><h1>Please sign in</h1></body></html>"),
    "redirect": (307, ""),
}
INSIDE = {"error": {"message": "The engine room is on fire", "code": 400}}
HEADERS = {
    "429": {"retry-after": "0"},
    "redirect": {"location": "http://127.0.0.1:9/v1/elsewhere?token=secret"},
}


class FakeOpenAI:
    """One server; ``url`` is its base URL."""

    def __init__(self, script: Sequence[Reply]) -> None:
        self._left = list(script)
        self.requests: list[Request] = []
        self.url = ""
        self.asked = asyncio.Event()
        """Set when the first request has arrived."""
        self.held = asyncio.Event()
        """Set when a reply waits to be released."""
        self.models: tuple[int, Any] = (200, {"data": [{"id": "gpt-5-nano"}, {"id": "gpt-5-large"}]})
        self.listed: list[Request] = []
        """The requests for the list of models."""
        self.gone = asyncio.Event()
        """Set when a client closed a connection that was still being answered."""
        self._released = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def release(self) -> None:
        """Lets every reply that is held, now or later, go on; from any thread."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._released.set)

    @asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator[FakeOpenAI]:
        self._loop = asyncio.get_running_loop()
        open_tasks: set[asyncio.Task[Any]] = set()

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            open_tasks.add(task)
            try:
                while request := await _read(reader):
                    if not await self._serve(request, reader, writer):
                        break
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

    async def _serve(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one request; returns whether the connection can be used again."""
        path = request[0]
        if path == "/control/release":
            self.release()
        if path.startswith("/control/"):
            _whole(writer, 200, {"requests": self.requests})
            return True
        if path.endswith("/models"):
            self.listed.append(request)
            _whole(writer, *self.models)
            return True
        self.requests.append(request)
        self.asked.set()
        reply = self._take(request[2])
        fault = str(reply.get("fault", ""))
        if fault in ERRORS:
            _whole(writer, *ERRORS[fault], HEADERS.get(fault, {}))
            return True
        if "status" in reply:
            _whole(writer, reply["status"], reply.get("body", ""), reply.get("headers", {}))
            return True
        if fault == "silent":
            return await self._until_gone(reader)
        encoding = "content-encoding: gzip\r\n" if fault == "gzip" else ""
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{encoding}transfer-encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        return await self._stream(path, reply, fault, reader, writer)

    async def _stream(
        self, path: str, reply: Reply, fault: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        events = reply.get("events") or (_responses if path.endswith("/responses") else _chat)(reply)
        if fault == "inside":
            events = [INSIDE]
        if fault in MIDDLE:
            events = events[: max(1, len(events) // 2)]
        for number, event in enumerate(events[:1] if fault == "hang" else events):
            if number == reply.get("hold"):
                self.held.set()
                await self._released.wait()
            _chunk(writer, event if isinstance(event, str) else _event(event, reply), reply.get("split", 0))
            await writer.drain()
            await asyncio.sleep(float(reply.get("pace", 0)))
        match fault:
            case "hang":
                return await self._until_gone(reader)
            case "drop":
                return False
            case "malformed":
                _chunk(writer, "data: {this is no JSON\n\n")
            case "huge":
                for _ in range(17):
                    _chunk(writer, "x" * (1 << 20))
                    await writer.drain()
            case "cut":
                pass
            case _:
                _chunk(writer, "data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    def _take(self, body: dict[str, Any]) -> Reply:
        messages = body.get("messages") or body.get("input") or [{}]
        asked = next((m.get("content") for m in reversed(messages) if m.get("role") == "user"), "")
        results = messages[-1].get("role") == "tool" or messages[-1].get("type") == "function_call_output"
        for reply in self._left:
            if re.search(reply.get("match", ""), str(asked)) and reply.get("results", results) == results:
                if not reply.get("repeat") and len(self._left) > 1:
                    self._left.remove(reply)
                return reply
        return {"status": 500, "body": {"error": {"message": "no reply in the script fits"}}}

    async def _until_gone(self, reader: asyncio.StreamReader) -> bool:
        await reader.read()
        self.gone.set()
        return False


@contextmanager
def serving(script: Sequence[Reply], port: int = 0) -> Iterator[FakeOpenAI]:
    """The same in a thread of its own, for a test that has no loop."""
    api = FakeOpenAI(script)
    ready, stop = threading.Event(), asyncio.Event()

    async def run() -> None:
        async with api.serve(port):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert ready.wait(10)
        yield api
    finally:
        assert api._loop is not None
        api._loop.call_soon_threadsafe(stop.set)
        thread.join()


# ── the events of both wires ─────────────────────────────────────────────────────────────────────────────────────


def _chat(reply: Reply) -> list[Any]:
    def chunk(delta: Any, finish: str | None = None) -> Any:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    events = [chunk({"reasoning_content": word}) for word in _words(reply.get("thought", ""))]
    events += [chunk({"content": word}) for word in _words(reply.get("text", _filler(reply)))]
    calls = reply.get("calls", [])
    for index, call in enumerate(calls):
        head = {"index": index, "id": call.get("id", f"call_{index}"), "type": "function"}
        events.append(chunk({"tool_calls": [head | {"function": {"name": call["name"], "arguments": ""}}]}))
        for piece in re.findall(".{1,7}", _arguments(call), re.DOTALL):
            events.append(chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
    if reply.get("fault") == "unfinished":
        return events
    events.append(chunk({}, reply.get("finish", "tool_calls" if calls else "stop")))
    usage = reply.get("usage", {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120})
    return [*events, {"choices": [], "usage": usage}] if usage else events


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
        item = {"type": "function_call", "call_id": call.get("id", f"call_{number}"), "name": call["name"]}
        events.append({"type": "response.output_item.added", "output_index": index, "item": item | {"arguments": ""}})
        for piece in re.findall(".{1,7}", _arguments(call), re.DOTALL):
            kind = "response.function_call_arguments.delta"
            events.append({"type": kind, "output_index": index, "delta": piece})
        done = item | {"arguments": _arguments(call)}
        events.append({"type": "response.output_item.done", "output_index": index, "item": done})
    if reply.get("fault") == "unfinished":
        return events
    finish = reply.get("finish", "")
    state = "incomplete" if finish else "completed"
    end: dict[str, Any] = {"status": state, "incomplete_details": {"reason": finish} if finish else None}
    if usage := reply.get("usage", {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}):
        end["usage"] = usage
    return [*events, {"type": f"response.{state}", "response": end}]


def _arguments(call: dict[str, Any]) -> str:
    arguments = call.get("arguments", {})
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def _filler(reply: Reply) -> str:
    return "" if reply.get("calls") or reply.get("fault") == "empty" else "some words that stream slowly by"


def _words(text: str | list[str]) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text) if isinstance(text, str) else text


# ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _read(reader: asyncio.StreamReader) -> Request | None:
    if not (line := await reader.readline()):
        return None
    headers: dict[str, str] = {}
    while (header := (await reader.readline()).decode().rstrip("\r\n")) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return line.decode().split()[1], headers, json.loads(body or b"{}")


def _event(event: Any, reply: Reply) -> str:
    """As it is usual; with ``split``, its characters themselves, so that a chunk can end inside one."""
    return f"data: {json.dumps(event, ensure_ascii='split' not in reply)}\n\n"


def _chunk(writer: asyncio.StreamWriter, text: str, size: int = 0) -> None:
    whole = text.encode("utf-8", "surrogateescape")
    for at in range(0, len(whole), size or len(whole) or 1):
        raw = whole[at : at + size] if size else whole
        writer.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")


def _whole(writer: asyncio.StreamWriter, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
    kind, raw = ("text/html", body) if isinstance(body, str) else ("application/json", json.dumps(body))
    fields = {"content-type": kind, "content-length": str(len(raw.encode()))} | (headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"HTTP/1.1 {status} X\r\n{head}\r\n{raw}".encode())


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, required=True)
    options = parser.parse_args()
    async with FakeOpenAI(json.loads(options.script.read_text())).serve(options.port) as api:
        print(api.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

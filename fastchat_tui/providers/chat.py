"""The Chat Completions wire: a prompt to a request body, chunks to pieces and a reply. No I/O.

Chunks are plain dicts of any compatible server: index or id may be missing, arguments may come as an object or whole,
``finish_reason`` may say ``stop`` with calls, choices may be empty.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastchat_tui.providers.profiles import Profile
from fastchat_tui.providers.schemas import parameters
from fastchat_tui.providers.tags import ThinkTags
from fastchat_tui.wire.values import (
    AssistantMessage,
    CallPart,
    Message,
    Object,
    OpaquePart,
    Part,
    Prompt,
    Reply,
    TextPart,
    TextPiece,
    ThoughtPart,
    ThoughtPiece,
    ToolMessage,
    Usage,
    UserMessage,
)

PATH = "/chat/completions"
DETAILS = "reasoning_details"
CUT = {
    "length": "The answer was cut off at the model's limit of tokens.",
    "max_tokens": "The answer was cut off at the model's limit of tokens.",
    "content_filter": "The provider's content filter stopped the answer.",
    "error": "The provider stopped the answer with an error.",
}
ENDED = "The answer was cut off: the stream ended before its end."
Piece = TextPiece | ThoughtPiece


def serialise(prompt: Prompt, profile: Profile) -> Object:
    messages: list[Object] = [{"role": profile.system_role, "content": prompt.system}] if prompt.system else []
    messages += [_message(message, profile) for message in prompt.messages]
    body: Object = {"model": prompt.model, "messages": messages, "stream": True}
    if profile.include_usage:
        body["stream_options"] = {"include_usage": True}
    if prompt.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.model_name,
                    "description": tool.description,
                    "parameters": parameters(tool.input_schema),
                },
            }
            for tool in prompt.tools
        ]
    return body


def _message(message: Message, profile: Profile) -> Object:
    match message:
        case UserMessage(text=text):
            return {"role": "user", "content": text}
        case ToolMessage(call=call, text=text):
            return {"role": "tool", "tool_call_id": call_id(call, profile), "content": text}
        case AssistantMessage(parts=parts, issuer=issuer):
            said = "".join(part.text for part in parts if isinstance(part, TextPart))
            made: Object = {"role": "assistant", "content": said or None}
            calls = [part for part in parts if isinstance(part, CallPart)]
            if calls:
                made["tool_calls"] = [_call(part, profile) for part in calls]
            own = issuer == profile.issuer
            if profile.thinking_back == "reasoning_content":
                thought = "".join(part.text for part in parts if isinstance(part, ThoughtPart))
                made["reasoning_content"] = thought if own else ""
            details = [part.data["items"] for part in parts if isinstance(part, OpaquePart) and part.type == DETAILS]
            if own and details:
                made[DETAILS] = [item for items in details for item in items]
            return made


def _call(part: CallPart, profile: Profile) -> Object:
    arguments = part.arguments if _is_object(part.arguments) else "{}"
    return {
        "id": call_id(part.call, profile),
        "type": "function",
        "function": {"name": part.name, "arguments": arguments or "{}"},
    }


def call_id(call: str, profile: Profile) -> str:
    """An id that the endpoint takes; the same one for the call and its answer."""
    if profile.id_style == "nine":
        return call if re.fullmatch(r"[A-Za-z0-9]{9}", call) else hashlib.sha256(call.encode()).hexdigest()[:9]
    if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", call):
        return call
    return "call_" + hashlib.sha256(call.encode("utf-8", "replace")).hexdigest()[:24]


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text or "{}"), dict)
    except (ValueError, RecursionError):
        return False


@dataclass(slots=True)
class Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Parser:
    """Takes the chunks of one answer. ``error`` is what the stream itself reported."""

    profile: Profile
    error: Any = None
    chunks: int = 0
    _thought: list[str] = field(default_factory=list)
    _said: list[str] = field(default_factory=list)
    _calls: list[Call] = field(default_factory=list)
    _by_key: dict[tuple[str, Any], Call] = field(default_factory=dict)
    _details: list[Any] = field(default_factory=list)
    _tags: ThinkTags = field(default_factory=ThinkTags)
    _finish: str = ""
    _refused: bool = False
    _usage: Usage = field(default_factory=Usage)

    def feed(self, chunk: Mapping[str, Any]) -> list[Piece]:
        self.chunks += 1
        if chunk.get("error"):
            self.error = chunk["error"]
            return []
        groq = chunk.get("x_groq")
        usage = chunk.get("usage") or (groq.get("usage") if isinstance(groq, dict) else None)
        if isinstance(usage, dict):
            self._usage = read_usage(usage, self.profile)
        pieces: list[Piece] = []
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, dict) and choice.get("index") in (0, None):
                pieces += self._choice(choice)
        return pieces

    def finish(self) -> Reply:
        self._tail()
        parts: list[Part] = [ThoughtPart("".join(self._thought))] if self._thought else []
        if self._details:
            parts.append(OpaquePart(DETAILS, {"items": self._details}))
        parts += [TextPart("".join(self._said))] if self._said else []
        parts += [CallPart(call.id, call.name, call.arguments) for call in self._calls if call.name]
        cut = CUT.get(self._finish, "") if self._finish else ENDED
        if self._refused and not cut:
            cut = "The model refused to answer."
        return Reply(tuple(parts), self._usage, self._finish, cut, self.profile.issuer)

    def _tail(self) -> None:
        for piece in self._tags.close():
            self._keep(piece)

    def _choice(self, choice: Mapping[str, Any]) -> list[Piece]:
        delta = choice.get("delta") or choice.get("message") or {}
        pieces: list[Piece] = []
        if isinstance(delta, dict):
            for key in ("reasoning_content", "reasoning"):
                if isinstance(thought := delta.get(key), str) and thought:
                    pieces.append(ThoughtPiece(thought))
                    break
            pieces += self._content(delta.get("content"))
            if isinstance(refusal := delta.get("refusal"), str) and refusal:
                self._refused = True
                pieces.append(TextPiece(refusal))
            if isinstance(details := delta.get(DETAILS), list):
                self._details += details
            calls = delta.get("tool_calls")
            for call in calls if isinstance(calls, list) else []:
                if isinstance(call, dict):
                    self._tool_call(call)
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self._finish = reason
        for piece in pieces:
            self._keep(piece)
        return pieces

    def _content(self, content: Any) -> list[Piece]:
        if isinstance(content, str):
            return self._tags.feed(content)
        pieces: list[Piece] = []
        for block in content if isinstance(content, list) else []:
            match block:
                case {"type": "thinking", "thinking": list(inner)}:
                    text = "".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in inner)
                    pieces.append(ThoughtPiece(text))
                case {"type": "text", "text": str(text)}:
                    pieces.append(TextPiece(text))
        return [piece for piece in pieces if piece.text]

    def _keep(self, piece: Piece) -> None:
        (self._said if isinstance(piece, TextPiece) else self._thought).append(piece.text)

    def _tool_call(self, raw: Mapping[str, Any]) -> None:
        function = raw.get("function")
        function = function if isinstance(function, dict) else {}
        name, arguments = function.get("name") or "", function.get("arguments")
        call = self._which(raw.get("index"), raw.get("id") or "", name)
        call.id = call.id or str(raw.get("id") or "")
        call.name = call.name or str(name)
        if isinstance(arguments, dict | list):
            call.arguments = json.dumps(arguments, ensure_ascii=False)
        elif isinstance(arguments, str):
            call.arguments += arguments

    def _which(self, index: Any, given: str, name: str) -> Call:
        """The call that a fragment belongs to: by index, by id, or the last one."""
        if index is not None:
            call = self._by_key.get(("index", index))
            reused = call is not None and given and call.id and given != call.id and name
            if call is None or reused:
                call = self._by_key["index", index] = self._new(given)
            return call
        if given and ("id", given) in self._by_key:
            return self._by_key["id", given]
        if given or name or not self._calls:
            return self._new(given)
        return self._calls[-1]

    def _new(self, given: str) -> Call:
        call = Call(given)
        self._calls.append(call)
        if given:
            self._by_key["id", given] = call
        return call


def read_usage(raw: Mapping[str, Any], profile: Profile) -> Usage:
    """Usage of either wire: cached tokens inside input, reasoning tokens inside output."""

    def number(value: Any) -> int:
        return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0

    def inner(*names: str) -> Mapping[str, Any]:
        return next((raw[name] for name in names if isinstance(raw.get(name), dict)), {})

    output = number(raw.get("completion_tokens", raw.get("output_tokens")))
    reasoning = number(inner("completion_tokens_details", "output_tokens_details").get("reasoning_tokens"))
    cached = number(inner("prompt_tokens_details", "input_tokens_details").get("cached_tokens"))
    cost = raw.get("cost")
    return Usage(
        input=number(raw.get("prompt_tokens", raw.get("input_tokens"))),
        output=output + (reasoning if profile.reasoning_beside_output else 0),
        cached=cached or number(raw.get("prompt_cache_hit_tokens")),
        reasoning=reasoning,
        cost=float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) else 0.0,
    )

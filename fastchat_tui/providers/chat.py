"""The Chat Completions wire: a prompt to a request body, chunks to pieces and a reply. No I/O.

Chunks are plain dicts of any server that calls itself compatible: nothing in them is sure to be there, or to have the
type that it should have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastchat_tui.providers.calls import Assembly, MakeId, arguments_to_send, as_parts, call_id, new_id
from fastchat_tui.providers.endings import why_cut
from fastchat_tui.providers.profiles import Profile
from fastchat_tui.providers.schemas import parameters
from fastchat_tui.providers.tags import ThinkTags
from fastchat_tui.providers.usage import read_usage
from fastchat_tui.wire.chat import (
    NO_USAGE,
    AssistantMessage,
    CallPart,
    Message,
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
    spoken,
)
from fastchat_tui.wire.content import Object

PATH = "/chat/completions"
DETAILS = "reasoning_details"
SIGNATURES = "extra_content"
NO_SIGNATURE = {"google": {"thought_signature": "skip_thought_signature_validator"}}


# ── there ────────────────────────────────────────────────────────────────────────────────────────────────────────


def serialise(prompt: Prompt, profile: Profile) -> Object:
    messages = [_message(message, profile) for message in prompt.messages]
    if prompt.system and profile.system_role == "user" and messages and messages[0]["role"] == "user":
        messages[0]["content"] = f"{prompt.system}\n\n{messages[0]['content']}"
    elif prompt.system:
        messages.insert(0, {"role": profile.system_role, "content": prompt.system})
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
            opaque = (part for part in parts if isinstance(part, OpaquePart) and issuer == profile.issuer)
            own = {part.type: part.data["items"] for part in opaque if "items" in part.data}
            made: Object = {"role": "assistant", "content": _joined(parts, TextPart) or None}
            calls = [part for part in parts if isinstance(part, CallPart)]
            if calls:
                made["tool_calls"] = _calls(calls, own.get(SIGNATURES), profile)
            if profile.thinking_back == "reasoning_content":
                made["reasoning_content"] = _joined(parts, ThoughtPart) if issuer == profile.issuer else ""
            if DETAILS in own:
                made[DETAILS] = own[DETAILS]
            return made


def _calls(calls: list[CallPart], signatures: list[Any] | None, profile: Profile) -> list[Object]:
    made: list[Object] = [
        {
            "id": call_id(part.call, profile),
            "type": "function",
            "function": {"name": part.name, "arguments": arguments_to_send(part.arguments)},
        }
        for part in calls
    ]
    if signatures is None:
        signatures = [NO_SIGNATURE] if profile.signs_calls else []
    for call, signature in zip(made, signatures, strict=False):
        if signature:
            call[SIGNATURES] = signature
    return made


def _joined(parts: tuple[Part, ...], kind: type[TextPart | ThoughtPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, kind))


# ── and back ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Parser:
    """Takes the chunks of one answer. ``error`` is what the stream itself reported."""

    profile: Profile
    make_id: MakeId = new_id
    error: Any = None
    _spoken: list[TextPiece | ThoughtPiece] = field(default_factory=list)
    _calls: Assembly = field(default_factory=Assembly)
    _details: list[Any] = field(default_factory=list)
    _tags: ThinkTags = field(default_factory=ThinkTags)
    _finish: str = ""
    _refused: bool = False
    _usage: Usage = NO_USAGE

    def feed(self, chunk: Mapping[str, Any]) -> list[TextPiece | ThoughtPiece]:
        if chunk.get("error"):
            self.error = chunk["error"]
            return []
        groq = chunk.get("x_groq")
        usage = chunk.get("usage") or (groq.get("usage") if isinstance(groq, dict) else None)
        if isinstance(usage, dict):
            self._usage = read_usage(usage)
        pieces: list[TextPiece | ThoughtPiece] = []
        for choice in _dicts(chunk.get("choices")):
            if choice.get("index") in (0, None):
                pieces += self._choice(choice)
        self._spoken += pieces
        return pieces

    def finish(self) -> Reply:
        parts = spoken([*self._spoken, *self._tags.close()])
        if self._details:
            parts.append(OpaquePart(DETAILS, {"items": self._details}))
        named = [call for call in self._calls.calls if call.name]
        if any(call.extra for call in named):
            parts.append(OpaquePart(SIGNATURES, {"items": [call.extra for call in named]}))
        parts += as_parts(named, self.make_id)
        finish = self._finish
        if not finish and not self.profile.says_finish and self._usage != NO_USAGE:
            finish = "stop"
        cut = why_cut(finish, refused=self._refused)
        return Reply(tuple(parts), self._usage, finish, cut, self.profile.issuer)

    def _choice(self, choice: Mapping[str, Any]) -> list[TextPiece | ThoughtPiece]:
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self._finish = reason
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, dict):
            return []
        pieces: list[TextPiece | ThoughtPiece] = []
        details = _dicts(delta.get(DETAILS))
        thoughts = [delta.get(key) for key in ("reasoning_content", "reasoning")]
        thoughts += [detail.get("text") or detail.get("summary") for detail in details]
        if thought := next((text for text in thoughts if isinstance(text, str) and text), ""):
            pieces.append(ThoughtPiece(thought))
        pieces += self._content(delta.get("content"))
        if isinstance(refusal := delta.get("refusal"), str) and refusal:
            self._refused = True
            pieces.append(TextPiece(refusal))
        self._details += details
        for call in _dicts(delta.get("tool_calls")):
            self._calls.feed(call)
        return pieces

    def _content(self, content: Any) -> list[TextPiece | ThoughtPiece]:
        if isinstance(content, str):
            return self._tags.feed(content)
        pieces: list[TextPiece | ThoughtPiece] = []
        for block in _dicts(content):
            match block:
                case {"type": "thinking", "thinking": list(inner)}:
                    texts = (part.get("text") if isinstance(part, dict) else part for part in inner)
                    pieces.append(ThoughtPiece("".join(text for text in texts if isinstance(text, str))))
                case {"type": "thinking", "thinking": str(text)}:
                    pieces.append(ThoughtPiece(text))
                case {"type": "text", "text": str(text)}:
                    pieces.append(TextPiece(text))
                case _:
                    pass
        return [piece for piece in pieces if piece.text]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

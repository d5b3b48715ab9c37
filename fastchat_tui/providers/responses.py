"""The Responses wire, without state on the server: the whole history goes up, encrypted reasoning with it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastchat_tui.providers.calls import (
    Call,
    MakeId,
    arguments_to_send,
    as_parts,
    call_id,
    new_id,
    written_arguments,
)
from fastchat_tui.providers.endings import why_cut
from fastchat_tui.providers.profiles import Profile
from fastchat_tui.providers.schemas import parameters
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
)
from fastchat_tui.wire.content import Object

PATH = "/responses"
REASONING = "reasoning"
THOUGHTS = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta", "response.reasoning.delta")
ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")


# ── there ────────────────────────────────────────────────────────────────────────────────────────────────────────


def serialise(prompt: Prompt, profile: Profile) -> Object:
    body: Object = {
        "model": prompt.model,
        "input": [item for message in prompt.messages for item in _items(message, profile)],
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "stream": True,
    }
    if prompt.system:
        body["instructions"] = prompt.system
    if prompt.session:
        body["prompt_cache_key"] = prompt.session
    if prompt.tools:
        body["tools"] = [
            {
                "type": "function",
                "name": tool.model_name,
                "description": tool.description,
                "parameters": parameters(tool.input_schema),
                "strict": False,  # left out, it makes every optional parameter required
            }
            for tool in prompt.tools
        ]
    return body


def _items(message: Message, profile: Profile) -> list[Object]:
    match message:
        case UserMessage(text=text):
            return [{"role": "user", "content": text}]
        case ToolMessage(call=call, text=text):
            return [{"type": "function_call_output", "call_id": call_id(call, profile), "output": text}]
        case AssistantMessage(parts=parts, issuer=issuer):
            return [item for part in parts for item in _said(part, profile, own=issuer == profile.issuer)]


def _said(part: Part, profile: Profile, *, own: bool) -> list[Object]:
    match part:
        case OpaquePart(type="reasoning", data=data) if own:
            return [{key: value for key, value in data.items() if key != "status"}]
        case TextPart(text=text) if text:
            return [{"role": "assistant", "content": text}]
        case CallPart(call=call, name=name, arguments=written):
            return [
                {
                    "type": "function_call",
                    "call_id": call_id(call, profile),
                    "name": name,
                    "arguments": arguments_to_send(written),
                }
            ]
        case _:
            return []


# ── and back ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Item:
    kind: str = ""
    thought: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    call: Call = field(default_factory=Call)
    whole: Object = field(default_factory=dict)


@dataclass(slots=True)
class Parser:
    """Takes the events of one answer; those it does not know are left out. ``error`` is what the stream reported."""

    profile: Profile
    make_id: MakeId = new_id
    error: Any = None
    _items: dict[str, _Item] = field(default_factory=dict)
    _places: dict[str, str] = field(default_factory=dict)
    """Where the items are whose events say their id alone."""
    _finish: str = ""
    _refused: bool = False
    _usage: Usage = NO_USAGE

    def feed(self, chunk: Mapping[str, Any]) -> list[TextPiece | ThoughtPiece]:
        kind = chunk.get("type")
        kind = kind if isinstance(kind, str) else ""
        if kind == "error" or (chunk.get("error") and not kind.startswith("response.")):
            self.error = chunk.get("error") or dict(chunk)
            return []
        where = self._where(chunk)
        delta = chunk.get("delta")
        delta = delta.get("text") if isinstance(delta, dict) else delta
        text = delta if isinstance(delta, str) else ""
        match kind:
            case "response.output_text.delta" | "response.refusal.delta" if text:
                self._refused |= kind == "response.refusal.delta"
                return [self._say(where, text)]
            case "response.function_call_arguments.delta":
                self._item(where, "function_call").call.written.append(text)
            case "response.output_item.added" | "response.output_item.done":
                return self._whole(where, chunk.get("item"), done=kind.endswith("done"))
            case "response.reasoning_summary_part.added" if any(item.thought for item in self._items.values()):
                return [self._think(where, "\n\n")]
            case _ if kind in THOUGHTS and text:
                return [self._think(where, text)]
            case _ if kind in ENDS:
                return self._end(kind, chunk.get("response"))
            case _:
                pass
        return []

    def finish(self) -> Reply:
        parts: list[Part] = []
        items = list(self._items.values())
        calls = iter(as_parts((item.call for item in items if item.kind == "function_call"), self.make_id))
        for item in items:
            if item.thought:
                parts.append(ThoughtPart("".join(item.thought)))
            if item.kind == "function_call":
                parts.append(next(calls))
            elif item.text:
                parts.append(TextPart("".join(item.text)))
            elif item.whole:
                parts.append(OpaquePart(REASONING, item.whole))
        parts = [part for part in parts if not isinstance(part, CallPart) or part.name]
        cut = why_cut(self._finish, refused=self._refused)
        return Reply(tuple(parts), self._usage, self._finish, cut, self.profile.issuer)

    def _where(self, chunk: Mapping[str, Any]) -> str:
        index, item = chunk.get("output_index"), chunk.get("item")
        given = item.get("id") if isinstance(item, dict) else chunk.get("item_id")
        where = self._places.get(str(given), str(given)) if index is None else str(index)
        if isinstance(given, str) and given:
            self._places[given] = where
        return where

    def _item(self, where: str, kind: str) -> _Item:
        item = self._items.setdefault(where, _Item())
        item.kind = item.kind or kind
        return item

    def _say(self, where: str, text: str) -> TextPiece:
        item = self._item(where, "message")
        if not item.text and any(other.text for other in self._items.values()):
            text = f"\n\n{text}"  # another message
        item.text.append(text)
        return TextPiece(text)

    def _think(self, where: str, text: str) -> ThoughtPiece:
        self._item(where, REASONING).thought.append(text)
        return ThoughtPiece(text)

    def _whole(self, where: str, raw: Any, *, done: bool) -> list[TextPiece | ThoughtPiece]:
        """An item as it begins or ends. What came without fragments is shown when it ends."""
        match raw:
            case {"type": "function_call", "name": str(name)}:
                call = self._item(where, "function_call").call
                call.name = name
                if isinstance(given := raw.get("call_id"), str):
                    call.id = given
                if written := written_arguments(raw.get("arguments")):
                    call.written = [written]
            case {"type": "message", "content": list(content)} if done:
                if not self._item(where, "message").text:
                    self._refused |= any(isinstance(b, dict) and b.get("type") == "refusal" for b in content)
                    return [self._say(where, text) for block in content if (text := _text_of(block))]
            case {"type": "reasoning"} if done:
                item = self._item(where, REASONING)
                if raw.get("encrypted_content"):  # without it, an endpoint that keeps nothing cannot read it again
                    item.whole = dict(raw)
                if not item.thought:
                    blocks = [block for key in ("summary", "content") for block in _list(raw.get(key))]
                    thought = "\n\n".join(text for block in blocks if (text := _text_of(block)))
                    return [self._think(where, thought)] if thought else []
            case _:
                pass
        return []

    def _end(self, kind: str, raw: Any) -> list[TextPiece | ThoughtPiece]:
        response = raw if isinstance(raw, dict) else {}
        if isinstance(usage := response.get("usage"), dict):
            self._usage = read_usage(usage)
        self.error = response.get("error") or self.error
        details, status = response.get("incomplete_details"), response.get("status")
        reason = details.get("reason") if isinstance(details, dict) else None
        ended = status if f"response.{status}" in ENDS else kind.rpartition(".")[2]  # some complete what they call cut
        self._finish = reason if isinstance(reason, str) and reason else str(ended)
        pieces: list[TextPiece | ThoughtPiece] = []
        if not self._items:  # some say everything at the end only
            for number, item in enumerate(_list(response.get("output"))):
                pieces += self._whole(str(number), item, done=True)
        return pieces


def _text_of(block: Any) -> str:
    text = block.get("text") or block.get("refusal") if isinstance(block, dict) else None
    return text if isinstance(text, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

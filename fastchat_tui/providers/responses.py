"""The Responses wire, without state on the server: the whole history goes up, encrypted reasoning with it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastchat_tui.providers.calls import (
    MakeId,
    arguments_to_send,
    as_parts,
    call_id,
    new_id,
    written_arguments,
)
from fastchat_tui.providers.endings import why_cut
from fastchat_tui.providers.items import REASONING, Item, Items, kind_of, list_of, object_of, text_of
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
class Parser:
    """Takes the events of one answer; those it does not know are left out. ``error`` is what the stream reported."""

    profile: Profile
    make_id: MakeId = new_id
    error: Any = None
    _items: Items = field(default_factory=Items)
    _finish: str = ""
    _refused: bool = False
    _usage: Usage = NO_USAGE

    def feed(self, chunk: Mapping[str, Any]) -> list[TextPiece | ThoughtPiece]:
        kind = chunk.get("type")
        kind = kind if isinstance(kind, str) else ""
        if kind == "error" or (chunk.get("error") and not kind.startswith("response.")):
            self.error = chunk.get("error") or dict(chunk)
            return []
        delta = chunk.get("delta")
        delta = delta.get("text") if isinstance(delta, dict) else delta
        text = delta if isinstance(delta, str) else ""
        match kind:
            case "response.output_text.delta" | "response.refusal.delta" if text:
                self._refused |= kind == "response.refusal.delta"
                return [self._say(self._items.meant(chunk, "message"), text)]
            case "response.function_call_arguments.delta":
                self._items.meant(chunk, "function_call").call.written.append(text)
            case "response.function_call_arguments.done" if written := written_arguments(chunk.get("arguments")):
                self._items.meant(chunk, "function_call").call.written = [written]
            case "response.output_item.added" | "response.output_item.done" if raw := object_of(chunk.get("item")):
                done = kind.endswith("done")
                item = self._items.meant(chunk, kind_of(raw), begins=not done, ends=done)
                return self._whole(item, raw, done=done)
            case "response.reasoning_summary_part.added" if any(item.thought for item in self._items):
                return [self._think(self._items.meant(chunk, REASONING), "\n\n")]
            case _ if kind in THOUGHTS and text:
                return [self._think(self._items.meant(chunk, REASONING), text)]
            case _ if kind in ENDS:
                return self._end(kind, chunk.get("response"))
            case _:
                pass
        return []

    def finish(self) -> Reply:
        parts: list[Part] = []
        items = self._items.in_order()
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

    def _say(self, item: Item, text: str) -> TextPiece:
        if not item.text and any(other.text for other in self._items):
            text = f"\n\n{text}"  # another message
        item.text.append(text)
        return TextPiece(text)

    def _think(self, item: Item, text: str) -> ThoughtPiece:
        item.thought.append(text)
        return ThoughtPiece(text)

    def _whole(self, item: Item, raw: Object, *, done: bool) -> list[TextPiece | ThoughtPiece]:
        """An item as it begins or ends. What came without fragments is shown when it ends."""
        match raw:
            case {"type": "function_call", "name": str(name)}:
                call = item.call
                call.name = name
                if isinstance(given := raw.get("call_id"), str):
                    call.id = given
                written = written_arguments(raw.get("arguments"))
                if written and not (call.written and written.strip() == "{}"):  # some end with a placeholder
                    call.written = [written]
            case {"type": "message", "content": list(content)} if done:
                if not item.text:
                    self._refused |= any(isinstance(b, dict) and b.get("type") == "refusal" for b in content)
                    return [self._say(item, text) for block in content if (text := text_of(block))]
            case {"type": "reasoning"} if done:
                if raw.get("encrypted_content"):  # without it, an endpoint that keeps nothing cannot read it again
                    item.whole = dict(raw)
                if not item.thought:
                    blocks = [block for key in ("summary", "content") for block in list_of(raw.get(key))]
                    thought = "\n\n".join(text for block in blocks if (text := text_of(block)))
                    return [self._think(item, thought)] if thought else []
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
        output = [object_of(item) for item in list_of(response.get("output"))]
        return [piece for item, raw in self._items.merged(output) for piece in self._whole(item, raw, done=True)]

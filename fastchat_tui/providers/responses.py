"""The Responses wire, used without state on the server: the whole history goes up, encrypted reasoning with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastchat_tui.providers.chat import ENDED, call_id, read_usage
from fastchat_tui.providers.profiles import Profile
from fastchat_tui.providers.schemas import parameters
from fastchat_tui.wire.values import (
    AssistantMessage,
    CallPart,
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

PATH = "/responses"
CUT = {
    "max_output_tokens": "The answer was cut off at the model's limit of tokens.",
    "content_filter": "The provider's content filter stopped the answer.",
}
THOUGHTS = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta", "response.reasoning.delta")
ENDS = ("response.completed", "response.incomplete", "response.failed")


def serialise(prompt: Prompt, profile: Profile) -> Object:
    body: Object = {
        "model": prompt.model,
        "input": [item for message in prompt.messages for item in _items(message, profile)],
        "instructions": prompt.system,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "stream": True,
    }
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


def _items(message: UserMessage | AssistantMessage | ToolMessage, profile: Profile) -> list[Object]:
    match message:
        case UserMessage(text=text):
            return [{"role": "user", "content": text}]
        case ToolMessage(call=call, text=text):
            return [{"type": "function_call_output", "call_id": call_id(call, profile), "output": text}]
        case AssistantMessage(parts=parts, issuer=issuer):
            items: list[Object] = []
            for part in parts:
                match part:
                    case OpaquePart(type="reasoning", data=data) if issuer == profile.issuer:
                        items.append({key: value for key, value in data.items() if key != "status"})
                    case TextPart(text=text) if text:
                        items.append({"role": "assistant", "content": text})
                    case CallPart(call=call, name=name, arguments=arguments):
                        made = {"type": "function_call", "call_id": call_id(call, profile), "name": name}
                        items.append(made | {"arguments": arguments or "{}"})
                    case _:
                        pass
            return items


@dataclass(slots=True)
class _Item:
    kind: str
    order: int
    call: str = ""
    name: str = ""
    text: list[str] = field(default_factory=list)
    whole: Object = field(default_factory=dict)


@dataclass(slots=True)
class Parser:
    """Takes the events of one answer. ``error`` is what the stream itself reported."""

    profile: Profile
    error: Any = None
    chunks: int = 0
    _thought: list[str] = field(default_factory=list)
    _items: dict[Any, _Item] = field(default_factory=dict)
    _finish: str = ""
    _cut: str = ""
    _refused: bool = False
    _usage: Usage = field(default_factory=Usage)

    def feed(self, chunk: Mapping[str, Any]) -> list[TextPiece | ThoughtPiece]:
        self.chunks += 1
        kind = chunk.get("type") or ""
        if kind == "error" or (chunk.get("error") and not str(kind).startswith("response.")):
            self.error = chunk.get("error") or dict(chunk)
            return []
        index, delta = chunk.get("output_index"), chunk.get("delta")
        if isinstance(delta, dict):
            delta = delta.get("text")
        text = delta if isinstance(delta, str) else ""
        match kind:
            case "response.output_text.delta" | "response.refusal.delta":
                self._refused = self._refused or kind == "response.refusal.delta"
                self._item(index, "message").text.append(text)
                return [TextPiece(text)] if text else []
            case "response.function_call_arguments.delta":
                self._item(index, "function_call").text.append(text)
            case "response.output_item.added" | "response.output_item.done":
                self._whole(index, chunk.get("item"), done=kind.endswith("done"))
            case _ if kind in THOUGHTS and text:
                self._thought.append(text)
                return [ThoughtPiece(text)]
            case "response.reasoning_summary_part.added" if self._thought:
                self._thought.append("\n\n")
                return [ThoughtPiece("\n\n")]
            case _ if kind in ENDS:
                self._end(kind, chunk.get("response"))
            case _:
                pass
        return []

    def finish(self) -> Reply:
        parts: list[Part] = [ThoughtPart("".join(self._thought))] if self._thought else []
        for item in sorted(self._items.values(), key=lambda item: item.order):
            text = "".join(item.text)
            match item.kind:
                case "function_call" if item.name:
                    parts.append(CallPart(item.call, item.name, text))
                case "message" if text:
                    parts.append(TextPart(text))
                case "reasoning" if item.whole:
                    parts.append(OpaquePart("reasoning", item.whole))
                case _:
                    pass
        cut = self._cut if self._finish else ENDED
        if self._refused and not cut:
            cut = "The model refused to answer."
        return Reply(tuple(parts), self._usage, self._finish, cut, self.profile.issuer)

    def _item(self, index: Any, kind: str) -> _Item:
        if index not in self._items:
            self._items[index] = _Item(kind, len(self._items))
        return self._items[index]

    def _whole(self, index: Any, raw: Any, *, done: bool) -> None:
        if not isinstance(raw, dict):
            return
        item = self._item(index, str(raw.get("type")))
        item.kind = str(raw.get("type"))
        match raw:
            case {"type": "function_call"}:
                item.call, item.name = str(raw.get("call_id") or ""), str(raw.get("name") or "")
                if raw.get("arguments"):
                    item.text = [str(raw["arguments"])]
            case {"type": "message", "content": list(content)} if done and not item.text:
                item.text = [str(b.get("text") or b.get("refusal") or "") for b in content if isinstance(b, dict)]
            case {"type": "reasoning"} if done:
                item.whole = dict(raw)

    def _end(self, kind: str, raw: Any) -> None:
        response = raw if isinstance(raw, dict) else {}
        if isinstance(usage := response.get("usage"), dict):
            self._usage = read_usage(usage, self.profile)
        if response.get("error"):
            self.error = response["error"]
        details = response.get("incomplete_details")
        reason = str(details.get("reason") or "") if isinstance(details, dict) else ""
        self._finish = reason or kind.rpartition(".")[2]
        if kind == "response.incomplete":
            self._cut = CUT.get(reason, f"The answer is not complete ({reason or 'no reason given'}).")

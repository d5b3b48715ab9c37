"""The Responses wire, without state on the server: the whole history goes up, encrypted reasoning with it. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


_Names = tuple[int | str | None, int | str | None, int | str | None]
"""The output_index, the id and the call_id of an item, as far as they were said."""


@dataclass(slots=True, eq=False)
class _Item:
    kind: str
    names: _Names
    place: tuple[int, int] | None = None
    """Where it stands in the answer: its output_index, or that of the item before it and how far down the output."""
    is_open: bool = True
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
    _items: list[_Item] = field(default_factory=list)
    """In the order in which they came."""
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
                return [self._say(self._meant(chunk, "message"), text)]
            case "response.function_call_arguments.delta":
                self._meant(chunk, "function_call").call.written.append(text)
            case "response.function_call_arguments.done" if written := written_arguments(chunk.get("arguments")):
                self._meant(chunk, "function_call").call.written = [written]
            case "response.output_item.added" | "response.output_item.done" if raw := _dict(chunk.get("item")):
                done = kind.endswith("done")
                item = self._meant(chunk, _kind_of(raw), begins=not done, ends=done)
                return self._whole(item, raw, done=done)
            case "response.reasoning_summary_part.added" if any(item.thought for item in self._items):
                return [self._think(self._meant(chunk, REASONING), "\n\n")]
            case _ if kind in THOUGHTS and text:
                return [self._think(self._meant(chunk, REASONING), text)]
            case _ if kind in ENDS:
                return self._end(kind, chunk.get("response"))
            case _:
                pass
        return []

    def finish(self) -> Reply:
        parts: list[Part] = []
        items = self._in_order()
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

    def _in_order(self) -> list[_Item]:
        """By place; what has none stays where it came, since an endpoint refuses reasoning that follows its call."""
        placed = iter(sorted((item for item in self._items if item.place), key=lambda item: item.place or ()))
        return [next(placed) if item.place else item for item in self._items]

    def _meant(self, chunk: Mapping[str, Any], kind: str, *, begins: bool = False, ends: bool = False) -> _Item:
        """The item an event is about: the one with its name, else one that is open, else a new one."""
        names = _names_of(chunk)
        item = self._named(kind, names)
        if item is None and not begins:
            fits = [one for one in self._items if one.kind == kind and one.is_open and not _differ(one.names, names)]
            if ends and kind == "function_call":
                fits = [one for one in fits if _goes_on(one, _dict(chunk.get("item")))]
            if fits:
                item = fits[0 if ends else -1]  # fragments belong to what began last; ends come as the beginnings did
        if item is None:
            item = _Item(kind, names)
            self._items.append(item)
        index, own, call = (known if known is not None else said for known, said in zip(item.names, names, strict=True))
        item.names = index, own, call
        if item.place is None and isinstance(index, int):
            item.place = index, -1
        item.is_open &= not ends
        return item

    def _named(self, kind: str, names: _Names) -> _Item | None:
        """By index before id before call_id: some servers give several items one id."""
        for rank, name in enumerate(names):
            if name is not None:
                for item in reversed(self._items):
                    if (item.kind, item.names[rank]) == (kind, name) and not _differ(item.names[:rank], names[:rank]):
                        return item
        return None

    def _say(self, item: _Item, text: str) -> TextPiece:
        if not item.text and any(other.text for other in self._items):
            text = f"\n\n{text}"  # another message
        item.text.append(text)
        return TextPiece(text)

    def _think(self, item: _Item, text: str) -> ThoughtPiece:
        item.thought.append(text)
        return ThoughtPiece(text)

    def _whole(self, item: _Item, raw: Object, *, done: bool) -> list[TextPiece | ThoughtPiece]:
        """An item as it begins or ends. What came without fragments is shown when it ends."""
        match raw:
            case {"type": "function_call", "name": str(name)}:
                call = item.call
                call.name = name
                if isinstance(given := raw.get("call_id"), str):
                    call.id = given
                if written := written_arguments(raw.get("arguments")):
                    call.written = [written]
            case {"type": "message", "content": list(content)} if done:
                if not item.text:
                    self._refused |= any(isinstance(b, dict) and b.get("type") == "refusal" for b in content)
                    return [self._say(item, text) for block in content if (text := _text_of(block))]
            case {"type": "reasoning"} if done:
                if raw.get("encrypted_content"):  # without it, an endpoint that keeps nothing cannot read it again
                    item.whole = dict(raw)
                if not item.thought:
                    blocks = [block for key in ("summary", "content") for block in _list(raw.get(key))]
                    thought = "\n\n".join(text for block in blocks if (text := _text_of(block)))
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
        return self._merge([_dict(item) for item in _list(response.get("output"))])

    def _merge(self, output: list[Object]) -> list[TextPiece | ThoughtPiece]:
        """Fills in what the stream left out, be it all; what it said already is not said again."""
        known = self._known(output)
        pieces: list[TextPiece | ThoughtPiece] = []
        before = -1
        for number, raw in enumerate(output):
            if (item := known.get(number)) is None:
                item = _Item(_kind_of(raw), (None, None, None))
                self._items.append(item)
            if item.place is None:
                item.place = before, number
            before = item.place[0]
            pieces += self._whole(item, raw, done=True)
        return pieces

    def _known(self, output: list[Object]) -> dict[int, _Item]:
        """Which items of the output were streamed, each of them once: by name, else by what they say, since some
        servers number or name an item anew at the end. The surest sign goes first."""
        signs: tuple[Callable[[_Item, _Names, Object], bool], ...] = (
            lambda item, names, raw: names[1] is not None and item.names[1] == names[1],
            lambda item, names, raw: names[2] is not None and item.names[2] == names[2],
            lambda item, names, raw: item.names[0] == names[0] and _goes_on(item, raw),
            lambda item, names, raw: item.kind != REASONING and _goes_on(item, raw),
            lambda item, names, raw: item.kind != "function_call" and not _differ(item.names[1:], names[1:]),
        )
        known: dict[int, _Item] = {}
        left = list(self._items)
        for sign in signs:
            for number, raw in enumerate(output):
                if number not in known:
                    kind, names = _kind_of(raw), _names_of({"output_index": number, "item": raw})
                    item = next((one for one in left if one.kind == kind and sign(one, names, raw)), None)
                    if item is not None:
                        known[number] = item
                        left.remove(item)
        return known


def _names_of(chunk: Mapping[str, Any]) -> _Names:
    index, item = chunk.get("output_index"), _dict(chunk.get("item"))
    own, call = item.get("id") or chunk.get("item_id"), item.get("call_id") or chunk.get("call_id")
    return index if isinstance(index, int | str) else None, _name(own), _name(call)


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _differ(known: Sequence[int | str | None], said: Sequence[int | str | None]) -> bool:
    return any(None not in pair and pair[0] != pair[1] for pair in zip(known, said, strict=True))


def _goes_on(item: _Item, raw: Object) -> bool:
    """Whether what was streamed can be the beginning of ``raw``, or all of it."""
    if item.kind == "function_call":
        written = written_arguments(raw.get("arguments"))
        return item.call.name in ("", raw.get("name")) and (
            not written or written.startswith("".join(item.call.written))
        )
    text = "".join(_text_of(block) for block in _list(raw.get("content")))
    return item.kind != "message" or text.strip().startswith("".join(item.text).strip())


def _kind_of(raw: Object) -> str:
    return _name(raw.get("type")) or ""


def _text_of(block: Any) -> str:
    text = block.get("text") or block.get("refusal") if isinstance(block, dict) else None
    return text if isinstance(text, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> Object:
    return value if isinstance(value, dict) else {}

"""What the model is shown: folded from events, valid by construction.

Every call in it has exactly one answer before the next message, also after a cancel, a crash or a retry.
"""

from __future__ import annotations

import json
from typing import Any

from fastchat_tui.wire.chat import AssistantMessage, CallPart, Message, TextPart, ThoughtPart, ToolMessage, UserMessage
from fastchat_tui.wire.content import Audio, Content, EmbeddedResource, Image, ResourceLink, Text
from fastchat_tui.wire.events import CallFinished, CallStarted, ReplyFinished, Stamped, TurnFinished, TurnStarted
from fastchat_tui.wire.text import head_and_tail, size_of_base64

MAX_RESULT = 100_000
"""Characters of one result that the model is sent (about 25,000 tokens); the whole text stays in the record."""
UNANSWERED = "This call was interrupted before it had an answer."


class History:
    """Messages of a session, in order."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._open: dict[str, str] = {}
        """Calls without an answer yet, each with a note that belongs into it."""
        self._order: list[str] = []
        """The calls of the last reply."""
        self._retryable = False
        self._calls: set[str] = set()

    @property
    def calls(self) -> frozenset[str]:
        """The ids of all calls that the model ever proposed here; a new one must be another."""
        return frozenset(self._calls)

    def messages(self) -> tuple[Message, ...]:
        """The history as it may be sent now: calls that are still open carry an answer that says so."""
        return (*self._messages, *(ToolMessage(call, UNANSWERED, True) for call in self._open))

    def apply(self, stamped: Stamped) -> None:
        match stamped.event:
            case TurnStarted(text=text, retries=retries):
                self._close()
                if retries:
                    self._drop_cut_reply()
                else:
                    self._messages.append(UserMessage(text))
            case ReplyFinished(parts=parts, cut=cut, issuer=issuer):
                self._close()
                if cut:  # a reply that was cut has only text worth keeping: half a call must never run
                    parts = tuple(p for p in parts if isinstance(p, TextPart | ThoughtPart))
                if any(isinstance(p, TextPart | CallPart) for p in parts):
                    self._messages.append(AssistantMessage(parts, issuer))
                    self._retryable = bool(cut)
                self._calls.update(part.call for part in parts if isinstance(part, CallPart))
                self._open = {part.call: "" for part in parts if isinstance(part, CallPart)}
                self._order = list(self._open)
            case CallStarted(call=call, arguments=dict() as arguments) if call in self._open:
                self._open[call] = f"The user changed the arguments to {json.dumps(arguments, ensure_ascii=False)}\n"
            case CallFinished(call=call) as e if call in self._open:
                note = self._open.pop(call)
                text = note + head_and_tail(render(e.content, e.structured), MAX_RESULT)
                self._answer(ToolMessage(call, text or f"({e.outcome}, no content)", e.outcome != "ok"))
            case TurnFinished():
                self._close()
            case _:
                pass

    def _answer(self, message: ToolMessage) -> None:
        """Whichever is first, answers stand in the order of their calls: a prompt does not depend on chance."""
        at = len(self._messages)
        mine = self._order.index(message.call)
        while isinstance(before := self._messages[at - 1], ToolMessage) and self._order.index(before.call) > mine:
            at -= 1
        self._messages.insert(at, message)

    def _close(self) -> None:
        for call in self._open:
            self._answer(ToolMessage(call, UNANSWERED, True))
        self._open = {}

    def _drop_cut_reply(self) -> None:
        if self._retryable and self._messages and isinstance(self._messages[-1], AssistantMessage):
            self._messages.pop()
        self._retryable = False


def render(content: tuple[Content, ...], structured: str = "") -> str:
    """A tool's result as the text that a model reads: media become notes with type and size. The structured result is
    left out where the text says the same."""
    pieces = [_piece(block) for block in content]
    texts = [block.text for block in content if isinstance(block, Text)]
    if structured and not (texts and _repeats(texts, structured)):
        pieces.append(structured)
    return "\n".join(pieces)


def _repeats(texts: list[str], structured: str) -> bool:
    """Whether text blocks say what a structured result says. Many servers wrap a plain value (``{"result": value}``),
    and give each item of a list its own block."""
    if len(structured) > MAX_RESULT:  # as most servers do; and parsing megabytes is not for an event loop
        return True
    value = _decoded(structured)
    values = [value, *value.values()] if isinstance(value, dict) and len(value) == 1 else [value]
    decoded = [_decoded(text) for text in texts]
    return any(value in (decoded, *decoded, *texts) for value in values)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _piece(block: Content) -> str:
    match block:
        case Text(text=text):
            return text
        case Image(data=data, mime_type=mime):
            return f"[image {mime}, {size_of_base64(data)}]"
        case Audio(data=data, mime_type=mime):
            return f"[audio {mime}, {size_of_base64(data)}]"
        case ResourceLink(uri=uri, name=name, mime_type=mime):
            return f"[resource {name or uri} {mime} {uri}]".replace("  ", " ")
        case EmbeddedResource(uri=uri, text=text, blob=blob, mime_type=mime):
            return text or f"[resource {uri} {mime}, {size_of_base64(blob)}]"

"""A model without a network: it plays what a function writes for each prompt. The demo and tests think with it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass

from fastchat_tui.wire.chat import (
    CallPart,
    ModelView,
    Part,
    Piece,
    Prompt,
    Reply,
    TextPart,
    TextPiece,
    ThoughtPart,
    ThoughtPiece,
    Usage,
)
from fastchat_tui.wire.errors import ModelError


@dataclass(frozen=True, slots=True)
class Pause:
    """A moment of silence."""

    seconds: float


Line = ThoughtPart | TextPart | CallPart | Pause | ModelError
"""Thoughts and text are streamed in fragments; an error is raised where it stands."""
Play = Callable[[Prompt], Iterable[Line]]


def in_turn(*replies: Sequence[Line]) -> Play:
    """One reply for each request; the last one is given again."""
    left = list(replies)
    return lambda prompt: left.pop(0) if len(left) > 1 else left[0]


class Scripted:
    """Satisfies ``wire.ports.Model``. ``pace`` is the time between two fragments."""

    def __init__(self, play: Play, *, name: str = "scripted", pace: float = 0.0) -> None:
        self._play = play
        self._name = name
        self._pace = pace

    def view(self) -> ModelView:
        return ModelView(self._name, wire="scripted", key="scripted", window=32_000)

    async def names(self) -> Sequence[str]:
        return (self._name,)

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        parts: list[Part] = []
        for line in self._play(prompt):
            match line:
                case Pause(seconds=seconds):
                    await asyncio.sleep(seconds)
                case ModelError():
                    raise line
                case TextPart() | ThoughtPart():
                    parts.append(line)
                    kind = TextPiece if isinstance(line, TextPart) else ThoughtPiece
                    for fragment in _fragments(line.text):
                        await asyncio.sleep(self._pace)
                        yield kind(fragment)
                case CallPart():
                    parts.append(line)
        finish = "tool_calls" if any(isinstance(part, CallPart) for part in parts) else "stop"
        yield Reply(tuple(parts), _usage(prompt, parts), finish, issuer=self._name)

    async def close(self) -> None:
        """There is nothing to close."""


def _fragments(text: str) -> list[str]:
    return re.findall(r"\s*\S{1,12}|\s+", text)


def _usage(prompt: Prompt, parts: list[Part]) -> Usage:
    """About what a real model would count: a quarter of the characters."""
    given = len(prompt.system) + sum(len(str(message)) for message in prompt.messages)
    said = sum(len(part.text) for part in parts if isinstance(part, TextPart | ThoughtPart))
    return Usage((given + sum(4 * tool.tokens for tool in prompt.tools)) // 4, said // 4)

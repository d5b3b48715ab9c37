"""One endpoint that answers prompts: serialise, send, read, and try again while nothing of the answer was shown.

The SDK lies behind ``transport``, which is imported in a thread at the first request. Retries are ours, so that the
screen can count them down; once a piece was shown, a failure is told and never repeated in silence.
"""

from __future__ import annotations

import asyncio
import importlib
import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

from fastchat_tui.providers import chat, responses
from fastchat_tui.providers.endings import why_silent
from fastchat_tui.providers.errors import ApiError, Explainer
from fastchat_tui.providers.lessons import Lessons
from fastchat_tui.providers.profiles import profile_for, window
from fastchat_tui.providers.schemas import culprit
from fastchat_tui.wire.chat import CallPart, ModelView, Part, Piece, Prompt, SetAside, TextPart, ThoughtPart, Waiting
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.errors import ModelFault
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from fastchat_tui.providers.transport import Transport

MAX_SET_ASIDE = 10
MAX_LESSONS = 6
RETRIES: dict[ModelFault, int] = {
    "rate_limit": 4,
    "overloaded": 3,
    "connect": 2,
    "cut": 2,
    "timeout": 1,
    "empty": 1,
    "malformed": 1,
}
"""How often a request is repeated after each fault, before anything was shown."""
SOURCES = ("environment", ".env", "keyring", "this run")


class OpenAIModel:
    """Satisfies ``wire.ports.Model``. Times are seconds; ``pause`` and ``network`` replace the world's in tests."""

    def __init__(
        self,
        model: str,
        base_url: str = "",
        key: str = "",
        wire: str = "",
        *,
        key_source: str = "",
        connect: float = 10.0,
        first_byte: float | None = None,
        idle: float | None = None,
        max_tries: int = 5,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        network: Any = None,
    ) -> None:
        self._model = model
        self._lessons = Lessons(profile_for(base_url, wire))
        self._key = key.strip()
        self._key_source = key_source
        self._connect = connect
        self._first_byte = first_byte or self._lessons.profile.first_byte
        self._idle = idle
        self._max_tries = max_tries
        self._pause = pause
        self._network = network
        self._transport: Transport | None = None
        self._masker = Masker([self._key])
        self._names: Sequence[str] | None = None

    def view(self) -> ModelView:
        profile = self._lessons.profile
        source: Any = "" if profile.needs_key else "not needed"
        if self._key:
            source = self._key_source if self._key_source in SOURCES else "this run"
        return ModelView(self._model, profile.shown_url, profile.wire, source, window(self._model))

    async def names(self) -> Sequence[str]:
        if self._names is None:
            explain = Explainer(self._lessons.profile, self._model, self._masker, bool(self._key), self._key_source)
            try:
                transport = await self._open(explain)
            except ApiError:
                return ()
            self._names = await transport.names(self._lessons.profile.url("/models"))
        return self._names

    async def close(self) -> None:
        transport, self._transport = self._transport, None
        if transport:
            await transport.close()

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        tries = _Tries(prompt)
        while True:
            shown = False
            try:
                async with aclosing(self._answer(tries)) as pieces:
                    async for piece in pieces:
                        shown = True
                        yield piece
                return
            except ApiError as error:
                if shown or not (step := self._next(error, tries)):
                    raise
            if isinstance(step, Waiting | SetAside):
                yield step
            if isinstance(step, Waiting):
                await self._pause(step.seconds)

    def _next(self, error: ApiError, tries: _Tries) -> Waiting | SetAside | Literal["again", ""]:
        """What to do after a request that failed before anything was shown; empty when nothing can be done."""
        if tries.lessons < MAX_LESSONS and self._lessons.learn(error, tries.body, tries.sent):
            tries.lessons += 1
            return "again"
        names = [tool.model_name for tool in tries.sent.tools] if error.status in (400, 422) else []
        if len(tries.left_out) < MAX_SET_ASIDE and (bad := culprit(error.words, names)):
            tries.left_out.add(bad)
            return SetAside(bad, error.text)
        tries.failed[error.kind] += 1
        times, total = tries.failed[error.kind], tries.failed.total()
        if not error.passing or times > RETRIES.get(error.kind, 0) or total >= self._max_tries:
            return ""
        backoff = min(30.0, 2.0 ** (times - 1)) * random.uniform(0.75, 1.25)
        return Waiting(error.text, backoff if error.after is None else error.after, total)

    async def _answer(self, tries: _Tries) -> AsyncGenerator[Piece, None]:
        profile = self._lessons.profile
        adapter = responses if profile.wire == "responses" else chat
        explain = Explainer(profile, tries.prompt.model, self._masker, bool(self._key), self._key_source)
        tools = tuple(tool for tool in tries.prompt.tools if tool.model_name not in tries.left_out)
        tries.sent = self._lessons.prepare(replace(tries.prompt, tools=tools))
        tries.body = self._lessons.trim(adapter.serialise(tries.sent, profile))
        parser = adapter.Parser(profile)
        transport = await self._open(explain)
        shown = False

        def patience() -> float:
            return self._idle or (60.0 if shown else profile.silence)

        events = transport.events(profile.url(adapter.PATH), tries.body, self._first_byte, patience)
        async with aclosing(events):
            async for event in events:
                for piece in parser.feed(event):
                    shown = True
                    yield piece
                if parser.error:
                    raise explain.refused(0, parser.error, {})
        reply = parser.finish()
        if not reply.parts and not reply.finish:
            raise explain.broken("the stream ended without a word", began=False)
        if not any(isinstance(part, CallPart) or _is_visible(part) for part in reply.parts):
            if not shown and not reply.cut:
                raise explain.empty(reply.finish)
            thought = bool(reply.usage.reasoning) or any(isinstance(part, ThoughtPart) for part in reply.parts)
            reply = replace(reply, cut=why_silent(reply.cut, thought=thought))
        yield reply

    async def _open(self, explain: Explainer) -> Transport:
        if self._transport is None:
            self._check(explain)
            module = await asyncio.to_thread(importlib.import_module, "fastchat_tui.providers.transport")
            made = await asyncio.to_thread(
                module.Transport, explain.profile, self._key, explain, self._connect, self._network
            )
            self._transport = self._transport or cast("Transport", made)
        return self._transport

    def _check(self, explain: Explainer) -> None:
        """Settings with which no request can be made."""
        if not (self._key.isascii() and self._key.isprintable()):
            raise explain.unusable("The key holds characters that no key has.", "Paste the key again (Ctrl+P, “key”).")
        url = self._lessons.profile.base_url
        try:
            parts = urlsplit(url)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            sound = False
        if not sound:
            text = f"The base URL “{one_line(url, 100)}” is not the address of an API."
            raise explain.unusable(text, "It looks like https://host/v1. Set it with /model or OPENAI_BASE_URL.")


def _is_visible(part: Part) -> bool:
    return isinstance(part, TextPart) and not part.text.isspace()


@dataclass(slots=True)
class _Tries:
    """What was tried for one prompt."""

    prompt: Prompt
    sent: Prompt = field(init=False)
    body: Object = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    lessons: int = 0
    failed: Counter[ModelFault] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.sent = self.prompt

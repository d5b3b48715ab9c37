"""What an endpoint's refusals have taught: parameters that it does not know, the wire that a model wants.

Each lesson is learnt once, from the endpoint's own words, and holds as long as the program runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from fastchat_tui.providers.errors import ApiError
from fastchat_tui.providers.profiles import Profile
from fastchat_tui.wire.chat import AssistantMessage, Prompt
from fastchat_tui.wire.content import Object

OPTIONAL = ("stream_options", "prompt_cache_key", "include", "store")
_NAMED = r"(?:['\"`\[]|: ?|(?:parameter|argument|field|property) ){}\b"
_REPLAY = re.compile(
    r"invalid_encrypted_content|encrypted[ _]content .{0,60}(?:verif|decrypt|invalid)|required following item"
    r"|thought_signature|reasoning_details|signature.{0,40}invalid|item with id .{0,80}not found",
    re.IGNORECASE,
)
_NOT_ENCRYPTED = re.compile(r"encrypted content is not supported", re.IGNORECASE)
_DEVELOPER = re.compile(r"\bdeveloper\b", re.IGNORECASE)
_NO_SYSTEM = re.compile(r"system role (?:is )?not supported|does not support 'system'", re.IGNORECASE)
_DESCRIPTION = re.compile(r"description.{0,120}?maximum length (?:of )?(\d+)", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class Lessons:
    profile: Profile
    _unknown: set[tuple[str, str]] = field(default_factory=set)
    """(model, parameter) pairs that are left out."""
    _unreadable: dict[str, int] = field(default_factory=dict)
    """How many messages of a session carry opaque parts that the endpoint cannot read any more."""
    _description: int = 0
    """Characters that a tool's description may have, 0 for no limit."""

    def prepare(self, prompt: Prompt) -> Prompt:
        """The prompt in a form that was not refused before."""
        old = self._unreadable.get(prompt.session, 0)
        messages = tuple(
            replace(message, issuer="") if at < old and isinstance(message, AssistantMessage) else message
            for at, message in enumerate(prompt.messages)
        )
        tools = prompt.tools
        if limit := self._description:
            tools = tuple(replace(tool, description=_clipped(tool.description, limit)) for tool in tools)
        return replace(prompt, messages=messages, tools=tools)

    def trim(self, body: Object) -> Object:
        return {name: value for name, value in body.items() if (body["model"], name) not in self._unknown}

    def learn(self, error: ApiError, body: Object, prompt: Prompt) -> bool:
        """Whether the refusal taught something, so that the same request is worth another try."""
        if error.status not in (400, 404, 422):
            return False
        words = error.words
        if self._other_wire(words):
            return True
        if error.status == 404:
            return False
        for name in OPTIONAL:
            named = re.search(_NAMED.format(name), words) or (name == "include" and _NOT_ENCRYPTED.search(words))
            if name in body and named:
                self._unknown.add((prompt.model, name))
                return True
        if self.profile.system_role == "developer" and self.profile.wire == "chat" and _DEVELOPER.search(words):
            self.profile = replace(self.profile, system_role="system")
            return True
        if self.profile.system_role != "user" and self.profile.wire == "chat" and _NO_SYSTEM.search(words):
            self.profile = replace(self.profile, system_role="user")
            return True
        if _REPLAY.search(words) and self._unreadable.get(prompt.session, 0) < len(prompt.messages):
            self._unreadable[prompt.session] = len(prompt.messages)
            return True
        if (match := _DESCRIPTION.search(words)) and int(match[1]) >= 64 and self._description != int(match[1]):
            self._description = int(match[1])
            return True
        return False

    def _other_wire(self, words: str) -> bool:
        if self.profile.wire == "chat" and "v1/responses" in words:
            self.profile = replace(self.profile, wire="responses")
            return True
        if self.profile.wire == "responses" and "v1/chat/completions" in words and "v1/responses" not in words:
            self.profile = replace(self.profile, wire="chat")
            return True
        return False


def _clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"

"""What is known of an endpoint, as data: which wire it speaks and where it differs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

Wire = Literal["chat", "responses"]
OPENAI = "https://api.openai.com/v1"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    base_url: str
    wire: Wire = "chat"
    system_role: Literal["system", "developer"] = "system"
    include_usage: bool = True
    """Ask for usage in the stream (``stream_options.include_usage``)."""
    thinking_back: Literal["never", "reasoning_content"] = "never"
    """The field in which earlier thoughts must be sent back."""
    reasoning_beside_output: bool = False
    """Reasoning tokens come on top of the output tokens instead of inside them."""
    id_style: Literal["any", "nine"] = "any"
    """Mistral wants call ids of exactly nine letters and digits."""
    needs_key: bool = True
    loopback: bool = False

    @property
    def issuer(self) -> str:
        """Identity of whoever can read its opaque parts again."""
        return f"{self.wire}:{urlsplit(self.base_url).netloc}"


KNOWN: dict[str, Profile] = {
    "api.openai.com": Profile("OpenAI", OPENAI, wire="responses", system_role="developer"),
    "api.mistral.ai": Profile("Mistral", "", include_usage=False, id_style="nine"),
    "api.deepseek.com": Profile("DeepSeek", "", thinking_back="reasoning_content"),
    "api.moonshot.ai": Profile("Moonshot", "", thinking_back="reasoning_content"),
    "api.x.ai": Profile("xAI", "", reasoning_beside_output=True),
    "openrouter.ai": Profile("OpenRouter", ""),
    "api.groq.com": Profile("Groq", ""),
}

WINDOWS: tuple[tuple[str, int], ...] = (
    ("gpt-5", 400_000),
    ("gpt-4.1", 1_047_576),
    ("gpt-4o", 128_000),
    ("o3", 200_000),
    ("o4", 200_000),
    ("deepseek", 128_000),
    ("mistral-large", 128_000),
    ("kimi-k2", 256_000),
)
"""Context windows in tokens, by the beginning of the model's name (the providers' model pages, November 2026)."""


def profile_for(base_url: str, wire: str = "") -> Profile:
    """``wire`` overrides what the endpoint is known to speak."""
    base_url = (base_url or OPENAI).rstrip("/")
    host = urlsplit(base_url).hostname or ""
    profile = replace(KNOWN.get(host, Profile(host or base_url, "")), base_url=base_url)
    if host in LOOPBACK:
        profile = replace(profile, name=urlsplit(base_url).netloc, needs_key=False, loopback=True)
    if wire in ("chat", "responses"):
        profile = replace(profile, wire="chat" if wire == "chat" else "responses")
    return profile


def window(model: str) -> int:
    """Tokens that fit, 0 when unknown."""
    name = model.rpartition("/")[2].lower()
    return next((size for prefix, size in WINDOWS if name.startswith(prefix)), 0)

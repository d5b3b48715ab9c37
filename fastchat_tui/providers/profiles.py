"""What is known of an endpoint, as data: which wire it speaks and where it differs from the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from fastchat_tui.wire.addresses import host_of, is_loopback

Wire = Literal["chat", "responses"]
OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    base_url: str = ""
    wire: Wire = "chat"
    system_role: Literal["system", "developer", "user"] = "system"
    """Some models know no role but ``user``: then it stands at the head of the first message."""
    include_usage: bool = True
    """Ask for usage in the stream (``stream_options.include_usage``)."""
    thinking_back: Literal["never", "reasoning_content"] = "never"
    """The field in which every earlier thought must be sent back."""
    id_style: Literal["any", "nine"] = "any"
    """Mistral wants call ids of exactly nine letters and digits."""
    signs_calls: bool = False
    """Gemini signs its calls, and wants a signature on those of other models, too."""
    says_finish: bool = True
    """False where a whole answer ends with its usage, and never says why it ended."""
    needs_key: bool = True
    loopback: bool = False
    """On this machine: no proxy stands between."""
    first_byte: float = 60.0
    """Seconds until the first event; a local server may have to load the model first."""
    silence: float = 60.0
    """Seconds between two events while nothing is on the screen yet: some think without a word."""

    @property
    def host(self) -> str:
        """``host:port`` without the user name and password that a URL may carry."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def shown_url(self) -> str:
        return urlunsplit(urlsplit(self.base_url)._replace(netloc=self.host))

    @property
    def issuer(self) -> str:
        """Identity of whoever can read its opaque parts again."""
        return f"{self.wire}:{self.host}"

    def url(self, path: str) -> str:
        """The address of ``path`` below the base URL, whose query is kept."""
        parts = urlsplit(self.base_url)
        return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path))


KNOWN: dict[str, Profile] = {
    "api.openai.com": Profile("OpenAI", wire="responses", system_role="developer", silence=300),
    "api.mistral.ai": Profile("Mistral", include_usage=False, id_style="nine"),
    "api.deepseek.com": Profile("DeepSeek", thinking_back="reasoning_content"),
    "api.moonshot.ai": Profile("Moonshot", thinking_back="reasoning_content"),
    "api.x.ai": Profile("xAI"),
    "api.groq.com": Profile("Groq"),
    "openrouter.ai": Profile("OpenRouter"),
    "generativelanguage.googleapis.com": Profile("Gemini", signs_calls=True),
    "snowflakecomputing.com": Profile("Snowflake", says_finish=False),
}
"""By host, or by the domain that the host belongs to."""

WINDOWS: tuple[tuple[str, int], ...] = (
    ("gpt-5", 400_000),
    ("gpt-4.1", 1_047_576),
    ("gpt-4o", 128_000),
    ("o3", 200_000),
    ("o4", 200_000),
    ("claude", 200_000),
    ("gemini", 1_048_576),
    ("deepseek", 128_000),
    ("mistral-large", 128_000),
    ("kimi-k2", 256_000),
    ("grok-4", 256_000),
)
"""Context windows in tokens, by the beginning of the model's name."""


def profile_for(base_url: str, wire: str = "") -> Profile:
    """``wire`` overrides what the endpoint is known to speak."""
    base_url = (base_url.strip() or OPENAI).rstrip("/")
    host = host_of(base_url)
    known = KNOWN.get(host) or KNOWN.get(".".join(host.split(".")[-2:])) or Profile(host or "The endpoint")
    profile = replace(known, base_url=base_url)
    if is_loopback(host):
        profile = replace(profile, name=profile.host, needs_key=False, loopback=True, first_byte=300, silence=300)
    elif _is_private(host):
        profile = replace(profile, name=profile.host, needs_key=False, first_byte=300)
    if wire in ("chat", "responses"):
        profile = replace(profile, wire="chat" if wire == "chat" else "responses")
    return profile


def window(model: str) -> int:
    """Tokens that fit, 0 when unknown."""
    name = model.rpartition("/")[2].lower()
    return next((size for prefix, size in WINDOWS if name.startswith(prefix)), 0)


def _is_private(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return False

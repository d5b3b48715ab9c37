"""Where the model's endpoint is, and under which name the key for it is kept."""

from __future__ import annotations

from urllib.parse import urlsplit

OPENAI = "https://api.openai.com/v1"
CHOSEN = "/model"
"""The source of a base URL that was chosen while the program ran, now or earlier."""
NO_KEY = "Paste a key (Ctrl+P, “key”), set OPENAI_API_KEY, or choose a local endpoint."


def origin(base_url: str) -> str:
    """``scheme://host:port`` of an endpoint, the default port spelt out."""
    parts = urlsplit(base_url or OPENAI)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def place(here: str) -> str:
    """An origin as people write it."""
    scheme, _, rest = here.partition("://")
    return f"{scheme}://{rest.removesuffix({'https': ':443', 'http': ':80'}.get(scheme, ''))}"


def key_entry(here: str) -> str:
    """The name in the keyring of the key for an origin."""
    return f"key:{here}"

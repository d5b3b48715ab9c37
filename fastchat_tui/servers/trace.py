"""W3C trace context for a call, so that what a server logs of it can be found again."""

from __future__ import annotations

import hashlib
import secrets


def traceparent(call: str) -> str:
    """The trace is the call's own, whoever sends it; each sending is a span of its own."""
    trace = hashlib.sha256(call.encode("utf-8", "replace")).hexdigest()[:32]
    return f"00-{trace}-{secrets.token_hex(8)}-01"

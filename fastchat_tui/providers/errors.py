"""What went wrong at a model's API, in words: pure functions from status, headers and body to ``ModelError``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from fastchat_tui.providers.profiles import Profile
from fastchat_tui.wire.errors import ModelError, ModelFault
from fastchat_tui.wire.text import Masker, one_line

MAX_WAIT = 120.0
OVERFLOW = re.compile(
    r"context[_ ]length|context window|maximum context|max(imum)?[ _]prompt|prompt (is )?too long"
    r"|too many (input )?tokens"
    r"|input (is |tokens )?(too long|exceed)|exceeds? the (model'?s )?(maximum|limit|context)|reduce the length"
    r"|token limit (reached|exceeded)|request too large|too_many_prompt_tokens",
    re.IGNORECASE,
)
QUOTA = re.compile(
    r"insufficient_quota|exceeded your current quota|billing|credit balance|insufficient (balance|credit)|payment",
    re.IGNORECASE,
)
BAD_KEY = re.compile(r"(incorrect|invalid)[ _]api[ _]key|api_key_invalid|unauthori[sz]ed|authentication", re.IGNORECASE)
NO_MODEL = re.compile(
    r"model_not_found|deploymentnotfound|model .{0,80}(not (exist|found)|unknown)|no such model", re.IGNORECASE
)
BAD_SCHEMA = re.compile(
    r"invalid_function_parameters|input_schema|function_declarations|tools\[\d+\]|tools\.\d+\."
    r"|invalid schema for function",
    re.IGNORECASE,
)
FILTER = re.compile(r"content_filter|content management policy|safety system", re.IGNORECASE)
PARAMETER = re.compile(r"stream_options|parallel_tool_calls|prompt_cache_key|include|store", re.IGNORECASE)
RETRYABLE = frozenset({"rate_limit", "overloaded", "connect", "timeout"})
AGAIN = "F5 tries again."


def error_text(body: Any) -> str:
    """The server's own words in any of the shapes in which they come."""
    match body:
        case str(text):
            try:
                return error_text(json.loads(text))
            except (ValueError, RecursionError):
                return re.sub(r"<[^>]+>", " ", text)
        case [first, *_]:
            return error_text(first)
        case {"error": inner} if inner:
            return error_text(inner)
        case {"message": str(text)} if text:
            raw = body.get("metadata")
            inner = raw.get("raw") if isinstance(raw, dict) else None
            return f"{text} {error_text(inner)}" if inner else text
        case {"detail": inner} if inner:
            return error_text(inner)
        case {"msg": str(text)}:
            return text
        case None | [] | {}:
            return ""
        case _:
            return json.dumps(body)


def classify(status: int, body: Any, headers: Mapping[str, str], profile: Profile, key: str = "") -> ModelError:
    """``status`` 0 means an error inside a stream."""
    whole = body if isinstance(body, str) else json.dumps(body)
    said = one_line(Masker([key]).mask_shapes(error_text(body)), 300)
    words = f" It says: {said}" if said else ""
    kind = _kind(status, whole)
    who = profile.name
    texts: dict[ModelFault, tuple[str, str]] = {
        "auth": (f"{who} rejected the key{_ending(key)} (HTTP {status}).", "Paste another key (Ctrl+P, “key”)."),
        "model": (f"{who} does not know this model, or not at this address (HTTP {status}).",
                  "Choose another with /model, and check that the base URL ends in /v1."),
        "quota": (f"There is no credit left at {who}.", "Add credit there, or choose another endpoint with /model."),
        "rate_limit": (f"{who} limits the rate of requests.", f"Wait a little; {AGAIN}"),
        "overloaded": (f"{who} is overloaded or failing (HTTP {status}).", AGAIN),
        "context": ("The conversation no longer fits into the model's context.",
                    "Start a new session (Ctrl+N), switch tools off, or choose a model with more room."),
        "filter": (f"{who}'s content filter refused the request.", "Say it differently."),
        "schema": (f"{who} refused the definition of a tool.", "Switch that tool off in the servers pane."),
    }  # fmt: skip
    text, remedy = texts.get(kind, (f"{who} refused the request (HTTP {status}).", "See its words above; then F5."))
    return ModelError(kind, text.replace(" (HTTP 0)", "") + words, remedy, status=status)


def not_an_api(content_type: str, text: str, profile: Profile) -> ModelError:
    """A status of 200 with something that is no stream of events."""
    what = "a web page" if "html" in content_type else content_type or "something without a type"
    words = one_line(re.sub(r"<[^>]+>", " ", text), 120)
    return ModelError(
        "not_an_api",
        f"{profile.base_url} answered with {what} instead of a stream. It begins: {words}",
        "Check the base URL: it usually ends in /v1.",
        status=200,
    )


def unreachable(error: BaseException, profile: Profile) -> ModelError:
    """No connection: name resolution, refusal, TLS, proxy."""
    causes = []
    seen: BaseException | None = error
    while seen is not None:
        causes.append(str(seen))
        seen = seen.__cause__ or seen.__context__
    why = one_line(next((cause for cause in reversed(causes) if cause), type(error).__name__), 200)
    if profile.loopback:
        remedy = "Is the local server running (for instance: ollama serve)?"
    elif "certificate" in why.lower() or "ssl" in why.lower():
        remedy = "Check the system's certificates (SSL_CERT_FILE)."
    else:
        remedy = f"Check the network and the base URL. {AGAIN}"
    return ModelError("connect", f"{profile.name} cannot be reached: {why}", remedy)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks for, None when it does not say."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) / unit)
        except (KeyError, ValueError):
            continue
    return None


def _kind(status: int, whole: str) -> ModelFault:
    if status in (400, 413, 422, 0) and OVERFLOW.search(whole):
        return "context"
    if status == 402 or (status in (400, 403, 429, 0) and QUOTA.search(whole)):
        return "quota"
    if status == 429 or (status == 0 and "rate_limit" in whole):
        return "rate_limit"
    if status == 401 or (status in (400, 403) and BAD_KEY.search(whole)):
        return "auth"
    if status == 404 or (status in (400, 403) and NO_MODEL.search(whole)):
        return "model"
    if status in (400, 422) and BAD_SCHEMA.search(whole):
        return "schema"
    if status in (400, 403) and FILTER.search(whole):
        return "filter"
    if status >= 500 or status in (408, 409) or (status == 0 and re.search(r"overloaded|server_error|50\d", whole)):
        return "overloaded"
    return "auth" if status == 403 else "request"


def _ending(key: str) -> str:
    return f" ending in …{key[-2:]}" if len(key) > 12 else ""

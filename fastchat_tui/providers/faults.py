"""Which fault an error answer is, told by its status and by codes and phrases in its body."""

from __future__ import annotations

import json
import re
from typing import Any

from fastchat_tui.wire.errors import ModelFault


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


CONTEXT = _any(
    r"context_length_exceeded|context[ _](?:length|window|size)|maximum context|max_prompt_tokens|model_max_prompt",
    r"(?:prompt|input|request|messages?)\b.{0,40}(?:is|are|was) too (?:long|large)|all messages is too long",
    r"too[ _]many[ _](?:prompt[ _]|input[ _])?tokens|input tokens exceed|input (?:length|token count)[^.]{0,60}exceed",
    r"exceeds? the (?:model'?s )?(?:maximum|limit|available context|context)|reduce the length of",
    r"(?:token|prompt) limit (?:reached|exceeded)|maximum prompt length|larger than the (?:model's )?context|n_ctx",
)
QUOTA = _any(
    r"insufficient[ _](?:quota|balance|credits?|funds)|exceeded your current quota|credit balance|billing",
    r"payment[ _]required|out of credits|add (?:more )?credits|spending limit|usage limit reached|arrearage",
)
BAD_KEY = _any(
    r"(?:incorrect|invalid|missing|bad|expired|wrong)[ _](?:x-)?api[ _-]?key",
    r"api[ _]key (?:is )?(?:not valid|invalid|expired)",
    r"api_key_invalid|invalid_api_key|unauthori[sz]ed|authentication|invalid subscription key|no api key",
)
NO_MODEL = _any(
    r"model_?not_?found|deploymentnotfound|no such model|unknown model|invalid model|model identifier is invalid",
    r"models?\b.{0,100}(?:not (?:exist|found|available|supported)|n[o']t exist|was removed|is unknown)",
    r"model: \S+\"?,? ?\"type\": \"not_found",
)
SCHEMA = _any(
    r"invalid_function_parameters|invalid schema for (?:function|tool)|input_schema|function_declarations\[",
    r"tools?(?:\[\d+\]|\.\d+)[^\w]?.{0,40}(?:schema|parameters|function|description|custom|name)",
    r"(?:invalid|unsupported|bad)\b.{0,60}\btool(?:s|'s)?\b.{0,40}(?:schema|parameters|definition)",
)
TOO_MANY_TOOLS = _any(r"array_above_max_length.{0,200}tools|tools.{0,200}(?:array too long|maximum length|too many)")
NO_TOOLS = _any(
    r"does ?n[o']t support (?:tools?\b|tool use|tool calling|function)|no endpoints found that support tool use",
    r"(?:tools?|tool (?:use|calling|choice)|function calling) (?:is|are) not supported",
)
FILTER = _any(r"content_filter|content management policy|safety system|content_policy|flagged|responsibleaipolicy")
BAD_CALL = _any(r"tool_use_failed|malformed_function_call|failed to call a function")
BUSY = _any(r"overloaded|server_error|internal error|service_unavailable|unavailable|try again later|upstream|timeout")


def kind_of(status: int, text: str) -> ModelFault:
    """``text`` is the whole body; ``status`` 0 means an error inside a stream."""
    refused = status in (0, 400, 413, 422)
    if refused and CONTEXT.search(text):
        return "context"
    if status == 402 or (status in (0, 400, 403, 429) and QUOTA.search(text)):
        return "quota"
    if status == 429 or (status == 0 and re.search(r"rate[ _-]?limit", text, re.IGNORECASE)):
        return "rate_limit"
    if status == 401 or (status in (0, 400, 403) and BAD_KEY.search(text)):
        return "auth"
    if refused and BAD_CALL.search(text):
        return "malformed"
    if status in (0, 400, 403, 422) and FILTER.search(text):
        return "filter"
    if (refused or status == 404) and NO_TOOLS.search(text):
        return "tools"
    if refused and (TOO_MANY_TOOLS.search(text) or SCHEMA.search(text)):
        return "schema"
    if status == 404:
        return "model" if NO_MODEL.search(text) else "not_an_api"
    if status in (0, 400, 403, 422) and NO_MODEL.search(text):
        return "model"
    if status >= 500 or status in (408, 409, 425) or (status == 0 and BUSY.search(text)):
        return "overloaded"
    return "auth" if status == 403 else "request"


def code_in(body: Any) -> int:
    """The HTTP status that an error inside a stream carries, as a number or as text."""
    match body:
        case {"error": dict(inner)}:
            return code_in(inner)
        case {"code": int(code)} | {"status": int(code)} | {"status_code": int(code)}:
            return code
        case {"code": str(code)} if re.fullmatch(r"[45]\d\d", code):
            return int(code)
        case _:
            return 0


def words_of(body: Any) -> str:
    """The server's own words, in any of the shapes in which they come."""
    match body:
        case str(text):
            try:
                return words_of(json.loads(text)) if text.lstrip()[:1] in ("{", "[", '"') else without_tags(text)
            except (ValueError, RecursionError):
                return without_tags(text)
        case [first, *_]:
            return words_of(first)
        case {"error": dict() | str() | list() as inner} if inner:
            return words_of(inner)
        case {"message": str(text)} if text:
            inner = body.get("metadata")
            raw = inner.get("raw") if isinstance(inner, dict) else None
            return f"{text}: {words_of(raw)}" if raw else text
        case {"message": dict() | list() as inner} if inner:
            return words_of(inner)
        case {"detail": inner} if inner:
            return words_of(inner)
        case {"msg": str(text)}:
            return text
        case None | [] | {}:
            return ""
        case _:
            return json.dumps(body, ensure_ascii=False, default=str)


def without_tags(text: str) -> str:
    """The readable part of what may be a web page."""
    text = re.sub(r"(?is)<(script|style)\b.*?(</\1>|\Z)", " ", text[:20_000])
    return re.sub(r"<[^>]*>", " ", text)

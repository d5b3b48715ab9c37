"""Token counts as the providers write them, brought to one form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fastchat_tui.wire.chat import Usage


def read_usage(raw: Mapping[str, Any]) -> Usage:
    """Usage of either wire, with cached tokens inside ``input`` and reasoning tokens inside ``output``."""
    given = _number(raw.get("prompt_tokens", raw.get("input_tokens")))
    output = _number(raw.get("completion_tokens", raw.get("output_tokens")))
    spent = _inner(raw, "completion_tokens_details", "output_tokens_details")
    reasoning = _number(spent.get("reasoning_tokens")) or _number(raw.get("reasoning_tokens"))
    if reasoning and _number(raw.get("total_tokens")) == given + output + reasoning:
        output += reasoning  # xAI counts them beside the output
    read = _inner(raw, "prompt_tokens_details", "input_tokens_details")
    cached = _number(read.get("cached_tokens")) or _number(raw.get("prompt_cache_hit_tokens"))
    return Usage(given, output, cached, reasoning, _cost(raw.get("cost")))


def _inner(raw: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return next((raw[name] for name in names if isinstance(raw.get(name), dict)), {})


def _number(value: Any) -> int:
    return int(value) if _is_number(value) and value >= 0 else 0


def _cost(value: Any) -> float:
    if isinstance(value, dict):
        value = value.get("total_cost", value.get("total"))
    return float(value) if _is_number(value) else 0.0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

"""Why an answer is not whole, in words. An answer that says nothing of its end was cut off."""

from __future__ import annotations

ENDED = "The answer was cut off: the connection ended before the answer did."
REFUSED = "The model refused to answer."
THOUGHT_ONLY = "The model thought, but gave no answer."
THOUGHT_TOO_LONG = "The answer was cut off before its first word: the model's thoughts used up its limit of tokens."
BLANK = "The model gave an empty answer."
_LENGTH = "The answer was cut off: it reached the model's limit of tokens."
_FILTER = "The answer was stopped by the provider's content filter."
_ERROR = "The answer was stopped by an error at the provider."

CUT = {
    "length": _LENGTH,
    "max_tokens": _LENGTH,
    "max_output_tokens": _LENGTH,
    "model_length": _LENGTH,
    "model_context_window_exceeded": "The answer was cut off: the model's context is full.",
    "content_filter": _FILTER,
    "safety": _FILTER,
    "recitation": _FILTER,
    "prohibited_content": _FILTER,
    "refusal": REFUSED,
    "error": _ERROR,
    "failed": _ERROR,
    "cancelled": _ERROR,
    "incomplete": "The answer is not complete; the provider does not say why.",
    "insufficient_system_resource": "The answer was cut off: the provider ran out of resources.",
    "malformed_function_call": "The answer was stopped: the model wrote a call that cannot be read.",
}


def why_cut(finish: str, *, refused: bool = False) -> str:
    """Empty when the answer is whole. Words that are not known here (``stop``, ``tool_calls``, …) mean that it is."""
    if not finish:
        return ENDED
    return CUT.get(finish.lower(), "") or (REFUSED if refused else "")


def why_silent(cut: str, *, thought: bool) -> str:
    """The same for an answer that says nothing and calls nothing."""
    if cut == _LENGTH and thought:
        return THOUGHT_TOO_LONG
    return cut or (THOUGHT_ONLY if thought else BLANK)

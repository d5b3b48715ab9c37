"""Strings from outside: making them harmless and short.

``clean`` is the first of two layers against terminal injection (the second is a filter on every strip that leaves,
``tui/guard.py``): each control or hidden character becomes something visible, one by one, so that a sequence split
over two fragments cannot form again.
"""

from __future__ import annotations

import re
from functools import cache

_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_HIDDEN = (
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff"
)
CONTROL = re.compile(f"[{_CONTROL}]")
_CONTROL_BYTES = bytes(code for code in range(128) if CONTROL.match(chr(code)))


@cache
def unsafe() -> re.Pattern[str]:
    """Compiled when it is needed first, which is after the first frame."""
    return re.compile(f"[{_CONTROL}{_HIDDEN}]")


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"<{code:02X}>" if code < 0x100 else f"<U+{code:04X}>"


def clean(text: str) -> str:
    """``text`` with every control, bidi, zero-width and surrogate code point made visible. Idempotent.

    Newline, tab and the joiners that emoji and scripts need (ZWJ, ZWNJ) are kept.
    """
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    if text.isascii():  # ten times as fast as the pattern, and results of tools are megabytes of it
        raw = text.encode()
        if len(raw.translate(None, _CONTROL_BYTES)) == len(raw):
            return text
    return unsafe().sub(_visible, text)


def one_line(text: str, limit: int = 200) -> str:
    """``text`` cleaned, its white space folded, cut to ``limit`` characters with an ellipsis."""
    text = " ".join(clean(text[: 4 * limit]).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def head_and_tail(text: str, limit: int) -> str:
    """``text``, or three quarters of ``limit`` from its head and one from its tail with a note between them."""
    if len(text) <= limit:
        return text
    head = limit * 3 // 4
    left_out = len(text) - limit
    return f"{text[:head]}\n[… {left_out:,} characters left out …]\n{text[head + left_out :]}"


def size_of_base64(data: str) -> str:
    return human_size(len(data) * 3 // 4 - data[-2:].count("="))


def human_size(count: float) -> str:
    """Bytes in words: ``812 B``, ``4.1 kB``, ``12 MB``."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def human_time(seconds: float) -> str:
    """A duration in words: ``42 ms``, ``1.2 s``, ``2 m 05 s``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} m {seconds % 60:02.0f} s"


def human_count(count: float) -> str:
    """A count in words: ``812``, ``4.1k``, ``400k``, ``1.2M``."""
    if count < 1000:
        return f"{count:.0f}"
    if count < 99_950:
        return f"{count / 1000:.1f}k"
    return f"{count / 1000:.0f}k" if count < 999_500 else f"{count / 1e6:.1f}M"

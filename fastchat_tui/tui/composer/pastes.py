"""Long pastes as short tokens in the text, expanded when it is sent.

A text area needs seconds for a line of a megabyte; the token needs none, and nothing of the paste is lost.
"""

from __future__ import annotations

from fastchat_tui.wire.text import clean, human_size

LONG = 5_000
MANY_LINES = 60


class Pastes:
    """The pastes of one composer. ``expand(fold(text)) == text`` for every text without a token of its own."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def fold(self, text: str) -> str:
        """``text`` itself when it is short, else a token that stands for it."""
        if len(text) < LONG and text.count("\n") < MANY_LINES:
            return text
        for token, known in self._texts.items():
            if known == text:
                return token
        token = f"[pasted {human_size(len(text.encode('utf-8', 'replace')))} #{len(self._texts) + 1}]"
        self._texts[token] = text
        return token

    def expand(self, text: str) -> str:
        pieces: list[str] = []
        at = 0
        while (found := self._next(text, at)) is not None:
            start, token = found
            pieces += [text[at:start], self._texts[token]]
            at = start + len(token)
        return "".join([*pieces, text[at:]])

    def token_before(self, text: str) -> str:
        """The token that ``text`` ends with, empty if it ends with none: it is deleted as a whole."""
        return next((token for token in self._texts if text.endswith(token)), "")

    def token_after(self, text: str) -> str:
        return next((token for token in self._texts if text.startswith(token)), "")

    def _next(self, text: str, at: int) -> tuple[int, str] | None:
        found = [(start, token) for token in self._texts if (start := text.find(token, at)) >= 0]
        return min(found, default=None)


def tidy(text: str) -> str:
    """Pasted text as it may enter: one kind of line end, nothing hidden."""
    return clean(text.replace("\r\n", "\n").replace("\r", "\n"))


def is_key(text: str) -> bool:
    """Whether it is a secret key, and nothing else."""
    if len(text) < 12 or not text.isascii() or " " in text or "\n" in text:
        return False
    from fastchat_tui.wire import masks  # what an ordinary message does without

    return masks.is_key(text)

"""``<think>…</think>`` at the very start of an answer, in which some open models write their thoughts."""

from __future__ import annotations

from typing import Literal

from fastchat_tui.wire.chat import TextPiece, ThoughtPiece

PAIRS = (("<think>", "</think>"), ("<thought>", "</thought>"))


class ThinkTags:
    """Splits content into thought and text; a tag may be spread over fragments."""

    def __init__(self) -> None:
        self._state: Literal["start", "thought", "gap", "text"] = "start"
        self._held = ""
        """What cannot be told yet: it may be the beginning of a tag."""
        self._end = ""

    def feed(self, text: str) -> list[TextPiece | ThoughtPiece]:
        if self._state == "text":
            return [TextPiece(text)] if text else []
        text, self._held = self._held + text, ""
        pieces: list[TextPiece | ThoughtPiece] = []
        if self._state == "start":
            text = self._begin(text)
        if self._state == "thought":
            thought, text = self._until_end(text)
            pieces += [ThoughtPiece(thought)] if thought else []
        if self._state == "gap" and (text := text.lstrip("\n")):
            self._state = "text"
        if self._state == "text" and text:
            pieces.append(TextPiece(text))
        return pieces

    def close(self) -> list[TextPiece | ThoughtPiece]:
        """What was held back, when no more comes."""
        held, self._held = self._held, ""
        kind = ThoughtPiece if self._state == "thought" else TextPiece
        self._state = "text"
        return [kind(held)] if held else []

    def _begin(self, text: str) -> str:
        seen = text.lstrip()
        for start, end in PAIRS:
            if seen.startswith(start):
                self._state, self._end = "thought", end
                return seen[len(start) :]
        if any(start.startswith(seen) for start, _ in PAIRS):
            self._held = text
            return ""
        self._state = "text"
        return text

    def _until_end(self, text: str) -> tuple[str, str]:
        """The thought, and what follows it."""
        thought, tag, rest = text.partition(self._end)
        if tag:
            self._state = "gap"
            return thought, rest
        keep = next((n for n in range(len(self._end) - 1, 0, -1) if text.endswith(self._end[:n])), 0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep], ""

"""``<think>…</think>`` at the very start of an answer, in which some open models write their thoughts."""

from __future__ import annotations

from fastchat_tui.wire.values import TextPiece, ThoughtPiece

PAIRS = (("<think>", "</think>"), ("<thought>", "</thought>"))


class ThinkTags:
    """Splits content into thought and text; tags may be spread over fragments."""

    def __init__(self) -> None:
        self._held = ""
        self._end = ""
        self._state = "start"

    def feed(self, text: str) -> list[TextPiece | ThoughtPiece]:
        if self._state == "text":
            return [TextPiece(text)] if text else []
        self._held += text
        if self._state == "start":
            seen = self._held.lstrip()
            opened = next((pair for pair in PAIRS if seen.startswith(pair[0])), None)
            if opened:
                self._state, self._end, self._held = "thought", opened[1], seen[len(opened[0]) :]
            elif any(pair[0].startswith(seen) for pair in PAIRS):
                return []  # it may still become a tag
            else:
                return self.close()
        if self._state == "thought":
            thought, tag, rest = self._held.partition(self._end)
            if tag:
                self._state, self._held = "text", ""
                rest = rest.lstrip("\n")
                return [*([ThoughtPiece(thought)] if thought else []), *([TextPiece(rest)] if rest else [])]
            keep = next((n for n in range(len(self._end) - 1, 0, -1) if self._held.endswith(self._end[:n])), 0)
            thought, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
            return [ThoughtPiece(thought)] if thought else []
        return []

    def close(self) -> list[TextPiece | ThoughtPiece]:
        """What was held back, when no more comes (or no tag can come any more)."""
        held, self._held = self._held, ""
        kind = ThoughtPiece if self._state == "thought" else TextPiece
        self._state = "text"
        return [kind(held)] if held else []

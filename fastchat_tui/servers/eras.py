"""Which era a server is spoken to in, and what is learned of it over its connections."""

from __future__ import annotations

from fastchat_tui.servers.ended import Ended
from fastchat_tui.wire.servers import Era, ServerSpec


class Eras:
    """``auto`` puts the later era's first question, and falls back. Where that costs seconds, or the process its life,
    it is spared as soon as this is known."""

    def __init__(self, spec: ServerSpec) -> None:
        self.choose(spec)

    def choose(self, spec: ServerSpec) -> None:
        """From the entry and the options as they are now."""
        self._wanted: Era = spec.options.era or spec.protocol
        self._deaf = spec.deaf
        self.now: Era = "legacy" if spec.deaf and self._wanted == "auto" else self._wanted

    def another(self, ended: Ended) -> bool:
        """Whether a failed attempt is worth another at once, in the other era."""
        if ended.hint == "legacy":
            self.now = "legacy"
            return True
        if self.now == "legacy" and self._deaf and self._wanted == "auto" and ended.state == "failed":
            self._deaf, self.now = False, "auto"  # what was known of it may be old
            return True
        return False

    def failed(self) -> None:
        """Neither was it: the next attempt begins as it was meant."""
        self.now = "legacy" if self._deaf and self._wanted == "auto" else self._wanted

    def learned(self, probe_ignored: bool) -> bool:
        """There is a session now. Returns whether the server turned out to be deaf to the first question."""
        if self._wanted != "auto" or self._deaf or not (probe_ignored or self.now == "legacy"):
            return False
        self._deaf, self.now = True, "legacy"
        return True

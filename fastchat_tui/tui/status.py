"""What happens now, written into the upper edge of the composer: it takes no line, so that nothing moves."""

from __future__ import annotations

from time import monotonic, time

from textual.content import Content
from textual.widget import Widget

from fastchat_tui.wire.text import human_time, one_line

SPINNER = "⠋⠙⠸⠴⠦⠇"
STOP = "Esc stops"


class Status:
    """``edge`` is the widget whose border is written on. Call ``tick`` a few times a second."""

    def __init__(self, edge: Widget) -> None:
        self._edge = edge
        self._doing = ""
        self._turn = self._since = 0.0
        self._until = 0.0
        self._still = False
        self._queued = 0
        self._remark = ""

    def working(self, what: str, since: float | None = None) -> None:
        """``what`` is empty when nothing runs any more. The clock counts from the begin of the turn, or from ``since``
        (seconds of the epoch)."""
        self._do(what, since)

    def waiting(self, why: str, seconds: float) -> None:
        """The request is sent again in ``seconds``."""
        self._do(why or "the model does not answer", until=monotonic() + seconds)

    def awaiting(self, what: str) -> None:
        """Nothing runs until the user has given it: no clock hurries a person."""
        self._do(f"waiting for {what}", still=True)

    def queued(self, count: int) -> None:
        """How many messages wait for the end of the turn."""
        self._queued = count
        self.draw()

    def remark(self, text: str) -> None:
        """Something to do, shown until something runs again."""
        self._remark = text
        self.draw()

    def tick(self) -> None:
        if self._doing and not self._still:
            self.draw()

    def draw(self) -> None:
        self._edge.border_title = self._title()
        self._edge.border_subtitle = Content(f" {self._queued} waiting ") if self._queued else None

    def _do(self, what: str, since: float | None = None, *, until: float = 0.0, still: bool = False) -> None:
        if what and not self._doing:
            self._turn = monotonic()
        self._since = self._turn if since is None else monotonic() - max(0.0, time() - since)
        now = self._doing, self._until, self._still
        self._doing, self._until, self._still = what, until, still
        if what:
            self._remark = ""
        if now != (what, until, still):
            self.draw()  # and not with every word that is written: the clock goes on by itself

    def _title(self) -> Content | None:
        now = monotonic()
        if self._until:
            left = max(0.0, self._until - now)
            again = f" tries again in {left:.0f} s " if left >= 1 else " tries again now "
            why = f"{one_line(self._doing, 120).rstrip('.')} "
            return Content.assemble((again, "$text-warning"), (f"· {STOP} · ", "$text-muted"), (why, "$text-warning"))
        if self._still:
            return Content.assemble((f" {self._doing} ", "$text-accent"), (f"· {STOP} ", "$text-muted"))
        if self._doing:
            spin, clock = SPINNER[int(now * 4) % len(SPINNER)], human_time(now - self._since)
            return Content.assemble((f" {spin} {self._doing} ", "$text-accent"), (f"{clock} · {STOP} ", "$text-muted"))
        return Content.styled(f" {self._remark} ", "$text-warning") if self._remark else None

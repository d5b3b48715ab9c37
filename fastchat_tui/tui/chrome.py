"""The lines around the panes: header, status, key hints."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

from rich.cells import cell_len, set_cell_size
from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from fastchat_tui.tui.bindings import TABLE
from fastchat_tui.wire.chat import NO_USAGE, Usage
from fastchat_tui.wire.ports import Snapshot
from fastchat_tui.wire.text import human_count, human_time, one_line

KEY_NAMES = {"escape": "Esc", "enter": "Enter", "space": "Space", "slash": "/"}


def key_name(keys: str) -> str:
    """The first of some Textual keys, as people write it: ``^P``, ``F2``, ``Esc``."""
    key = keys.split(",")[0]
    if key.startswith("ctrl+"):
        return f"^{key[5:].upper()}"
    return KEY_NAMES.get(key, key.upper() if key.startswith("f") and key[1:].isdigit() else key)


class HeaderBar(Static):
    """Program and session on the left; model, room, cost and policy on the right."""

    def __init__(self) -> None:
        super().__init__("", id="header", markup=False)
        self._snapshot: Snapshot | None = None
        self._usage: Usage = NO_USAGE
        self._last: Usage = NO_USAGE

    def show(self, snapshot: Snapshot, usage: Usage, last: Usage) -> None:
        """``usage`` is the session's sum, ``last`` that of the latest request."""
        self._snapshot, self._usage, self._last = snapshot, usage, last
        self.refresh()

    def render(self) -> RenderResult:
        if self._snapshot is None:
            return Content.styled(" fastchat-tui", "bold $text-primary")
        view = self._snapshot.model
        used = human_count(self._last.input + self._last.output)
        room = f"{used}/{human_count(view.window)}" if view.window else used
        cost = f"${self._usage.cost:.3f}" if self._usage.cost else ""
        demo = "DEMO · scripted model" if self._snapshot.demo else one_line(view.name, 40)
        right = " · ".join(part for part in (demo, f"{room} tokens", cost, self._snapshot.policy) if part) + " "
        left = f" fastchat-tui   {one_line(self._snapshot.session.title, 80)}"
        width = self.size.width
        if cell_len(right) > width * 2 // 3:
            right = f"{demo} "
        left = set_cell_size(left, max(0, width - cell_len(right)))
        return Content.assemble((left, "bold"), (right, "$text-muted"))


class StatusLine(Static):
    """What happens now: the running step, a wait before a retry, messages that wait."""

    def __init__(self) -> None:
        super().__init__("", id="status", markup=False)
        self._doing = ""
        self._since = 0.0
        self._until = 0.0
        self._waiting = 0
        self._remark = ""

    def on_mount(self) -> None:
        self.set_interval(0.25, self._tick)

    def working(self, what: str) -> None:
        """``what`` is empty when nothing runs any more."""
        if what and not self._doing:
            self._since = monotonic()
        self._doing, self._until, self._remark = what, 0.0, "" if what else self._remark
        self._draw()

    def waiting(self, why: str, seconds: float) -> None:
        self._doing, self._until = why, monotonic() + seconds
        self._draw()

    def queued(self, count: int) -> None:
        self._waiting = count
        self._draw()

    def remark(self, text: str) -> None:
        self._remark = text
        self._draw()

    def _tick(self) -> None:
        if self._doing:
            self._draw()

    def _draw(self) -> None:
        now = monotonic()
        if self._until:
            text = f"{one_line(self._doing, 100)} Again in {max(0.0, self._until - now):.0f} s · Esc stops"
        elif self._doing:
            text = f"{'⠋⠙⠸⠴⠦⠇'[int(now * 4) % 6]} {self._doing} · {human_time(now - self._since)} · Esc stops"
        else:
            text = self._remark
        if self._waiting:
            text += f" · {self._waiting} waiting"
        self.set_class(bool(text), "-shown")
        self.update(Content(text))


class KeyHints(Static):
    """The keys of the place where the focus is, as many as fit."""

    regions: reactive[tuple[str, ...]] = reactive(("composer",))

    def __init__(self) -> None:
        super().__init__("", id="hints", markup=False)

    def render(self) -> RenderResult:
        shown = list(self._shown())
        pieces: list[tuple[str, str]] = []
        room = self.size.width - 1
        for keys, name in shown:
            room -= cell_len(keys) + cell_len(name) + 3
            if room < 0:
                break
            pieces += [(f" {keys}", "bold $text-accent"), (f" {name} ", "$text-muted")]
        return Content.assemble(*pieces)

    def _shown(self) -> Iterable[tuple[str, str]]:
        for region in (*self.regions, "chat", "app"):
            for key in TABLE:
                if key.region == region and key.shown:
                    yield key_name(key.keys), key.name

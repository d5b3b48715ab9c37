"""The line above the panes: program and session on the left; model, room, cost, policy and endpoint on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from fastchat_tui.tui.fitting import fitted
from fastchat_tui.wire.text import human_count, one_line

if TYPE_CHECKING:
    from textual.app import RenderResult

    from fastchat_tui.wire.chat import Usage
    from fastchat_tui.wire.ports import Snapshot

NAME = " fastchat-tui "
LEAST_TITLE = 16


class HeaderBar(Static):
    def __init__(self) -> None:
        super().__init__(id="header", markup=False)
        self._title = ""
        self._badge = ""
        self._facts: tuple[str, ...] = ()

    def show(self, now: Snapshot, total: Usage, last: Usage, *, whole: bool = True) -> None:
        """``total`` is what the session used as far as it is loaded, ``last`` what the latest request did."""
        used, window = human_count(last.input + last.output), now.model.window
        cost = f"${total.cost:.3f}{'' if whole else '+'}" if total.cost else ""
        self._title = now.session.title
        self._badge = " NOT SAVED " if now.unsaved else " DEMO " if now.demo else ""
        self._facts = (
            "scripted model" if now.demo else one_line(now.model.name, 40) or "no model",
            f"{used}/{human_count(window)}" if window else f"{used} tokens",
            cost,
            now.policy,
            _elsewhere(now.model.base_url),
        )
        self.refresh()

    def render(self) -> RenderResult:
        badge = self._badge
        room = self.size.width - cell_len(NAME) - cell_len(badge)
        facts = [fact for fact in self._facts if fact]
        title = fitted(one_line(self._title, 200), max(0, room - _width(facts)))
        while len(facts) > 1 and room - _width(facts) < min(LEAST_TITLE, cell_len(one_line(self._title))):
            facts.pop()
            title = fitted(one_line(self._title, 200), max(0, room - _width(facts)))
        words = fitted(" · ".join(facts), max(0, room - 1))
        gap = max(1, room - cell_len(title) - cell_len(words) - 1)
        return Content.assemble(
            (NAME, "bold $text-primary"),
            (title, "$foreground"),
            " " * gap,
            (badge, "bold reverse $text-warning"),
            (f" {words}" if badge else words, "$text-muted"),
        )


def _elsewhere(base_url: str) -> str:
    """The endpoint, where it is not OpenAI's own: a variable of the environment may have chosen it."""
    host = base_url.partition("://")[2].partition("/")[0]
    return "" if host in ("", "api.openai.com") else f"at {one_line(host, 40)}"


def _width(facts: list[str]) -> int:
    """Cells that the facts take, with a gap on both sides."""
    return cell_len(" · ".join(facts)) + 3

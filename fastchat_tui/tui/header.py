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

LEAST_TITLE = 16
FULL = 0.8
"""The part of the context window from which on it is a matter of concern."""
Fact = tuple[str, str]
"""Its words, and the style they have."""


class HeaderBar(Static):
    def __init__(self) -> None:
        super().__init__(id="header", markup=False)
        self._name = "fastchat-tui"
        self._title = ""
        self._badge = ""
        self._facts: tuple[Fact, ...] = ()

    def show(self, now: Snapshot, total: Usage, last: Usage, *, whole: bool = True) -> None:
        """``total`` is what the session used as far as it is loaded, ``last`` what the latest request did."""
        used, window = last.input + last.output, now.model.window
        room = f"{human_count(used)}/{human_count(window)}" if window else f"{human_count(used)} tokens"
        facts = (
            ("scripted model" if now.demo else one_line(now.model.name, 40) or "no model", "$foreground"),
            (room, "$text-warning" if window and used > FULL * window else "$text-muted"),
            (f"${total.cost:.3f}{'' if whole else '+'}" if total.cost else "", "$text-muted"),
            (now.policy, "$text-muted" if now.policy == "ask" else "bold $text-warning"),
            (_elsewhere(now.model.base_url), "$text-muted"),
        )
        self._name, self._title = one_line(now.name, 40), one_line(now.session.title)
        self._badge = " NOT SAVED " if now.unsaved else " DEMO " if now.demo else ""
        self._facts = tuple(fact for fact in facts if fact[0])
        self.refresh()

    def render(self) -> RenderResult:
        name, badge = f" {self._name}  ", self._badge
        room = self.size.width - cell_len(name) - cell_len(badge)
        facts = list(self._facts)
        while len(facts) > 1 and room - _width(facts) < min(LEAST_TITLE, cell_len(self._title)):
            facts.pop()
        title = fitted(self._title, max(0, room - _width(facts)))
        gap = " " * max(1, room - cell_len(title) - _width(facts) + 1)
        pieces: list[Fact] = [(name, "bold $text-primary"), (title, "$foreground"), (gap, "")]
        if badge:
            pieces += [(badge, "bold reverse $text-warning")]
        for number, (words, style) in enumerate(facts):
            pieces += [(" · " if number else " ", "$text-disabled"), (words, style)]
        return Content.assemble(*pieces)


def _elsewhere(base_url: str) -> str:
    """The endpoint, where it is not OpenAI's own: a variable of the environment may have chosen it."""
    host = base_url.partition("://")[2].partition("/")[0]
    return "" if host in ("", "api.openai.com") else f"at {one_line(host, 40)}"


def _width(facts: list[Fact]) -> int:
    """Cells that the facts take, with a gap on both sides."""
    return cell_len(" · ".join(words for words, _ in facts)) + 3

"""Values for some names, of a prompt or a URI template; the server completes them while they are typed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.composer.completion import PAUSE
from fastchat_tui.tui.modal import Modal
from fastchat_tui.tui.modals.proposals import Proposals
from fastchat_tui.wire.content import Completion
from fastchat_tui.wire.text import clean, one_line

Complete = Callable[[str, str, Mapping[str, str]], Awaitable[Completion]]
"""A name, what is typed for it, and the values of the others."""


class Blank(NamedTuple):
    name: str
    about: str = ""
    needed: bool = False
    value: str = ""


class FillScreen(Modal[dict[str, str] | None]):
    """Gives the values that are not empty, every needed one among them; None when it was closed."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("modal"), *bindings("form")]

    def __init__(self, title: str, note: str, blanks: Sequence[Blank], complete: Complete, *, keys: str = "") -> None:
        super().__init__()
        self._title = title
        self._note = note
        self._blanks = blanks
        self._complete = complete
        self._keys = keys
        self._taken: dict[str, str] = {}
        """Values that came from the server: it is not asked about them again."""

    def compose(self) -> ComposeResult:
        with Vertical(id="form") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content(self._keys)
            if self._note:
                yield Static(Content(clean(self._note)), id="form-note")
            yield Static("", id="fill-problem", markup=False)
            with VerticalScroll(id="fill-blanks", can_focus=False):
                for number, blank in enumerate(self._blanks):
                    with Vertical(classes="blank"):
                        yield Static(_label(blank), classes="form-label")
                        yield Input(blank.value, id=f"blank-{number}", compact=True, select_on_focus=False)
        yield Proposals(id="fill-offers")

    def on_mount(self) -> None:
        self.query_one("#fill-problem").display = False
        self.query_one(Proposals).close()
        self.set_focus(self.query(Input).first())

    # ── completion ───────────────────────────────────────────────────────────────────────────────────────────────

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.query_one(Proposals).close()
        if isinstance(event.widget, Input):
            self._ask(event.widget)

    def on_input_changed(self, event: Input.Changed) -> None:
        if (proposals := self.query_one(Proposals)).open:
            return  # what is proposed was asked for after this change: a row chosen since then stays chosen
        proposals.narrow()
        if event.input.has_focus:
            self._ask(event.input)

    @work(exclusive=True, group="complete")
    async def _ask(self, at: Input) -> None:
        await asyncio.sleep(PAUSE)
        values = self._values()
        name = self._blanks[self._number(at)].name
        typed = values.pop(name, "")
        if typed == self._taken.get(name):
            return
        found = await self._complete(name, typed, values)
        if self.is_current and at.has_focus and at.value == typed:
            self.query_one(Proposals).offer(at, found)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._take(event.option_index)

    def _take(self, index: int | None = None) -> None:
        self.query_one(Proposals).take(index)
        if isinstance(at := self.focused, Input):
            self._taken[self._blanks[self._number(at)].name] = at.value

    def on_key(self, event: events.Key) -> None:
        proposals = self.query_one(Proposals)
        if not proposals.open:
            return
        match event.key:
            case "down" | "up":
                proposals.move(1 if event.key == "down" else -1)
            case "tab":
                self._take()
            case "escape":
                proposals.close()
            case _:
                return
        event.stop()
        event.prevent_default()

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if (proposals := self.query_one(Proposals)).open and proposals.moved:
            self._take()
        elif event.input is self.query(Input).last():
            self.action_send()
        else:
            self.focus_next()

    def action_send(self) -> None:
        values = self._values()
        missing = [blank.name for blank in self._blanks if blank.needed and not values.get(blank.name)]
        if not missing:
            self.dismiss(values)
            return
        problem = self.query_one("#fill-problem", Static)
        problem.update(Content(f"✗ Still needed: {', '.join(one_line(name, 40) for name in missing)}."))
        problem.display = True
        self.query_one(f"#blank-{[blank.name for blank in self._blanks].index(missing[0])}", Input).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that comes before the first frame of this screen does nothing."""
        return self.is_mounted and action != "json"

    def action_close(self) -> None:
        self.dismiss(None)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _number(at: Input) -> int:
        return int((at.id or "").removeprefix("blank-"))

    def _values(self) -> dict[str, str]:
        return {self._blanks[self._number(one)].name: one.value for one in self.query(Input) if one.value}


def _label(blank: Blank) -> Content:
    return Content.assemble(
        (one_line(blank.name, 60), "bold"),
        ("  needed", "$text-warning") if blank.needed else "",
        (f"  {one_line(blank.about, 120)}" if blank.about else "", "$text-muted"),
    )

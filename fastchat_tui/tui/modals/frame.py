"""The frame that every question is asked in: who asks, the whole matter, and the choices, "no" in front.

Invariants: whatever is asked about can be read to its last character at any size; nothing that allows something has
the focus; no key counts until the question has stood for ``QUIET`` seconds without one, so that keys which were meant
for another place decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widgets import Button, Static

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.wrap import Passage, Wrapped
from fastchat_tui.tui.modal import Modal
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.questions import Decision
from fastchat_tui.wire.text import clean

QUIET = 0.4
NARROW = 64
WIDEST, AROUND = 110, 5
"""Of the frame, as its style sheet says: cells across, and those that border, padding and scrollbar take of them."""


class Choice(NamedTuple):
    """A button and its key: ``binding`` is an id of the table of keys, ``action`` what both do; ``help`` says what that
    is for this question, as the table says it of a call."""

    binding: str
    label: str
    action: str
    help: str = ""


ONCE = Choice("approval.once", "once", "answer('once')")
ALWAYS = Choice("approval.always", "always", "answer('always')")
NO = Choice("approval.deny", "no", "deny")


class QuestionScreen(Modal[Answer | None]):
    """Gives an ``Answer``; None when it was withdrawn because somebody else has answered."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("approval"), *bindings("modal"), *bindings("detail")]
    AUTO_FOCUS = "#no"
    ROWS_MORE = 0
    """That a kind of question needs below its text."""

    waiting: reactive[int] = reactive(0, init=False)
    """How many more questions stand in line."""

    def __init__(
        self,
        question: str,
        heading: str,
        passages: Sequence[Passage],
        choices: Sequence[Choice],
        *,
        waiting: int = 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]
        self.question = question
        self._heading = clean(heading)
        self._passages = passages
        self._choices = choices
        self._now = clock
        self._quiet_since = clock()
        self._answered = False
        self.set_reactive(QuestionScreen.waiting, waiting)

    def compose(self) -> ComposeResult:
        with Vertical(id="question") as frame:
            frame.styles.height = None if self.app.size.width < NARROW else self._height(self.app.size)
            yield Static(self._head(), id="question-heading")
            yield TextView(self._passages, id="question-body")
            yield from self.compose_more()
            with Container(id="question-choices"):
                for choice in self._choices:
                    name = "no" if choice is self._choices[-1] else None
                    yield Button(Content(choice.label), id=name, name=choice.binding, compact=True)

    def compose_more(self) -> ComposeResult:
        """What a kind of question has below its text."""
        yield from ()

    def on_mount(self) -> None:
        self._quiet_since = self._now()
        self._label_buttons()

    def on_resize(self, event: events.Resize) -> None:
        self.fit(event.size)

    def fit(self, size: Size) -> None:
        """The frame is as high as its text, where the terminal is; so it hides no more than it must. While something is
        written in it, and on a narrow terminal, it is as high as its style sheet says."""
        open_wide = self.has_class("-edit") or self.has_class("-filling") or size.width < NARROW
        self.query_one("#question").styles.height = None if open_wide else self._height(size)

    def _height(self, size: Size) -> int:
        inside = min(WIDEST, size.width * 9 // 10) - AROUND
        text = Wrapped(self._passages, inside).reach(size.height)
        heading = Wrapped([Passage(self._head().plain)], inside).reach(3)
        return heading + max(2, text) + 5 + self.ROWS_MORE

    def watch_waiting(self) -> None:
        for line in self.query("#question-heading").results(Static):  # none yet, when a second question comes at once
            line.update(self._head())

    def _head(self) -> Content:
        return Content(f"1 of {self.waiting + 1} · {self._heading}" if self.waiting else self._heading)

    @property
    def body(self) -> TextView:
        return self.query_one("#question-body", TextView)

    @property
    def words(self) -> dict[str, str]:
        """What keys do here, by their ids; of others the table of keys tells."""
        return {choice.binding: choice.help for choice in self._choices if choice.help}

    def hint(self, words: str) -> None:
        """Says on the lower edge what the keys of this moment do, where no button does."""
        frame = self.query_one("#question")
        frame.border_subtitle = Content(words)
        frame.set_class(bool(words), "-hinted")

    def armed(self) -> bool:
        """Whether a key counts now; one that does not starts the wait again."""
        now = self._now()
        if now - self._quiet_since >= QUIET:
            return True
        self._quiet_since = now
        return False

    def answer(self, decision: Decision, *, arguments: Object | None = None, text: str = "") -> None:
        """The first answer counts; a second key in the same moment finds the question closed."""
        self._close(Answer(self.question, decision, arguments=arguments, text=text))

    def give(self, answer: Answer) -> None:
        """The same, for an answer that is made already."""
        self._close(answer)

    def withdraw(self) -> None:
        """Closes the question and whatever it has opened above itself: somebody else has answered."""
        self._close(None)

    def _close(self, answer: Answer | None) -> None:
        if self._answered or self not in self.app.screen_stack:
            return
        self._answered = True
        while self.app.screen is not self:
            self.app.pop_screen()
        self.dismiss(answer)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What only some questions offer is one of the choices of this one."""
        if action in ("answer", "edit", "view", "send_edit"):
            offered = f"answer('{parameters[0]}')" if action == "answer" else action
            return any(choice.action == offered for choice in self._choices)
        return True

    def on_key(self, event: events.Key) -> None:
        """A key that means nothing here starts the wait again: it may be part of what a terminal answers, letter by
        letter, and the next one of that may be a choice."""
        if self.armed() and event.key not in self.active_bindings:
            self._quiet_since = self._now()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.press(event.button)

    def press(self, button: Button) -> None:
        """What a button of the frame does."""
        choice = next(choice for choice in self._choices if choice.binding == button.name)
        if choice is self._choices[-1]:
            self.action_close()
        else:
            self.call_later(self.run_action, choice.action)

    def action_answer(self, decision: Decision) -> None:
        if self.armed():
            self.answer(decision)

    def action_deny(self) -> None:
        if self.armed():
            self.answer("deny")

    def action_close(self) -> None:
        self.action_deny()

    def action_cursor_down(self) -> None:
        self.body.action_cursor_down()

    def action_cursor_up(self) -> None:
        self.body.action_cursor_up()

    def action_page_down(self) -> None:
        self.body.action_page_down()

    def action_page_up(self) -> None:
        self.body.action_page_up()

    def action_first(self) -> None:
        self.body.action_first()

    def action_last(self) -> None:
        self.body.action_last()

    def _label_buttons(self) -> None:
        """Each button names the key that does the same, as the user has mapped it."""
        keys: dict[str, str] = {}
        for key, active in self.active_bindings.items():
            keys.setdefault(active.binding.id or "", self.app.get_key_display(active.binding.with_key(key, None)))
        for button in self.query(Button):
            if button.name in keys:
                key = keys[button.name]
                button.label = Content.assemble((key, "bold underline"), " ", str(button.label))

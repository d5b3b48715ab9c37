"""The composer: text in, ``Submitted`` or ``CommandWanted`` out. A draft is never lost."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static, TextArea

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.composer import completion
from fastchat_tui.tui.composer.completion import Candidate, Vocabulary, Word
from fastchat_tui.tui.composer.editor import Editor
from fastchat_tui.tui.composer.history import History
from fastchat_tui.tui.composer.meaning import Order, Slip, meaning
from fastchat_tui.tui.composer.pastes import Pastes, tidy
from fastchat_tui.wire.errors import CommandError
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from fastchat_tui.tui.composer.menu import Menu

PLACEHOLDER = "Ask anything.  / commands  @ resources  # call a tool  ? help"
SECRET = ("key",)
"""Commands that are not remembered: a key may follow them."""
SEARCH = "Search what you sent before: type words; Enter takes it, Esc goes back."


class Composer(Vertical):
    """Grows with its text up to ten lines; what is longer scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("composer")]

    class Submitted(Message):
        """A message for the model."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class CommandWanted(Message):
        """``/name argument``, ``?`` (help), or ``#server:tool {…}`` (call, with the rest as its argument)."""

        def __init__(self, name: str, argument: str) -> None:
            super().__init__()
            self.name = name
            self.argument = argument

    def __init__(self, history: History | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._history = history or History()
        self._vocabulary = Vocabulary()
        self._pastes = Pastes()
        self._word: Word | None = None
        self._dismissed: Word | None = None
        """The word whose menu the user has closed."""
        self._proposed = False
        """What the menu offers is not all that the word could be."""
        self._searching: str | None = None
        """While the history is searched, the text that was there before."""

    def compose(self) -> ComposeResult:
        yield Editor(self._pastes, placeholder=PLACEHOLDER)

    # ── what the screen uses ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def draft(self) -> str:
        """What is written and not yet sent, pastes included."""
        return self._pastes.expand(self._editor.text if self._searching is None else self._searching)

    @draft.setter
    def draft(self, text: str) -> None:
        self._stop_search()
        self._history.leave()
        self._editor.replace_all(self._pastes.fold(tidy(text)))

    def restore(self, text: str) -> None:
        """Puts text back before what is being written."""
        draft = self.draft
        self.draft = f"{text}\n{draft}" if draft.strip() else text

    def insert(self, text: str) -> None:
        """At the cursor, apart from the word before it."""
        self._stop_search()
        before, _ = self._around_cursor()
        self._editor.insert(text if not before or before[-1].isspace() else f" {text}")

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def focus(self, scroll_visible: bool = True) -> Composer:
        self.screen.set_focus(self._editor, scroll_visible)
        return self

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_send(self) -> None:
        before, after = self._around_cursor()
        if before.endswith("\\") and not after:
            row, column = self._editor.cursor_location
            self._editor.replace("\n", (row, column - 1), (row, column), maintain_selection_offset=False)
            return
        text = self._pastes.expand(self._editor.text)
        if not text.strip():
            return
        match meaning(text, self._vocabulary):
            case Slip(words):
                self._hint(words)
            case Order(name, argument):
                self._clear("" if name in SECRET else text)
                self.post_message(self.CommandWanted(name, argument))
            case None:
                self._clear(text)
                self.post_message(self.Submitted(text.strip()))

    def action_newline(self) -> None:
        self._editor.replace("\n", *self._editor.selection, maintain_selection_offset=False)

    def action_search_history(self) -> None:
        if self._searching is not None:
            self._menu.move(1)
            return
        self._searching = self._editor.text
        self._editor.placeholder = SEARCH
        self._editor.replace_all("")
        self._offer_history()

    @work(exclusive=True, group="editor")
    async def action_editor(self) -> None:
        """The engine runs on while the editor has the terminal; nothing is drawn until it gives it back."""
        from fastchat_tui.tui.composer import external

        try:
            command = external.editor_command(os.environ)
            with self.app.batch_update(), self.app.suspend(), external.interrupts_are_the_editors():
                text = await asyncio.to_thread(external.edit, self.draft, command)
        except SuspendNotSupported:
            self._hint("This terminal cannot be handed to an editor.")
        except CommandError as error:
            self._hint(f"{error.text} {error.remedy}".strip())
        else:
            self.draft = text

    @on(Editor.EdgeReached)
    def _recall(self, event: Editor.EdgeReached) -> None:
        event.stop()
        older = event.direction < 0
        text = self._history.older(self._editor.text) if older else self._history.newer()
        if text is not None:
            self._editor.replace_all(self._pastes.fold(text))
            if older:
                self._editor.move_cursor((0, 0))

    @on(Editor.HelpWanted)
    def _help(self, event: Editor.HelpWanted) -> None:
        event.stop()
        self.post_message(self.CommandWanted("help", ""))

    # ── the menu ─────────────────────────────────────────────────────────────────────────────────────────────────

    @on(TextArea.Changed)
    def _text_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._hint("")
        if self._searching is not None:
            self._offer_history()
        else:
            self._complete()

    @on(TextArea.SelectionChanged)
    def _cursor_moved(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        if self._searching is None and self._word is not None and self._present_word() != self._word:
            self._complete()

    @on(Editor.MenuKey)
    def _menu_key(self, event: Editor.MenuKey) -> None:
        event.stop()
        match event.key:
            case "up" | "down":
                self._menu.move(-1 if event.key == "up" else 1)
            case "escape" if self._searching is not None:
                self._stop_search()
            case "escape":
                self._dismissed = self._word
                self._close_menu()
            case "enter" if self._searching is None and not self._enter_completes():
                self.action_send()
            case _:
                self._take(self._menu.chosen)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(self._menu.candidates[event.option_index])
        self.focus()

    def _enter_completes(self) -> bool:
        """Enter takes the chosen row where the word alone means nothing; a proposal only when it was chosen."""
        if self._word is None or not self._menu.is_open:
            return False
        return self._menu.moved or not (self._proposed or completion.is_whole(self._word, self._menu.candidates))

    def _take(self, candidate: Candidate | None) -> None:
        if candidate is None:
            return
        if self._searching is not None:
            draft, self._searching = self._searching, None
            self._editor.placeholder = PLACEHOLDER
            self._history.take(candidate.text, draft)
            self._editor.replace_all(self._pastes.fold(candidate.text))
            self._close_menu()
        elif self._word is not None:
            row, column = self._editor.cursor_location
            self._editor.replace(
                candidate.taken, (row, self._word.start), (row, column), maintain_selection_offset=False
            )

    def _complete(self) -> None:
        self._word = word = self._present_word()
        if word is None or word == self._dismissed:
            self._close_menu()
            return
        if word.kind != "path":
            self._dismissed = None
            self._open_menu(completion.from_vocabulary(word, self._vocabulary))
        if word.kind in ("path", "resource"):
            self._propose(word)

    @work(exclusive=True, group="proposals")
    async def _propose(self, word: Word) -> None:
        """What takes time to look up."""
        found = await completion.proposals(word, self._vocabulary)
        if self._word == word and self._searching is None and (found or word.kind == "path"):
            self._open_menu(found, proposed=True)

    def _offer_history(self) -> None:
        self._open_menu([Candidate(entry) for entry in self._history.search(self._editor.text)])

    def _stop_search(self) -> None:
        if self._searching is not None:
            draft, self._searching = self._searching, None
            self._editor.placeholder = PLACEHOLDER
            self._editor.replace_all(draft)
            self._close_menu()

    def _open_menu(self, candidates: list[Candidate], *, proposed: bool = False) -> None:
        self._proposed = proposed
        if candidates or self._editor.menu_open:
            self._menu.offer(candidates)
        self._editor.menu_open = bool(candidates) or self._searching is not None

    def _close_menu(self) -> None:
        self._word = None
        if self._editor.menu_open:
            self._menu.offer(())
        self._editor.menu_open = False

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _editor(self) -> Editor:
        return self.query_one(Editor)

    @property
    def _menu(self) -> Menu:
        """Made when it opens first: the first frame does without."""
        from fastchat_tui.tui.composer.menu import Menu

        for menu in self.query(Menu):
            return menu
        self.mount(menu := Menu(), before=self._editor)
        return menu

    def _present_word(self) -> Word | None:
        row, column = self._editor.cursor_location
        return completion.word_before(self._editor.document.get_line(row), column, first_line=row == 0)

    def _around_cursor(self) -> tuple[str, str]:
        row, column = self._editor.cursor_location
        line = self._editor.document.get_line(row)
        return line[:column], line[column:]

    def _clear(self, sent: str) -> None:
        if sent:
            self._history.add(sent.strip())
        self._editor.replace_all("")
        self._editor.history.clear()
        self._close_menu()

    def _hint(self, text: str) -> None:
        for hint in self.query(".hint"):
            hint.remove()
        if text:
            self.mount(Static(one_line(text), classes="hint", markup=False))

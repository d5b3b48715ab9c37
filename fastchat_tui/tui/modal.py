"""What lies in front of the chat: it closes once, and nothing but itself."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen, ScreenResultType


class ClosesItself(Screen[ScreenResultType]):
    """Not the first base of a class: Textual takes styles and bindings from the first one only."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Textual closes what is in front, whoever asks: a question that has come meanwhile, or at a second Enter the
        chat itself."""
        in_front = self.app.screen_stack[-1:] == [self]
        return super().dismiss(result) if in_front else AwaitComplete()


class Modal(ModalScreen[ScreenResultType], ClosesItself[ScreenResultType]):
    """The base of every dialog."""

"""What lies in front of the chat: it closes once, and nothing but itself."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen, ScreenResultType


class ClosesItself(Screen[ScreenResultType]):
    """Not the first base of a class: Textual takes styles and bindings from the first one only."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Textual closes what is in front, whoever asks: a question that has come meanwhile, or at a second Enter the
        chat itself."""
        if self.app.screen_stack[-1:] != [self]:
            return AwaitComplete()
        if not self.is_mounted:  # what is taken away while it is being built fails for want of its parts
            self.call_later(self._dismiss_built, result)
            return AwaitComplete()
        return super().dismiss(result)

    def _dismiss_built(self, result: ScreenResultType | None) -> None:
        self.dismiss(result)


class Modal(ModalScreen[ScreenResultType], ClosesItself[ScreenResultType]):
    """The base of every dialog."""

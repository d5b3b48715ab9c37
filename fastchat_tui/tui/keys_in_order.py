"""Keys that come in a burst act one after the other, as if they had come slowly.

Textual hands each key at once to the widget that has the focus when it comes, and looks for its binding only after the
key has risen through all widgets to the app: what was typed behind it overtakes it ("ab⌫c" loses the c). A slow line, a
terminal without bracketed paste and a program that types all send such bursts.
"""

from __future__ import annotations

import asyncio
from collections import deque

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message import Message
from textual.widgets import Input, TextArea

PATIENCE = 0.5
"""Seconds that keys wait for the one before them: a widget that is taken away meanwhile never tells."""


class KeyDone(Message):
    """Follows a key on its way up: where it has arrived, the key has been, too."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class KeysInOrder(App[int]):
    def __init__(self) -> None:
        super().__init__()
        self._behind: deque[events.Key | events.Paste] = deque()
        """They wait until the key that acts has come to its end."""
        self._acts = True
        """What comes before the first frame waits for it: nothing has the focus yet."""
        self._unread: DOMNode | None = None
        """It was handed text, and nothing that acts has come since."""
        self._number = 0

    def on_mount(self) -> None:
        self.call_after_refresh(self._go_on, 0)

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
        elif event.is_forwarded:
            if self.screen.is_mounted:  # else a dialog has come that the key was not meant for, and is not there yet
                await super().on_event(event)
        elif self._acts:
            self._behind.append(event)
        else:
            await self._hand_on(event)

    def on_key_done(self, done: KeyDone) -> None:
        self.call_later(self._go_on, done.number)  # behind what the key has put off, such as a move of the focus

    async def _go_on(self, number: int) -> None:
        if self._acts and number == self._number:
            self._acts = False
            while self._behind and not self._acts:
                await self._hand_on(self._behind.popleft())

    async def _hand_on(self, event: events.Key | events.Paste) -> None:
        widget, text = self.focused or self.screen, self._is_text(event)
        if not text and (unread := self._unread) is not None:
            self._unread = None  # a key that works everywhere acts at once, though the text before it is on its way
            self._behind.appendleft(event)
            self._wait_for(unread)
            return
        self._acts = not text
        await super().on_event(event)
        if text:
            self._unread = widget
        else:
            self._wait_for(widget)

    def _wait_for(self, widget: DOMNode) -> None:
        """Until what has come to ``widget`` has been."""
        self._acts = True
        self._number += 1
        if not widget.post_message(KeyDone(self._number)):
            self.post_message(KeyDone(self._number))
        asyncio.get_running_loop().call_later(PATIENCE, self.post_message, KeyDone(self._number))

    def _is_text(self, event: events.Key | events.Paste) -> bool:
        """An editor takes it where it is: nothing rises, and no other text can overtake it."""
        return isinstance(event, events.Paste) or (event.is_printable and isinstance(self.focused, Input | TextArea))

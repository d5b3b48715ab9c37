"""Textual's driver with a reading of its own: a paste is text, and a byte that is no text ends nothing.

Textual's stops the program at the first byte that is no UTF-8, such as an “ä” of a terminal that speaks Latin-1.
"""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from itertools import chain

from textual.drivers.linux_driver import LinuxDriver

from fastchat_tui.tui.paste_parser import PasteParser

CHUNK = 1 << 16
LOOK = 0.1
"""Seconds after which a lone escape character counts as the key, and the end of the program is noticed."""


class Keyboard(LinuxDriver):
    def run_input_thread(self) -> None:
        parser = PasteParser()
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as terminal:
            terminal.register(self.fileno, selectors.EVENT_READ)
            ending = False
            while not ending:
                ending = self.exit_event.is_set()
                text = decode(os.read(self.fileno, CHUNK)) if terminal.select(LOOK) else ""
                for message in chain(parser.feed(text) if text else (), parser.tick()):
                    self.process_message(message)

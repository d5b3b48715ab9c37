"""Textual's driver with a reading and a writing of its own: a paste is text, a byte that is no text ends nothing, and a
terminal that goes away ends the program, also where no signal tells of it.

Textual's stops the program at the first byte that is no UTF-8, such as an “ä” of a terminal that speaks Latin-1, and
reads on and on where there is no terminal any more.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
from codecs import getincrementaldecoder
from itertools import chain

from textual.drivers.linux_driver import LinuxDriver

from fastchat_tui.tui.outlet import Outlet
from fastchat_tui.tui.paste_parser import PasteParser

CHUNK = 1 << 16
LOOK = 0.1
"""Seconds after which a lone escape character counts as the key, and the end of the program is noticed."""
FRAMES = 9
"""Texts that may wait for the terminal before no more is painted; a frame is up to three."""


class Terminal(LinuxDriver):
    _outlet: Outlet | None = None

    @property
    def behind(self) -> bool:
        """Whether the terminal does not take what is painted as fast as it is."""
        return self._outlet is not None and self._outlet.waiting > FRAMES

    def write(self, data: str) -> None:
        if self._outlet is None and self._file is not None:
            self._outlet = Outlet(self._file, self._gone)
        if self._outlet is not None:
            self._outlet.write(data)

    def close(self) -> None:
        super().close()
        if self._outlet is not None:
            self._outlet.close()
            self._outlet = None

    def run_input_thread(self) -> None:
        parser = PasteParser()
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as terminal:
            terminal.register(self.fileno, selectors.EVENT_READ)
            ending = False
            while not ending:
                ending = self.exit_event.is_set()
                text = ""
                if terminal.select(LOOK):
                    read = self._read()
                    if not read:
                        self._gone()
                        break
                    text = decode(read)
                for message in chain(parser.feed(text) if text else (), parser.tick()):
                    self.process_message(message)
        self.write("\x1b[?1004l")  # Disable FocusIn/FocusOut.
        self.flush()

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, CHUNK)
        except OSError:
            return b""

    def _gone(self) -> None:
        """Ends the program as a hangup does; in any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._app.exit, None, 128 + signal.SIGHUP)

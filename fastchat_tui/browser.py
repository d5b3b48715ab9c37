"""Web addresses, opened in the user's browser. Nothing here is called before the user agreed.

The browser is started by argument, never through a shell; it has nothing of our terminal, and goes on when we end.
``webbrowser`` gives none of that: with it a browser writes on our screen, a text browser runs in it, and one that stays
in the foreground is waited for. ``$BROWSER`` is read as it is read there.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence

from fastchat_tui import guardian
from fastchat_tui.wire.addresses import unfit

PATIENCE = 3.0
"""Seconds in which a command may fail; one that still runs then is the browser itself."""


def open_in_browser(url: str) -> bool:
    """Whether ``$BROWSER`` or the desktop took it. May block: use a thread."""
    if unfit(url):
        return False
    if sys.platform == "win32":
        os.startfile(url)
        return True
    return any(_took(command) for command in commands(url, os.environ))


def commands(url: str, environ: Mapping[str, str]) -> Iterator[list[str]]:
    """``$BROWSER``: commands between colons, ``%s`` for the address or nothing; then what the desktop has."""
    for entry in environ.get("BROWSER", "").split(os.pathsep):
        if words := _words(entry.removesuffix("&")):
            yield [word.replace("%s", url) for word in words] if "%s" in entry else [*words, url]
    if sys.platform == "darwin":
        yield ["open", url]
    elif environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):  # else it would look for a text browser
        yield ["xdg-open", url]


def _words(entry: str) -> list[str]:
    try:
        return shlex.split(entry)
    except ValueError:  # a quote that is never closed
        return []


def _took(command: Sequence[str]) -> bool:
    if (program := shutil.which(command[0])) is None:
        return False
    try:
        process = subprocess.Popen(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=guardian.spared(os.environ),
        )
    except OSError:
        return False
    try:
        return process.wait(PATIENCE) == 0
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, name="browser", daemon=True).start()  # nobody else would bury it
        return True

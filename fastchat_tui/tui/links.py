"""Links of a model or a server: which may be opened at all, and how. Nothing here is called before the user agreed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

LONGEST = 4096


def problem(url: str) -> str:
    """Why a link is not opened; empty when it may be."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "it is no URL"
    if parts.scheme not in ("http", "https"):
        return "only web links (http and https) are opened"
    if not host or not url.isprintable() or " " in url:
        return "it is no whole URL"
    if "@" in parts.netloc:
        return "it hides its host behind a user name"
    return f"it has more than {LONGEST:,} characters" if len(url) > LONGEST else ""


def open_in_browser(url: str) -> bool:
    """Whether ``$BROWSER`` or the desktop took it, by argument and never through a shell. May block: use a thread."""
    if sys.platform == "win32":
        os.startfile(url)
        return True
    return any(_took(command) for command in _commands(url))


def _commands(url: str) -> Iterator[list[str]]:
    """``$BROWSER`` as ``webbrowser`` reads it: commands between colons, ``%s`` for the address or nothing."""
    for entry in os.environ.get("BROWSER", "").split(os.pathsep):
        words = shlex.split(entry)
        if words:
            yield [word.replace("%s", url) for word in words] if "%s" in entry else [*words, url]
    yield ["open" if sys.platform == "darwin" else "xdg-open", url]


def _took(command: Sequence[str]) -> bool:
    """Its own words stay off the screen."""
    if (program := shutil.which(command[0])) is None:
        return False
    try:
        subprocess.run([program, *command[1:]], timeout=5, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return True  # it is still at it
    except (OSError, subprocess.SubprocessError):
        return False
    return True

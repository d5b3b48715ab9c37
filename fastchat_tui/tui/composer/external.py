"""The user's own editor, for a text that wants more room."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fastchat_tui.wire.errors import CommandError

FALLBACKS = ("nano", "vi", "notepad")


def editor_command(environ: Mapping[str, str]) -> list[str]:
    """``$VISUAL``, ``$EDITOR``, or what is there. Raises CommandError when nothing is."""
    chosen = environ.get("VISUAL") or environ.get("EDITOR")
    try:
        command = shlex.split(chosen) if chosen else [name for name in FALLBACKS if shutil.which(name)][:1]
    except ValueError:
        command = []
    if not command:
        raise CommandError("No editor was found.", "Set EDITOR to the command of your editor.")
    return command


def edit(text: str, command: Sequence[str]) -> str:
    """What the editor left. It blocks. Raises CommandError when the editor could not be run or gave up."""
    fd, name = tempfile.mkstemp(prefix="fastchat-tui-", suffix=".md")
    path = Path(name)
    try:
        with os.fdopen(fd, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
        status = subprocess.run([*command, name], check=False).returncode
        if status:
            raise CommandError(f"{command[0]} ended with status {status}; the text is as it was.")
        return path.read_text(encoding="utf-8", errors="replace").removesuffix("\n")
    except OSError as error:
        raise CommandError(f"{command[0]} could not be run: {error.strerror}.", "Set EDITOR to another.") from error
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


@contextlib.contextmanager
def interrupts_are_the_editors() -> Iterator[None]:
    """Ctrl+C in the editor reaches this process too, and must not end it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

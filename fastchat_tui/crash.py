"""What becomes of an error that nobody expected: a report in a private file, and one line that names it.

No report holds a local variable, a secret that the program knows of, the value of a variable of the environment that
may be one, what a validation was given, or anything that looks like a key.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from fastchat_tui import __version__

MOST = 20
"""Reports of one run: a fault that comes again and again must not fill the disk."""
_SECRET_NAME = "KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH"
_GIVEN = "(?s)input_value=.*?, input_type="
"""What pydantic quotes of a value that did not fit."""
_hide: Callable[[str], str] = str
_written = 0


def write_report(error: BaseException, folder: Path | None = None) -> str:
    """The path of a new file, readable for its owner only; empty when no file could be written."""
    import platform
    import tempfile
    import traceback

    from fastchat_tui.wire.folders import make_private
    from fastchat_tui.wire.masks import MASK, Masker
    from fastchat_tui.wire.text import clean

    global _written
    if _written >= MOST:
        return ""
    masker = Masker(value for name, value in os.environ.items() if re.search(_SECRET_NAME, name, re.IGNORECASE))
    head = f"fastchat-tui {__version__}, Python {platform.python_version()}, {platform.platform()}\n{time.ctime()}\n\n"
    text = re.sub(_GIVEN, f"input_value={MASK}, input_type=", head + "".join(traceback.format_exception(error)))
    text = clean(masker.mask_shapes(_hide(text)))
    try:
        folder = folder or _folder()
        make_private(folder)
        fd, path = tempfile.mkstemp(prefix=time.strftime("crash-%Y%m%d-%H%M%S-"), suffix=".txt", dir=folder)
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return ""
    _written += 1
    return path


def told(error: BaseException, folder: Path | None = None) -> str:
    """What the user is told: what kind of fault, where the report is. The words of the error stay in the report."""
    path = write_report(error, folder)
    where = f"A report without variables and keys is in {path}" if path else "A report could not be written"
    return f"This is a fault of the program ({type(error).__name__}). {where}"


def hide_with(hide: Callable[[str], str]) -> None:
    """From now on ``hide`` takes what the program knows to be secret out of every report."""
    global _hide
    _hide = hide


def install() -> None:
    """Sends what escapes, also from threads, to a report; nothing prints a traceback over the screen."""

    def at_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, Exception):
            print(told(error), file=sys.stderr)
        else:
            sys.__excepthook__(kind, error, trace)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            write_report(args.exc_value)

    def unraisable(args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            write_report(args.exc_value)

    sys.excepthook = at_the_end
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable


def _folder() -> Path:
    from platformdirs import user_log_path

    return user_log_path("fastchat-tui", appauthor=False)

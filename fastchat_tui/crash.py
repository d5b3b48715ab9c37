"""What becomes of an error that nobody expected: a report in a private file, and one line that names it.

No report holds a local variable, the value of a variable of the environment that may be secret, or anything that looks
like a key.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from pathlib import Path

from fastchat_tui import __version__

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)


def write_report(error: BaseException, folder: Path | None = None) -> str:
    """The path of a new file, readable for its owner only; empty when no file could be written."""
    import platform
    import tempfile
    import traceback

    from fastchat_tui.wire.masks import Masker
    from fastchat_tui.wire.text import clean

    masker = Masker(value for name, value in os.environ.items() if _SECRET_NAME.search(name))
    head = f"fastchat-tui {__version__}, Python {platform.python_version()}, {platform.platform()}\n{time.ctime()}\n\n"
    text = clean(masker.mask_shapes(head + "".join(traceback.format_exception(error))))
    try:
        folder = folder or _folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd, path = tempfile.mkstemp(prefix=time.strftime("crash-%Y%m%d-%H%M%S-"), suffix=".txt", dir=folder)
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return ""
    return path


def told(error: BaseException, folder: Path | None = None) -> str:
    """What the user is told: what kind of fault, where the report is. The words of the error stay in the report."""
    path = write_report(error, folder)
    where = f"A report without your data is in {path}" if path else "A report could not be written"
    return f"fastchat-tui: a fault of the program ({type(error).__name__}). {where}"


def install() -> None:
    """Sends what escapes from threads to a report; nothing prints a traceback over the screen."""

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            write_report(args.exc_value)

    def unraisable(args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            write_report(args.exc_value)

    threading.excepthook = in_thread
    sys.unraisablehook = unraisable


def _folder() -> Path:
    from platformdirs import user_log_path

    return user_log_path("fastchat-tui", appauthor=False)

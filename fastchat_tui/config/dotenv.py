"""The ``.env`` of the working folder: values in a dict, never in ``os.environ``, and only names that may be there.

A planted ``.env`` could otherwise run code (``PYTHON…``, ``LD_…``, ``BROWSER``) and read what is sent (proxies).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

OURS = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DEFAULT_MODEL")
_NEVER = re.compile(
    r"(?:PYTHON|LD_|DYLD_|SSL_|XDG_|DBUS_|GIT_|NODE_).*|.*_PROXY|PATH|HOME|SHELL|BROWSER|EDITOR|VISUAL|IFS|ENV|BASH_ENV",
    re.IGNORECASE,
)


def usable(text: str, wanted: Iterable[str]) -> dict[str, str]:
    """Our own variables, and those of ``wanted``: what the configuration of the same project refers to."""
    from dotenv import dotenv_values

    names = {*OURS, *(name for name in wanted if not _NEVER.fullmatch(name))}
    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if name in names and value}

"""Where a server is, in one line that may be shown: secrets are masked, even those that nobody declared."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit, urlunsplit

from fastchat_tui.wire.masks import MASK
from fastchat_tui.wire.servers import ServerSpec

_SECRET = re.compile(r"key|token|secret|passw|auth|credential|sig", re.IGNORECASE)


def destination(spec: ServerSpec, mask: Callable[[str], str]) -> str:
    if spec.transport == "stdio":
        return mask(shlex.join([*spec.wrap, spec.command, *_arguments(spec.args)]))
    return mask(_url(spec.url))


def _arguments(args: Iterable[str]) -> Iterator[str]:
    """The value after ``--token``, ``--api-key=`` or ``API_KEY=`` is hidden."""
    hide = False
    for arg in args:
        name, equals, _ = arg.partition("=")
        if hide and not arg.startswith("-"):
            yield MASK
        elif equals and _SECRET.search(name) and re.fullmatch(r"-{0,2}[\w-]+", name):
            yield f"{name}={MASK}"
        else:
            yield arg
        hide = arg.startswith("-") and not equals and bool(_SECRET.search(arg))


def _url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url  # there is no host in it, so nothing stands in front of one
    host = parts.netloc.rpartition("@")
    netloc = f"{MASK}@{host[2]}" if host[1] else parts.netloc
    query = "&".join(
        f"{name}={MASK}" if equals and _SECRET.search(name) else f"{name}{equals}{value}"
        for name, equals, value in (pair.partition("=") for pair in parts.query.split("&"))
    )
    return urlunsplit((parts.scheme, netloc, parts.path, query, ""))

"""Web addresses from outside: why somebody must not be sent to one, and what of it a person must look at."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

from fastchat_tui.wire.text import clean

LONGEST = 4096
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+")
UNENCRYPTED = "The connection is not encrypted: anybody on the way can read the key."
_LOOKALIKE = "The name holds letters that may look like others. Compare it with care."


def unfit(url: str) -> str:
    """Why it is not opened; empty when it may be. What stays shows its true host to a person and to every browser."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "it is no URL"
    if parts.scheme not in ("http", "https"):
        return "only web links (http and https) are opened"
    if not host or port == 0 or not url.isprintable() or clean(url) != url or " " in url:
        return "it is no whole URL"
    if "@" in parts.netloc:
        return "it hides its host behind a user name"
    if "\\" in url or not _HOST.fullmatch(host) or unicodedata.normalize("NFKC", host) != host:
        return "browsers may read its host as another one"
    return f"it has more than {LONGEST:,} characters" if len(url) > LONGEST else ""


def host_of(url: str) -> str:
    """The host by which a person judges an address; empty when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def doubt(url: str) -> str:
    """What a person must look at before they trust the host; empty when it is plain."""
    host = host_of(url)
    return _LOOKALIKE if not host.isascii() or any(part.startswith("xn--") for part in host.split(".")) else ""


def is_unencrypted(url: str) -> bool:
    """Whether anybody on the way can read what is sent there."""
    return url.lower().startswith("http:") and not is_loopback(host_of(url))


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

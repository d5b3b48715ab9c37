"""Which addresses an authorization server may send us to: only such as a browser, or we, may safely be sent to."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fastchat_tui.wire.text import clean

MAX_URL = 4096


def problem(url: str) -> str:
    """Why nobody may be sent there; empty when one may. OAuth 2.1 §1.5: https, or http on loopback."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "it is no URL"
    if len(url) > MAX_URL or clean(url) != url or any(sign in url for sign in " \"'`<>\\^{|}"):
        return "it holds characters that no address needs, or is too long"
    if parts.scheme not in ("http", "https") or not host:
        return "it is no web address"
    if parts.username or parts.password or "@" in parts.netloc:
        return "it hides its host behind a user name"
    if parts.scheme == "http" and not is_loopback(host):
        return "it is not encrypted (http)"
    return ""


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

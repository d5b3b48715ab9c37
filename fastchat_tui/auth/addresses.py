"""Which addresses an authorization server may send us to: only such as a browser, or we, may safely be sent to."""

from __future__ import annotations

from fastchat_tui.wire.addresses import host_of, is_loopback, unfit


def problem(url: str) -> str:
    """Why nobody may be sent there; empty when one may. OAuth 2.1 §1.5: https, or http on loopback."""
    if wrong := unfit(url):
        return wrong
    if any(sign in url for sign in "\"'`<>^{|}"):
        return "it holds characters that no address needs"
    if not url.lower().startswith("https:") and not is_loopback(host_of(url)):
        return "it is not encrypted (http)"
    return ""

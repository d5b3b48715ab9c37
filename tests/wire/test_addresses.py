"""Where nobody is sent, and what of an address must be looked at."""

from __future__ import annotations

import pytest

from fastchat_tui.wire.addresses import doubt, host_of, is_loopback, unfit

UNFIT = (
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "vscode://x?command",
    "mailto:a@b.example",
    "//evil.example/",
    "https://",
    "https:///path",
    "http://:80/",
    "https://[::1",
    "https://a.example:0/",
    "https://a.example:99999/",
    "https://a.example:x/",
    "https://good.example@evil.example/",
    "https://user:password@evil.example/",
    "https://evil.example\\.good.example/",
    "https://evil.example\\@good.example/",
    "https://good.example/\\..",
    "https://good.example%2eevil.example/",
    "https://evil。example/",
    "https://ｅvil.example/",
    "https://ⓔvil.example/",
    "https://１２７.0.0.1/",
    "https://a b.example/",
    "https://a.example/a b",
    " https://a.example/",
    "https://a.example/\n",
    "https://a.example/\t",
    "https://a.example/\x1b]52;c;x\x07",
    "https://a.example/\x9b",
    "https://a.example/\u202emoc",
    "https://a.example/\u200b",
    "https://a.example/\U000e0041",
    "https://a.example/\ud800",
    "https://a.example/" + "a" * 5000,
    "",
)
FIT = (
    "https://example.com",
    "HTTPS://EXAMPLE.COM/A?b=c#d",
    "http://example.com:8080/a/b",
    "http://127.0.0.1:1/",
    "http://[::1]:1/",
    "https://a_b.example/?q=%20$(x)'&z=|",
    "https://bücher.example/é",
    "https://xn--bcher-kva.example/",
)


@pytest.mark.parametrize("url", UNFIT, ids=range(len(UNFIT)))
def test_nobody_is_sent_there(url: str) -> None:
    assert unfit(url)


@pytest.mark.parametrize("url", FIT)
def test_somebody_may_be_sent_there(url: str) -> None:
    assert unfit(url) == ""


@pytest.mark.parametrize("host", ["xn--bcher-kva.example", "a.xn--p1ai", "bücher.example", "аpple.example"])
def test_a_host_that_may_look_like_another_is_doubted(host: str) -> None:
    assert doubt(f"https://{host}/")
    assert host_of(f"https://{host}/") == host


@pytest.mark.parametrize("url", ["https://example.com/bücher", "https://[::1", "https://maxn--x.example/"])
def test_a_plain_host_is_not(url: str) -> None:
    assert doubt(url) == ""


def test_loopback_is_known_by_number_and_name() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost", "a.localhost")))
    assert not any(map(is_loopback, ("10.0.0.1", "localhost.evil.example", "example.com", "127.0.0.1.example", "")))

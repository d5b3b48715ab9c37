"""No secret is shown, however it is written down, and no text makes the search for one slow."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastchat_tui.wire.masks import MASK, Masker

ODD = 'pa"ss\\wörd 1/+'
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEA\n-----END PRIVATE KEY-----\n"
SHAPED = (
    "sk-proj-0123456789abcdef",
    "ghp_0123456789abcdef0123",
    "github_pat_0123456789abcdef",
    "AIzaSyA0123456789abcdefghijklmnopqrst",
    "AKIAIOSFODNN7EXAMPLE",
    "hf_0123456789abcdefghijklmnopqrstuv",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
)
NAMED = (
    "https://a.example/?code={}&state=1",
    "https://a.example/mcp?token={}",
    "grant_type=refresh_token&refresh_token={}&x=1",
    '{{"access_token": "{}", "expires_in": 1}}',
    '{{"text": "{{\\"client_secret\\": \\"{}\\"}}"}}',
    "code_verifier={}",
    "wrong input [input_value={{'api_key': '{}'}}]",
    "Authorization: Bearer {}",
    "https://user:{}@a.example/",
    "https://{}@a.example/",
)


@pytest.mark.parametrize(
    "written",
    [ODD, json.dumps(ODD), json.dumps(ODD, ensure_ascii=False), quote(ODD, safe=""), repr(ODD), repr(ODD.encode())],
    ids=["as it is", "JSON", "JSON in Unicode", "URL", "Python", "bytes"],
)
def test_a_known_secret_is_found_however_it_is_quoted(written: str) -> None:
    masker = Masker([ODD])
    text = f"before {written} after"
    assert masker.holds(text)
    assert MASK in masker.mask(text)
    assert "ss" not in masker.mask(text)


def test_a_secret_of_several_lines_is_hidden_line_by_line() -> None:
    masker = Masker([PEM])
    assert masker.holds(json.dumps({"key": PEM}))
    for line in PEM.splitlines()[1:3]:
        assert masker.mask(f"it said {line}.") == f"it said {MASK}."
    assert masker.mask("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----"


@pytest.mark.parametrize("key", SHAPED)
def test_what_looks_like_a_key_is_hidden_though_nobody_knows_it(key: str) -> None:
    assert Masker().mask_shapes(f"Incorrect key: {key}.") == f"Incorrect key: {MASK}."


@pytest.mark.parametrize("sentence", NAMED)
def test_what_is_called_a_secret_is_hidden(sentence: str) -> None:
    shown = Masker().mask_shapes(sentence.format("cAnAry-0123456789"))
    assert "cAnAry" not in shown
    assert MASK in shown


def test_a_private_key_that_nobody_knows_is_hidden() -> None:
    assert "MIIE" not in Masker().mask_shapes(f"cannot load {PEM}")
    assert "MIIE" not in Masker().mask_shapes(json.dumps({"pem": PEM}))


@pytest.mark.parametrize(
    "text",
    [
        "The token expired; tokens: 1,234. password of at most 8 letters",
        "https://git@example.com/a?page=code&b=1",
        '{"method": "tools/call", "params": {"name": "sk-learn", "key": "value"}}',
        "eyJ is how they begin. npm_config_registry=x hf_hub_download AKIA",
        "basic words and bearer tokens",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert Masker(["short"]).mask_shapes(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ-",
        "sk-",
        "://a",
        "://aaaaaaa:",
        "bearer ",
        "password ",
        "password = ",
        "?key=",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    """The square of this would outlast every patience."""
    Masker().mask_shapes(piece * (2_000_000 // len(piece)))


@given(st.text("ab-", min_size=6, max_size=12), st.text("ab-", max_size=40))
def test_the_beginning_of_a_secret_is_known(secret: str, text: str) -> None:
    begun = Masker([secret]).begun(text)
    longest = max(size for size in range(len(secret)) if text.endswith(secret[:size]))
    assert begun == longest


def test_a_secret_that_is_no_unicode_is_hidden_too() -> None:
    masker = Masker(["sk-abc\udcffdefgh"])
    assert masker.mask("it is sk-abc\udcffdefgh.") == "it is •••."

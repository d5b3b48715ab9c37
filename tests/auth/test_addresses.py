"""Where nobody is sent, whatever an authorization server says of itself."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from mcp.client.auth import OAuthFlowError, OAuthTokenError
from mcp.shared.auth import OAuthMetadata

from fastchat_tui.auth.addresses import problem
from fastchat_tui.auth.answers import told
from fastchat_tui.auth.desk import SignInError
from fastchat_tui.auth.sign_in import sign_ins
from fastchat_tui.auth.vault import MemoryVault
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.questions import SignIn
from fastchat_tui.wire.servers import ServerSpec


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "vscode://evil/?x",
        "http://login.example/authorize",
        "https://github.com@evil.example/",
        "https://user:password@login.example/",
        "https://login.example/$(calc.exe)`x`",
        "https://login.example/a b",
        "https://login.example/\x1b]52;c;x\x07",
        "https://login.example/\u202emoc",
        "https:///authorize",
        "https://login.example/" + "a" * 5000,
        "https://[::1",
        "",
    ],
)
def test_no_browser_is_sent_there(url: str) -> None:
    assert problem(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example/authorize?client_id=a&scope=read%20write",
        "http://127.0.0.1:8080/authorize",
        "http://localhost/authorize",
        "http://[::1]:9/a",
    ],
)
def test_a_browser_may_be_sent_there(url: str) -> None:
    assert problem(url) == ""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OAuthTokenError('Token exchange failed (400): {"error": "invalid_grant", "x": "s3cret"}'),
         "Token exchange failed (invalid grant, HTTP 400)"),
        (OAuthFlowError("State parameter mismatch: s3cret != s3cret2"), "State parameter mismatch"),
        (OAuthTokenError("Invalid token response: input_value='s3cret'"), "Invalid token response"),
        (SignInError("The sign-in was cancelled"), "The sign-in was cancelled"),
    ],
)  # fmt: skip
def test_a_failure_is_told_without_what_was_sent(error: OAuthFlowError, words: str) -> None:
    assert told(error) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code_challenge_methods_supported": None}, "PKCE"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({"authorization_endpoint": "http://login.example/authorize"}, "not encrypted"),
        ({"token_endpoint": "http://login.example/token"}, "not encrypted"),
        ({"registration_endpoint": "http://login.example/register"}, "not encrypted"),
    ],
)
async def test_an_authorization_server_that_cannot_be_trusted_is_not_gone_to(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    async def ask(about: SignIn) -> Answer:
        raise AssertionError(f"somebody was sent to {about.url}")

    metadata = {
        "issuer": "https://login.example",
        "authorization_endpoint": "https://login.example/authorize",
        "token_endpoint": "https://login.example/token",
        "code_challenge_methods_supported": ["S256"],
    }
    make = sign_ins(MemoryVault(), tmp_path, lambda secrets: None)
    provider = make(
        ServerSpec("s", "http", url="https://mcp.example/mcp"), ask, lambda text, remedy: None, nullcontext
    ).auth
    provider.context.oauth_metadata = OAuthMetadata.model_validate({**metadata, **changes})
    with pytest.raises(SignInError, match=words):
        await provider._perform_authorization_code_grant()

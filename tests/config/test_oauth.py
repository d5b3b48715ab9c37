"""What an entry says of its sign-in, and what is said of one that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fastchat_tui.config.expand import expand, references
from fastchat_tui.config.schema import server
from fastchat_tui.wire.servers import OAuth, ServerSpec


def read(**entry: Any) -> ServerSpec:
    return server("docs", {"url": "https://mcp.example/mcp", **entry}, Path("servers.json"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, OAuth()),
        (
            {"clientId": "me", "clientSecret": "s", "scope": "a b", "callbackPort": 8123},
            OAuth(client_id="me", client_secret="s", scopes="a b", port=8123),
        ),
        ({"scopes": ["a", "b"], "redirect_uri": "http://localhost/back"}, OAuth(scopes="a b", redirect_uri="http://localhost/back")),
        (
            {"grant": "client_credentials", "client_id": "me", "private_key": "PEM", "signing_algorithm": "ES256"},
            OAuth(grant="client_credentials", client_id="me", private_key="PEM", signing_algorithm="ES256"),
        ),
        (
            {"grant": "jwt_bearer", "client_id": "me", "issuer": "https://idp.example", "assertion_file": "/t"},
            OAuth(grant="jwt_bearer", client_id="me", issuer="https://idp.example", assertion_file="/t"),
        ),
    ],
)  # fmt: skip
def test_each_way_to_sign_in_is_read(given: dict[str, Any], expected: OAuth) -> None:
    spec = read(oauth=given)
    assert (spec.problem, spec.oauth) == ("", expected)


def test_a_password_of_fastchats_own_files_is_read() -> None:
    spec = read(auth={"required": True, "post_body": {"username": "ada", "password": "pass-4711"}})
    assert spec.oauth == OAuth(form={"username": "ada", "password": "pass-4711"})
    assert spec.oauth.secrets == ("pass-4711",)
    assert "pass-4711" not in repr(spec)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("yes", "must be an object"),
        ({"grant": "password"}, "must be one of authorization_code, client_credentials, jwt_bearer"),
        ({"port": "8123"}, "number of a port"),
        ({"port": 70000}, "number of a port"),
        ({"client_id": 7}, "must be a text"),
        ({"issuer": "login.example"}, "“oauth.issuer” must be an address"),
        ({"issuer": "https://"}, "“oauth.issuer” must be an address"),
        ({"redirect_uri": "com.example:/back"}, "“oauth.redirect_uri” must be an address"),
        ({"redirect_uri": "http://localhost:port/"}, "“oauth.redirect_uri” must be an address"),
        ({"client_metadata_url": "http://example.com/client.json"}, "begins with https://"),
        ({"client_metadata_url": "https://example.com/"}, "must name a document"),
        ({"grant": "client_credentials"}, "“oauth.client_id” is missing"),
        ({"grant": "client_credentials", "client_id": "me"}, "needs one of them"),
        ({"grant": "jwt_bearer", "client_id": "me"}, "needs the token"),
        ({"grant": "jwt_bearer", "client_id": "me", "assertion": "a.b.c"}, "“oauth.issuer” is missing"),
        ({"identity_provider": {"client_id": "me"}}, "must hold token_endpoint and client_id"),
        ({"identity_provider": {"client_id": "me", "token_endpoint": "file:///x"}}, "endpoint” must be an address"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_and_disables_only_its_server(given: Any, words: str) -> None:
    assert words in read(oauth=given).problem


def test_variables_are_put_in_and_a_missing_one_is_named() -> None:
    exchange = {"token_endpoint": "https://idp.example/token", "client_id": "us", "client_secret": "${IDP}"}
    spec = read(
        oauth={
            "grant": "jwt_bearer",
            "client_id": "${ME}",
            "client_secret": "${SECRET}",
            "issuer": "https://login.example",
            "assertion": "${TOKEN}",
            "identity_provider": exchange,
        }
    )
    values = {"ME": "me", "SECRET": "s3cret", "TOKEN": "a.b.c", "IDP": "1dp"}
    assert set(references(spec)) == set(values)
    oauth = expand(spec, values).oauth
    assert (oauth.client_id, oauth.identity_provider["client_id"]) == ("me", "us")
    assert oauth.secrets == ("s3cret", "a.b.c", "1dp")
    assert "oauth.client_secret needs it" in expand(spec, {"ME": "me"}).problem

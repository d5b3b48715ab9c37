"""Tokens that authorization servers take in place of a person: signed by us, given by the platform of a workload, or
exchanged at the company's identity provider for what it gave a person (ID-JAG, RFC 8693)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx2
from jwt import PyJWTError
from mcp.client.auth.extensions.client_credentials import SignedJWTParameters

from fastchat_tui.auth.answers import field_of
from fastchat_tui.auth.desk import SignInError
from fastchat_tui.auth.errands import Errands
from fastchat_tui.wire.servers import OAuth

LARGEST = 64 << 10
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*")
_TYPE = "urn:ietf:params:oauth:token-type:"


async def signed(oauth: OAuth, audience: str) -> str:
    """An assertion about ourselves, signed with the private key of the configuration."""
    me = oauth.client_id
    try:
        by_key = SignedJWTParameters(
            issuer=me, subject=me, signing_key=oauth.private_key, signing_algorithm=oauth.signing_algorithm
        )
        return await by_key.create_assertion_provider()(audience)
    except (PyJWTError, ValueError, NotImplementedError, TypeError) as error:  # its text may quote the key
        raise SignInError(
            f"Nothing could be signed with “oauth.private_key” and {oauth.signing_algorithm} ({type(error).__name__})"
        ) from None


async def given(oauth: OAuth, errands: Errands, audience: str, resource: str) -> str:
    """The token of the configuration, or of the file that it names, which others renew; exchanged where it says so."""
    token = oauth.assertion or await asyncio.to_thread(_read, oauth.assertion_file)
    return await _exchanged(oauth, errands, token, audience, resource) if oauth.identity_provider else token


def _read(file: str) -> str:
    try:
        with Path(file).expanduser().open(encoding="ascii") as opened:
            token = opened.read(LARGEST).strip()
    except (OSError, ValueError) as error:
        raise SignInError(f"The token in {file} could not be read ({type(error).__name__})") from None
    if not _TOKEN.fullmatch(token):  # nothing else is sent to anybody, whatever file was named
        raise SignInError(f"{file} holds no token (JWT)")
    return token


async def _exchanged(oauth: OAuth, errands: Errands, token: str, audience: str, resource: str) -> str:
    at = oauth.identity_provider
    secret = {"client_secret": at["client_secret"]} if at.get("client_secret") else {}
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": f"{_TYPE}id-jag",
        "audience": audience,
        "resource": resource,
        "subject_token": token,
        "subject_token_type": f"{_TYPE}id_token",
        "client_id": at["client_id"],
        **secret,
    }
    if oauth.scopes:
        form["scope"] = oauth.scopes
    response = await errands.run(httpx2.Request("POST", at["token_endpoint"], data=form))
    if response.status_code != 200 or not (exchanged := field_of(response, "access_token")):
        error = field_of(response, "error")
        why = f": {error.replace('_', ' ')}" if re.fullmatch(r"[a-z_]{1,40}", error) else ""
        raise SignInError(f"The identity provider did not exchange the token{why} (HTTP {response.status_code})")
    return exchanged

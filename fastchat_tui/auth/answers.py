"""What is read off the answers of servers, and how their refusals are told."""

from __future__ import annotations

import json
import re

import httpx2
from mcp.client.auth import OAuthFlowError, OAuthRegistrationError
from mcp.client.auth.oauth2 import OAuthContext
from mcp.client.auth.utils import extract_field_from_www_auth

from fastchat_tui.auth.desk import SignInError
from fastchat_tui.wire.text import one_line

_REGISTER = "Register a client there, and put its client_id into “oauth” of this entry"
_NOWHERE = "It says nowhere where to sign in: put the “issuer” into “oauth” of this entry, or ask who runs it"
_OF_PLACES = ("Authorization server metadata issuer mismatch", "Protected resource http")
"""Texts of the SDK that name addresses and nothing else: whoever runs the server needs them."""


def is_refusal(response: httpx2.Response) -> bool:
    if response.status_code == 403:
        return extract_field_from_www_auth(response, "error") == "insufficient_scope"
    return response.status_code == 401


def field_of(response: httpx2.Response, name: str) -> str:
    """A text in a JSON object that was read whole; empty when there is none."""
    try:
        found = json.loads(response.content)
    except (ValueError, RecursionError, httpx2.StreamError):
        return ""
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def fit_method(context: OAuthContext) -> None:
    """A secret is sent in the header, unless the authorization server takes it in the body only."""
    client, metadata = context.client_info, context.oauth_metadata
    taken = metadata.token_endpoint_auth_methods_supported if metadata else None
    basic, post = "client_secret_basic", "client_secret_post"
    if client and client.token_endpoint_auth_method == basic and taken and basic not in taken and post in taken:
        client.token_endpoint_auth_method = post


def told(error: OAuthFlowError, *, at_home: bool = False) -> str:
    """In words that hold nothing of what was sent: an SDK's text may quote a whole answer, tokens included.

    ``at_home``: the authorization server has said who it is."""
    text = str(error)
    if isinstance(error, OAuthRegistrationError):
        advice = _REGISTER if at_home else _NOWHERE
        return f"{_short(text)}. {advice}"
    if isinstance(error, SignInError):
        return text
    if text.startswith(_OF_PLACES):
        return one_line(re.sub(r"[?#]\S*", "", text), 300)
    return _short(text)


def _short(text: str) -> str:
    code = re.search(r'"error"\s*:\s*"([a-z_]{1,40})"', text)
    status = re.search(r"\((\d{3})\)|: (\d{3})\b", text)
    begin = one_line(re.split(r"[{\[(:]", text, maxsplit=1)[0].strip(), 100)
    more = [code[1].replace("_", " ")] if code else []
    more += [f"HTTP {status[1] or status[2]}"] if status else []
    return f"{begin} ({', '.join(more)})" if more else begin

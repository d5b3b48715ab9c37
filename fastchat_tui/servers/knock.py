"""One plain request to a server's URL, and one for what it says of its sign-in. No redirect is followed.

Imports the HTTP library, so ``doctor.py`` loads it late.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import httpx2

from fastchat_tui.servers.http import CONNECT, network_words
from fastchat_tui.wire.addresses import host_of, is_loopback
from fastchat_tui.wire.doctor import Step
from fastchat_tui.wire.servers import ServerSpec
from fastchat_tui.wire.text import one_line

MAX_DOCUMENT = 1 << 20
_METADATA = re.compile(r'resource_metadata="([^"]*)"')


def _client(spec: ServerSpec, **headers: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        headers={"Accept-Encoding": "identity", **headers},
        timeout=CONNECT,
        trust_env=not is_loopback(host_of(spec.url)),
        follow_redirects=False,
    )


async def knock(spec: ServerSpec, challenges: list[str]) -> Step:
    """What HTTP says to a GET: any answer will do, as long as somebody who may speak MCP gave it. The challenge of an
    answer that wants a sign-in is added to ``challenges``."""
    try:
        async with (
            _client(spec, Accept="application/json, text/event-stream", **spec.headers) as client,
            client.stream("GET", spec.url) as response,
        ):
            status, headers = response.status_code, response.headers
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        cause = network_words(error)
        return Step("HTTP", "failed", cause, "Something listens there, but it does not answer as a web server does.")
    phrase = HTTPStatus(status).phrase if status in list(HTTPStatus) else ""
    words = f"it answered {status} {phrase}".rstrip()
    if status in (401, 403):
        challenges.append(headers.get("www-authenticate", ""))
        return Step("HTTP", "ok", f"{words}: it wants a sign-in")
    if 300 <= status < 400:
        where = one_line(urljoin(spec.url, headers.get("location", "")), 200)
        return Step(
            "HTTP", "failed", f"{words}, to {where}", "Redirects are not followed: configure that URL, if you trust it."
        )
    if status in (404, 410):
        return Step(
            "HTTP", "warning", words, "Look at the path of the URL: it is often /mcp, and /sse for older servers."
        )
    if status >= 500:
        return Step("HTTP", "warning", words, "The server itself is in trouble: try later, or tell who runs it.")
    return Step("HTTP", "ok", words)


async def metadata(spec: ServerSpec, challenge: str) -> Step:
    """Where one signs in, as the server says it. Only the server's own origin is asked."""
    parts = urlsplit(spec.url)
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    well_known = f"{origin}/.well-known/oauth-protected-resource"
    named = _METADATA.search(challenge)
    if named and not named[1].startswith(f"{origin}/"):
        return Step("metadata", "warning", f"it points to another origin: {one_line(named[1], 160)}")
    places = [named[1]] if named else [f"{well_known}{parts.path.rstrip('/')}", well_known]
    async with _client(spec, Accept="application/json") as client:
        for place in dict.fromkeys(places):
            if (document := await _document(client, place)) is not None:
                issuers = document.get("authorization_servers")
                names = [one_line(str(one), 120) for one in issuers[:3]] if isinstance(issuers, list) else []
                return Step("metadata", "ok", f"sign in at {', '.join(names)}" if names else "it names no issuer")
    text = "it says nowhere how to sign in (no protected-resource metadata)"
    return Step("metadata", "warning", text, "Ask who runs it for a token, and put it into “headers” as ${VARIABLE}.")


async def _document(client: httpx2.AsyncClient, url: str) -> dict[str, object] | None:
    try:
        async with client.stream("GET", url) as response:
            plain = response.headers.get("content-encoding", "identity").lower() in ("", "identity")
            if response.status_code != 200 or not plain:
                return None
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_DOCUMENT:
                    return None
        found = json.loads(body)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None

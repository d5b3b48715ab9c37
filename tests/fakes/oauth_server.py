"""An MCP server behind a real authorization server, both written with the SDK, on one loopback port.

Whoever comes to authorize is signed in at once: the browser is redirected back. Tokens end by the server's own clock
(``forget``); a refresh token works once, and using it a second time revokes everything (RFC 9700 §4.14).
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.server.mcpserver import MCPServer
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response


class Authority:
    """Satisfies the SDK's ``OAuthAuthorizationServerProvider``, and remembers what was asked of it."""

    def __init__(self, lifetime: int, origin: str) -> None:
        self.origin = origin
        self.lifetime = lifetime
        self.clients: dict[str, OAuthClientInformationFull] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.access: dict[str, AccessToken] = {}
        self.refresh: dict[str, RefreshToken] = {}
        self.used: set[str] = set()
        self.authorized = self.refreshed = self.revoked = 0
        self.refuses = False
        self.password = ""
        """Wanted by a form, as ``mcp-oauth`` does: the page is ``/login``, which takes user, password and state."""
        self.waiting: dict[str, str] = {}
        self.refreshing = threading.Event()
        """A refresh token was used, and the answer is held back until ``may_refresh``."""
        self.may_refresh = threading.Event()
        self.may_refresh.set()

    def forget(self) -> None:
        """Every access token has ended; who holds a refresh token may have another."""
        self.access.clear()

    def sign_out(self) -> None:
        self.access.clear()
        self.refresh.clear()

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        self.authorized += 1
        back = str(params.redirect_uri)
        if self.refuses:
            return construct_redirect_uri(back, error="access_denied", state=params.state)
        code = secrets.token_urlsafe(24)
        self.codes[code] = AuthorizationCode(
            code=code,
            scopes=params.scopes or [],
            expires_at=time.time() + 60,
            client_id=client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
        )
        if self.password:
            self.waiting[params.state or ""] = construct_redirect_uri(back, code=code, state=params.state)
            return f"{self.origin}/login?state={params.state}"
        return construct_redirect_uri(back, code=code, state=params.state)

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        del self.codes[authorization_code.code]
        return self._grant(client.client_id, authorization_code.scopes)

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> RefreshToken | None:
        if refresh_token in self.used:  # somebody has stolen it, for all that is known here
            self.sign_out()
        return self.refresh.get(refresh_token)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        self.refreshed += 1
        self.used.add(refresh_token.token)
        del self.refresh[refresh_token.token]
        self.refreshing.set()
        await asyncio.to_thread(self.may_refresh.wait, 20)
        return self._grant(client.client_id, scopes)

    async def load_access_token(self, token: str) -> AccessToken | None:
        return self.access.get(token)

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        self.revoked += 1
        self.sign_out()

    async def exchange_identity_assertion(self, client: Any, params: Any) -> OAuthToken:
        raise NotImplementedError

    def _grant(self, client: str, scopes: list[str]) -> OAuthToken:
        access, refresh = f"access-{secrets.token_urlsafe(24)}", f"refresh-{secrets.token_urlsafe(24)}"
        self.access[access] = AccessToken(token=access, client_id=client, scopes=scopes)
        self.refresh[refresh] = RefreshToken(token=refresh, client_id=client, scopes=scopes)
        return OAuthToken(
            access_token=access, refresh_token=refresh, expires_in=self.lifetime, scope=" ".join(scopes) or None
        )


@contextmanager
def protected(lifetime: int = 3600) -> Iterator[tuple[str, Authority]]:
    """The URL of the MCP server, and its authority; both live on a thread of their own."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    authority = Authority(lifetime, origin)
    mcp = MCPServer(
        "protected",
        auth_server_provider=authority,
        auth=AuthSettings.model_validate(
            {
                "issuer_url": origin,
                "resource_server_url": f"{origin}/mcp",
                "required_scopes": ["read"],
                "validate_token_resource": False,
                "client_registration_options": ClientRegistrationOptions(
                    enabled=True, valid_scopes=["read"], default_scopes=["read"]
                ),
                "revocation_options": RevocationOptions(enabled=True),
            }
        ),
    )

    @mcp.custom_route("/login", methods=["POST"])
    async def login(request: Request) -> Response:
        form = await request.form()
        if (form["username"], form["password"]) != ("user", authority.password):
            return Response(status_code=401)
        return RedirectResponse(authority.waiting.pop(str(form["state"])), status_code=302)

    waiting = asyncio.Condition()
    guests_there = 0

    @mcp.tool(structured_output=False)
    async def meet(guests: int) -> str:
        """Returns when as many calls are here at once."""
        nonlocal guests_there
        async with waiting, asyncio.timeout(20):
            guests_there += 1
            waiting.notify_all()
            await waiting.wait_for(lambda: guests_there >= guests)
        return "met"

    @mcp.tool(structured_output=False)
    async def wait(seconds: float = 0.0) -> str:
        """Waits."""
        await asyncio.sleep(seconds)
        return "waited"

    server = uvicorn.Server(uvicorn.Config(mcp.streamable_http_app(), log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"{origin}/mcp", authority
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(10)
        listener.close()

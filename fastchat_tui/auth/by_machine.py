"""Sign-ins of machines: with a secret, a signed assertion, or a token of somebody else. RFC 6749 §4.4, RFC 7523."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx2
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider, PrivateKeyJWTOAuthProvider
from mcp.shared.auth import JWT_BEARER_GRANT_TYPE

from fastchat_tui.auth.provider import Renewing

Assertion = Callable[[str, str], Awaitable[str]]
"""Makes a token for an audience (the issuer) and a resource (the MCP server)."""


class ByMachine(Renewing):
    @property
    def willing(self) -> bool:
        return True

    async def _perform_authorization(self) -> httpx2.Request:
        self.set_out()
        return await super()._perform_authorization()


class BySecret(ByMachine, ClientCredentialsOAuthProvider):
    """Client credentials with a secret."""


class ByKey(ByMachine, PrivateKeyJWTOAuthProvider):
    """Client credentials with an assertion that a private key signs."""


class ByAssertion(ByMachine, ClientCredentialsOAuthProvider):
    """A token of a workload, or of the company's sign-in, for one of the authorization server."""

    assertion: Assertion

    async def _exchange_token_client_credentials(self) -> httpx2.Request:
        context, metadata = self.context, self.context.oauth_metadata
        assert metadata is not None  # which was checked before
        resource = context.get_resource_url()
        data = {
            "grant_type": JWT_BEARER_GRANT_TYPE,
            "assertion": await self.assertion(str(metadata.issuer), resource),
            "client_id": context.client_info.client_id if context.client_info else "",
        }
        if context.should_include_resource_param(context.protocol_version):
            data["resource"] = resource
        if context.client_metadata.scope:
            data["scope"] = context.client_metadata.scope
        data, headers = context.prepare_token_auth(data, {})
        return httpx2.Request("POST", str(metadata.token_endpoint), data=data, headers=headers)

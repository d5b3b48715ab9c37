"""The sign-in at one server: satisfies ``wire.ports.SignInDesk``.

Imports the SDK, so it is loaded when the first HTTP server connects.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import httpx2
from mcp.client.auth.extensions.client_credentials import SignedJWTParameters
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

from fastchat_tui.auth.addresses import problem
from fastchat_tui.auth.by_person import ByForm, ByPerson
from fastchat_tui.auth.desk import Desk, SignInError
from fastchat_tui.auth.errands import Errands
from fastchat_tui.auth.form import FormDesk
from fastchat_tui.auth.grants import Grant, Keeper
from fastchat_tui.auth.provider import ByKey, BySecret, Renewing
from fastchat_tui.wire.ports import Vault
from fastchat_tui.wire.servers import ServerSpec, SignInView
from fastchat_tui.wire.sign_in import AskSignIn

CLIENT = "fastchat-tui"


class ServerSignIn:
    def __init__(self, spec: ServerSpec, grant: Grant, ask: AskSignIn) -> None:
        self._grant = grant
        self._provider = _provider(spec, grant, ask)

    @property
    def auth(self) -> Renewing:
        return self._provider

    def invite(self) -> None:
        if isinstance(self._provider, ByPerson):
            self._provider.asking = True

    async def settle(self) -> None:
        await self._provider.settle()

    async def look(self) -> SignInView:
        await self._grant.read()
        return self._grant.view

    async def forget(self) -> None:
        provider, context = self._provider, self._provider.context
        async with self._grant.alone():
            if not provider._initialized:
                await provider._initialize()
            with contextlib.suppress(httpx2.HTTPError, httpx2.InvalidURL, OSError, SignInError):
                await _revoke(provider)
            await self._grant.erase()
            context.clear_tokens()
            if not isinstance(provider, ByPerson) or not provider.registered:
                context.client_info = None
            provider._initialized = False


def sign_ins(vault: Vault, locks: Path, learn: Callable[[Iterable[str]], None]) -> Callable[..., ServerSignIn]:
    """A maker of sign-ins over one vault. What cannot be kept in it is told once, and kept for this run."""
    tell: list[Callable[[str, str], None]] = []
    keeper = Keeper(vault, lambda text, remedy: tell[-1](text, remedy))

    def make(spec: ServerSpec, ask: AskSignIn, on_loss: Callable[[str, str], None]) -> ServerSignIn:
        tell.append(on_loss)
        secrets = (spec.oauth.client_secret, spec.oauth.private_key, *spec.oauth.passwords)
        learn([secret for secret in secrets if secret])
        return ServerSignIn(spec, Grant(spec, keeper, locks, learn), ask)

    return make


def _provider(spec: ServerSpec, grant: Grant, ask: AskSignIn) -> Renewing:
    oauth, scope, issuer = spec.oauth, spec.oauth.scopes or None, spec.oauth.issuer or None
    errands = Errands(spec.url)
    provider: Renewing
    if oauth.grant == "client_credentials" and oauth.private_key:
        signing = SignedJWTParameters(
            issuer=oauth.client_id,
            subject=oauth.client_id,
            signing_key=oauth.private_key,
            signing_algorithm=oauth.signing_algorithm,
        )
        by_key = partial(ByKey, spec.url, grant, oauth.client_id, signing.create_assertion_provider())
        provider = by_key(scope=scope, issuer=issuer)
    elif oauth.grant == "client_credentials":
        provider = BySecret(spec.url, grant, oauth.client_id, oauth.client_secret, scope=scope, issuer=issuer)
    else:
        provider = _by_person(spec, ask, grant, errands)
    provider.prepare(grant, errands)
    return provider


def _by_person(spec: ServerSpec, ask: AskSignIn, grant: Grant, errands: Errands) -> ByPerson:
    oauth = spec.oauth
    desk = FormDesk(oauth.form, errands) if oauth.form else Desk(spec.name, ask, oauth.port)
    metadata = OAuthClientMetadata(client_name=CLIENT, redirect_uris=None, scope=oauth.scopes or None)
    kind = ByForm if oauth.form else ByPerson
    provider = kind(
        spec.url, metadata, grant, desk.send, desk.wait, client_metadata_url=oauth.client_metadata_url or None
    )
    provider.desk, provider.scopes = desk, oauth.scopes
    if oauth.client_id:
        provider.registered = True
        grant.client = OAuthClientInformationFull(
            client_id=oauth.client_id,
            client_secret=oauth.client_secret or None,
            redirect_uris=None,
            token_endpoint_auth_method="client_secret_basic" if oauth.client_secret else "none",
            issuer=oauth.issuer or None,
        )
    return provider


async def _revoke(provider: Renewing) -> None:
    """RFC 7009: the refresh token, with which the others go."""
    context = provider.context
    tokens, metadata = context.current_tokens, context.oauth_metadata
    url = str(metadata.revocation_endpoint) if metadata and metadata.revocation_endpoint else ""
    if tokens is None or not url or problem(url) or context.client_info is None:
        return
    form = {"token": tokens.refresh_token or tokens.access_token, "client_id": context.client_info.client_id}
    form, headers = context.prepare_token_auth(form, {})
    await provider.errands.run(httpx2.Request("POST", url, data=form, headers=headers))

"""The sign-in at one server: satisfies ``wire.sign_in.SignInDesk``.

Imports the SDK, so it is loaded when the first HTTP server connects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import httpx2
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

from fastchat_tui.auth.addresses import problem
from fastchat_tui.auth.assertions import given, signed
from fastchat_tui.auth.by_machine import ByAssertion, ByKey, BySecret
from fastchat_tui.auth.by_person import ByForm, ByPerson
from fastchat_tui.auth.desk import Desk, SignInError
from fastchat_tui.auth.errands import Errands
from fastchat_tui.auth.form import FormDesk
from fastchat_tui.auth.grants import Grant
from fastchat_tui.auth.keeper import Keeper
from fastchat_tui.auth.provider import Renewing
from fastchat_tui.wire.ports import Vault
from fastchat_tui.wire.servers import ServerSpec, SignInView
from fastchat_tui.wire.sign_in import AskSignIn, MakeSignIn, Pause, Tell

CLIENT = "fastchat-tui"


def sign_ins(vault: Vault, locks: Path, learn: Callable[[Iterable[str]], None]) -> MakeSignIn:
    """A maker of sign-ins over one vault. What cannot be kept in it is told once, and kept for this run."""
    tell: list[Tell] = []
    keeper = Keeper(vault, lambda text, remedy: tell[-1](text, remedy))

    def make(spec: ServerSpec, ask: AskSignIn, on_loss: Tell, pause: Pause) -> ServerSignIn:
        tell.append(on_loss)
        learn(spec.oauth.secrets)
        return ServerSignIn(spec, Grant(spec, keeper, locks, learn, pause), ask)

    return make


class ServerSignIn:
    def __init__(self, spec: ServerSpec, grant: Grant, ask: AskSignIn) -> None:
        self._grant = grant
        self._provider = _provider(spec, grant, ask)

    @property
    def auth(self) -> Renewing:
        return self._provider

    @property
    def signed_in(self) -> bool:
        return self._provider.context.is_token_valid()

    def invite(self, on: bool = True) -> None:
        if isinstance(self._provider, ByPerson):
            self._provider.asking = on

    async def settle(self) -> None:
        await self._provider.settle()

    async def look(self) -> SignInView:
        await self._grant.read()
        return self._grant.view

    async def forget(self) -> str:
        async with self._grant.alone():
            await self._provider._initialize()
            done = await _revoked(self._provider)
            try:
                await self._grant.erase()
            finally:
                self._provider.forget()
        return done


def _provider(spec: ServerSpec, grant: Grant, ask: AskSignIn) -> Renewing:
    oauth, scope, issuer = spec.oauth, spec.oauth.scopes or None, spec.oauth.issuer or None
    typed = (spec.url, oauth.issuer, oauth.identity_provider.get("token_endpoint", ""))
    errands = Errands(*filter(None, typed))
    provider: Renewing
    match oauth.grant:
        case "authorization_code":
            provider = _by_person(spec, ask, grant, errands)
        case "client_credentials" if oauth.private_key:
            provider = ByKey(spec.url, grant, oauth.client_id, partial(signed, oauth), scope, issuer)
        case "client_credentials":
            provider = BySecret(spec.url, grant, oauth.client_id, oauth.client_secret, scope=scope, issuer=issuer)
        case "jwt_bearer":
            provider = ByAssertion(spec.url, grant, oauth.client_id, oauth.client_secret, scope=scope, issuer=issuer)
            provider.assertion = partial(given, oauth, errands)
    provider.prepare(grant, errands, issuer=oauth.issuer, scopes=oauth.scopes)
    return provider


def _by_person(spec: ServerSpec, ask: AskSignIn, grant: Grant, errands: Errands) -> ByPerson:
    oauth = spec.oauth
    person = Desk(spec.name, ask, back=oauth.redirect_uri, port=oauth.port)
    desk = FormDesk(oauth.form, errands) if oauth.form else person
    metadata = OAuthClientMetadata(client_name=CLIENT, redirect_uris=None, scope=oauth.scopes or None)
    kind = ByForm if oauth.form else ByPerson
    provider = kind(
        spec.url, metadata, grant, desk.send, desk.wait, client_metadata_url=oauth.client_metadata_url or None
    )
    provider.desk = desk
    if oauth.client_id:
        grant.client = OAuthClientInformationFull(
            client_id=oauth.client_id,
            client_secret=oauth.client_secret or None,
            redirect_uris=None,
            token_endpoint_auth_method="client_secret_basic" if oauth.client_secret else "none",
            issuer=oauth.issuer or None,
        )
    return provider


async def _revoked(provider: Renewing) -> str:
    """Has the refresh token revoked, with which the others go (RFC 7009); says what has become of it."""
    context = provider.context
    tokens, metadata, client = context.current_tokens, context.oauth_metadata, context.client_info
    if tokens is None:
        return "There was no sign-in to forget."
    url = str(metadata.revocation_endpoint) if metadata and metadata.revocation_endpoint else ""
    if not url or problem(url) or client is None:
        return "The server offers no way to revoke it: what it granted ends by itself."
    form = {"token": tokens.refresh_token or tokens.access_token, "client_id": client.client_id}
    form, headers = context.prepare_token_auth(form, {})
    try:
        response = await provider.errands.run(httpx2.Request("POST", url, data=form, headers=headers))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, SignInError):
        return "It could not be revoked: the server did not answer. What it granted ends by itself."
    if response.status_code != 200:
        return f"It could not be revoked: the server answered {response.status_code}. What it granted ends by itself."
    return "It is revoked."

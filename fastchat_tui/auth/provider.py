"""The SDK's OAuth flow, made fit for a program that runs for days, in several windows.

What differs: requests with a good token wait for nobody; an expired or refused token is refreshed first, once, at the
place that it came from, also after a restart; a person is asked only where that was allowed; what the authorization
server says of itself is checked before anybody is sent there. It overrides private methods of mcp 2.3: ``tests/auth``
notice when they change.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider, PrivateKeyJWTOAuthProvider
from mcp.client.auth.utils import extract_field_from_www_auth, union_scopes
from mcp.shared._request_clock import waiting_on_a_person
from pydantic import AnyUrl

from fastchat_tui.auth.addresses import problem
from fastchat_tui.auth.desk import Desk, SignInError
from fastchat_tui.auth.errands import Errands
from fastchat_tui.auth.form import FormDesk
from fastchat_tui.auth.grants import Grant
from fastchat_tui.wire.text import one_line

MAX_STEP_UPS = 3
"""Times in one run that a server may ask for more rights."""


class Renewing(OAuthClientProvider):
    grant: Grant

    def may_begin(self, response: httpx2.Response) -> bool:
        """Whether the SDK's own flow may follow this refusal."""
        return True

    async def before(self) -> None:
        """The SDK's own flow begins."""

    def after(self) -> None:
        """It has ended, well or not."""

    def prepare(self, grant: Grant, errands: Errands) -> None:
        self.grant = grant
        self.errands = errands
        self._entry = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None

    async def _auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        context, response, refused = self.context, None, ""
        if not self._initialized:  # the keyring is opened for a server that wants a token, for no other
            response = yield request
            if not _is_refusal(response):
                return
            async with context.lock:
                if not self._initialized:
                    await self._initialize()
        for _ in range(2):
            if self._is_stale(refused):
                await self._renewed(refused)
                response = None  # what comes last is the answer, and that must be one to the request
            token = self._token if context.is_token_valid() else ""
            if not token or token == refused:
                break
            self._add_auth_header(request)
            response = yield request
            if not _is_refusal(response):
                return
            refused = token
            if response.status_code == 403:
                break
        if response is None:
            response = yield request
        if _is_refusal(response) and await self._entered(request, response, refused):
            self._add_auth_header(request)
            yield request

    async def _renewed(self, refused: str) -> None:
        """One refresh for all who wait, and none of them can break it off: what rotates is kept, or lost for ever."""
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew(refused), name="sign-in refresh")
            self._renewing.add_done_callback(self._renewal_ended)
        with waiting_on_a_person():
            await asyncio.shield(self._renewing)

    def _renewal_ended(self, task: asyncio.Task[None]) -> None:
        self._renewing = None
        if not task.cancelled():
            task.exception()  # whoever waits is told; perhaps nobody does any more

    async def _renew(self, refused: str) -> None:
        async with self.grant.alone():
            await self.grant.read()
            self.grant.restore(self.context)
            if self._is_stale(refused):
                await self._take(await self.errands.run(await self._refresh_token()))

    async def _entered(self, request: httpx2.Request, response: httpx2.Response, used: str) -> bool:
        """The SDK's own flow, from the refusal to new tokens. One at a time: who waited may use what the other got."""
        with waiting_on_a_person():  # all of it: a probe that ran out meanwhile would take the server for an old one
            await self._entry.acquire()
            return await self._enter(request, response, used)

    async def _enter(self, request: httpx2.Request, response: httpx2.Response, used: str) -> bool:
        context = self.context
        try:
            if self._token and self._token != used and context.is_token_valid():
                return True
            if not self.may_begin(response):
                return False
            if context.oauth_metadata is None and not context.is_token_valid():
                context.clear_tokens()  # the SDK would take a refresh token to wherever it guesses
            await self.before()
            await self._flow(request, response)
            return True
        except OAuthFlowError as error:
            raise SignInError(told(error)) from None
        finally:
            self.after()
            self._entry.release()

    async def _flow(self, request: httpx2.Request, response: httpx2.Response) -> None:
        """Ends where the SDK would send the request again: that waits for nobody."""
        flow = super()._auth_flow(request)
        answered = False
        try:
            outgoing = await anext(flow)
            while outgoing is not request or not answered:
                if outgoing is request:
                    answered, answer = True, response
                else:
                    answer = await self.errands.run(outgoing)
                outgoing = await flow.asend(answer)
        finally:
            await flow.aclose()

    @property
    def _token(self) -> str:
        tokens = self.context.current_tokens
        return tokens.access_token if tokens else ""

    def _is_stale(self, refused: str) -> bool:
        """Whether the token is no good, and can be refreshed at the place that it came from."""
        context = self.context
        if not context.can_refresh_token() or context.oauth_metadata is None or context.current_tokens is None:
            return False
        return not context.is_token_valid() or context.current_tokens.access_token == refused

    async def _take(self, response: httpx2.Response) -> None:
        """The answer to a refresh. Only a clear no costs the refresh token."""
        if response.status_code >= 500 or response.status_code == 429:
            raise SignInError(f"The sign-in could not be renewed: the server answered {response.status_code}")
        if await self._handle_refresh_response(response):
            await self.grant.keep(self.context)

    async def _initialize(self) -> None:
        await self.grant.read()
        await super()._initialize()
        self.grant.restore(self.context)

    async def _handle_token_response(self, response: httpx2.Response) -> None:
        await super()._handle_token_response(response)
        await self.grant.keep(self.context)


class ByPerson(Renewing):
    """Authorization code with PKCE. ``asking`` allows to ask; a step-up may always ask, as a call waits for it."""

    desk: Desk | FormDesk
    scopes = ""
    registered = False
    """The client was registered beforehand: it is never registered anew."""
    asking = False
    step_ups = 0

    def may_begin(self, response: httpx2.Response) -> bool:
        if response.status_code == 403:
            self.step_ups += 1
            return self.step_ups <= MAX_STEP_UPS
        return self.asking

    async def before(self) -> None:
        context, client = self.context, self.context.client_info
        known = [str(uri) for uri in (client.redirect_uris or ())] if client else []
        url = await self.desk.open(urlsplit(known[0]).port or 0 if known else 0)
        context.client_metadata.redirect_uris = [AnyUrl(url)]
        if client and url not in known and not self.registered and client.client_id != context.client_metadata_url:
            context.client_info = None  # it was registered for another port

    def after(self) -> None:
        self.asking = False
        self.desk.close()

    async def _perform_authorization_code_grant(self) -> tuple[str, str]:
        context = self.context
        if (metadata := context.oauth_metadata) is not None:
            if "S256" not in (metadata.code_challenge_methods_supported or ()):
                raise SignInError("Its authorization server does not offer PKCE with S256, so a code could be stolen")
            for url in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.registration_endpoint):
                if url is not None and (wrong := problem(str(url))):
                    raise SignInError(f"Its authorization server names an address that is not used: {wrong}")
        if self.scopes:
            context.client_metadata.scope = union_scopes(self.scopes, context.client_metadata.scope)
        return await super()._perform_authorization_code_grant()


class ByForm(ByPerson):
    """The same, with a password that the configuration holds: nobody needs to be asked."""

    def may_begin(self, response: httpx2.Response) -> bool:
        return response.status_code == 401 or super().may_begin(response)


class BySecret(Renewing, ClientCredentialsOAuthProvider):
    """Client credentials with a secret."""


class ByKey(Renewing, PrivateKeyJWTOAuthProvider):
    """Client credentials with a signed assertion."""


def _is_refusal(response: httpx2.Response) -> bool:
    if response.status_code == 403:
        return extract_field_from_www_auth(response, "error") == "insufficient_scope"
    return response.status_code == 401


def told(error: OAuthFlowError) -> str:
    """In words that hold nothing of what was sent: an SDK's text may quote a whole answer, tokens included."""
    if isinstance(error, SignInError):
        return str(error)
    text = str(error)
    code = re.search(r'"error"\s*:\s*"([a-z_]{1,40})"', text)
    status = re.search(r"\((\d{3})\)|: (\d{3})\b", text)
    begin = one_line(re.split(r"[{\[(:]", text, maxsplit=1)[0].strip(), 100)
    more = [code[1].replace("_", " ")] if code else []
    more += [f"HTTP {status[1] or status[2]}"] if status else []
    return f"{begin} ({', '.join(more)})" if more else begin

"""The SDK's OAuth flow, made fit for a program that runs for days, in several windows.

What differs: requests with a good token wait for nobody; an expired or refused token is refreshed first, once, at the
place that it came from, also after a restart; what the authorization server says of itself is checked before anybody
is sent there. It overrides private methods of mcp 2.3: ``tests/auth`` notice when they change.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.client.auth.utils import issuers_match, union_scopes
from mcp.shared._request_clock import waiting_on_a_person

from fastchat_tui.auth.addresses import problem
from fastchat_tui.auth.answers import field_of, fit_method, is_refusal, told
from fastchat_tui.auth.desk import SignInError
from fastchat_tui.auth.errands import Errands
from fastchat_tui.auth.grants import Grant
from fastchat_tui.wire.text import one_line

SETTLE = 5.0
"""Seconds that the end of the program waits for a refresh."""


class Renewing(OAuthClientProvider):
    """``issuer`` is the authorization server that the user named, if so: then no other is gone to. ``scopes`` are asked
    for besides those that the server names."""

    def may_begin(self, response: httpx2.Response) -> bool:
        """Whether the SDK's own flow may follow this refusal."""
        return True

    @property
    def willing(self) -> bool:
        """Whether that flow is to come where a renewal fails."""
        return False

    async def before(self) -> None:
        """The SDK's own flow begins."""

    async def after(self, *, well: bool) -> None:
        """It has ended."""

    def accepted(self) -> None:
        """The server has taken a token."""

    def prepare(self, grant: Grant, errands: Errands, *, issuer: str, scopes: str) -> None:
        self.grant = grant
        self.errands = errands
        self.issuer, self.scopes = issuer, scopes
        self._entry = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None
        self._spelling = ""

    async def settle(self) -> None:
        """Lets a refresh that is under way end: what it brings must be kept before the program is gone."""
        if self._renewing is not None:
            await asyncio.wait({self._renewing}, timeout=SETTLE)

    async def _auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        context, response, refused = self.context, None, ""
        if not self._initialized:  # the keyring is opened for a server that wants a token, for no other
            response = yield request
            if not is_refusal(response):
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
            if not is_refusal(response):
                self.accepted()
                return
            refused = token
            if response.status_code == 403:
                break
        if response is None:
            response = yield request
        if is_refusal(response) and await self._entered(request, response, refused):
            self._add_auth_header(request)
            if not is_refusal((yield request)):
                self.accepted()

    async def _renewed(self, refused: str) -> None:
        """One refresh for all who wait, and none of them can break it off: what rotates is kept, or lost for ever."""
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew(refused), name="sign-in refresh")
            self._renewing.add_done_callback(self._renewal_ended)
        with waiting_on_a_person(), suppress(*((SignInError, httpx2.TransportError) if self.willing else ())):
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
            if await self._found(used):
                return True
            if not self.may_begin(response):
                return False
            await self._sign_in(request, response)
            return True
        except OAuthFlowError as error:
            raise SignInError(told(error, at_home=context.oauth_metadata is not None)) from None
        finally:
            self._entry.release()

    async def _found(self, used: str) -> bool:
        """Whether another window has signed in meanwhile, or the keyring was opened."""
        await self.grant.read()
        kept = await self.grant.get_tokens()
        if kept is None or kept.access_token in (used, self._token):
            return False
        self.grant.restore(self.context)
        self.context.client_info = await self.grant.get_client_info()
        if self._is_stale(""):
            await self._renewed("")
        return bool(self._token) and self.context.is_token_valid()

    async def _sign_in(self, request: httpx2.Request, response: httpx2.Response) -> None:
        context, well, known = self.context, False, self._spelling
        before = context.current_tokens, context.token_expiry_time
        try:
            await self.before()
            if response.status_code == 401:
                context.clear_tokens()  # the SDK would use the refresh token once more, and where it guesses
            try:
                await self._flow(request, response)
            except OAuthFlowError:
                if self._spelling == known:
                    raise
                await self._flow(request, response)  # now by the name that the authorization server gives itself
            well = True
        finally:
            if not well and context.current_tokens is None:
                context.current_tokens, context.token_expiry_time = before
            await self.after(well=well)

    def _select_authorization_server(self, advertised: list[str]) -> str:
        if not self.issuer:
            chosen = super()._select_authorization_server(advertised)
        elif (chosen := next((one for one in advertised if issuers_match(one, self.issuer)), "")) == "":
            raise SignInError(f"It wants a sign-in at {one_line(advertised[0])}, but its entry names {self.issuer}")
        return self._spelling if self._spelling and issuers_match(self._spelling, chosen) else chosen

    def _spelt(self, answer: httpx2.Response) -> str:
        """The issuer of an answer, where it is the one expected but for the slash after its host."""
        expected, named = self.context.auth_server_url, field_of(answer, "issuer")
        return named if expected and named != expected and issuers_match(named, expected) else ""

    async def _flow(self, request: httpx2.Request, response: httpx2.Response) -> None:
        """Ends where the SDK would send the request again: that waits for nobody."""
        if self.issuer:  # for a server that says nowhere where to sign in
            self.context.auth_server_url = self._spelling or self.issuer
        flow = super()._auth_flow(request)
        answered = False
        try:
            outgoing = await anext(flow)
            while outgoing is not request or not answered:
                if outgoing is request:
                    answered, answer = True, response
                else:
                    answer = await self.errands.run(outgoing)
                    self._spelling = self._spelling or self._spelt(answer)
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
        error = field_of(response, "error") if response.status_code in (400, 401, 403) else ""
        if not error and not (response.status_code == 200 and field_of(response, "access_token")):
            raise SignInError(f"The sign-in could not be renewed: the server answered {response.status_code}")
        if await self._handle_refresh_response(response):
            await self.grant.keep(self.context)
            return
        await self.grant.drop("tokens")
        if error == "invalid_client":
            await self.forget_client()

    def forget(self) -> None:
        """All that was granted, in this process."""
        self.context.clear_tokens()
        self.context.client_info = None
        self._initialized = False

    async def forget_client(self) -> None:
        """The client that was registered by itself is known no longer: the next sign-in registers another."""
        await self.grant.drop("client")
        self.context.client_info = await self.grant.get_client_info()

    def set_out(self) -> None:
        """Before anybody, or a secret, is sent to the authorization server. Raises SignInError unless it says of itself
        where they may go."""
        if (metadata := self.context.oauth_metadata) is None:
            raise SignInError("It does not say how to sign in: no metadata of an authorization server can be used")
        if self.issuer and not issuers_match(str(metadata.issuer), self.issuer):
            raise SignInError(f"It leads to {one_line(str(metadata.issuer))}, but its entry names {self.issuer}")
        for url in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.registration_endpoint):
            if url is not None and (wrong := problem(str(url))):
                raise SignInError(f"Its authorization server names an address that is not used: {wrong}")
        fit_method(self.context)
        if self.scopes:
            asked = self.context.client_metadata
            asked.scope = union_scopes(self.scopes, asked.scope)

    async def _refresh_token(self) -> httpx2.Request:
        fit_method(self.context)
        return await super()._refresh_token()

    async def _initialize(self) -> None:
        await self.grant.read()
        await super()._initialize()
        self.grant.restore(self.context)

    async def _handle_token_response(self, response: httpx2.Response) -> None:
        async with self.grant.alone():
            await super()._handle_token_response(response)
            await self.grant.keep(self.context)

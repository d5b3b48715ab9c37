"""Authorization code with PKCE: a person goes to a page and comes back, or a password of the configuration does."""

from __future__ import annotations

import time

import httpx2
from pydantic import AnyUrl

from fastchat_tui.auth.desk import Desk, SignInError
from fastchat_tui.auth.form import FormDesk
from fastchat_tui.auth.provider import Renewing

MAX_STEP_UPS = 3
"""Times that a server may ask for more rights before it takes what it was given."""


class ByPerson(Renewing):
    """``asking`` allows to ask; a step-up may always ask, as a call waits for it."""

    desk: Desk | FormDesk
    asking = False
    step_ups = 0
    _reused = False
    """The client was registered at an earlier sign-in."""

    def may_begin(self, response: httpx2.Response) -> bool:
        if response.status_code == 403:
            self.step_ups += 1
            return self.step_ups <= MAX_STEP_UPS
        return self.asking

    @property
    def willing(self) -> bool:
        return self.asking

    async def before(self) -> None:
        context, client = self.context, self.context.client_info
        own = client is not None and self.grant.client is None and client.client_id != context.client_metadata_url
        if client and own and client.client_secret_expires_at and client.client_secret_expires_at < time.time():
            client = context.client_info = None
        known = [str(uri) for uri in (client.redirect_uris or ())] if client else []
        url = await self.desk.open(known)
        context.client_metadata.redirect_uris = [AnyUrl(url)]
        if client and own and url not in known:
            client = context.client_info = None  # it was registered for another port
        self._reused = client is not None and own

    async def after(self, *, well: bool) -> None:
        self.asking = False
        self.desk.close()
        if self._reused and not well and not self.desk.came_back and not self.context.can_refresh_token():
            await self.forget_client()  # whoever forgot this client shows an error page, from which nobody comes back

    def accepted(self) -> None:
        self.asking = False
        self.step_ups = 0

    async def _perform_authorization_code_grant(self) -> tuple[str, str]:
        context = self.context
        self.set_out()
        if "S256" not in ((context.oauth_metadata and context.oauth_metadata.code_challenge_methods_supported) or ()):
            raise SignInError("Its authorization server does not offer PKCE with S256, so a code could be stolen")
        return await super()._perform_authorization_code_grant()


class ByForm(ByPerson):
    """The same, with a password that the configuration holds: nobody needs to be asked."""

    @property
    def willing(self) -> bool:
        return True

    def may_begin(self, response: httpx2.Response) -> bool:
        return response.status_code == 401 or super().may_begin(response)

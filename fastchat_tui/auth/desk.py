"""Where a person signs in: the address is checked and shown, and the way back is waited for, whichever comes first."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from mcp.client.auth import OAuthFlowError
from mcp.shared.auth import AuthorizationCodeResult

from fastchat_tui.auth.addresses import problem
from fastchat_tui.auth.callback import USUAL, Callback
from fastchat_tui.wire.addresses import host_of, is_loopback
from fastchat_tui.wire.questions import SignIn
from fastchat_tui.wire.sign_in import AskSignIn, Redirect, redirect
from fastchat_tui.wire.text import human_time, one_line

PATIENCE = 300.0
"""Seconds in which a sign-in must be done."""


class SignInError(OAuthFlowError):
    """Why a sign-in did not come to be, in words that may be shown."""


class Desk:
    """``ask`` puts the question to a person; its answer may carry the address that their browser ended at.

    ``back`` is where the browser is to come back to. What is not of this machine nobody listens at: then that address
    must be given. Its port is its own, or ``port``; else any.
    """

    def __init__(self, server: str, ask: AskSignIn, *, back: str = "", port: int = 0) -> None:
        self._server = server
        self._ask = ask
        self._back = back or USUAL
        self._port = urlsplit(self._back).port or port
        self._url = ""
        self._callback: Callback | None = None
        self.came_back = False
        """Somebody was sent to the page, and back: it knows this client."""

    async def open(self, known: Sequence[str]) -> str:
        """The address to come back to: with a port of those ``known`` to the authorization server, if one is free."""
        self.came_back = False
        if not is_loopback(host_of(self._back)):
            return self._back
        ports = [self._port] if self._port else [*(urlsplit(address).port or 0 for address in known), 0]
        for port in ports:
            callback = Callback(self._back, port)
            try:
                await callback.open()
            except OSError:
                continue
            self._callback = callback
            return callback.url
        raise SignInError(f"Port {ports[0]} of this machine, to which the browser is to come back, is taken")

    def close(self) -> None:
        if self._callback is not None:
            self._callback.close()
            self._callback = None

    async def send(self, url: str) -> None:
        """The SDK's ``redirect_handler``."""
        if wrong := problem(url):
            raise SignInError(f"The sign-in page was not opened: {wrong} ({one_line(url, 120)})")
        self._url = url

    async def wait(self) -> AuthorizationCodeResult:
        """The SDK's ``callback_handler``."""
        tasks = [asyncio.create_task(self._asked())]
        if self._callback is not None:
            self._callback.expect(self._url)
            tasks.append(asyncio.create_task(self._callback.arrival()))
        try:
            async with asyncio.timeout(PATIENCE):
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                found = next(task for task in reversed(tasks) if task in done).result()
        except TimeoutError:
            raise SignInError(f"The sign-in was not done within {human_time(PATIENCE)}") from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.came_back = True
        return result(found)

    async def _asked(self) -> Redirect:
        """What a person gives who has the browser elsewhere."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(self._url).query).items()}
        scopes, back = asked.get("scope", ""), asked.get("redirect_uri", "")
        answer = await self._ask(SignIn(self._server, self._url, scopes, back, PATIENCE))
        if answer.decision != "accept":
            raise SignInError("The sign-in was cancelled")
        if (found := redirect(answer.text, self._url)) is None:
            raise SignInError("The address that was pasted does not belong to this sign-in")
        return found


def result(found: Redirect) -> AuthorizationCodeResult:
    if "code" not in found:
        raise SignInError(f"The sign-in was refused{_named(found['error'])}")
    return AuthorizationCodeResult(code=found["code"], state=found.get("state"), iss=found.get("iss"))


def _named(code: str) -> str:
    """An error code of OAuth, not whatever somebody put into the address."""
    return f": {code.replace('_', ' ')}" if re.fullmatch(r"[a-z_]{1,40}", code) else ""

"""Where a person signs in: the address is checked and shown, and the way back is waited for, whichever comes first."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

from mcp.client.auth import OAuthFlowError
from mcp.shared.auth import AuthorizationCodeResult

from fastchat_tui.auth.addresses import problem
from fastchat_tui.auth.callback import Callback, Redirect, redirect
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.questions import SignIn
from fastchat_tui.wire.text import human_time, one_line

PATIENCE = 300.0
"""Seconds in which a sign-in must be done."""


class SignInError(OAuthFlowError):
    """Why a sign-in did not come to be, in words that may be shown."""


class Desk:
    """``ask`` puts the question to a person; its answer may carry the address that their browser ended at."""

    def __init__(self, server: str, ask: Callable[[SignIn], Awaitable[Answer]], port: int) -> None:
        self._server = server
        self._ask = ask
        self._port = port
        self._url = ""
        self._callback: Callback | None = None
        self.came_back = False
        """Somebody was sent to the page, and back: it knows this client."""

    async def open(self, last_port: int) -> str:
        """Where the browser is to come back to: the configured port, or that of the last time, or any."""
        self.came_back = False
        for port in [self._port] if self._port else [last_port, 0]:
            callback = Callback(port)
            try:
                await callback.open()
            except OSError:
                continue
            self._callback = callback
            return callback.url
        raise SignInError(f"Port {self._port} of this machine, to which the browser is to come back, is taken")

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
        callback = self._callback
        assert callback is not None
        asked = {key: values[0] for key, values in parse_qs(urlsplit(self._url).query).items()}
        state = asked.get("state", "")
        callback.expect(state)
        about = SignIn(self._server, self._url, asked.get("scope", ""), asked.get("redirect_uri", ""))
        question = asyncio.ensure_future(self._ask(about))
        arrival = asyncio.create_task(callback.arrival())
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.wait({question, arrival}, return_when=asyncio.FIRST_COMPLETED)
                found = arrival.result() if arrival.done() else _pasted(question.result(), state)
        except TimeoutError:
            raise SignInError(f"The sign-in was not done within {human_time(PATIENCE)}") from None
        finally:
            question.cancel()
            arrival.cancel()
        self.came_back = True
        return result(found)


def _pasted(answer: Answer, state: str) -> Redirect:
    if answer.decision != "accept":
        raise SignInError("The sign-in was cancelled")
    if (found := redirect(answer.text, state)) is None:
        raise SignInError("The address that was pasted does not belong to this sign-in")
    return found


def result(found: Redirect) -> AuthorizationCodeResult:
    if "code" not in found:
        raise SignInError(f"The sign-in was refused{_named(found['error'])}")
    return AuthorizationCodeResult(code=found["code"], state=found.get("state"), iss=found.get("iss"))


def _named(code: str) -> str:
    """An error code of OAuth, not whatever somebody put into the address."""
    return f": {code.replace('_', ' ')}" if re.fullmatch(r"[a-z_]{1,40}", code) else ""

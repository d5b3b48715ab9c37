"""The sign-in of a connection: what its requests carry, and how time stands still while a person is asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any, Literal

from fastchat_tui.servers.requests import Requests
from fastchat_tui.servers.shared import Shared
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.errors import ServerError, VaultError
from fastchat_tui.wire.events import SignInFinished
from fastchat_tui.wire.ports import Emit, Host
from fastchat_tui.wire.questions import SignIn
from fastchat_tui.wire.servers import OAuth, ServerSpec, SignInView
from fastchat_tui.wire.sign_in import MakeSignIn, SignInDesk


class Entering(Requests):
    """The half of a ``Connection`` that signs in. Without ``make``, or with a token in its headers, there is none."""

    def __init__(self, spec: ServerSpec, emit: Emit, host: Host, shared: Shared, make: MakeSignIn | None) -> None:
        super().__init__(spec)
        self._emit = emit
        self._host = host
        self._shared = shared
        self._making = asyncio.Lock()
        self._make_desk = make
        self._desk: SignInDesk | None = None
        self._as_entered: OAuth | None = None
        self._patience: asyncio.Timeout | None = None
        """Of the attempt to connect that is under way."""
        self._invited = False
        """Somebody waits to hear how the sign-in ended."""

    @property
    def _signs_in(self) -> bool:
        held = {name.lower() for name in self._spec.headers}
        return self._make_desk is not None and self._spec.transport != "stdio" and "authorization" not in held

    def _again(self) -> None:
        """Connects again."""
        raise NotImplementedError

    async def login(self) -> None:
        (await self._at_desk()).invite()
        self._invited = True
        self._again()

    async def logout(self) -> str:
        desk = await self._at_desk()
        try:
            return await desk.forget()
        except VaultError as error:
            text = f"The sign-in at {self._spec.name} may still be kept. {error.text}"
            raise ServerError(text, error.remedy) from error
        finally:
            self._again()

    async def signed_in(self) -> SignInView | None:
        return await (await self._at_desk()).look() if self._signs_in else None

    def _tell_entered(self, failure: str = "") -> None:
        """To whoever waits for it: the server is ready, or why it is not."""
        if self._invited and self._desk is not None:
            self._invited = False
            self._desk.invite(False)
            well: Literal["signed_in", "not_needed"] = "signed_in" if self._desk.signed_in else "not_needed"
            outcome = "failed" if failure else well
            self._emit(SignInFinished(server=self._spec.name, outcome=outcome, detail=failure))

    async def _settle(self) -> None:
        if self._desk is not None:
            await self._desk.settle()

    async def _auth(self) -> Any:
        """An ``httpx2.Auth``, or None."""
        return (await self._at_desk()).auth if self._signs_in else None

    async def _at_desk(self) -> SignInDesk:
        """It is another one when what the entry takes from the vault has changed."""
        async with self._making:
            if not self._signs_in or self._make_desk is None:
                how = "its headers hold the token" if self._spec.headers else "it is a program of this machine"
                raise ServerError(f"{self._spec.name} needs no sign-in: {how}.")
            make, spec = self._make_desk, await self._shared.complete(self._spec)
            if self._desk is None or spec.oauth != self._as_entered:
                await self._shared.sdk()  # two threads that import it at once would each find half of it
                self._as_entered = spec.oauth
                self._desk = await asyncio.to_thread(
                    make, spec, self._ask_to_sign_in, self._host.tell, self._time_stands_still
                )
            return self._desk

    async def _ask_to_sign_in(self, about: SignIn) -> Answer:
        with self._time_stands_still(), self._calls.held():
            return await self._host.elicit(about)

    @contextlib.contextmanager
    def _time_stands_still(self) -> Iterator[None]:
        """For the attempt that is under way; what is left after it has all of its time again."""
        patience = self._patience
        _set(patience, None)
        try:
            yield
        finally:
            if patience is self._patience:
                _set(patience, asyncio.get_running_loop().time() + self._spec.connect_timeout)


def _set(patience: asyncio.Timeout | None, when: float | None) -> None:
    if patience is not None:
        with contextlib.suppress(RuntimeError):  # the attempt has come to its end meanwhile
            patience.reschedule(when)

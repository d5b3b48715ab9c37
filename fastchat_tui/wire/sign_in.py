"""The seam between a server's connection and its sign-in, and how a person comes back from the page."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from fastchat_tui.wire.commands import Answer
    from fastchat_tui.wire.questions import SignIn
    from fastchat_tui.wire.servers import ServerSpec, SignInView


class SignInDesk(Protocol):
    """The sign-in at one HTTP server."""

    @property
    def auth(self) -> Any:
        """An ``httpx2.Auth`` that gives requests their token; its errors say why in words that may be shown."""
        ...

    async def look(self) -> SignInView:
        """What is kept; it may open the keyring."""
        ...

    async def settle(self) -> None:
        """Returns soon, when nothing that must be kept is on its way any more."""
        ...

    @property
    def signed_in(self) -> bool:
        """Whether requests carry a token now."""
        ...

    def invite(self, on: bool = True) -> None:
        """A person may be asked, once: without this a missing sign-in is only told."""
        ...

    async def forget(self) -> str:
        """Revokes the sign-in where that is offered, and forgets it; returns what became of it, in words. Raises
        VaultError when it is still kept."""
        ...


Redirect = dict[str, str]
"""The parameters with which a browser comes back: code, state, iss; or error."""


def redirect(address: str, asked: str) -> Redirect | None:
    """What is in the ``address`` that a browser ended at; None when it does not answer the page ``asked``."""
    try:
        found, wanted = _parameters(address.strip()), _parameters(asked)
    except ValueError:
        return None
    state = wanted.get("state", "")
    fits = bool(state) and secrets.compare_digest(found.get("state", "").encode(), state.encode())
    return found if fits and ("code" in found or "error" in found) else None


def _parameters(url: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items() if len(values) == 1}


AskSignIn = Callable[["SignIn"], Awaitable["Answer"]]
Tell = Callable[[str, str], None]
"""Says to the user, as text and remedy, what they should know."""
Pause = Callable[[], AbstractContextManager[None]]
"""Inside of it no time runs out: a person is waited for."""
MakeSignIn = Callable[["ServerSpec", AskSignIn, Tell, Pause], SignInDesk]

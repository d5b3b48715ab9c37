"""The seam between a server's connection and its sign-in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

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

    def invite(self) -> None:
        """A person may be asked, once: without this a missing sign-in is only told."""
        ...

    async def forget(self) -> None:
        """Revokes the sign-in where that is offered, and forgets it. Raises nothing when it cannot be revoked."""
        ...


AskSignIn = Callable[["SignIn"], Awaitable["Answer"]]
MakeSignIn = Callable[["ServerSpec", AskSignIn, Callable[[str, str], None]], SignInDesk]
"""The last argument is told, as text and remedy, what the user should know (that nothing outlives this run)."""

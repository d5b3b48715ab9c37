"""A sign-in without a person: user name and password of the configuration, posted to the page that asks for them.

They go to the origin of the authorization server and to no other; the code that comes back is read off the redirect,
which nobody follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
from mcp.shared.auth import AuthorizationCodeResult

from fastchat_tui.auth.addresses import problem
from fastchat_tui.auth.desk import SignInError, result
from fastchat_tui.auth.errands import Errands
from fastchat_tui.wire.sign_in import redirect

BACK = "http://127.0.0.1/callback"
MAX_PAGES = 4


class FormDesk:
    """Stands where a ``Desk`` stands."""

    def __init__(self, form: Mapping[str, str], errands: Errands) -> None:
        self._form = form
        self._errands = errands
        self._url = ""
        self.came_back = False

    async def open(self, known: Sequence[str]) -> str:
        self.came_back = False
        return BACK

    def close(self) -> None:
        pass

    async def send(self, url: str) -> None:
        if wrong := problem(url):
            raise SignInError(f"The password was not sent: {wrong}")
        self._url = url

    async def wait(self) -> AuthorizationCodeResult:
        asked = {key: values[0] for key, values in parse_qs(urlsplit(self._url).query).items()}
        page, fields = self._url.partition("?")[0], {**asked, **self._form}
        for _ in range(MAX_PAGES):
            response = await self._errands.run(httpx2.Request("POST", page, data=fields))
            where = urljoin(page, response.headers.get("location", ""))
            if response.status_code not in (301, 302, 303, 307, 308) or where == page:
                raise SignInError(f"User name and password were not accepted (HTTP {response.status_code})")
            if where.startswith(f"{BACK}?") and (found := redirect(where, self._url)) is not None:
                self.came_back = True
                return result(found)
            if _origin(where) != _origin(self._url):
                raise SignInError("The password was not sent: the sign-in page leads to another server")
            page = where
        raise SignInError("The sign-in page leads on and on")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc

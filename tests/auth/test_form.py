"""A password of the configuration goes to the sign-in page's own server, wherever that page leads."""

from __future__ import annotations

import httpx2
import pytest

from fastchat_tui.auth.desk import SignInError
from fastchat_tui.auth.errands import Errands
from fastchat_tui.auth.form import BACK, FormDesk

PAGE = "https://login.example/login"
ASKED = f"{PAGE}?client_id=a&state=the-state"


class Pages(Errands):
    """Answers each request with the next of ``places`` to go to."""

    def __init__(self, *places: str) -> None:
        super().__init__(PAGE)
        self.places = list(places)
        self.asked: list[str] = []

    async def run(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(str(request.url))
        return httpx2.Response(302, headers={"location": self.places.pop(0)}, request=request)


async def signed_in(pages: Pages) -> str:
    desk = FormDesk({"username": "me", "password": "s3cr3t-v4lue"}, pages)
    await desk.send(ASKED)
    return (await desk.wait()).code


async def test_the_code_is_read_off_the_last_redirect() -> None:
    pages = Pages("/second", f"{BACK}?code=the-code&state=the-state")
    assert await signed_in(pages) == "the-code"
    assert pages.asked == [PAGE, "https://login.example/second"]


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example/login",
        "//evil.example/login",
        "http://login.example/login",
        "https://login.example:8443/login",
        "https://login.example@evil.example/login",
        f"{BACK}?code=the-code&state=another",
    ],
)
async def test_a_password_is_posted_to_no_other_origin(where: str) -> None:
    pages = Pages(where, "/never")
    with pytest.raises(SignInError, match="leads to another server"):
        await signed_in(pages)
    assert pages.asked == [PAGE]


async def test_a_page_that_leads_on_and_on_is_left() -> None:
    pages = Pages(*(f"/{number}" for number in range(9)))
    with pytest.raises(SignInError, match="on and on"):
        await signed_in(pages)

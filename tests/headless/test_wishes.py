"""What servers ask for where there is no screen."""

from __future__ import annotations

import io

import pytest

from fastchat_tui.headless.answers import Answers, question
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.events import Asked
from fastchat_tui.wire.questions import Elicitation, KeyUse, Sampling, SamplingReview, SignIn

FORM = Elicitation("files", "Which \x1b[31mfolder?", schema={"type": "object", "properties": {"at": {"default": "/"}}})
PAGE = Elicitation("shop", "Pay first", url="https://pay.example/7")
WISHES: list[Elicitation | Sampling | SamplingReview] = [
    FORM,
    PAGE,
    Sampling("poet", {"messages": []}),
    SamplingReview("poet", {"model": "m"}),
]


@pytest.mark.parametrize("about", WISHES, ids=lambda about: about.kind + about.server)
@pytest.mark.parametrize("yes", [False, True], ids=["", "yes"])
async def test_nobody_there_means_no_and_a_form_is_not_declined_but_cancelled(
    about: Elicitation | Sampling | SamplingReview, yes: bool
) -> None:
    err = io.StringIO()
    answers = Answers(Voice(io.StringIO(), err), yes=yes)
    expected = "cancel" if isinstance(about, Elicitation) else "deny"
    assert await answers.decide(Asked(question="q", about=about)) == Answer("q", expected)
    assert "was told no" in err.getvalue()


@pytest.mark.parametrize("about", WISHES, ids=lambda about: about.kind + about.server)
async def test_a_person_at_the_terminal_is_shown_who_asks_for_what(
    about: Elicitation | Sampling | SamplingReview,
) -> None:
    shown: list[str] = []

    async def ask(text: str) -> str:
        shown.append(text)
        return "y"

    answers = Answers(Voice(io.StringIO(), io.StringIO()), ask)
    assert (await answers.decide(Asked(question="q", about=about))).decision == "once"
    (text,) = shown
    assert about.server in text
    if about is PAGE:
        assert "https://pay.example/7" in text


MORE = SignIn("shop", "https://login.example/authorize?state=1", scopes="admin")
BACK = "http://127.0.0.1:1/callback?code=c&state=1"


@pytest.mark.parametrize(
    ("typed", "login", "expected"),
    [
        ([], False, None),
        (["n"], False, None),
        (["y", BACK], False, BACK),
        ([BACK], True, BACK),
        ([""], True, None),
        (["http://127.0.0.1:1/callback?code=c&state=2", "hello", BACK], True, BACK),
    ],
)
async def test_only_login_sends_somebody_to_a_page_unasked(typed: list[str], login: bool, expected: str | None) -> None:
    err, shown = io.StringIO(), list[str]()
    left = list(typed)

    async def ask(text: str) -> str:
        shown.append(text)
        return left.pop(0)

    answers = Answers(Voice(io.StringIO(), err), ask if typed else None, login=login, browser=False)
    assert await answers.sign_in(MORE) == expected
    assert left == []
    if not login and typed:
        assert "admin" in shown[0]
        assert MORE.url in shown[0]
    if not typed:
        assert "fastchat-tui login shop" in err.getvalue()


async def test_an_address_that_nobody_can_paste_is_a_no() -> None:
    async def closed(text: str) -> str:
        raise EOFError

    answers = Answers(Voice(io.StringIO(), io.StringIO()), closed, login=True, browser=False)
    assert await answers.sign_in(MORE) is None


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (Elicitation("shop", "Pay first", url="https://xn--py-7ka.example/7"), "may look like others"),
        (SignIn("shop", "https://xn--lgin-5na.example/authorize?state=1"), "may look like others"),
        (KeyUse("https://xn--pi-lia.example:443", ".env"), "may look like others"),
        (KeyUse("http://api.example:80", ".env"), "not encrypted"),
    ],
)
def test_what_a_person_must_look_at_twice_is_said(about: Elicitation | SignIn | KeyUse, words: str) -> None:
    assert words in question(about)


async def test_a_doubtful_sign_in_is_told_before_the_browser_opens() -> None:
    err = io.StringIO()
    answers = Answers(Voice(io.StringIO(), err), login=True, browser=False)
    await answers.sign_in(SignIn("shop", "https://xn--lgin-5na.example/authorize?state=1"))
    assert "may look like others" in err.getvalue()

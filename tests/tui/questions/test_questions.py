from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import pytest
from textual.widgets import Button

from fastchat_tui.tui.dialogs import keys_here
from fastchat_tui.tui.forms.editor import ObjectEditor
from fastchat_tui.tui.inspector import wrap
from fastchat_tui.tui.modals.questions import warnings
from fastchat_tui.tui.modals.texts import help_text
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.questions import Approval, Elicitation, GoOn, KeyUse, Sampling, SamplingReview, SignIn, Trust
from tests.tui.patience import until

COMMAND = "python -m evil --with " + "a-very-long-argument " * 40 + "THE-END"
TRUST = Trust(
    "/proj/fastchat.config.json",
    "/proj",
    "sha256:abc",
    changed=True,
    starts=(COMMAND, "https://mcp.example.com/mcp"),
    names=("GITHUB_TOKEN", "HOME"),
)
SHORT = replace(TRUST, starts=("uvx mcp-server-time",))
KEY = KeyUse("https://api.example.com:8443", "OPENAI_BASE_URL in .env")
FIELDS = {"type": "object", "properties": {"name": {"type": "string"}}}
GO_ON = GoOn("t1", 25, "The turn has used its 25 steps.")
HOSTILE = "[/nope] [@click=app.quit]q[/] \x1b]52;c;QUFB\x07 \u202e"


@dataclass(frozen=True)
class Unheard:
    """A kind of question that this version does not know."""

    text: str
    kind: str = "[/unheard]"


async def read_all(app, pilot) -> str:
    body = app.screen.body
    seen = [app.text]
    while round(body.scroll_y) < body.max_scroll_y:
        await pilot.press("pagedown")
        seen.append(app.text)
    return "".join("".join(seen).split())


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_trust_shows_every_command_url_and_name_whole(app, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        app.ask(TRUST)
        await pilot.pause()
        everything = await read_all(app, pilot)
        assert "Ithaschangedsinceyoutrustedit." in everything
        assert "/proj/fastchat.config.json" in everything
        assert "THE-END" in everything
        assert "https://mcp.example.com/mcp" in everything
        assert "GITHUB_TOKEN,HOME" in everything


async def test_a_slow_machine_hides_nothing_that_the_terminal_has_room_for(app, monkeypatch) -> None:
    hours = count(step=3600.0)
    monkeypatch.setattr(wrap, "perf_counter", lambda: next(hours))
    async with app.run_test(size=(140, 50)) as pilot:
        app.ask(TRUST)
        await app.shows(pilot, "content sha256:abc")
        assert "THE-END" in app.text
        assert app.screen.body.max_scroll_y == 0


async def test_a_key_goes_only_where_the_origin_was_shown(app) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(KEY)
        await pilot.pause()
        assert "https://api.example.com:8443" in app.text
        assert "OPENAI_BASE_URL in .env" in app.text
        assert "not encrypted" not in app.text


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("https://xn--pple-43d.com", "may look like others"),
        ("http://api.example.com", "not encrypted"),
        ("http://[broken", "http://[broken"),
    ],
)
async def test_a_doubtful_origin_is_warned_about(app, origin: str, words: str) -> None:
    async with app.run_test(size=(100, 24)) as pilot:
        app.ask(KeyUse(origin, "OPENAI_BASE_URL"))
        await pilot.pause()
        assert words in app.text


async def test_a_local_origin_is_not_warned_about(app) -> None:
    async with app.run_test(size=(100, 24)) as pilot:
        app.ask(KeyUse("http://127.0.0.1:11434", "--base-url"))
        await pilot.pause()
        assert "not encrypted" not in app.text


@pytest.mark.parametrize(
    ("about", "key", "decision"),
    [
        (SHORT, "y", "once"),
        (SHORT, "a", "always"),
        (TRUST, "n", "deny"),
        (TRUST, "enter", "deny"),
        (KEY, "y", "once"),
        (KEY, "a", "always"),
        (KEY, "escape", "deny"),
        (GO_ON, "y", "once"),
        (GO_ON, "n", "deny"),
        (GO_ON, "enter", "deny"),
    ],
)
async def test_the_keys_answer_and_no_has_the_focus(app, about: object, key: str, decision: str) -> None:
    async with app.run_test() as pilot:
        app.ask(about)
        await pilot.pause()
        assert app.screen.query_one("#no", Button).has_focus
        await pilot.press(key)
        await pilot.pause()
        assert app.answers == [Answer("q1", decision)]


@pytest.mark.parametrize(("about", "keys"), [(TRUST, "se"), (KEY, "sev"), (GO_ON, "asev"), (Unheard("x"), "yasev")])
async def test_keys_that_are_not_offered_do_nothing(app, about: object, keys: str) -> None:
    async with app.run_test() as pilot:
        app.ask(about)
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        assert app.answers == []


@pytest.mark.parametrize(
    ("about", "keys", "words"),
    [
        (TRUST, {"once", "always", "deny"}, "until it changes"),
        (KEY, {"once", "always", "deny"}, "Send your key there in this run"),
        (GO_ON, {"once", "deny"}, "End the turn here"),
        (Elicitation("files", "Tell me.", schema={}), {"edit", "deny"}, "Fill in what the server asks for"),
        (Elicitation("files", "Look.", url="https://example.com"), {"once", "deny"}, "Open the page"),
        (Sampling("files", {}), {"once", "session", "edit", "never", "deny"}, "Edit the request"),
        (SamplingReview("files", {}), {"once", "edit", "deny"}, "Edit the answer"),
        (SignIn("files", "https://example.com"), {"deny"}, "Do not sign in"),
        (Unheard("x"), {"deny"}, "Say no"),
    ],
)
async def test_help_tells_what_a_question_offers_in_words_of_its_own(
    app, about: object, keys: set[str], words: str
) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        app.ask(about)
        await pilot.pause()
        here = keys_here(app.screen)
        assert {key for key in here if key.startswith("approval.")} == {f"approval.{key}" for key in keys}
        told = "\n".join(passage.text for passage in help_text(here, {}, words=app.screen.words, elsewhere=False))
        assert words in told
        assert "Run " not in told
        assert "run it" not in told


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
@pytest.mark.parametrize(
    ("about", "hint"),
    [
        (Elicitation("files", "Tell me.", schema=FIELDS), "^S send · F8 as JSON · Esc close"),
        (Approval("c1", "files", "tool", {}), "^S send · Esc back"),
    ],
)
async def test_a_form_and_an_editor_say_how_they_are_sent_and_left(
    app, size: tuple[int, int], about: object, hint: str
) -> None:
    async with app.run_test(size=size) as pilot:
        app.ask(about)
        await pilot.pause()
        assert hint not in app.text
        await pilot.press("e")
        await app.shows(pilot, hint)
        await pilot.press("escape")
        await until(pilot, lambda: hint not in app.text, lambda: app.text)
        assert app.answers == []


@pytest.mark.parametrize("about", [TRUST, KEY, GO_ON])
async def test_keys_written_with_the_opening_decide_nothing(app, about: object) -> None:
    async with app.run_test() as pilot:
        app.ask(about, quiet=False)
        await pilot.press(*"yyyy", "enter")
        await pilot.pause()
        assert app.answers == []


async def test_a_question_of_an_unknown_kind_can_be_read_and_denied(app) -> None:
    async with app.run_test() as pilot:
        app.ask(Unheard("some \x1b text"))
        await pilot.pause()
        assert "[/unheard]" in app.text
        assert "some" in app.text
        await pilot.press("n")
        await pilot.pause()
        assert app.answers == [Answer("q1", "deny")]


@pytest.mark.parametrize(
    "about",
    [
        Trust(HOSTILE, HOSTILE, HOSTILE, starts=(HOSTILE,), names=(HOSTILE,)),
        KeyUse(HOSTILE, HOSTILE),
        GoOn("t", 1, HOSTILE),
        Unheard(HOSTILE),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (40, 12), (80, 24)])
async def test_hostile_text_is_visible_and_harmless(app, about: object, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        app.ask(about)
        await pilot.pause()
        assert not any(code in app.text for code in "\x1b\x07\u202e")
        assert app.is_running


async def test_two_keys_in_one_moment_are_one_answer(app) -> None:
    async with app.run_test() as pilot:
        app.ask(GO_ON)
        await pilot.pause()
        screen = app.screen
        screen.action_answer("once")
        screen.action_answer("once")
        screen.action_deny()
        screen.withdraw()
        await pilot.pause()
        assert app.answers == [Answer("q1", "once")]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_a_form_has_room_and_the_question_is_as_high_as_its_text_again(app, size: tuple[int, int]) -> None:
    fields = {f"field{number}": {"type": "string", "description": "words"} for number in range(20)}
    async with app.run_test(size=size) as pilot:
        app.ask(Elicitation("files", "Tell me.", schema={"type": "object", "properties": fields}))
        await pilot.pause()
        before = app.screen.query_one("#question").size.height
        await pilot.press("e")
        await pilot.pause()
        assert app.screen.query_one(ObjectEditor).size.height > size[1] // 2
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.query_one("#question").size.height == before
        assert app.answers == []


async def test_a_question_that_somebody_else_answered_goes_away_with_all_it_opened(app) -> None:
    async with app.run_test() as pilot:
        app.ask(Approval("c1", "files", "tool", {}))
        await pilot.pause()
        screen = app.screen
        await pilot.press("v")
        assert app.screen is not screen
        screen.withdraw()
        screen.withdraw()
        await pilot.pause()
        assert app.answers == [None]
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize(
    ("message", "properties", "warned"),
    [
        ("Please sign in", {"password": {}}, True),
        ("Please sign in", {"userPassword": {}}, True),
        ("Please sign in", {"api_key": {}}, True),
        ("Please sign in", {"x": {"title": "Your access token"}}, True),
        ("Give your PIN here", {"x": {}}, True),
        ("What is your SSH-key?", {"x": None}, True),
        ("How many?", {"max_tokens": {"title": "Tokens"}, "keyboard": {}, "pinned": {}, "compass": {}}, False),
        ("Nothing", [], False),
    ],
)
def test_a_server_that_asks_for_a_secret_is_warned_of(message: str, properties: object, warned: bool) -> None:
    assert bool(warnings(message, {"properties": properties})) == warned

"""Who answers a question when there is no screen: the command line, the terminal, or nobody.

Nobody means no: a call is denied and the model is told so; what must be agreed to before anything runs (a folder's
configuration, a new place for the key) ends the command with a remedy.
"""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Awaitable, Callable
from typing import assert_never

from fastchat_tui import browser
from fastchat_tui.headless.exits import ConsentError
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.addresses import UNENCRYPTED, doubt, is_unencrypted
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.events import Asked
from fastchat_tui.wire.questions import (
    About,
    Approval,
    Decision,
    Elicitation,
    GoOn,
    KeyUse,
    Sampling,
    SamplingReview,
    SignIn,
    Trust,
)
from fastchat_tui.wire.settings import rule_name
from fastchat_tui.wire.sign_in import redirect
from fastchat_tui.wire.text import clean

Ask = Callable[[str], Awaitable[str]]
"""Puts a text to the user and returns the line that they typed."""

WORDS: dict[str, Decision] = {
    "y": "once",
    "yes": "once",
    "o": "once",
    "once": "once",
    "s": "session",
    "session": "session",
    "a": "always",
    "always": "always",
}
REMEMBER_CALL = "[y]es · for this [s]ession · [a]lways · [N]o: "
REMEMBER_PLACE = "[y]es, this time · [a]lways · [N]o: "


class Answers:
    """``yes`` approves every call, and ``login`` a sign-in; neither anything else. ``ask`` is None when nobody can be
    asked, ``browser`` false when none is to be opened."""

    def __init__(
        self,
        voice: Voice,
        ask: Ask | None = None,
        *,
        yes: bool = False,
        login: bool = False,
        browser: bool = True,
    ) -> None:
        self._login = login
        self._browser = browser
        self._voice = voice
        self._ask = ask
        self._yes = yes
        self.unasked: list[str] = []
        """The calls that were denied because nobody could be asked."""

    async def decide(self, asked: Asked) -> Answer:
        """Raises ConsentError when the command cannot go on without a yes."""
        about = asked.about
        if self._yes and isinstance(about, Approval):
            return Answer(asked.question, "once")
        typed = await self._typed(about)
        if typed is None:
            no: Decision = "cancel" if isinstance(about, Elicitation) else "deny"  # nobody said no to the form
            return Answer(asked.question, no, text=self._nobody(about))
        decision = WORDS.get(typed.lower(), "deny")
        if decision == "session" and not isinstance(about, Approval):
            decision = "deny"
        if decision == "deny":
            self._refused(about)
        return Answer(asked.question, decision)

    async def sign_in(self, about: SignIn) -> str | None:
        """Sends the user to the page; returns the address that they paste, empty when the browser is to come back by
        itself, None when they do not want to. No command but ``login`` opens a browser unasked."""
        if not self._login and not await self._wanted(about):
            return None
        self._voice.complain(f"Sign in at {about.server}, in your browser:", f"{about.url}{_careful(about.url)}")
        opened = self._browser and await asyncio.to_thread(browser.open_in_browser, about.url)
        return "" if self._ask is None else await self._pasted(about, opened=opened)

    async def _pasted(self, about: SignIn, *, opened: bool) -> str | None:
        """The address, as soon as it is the right one; nothing typed is a no."""
        prompt = "Paste the address that your browser ended at (Enter alone cancels): "
        if opened:
            prompt = f"It opens. If nothing comes back from it, {prompt[0].lower()}{prompt[1:]}"
        while self._ask is not None:
            try:
                typed = await self._ask(prompt)
            except (OSError, EOFError):
                break
            if not typed or redirect(typed, about.url) is not None:
                return typed or None
            prompt = "That is not the one: it must hold “code” and “state”, and come from the page above. Once more: "
        return None

    async def _wanted(self, about: SignIn) -> bool:
        if (typed := await self._typed(about)) is None:
            self._voice.complain(f"{about.server} wants a sign-in.", f"Run: fastchat-tui login {about.server}")
        return WORDS.get((typed or "").lower()) == "once"

    async def _typed(self, about: About) -> str | None:
        if self._ask is None:
            return None
        try:
            return await self._ask(question(about))
        except (OSError, EOFError):
            return None

    def _nobody(self, about: About) -> str:
        """What follows from nobody being there; for a call, the words that the model reads."""
        match about:
            case Approval(server=server, tool=tool):
                self.unasked.append(f"{server}.{tool}")
                self._voice.complain(
                    f"{server} › {tool} was denied: there is no terminal to ask on.",
                    f"Allow it with --allow {shlex.quote(rule_name(server, tool))}, or every call with --yes.",
                )
                return "nobody was there to approve it."
            case GoOn(why=why):
                self._voice.complain(why, "Stopped here: there is no terminal to ask on.")
                return ""
            case Trust(path=path):
                otherwise = "set what it sets" if path.endswith(".env") else "name it with --config"
                raise ConsentError(
                    f"{path} is not trusted yet{' in its new form' if about.changed else ''}; nothing of it was used.",
                    f"Look at it, then start fastchat-tui in that folder once and agree, or {otherwise}.",
                )
            case KeyUse(origin=origin, source=source):
                raise ConsentError(
                    f"Your key was never sent to {origin} (named by {source}); nothing was sent.",
                    "Start fastchat-tui once with the same settings and agree, or correct the base URL.",
                )
            case Elicitation(server=server) | Sampling(server=server) | SamplingReview(server=server):
                self._voice.complain(f"{server} asked for something and was told no: there is no terminal to ask on.")
                return ""
            case SignIn():
                return ""
            case _:
                assert_never(about)

    @staticmethod
    def _refused(about: About) -> None:
        if isinstance(about, Trust | KeyUse):
            what = about.path if isinstance(about, Trust) else f"sending the key to {about.origin}"
            raise ConsentError(f"You did not agree to {what}.", "Nothing of it was used.")


def question(about: About) -> str:
    """All that a person needs to decide, and the keys."""
    match about:
        case Approval(server=server, tool=tool, arguments=arguments, destination=destination):
            shown = json.dumps(arguments, indent=2, ensure_ascii=False)
            where = f" ({destination})" if destination else ""
            return f"\n{server} › {tool}{where}\n{shown}\nRun this call? {REMEMBER_CALL}"
        case Trust(path=path, folder=folder, changed=changed, starts=starts, names=names, warnings=warnings):
            changed_note = " It was trusted before, with another content." if changed else ""
            lines = [f"\n{path} was found in {folder}.{changed_note}", *(f"  {warning}" for warning in warnings)]
            lines += [f"  starts or contacts  {start}" for start in starts]
            lines += [f"  reads or sets       {', '.join(names)}"] if names else []
            return "\n".join([*lines, f"Use it? {REMEMBER_PLACE}"])
        case KeyUse(origin=origin, source=source):
            open_to_all = f"\n  {UNENCRYPTED}" if is_unencrypted(origin) else ""
            place = f"{origin}, for the first time.{_careful(origin)}{open_to_all}"
            return f"\n{source} wants your key sent to {place}\nSend it there? {REMEMBER_PLACE}"
        case GoOn(steps=steps, why=why):
            return f"\n{why} ({steps} steps so far)\nGo on? [y]es · [N]o: "
        case Elicitation(server=server, message=message, schema=schema, url=url):
            asks = f"\n{server} asks: {message}\n"
            if schema is None:
                page = f"  {url}{_careful(url)}"
                return f"{asks}It wants you to visit, in your browser:\n{page}\nDone, or will you? [y]es · [N]o: "
            shown = clean(json.dumps(schema, indent=2, ensure_ascii=False))
            return f"{asks}{shown}\nAnswer with its defaults? [y]es · [N]o: "
        case Sampling(server=server, request=request):
            shown = clean(json.dumps(request, indent=2, ensure_ascii=False))
            return f"\n{server} wants to ask the model\n{shown}\nLet it? [y]es · [N]o: "
        case SamplingReview(server=server, result=result):
            shown = clean(json.dumps(result, indent=2, ensure_ascii=False))
            return f"\nThe model's answer to {server}\n{shown}\nSend it? [y]es · [N]o: "
        case SignIn(server=server, url=url, scopes=scopes):
            wanted = f" for {scopes}" if scopes else ""
            page = f"  {url}{_careful(url)}"
            return f"\n{server} wants a sign-in{wanted}, in your browser:\n{page}\nOpen it? [y]es · [N]o: "
        case _:
            assert_never(about)


def _careful(url: str) -> str:
    """A further line where a person must look twice at the host."""
    return f"\n  {careful}" if (careful := doubt(url)) else ""

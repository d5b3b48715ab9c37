"""``login``, ``logout`` and ``auth status``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from fastchat_tui.headless.answers import Answers
from fastchat_tui.headless.exits import Exit
from fastchat_tui.headless.reader import Reader
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.commands import Command, Login, Logout
from fastchat_tui.wire.events import ServerChanged
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.servers import SignInView

COMING = ("connecting", "off")


async def login(engine: Engine, server: str, answers: Answers, voice: Voice) -> Exit:
    """Signs in at a server, and says how it stands then. Raises CommandError where there is nothing to sign in at."""
    return await _after(Login(server), engine, server, answers, voice, wanted="ready", said="signed in")


async def logout(engine: Engine, server: str, answers: Answers, voice: Voice) -> Exit:
    reader = Reader(engine, answers, voice)
    try:
        await reader.settle(server)
        await engine.send(Logout(server))
    finally:
        reader.close()
    voice.narrate(f"{server}: signed out")
    return Exit.OK


async def status(engine: Engine, answers: Answers, voice: Voice, *, as_json: bool = False) -> Exit:
    """The sign-ins that are kept; no secret is in what is printed."""
    reader = Reader(engine, answers, voice)
    try:
        await reader.settle()
        found = await engine.sign_ins()
    finally:
        reader.close()
    if as_json:
        voice.print_json([{"server": name, **asdict(view)} for name, view in found.items()])
    elif found:
        voice.table(
            [("SERVER", "SIGN-IN", "SCOPES"), *((name, _words(view), view.scopes) for name, view in found.items())]
        )
    else:
        voice.complain(
            "No configured server could want a sign-in.", "HTTP servers without an Authorization header can."
        )
    return Exit.OK


async def _after(
    command: Command, engine: Engine, server: str, answers: Answers, voice: Voice, *, wanted: str, said: str
) -> Exit:
    reader = Reader(engine, answers, voice)
    try:
        await reader.settle(server)
        begun = False
        await engine.send(command)
        async for stamped in reader:
            match stamped.event:
                case ServerChanged(server=name, state="connecting") if name == server:
                    begun = True
                case ServerChanged(server=name, state=state) if name == server and begun:
                    if state == wanted:
                        voice.narrate(f"{server}: {said}")
                    return Exit.OK if state == wanted else Exit.SERVER
                case _:
                    pass
    finally:
        reader.close()
    return Exit.SERVER


def _words(view: SignInView) -> str:
    if not view.signed_in:
        return "none"
    if view.expires_at is None:
        return "kept"
    until = f"{datetime.fromtimestamp(view.expires_at):%Y-%m-%d %H:%M}"
    return f"kept, renewed by itself after {until}" if view.renews else f"kept until {until}"

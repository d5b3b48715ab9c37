"""``login``, ``logout`` and ``auth status``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from fastchat_tui.headless.answers import Answers
from fastchat_tui.headless.exits import Exit, no_such_server
from fastchat_tui.headless.reader import Reader
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.commands import Login, Logout
from fastchat_tui.wire.events import SignInFinished
from fastchat_tui.wire.ports import Engine
from fastchat_tui.wire.servers import SignInView

KEEP = "Start or unlock a keyring, or keep secrets in an encrypted file (README: Signing in); then sign in again."


async def login(engine: Engine, server: str, answers: Answers, voice: Voice) -> Exit:
    """Signs in at a server, for later commands. Raises ServerError where it is unknown, CommandError where there is
    nothing to sign in at."""
    ended = await _ended(Login(server), engine, server, answers, voice)
    match ended.outcome:
        case "failed":
            voice.complain(f"{server}: {ended.detail}", f"Try again: fastchat-tui login {server}")
            return Exit.SERVER
        case "not_needed":
            voice.narrate(f"{server}: no sign-in is needed")
        case _:
            view = (await engine.sign_ins())[server]
            if not view.kept:
                voice.complain(f"{server}: signed in, but nothing keeps it: it ends with this command.", KEEP)
                return Exit.SERVER
            voice.narrate(f"{server}: signed in")
    return Exit.OK


async def logout(engine: Engine, server: str, answers: Answers, voice: Voice) -> Exit:
    ended = await _ended(Logout(server), engine, server, answers, voice)
    voice.narrate(f"{server}: signed out. {ended.detail}".rstrip())
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


async def _ended(
    command: Login | Logout, engine: Engine, server: str, answers: Answers, voice: Voice
) -> SignInFinished:
    reader = Reader(engine, answers, voice)
    try:
        servers = await reader.settle(server)
        if server not in servers:
            raise no_such_server(server, servers)
        await engine.send(command)
        async for stamped in reader:
            match stamped.event:
                case SignInFinished(server=name) as ended if name == server:
                    return ended
                case _:
                    pass
    finally:
        reader.close()
    raise RuntimeError("the engine ended before the sign-in did")


def _words(view: SignInView) -> str:
    if view.trouble:
        return f"unknown: {view.trouble}"
    if not view.signed_in:
        return "none"
    if view.expires_at is None:
        return "kept"
    until = f"{datetime.fromtimestamp(view.expires_at):%Y-%m-%d %H:%M}"
    return f"kept, renewed by itself after {until}" if view.renews else f"kept until {until}"

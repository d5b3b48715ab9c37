"""The commands without the screen: each opens as much of the engine as it needs, and hands it to ``headless``."""

from __future__ import annotations

import argparse
import gc
import os
import stat
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, TextIO

from fastchat_tui.headless.exits import Exit, UsageError
from fastchat_tui.headless.voice import Voice
from fastchat_tui.stopping import cancelled_on_stop
from fastchat_tui.wire.text import clean

if TYPE_CHECKING:
    from fastchat_tui.compose import Options
    from fastchat_tui.wire.ports import Engine


def subcommand(arguments: argparse.Namespace, voice: Voice) -> Coroutine[None, None, int]:
    match arguments.command:
        case "ask":
            return _headless(arguments, voice, message(arguments.message, sys.stdin))
        case "call":
            from fastchat_tui.headless.call import read_arguments

            text = arguments.arguments
            arguments.arguments = read_arguments(sys.stdin.read() if text == "-" else text)
            return _headless(arguments, voice)
        case "servers" if arguments.action != "list":
            return _manage(arguments, voice)
        case "doctor":
            return _doctor(arguments, voice)
        case "secret":
            from fastchat_tui.headless.secret import read_value

            value = "" if arguments.forget else read_value(arguments.name, sys.stdin)
            return _secret(arguments.name, value, voice)
        case _:
            return _headless(arguments, voice)


async def _doctor(arguments: argparse.Namespace, voice: Voice) -> int:
    from fastchat_tui.compose import open_examination
    from fastchat_tui.headless.doctor import examine

    cancelled_on_stop()
    with open_examination(options(arguments)) as tools:
        return await examine(tools, arguments.server, voice, as_json=arguments.json)


async def _secret(name: str, value: str, voice: Voice) -> int:
    from fastchat_tui.compose import open_vault
    from fastchat_tui.headless.secret import keep

    return await keep(open_vault(voice.complain), name, value, voice)


async def _manage(arguments: argparse.Namespace, voice: Voice) -> int:
    """Changes the configuration: no engine, no server."""
    from fastchat_tui.compose import settings
    from fastchat_tui.headless import manage

    known = settings(options(arguments))
    match arguments.action:
        case "add":
            return manage.add(known, arguments.name, arguments.place, arguments.header, arguments.env, voice)
        case "import":
            return manage.bring(known, arguments.app, voice, write=arguments.write, as_json=arguments.json)
        case "remove":
            return manage.remove(known, arguments.name, voice)
        case action:
            return manage.switch(known, arguments.name, action == "enable", voice)


async def _headless(arguments: argparse.Namespace, voice: Voice, text: str = "") -> int:
    from fastchat_tui.compose import open_engine

    cancelled_on_stop()
    async with open_engine(options(arguments)) as engine:
        gc.enable()
        return await _command(arguments, engine, voice, text)


async def _command(arguments: argparse.Namespace, engine: Engine, voice: Voice, text: str) -> Exit:
    from fastchat_tui.headless.answers import Answers
    from fastchat_tui.headless.terminal import Terminal

    somebody = sys.stdin.isatty() or sys.stderr.isatty()
    answers = Answers(
        voice,
        Terminal().ask if somebody else None,
        yes=getattr(arguments, "yes", False),
        login=arguments.command == "login",
        browser=not getattr(arguments, "no_browser", False),
    )
    match arguments.command:
        case "ask":
            from fastchat_tui.headless.ask import ask

            return await ask(engine, text, answers, voice, output=arguments.output, session=arguments.session)
        case "call":
            from fastchat_tui.headless.call import call

            return await call(
                engine, arguments.server, arguments.tool, arguments.arguments, answers, voice, as_json=arguments.json
            )
        case "login" | "logout":
            from fastchat_tui.headless import auth

            return await (auth.login if arguments.command == "login" else auth.logout)(
                engine, arguments.server, answers, voice
            )
        case "auth":
            from fastchat_tui.headless import auth

            return await auth.status(engine, answers, voice, as_json=arguments.json)
        case "read":
            from fastchat_tui.headless.offers import read

            return await read(
                engine, arguments.server, arguments.uri, answers, voice, save=arguments.save, as_json=arguments.json
            )
        case "prompt":
            from fastchat_tui.headless.offers import prompt

            return await prompt(
                *(engine, arguments.server, arguments.prompt, arguments.arguments, answers, voice),
                as_json=arguments.json,
            )
        case "tools" | "resources" | "prompts" as kind:
            from fastchat_tui.headless.servers import list_offers

            return await list_offers(engine, kind, answers, voice, server=arguments.server, as_json=arguments.json)
        case _:
            from fastchat_tui.headless.servers import list_servers

            return await list_servers(engine, answers, voice, as_json=arguments.json)


def options(arguments: argparse.Namespace) -> Options:
    from fastchat_tui.compose import Options

    return Options(
        config=arguments.config,
        model=arguments.model,
        base_url=arguments.base_url,
        demo=arguments.demo,
        session=arguments.session,
        system=arguments.system,
        allow=tuple(getattr(arguments, "allow", ())),
        tools=not getattr(arguments, "no_tools", False),
        only=_wanted(arguments),
    )


def _wanted(arguments: argparse.Namespace) -> tuple[str, ...] | None:
    """The servers that a command needs; None for all that are switched on."""
    match arguments.command:
        case "login" | "logout" | "auth":
            return ()  # it connects the one that it is about
        case "call" | "tools" | "resources" | "prompts" | "read" | "prompt" if arguments.server:
            return (arguments.server,)
        case _:
            return None


def message(words: list[str], stdin: TextIO) -> str:
    """What is asked: the words, then what is piped in. Raises UsageError when that is nothing."""
    text = "" if words == ["-"] else " ".join(words)
    if words in ([], ["-"]) or _is_piped(stdin):
        text = "\n\n".join(part for part in (text, stdin.read()) if part.strip())
    if not text.strip():
        raise UsageError("there is no message.", "fastchat-tui ask “your question”, or pipe it in.")
    return clean(text)


def _is_piped(stdin: TextIO) -> bool:
    """A pipe, a file or a socket: not a terminal, and not the null device of a job without input."""
    try:
        mode = os.fstat(stdin.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)

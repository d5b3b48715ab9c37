"""Runs what the command line chose: the engine is opened around the front end, on the same loop.

The border of the process: every error ends here as words on stderr and an exit status.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import stat
import sys
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

from fastchat_tui import crash
from fastchat_tui.headless.exits import Exit, OutputError, UsageError, of_error
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.errors import FastchatError
from fastchat_tui.wire.text import clean

if TYPE_CHECKING:
    from fastchat_tui.compose import Options
    from fastchat_tui.wire.ports import Engine

BEHIND_THE_FRAME = (
    *("engine.local", "store.sqlite", "config.load", "servers.factory", "servers.doctor", "providers.schemas"),
    *("tui.asking", "tui.conversation", "tui.panes", "tui.draw", "tui.commands", "tui.offers"),
)
"""What the screen goes on with once it is painted."""
ONE_STOP = 1.0
"""Seconds within which stops are one."""
STOPPING = tuple(number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)))


def run(arguments: argparse.Namespace) -> int:
    crash.install()
    logging.getLogger().addHandler(logging.NullHandler())  # no logger of a library may write on the screen
    voice = Voice(sys.stdout, sys.stderr, quiet=getattr(arguments, "quiet", False))
    try:
        return asyncio.run(_front_end(arguments, voice))
    except FastchatError as error:
        voice.complain(error.text, error.remedy)
        if isinstance(error, OutputError):
            _forget_stdout()
        return of_error(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except asyncio.CancelledError as stopped:  # by a signal, whose number it carries
        return 128 + int(stopped.args[0]) if stopped.args else Exit.INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return Exit.BROKEN_PIPE
    except Exception as error:
        voice.complain(crash.told(error))
        return Exit.FAILED


def _front_end(arguments: argparse.Namespace, voice: Voice) -> Coroutine[None, None, int]:
    match arguments.command:
        case "ask":
            return _headless(arguments, voice, message(arguments.message, sys.stdin))
        case "call":
            from fastchat_tui.headless.call import read_arguments

            text = arguments.arguments
            arguments.arguments = read_arguments(sys.stdin.read() if text == "-" else text)
            return _headless(arguments, voice)
        case "chat":
            return _chat(arguments)
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


async def _chat(arguments: argparse.Namespace) -> int:
    """Paints first, and opens the engine behind the painted screen."""
    os.environ.setdefault("TEXTUAL_FPS", "120")  # at its default of 60, Textual may sit on a key's echo for two frames
    from fastchat_tui.compose import find_paths, open_engine, screen_settings
    from fastchat_tui.tui.app import FastchatApp

    paths = find_paths()
    screen, keep_theme = screen_settings()
    app = FastchatApp(
        theme=arguments.theme or screen.theme,
        keymap=screen.keymap,
        theme_folders=[paths.config / "themes"],
        history=None if arguments.demo else paths.state / "history.jsonl",
        on_theme=None if arguments.demo else keep_theme,
    )
    _on_stop(lambda number: app.exit(return_code=128 + number))
    running = asyncio.create_task(app.run_async(mouse=screen.mouse and not arguments.no_mouse), name="screen")
    running.add_done_callback(lambda _: app.painted.set())
    try:
        await app.painted.wait()
        await asyncio.to_thread(_load)
        if not running.done():
            async with open_engine(options(arguments)) as engine:
                app.attach(engine)
                _loaded()
                await running
    finally:
        if not running.done():
            app.exit()
        await running
    return app.return_code or 0


def _load() -> None:
    """In a thread, for it takes longer than a key should wait for its echo."""
    for name in BEHIND_THE_FRAME:
        import_module(f"fastchat_tui.{name}")


async def _doctor(arguments: argparse.Namespace, voice: Voice) -> int:
    from fastchat_tui.compose import open_examination
    from fastchat_tui.headless.doctor import examine

    _cancelled_on_stop()
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

    _cancelled_on_stop()
    async with open_engine(options(arguments)) as engine:
        _loaded()
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

            session = "" if arguments.session == "continue" else arguments.session
            return await ask(engine, text, answers, voice, output=arguments.output, session=session)
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
        case "tools":
            from fastchat_tui.headless.servers import list_tools

            return await list_tools(engine, answers, voice, server=arguments.server, as_json=arguments.json)
        case _:
            from fastchat_tui.headless.servers import list_servers

            return await list_servers(engine, answers, voice, as_json=arguments.json)


def _loaded() -> None:
    """Collects again, but nothing of what was imported: a key's echo does not wait for a look through all modules."""
    gc.freeze()
    gc.enable()


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
        case "call" | "tools" if arguments.server:
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


def _cancelled_on_stop() -> None:
    """Ctrl+C and its like cancel this task. One stop often comes several times (a shell, ``timeout`` and the guardians
    pass it on), and must not cancel how the first one is carried out; one that comes later does."""
    task, loop, last = asyncio.current_task(), asyncio.get_running_loop(), [-ONE_STOP]

    def stop(number: int) -> None:
        if task is not None and loop.time() - last[0] >= ONE_STOP:
            last[0] = loop.time()
            task.cancel(str(number))

    by_key = () if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else (signal.SIGINT,)
    _on_stop(stop, *by_key)


def _on_stop(stop: Callable[[int], object], *more: signal.Signals) -> None:
    """SIGTERM and SIGHUP end the program in order: what is open is closed, what was said is saved."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_report)
    for number in (*STOPPING, *more):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop, number)


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """An error in a task that nobody awaits: it belongs into a report, not on the screen."""
    if isinstance(error := context.get("exception"), Exception):
        crash.write_report(error)


def _forget_stdout() -> None:
    """Nothing can be written: what is still buffered must not fail once more when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

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
import sys
from collections.abc import Coroutine
from importlib import import_module

from fastchat_tui import crash
from fastchat_tui.headless.exits import Exit, OutputError, of_error
from fastchat_tui.headless.voice import Voice
from fastchat_tui.stopping import on_stop
from fastchat_tui.wire.errors import FastchatError

BEHIND_THE_FRAME = (
    *("engine.local", "store.sqlite", "config.load", "servers.factory", "servers.doctor", "providers.schemas"),
    *("tui.asking", "tui.conversation", "tui.panes", "tui.draw", "tui.commands", "tui.offers"),
)
"""What the screen goes on with once it is painted."""


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
    if arguments.command == "chat":
        return _chat(arguments)
    from fastchat_tui.subcommands import subcommand

    return subcommand(arguments, voice)


async def _chat(arguments: argparse.Namespace) -> int:
    """Paints first, and opens the engine behind the painted screen."""
    os.environ.setdefault("TEXTUAL_FPS", "240")  # Textual may sit on a key's echo for two frames: 33 ms at its usual 60
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
    on_stop(lambda number: app.exit(return_code=128 + number))
    running = asyncio.create_task(app.run_async(mouse=screen.mouse and not arguments.no_mouse), name="screen")
    running.add_done_callback(lambda _: app.painted.set())
    try:
        await app.painted.wait()
        await asyncio.to_thread(_load)
        if not running.done():
            from fastchat_tui.subcommands import options

            async with open_engine(options(arguments)) as engine:
                app.attach(engine)
                await _either(running, app.chat.attached)
                spare_the_keys()
                await running
    finally:
        if not running.done():
            app.exit()
        await running
    if app.demo_wanted:
        arguments.demo = True
        return await _chat(arguments)
    return app.return_code or 0


async def _either(running: asyncio.Task[object], event: asyncio.Event) -> None:
    """Waits until ``event``, or until there is nothing left that could bring it about."""
    waiting = asyncio.ensure_future(event.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def spare_the_keys() -> None:
    """No echo waits for a look through what was imported, and few for one through what the SDK of the model brings."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 100)
    gc.enable()


def _load() -> None:
    """In a thread, for it takes longer than a key should wait for its echo."""
    for name in BEHIND_THE_FRAME:
        import_module(f"fastchat_tui.{name}")


def _forget_stdout() -> None:
    """Nothing can be written: what is still buffered must not fail once more when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

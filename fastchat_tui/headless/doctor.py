"""``doctor``: what the program stands on, then each server from the outside in; of a failure the cause and the remedy.

Nothing is changed, and no key is sent: of the model's endpoint only the connection is tried.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from time import monotonic
from urllib.parse import urlsplit

from fastchat_tui.headless.exits import Exit, no_such_server
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.doctor import Examine, Step, step_lines
from fastchat_tui.wire.errors import ConfigError, VaultError
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.origin import NO_KEY, OPENAI, key_entry, origin
from fastchat_tui.wire.ports import Config, Settings, Vault
from fastchat_tui.wire.servers import ServerSpec

EXITS = {"config": Exit.CONFIG, "key": Exit.MODEL}
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor works with."""

    settings: Settings
    vault: Vault
    examine: Examine
    reach: Callable[[str], AsyncIterator[Step]]
    masker: Masker
    demo: bool = False


async def examine(tools: Examination, server: str, voice: Voice, *, as_json: bool = False) -> Exit:
    """The status is that of the first thing that failed."""
    config, first = await _configuration(tools)
    told = [first]
    if server and config is not None and server not in (names := [spec.name for spec in config.servers]):
        raise no_such_server(server, names)
    if not as_json and (not server or config is None):
        _print(voice, [first])
    if config is not None and not server:
        async for step in _world(tools, config):
            told.append(step)
            if not as_json:
                _print(voice, [step])
    specs = [spec for spec in config.servers if server in ("", spec.name)] if config else []
    servers: dict[str, list[Step]] = {}
    for spec, steps in zip(specs, await asyncio.gather(*(_server(tools, spec) for spec in specs)), strict=True):
        servers[spec.name] = steps
        if not as_json:
            voice.print(f"\n{spec.name}")
            _print(voice, steps)
    if as_json:
        voice.print_json(
            {
                "program": [asdict(step) for step in told],
                "servers": {name: [asdict(step) for step in steps] for name, steps in servers.items()},
            }
        )
    return _exit(told, [step for steps in servers.values() for step in steps])


def _exit(program: Iterable[Step], servers: Iterable[Step]) -> Exit:
    for step in program:
        if step.verdict == "failed":
            return EXITS.get(step.name, Exit.MODEL)
    return Exit.SERVER if any(step.verdict == "failed" for step in servers) else Exit.OK


def _print(voice: Voice, steps: Iterable[Step]) -> None:
    for step in steps:
        for line in step_lines(step):
            voice.print(line)


async def _server(tools: Examination, spec: ServerSpec) -> list[Step]:
    """The last word on each step; a server that is switched off is left alone unless it is the only one."""
    steps: dict[str, Step] = {}
    remembered = tools.settings.enabled(spec.name)
    if not (spec.enabled if remembered is None else remembered) and not spec.problem:
        return [Step("server", "skipped", "it is switched off")]
    async with aclosing(tools.examine(spec)) as found:
        async for step in found:
            steps[step.name] = replace(
                step, detail=tools.masker.mask(step.detail), remedy=tools.masker.mask(step.remedy)
            )
    return list(steps.values())


# ── what the program stands on ───────────────────────────────────────────────────────────────────────────────────


async def _configuration(tools: Examination) -> tuple[Config | None, Step]:
    began = monotonic()
    try:
        config = await asyncio.to_thread(tools.settings.load)
    except ConfigError as error:
        return None, Step("config", "failed", error.text, error.remedy, monotonic() - began)
    tools.masker.learn(config.secrets)
    count = len(config.servers)
    found = Step("config", "ok", f"{config.path or 'no file'}: {count} server{'' if count == 1 else 's'}")
    concerns = [
        (f"{about.path} is not used: nobody has agreed to it yet", "Start fastchat-tui there; it asks.")
        for about in config.pending
    ]
    if concerns := [*concerns, *config.notices]:
        texts, remedies = zip(*concerns, strict=True)
        found = replace(found, verdict="warning", detail=" · ".join((found.detail, *texts)), remedy=" ".join(remedies))
    return config, replace(found, seconds=monotonic() - began)


async def _world(tools: Examination, config: Config) -> AsyncGenerator[Step, None]:
    keyring = await _keyring(tools.vault)
    yield keyring
    if tools.demo:
        yield Step("model", "ok", "scripted: it needs neither key nor network")
        yield _terminal()
        return
    url = config.base_url or OPENAI
    async for step in tools.reach(url):
        if step.verdict != "running":
            yield replace(step, name=f"model {step.name}", detail=f"{urlsplit(url).hostname}: {step.detail}")
    yield await _key(tools, config, url, readable=keyring.verdict == "ok")
    yield _terminal()


async def _keyring(vault: Vault) -> Step:
    began = monotonic()
    try:
        await vault.get("doctor")
    except VaultError as error:
        return Step("keyring", "warning", error.text, error.remedy, monotonic() - began)
    return Step("keyring", "ok", "it answers", seconds=monotonic() - began)


async def _key(tools: Examination, config: Config, url: str, *, readable: bool) -> Step:
    here = origin(url)
    if config.key:
        return Step("key", "ok", f"from {config.key_source}, for {here}")
    if readable and here in tools.settings.key_origins() and await tools.vault.get(key_entry(here)):
        return Step("key", "ok", f"in the keyring, for {here}")
    if urlsplit(url).hostname in LOCAL:
        return Step("key", "ok", f"none for {here}; a local endpoint seldom wants one")
    return Step("key", "failed", f"there is none for {here}", NO_KEY)


def _terminal() -> Step:
    """What the screen would have to work with."""
    term, encoding = os.environ.get("TERM", ""), (sys.stdout.encoding or "").lower()
    size = shutil.get_terminal_size()
    colours = os.environ.get("COLORTERM") in ("truecolor", "24bit")
    found = f"{term or 'no TERM'}, {size.columns}×{size.lines}, {encoding or 'no encoding'}"
    found += ", 16 million colours" if colours else ", few colours"
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        return Step("terminal", "ok", f"{found}; not a terminal here, so only commands work")
    if term in ("", "dumb", "unknown"):
        return Step("terminal", "warning", found, "Set TERM to what your terminal is, such as xterm-256color.")
    if "utf" not in encoding:
        return Step("terminal", "warning", found, "Set LANG to a UTF-8 locale, such as C.UTF-8.")
    if size.columns < 40 or size.lines < 12:
        return Step("terminal", "warning", found, "Make the window larger: 40×12 is the least.")
    return Step("terminal", "ok", found)

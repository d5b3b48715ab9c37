"""``servers add``, ``remove``, ``enable`` and ``disable``: the configuration is changed, nothing is started."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastchat_tui.headless.exits import Exit, UsageError, no_such_server
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.discovery import FoundServer
from fastchat_tui.wire.ports import Config, Settings
from fastchat_tui.wire.servers import ServerSpec


def add(
    settings: Settings, name: str, place: Sequence[str], headers: Iterable[str], env: Iterable[str], voice: Voice
) -> Exit:
    """``place`` is one URL, or a command and its arguments, which reach the program as they are: there is no shell."""
    sent, given = _pairs("--header", headers), _pairs("--env", env)
    _load(settings, voice)
    if len(place) == 1 and place[0].startswith(("http://", "https://")):
        if given:
            raise UsageError("--env is for commands.", "A server at a URL is given --header.")
        entry = ServerSpec(name.strip(), "http", url=place[0], headers=sent)
    else:
        if sent:
            raise UsageError("--header is for URLs.", "A command is given --env.")
        entry = ServerSpec(name.strip(), "stdio", place[0], tuple(place[1:]), env=given)
    path = settings.put_server(entry)
    voice.print(f"{name} is added to {path}")
    for text, remedy in settings.advice([entry]):
        voice.complain(text, remedy)
    return Exit.OK


def remove(settings: Settings, name: str, voice: Voice) -> Exit:
    _known(_load(settings, voice), name)
    voice.print(f"{name} is removed from {settings.remove_server(name)}")
    return Exit.OK


def switch(settings: Settings, name: str, on: bool, voice: Voice) -> Exit:
    _known(_load(settings, voice), name)
    settings.set_enabled(name, on)
    voice.print(f"{name} is switched {'on' if on else 'off'}")
    return Exit.OK


def bring(settings: Settings, app: str, voice: Voice, *, write: bool, as_json: bool) -> Exit:
    """Offers what other programs are configured with; with ``write`` takes over what is new."""
    _load(settings, voice)
    offer = settings.discover(app)
    if as_json:
        voice.print_json([_object(one) for one in offer.found])
    elif offer.found:
        rows = [
            (
                one.spec.name,
                one.standing,
                one.app_name,
                one.shown + (f"  [{one.note}]" if one.note else ""),
                one.spec.origin,
            )
            for one in offer.found
        ]
        voice.table([("SERVER", "STANDING", "FROM", "WHAT", "FILE"), *rows])
    for text, remedy in offer.troubles:
        voice.complain(text, remedy)
    if not offer.found:
        voice.narrate("No other program's servers are found here.")
    elif not offer.fresh:
        voice.narrate("Nothing new is among them.")
    elif write:
        path = settings.take(offer.fresh)
        voice.narrate(f"Added to {path}: {', '.join(one.spec.name for one in offer.fresh)}")
        for text, remedy in settings.advice([one.spec for one in offer.fresh]):
            voice.complain(text, remedy)
    else:
        voice.narrate("Nothing was changed. --write adds the new ones to your own configuration.")
    return Exit.CONFIG if offer.troubles else Exit.OK


def _object(one: FoundServer) -> dict[str, object]:
    spec = one.spec
    return {
        "name": spec.name,
        "app": one.app,
        "file": spec.origin,
        "standing": one.standing,
        "note": one.note,
        "transport": spec.transport,
        "shown": one.shown,
        "env": list(spec.env),
        "headers": list(spec.headers),
        "enabled": spec.enabled,
    }


def _load(settings: Settings, voice: Voice) -> Config:
    """A file that nobody has agreed to yet is not the one in use."""
    config = settings.load()
    for about in config.pending:
        voice.narrate(f"{about.path} is not used: nobody has agreed to it yet (fastchat-tui asks).")
    return config


def _known(config: Config, name: str) -> None:
    names = [spec.name for spec in config.servers]
    if name not in names:
        raise no_such_server(name, names)


def _pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} wants NAME=VALUE.", f"For example: {option} 'NAME=${{VARIABLE}}'")
        pairs[name.strip()] = value
    return pairs

"""Variables in a server's entry: ``${VAR}``, ``${VAR:-default}``, ``${env:VAR}``, ``${input:NAME}``, two places.

Only command, args, env, url, headers and the client of oauth are expanded. A value that was put in is never expanded
again; ``${keyring:NAME}`` stays as it is until the server is reached.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from fastchat_tui.config.settings import check_url
from fastchat_tui.wire.errors import ConfigError
from fastchat_tui.wire.servers import OAuth, ServerSpec
from fastchat_tui.wire.vaulted import REFERENCE as KEPT
from fastchat_tui.wire.vaulted import vaulted_names

REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_INSIDE = re.compile(r"(?:env:(?://)?)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_FROM_VAULT = ("keyring:", "input:")
PLACES = ("workspaceFolder", "userHome")


class Missing(Exception):
    """A variable has no value; the text says which, and where it is wanted."""


def expand(spec: ServerSpec, values: Mapping[str, str]) -> ServerSpec:
    """The entry with every variable put in; with a ``problem`` when one is missing."""
    if spec.problem:
        return spec
    try:
        expanded = replace(
            spec,
            command=_put_in(spec.command, values, "command"),
            args=tuple(_put_in(arg, values, f"args[{index}]") for index, arg in enumerate(spec.args)),
            env={name: _put_in(text, values, f"env.{name}") for name, text in spec.env.items()},
            cwd=_put_in(spec.cwd, values, "cwd"),
            wrap=tuple(_put_in(word, values, f"wrap[{index}]") for index, word in enumerate(spec.wrap)),
            url=_put_in(spec.url, values, "url"),
            headers={name: _put_in(text, values, f"headers.{name}").strip() for name, text in spec.headers.items()},
            oauth=_oauth(spec.oauth, values),
        )
    except Missing as missing:
        return replace(spec, problem=str(missing))
    return replace(expanded, problem=_unsendable(expanded))


def _unsendable(spec: ServerSpec) -> str:
    """What of it no request can carry; empty when all is well."""
    if spec.url:
        try:
            check_url(spec.url, "“url”")
        except ConfigError as error:
            return f"{error.text} {error.remedy}"
    for name, value in spec.headers.items():
        if not (name.isascii() and value.isascii() and f"{name}{value}".isprintable()):
            return f"headers.{name} holds a character that no header takes: a line end, a quote of a text, an accent."
    return ""


def references(spec: ServerSpec) -> Iterator[str]:
    """The names of the variables that the entry reads."""
    own = spec.oauth
    oauth = (own.client_id, *own.secrets, own.assertion_file, *own.form.values(), *own.identity_provider.values())
    started = (*spec.wrap, spec.command, *spec.args, *spec.env.values(), spec.cwd)
    for text in (*started, spec.url, *spec.headers.values(), *oauth):
        for match in REFERENCE.finditer(text):
            inside = _INSIDE.fullmatch(match[1])
            if inside and inside[1] not in PLACES:
                yield inside[1]
            elif match[1].startswith("input:"):
                yield _kept(match)[2:-1]
    yield from (f"keyring:{name}" for name in vaulted_names(spec))


def _oauth(oauth: OAuth, values: Mapping[str, str]) -> OAuth:
    return replace(
        oauth,
        client_id=_put_in(oauth.client_id, values, "oauth.client_id"),
        client_secret=_put_in(oauth.client_secret, values, "oauth.client_secret"),
        private_key=_put_in(oauth.private_key, values, "oauth.private_key"),
        assertion=_put_in(oauth.assertion, values, "oauth.assertion"),
        assertion_file=_put_in(oauth.assertion_file, values, "oauth.assertion_file"),
        form={name: _put_in(text, values, f"auth.post_body.{name}") for name, text in oauth.form.items()},
        identity_provider={
            name: _put_in(text, values, f"oauth.identity_provider.{name}")
            for name, text in oauth.identity_provider.items()
        },
    )


def _kept(match: re.Match[str]) -> str:
    """VS Code's ``${input:NAME}`` is a secret that is asked for once: here, one that the keyring has."""
    return f"${{keyring:{match[1].partition(':')[2]}}}"


def _put_in(text: str, values: Mapping[str, str], field: str) -> str:
    if "${" not in text:
        return text
    whole = REFERENCE.sub(_value(values, field), text)
    written = REFERENCE.sub(lambda match: _kept(match) if match[1].startswith(_FROM_VAULT) else "\0", text)
    if KEPT.findall(whole) != KEPT.findall(written):  # nobody agreed to what variables spell together
        raise Missing(f"{field}: its variables hold a reference to the keyring; write that there itself.")
    return whole


def _value(values: Mapping[str, str], field: str) -> Callable[[re.Match[str]], str]:
    def value(match: re.Match[str]) -> str:
        if match[1].startswith(_FROM_VAULT):
            kept = _kept(match)
            if not KEPT.fullmatch(kept):
                raise Missing(f"{field}: {match[0]} is no name in the keyring; use letters, digits, “_”, “.” and “-”.")
            if field == "command" or field.startswith(("args", "cwd", "wrap")):
                raise Missing(f"{field}: every user of this machine can read it there. Put {match[0]} into “env”.")
            return kept
        inside = _INSIDE.fullmatch(match[1])
        if inside is None:
            return match[0]
        name, default = inside[1], inside[2]
        found = values.get(name)
        if found or (found is not None and default is None):
            return found
        if default is not None:
            return default
        raise Missing(f"The variable {name} is not set ({field} needs it): set it, and start again.")

    return value

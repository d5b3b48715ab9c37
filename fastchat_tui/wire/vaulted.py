"""``${keyring:NAME}`` in a server's entry: a value that is in the vault, so that no file holds it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastchat_tui.wire.servers import ServerSpec

REFERENCE = re.compile(r"\$\{keyring:([A-Za-z_][A-Za-z0-9_.-]{0,99})\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")


def vault_entry(name: str) -> str:
    """Under which name the vault has it."""
    return f"secret:{name}"


def vaulted_names(spec: ServerSpec) -> Iterator[str]:
    """The names of the values that the entry wants, each once."""
    found: dict[str, None] = {}

    def note(text: str) -> str:
        found.update(dict.fromkeys(REFERENCE.findall(text)))
        return text

    _through(spec, note)
    return iter(found)


def with_vaulted(spec: ServerSpec, values: Callable[[str], str]) -> ServerSpec:
    """The entry with every such value put in."""
    return _through(spec, lambda text: REFERENCE.sub(lambda match: values(match[1]), text))


def _through(spec: ServerSpec, change: Callable[[str], str]) -> ServerSpec:
    """Wherever a value may stand that no other user of the machine can read: not among the arguments."""
    oauth = spec.oauth
    return replace(
        spec,
        env={name: change(text) for name, text in spec.env.items()},
        url=change(spec.url),
        headers={name: change(text) for name, text in spec.headers.items()},
        oauth=replace(
            oauth,
            client_id=change(oauth.client_id),
            client_secret=change(oauth.client_secret),
            private_key=change(oauth.private_key),
            assertion=change(oauth.assertion),
            assertion_file=change(oauth.assertion_file),
            form={name: change(text) for name, text in oauth.form.items()},
            identity_provider={name: change(text) for name, text in oauth.identity_provider.items()},
        ),
    )

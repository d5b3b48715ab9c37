"""Entries made whole with what the vault keeps, at the moment when a server is to be reached and not before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from fastchat_tui.wire.errors import ServerError, VaultError
from fastchat_tui.wire.ports import Vault
from fastchat_tui.wire.servers import ServerSpec
from fastchat_tui.wire.vaulted import vault_entry, vaulted_names, with_vaulted

Complete = Callable[[ServerSpec], Awaitable[ServerSpec]]
"""Raises ServerError where a value is missing, or the vault is not open."""


async def as_it_is(spec: ServerSpec) -> ServerSpec:
    return spec


def completed_from(vault: Vault, learn: Callable[[Iterable[str]], None]) -> Complete:
    """``learn`` is told every value, so that none is ever shown."""

    async def complete(spec: ServerSpec) -> ServerSpec:
        values: dict[str, str] = {}
        for name in vaulted_names(spec):
            try:
                value = await vault.get(vault_entry(name))
            except VaultError as error:
                raise ServerError(f"“{name}” could not be read. {error.text}", error.remedy) from error
            if not value:
                raise ServerError(f"The keyring has no “{name}”.", f"Run: fastchat-tui secret {name}")
            values[name] = value
        learn(values.values())
        return with_vaulted(spec, values.__getitem__) if values else spec

    return complete

"""``secret``: a value for ``${keyring:NAME}``, kept or forgotten; never an argument, which everybody could read."""

from __future__ import annotations

import getpass
from typing import TextIO

from fastchat_tui.headless.exits import Exit, UsageError
from fastchat_tui.headless.voice import Voice
from fastchat_tui.wire.ports import Vault
from fastchat_tui.wire.vaulted import NAME, vault_entry


def read_value(name: str, stdin: TextIO) -> str:
    """Piped in, or typed unseen. It blocks. Raises UsageError when there is none."""
    if not NAME.fullmatch(name):
        raise UsageError(f"“{name}” is no name for it.", "Use letters, digits, “_”, “.” and “-”.")
    try:
        value = getpass.getpass(f"{name}: ") if stdin.isatty() else stdin.read()
    except EOFError:
        value = ""
    if not (value := value.strip()):
        raise UsageError("There is no value.", "Type or paste it, or pipe it in.")
    return value


async def keep(vault: Vault, name: str, value: str, voice: Voice) -> Exit:
    """Without a value it is forgotten. Raises VaultError."""
    if value:
        await vault.set(vault_entry(name), value)
        voice.print(f"{name} is kept: write ${{keyring:{name}}} in “env”, “headers” or “url” of a server")
    else:
        await vault.delete(vault_entry(name))
        voice.print(f"{name} is forgotten")
    return Exit.OK

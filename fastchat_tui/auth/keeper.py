"""Where sign-ins are kept: the vault, or this run's memory while there is none."""

from __future__ import annotations

from fastchat_tui.wire.errors import VaultError
from fastchat_tui.wire.ports import Vault
from fastchat_tui.wire.sign_in import Tell

REMEDY = (
    "To keep them, start or unlock a keyring (gnome-keyring, KWallet), then sign in again; "
    "or set secrets = “file” in settings.toml, for an encrypted file."
)


class Keeper:
    """``on_loss`` is told once why nothing outlives the run. What was written while the vault was away is written
    there with the next change."""

    def __init__(self, vault: Vault, on_loss: Tell) -> None:
        self._vault = vault
        self._on_loss = on_loss
        self._told = False
        self._kept: dict[str, str] = {}
        """What the vault is known to hold: a keyring that is locked meanwhile costs no sign-in."""
        self._memory: dict[str, str] = {}
        """What it did not take; this goes before that."""
        self.trouble = ""
        """Why the vault did not answer, when it was asked last."""

    def outlives(self, name: str) -> bool:
        """Whether what is kept under ``name`` is still there after this run."""
        return name in self._kept and name not in self._memory

    async def get(self, name: str) -> str | None:
        if name in self._memory:
            return self._memory[name]
        try:
            found = await self._vault.get(name)
        except VaultError as error:
            self._lose(error)
            return self._kept.get(name)
        self.trouble = ""
        if found is not None:
            self._kept[name] = found
        return found

    async def set(self, name: str, text: str) -> None:
        try:
            await self._vault.set(name, text)
        except VaultError as error:
            self._memory[name] = text
            self._lose(error)
            return
        self.trouble = ""
        self._kept[name] = text
        self._memory.pop(name, None)

    async def delete(self, name: str) -> None:
        """Raises VaultError when the vault may still hold it."""
        only_here = self._memory.pop(name, None) is not None and name not in self._kept
        self._kept.pop(name, None)
        try:
            await self._vault.delete(name)
        except VaultError:
            if not only_here:
                raise

    def _lose(self, error: VaultError) -> None:
        self.trouble = error.text
        if not self._told:
            self._told = True
            self._on_loss(f"{error.text} Sign-ins last until you quit.", REMEDY)

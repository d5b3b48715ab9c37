"""Secrets in one encrypted file, for machines without a keyring: only where the user asks for it, and never in clear.

The passphrase becomes a key by scrypt; Fernet (of ``cryptography``) encrypts and signs the
file with it. It is replaced whole, under a lock that other processes respect; one that does not open is left alone.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fastchat_tui.auth.turns import alone
from fastchat_tui.wire.errors import VaultError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

PASSPHRASE = "FASTCHAT_PASSPHRASE"
HEAD = b"fastchat-tui secrets 1\n"
SALT = 16
ROUNDS, BLOCK, LANES = 1 << 15, 8, 3
"""Of scrypt, as OWASP has them: 32 MiB, about a third of a second."""
LIMIT = 8 << 20


class FileVault:
    """Satisfies ``wire.ports.Vault``. ``write`` replaces a file in one step, readable for its owner alone."""

    def __init__(self, path: Path, passphrase: str, write: Callable[[Path, bytes], None]) -> None:
        self._path = path
        self._passphrase = passphrase
        self._write = write
        self._box = cache(self._make_box)

    async def get(self, name: str) -> str | None:
        _, found = await asyncio.to_thread(self._read)
        return found.get(name)

    async def set(self, name: str, secret: str) -> None:
        await self._change(lambda found: found.update({name: secret}))

    async def delete(self, name: str) -> None:
        await self._change(lambda found: found.pop(name, None))

    async def _change(self, edit: Callable[[dict[str, str]], object]) -> None:
        try:
            async with alone(self._path.with_name(f".{self._path.name}.lock")):
                salt, found = await asyncio.to_thread(self._read)
                before = dict(found)
                edit(found)
                if found != before:
                    body = self._box(salt).encrypt(json.dumps(found).encode())
                    await asyncio.shield(asyncio.to_thread(self._write, self._path, HEAD + salt + body))
        except OSError as error:
            raise VaultError(f"{self._path} cannot be written: {error.strerror}.", "Check its permissions.") from None

    def _read(self) -> tuple[bytes, dict[str, str]]:
        """The salt of the file, and what is in it."""
        if not self._passphrase:
            raise VaultError(
                "The passphrase of your secrets is not given.", f"Set {PASSPHRASE} before you start fastchat-tui."
            )
        try:
            raw = self._path.read_bytes() if self._path.exists() else b""
        except OSError as error:
            raise VaultError(f"{self._path} cannot be read: {error.strerror}.", "Check its permissions.") from None
        if not raw:
            return secrets.token_bytes(SALT), {}
        salt, body = raw[len(HEAD) : len(HEAD) + SALT], raw[len(HEAD) + SALT :]
        if not raw.startswith(HEAD) or len(salt) < SALT or len(raw) > LIMIT:
            raise self._shut()
        box = self._box(salt)
        from cryptography.fernet import InvalidToken

        try:
            found = json.loads(box.decrypt(body))
        except (InvalidToken, ValueError):
            raise self._shut() from None
        return salt, {str(name): str(secret) for name, secret in found.items()}

    def _make_box(self, salt: bytes) -> Fernet:
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        key = Scrypt(salt=salt, length=32, n=ROUNDS, r=BLOCK, p=LANES).derive(self._passphrase.encode())
        return Fernet(base64.urlsafe_b64encode(key))

    def _shut(self) -> VaultError:
        """A wrong passphrase and a damaged file cannot be told apart."""
        return VaultError(
            f"{self._path} does not open: the passphrase is another one, or the file is damaged.",
            f"Set {PASSPHRASE} to the right one; or move the file away, then sign in again.",
        )

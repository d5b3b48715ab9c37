"""Secrets in the OS keyring, each call on a thread of its own with a deadline.

A keyring may ask its user, or never answer: it must hold up neither the loop nor the exit, so the thread is a daemon.
Never a plain file instead: a backend that is not one of the system's is refused.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from fastchat_tui.wire.errors import VaultError

T = TypeVar("T")
SERVICE = "fastchat-tui"
TRUSTED = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
PART = 1200
"""Characters of one entry: Windows takes 1,280."""
NONE_HERE = "Set OPENAI_API_KEY instead, or start a keyring (gnome-keyring, KWallet)."


class KeyringVault:
    """Satisfies ``wire.ports.Vault``. ``backend`` is chosen at the first use; tests pass their own."""

    def __init__(self, deadline: float = 3.0, backend: Callable[[], Any] | None = None) -> None:
        self._deadline = deadline
        self._find = backend or system_backend

    async def get(self, name: str) -> str | None:
        return await self._ask(lambda: read(self._find(), name))

    async def set(self, name: str, secret: str) -> None:
        await self._ask(lambda: write(self._find(), name, secret))

    async def delete(self, name: str) -> None:
        await self._ask(lambda: erase(self._find(), name))

    async def _ask(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(act: Callable[[], None]) -> None:
            if not future.done():
                act()

        def run() -> None:
            try:
                value = work()
            except Exception as error:  # a keyring's own errors, pywintypes' among them; the border of the thread
                fault = error if isinstance(error, VaultError) else _told(error)
                act = _later(future.set_exception, fault)
            else:
                act = _later(future.set_result, value)
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, act)

        threading.Thread(target=run, name="keyring", daemon=True).start()
        try:
            async with asyncio.timeout(self._deadline):
                return await future
        except TimeoutError:
            text = f"The keyring did not answer within {self._deadline:.0f} s."
            raise VaultError(text, "Unlock it (a prompt may be open), then try again.") from None


class MemoryVault:
    """Secrets for this run only."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self._secrets.get(name)

    async def set(self, name: str, secret: str) -> None:
        self._secrets[name] = secret

    async def delete(self, name: str) -> None:
        self._secrets.pop(name, None)


def system_backend() -> Any:
    """The system's keyring. Raises VaultError when there is none that may be trusted."""
    import keyring

    chosen = keyring.get_keyring()
    members = getattr(chosen, "backends", None) or [chosen]
    for backend in members:
        if type(backend).__module__.startswith(TRUSTED):
            return backend
    raise VaultError("There is no keyring on this system.", NONE_HERE)


def read(backend: Any, name: str) -> str | None:
    value = backend.get_password(SERVICE, name)
    if value is None or not value.startswith('{"parts":'):
        return None if value is None else str(value)
    index = json.loads(value)
    parts = [backend.get_password(SERVICE, _part(name, index["generation"], n)) for n in range(index["parts"])]
    return None if None in parts else "".join(parts)


def write(backend: Any, name: str, secret: str) -> None:
    """A long secret is written as parts of a new generation first; one index entry then switches to it."""
    before = _parts(backend, name)
    if len(secret) <= PART and not secret.startswith('{"parts":'):
        backend.set_password(SERVICE, name, secret)
    else:
        generation = secrets.token_hex(4)
        chunks = [secret[start : start + PART] for start in range(0, len(secret), PART)]
        for number, chunk in enumerate(chunks):
            backend.set_password(SERVICE, _part(name, generation, number), chunk)
        index = json.dumps({"parts": len(chunks), "generation": generation}, separators=(",", ":"))
        backend.set_password(SERVICE, name, index)
    if read(backend, name) != secret:
        raise VaultError("The keyring did not keep what was written.", NONE_HERE)
    _remove(backend, before)


def erase(backend: Any, name: str) -> None:
    parts = _parts(backend, name)
    if backend.get_password(SERVICE, name) is not None:
        _remove(backend, [name, *parts])


def _parts(backend: Any, name: str) -> list[str]:
    value = backend.get_password(SERVICE, name)
    if value is None or not value.startswith('{"parts":'):
        return []
    index = json.loads(value)
    return [_part(name, index["generation"], number) for number in range(index["parts"])]


def _remove(backend: Any, names: list[str]) -> None:
    for name in names:
        if backend.get_password(SERVICE, name) is not None:
            backend.delete_password(SERVICE, name)


def _part(name: str, generation: str, number: int) -> str:
    return f"{name}#{generation}.{number}"


def _later(act: Callable[[Any], None], value: Any) -> Callable[[], None]:
    return lambda: act(value)


def _told(error: Exception) -> VaultError:
    kind = type(error).__name__
    if kind in ("KeyringLocked", "InitError"):
        return VaultError("The keyring is locked.", "Unlock it, then try again; or set OPENAI_API_KEY.")
    if kind == "NoKeyringError":
        return VaultError("There is no keyring on this system.", NONE_HERE)
    return VaultError(f"The keyring failed ({kind}).", NONE_HERE)

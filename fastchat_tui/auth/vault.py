"""Secrets in the OS keyring, asked for on one daemon thread, with a deadline.

A keyring may open a prompt, or never answer: it must hold up neither the loop nor the exit. Never a plain file
instead: a backend that is not one of the system's own is refused.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from fastchat_tui.auth.entries import Backend, NotKept, erase, read, write
from fastchat_tui.wire.errors import VaultError
from fastchat_tui.wire.sign_in import Tell

T = TypeVar("T")
TRUSTED = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
NO_KEYRING = "Set OPENAI_API_KEY instead, or start a keyring (gnome-keyring, KWallet)."


class KeyringVault:
    """Satisfies ``wire.ports.Vault``. The backend is looked for at each use; tests pass their own.

    A keyring that takes longer than ``patience`` may wait for a person: then that is told.
    """

    def __init__(
        self, deadline: float = 60.0, patience: float = 3.0, backend: Callable[[], Backend] | None = None
    ) -> None:
        self._deadline = deadline
        self._patience = min(patience, deadline)
        self._find = backend or system_backend
        self.tell: Tell = lambda text, remedy: None
        self._waiting = False
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def get(self, name: str) -> str | None:
        return await self._ask(lambda: read(self._find(), name))

    async def set(self, name: str, secret: str) -> None:
        await self._ask(lambda: write(self._find(), name, secret))

    async def delete(self, name: str) -> None:
        await self._ask(lambda: erase(self._find(), name))

    async def _ask(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            if future.cancelled():  # nobody waits any more: a late write would be a surprise
                return
            try:
                settle = partial(_answer, future, work())
            except Exception as error:  # the border of the thread: a keyring raises what it likes
                settle = partial(_fail, future, _told(error))
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(settle)

        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="keyring", daemon=True)
            self._thread.start()
        self._jobs.put(job)
        try:
            await asyncio.wait({future}, timeout=self._patience)
            if not future.done():
                self._say_waiting()
                await asyncio.wait({future}, timeout=self._deadline - self._patience)
            if not future.done():
                text = f"The keyring did not answer within {self._deadline:g} s."
                raise VaultError(text, "Unlock it (a prompt may be open), then try again.")
            self._waiting = False
            return future.result()
        finally:
            future.cancel()

    def _say_waiting(self) -> None:
        if not self._waiting:
            self._waiting = True
            self.tell("The keyring has not answered yet.", "Look for its prompt: it may be behind another window.")

    def _serve(self) -> None:
        while True:
            self._jobs.get()()


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


def system_backend() -> Backend:
    """The system's keyring. Raises VaultError when there is none that may be trusted."""
    import keyring

    chosen = keyring.get_keyring()
    return trusted([chosen, *getattr(chosen, "backends", ())])  # a chain would fall back to a plain file


def trusted(candidates: Iterable[Backend]) -> Backend:
    """The first that is one of the system's own. Raises VaultError."""
    for backend in candidates:
        if type(backend).__module__ in TRUSTED:
            return backend
    raise VaultError("There is no keyring on this system.", NO_KEYRING)


def _answer(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: VaultError) -> None:
    if not future.done():
        future.set_exception(error)


def _told(error: Exception) -> VaultError:
    """In our words: a keyring's own may quote the secret."""
    match type(error).__name__:
        case _ if isinstance(error, VaultError):
            return error
        case _ if isinstance(error, NotKept):
            return VaultError("The keyring did not keep what was written.", NO_KEYRING)
        case "KeyringLocked" | "InitError" | "LockedException":
            return VaultError("The keyring is locked.", "Unlock it, then try again; or set OPENAI_API_KEY.")
        case "NoKeyringError" | "SecretServiceNotAvailableException":
            return VaultError("There is no keyring on this system.", NO_KEYRING)
        case name:
            return VaultError(f"The keyring failed ({name}).", NO_KEYRING)

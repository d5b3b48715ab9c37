"""What was granted at one server, kept in the vault as one JSON text: tokens with their absolute expiry, the client
that they were granted to, and where they can be refreshed.

A grant belongs to a server's URL and client, and to the configuration it was granted for: with another fingerprint it
is no grant. Satisfies the SDK's ``TokenStorage``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from mcp.client.auth.oauth2 import OAuthContext
from mcp.shared.auth import OAuthClientInformationFull, OAuthMetadata, OAuthToken, ProtectedResourceMetadata
from pydantic import BaseModel

from fastchat_tui.auth.turns import alone
from fastchat_tui.wire.errors import VaultError
from fastchat_tui.wire.ports import Vault
from fastchat_tui.wire.servers import ServerSpec, SignInView

VERSION = 1
REMEDY = "To keep them, start or unlock a keyring (gnome-keyring, KWallet), then sign in again."
Model = TypeVar("Model", bound=BaseModel)


class Keeper:
    """The vault, or this run's memory where there is none. ``on_loss`` is told once why nothing outlives the run."""

    def __init__(self, vault: Vault, on_loss: Callable[[str, str], None]) -> None:
        self._vault = vault
        self._on_loss = on_loss
        self._memory: dict[str, str] = {}
        self._seen: dict[str, str] = {}
        """What was read and written: a keyring that is locked meanwhile costs no sign-in."""
        self._lost = False

    async def get(self, name: str) -> str | None:
        if name in self._memory:
            return self._memory[name]
        try:
            found = await self._vault.get(name)
        except VaultError as error:
            self._lose(error)
            return self._seen.get(name)
        if found is not None:
            self._seen[name] = found
        return found

    async def set(self, name: str, text: str) -> None:
        self._seen[name] = text
        try:
            await self._vault.set(name, text)
            self._memory.pop(name, None)
        except VaultError as error:
            self._memory[name] = text
            self._lose(error)

    async def delete(self, name: str) -> None:
        self._memory.pop(name, None)
        self._seen.pop(name, None)
        try:
            await self._vault.delete(name)
        except VaultError as error:
            self._lose(error)

    def _lose(self, error: VaultError) -> None:
        if not self._lost:
            self._lost = True
            self._on_loss(f"{error.text} Sign-ins last until you quit.", REMEDY)


class Grant:
    """The grant of one server. ``learn`` is told every secret in it, so that none is ever shown."""

    def __init__(self, spec: ServerSpec, keeper: Keeper, locks: Path, learn: Callable[[Iterable[str]], None]) -> None:
        oauth = spec.oauth
        identity = json.dumps([spec.url, oauth.client_id])
        self.name = f"oauth:{hashlib.sha256(identity.encode()).hexdigest()[:32]}"
        terms = json.dumps(
            [
                spec.url,
                oauth.client_id,
                oauth.client_metadata_url,
                oauth.issuer,
                oauth.grant,
                oauth.scopes,
                oauth.form.get("username", ""),
            ]
        )
        self._fingerprint = hashlib.sha256(terms.encode()).hexdigest()[:32]
        self._url = spec.url
        self._keeper = keeper
        self._lock = locks / f"{self.name.replace(':', '-')}.lock"
        self._learn = learn
        self._kept: dict[str, Any] = {}
        self.client: OAuthClientInformationFull | None = None
        """The client that was registered beforehand, if there is one."""

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Nobody else, in this process or another, refreshes this grant meanwhile."""
        async with alone(self._lock):
            yield

    async def read(self) -> None:
        """Takes over what is kept now: another window may have refreshed it."""
        try:
            kept = json.loads(await self._keeper.get(self.name) or "{}")
        except ValueError:
            kept = {}
        fits = isinstance(kept, dict) and kept.get("v") == VERSION and kept.get("fingerprint") == self._fingerprint
        self._kept = kept if fits else {}
        self._learn_all()

    def restore(self, context: OAuthContext) -> None:
        """Everything that a refresh at the right place needs; tokens alone would be sent to the wrong one."""
        metadata, resource = self._kept.get("metadata"), self._kept.get("resource")
        try:
            context.current_tokens = self._model(OAuthToken, "tokens")
            if metadata:
                context.oauth_metadata = OAuthMetadata.model_validate(metadata)
            if resource:
                context.protected_resource_metadata = ProtectedResourceMetadata.model_validate(resource)
                context.auth_server_url = str(context.protected_resource_metadata.authorization_servers[0])
        except ValueError:
            context.clear_tokens()
            return
        context.token_expiry_time = self._kept.get("expires_at")

    async def keep(self, context: OAuthContext) -> None:
        """Writes what a context holds."""
        found = {"metadata": context.oauth_metadata, "resource": context.protected_resource_metadata}
        for key, model in found.items():
            if model is not None:
                self._kept[key] = model.model_dump(mode="json", exclude_none=True)
        self._kept["expires_at"] = context.token_expiry_time
        await self._write()

    async def drop(self, key: Literal["tokens", "client"]) -> None:
        """Forgets what the authorization server takes no more."""
        if self._kept.pop(key, None) is not None:
            await self._write()

    async def erase(self) -> None:
        self._kept = {}
        await self._keeper.delete(self.name)

    @property
    def view(self) -> SignInView:
        tokens = self._kept.get("tokens") or {}
        return SignInView(
            signed_in=bool(tokens),
            scopes=tokens.get("scope") or "",
            expires_at=self._kept.get("expires_at"),
            renews=bool(tokens.get("refresh_token")),
        )

    # ── the SDK's TokenStorage ───────────────────────────────────────────────────────────────────────────────────

    async def get_tokens(self) -> OAuthToken | None:
        return self._model(OAuthToken, "tokens")

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._kept["tokens"] = tokens.model_dump(exclude_none=True)
        self._kept["expires_at"] = None if tokens.expires_in is None else time.time() + tokens.expires_in
        await self._write()

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        if self.client is not None:
            return self.client.model_copy()
        return self._model(OAuthClientInformationFull, "client")

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        if client_info.client_secret:
            self._learn([client_info.client_secret])
        self._kept["client"] = client_info.model_dump(mode="json", exclude_none=True)
        await self._write()

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _model(self, model: type[Model], key: str) -> Model | None:
        try:
            return model.model_validate(self._kept[key]) if self._kept.get(key) else None
        except ValueError:
            return None

    async def _write(self) -> None:
        self._learn_all()
        self._kept |= {"v": VERSION, "fingerprint": self._fingerprint, "url": self._url}
        await asyncio.shield(self._keeper.set(self.name, json.dumps(self._kept)))

    def _learn_all(self) -> None:
        tokens, client = self._kept.get("tokens") or {}, self._kept.get("client") or {}
        secrets = (tokens.get("access_token"), tokens.get("refresh_token"), client.get("client_secret"))
        self._learn([secret for secret in secrets if secret])

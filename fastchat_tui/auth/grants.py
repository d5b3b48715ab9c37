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

from fastchat_tui.auth.keeper import Keeper
from fastchat_tui.auth.turns import alone
from fastchat_tui.wire.servers import ServerSpec, SignInView
from fastchat_tui.wire.sign_in import Pause

VERSION = 1
Model = TypeVar("Model", bound=BaseModel)


class Grant:
    """The grant of one server. ``learn`` is told every secret in it, so that none is ever shown; ``pause`` holds the
    time while a keyring waits for a person."""

    def __init__(
        self, spec: ServerSpec, keeper: Keeper, locks: Path, learn: Callable[[Iterable[str]], None], pause: Pause
    ) -> None:
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
        self._pause = pause
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
        with self._pause():
            text = await self._keeper.get(self.name)
        try:
            kept = json.loads(text or "{}")
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
        """Raises VaultError when it is still kept."""
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
            kept=bool(tokens) and self._keeper.outlives(self.name),
            trouble=self._keeper.trouble,
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

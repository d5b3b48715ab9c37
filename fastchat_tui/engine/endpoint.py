"""Who thinks: the model in use, and the key that goes with it.

A key is bound to the origin that it was given for. Before it goes anywhere else for the first time, a person is asked;
the keyring is touched only when a request needs a key.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from fastchat_tui.engine.questions import Questions
from fastchat_tui.wire.chat import ModelView, Piece, Prompt
from fastchat_tui.wire.commands import SetKey, SetModel
from fastchat_tui.wire.errors import CommandError, ModelError, VaultError
from fastchat_tui.wire.events import ModelChanged, Noticed
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.origin import CHOSEN, NO_KEY, OPENAI, key_entry, origin, place
from fastchat_tui.wire.ports import Config, Emit, Model, Settings, Vault
from fastchat_tui.wire.questions import KeyUse

EXPLICIT = ("", "command line", "settings.toml")
"""Sources of a base URL that whoever gave the key wrote for it, too; the empty one is the default endpoint."""


@dataclass(frozen=True, slots=True)
class Address:
    """All that is needed to make a model."""

    model: str
    base_url: str = ""
    wire: str = ""
    key: str = field(default="", repr=False)
    key_source: str = ""


MakeModel = Callable[[Address], Model]


class Endpoint:
    def __init__(
        self, make: MakeModel, settings: Settings, vault: Vault, questions: Questions, masker: Masker, emit: Emit
    ) -> None:
        self._make = make
        self._settings = settings
        self._vault = vault
        self._questions = questions
        self._masker = masker
        self._emit = emit
        self._address = Address("")
        self._base_url_source = ""
        self._given = ("", "")
        """The key that the configuration names, and its source."""
        self._model: Model | None = None
        self._at_work: Counter[Model] = Counter()
        """How many requests each model is answering."""
        self._allowed: set[str] = {origin(OPENAI)}

    @property
    def view(self) -> ModelView:
        if self._model is None:
            return ModelView(self._address.model)
        view = self._model.view()
        given = view.key not in ("", "not needed")
        if not given and origin(self._address.base_url) in self._settings.key_origins():
            return replace(view, key="keyring")
        return view

    @property
    def name(self) -> str:
        return self._address.model

    async def configure(self, config: Config) -> None:
        """One without a model changes nothing. Its wire belongs to the base URL that it names itself."""
        if not config.model:
            return
        self._base_url_source, self._given = config.base_url_source, (config.key, config.key_source)
        wire = "" if config.base_url_source == CHOSEN else config.wire
        address = Address(config.model, config.base_url, wire, config.key, config.key_source)
        pasted = self._address.key_source == "this run" and origin(config.base_url) == origin(self._address.base_url)
        if not address.key and pasted:
            address = replace(address, key=self._address.key, key_source="this run")
        if self._model is None or address != self._address:
            await self._use(address)

    async def carry_out(self, command: SetModel | SetKey) -> None:
        match command:
            case SetModel(model=model, base_url=base_url):
                await self.set_model(model, base_url)
            case SetKey(key=key, remember=remember):
                await self.set_key(key, remember)

    async def set_model(self, model: str, base_url: str) -> None:
        """The endpoint in use is not chosen anew by naming it: it stays as it is configured.

        Raises CommandError when the name is empty, or ``base_url`` is no web address."""
        if not model:
            raise CommandError("A model needs a name.", "For example: gpt-5-nano.")
        if base_url and not _is_web(base_url):
            raise CommandError(f"“{base_url}” is no address of an endpoint.", f"Write it whole, such as {OPENAI}.")
        address = replace(self._address, model=model)
        if base_url == address.base_url:
            base_url = ""
        if base_url:
            self._base_url_source = CHOSEN
            address = replace(address, base_url=base_url, wire="")
            if origin(base_url) != origin(self._address.base_url):  # a key that was pasted was given for another origin
                key, source = self._given
                address = replace(address, key=key, key_source=source)
        await self._use(address)
        await asyncio.to_thread(self._settings.set_model, model, base_url)

    async def set_key(self, key: str, remember: bool) -> None:
        """Raises CommandError when it is empty, or no request could carry it."""
        key = key.strip()
        if not key:
            raise CommandError("The key is empty.", "Paste it as its provider shows it.")
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise CommandError("There is a blank in the key, or a character that no key has.", "Paste it once more.")
        self._masker.learn([key])
        here = origin(self._address.base_url)
        self._allowed.add(here)
        await self._use(replace(self._address, key=key, key_source="this run"))  # a message may come before it is kept
        if not remember:
            return
        try:
            await self._vault.set(key_entry(here), key)
        except VaultError as error:
            text = f"{error.text} The key lasts until you quit."
            self._emit(Noticed(level="warning", text=text, remedy=error.remedy))
            return
        await asyncio.to_thread(self._settings.allow_key_origin, here)
        if self._address.key == key:
            await self._use(replace(self._address, key_source="keyring"))

    async def ready(self) -> Model:
        """The model, with consent and key. Raises ModelError when there is none."""
        while True:
            if self._model is None:
                raise ModelError("model", "No model is configured.", "Choose one with /model.")
            address = self._address
            if not address.key and self.view.key in ("", "keyring"):
                await self._find_key()
            else:
                await self._consent()
            if self._address == address:  # else what was found and agreed to is not what is in use any more
                return self._model

    async def names(self) -> Sequence[str]:
        """The models that can be asked for at this endpoint; none when it does not say. Raises ModelError."""
        return await (await self.ready()).names()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Closing it closes the request. Raises ModelError."""
        model = await self.ready()
        self._at_work[model] += 1
        pieces = model.stream(prompt)
        try:
            async for piece in pieces:
                yield piece
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()
            self._at_work[model] -= 1
            await self._leave(model)

    async def close(self) -> None:
        if self._model:
            await self._model.close()

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _use(self, address: Address) -> None:
        old, self._address = self._model, address
        self._model = self._make(address)
        self._emit(ModelChanged(model=self.view))
        if old:
            await self._leave(old)

    async def _leave(self, model: Model) -> None:
        """Closes a model that is not in use any more, once it has finished what it is asked."""
        if model is not self._model and not self._at_work[model]:
            del self._at_work[model]
            await model.close()

    async def _find_key(self) -> None:
        here = origin(self._address.base_url)
        try:
            key = await self._vault.get(key_entry(here)) if here in self._settings.key_origins() else None
        except VaultError as error:
            raise ModelError("auth", f"The key could not be read. {error.text}", error.remedy) from error
        if origin(self._address.base_url) != here:
            return
        if not key:
            if self._model and self._model.view().key:  # it needs none
                return
            raise ModelError("auth", f"There is no key for {place(here)}.", NO_KEY)
        self._masker.learn([key])
        await self._use(replace(self._address, key=key, key_source="keyring"))

    async def _consent(self) -> None:
        """Asks before a key goes to a new origin that another source names; one that needs no key is given none."""
        address, here = self._address, origin(self._address.base_url)
        belongs = self._base_url_source in (*EXPLICIT, address.key_source)
        if not address.key or address.key_source == "keyring":
            return
        if belongs:
            self._allowed.add(here)
            return
        if here in self._allowed or here in self._settings.key_origins():
            return
        without = replace(address, key="", key_source="")
        if self._make(without).view().key:
            await self._use(without)
            return
        answer = await self._questions.ask(KeyUse(here, self._base_url_source))
        if answer.decision == "deny":
            text = f"You did not let the key go to {place(here)}."
            raise ModelError("auth", text, "Choose an endpoint with /model.")
        self._allowed.add(here)
        if answer.decision == "always":
            await asyncio.to_thread(self._settings.allow_key_origin, here)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False

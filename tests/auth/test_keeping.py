"""Where a sign-in is kept, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastchat_tui.wire.commands import ConnectServer, Login, Logout
from fastchat_tui.wire.errors import CommandError, VaultError
from fastchat_tui.wire.events import Noticed
from tests.auth.windows import NAME, window
from tests.fakes.oauth_server import Authority
from tests.fakes.world import MemoryVault
from tests.servers.web import Web, plain

LOCKED = VaultError("The keyring is locked.", "Unlock it.")


async def test_a_keyring_that_was_locked_at_the_start_is_read_once_it_is_open(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    vault = MemoryVault()
    async with window(url, vault, tmp_path) as it:
        await it.login()
    vault.broken = VaultError("The keyring is locked.", "Unlock it.")
    async with window(url, vault, tmp_path) as it:
        await it.state("needs_login")
        vault.broken = None
        await it.engine.send(ConnectServer(NAME))
        await it.state("ready")
    assert authority.authorized == 1


async def test_without_a_keyring_a_sign_in_lasts_for_the_run_and_that_is_said_once(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    vault = MemoryVault()
    vault.broken = VaultError("There is no keyring on this system.", "Start one.")
    async with window(url, vault, tmp_path) as it:
        await it.login()
        authority.forget()
        assert await it.call() == "ok"
        notices = [event for event in it.world.of(Noticed) if isinstance(event, Noticed)]
        assert [note.text for note in notices] == ["There is no keyring on this system. Sign-ins last until you quit."]
    assert vault.secrets == {}


async def test_a_sign_out_that_the_keyring_did_not_hear_of_is_not_said_to_be_done(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, _ = guarded
    vault = MemoryVault()
    async with window(url, vault, tmp_path) as it:
        await it.login()
        vault.broken = LOCKED
        with pytest.raises(CommandError, match=r"may still be kept\. The keyring is locked\."):
            await it.engine.send(Logout(NAME))


async def test_what_is_kept_cannot_be_told_while_the_keyring_is_locked_and_that_is_said(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, _ = guarded
    vault = MemoryVault()
    async with window(url, vault, tmp_path) as it:
        await it.login()
        view = (await it.engine.sign_ins())[NAME]
        assert (view.signed_in, view.kept, view.trouble) == (True, True, "")
    vault.broken = LOCKED
    async with window(url, vault, tmp_path) as it:
        await it.state("needs_login")
        view = (await it.engine.sign_ins())[NAME]
        assert (view.signed_in, view.kept, view.trouble) == (False, False, "The keyring is locked.")


async def test_what_was_signed_in_without_a_keyring_is_kept_once_there_is_one(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    vault = MemoryVault()
    vault.broken = LOCKED
    async with window(url, vault, tmp_path) as it:
        await it.login()
        assert not (await it.engine.sign_ins())[NAME].kept
        vault.broken = None
        authority.forget()
        assert await it.call() == "ok"
        assert (await it.engine.sign_ins())[NAME].kept
    async with window(url, vault, tmp_path) as it:
        await it.state("ready")
    assert authority.authorized == 1


async def test_no_keyring_is_opened_for_a_server_that_wants_no_sign_in(tmp_path: Path) -> None:
    vault = MemoryVault()
    async with window("http://127.0.0.1:9/mcp", vault, tmp_path) as it:
        await it.state("failed")
        with pytest.raises(CommandError, match="no server"):
            await it.engine.send(Login("other"))
    assert vault.touched == 0


async def test_what_one_server_was_granted_is_never_sent_to_another(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    vault = MemoryVault()
    async with window(url, vault, tmp_path) as it:
        await it.login()
        assert await it.call() == "ok"
    async with Web(lambda request: plain(401, {"www-authenticate": "Bearer"})).serving() as web:
        async with window(web.url, vault, tmp_path) as it:
            await it.state("needs_login")
        sent = repr(web.seen)
    assert web.seen
    assert not [secret for secret in {*authority.used, *authority.access, *authority.refresh} if secret in sent]
    assert "authorization" not in sent.lower().replace("/.well-known/oauth-authorization-server", "")

"""A sign-in renews itself: once, silently, for whoever waits, and what rotates is not lost."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from fastchat_tui.wire.commands import CallTool, CancelTurn
from fastchat_tui.wire.events import CallFinished
from tests.auth.windows import NAME, window
from tests.fakes.oauth_server import Authority, protected
from tests.fakes.world import MemoryVault


async def test_an_expired_token_is_refreshed_after_a_restart_without_anybody(tmp_path: Path) -> None:
    vault = MemoryVault()
    with protected(lifetime=1) as (url, authority):
        async with window(url, vault, tmp_path) as it:
            await it.login()
        (name,) = vault.secrets
        kept = json.loads(vault.secrets[name])
        vault.secrets[name] = json.dumps({**kept, "expires_at": time.time() - 60})
        authority.forget()
        async with window(url, vault, tmp_path) as it:
            await it.state("ready")
        assert (authority.authorized, authority.refreshed >= 1) == (1, True)


async def test_a_token_that_is_refused_is_refreshed_before_anybody_is_asked(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        await it.login()
        authority.forget()
        assert await it.call() == "ok"
    assert (authority.authorized, authority.refreshed) == (1, 1)


async def test_two_windows_refresh_once_and_neither_is_signed_out(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    vault = MemoryVault()
    async with window(url, vault, tmp_path) as one:
        await one.login()
        async with window(url, vault, tmp_path) as other:
            await other.state("ready")
            authority.forget()
            outcomes = await asyncio.gather(*(it.call() for it in (one, other)))
            assert outcomes == ["ok", "ok"]
            assert authority.refreshed == 1
            authority.forget()
            assert [await one.call(), await other.call()] == ["ok", "ok"]
    assert (authority.authorized, authority.refreshed) == (1, 2)


async def test_a_call_that_is_cancelled_while_the_token_is_renewed_loses_no_token(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        await it.login()
        authority.forget()
        authority.may_refresh.clear()
        await it.engine.send(CallTool(NAME, "wait", {}))
        assert await asyncio.to_thread(authority.refreshing.wait, 20)
        await it.engine.send(CancelTurn())
        finished = await it.world.until(CallFinished, 1)
        assert isinstance(finished, CallFinished)
        assert finished.outcome == "cancelled"
        authority.may_refresh.set()
        assert await it.call() == "ok"
    assert (authority.authorized, authority.refreshed) == (1, 1)


async def test_who_quits_while_the_token_is_renewed_is_still_signed_in_at_the_next_start(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    vault = MemoryVault()
    async with window(url, vault, tmp_path) as it:
        await it.login()
        authority.forget()
        authority.may_refresh.clear()
        await it.engine.send(CallTool(NAME, "wait", {}))
        assert await asyncio.to_thread(authority.refreshing.wait, 20)
        asyncio.get_running_loop().call_later(1.0, authority.may_refresh.set)
    kept = json.loads(next(iter(vault.secrets.values())))
    assert kept["tokens"]["access_token"] in authority.access
    async with window(url, vault, tmp_path) as it:
        await it.state("ready")
    assert (authority.authorized, authority.refreshed) == (1, 1)


async def test_calls_with_a_good_token_run_side_by_side(guarded: tuple[str, Authority], tmp_path: Path) -> None:
    url, _ = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        await it.login()
        assert await it.calls(3, "meet", guests=3) == ["met", "met", "met"]  # none of them returns before all are there


async def test_however_many_wait_there_is_one_renewal(guarded: tuple[str, Authority], tmp_path: Path) -> None:
    url, authority = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        await it.login()
        authority.forget()
        assert await it.calls(8, "wait") == ["waited"] * 8
    assert (authority.authorized, authority.refreshed) == (1, 1)


async def test_a_refresh_token_that_was_revoked_leads_to_a_new_sign_in(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        await it.login()
        since = len(it.world.heard)
        authority.sign_out()
        assert await it.call() == "error"
        assert "sign-in" in (await it.state("needs_login", since=since)).detail
        assert (await it.login()).state == "ready"

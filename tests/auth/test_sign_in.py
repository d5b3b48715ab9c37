"""Signing in at a real authorization server: once by a person, from then on by itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from fastchat_tui.auth.sign_in import sign_ins
from fastchat_tui.engine.local import LocalEngine
from fastchat_tui.servers.factory import connections
from fastchat_tui.wire.codec import encode
from fastchat_tui.wire.commands import Answer, CallTool, CancelTurn, ConnectServer, Login, Logout
from fastchat_tui.wire.errors import CommandError, VaultError
from fastchat_tui.wire.events import Asked, CallFinished, Noticed, ServerChanged
from fastchat_tui.wire.ports import Vault
from fastchat_tui.wire.questions import SignIn
from fastchat_tui.wire.servers import OAuth, ServerSpec
from tests.fakes.oauth_server import Authority, protected
from tests.fakes.world import MemoryVault, World

NAME = "guarded"


@pytest.fixture
def guarded() -> Iterator[tuple[str, Authority]]:
    with protected() as found:
        yield found


@dataclass
class Window:
    """One running program with one server."""

    world: World
    engine: LocalEngine

    async def state(self, *states: str, since: int = 0) -> ServerChanged:
        """The first of ``states`` that the server has from the ``since``-th event on."""
        async with asyncio.timeout(30):
            while True:
                for event in self.world.events[since:]:
                    if isinstance(event, ServerChanged) and event.state in states:
                        return event
                await self.world.changed()

    async def asked(self, since: int = 0) -> tuple[str, SignIn]:
        async with asyncio.timeout(30):
            while True:
                for event in self.world.events[since:]:
                    if isinstance(event, Asked) and isinstance(event.about, SignIn):
                        return event.question, event.about
                await self.world.changed()

    async def login(self) -> ServerChanged:
        """As a user does whose browser is on this machine."""
        await self.state("needs_login")
        since = len(self.world.heard)
        await self.engine.send(Login(NAME))
        _, about = await self.asked(since)
        assert b"return to your terminal" in await asyncio.to_thread(browse, about.url)
        return await self.state("ready", "failed", "needs_login", since=since)

    async def call(self, seconds: float = 0.0) -> str:
        count = len(self.world.of(CallFinished))
        await self.engine.send(CallTool(NAME, "wait", {"seconds": seconds}))
        found = await self.world.until(CallFinished, count + 1)
        assert isinstance(found, CallFinished)
        return found.outcome


@asynccontextmanager
async def window(url: str, vault: Vault, locks: Path, oauth: OAuth | None = None) -> AsyncIterator[Window]:
    world = World(allow=True)
    spec = ServerSpec(NAME, "http", url=url, oauth=oauth or OAuth())
    world.settings.config = replace(world.settings.config, servers=(spec,))
    sign_in = sign_ins(vault, locks, world.masker.learn)
    world.make_server = connections(log_dir=None, mask=world.masker.mask_shapes, sign_in=sign_in)
    async with world.open() as engine:
        yield Window(world, engine)


def browse(url: str) -> bytes:
    with urlopen(url, timeout=10) as page:
        return bytes(page.read())


async def test_a_person_signs_in_once_and_the_next_start_needs_none(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    vault = MemoryVault()
    async with window(url, vault, tmp_path) as it:
        assert (await it.login()).state == "ready"
        assert await it.call() == "ok"
    async with window(url, vault, tmp_path) as it:
        await it.state("ready")
        assert await it.call() == "ok"
    assert authority.authorized == 1


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


async def test_a_client_that_the_server_has_forgotten_is_registered_anew(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        await it.login()
        since = len(it.world.heard)
        authority.clients.clear()
        authority.sign_out()
        assert await it.call() == "error"
        await it.state("needs_login", since=since)
        assert (await it.login()).state == "ready"
    assert len(authority.clients) == 1


async def test_a_password_of_the_configuration_signs_in_without_anybody(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    authority.password = "pass-4711"
    form = {"username": "user", "password": "pass-4711"}
    async with window(url, MemoryVault(), tmp_path, OAuth(form=form)) as it:
        await it.state("ready")
        assert await it.call() == "ok"
        authority.sign_out()
        assert await it.call() == "ok"
    assert authority.authorized == 2


async def test_a_wrong_password_is_said_and_not_shown(guarded: tuple[str, Authority], tmp_path: Path) -> None:
    url, authority = guarded
    authority.password = "another"
    form = {"username": "user", "password": "pass-4711"}
    async with window(url, MemoryVault(), tmp_path, OAuth(form=form)) as it:
        assert "not accepted (HTTP 401)" in (await it.state("needs_login", "failed")).detail
        assert "pass-4711" not in "".join(str(encode(stamped)) for stamped in it.world.heard)


async def test_calls_with_a_good_token_wait_for_no_other(guarded: tuple[str, Authority], tmp_path: Path) -> None:
    url, _ = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        await it.login()
        begin = time.monotonic()
        assert await it.call(1.0) == "ok"
        alone, begin = time.monotonic() - begin, time.monotonic()
        for _ in range(3):
            await it.engine.send(CallTool(NAME, "wait", {"seconds": 1.0}))
        await it.world.until(CallFinished, 4)
        assert time.monotonic() - begin < 2 * alone  # one after the other it would be three times


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


async def test_signing_out_revokes_and_forgets(guarded: tuple[str, Authority], tmp_path: Path) -> None:
    url, authority = guarded
    vault = MemoryVault()
    async with window(url, vault, tmp_path) as it:
        await it.login()
        assert (await it.engine.sign_ins())[NAME].signed_in
        since = len(it.world.heard)
        await it.engine.send(Logout(NAME))
        await it.state("needs_login", since=since)
        assert not (await it.engine.sign_ins())[NAME].signed_in
    assert authority.revoked == 1
    assert vault.secrets == {}


async def test_the_address_may_be_pasted_by_whoever_has_the_browser_elsewhere(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, _ = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        await it.state("needs_login")
        since = len(it.world.heard)
        await it.engine.send(Login(NAME))
        question, about = await it.asked()
        await it.engine.send(Answer(question, "accept", text=await asyncio.to_thread(ended_at, about.url)))
        assert (await it.state("ready", "needs_login", "failed", since=since)).state == "ready"


@pytest.mark.parametrize(
    ("text", "words"), [("", "cancelled"), ("http://127.0.0.1/callback?code=x&state=forged", "does not belong")]
)
async def test_a_sign_in_that_is_not_finished_says_why(
    guarded: tuple[str, Authority], tmp_path: Path, text: str, words: str
) -> None:
    url, _ = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        await it.state("needs_login")
        since = len(it.world.heard)
        await it.engine.send(Login(NAME))
        question, about = await it.asked()
        await it.engine.send(Answer(question, "accept" if text else "deny", text=text))
        assert words in (await it.state("needs_login", "failed", since=since)).detail
        with pytest.raises(OSError, match=r"refused|reset"):
            await asyncio.to_thread(browse, about.redirect)


async def test_who_is_refused_by_the_server_is_told(guarded: tuple[str, Authority], tmp_path: Path) -> None:
    url, authority = guarded
    authority.refuses = True
    async with window(url, MemoryVault(), tmp_path) as it:
        assert "access denied" in (await it.login()).detail


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


async def test_no_keyring_is_opened_for_a_server_that_wants_no_sign_in(tmp_path: Path) -> None:
    vault = MemoryVault()
    async with window("http://127.0.0.1:9/mcp", vault, tmp_path) as it:
        await it.state("failed")
        with pytest.raises(CommandError, match="no server"):
            await it.engine.send(Login("other"))
    assert vault.touched == 0


async def test_no_secret_of_a_sign_in_is_in_any_event(guarded: tuple[str, Authority], tmp_path: Path) -> None:
    url, authority = guarded
    vault = MemoryVault()
    async with window(url, vault, tmp_path) as it:
        await it.login()
        authority.forget()
        await it.call()
        kept = json.loads(next(iter(vault.secrets.values())))
        authority.sign_out()
        await it.call()
        told = "".join(str(encode(stamped)) for stamped in it.world.heard)
        told += str(it.engine.frames()) + str(it.engine.logs(NAME))
    secrets = {*authority.used, kept["tokens"]["access_token"], kept["client"].get("client_secret") or "none given"}
    assert authority.used
    assert not [secret for secret in secrets if secret in told]


async def test_another_configuration_is_another_grant(guarded: tuple[str, Authority], tmp_path: Path) -> None:
    url, authority = guarded
    vault = MemoryVault()
    async with window(url, vault, tmp_path) as it:
        await it.login()
    async with window(url, vault, tmp_path, OAuth(scopes="read more")) as it:
        await it.state("needs_login")
    assert authority.authorized == 1


@pytest.mark.parametrize("request_line", ["POST {path}", "GET /other{query}", "GET {path}"])
async def test_only_the_redirect_that_was_waited_for_is_taken(
    guarded: tuple[str, Authority], tmp_path: Path, request_line: str
) -> None:
    url, _ = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        await it.state("needs_login")
        since = len(it.world.heard)
        await it.engine.send(Login(NAME))
        _, about = await it.asked()
        back = urlsplit(about.redirect)
        state = parse_qs(urlsplit(about.url).query)["state"][0]
        query = f"?code=forged&state={state}"
        host = "evil.example" if request_line == "GET {path}" else back.netloc
        line = request_line.format(path=f"{back.path}{query}", query=query)
        reader, writer = await asyncio.open_connection(back.hostname, back.port)
        writer.write(f"{line} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"forged" not in answer
        assert await asyncio.to_thread(browse, about.url)  # the true one still counts
        await it.state("ready", since=since)


def ended_at(url: str) -> str:
    """Where a browser on another machine would end: nobody answers it there."""
    import http.client

    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}")
    found = connection.getresponse().getheader("location")
    connection.close()
    assert found is not None
    return found

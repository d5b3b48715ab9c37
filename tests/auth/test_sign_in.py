"""Signing in at a real authorization server: once by a person, from then on by itself."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from fastchat_tui.auth import desk
from fastchat_tui.wire.codec import encode
from fastchat_tui.wire.commands import Answer, ConnectServer, Login, Logout
from fastchat_tui.wire.events import Asked
from fastchat_tui.wire.servers import OAuth
from tests.auth.windows import NAME, browse, ended_at, window
from tests.fakes.oauth_server import Authority
from tests.fakes.world import MemoryVault
from tests.servers.web import Web


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


async def test_how_a_sign_in_ended_is_told_to_whoever_ordered_it(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, authority = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        question, _, since = await it.invited()
        await it.engine.send(Answer(question, "deny"))
        ended = await it.ended(since)
        assert (ended.outcome, ended.detail) == ("failed", "The sign-in was cancelled.")
        since = len(it.world.heard)
        assert (await it.login()).state == "ready"
        assert (await it.ended(since)).outcome == "signed_in"
        since = len(it.world.heard)
        await it.engine.send(Logout(NAME))
        ended = await it.ended(since)
        assert (ended.outcome, ended.detail, authority.revoked) == ("signed_out", "It is revoked.", 1)


async def test_a_server_that_lets_everybody_in_needs_no_sign_in_and_that_is_said(tmp_path: Path) -> None:
    async with Web().serving() as web, window(web.url, MemoryVault(), tmp_path) as it:
        await it.state("ready")
        since = len(it.world.heard)
        await it.engine.send(Login(NAME))
        assert (await it.ended(since)).outcome == "not_needed"


async def test_who_gives_up_is_not_asked_again_when_the_server_comes_back(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, _ = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        question, _, since = await it.invited()
        await it.engine.send(Answer(question, "deny"))
        await it.ended(since)
        since = len(it.world.heard)
        await it.engine.send(ConnectServer(NAME))
        await it.state("needs_login", since=since)
        assert not it.engine.snapshot().questions
        assert not [event for event in it.world.events[since:] if isinstance(event, Asked)]


async def test_the_code_in_an_address_that_was_pasted_is_in_no_event(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, _ = guarded
    async with window(url, MemoryVault(), tmp_path) as it:
        question, about, since = await it.invited()
        address = await asyncio.to_thread(ended_at, about.url)
        await it.engine.send(Answer(question, "accept", text=address))
        await it.state("ready", since=since)
        (code,) = parse_qs(urlsplit(address).query)["code"]
        assert code not in "".join(str(encode(stamped)) for stamped in it.world.heard)


@pytest.mark.parametrize("address", ["http://localhost/oauth/back", "http://localhost:{}/x", "http://[::1]:{}/"])
async def test_the_browser_comes_back_to_where_it_is_registered(
    guarded: tuple[str, Authority], tmp_path: Path, address: str
) -> None:
    url, _ = guarded
    if "[" in address and not socket.has_dualstack_ipv6():
        pytest.skip("needs IPv6")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    where = address.format(port)
    async with window(url, MemoryVault(), tmp_path, OAuth(redirect_uri=where)) as it:
        _, about, since = await it.invited()
        came, wanted = urlsplit(about.redirect), urlsplit(where)
        assert (came.hostname, came.path) == (wanted.hostname, wanted.path)
        assert came.port == wanted.port or wanted.port is None
        assert b"return to your terminal" in await asyncio.to_thread(browse, about.url)
        await it.state("ready", since=since)


async def test_a_port_that_is_taken_is_said_by_its_number(guarded: tuple[str, Authority], tmp_path: Path) -> None:
    url, _ = guarded
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with window(url, MemoryVault(), tmp_path, OAuth(port=port)) as it:
            await it.state("needs_login")
            since = len(it.world.heard)
            await it.engine.send(Login(NAME))
            assert f"Port {port} of this machine" in (await it.ended(since)).detail


async def test_an_address_on_another_machine_is_only_waited_for_by_hand(
    guarded: tuple[str, Authority], tmp_path: Path
) -> None:
    url, _ = guarded
    async with window(url, MemoryVault(), tmp_path, OAuth(redirect_uri="https://tools.example/back")) as it:
        question, about, since = await it.invited()
        assert about.redirect == "https://tools.example/back"
        await it.engine.send(Answer(question, "accept", text=await asyncio.to_thread(ended_at, about.url)))
        assert (await it.state("ready", "needs_login", since=since)).state == "ready"


async def test_nobody_waits_for_ever_for_somebody_who_does_not_come_back(
    guarded: tuple[str, Authority], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = guarded
    monkeypatch.setattr(desk, "PATIENCE", 0.2)
    async with window(url, MemoryVault(), tmp_path) as it:
        _, _, since = await it.invited()
        assert (await it.ended(since)).detail == "The sign-in was not done within 200 ms."
        assert not it.engine.snapshot().questions

"""Values that the vault keeps reach the server that wants them, and nothing and nobody else."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from fastchat_tui.servers.doctor import doctor
from fastchat_tui.servers.factory import connections
from fastchat_tui.servers.vaulted import completed_from
from fastchat_tui.wire.errors import VaultError
from fastchat_tui.wire.servers import OAuth, ServerSpec
from fastchat_tui.wire.vaulted import vault_entry, vaulted_names, with_vaulted
from tests.fakes.world import MemoryVault
from tests.servers.conftest import Bench
from tests.servers.web import Web

SECRET = "the value in the vault"
ENVIRONMENT = "import json, os, sys; open(sys.argv[1], 'w').write(json.dumps(dict(os.environ))); sys.exit(1)"


@pytest.fixture
def vault() -> MemoryVault:
    vault = MemoryVault()
    vault.secrets[vault_entry("docs.key")] = SECRET
    return vault


@pytest.fixture
def learnt() -> list[str]:
    return []


@pytest.fixture
async def held(
    tmp_path: Path, mask: Callable[[str], str], vault: MemoryVault, learnt: list[str]
) -> AsyncIterator[Bench]:
    def learn(values: Iterable[str]) -> None:
        learnt.extend(values)

    bench = Bench(connections(log_dir=None, mask=mask, complete=completed_from(vault, learn)), tmp_path)
    yield bench
    await bench.close()


async def test_a_program_gets_it_as_a_variable(held: Bench, learnt: list[str], tmp_path: Path) -> None:
    told = tmp_path / "environment"
    env = {"KEY": "Bearer ${keyring:docs.key}", "OTHER": "x"}
    _, heard = held.start(ServerSpec("box", "stdio", sys.executable, ("-c", ENVIRONMENT, str(told)), env=env))
    await heard.settled()
    given = json.loads(told.read_text())
    assert (given["KEY"], given["OTHER"]) == (f"Bearer {SECRET}", "x")
    assert set(learnt) == {SECRET}


async def test_a_server_on_the_web_gets_it_as_a_header(held: Bench) -> None:
    async with Web().serving() as web:
        headers = {"Authorization": "Bearer ${keyring:docs.key}"}
        server, heard = held.start(ServerSpec("web", "http", url=web.url, headers=headers))
        changed = await heard.settled()
        assert changed.state == "ready"
        assert {request.headers["authorization"] for request in web.seen} == {f"Bearer {SECRET}"}
        assert SECRET not in repr(heard.events)
        assert server.spec.headers == headers
        await server.stop()


async def test_what_is_not_kept_is_named_with_how_to_keep_it(held: Bench) -> None:
    _, heard = held.start(ServerSpec("box", "stdio", "true", env={"KEY": "${keyring:OTHER}"}))
    changed = await heard.settled()
    assert changed.state == "failed"
    assert "no “OTHER”" in changed.detail
    assert "fastchat-tui secret OTHER" in changed.detail


async def test_a_vault_that_does_not_open_is_said(held: Bench, vault: MemoryVault) -> None:
    vault.broken = VaultError("The keyring is locked.", "Unlock it.")
    _, heard = held.start(ServerSpec("box", "stdio", "true", env={"KEY": "${keyring:docs.key}"}))
    changed = await heard.settled()
    assert changed.detail == "“docs.key” could not be read. The keyring is locked. Unlock it."


async def test_a_server_that_wants_nothing_of_it_opens_no_vault(held: Bench, vault: MemoryVault) -> None:
    server, heard = held.faulty()
    await heard.settled()
    assert vault.touched == 0
    await server.stop()


async def test_the_doctor_sends_it_too_and_says_what_is_missing(held: Bench, vault: MemoryVault) -> None:
    complete = completed_from(vault, lambda values: None)
    examine = doctor(connections(log_dir=None, mask=str, complete=complete), str, complete)
    async with Web().serving() as web:
        spec = ServerSpec("web", "http", url=web.url, headers={"X-Key": "${keyring:docs.key}"})
        steps = [step async for step in examine(spec)]
        assert {request.headers["x-key"] for request in web.seen} == {SECRET}
        assert SECRET not in repr(steps)
        vault.secrets.clear()
        web.seen.clear()
        first, *_ = [step async for step in examine(spec)]
        assert (first.name, first.verdict) == ("entry", "failed")
        assert web.seen == []


def test_every_place_for_a_secret_takes_one_and_no_argument_does() -> None:
    text = "${keyring:a}"
    oauth = OAuth(client_secret=text, private_key=text, assertion=text, form={"password": text})
    spec = ServerSpec("x", "http", text, (text,), {"E": text}, url=text, headers={"H": text}, oauth=oauth)
    assert list(vaulted_names(spec)) == ["a"]
    whole = with_vaulted(spec, lambda name: f"value of {name}")
    assert (whole.command, whole.args) == (text, (text,))
    left = repr((whole.env, whole.url, whole.headers, whole.oauth.secrets))
    assert "keyring" not in left
    assert left.count("value of a") == 7
    assert replace(whole, env=spec.env, url=spec.url, headers=spec.headers, oauth=oauth) == spec

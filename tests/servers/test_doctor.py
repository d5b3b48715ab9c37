"""The doctor, with real processes and real HTTP: each step, and of each failure the cause and the remedy."""

from __future__ import annotations

import gzip
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from fastchat_tui.servers.doctor import HTTP, STDIO, doctor
from fastchat_tui.servers.factory import connections
from fastchat_tui.wire.doctor import Examine, Step, step_lines
from fastchat_tui.wire.servers import ServerSpec
from tests.servers.conftest import Bench, alive
from tests.servers.web import Request, Web, plain


@pytest.fixture
def examine(mask: Callable[[str], str]) -> Examine:
    return doctor(connections(log_dir=None, mask=mask), mask)


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with Web().serving() as web:
        yield web


async def found(examine: Examine, spec: ServerSpec) -> dict[str, Step]:
    """What was told last of each step; every step was told to begin, or at once."""
    steps: dict[str, Step] = {}
    async for step in examine(spec):
        steps[step.name] = step
    return steps


def verdicts(steps: dict[str, Step]) -> list[tuple[str, str]]:
    return [(step.name, step.verdict) for step in steps.values()]


def failure(steps: dict[str, Step]) -> Step:
    [failed] = [step for step in steps.values() if step.verdict == "failed"]
    names = list(steps)
    assert all(steps[name].verdict == "skipped" for name in names[names.index(failed.name) + 1 :])
    return failed


async def test_a_good_process_passes_every_step_and_is_gone(examine: Examine, bench: Bench) -> None:
    steps = await found(examine, bench.spec())
    assert verdicts(steps) == [(name, "ok") for name in STDIO]
    assert steps["command"].detail == sys.executable
    assert steps["protocol"].detail.startswith("2025-11-25, ")
    assert steps["lists"].detail == "2 tools"
    assert all(step.seconds > 0 for step in steps.values())
    assert not any(map(alive, bench.started()))


async def test_a_command_that_is_not_there(examine: Examine) -> None:
    failed = failure(await found(examine, ServerSpec("box", "stdio", "no-such-command")))
    assert failed.name == "command"
    assert "there is no command “no-such-command”" in failed.detail
    assert "Install it, or name its full path." in failed.remedy


@pytest.mark.parametrize(
    ("fault", "limit", "step", "cause", "remedy"),
    [
        (
            "exits-at-start",
            30.0,
            "first bytes",
            "exit code 3. Last words: Error: missing API key",
            "Run the command in a terminal",
        ),
        ("hangs-at-initialize", 0.7, "first bytes", "It was not ready within 700 ms", "Is it a stdio server?"),
        ("lists-hang", 4.0, "lists", "no answer to tools/list", "does not say what it offers"),
    ],
)
async def test_a_process_that_stops_on_its_way(
    examine: Examine, bench: Bench, fault: str, limit: float, step: str, cause: str, remedy: str
) -> None:
    failed = failure(await found(examine, bench.spec(fault, connect_timeout=limit)))
    assert failed.name == step
    assert cause in failed.detail
    assert remedy in failed.remedy
    assert not any(map(alive, bench.started()))


async def test_what_is_left_out_of_a_list_is_a_warning(examine: Examine, bench: Bench) -> None:
    lists = (await found(examine, bench.spec("malformed-tool")))["lists"]
    assert lists.verdict == "warning"
    assert "left out: " in lists.detail
    assert lists.remedy == "The rest works. Tell the server's author."


async def test_a_problem_in_the_entry_is_the_first_step(examine: Examine) -> None:
    spec = ServerSpec("box", "stdio", problem="The variable X is not set (url needs it).", origin="/x.json")
    failed = failure(await found(examine, spec))
    assert (failed.name, failed.detail, failed.remedy) == ("entry", spec.problem, "Mend it in /x.json.")


def at(web: Web, **options: Any) -> ServerSpec:
    return ServerSpec("web", "http", url=web.url, connect_timeout=5, **options)


async def test_a_good_server_over_http_passes_every_step(examine: Examine, web: Web) -> None:
    steps = await found(examine, at(web, headers={"Authorization": "Bearer s3cr3t-v4lue"}))
    names = [name for name in HTTP if name != "TLS"]
    assert list(steps) == names
    assert {step.verdict for step in steps.values()} == {"ok", "skipped"}
    assert steps["token"].detail == "the configured Authorization is accepted"
    assert steps["lists"].detail == "1 tool"
    assert "s3cr3t" not in str(steps)


async def test_a_name_that_nobody_knows(examine: Examine) -> None:
    failed = failure(await found(examine, ServerSpec("web", "http", url="http://nowhere.invalid/mcp")))
    assert failed.name == "DNS"
    assert "“nowhere.invalid” is not known" in failed.detail
    assert "spelling" in failed.remedy


async def test_a_port_where_nobody_listens(examine: Examine) -> None:
    async with Web().serving() as web:
        spec = at(web)
    failed = failure(await found(examine, spec))
    assert failed.name == "TCP"
    assert "no connection to port" in failed.detail
    assert failed.remedy == "Is the server running, and is this its port?"


async def test_https_where_only_http_is_spoken(examine: Examine, web: Web) -> None:
    spec = ServerSpec("web", "http", url=web.url.replace("http:", "https:"))
    failed = failure(await found(examine, spec))
    assert failed.name == "TLS"
    assert failed.remedy == "Does the server speak https on this port?"


async def test_a_listener_that_closes_without_an_answer(examine: Examine, web: Web) -> None:
    web.behave = lambda request: None
    failed = failure(await found(examine, at(web)))
    assert (failed.name, failed.detail) == ("HTTP", "the connection broke off")
    assert "does not answer as a web server does" in failed.remedy


async def test_a_redirect_is_named_and_not_followed(examine: Examine, web: Web) -> None:
    web.behave = lambda request: plain(307, {"location": "http://127.0.0.1:9/elsewhere"})
    failed = failure(await found(examine, at(web)))
    assert failed.name == "HTTP"
    assert "to http://127.0.0.1:9/elsewhere" in failed.detail
    assert "Redirects are not followed" in failed.remedy


async def test_a_server_that_wants_a_sign_in(examine: Examine, web: Web) -> None:
    def behave(request: Request) -> Any:
        if request.path.startswith("/.well-known/oauth-protected-resource"):
            return plain(200, {}, b'{"authorization_servers": ["https://login.example"]}')
        return plain(401, {"www-authenticate": "Bearer"})

    web.behave = behave
    steps = await found(examine, at(web))
    assert steps["HTTP"].detail == "it answered 401 Unauthorized: it wants a sign-in"
    assert steps["metadata"].detail == "sign in at https://login.example"
    failed = failure(steps)
    assert failed.name == "token"
    assert "fastchat-tui login web" in failed.remedy


async def test_metadata_that_is_packed_is_not_unpacked(examine: Examine, web: Web) -> None:
    document = gzip.compress(b'{"authorization_servers": ["https://login.example"]}')

    def behave(request: Request) -> Any:
        asked = request.path.startswith("/.well-known/")
        return plain(200, {"content-encoding": "gzip"}, document) if asked else plain(401)

    web.behave = behave
    steps = await found(examine, at(web))
    assert steps["metadata"].verdict == "warning"
    assert any(request.path.startswith("/.well-known/") for request in web.seen)


async def test_metadata_elsewhere_is_never_fetched(examine: Examine, web: Web) -> None:
    elsewhere = Web()
    async with elsewhere.serving():
        challenge = f'Bearer resource_metadata="{elsewhere.url}"'
        web.behave = lambda request: plain(401, {"www-authenticate": challenge})
        steps = await found(examine, at(web))
    assert steps["metadata"].verdict == "warning"
    assert elsewhere.seen == []


async def test_a_page_that_is_no_mcp_server(examine: Examine, web: Web) -> None:
    web.behave = lambda request: plain(404)
    steps = await found(examine, at(web))
    assert steps["HTTP"].verdict == "warning"
    assert "often /mcp" in steps["HTTP"].remedy
    assert failure(steps).verdict == "failed"


async def test_an_examination_that_is_left_leaves_nothing(examine: Examine, bench: Bench) -> None:
    steps = examine(bench.spec("lists-hang"))
    async for step in steps:
        if step.name == "lists":
            break
    await steps.aclose()
    assert not any(map(alive, bench.started()))


def test_a_step_reads_as_a_line_and_its_remedy() -> None:
    assert step_lines(Step("TCP", "failed", "no\x1b[2J", "Look.", 0.0123)) == [
        "✗ TCP             12 ms  no␛[2J",
        "            → Look.",
    ]

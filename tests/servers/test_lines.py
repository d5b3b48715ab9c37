"""Pure parts: lines, ids of broken answers, destinations, progress; and what an import costs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastchat_tui.servers.lines import Line, Lines, answered_id
from fastchat_tui.servers.progress import Progress
from fastchat_tui.wire.destination import destination
from fastchat_tui.wire.servers import ServerSpec


@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(1, 7))
def test_lines_do_not_depend_on_how_the_bytes_arrive(parts: list[bytes], step: int) -> None:
    whole = b"\n".join(parts)
    lines = Lines()
    found = [line.data for at in range(0, len(whole), step) for line in lines.feed(whole[at : at + step])]
    rest = lines.rest()
    assert [*found, rest.data if rest else b""] == whole.split(b"\n")


def test_a_line_past_the_limit_keeps_its_head_and_tail_and_its_true_size() -> None:
    lines = Lines(limit=10_000)
    line = next(iter(lines.feed(b"a" * 20_000 + b"tail\n")))
    assert line.cut
    assert line.size == 20_004
    assert line.data.startswith(b"aaa")
    assert line.data.endswith(b"tail")
    assert list(lines.feed(b"next\n")) == [Line(b"next", 4)]


def test_fifty_megabytes_in_one_line_take_linear_time() -> None:
    chunk = b"x" * (1 << 16)
    start = time.perf_counter()
    lines = Lines()
    for _ in range(800):
        assert not list(lines.feed(chunk))
    assert time.perf_counter() - start < 20  # copied anew with each chunk it would take minutes


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b'{"jsonrpc":"2.0","id":7,"result":[[[', 7),
        (b'{"id":"a-1","jsonrpc":"2.0","result":null}', "a-1"),
        (b'{"result":{"content":"\\ud800"},"jsonrpc":"2.0","id":12}', 12),
        (b'{"result":{"id":5},"id":12,"jsonrpc":"2.0"}', 12),
        (b'{"result":{"id":5}}', None),
        (b'{"jsonrpc":"2.0","id":3,"method":"ping","params":7}', None),
        (b'{"method":"notifications/x"', None),
        (b"loading model...", None),
        (b"", None),
    ],
)
def test_the_id_of_a_broken_answer_is_found_only_where_it_is_certain(line: bytes, key: object) -> None:
    assert answered_id(line) == key


def test_secrets_in_a_command_line_are_hidden() -> None:
    spec = ServerSpec(
        "x", "stdio", "serve", ("--api-key", "abc", "--token=def", "API_KEY=ghi", "--port", "80", "plain")
    )
    shown = destination(spec, lambda text: text)
    assert shown.replace("'", "") == "serve --api-key ••• --token=••• API_KEY=••• --port 80 plain"


def test_secrets_in_a_url_are_hidden() -> None:
    spec = ServerSpec("x", "http", url="https://me:pw123@host.example:8/mcp?api_key=abc&page=2#frag")
    shown = destination(spec, lambda text: text)
    assert shown == "https://•••@host.example:8/mcp?api_key=•••&page=2"


@pytest.mark.parametrize("url", ["https://[::1", "https://a]b/", "http://:x"])
def test_an_address_that_is_none_is_shown_as_it_is(url: str) -> None:
    assert destination(ServerSpec("x", "http", url=url), str) == url


async def test_the_last_progress_is_told_and_nothing_after_it() -> None:
    told: list[tuple[float, float | None, str]] = []
    progress = Progress(lambda *value: told.append(value))
    for step in range(1000):
        progress.add(step, 1000, "")
    progress.add(float("nan"), None, "")
    progress.add(1000, float("inf"), "x" * 5000)
    progress.close()
    progress.add(2000, None, "")
    await asyncio.sleep(0)
    assert told == [(0, 1000, ""), (1000, None, "x" * 1000)]


def test_nothing_of_the_sdk_is_imported_before_a_server_starts() -> None:
    code = "import sys, fastchat_tui.servers.factory; print(*(m for m in ('mcp', 'mcp_types', 'httpx2', 'pydantic', "
    code += "'anyio', 'openai') if m in sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []

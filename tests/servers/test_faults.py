"""Each way in which a stdio server can misbehave, and what a person is told of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

import pytest

from fastchat_tui.servers import calls, hearing
from fastchat_tui.wire.content import Text
from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.events import CatalogueChanged, ServerLogged
from fastchat_tui.wire.servers import ServerSpec
from tests.servers.conftest import LIMIT, Bench, Clock, Progressed, act, texts

# ── at start ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_missing_command_is_one_readable_failure(bench: Bench) -> None:
    server, heard = bench.start(ServerSpec("box", "stdio", "no-such-command", origin="/x/fastchat.config.json"))
    failed = await heard.settled()
    assert failed.state == "failed"
    assert "there is no command “no-such-command”" in failed.detail
    assert "Install it, or name its full path." in failed.detail
    assert "/x/fastchat.config.json" in failed.detail
    with pytest.raises(ServerError, match="not connected"):
        await act(server)


async def test_a_command_with_its_arguments_in_it_gets_the_right_advice(bench: Bench) -> None:
    _, heard = bench.start(ServerSpec("box", "stdio", "npx -y some-server"))
    assert "Put only the program under “command”" in (await heard.settled()).detail


async def test_a_missing_folder_is_named(bench: Bench) -> None:
    _, heard = bench.start(ServerSpec("box", "stdio", sys.executable, cwd="/no/such/folder"))
    assert "there is no folder /no/such/folder" in (await heard.settled()).detail


async def test_a_server_that_exits_at_start_shows_its_code_and_last_words(bench: Bench) -> None:
    _, heard = bench.faulty("exits-at-start")
    failed = await heard.settled()
    assert failed.state == "failed"
    assert failed.detail == "It ended by itself: exit code 3. Last words: Error: missing API key"


async def test_a_server_that_hangs_at_initialize_fails_after_its_time(bench: Bench) -> None:
    _, heard = bench.faulty("hangs-at-initialize", connect_timeout=0.7)
    failed = await heard.settled()
    assert failed.state == "failed"
    assert failed.detail.startswith("It was not ready within 700 ms")


async def test_a_hanging_server_can_be_stopped_at_once(bench: Bench) -> None:
    server, heard = bench.faulty("hangs-at-initialize", connect_timeout=60)
    await heard.until(lambda e: e.kind == "frame_seen")
    clock = Clock()
    await server.stop()
    assert clock() < 3


async def test_hanging_servers_do_not_keep_the_others_from_starting(bench: Bench) -> None:
    hanging = [bench.faulty("hangs-at-initialize", connect_timeout=60) for _ in range(6)]
    _, heard = bench.faulty()
    assert (await heard.settled()).state == "ready"
    assert all(h.of(CatalogueChanged) == [] for _, h in hanging)


async def test_a_server_that_dies_of_an_unknown_method_is_asked_in_the_old_way(bench: Bench) -> None:
    _, heard = await bench.ready("exits-on-unknown")
    assert (await heard.settled()).era == "2025-11-25"


# ── output ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_garbage_on_stdout_is_ignored_and_told_once(bench: Bench) -> None:
    server, heard = await bench.ready("garbage-on-stdout")
    assert texts(await act(server)) == ["done"]
    await server.stop()
    remarks = [line for line in heard.of(ServerLogged) if line.source == "client"]
    assert len(remarks) == 1
    assert remarks[0].level == "warning"
    assert "not JSON-RPC" in remarks[0].text
    assert "Welcome to server 1.0" in remarks[0].text


async def test_a_flood_on_stderr_is_bounded_and_counted(bench: Bench) -> None:
    server, heard = await bench.ready("floods-stderr")
    assert texts(await act(server)) == ["done"]
    await server.stop()
    lines = heard.log.count("\n") + 1
    assert lines < 5_000
    assert "lines left out: too many at once" in heard.log
    assert "line 19999" in heard.log


async def test_stderr_becomes_log_lines_and_a_private_file(bench: Bench) -> None:
    server, heard = await bench.ready("talks-on-stderr")
    await server.stop()
    assert [(line.source, line.text) for line in heard.of(ServerLogged)] == [("stderr", "starting up\nstill starting")]
    file = bench.pids.parent / "log" / "box.log"
    assert "still starting" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_log_file_that_cannot_be_written_is_told_once_and_costs_nothing(bench: Bench) -> None:
    (bench.pids.parent / "log").write_text("a file where the folder should be")
    server, heard = await bench.ready("talks-on-stderr")
    assert texts(await act(server)) == ["done"]
    await server.stop()
    assert heard.log.count("cannot be written") == 1


# ── a call ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_death_in_a_call_is_told_with_code_and_last_words(bench: Bench) -> None:
    server, heard = await bench.ready("dies-mid-call")
    with pytest.raises(ServerError) as caught:
        await act(server)
    assert "box is gone" in caught.value.text
    assert "exit code 7" in caught.value.text
    assert "Traceback: something broke" in caught.value.text
    assert "not repeated by itself" in caught.value.remedy
    failed = await heard.state("failed")
    assert failed.detail == "It ended by itself: exit code 7. Last words: Traceback: something broke"
    assert failed.again


async def test_after_a_death_reconnect_brings_the_server_back(bench: Bench) -> None:
    server, heard = await bench.ready("dies-mid-call")
    with pytest.raises(ServerError):
        await act(server)
    await heard.state("failed")
    since = len(heard.events)
    server.reconnect()
    assert (await heard.settled(since)).state == "ready"
    assert texts(await server.call("c2", "echo", {"text": "again"}, Progressed())) == ["again"]


async def test_a_clean_exit_is_closed_and_not_failed(bench: Bench) -> None:
    _, heard = await bench.ready("exits-cleanly")
    assert (await heard.state("closed")).detail.startswith("It ended by itself: exit code 0")


async def test_a_call_that_is_never_answered_ends_after_its_time_and_is_cancelled(bench: Bench) -> None:
    server, heard = await bench.ready("never-answers", call_timeout=0.4)
    with pytest.raises(ServerError, match="did not answer within 400 ms"):
        await act(server)
    told = await heard.until(lambda e: isinstance(e, ServerLogged) and "cancelled" in e.text)
    assert told.source == "stderr"


async def test_cancelling_a_call_returns_at_once_and_tells_the_server(bench: Bench) -> None:
    server, heard = await bench.ready("never-answers")
    asking = asyncio.create_task(act(server))
    await heard.until(lambda e: e.kind == "frame_seen" and e.call == "c1")
    clock = Clock()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert clock() < 5  # and not after the time of the call
    await heard.until(lambda e: isinstance(e, ServerLogged) and "cancelled" in e.text)
    assert texts(await server.call("c2", "echo", {"text": "still here"}, Progressed())) == ["still here"]


async def test_a_stop_in_a_call_answers_the_call(bench: Bench) -> None:
    server, heard = await bench.ready("never-answers")
    asking = asyncio.create_task(act(server))
    await heard.until(lambda e: e.kind == "frame_seen" and e.call == "c1")
    await server.stop()
    with pytest.raises(ServerError, match="disconnected during the call"):
        await asking


async def test_progress_extends_the_time_of_a_call(bench: Bench) -> None:
    server, _ = await bench.ready("progress", call_timeout=1.5)
    progress = Progressed()
    assert texts(await act(server, progress=progress)) == ["40 steps"]
    assert progress[-1] == (40.0, 40.0, "")


async def test_progress_does_not_extend_a_call_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MAX_CALL", 1.5)
    server, _ = await bench.ready("progress", call_timeout=1.2)
    with pytest.raises(ServerError, match=r"worked for 1\.5 s without an end"):
        await act(server)


async def test_nothing_ever_reaches_the_terminal(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    for fault in ("floods-stderr", "garbage-on-stdout", "deep-json", "hostile"):
        server, _ = await bench.ready(fault)
        with contextlib.suppress(ServerError):
            await act(server)
        await server.stop()
    assert capfd.readouterr() == ("", "")


async def test_a_flood_of_progress_is_told_ten_times_a_second_and_ends_with_the_last(bench: Bench) -> None:
    server, _ = await bench.ready("progress-flood")
    progress = Progressed()
    clock = Clock()
    assert texts(await act(server, progress=progress)) == ["20000 steps"]
    assert progress[-1][0] == 20_000
    assert len(progress) <= clock() * 10 + 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("returns-50mb", "an answer of 50 MB; 17 MB is the limit"),
        ("deep-json", "an answer that is not valid JSON-RPC"),
        ("wrong-answer", "an answer that is not valid JSON-RPC"),
        ("null-result", "an answer that is not valid JSON-RPC"),
        ("lone-surrogate", "an answer that is not valid JSON-RPC"),
        ("no-content", "an answer that is not the result of a tool"),
        ("rpc-error", "refused the request: Invalid arguments: colour"),
    ],
)
async def test_a_bad_answer_fails_its_call_at_once_and_nothing_else(bench: Bench, fault: str, words: str) -> None:
    server, _ = await bench.ready(fault)
    async with asyncio.timeout(LIMIT):
        with pytest.raises(ServerError) as caught:
            await act(server)
    assert words in caught.value.text
    assert texts(await server.call("c2", "echo", {"text": "fine"}, Progressed())) == ["fine"]


async def test_bytes_that_are_not_utf8_are_replaced(bench: Bench) -> None:
    server, _ = await bench.ready("bad-utf8")
    assert texts(await act(server)) == ["a��b"]


async def test_content_of_an_unknown_kind_becomes_a_note(bench: Bench) -> None:
    server, _ = await bench.ready("unknown-content")
    first, second, third = (await act(server)).content
    assert isinstance(first, Text)
    assert "hologram" in first.text
    assert isinstance(second, Text)
    assert third == Text("fine")


async def test_a_result_that_breaks_its_own_schema_is_kept(bench: Bench) -> None:
    server, _ = await bench.ready("output-schema")
    result = await act(server)
    assert texts(result) == ["kept"]
    assert json.loads(result.structured) == {"n": "not a number"}


async def test_a_server_that_closes_its_output_is_gone(bench: Bench) -> None:
    server, heard = await bench.ready("closes-stdout")
    with pytest.raises(ServerError, match="box is gone"):
        await act(server)
    await heard.state("failed", "closed")


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_thousand_tools_are_all_listed(bench: Bench) -> None:
    _, heard = await bench.ready("thousand-tools")
    assert len(heard.catalogue.tools) == 1000
    assert heard.catalogue.left_out == ()


async def test_a_malformed_tool_is_left_out_and_named(bench: Bench) -> None:
    _, heard = await bench.ready("malformed-tool")
    assert [tool.name for tool in heard.catalogue.tools] == ["echo", "act"]
    assert heard.catalogue.left_out == (
        "tool “no_schema”: its inputSchema is not an object",
        "tool number 4: it has no name",
        "tool number 5: it is not an object",
    )


async def test_a_broken_schema_is_passed_on_for_the_host_to_judge(bench: Bench) -> None:
    _, heard = await bench.ready("broken-schema")
    assert heard.catalogue.tools[1].input_schema["properties"]["a"]["type"] == 7


async def test_the_second_tool_of_a_name_is_left_out_and_named(bench: Bench) -> None:
    _, heard = await bench.ready("duplicate-names")
    assert [tool.description for tool in heard.catalogue.tools] == ["Repeats the text", "Does what the fault says"]
    assert heard.catalogue.left_out == ("tool “act”: the name is listed twice; the first one is used",)


async def test_a_list_without_end_is_read_for_a_hundred_pages(bench: Bench) -> None:
    _, heard = await bench.ready("endless-cursor")
    assert len(heard.catalogue.tools) == 100
    assert heard.catalogue.left_out == ("tools: the list has no end; the first 100 are used",)


async def test_a_page_that_comes_again_ends_the_list(bench: Bench) -> None:
    _, heard = await bench.ready("repeated-cursor")
    assert "tools: the server repeats a page for ever; the first 4 are used" in heard.catalogue.left_out


async def test_a_list_that_never_comes_is_named_and_the_server_is_ready(bench: Bench) -> None:
    _, heard = await bench.ready("lists-hang", connect_timeout=4.0)
    assert heard.catalogue.left_out == ("tools: the list could not be read: no answer to tools/list within 4.0 s.",)


async def test_a_changed_list_is_read_again_but_not_a_thousand_times(bench: Bench) -> None:
    server, heard = await bench.ready("list-changed")
    await act(server)
    await heard.until(lambda e: isinstance(e, CatalogueChanged) and any(t.name == "added" for t in e.tools))
    await server.stop()
    assert len(heard.of(CatalogueChanged)) <= 3


async def test_between_two_readings_of_the_lists_there_is_a_pause(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "REFRESH", 3600.0)
    server, heard = await bench.ready("list-changed")
    for number in range(4):
        await act(server, f"c{number}")
    await server.stop()
    assert len(heard.of(CatalogueChanged)) == 1

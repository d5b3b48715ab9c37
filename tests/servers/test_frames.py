"""The wire tap: what it shows, to which call it belongs, and what it hides."""

from __future__ import annotations

import asyncio
import json

import pytest

from fastchat_tui.servers.frames import MAX_FRAME, shorten
from fastchat_tui.wire.events import CatalogueChanged, ServerLogged
from tests.servers.conftest import Bench, Progressed, act, texts


async def test_frames_of_a_call_are_marked_with_it(bench: Bench) -> None:
    server, heard = await bench.ready("progress")
    await asyncio.gather(act(server, "c1"), server.call("c2", "echo", {"text": "x"}, Progressed()))
    frames = heard.frames("c1")
    assert frames[0].direction == "sent"
    assert '"tools/call"' in frames[0].frame
    assert all("notifications/progress" in frame.frame for frame in frames[1:-1])
    assert "40 steps" in frames[-1].frame
    assert [frame.direction for frame in heard.frames("c2")] == ["sent", "received"]
    assert all(frame.at > 1e9 for frame in frames)


async def test_the_cancellation_of_a_call_belongs_to_it(bench: Bench) -> None:
    server, heard = await bench.ready("never-answers")
    asking = asyncio.create_task(act(server))
    await heard.until(lambda e: e.kind == "frame_seen" and e.call == "c1")
    asking.cancel()
    await heard.until(lambda e: e.kind == "frame_seen" and e.call == "c1" and "notifications/cancelled" in e.frame)


async def test_frames_outside_of_calls_belong_to_none(bench: Bench) -> None:
    _, heard = await bench.ready()
    methods = [json.loads(f.frame).get("method") for f in heard.frames("") if f.direction == "sent"]
    assert methods == ["server/discover", "initialize", "notifications/initialized", "tools/list"]


async def test_a_long_frame_is_shortened_and_keeps_its_size(bench: Bench) -> None:
    server, heard = await bench.ready()
    await server.call("c1", "echo", {"text": "x" * 200_000}, Progressed())
    for frame in heard.frames("c1"):
        assert frame.size > 200_000
        assert len(frame.frame) == MAX_FRAME + 1


async def test_secrets_are_masked_in_frames_files_and_destinations(bench: Bench) -> None:
    server, heard = await bench.ready("secrets", env={"SECRET": "s3cr3t-v4lue"})
    assert texts(await act(server)) == ["the secret is s3cr3t-v4lue"]
    await heard.until(lambda e: isinstance(e, ServerLogged) and e.source == "server")
    await server.stop()
    assert heard.frames("c1")
    assert not any("s3cr3t" in frame.frame for frame in heard.frames("c1"))
    log = (bench.pids.parent / "log" / "box.log").read_text()
    assert "the secret is •••" in log
    assert "s3cr3t" not in log


@pytest.mark.parametrize("at", range(MAX_FRAME - 14, MAX_FRAME + 3))
def test_a_secret_at_the_cut_is_never_shown_in_part(at: int) -> None:
    secret = "s3cr3t-v4lue"
    shown = shorten("x" * at + secret + "y" * 10_000, lambda text: text.replace(secret, "•••"))
    assert "s3" not in shown
    assert len(shown) <= MAX_FRAME + 1


async def test_hostile_text_arrives_unaltered_and_harms_nothing(bench: Bench) -> None:
    server, heard = await bench.ready("hostile")
    result = await act(server)
    assert result.is_error
    assert "\x1b]52" in texts(result)[0]
    catalogue = heard.of(CatalogueChanged)[-1]
    assert len(catalogue.tools) == 3
    assert len(catalogue.resources) == len(catalogue.templates) == len(catalogue.prompts) == 1
    await heard.until(lambda e: isinstance(e, ServerLogged) and e.source == "server")
    assert "\x1b" not in (await heard.settled()).identity

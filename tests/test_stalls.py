from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import stalls


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_loops_and_threads_stand_still_at_the_same_moments_for_the_same_seed() -> None:
    def stood_still(seed: str) -> list[float]:
        seconds: list[float] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stalls, "sleep", seconds.append)
            stalls.stall(patch, seed)
            asyncio.run(turns(500))
            in_loops = len(seconds)
            with ThreadPoolExecutor(1) as pool:
                assert list(pool.map(str, range(20))) == [str(number) for number in range(20)]
            assert 0 < in_loops < len(seconds)
        return seconds

    assert stood_still("a") == stood_still("a") != stood_still("b")
    assert all(0 <= second <= stalls.LONG for second in stood_still("c"))

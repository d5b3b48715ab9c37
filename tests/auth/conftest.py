from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.oauth_server import Authority, protected


@pytest.fixture
def guarded() -> Iterator[tuple[str, Authority]]:
    with protected() as found:
        yield found

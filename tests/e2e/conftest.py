from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from tests.e2e.terminal import Terminal


@pytest.fixture
def opened() -> Iterator[Callable[..., Terminal]]:
    """Opens terminals, and ends what a failed test leaves running."""
    terminals: list[Terminal] = []

    def open_terminal(
        *arguments: str,
        size: tuple[int, int] = (120, 40),
        environ: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "fastchat_tui"),
    ) -> Terminal:
        terminals.append(Terminal(*arguments, size=size, environ=environ, program=program))
        return terminals[-1]

    yield open_terminal
    for terminal in terminals:
        terminal.close()

"""The last frames and log lines of each server: bounded, in memory, for the inspector."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from fastchat_tui.wire.events import FrameSeen, ServerLogged, Stamped

FRAME_BUDGET = 8_000_000
"""Characters of frames kept for each server."""
LOG_LINES = 2_000


class Rings:
    def __init__(self) -> None:
        self._frames: defaultdict[str, deque[FrameSeen]] = defaultdict(deque)
        self._held: defaultdict[str, int] = defaultdict(int)
        self._logs: defaultdict[str, deque[tuple[float, ServerLogged]]] = defaultdict(lambda: deque(maxlen=LOG_LINES))

    def apply(self, stamped: Stamped) -> None:
        match stamped.event:
            case FrameSeen(server=server, frame=frame) as event:
                ring = self._frames[server]
                ring.append(event)
                self._held[server] += len(frame)
                while self._held[server] > FRAME_BUDGET and len(ring) > 1:
                    self._held[server] -= len(ring.popleft().frame)
            case ServerLogged(server=server) as event:
                self._logs[server].append((stamped.at, event))
            case _:
                pass

    def frames(self, server: str = "", call: str = "") -> Sequence[FrameSeen]:
        rings = [self._frames[server]] if server else list(self._frames.values())
        return [frame for ring in rings for frame in ring if not call or frame.call == call]

    def logs(self, server: str) -> Sequence[tuple[float, ServerLogged]]:
        return tuple(self._logs[server]) if server in self._logs else ()

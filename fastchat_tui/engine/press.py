"""The one place where events are born: made safe, stamped, folded, kept, published."""

from __future__ import annotations

from fastchat_tui.engine.bus import Bus
from fastchat_tui.engine.clock import Clock
from fastchat_tui.engine.recorder import Recorder
from fastchat_tui.engine.rings import Rings
from fastchat_tui.engine.sanitise import Fragments, sanitise
from fastchat_tui.engine.session import Session
from fastchat_tui.wire.events import SAVED, Event, Stamped
from fastchat_tui.wire.ledger import CallLedger
from fastchat_tui.wire.masks import Masker
from fastchat_tui.wire.roster import Roster


class Press:
    """``seq`` grows with every event and never repeats in a session."""

    def __init__(self, masker: Masker, session: Session) -> None:
        self._masker = masker
        self._fragments = Fragments(masker)
        self._session = session
        self._clock = Clock()
        self.bus, self.rings, self.roster, self.ledger = Bus(), Rings(), Roster(), CallLedger()
        self.recorder: Recorder
        self.seq = 0

    def go_on_after(self, seq: int) -> None:
        self.seq = max(self.seq, seq)

    def emit(self, event: Event) -> None:
        for whole in self._fragments.joined(event):
            self._publish(whole)

    def _publish(self, event: Event) -> None:
        self.seq += 1
        stamped = Stamped(self.seq, self._clock.now(), sanitise(event, self._masker))
        if isinstance(event, SAVED):
            self.ledger.apply(stamped)
            self._session.apply(stamped)
            self.recorder.put(stamped)
        else:
            self.roster.apply(stamped)
            self.rings.apply(stamped)
        self.bus.publish(stamped)

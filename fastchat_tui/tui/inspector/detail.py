"""The selected call, seen from five sides: arguments, result, frames, timing, log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import time
from typing import Literal, get_args

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from fastchat_tui.tui.inspector import pages
from fastchat_tui.tui.inspector.json_levels import Root
from fastchat_tui.tui.inspector.pages import Mode
from fastchat_tui.tui.inspector.reader import Reader
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.tree_view import TreeView
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.tab_line import TabLine
from fastchat_tui.wire.events import FrameSeen, ServerLogged
from fastchat_tui.wire.ledger import CallRecord
from fastchat_tui.wire.text import clean

Tab = Literal["args", "result", "frames", "timing", "log"]
TABS: tuple[Tab, ...] = get_args(Tab)
MODES: tuple[Mode, ...] = get_args(Mode)
Frames = Callable[..., Sequence[FrameSeen]]
_VERDICTS = {True: ("✓", "$text-success"), False: ("✗", "$text-error"), None: ("?", "$text-warning")}
Logs = Callable[[str], Sequence[tuple[float, ServerLogged]]]


class CallDetail(Widget):
    """Shows one record at a time. Nothing is prepared for a tab that nobody looks at."""

    @dataclass
    class CopyWanted(Message):
        text: str

    tab: reactive[Tab] = reactive("args", init=False)
    mode: reactive[Mode] = reactive("tree", init=False)

    def __init__(self, frames: Frames, logs: Logs, *, now: Callable[[], float] = time) -> None:
        super().__init__()
        self._frames = frames
        self._logs = logs
        self._now = now
        self._record: CallRecord | None = None
        self._drawn: object = None
        """What the open tab was made of; it is made anew only when that has changed."""

    def compose(self) -> ComposeResult:
        yield TabLine(TABS)
        yield Static(id="call-verdict")
        yield TreeView()
        yield TextView()

    def on_mount(self) -> None:
        self.refresh_page()

    @property
    def body(self) -> TreeView | TextView:
        """The view that the open tab uses."""
        tree = self.query_one(TreeView)
        return tree if tree.display else self.query_one(TextView)

    def show(self, record: CallRecord | None) -> None:
        old, self._record = self._record, record
        if self.is_mounted and record is not old:
            self.refresh_page(keep=old is not None and record is not None and old.call == record.call)

    def refresh_page(self, *, keep: bool = False) -> None:
        """Draws the open tab from the record, unless nothing that it shows has changed."""
        record = self._record
        if record is None or not self.is_mounted:
            return
        line = self.query_one(TabLine)
        line.chosen = TABS.index(self.tab)
        line.mode = ""
        self._judge(record)
        page = self._page(record)
        made_of = self.tab, page
        if keep and made_of == self._drawn:
            return
        self._drawn = made_of
        tree, text = self.query_one(TreeView), self.query_one(TextView)
        as_tree = bool(page) and isinstance(page[0], Root)
        had_focus = tree.has_focus or text.has_focus
        tree.display, text.display = as_tree, not as_tree
        if had_focus:
            self.body.focus(scroll_visible=False)
        roots = [item for item in page if isinstance(item, Root)]
        if as_tree and keep:
            tree.extend(roots)
        elif as_tree:
            tree.show(roots)
        else:
            text.show([item for item in page if isinstance(item, Passage)], keep=keep)

    def _judge(self, record: CallRecord) -> None:
        """Says above the result whether it is what the tool promised."""
        line = self.query_one("#call-verdict", Static)
        line.display = self.tab == "result" and record.verdict is not None
        if record.verdict is not None:
            mark, style = _VERDICTS[record.verdict.fits]
            line.update(Content.styled(clean(f"{mark} {record.verdict.words}"), style))

    def refresh_live(self) -> None:
        """What grows while a call runs: its frames, its clock, the log."""
        self.refresh_page(keep=True)

    def whole_text(self) -> str:
        """Everything that the open tab is about, also what the screen cuts or folds."""
        record = self._record
        if record is None:
            return ""
        match self.tab:
            case "args":
                return pages.arguments_text(record)
            case "result" if self._mode(record) == "raw":
                return pages.result_raw(record)
            case "result" if self._mode(record) == "tree" and (root := pages.result_root(record)):
                return root.text
            case "frames":
                return pages.frames_text(self._frames(call=record.call))
        return "\n".join(item.text for item in self._page(record) if isinstance(item, Passage))

    def step_tab(self, step: int) -> None:
        self.tab = TABS[(TABS.index(self.tab) + step) % len(TABS)]

    def step_mode(self) -> None:
        """The next way to show the result; from another tab it goes to the result first."""
        if self.tab != "result":
            self.tab = "result"
            return
        current = self._mode(self._record) if self._record else self.mode
        self.mode = MODES[(MODES.index(current) + 1) % len(MODES)]
        if self._record and self._mode(self._record) == current:  # a result that is no JSON has no tree
            self.mode = MODES[(MODES.index(self.mode) + 1) % len(MODES)]

    def watch_tab(self) -> None:
        self.refresh_page()

    def watch_mode(self) -> None:
        self.refresh_page()

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        self.tab = TABS[event.number]

    def on_tree_view_value_wanted(self, event: TreeView.ValueWanted) -> None:
        event.stop()
        self.app.push_screen(Reader(event.name or "value", [Passage(event.text)], self._copy))

    def _copy(self, text: str) -> None:
        self.post_message(self.CopyWanted(text))

    def on_resize(self) -> None:
        if self.tab == "timing":
            self.refresh_page(keep=True)

    def _mode(self, record: CallRecord) -> Mode:
        """The mode that fits the result: text where there is no JSON to show as a tree."""
        return "text" if self.mode == "tree" and pages.result_root(record) is None else self.mode

    def _page(self, record: CallRecord) -> Sequence[Root | Passage]:
        match self.tab:
            case "args":
                return pages.arguments(record)
            case "result":
                mode = self._mode(record)
                if record.outcome is not None:
                    self.query_one(TabLine).mode = mode
                root = pages.result_root(record)
                if mode == "tree" and root:
                    return [root]
                if mode == "raw" and (record.content or record.structured):
                    return [Passage(pages.result_raw(record))]
                return pages.result_text(record)
            case "frames":
                roots = pages.frame_roots(self._frames(call=record.call))
                return roots or [Passage("No frames of this call are kept.", "text--muted")]
            case "timing":
                return pages.timing_passages(record, self._now(), max(30, self.size.width - 4))
            case "log":
                return pages.log_passages(record, self._logs(record.server), self._now())

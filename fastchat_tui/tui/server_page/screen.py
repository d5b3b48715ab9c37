"""The page itself: tabs, a list of what a tab offers, and the chosen offer in full below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.footer import keys_for
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.listing import Listing
from fastchat_tui.tui.modal import Modal
from fastchat_tui.tui.server_page.rows import TABS, Row, Tab, about, detail, log, rows, titles
from fastchat_tui.tui.tab_line import TabLine
from fastchat_tui.wire.commands import EnableTool, WatchResource
from fastchat_tui.wire.servers import PromptTemplate, Resource, ResourceTemplate, ServerView, Tool
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from fastchat_tui.tui.chat_screen import ChatScreen

KEYS: dict[Tab, tuple[str, ...]] = {
    "about": ("page.options", "page.doctor", "page.edit", "page.copy"),
    "tools": ("page.open", "page.switch"),
    "resources": ("page.open", "page.watch", "page.attach"),
    "prompts": ("page.open",),
    "log": ("page.copy",),
}
EMPTY = {"tools": "It offers no tools.", "resources": "It offers no resources.", "prompts": "It offers no prompts."}


class Offers(Listing, inherit_bindings=False):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("detail")]


class ServerScreen(Modal[None]):
    """Shows a server as it stands; what is done on it goes through the chat, and comes back as another state of it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("modal"), *bindings("page")]

    tab: reactive[Tab] = reactive("about", init=False)

    def __init__(self, chat: ChatScreen, server: str, tab: Tab = "about") -> None:
        super().__init__()
        self.server = server
        self._chat = chat
        self._rows: list[Row] = []
        self.set_reactive(ServerScreen.tab, tab)

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as box:
            box.border_title = Content(one_line(self.server, 80))
            yield TabLine(())
            yield Offers(id="page-offers", markup=False, compact=True)
            yield TextView(id="page-text")

    def on_mount(self) -> None:
        self.watch_tab()

    @property
    def _view(self) -> ServerView:
        return self._chat.engine.snapshot().servers.get(self.server) or ServerView(self.server)

    @property
    def _row(self) -> Row | None:
        at = self.query_one(Offers).highlighted
        return self._rows[at] if at is not None and at < len(self._rows) else None

    def watch_tab(self) -> None:
        login = ("page.login",) if self.tab == "about" and self._view.state == "needs_login" else ()
        keys = keys_for(self._chat.program.keymap, *login, *KEYS[self.tab], "page.next_tab", "modal.close")
        self.query_one("#page").border_subtitle = Content(keys)
        self._rows = []
        self.show(keep=False)
        if self.tab == "log":
            self.query_one(TextView).action_last()
        self.set_focus(self.query_one(Offers if self._rows else TextView))

    def show(self, *, keep: bool = True) -> None:
        """Draws the server as it stands now; the cursor stays on its offer, and the reader where they are."""
        view, line, offers = self._view, self.query_one(TabLine), self.query_one(Offers)
        line.names, line.chosen = titles(view), TABS.index(self.tab)
        old, self._rows = self._row, rows(view, self.tab)
        offers.display = bool(self._rows)
        with self.prevent(OptionList.OptionHighlighted):
            offers.clear_options()
            offers.add_options(Option(_line(row)) for row in self._rows)
            keys = [row.key for row in self._rows]
            if keys:
                offers.highlighted = keys.index(old.key) if old and old.key in keys else 0
        same = (old.key if old else "") == (self._row.key if self._row else "")
        self._describe(keep=keep and same)

    def _describe(self, *, keep: bool) -> None:
        text, view = self.query_one(TextView), self._view
        match self.tab:
            case "about":
                text.show(about(view), keep=keep)
            case "log":
                text.show(log(self._chat.engine.logs(self.server)), keep=keep)
            case tab:
                row = self._row
                text.show(detail(view, row.offer) if row else [_nothing(tab)], keep=keep)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._describe(keep=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_open()

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        self.tab = TABS[event.number]

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that comes before the first frame of this screen does nothing; signing in and attaching share one."""
        if not self.is_mounted or action == "save":
            return False
        return self.tab != "resources" if parameters == ("login",) else self.tab == "resources" or action != "attach"

    def action_next_tab(self) -> None:
        self.tab = TABS[(TABS.index(self.tab) + 1) % len(TABS)]

    def action_previous_tab(self) -> None:
        self.tab = TABS[TABS.index(self.tab) - 1]

    def action_open(self) -> None:
        """Uses the offer: reads it, calls it, fills it in."""
        match self._row and self._row.offer:
            case Tool(name=name):
                self._chat.run_command("call", f"{self.server}:{name}")
            case Resource(uri=uri) | ResourceTemplate(uri_template=uri):
                self._chat.run_command("read", f"@{self.server}:{uri}")
            case PromptTemplate(name=name):
                self._chat.run_command(f"{self.server}:{name}")
            case _:
                pass

    def action_switch(self) -> None:
        if (row := self._row) and isinstance(tool := row.offer, Tool):
            self._chat.tell(EnableTool(self.server, tool.name, not tool.enabled))

    def action_watch(self) -> None:
        if (row := self._row) and isinstance(row.offer, Resource):
            uri = row.offer.uri
            self._chat.tell(WatchResource(self.server, uri, uri not in self._view.watched))

    def action_attach(self) -> None:
        match self._row and self._row.offer:
            case Resource(uri=uri) | ResourceTemplate(uri_template=uri):
                self._chat.run_command("attach", f"@{self.server}:{uri}")
            case _:
                pass

    def action_want(self, command: str) -> None:
        self._chat.run_command(command, self.server)

    def action_copy(self) -> None:
        self._chat.program.copy(self.query_one(TextView).plain_text())

    def action_close(self) -> None:
        self.dismiss()


def _line(row: Row) -> Content:
    note = f"  {one_line(row.note, 100)}" if row.note else ""
    return Content.assemble(f"{row.mark} {one_line(row.name, 120)}", (note, "$text-muted"))


def _nothing(tab: str) -> Passage:
    return Passage(EMPTY[tab], "text--muted")

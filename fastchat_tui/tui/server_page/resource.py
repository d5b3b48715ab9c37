"""A resource: JSON as a tree, text as text, everything else as a note; read again, watched, saved, attached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal
from urllib.parse import unquote, urlsplit

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from fastchat_tui.tui.bindings import bindings
from fastchat_tui.tui.footer import keys_for
from fastchat_tui.tui.inspector.json_levels import Root
from fastchat_tui.tui.inspector.reader import Reader
from fastchat_tui.tui.inspector.text_view import TextView
from fastchat_tui.tui.inspector.tree_view import TreeView
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modal import Modal
from fastchat_tui.tui.modals.form import Field, FormScreen
from fastchat_tui.wire.commands import WatchResource
from fastchat_tui.wire.content import EmbeddedResource
from fastchat_tui.wire.errors import FastchatError
from fastchat_tui.wire.text import clean, human_size, one_line, size_of_base64

if TYPE_CHECKING:
    from fastchat_tui.tui.chat_screen import ChatScreen

KEYS = (
    "resource.refresh",
    "resource.watch",
    "resource.mode",
    "resource.save",
    "resource.attach",
    "resource.copy",
    "modal.close",
)


class ResourceScreen(Modal[None]):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("modal"), *bindings("resource")]

    mode: reactive[Literal["tree", "text"]] = reactive("text", init=False)

    def __init__(self, chat: ChatScreen, server: str, uri: str, held: Sequence[EmbeddedResource]) -> None:
        super().__init__()
        self.server, self.uri = server, uri
        self._chat = chat
        self._held = held
        self.set_reactive(ResourceScreen.mode, "tree" if roots(held) else "text")

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as box:
            box.border_title = Content(one_line(f"{self.server}:{self.uri}", 90))
            box.border_subtitle = Content(keys_for(self._chat.program.keymap, *KEYS))
            yield Static(id="resource-state", markup=False)
            yield TreeView()
            yield TextView()

    def on_mount(self) -> None:
        self.watch_mode()

    def watch_mode(self) -> None:
        tree, text = self.query_one(TreeView), self.query_one(TextView)
        tree.display, text.display = self.mode == "tree", self.mode == "text"
        if self.mode == "tree":
            tree.show(roots(self._held))
        else:
            text.show(passages(self._held))
        self.set_focus(tree if self.mode == "tree" else text)
        self.show()

    def show(self) -> None:
        """What it is, and how its changes stand."""
        view = self._chat.engine.snapshot().servers.get(self.server)
        changed, watched = (self.uri in uris for uris in ((view.changed, view.watched) if view else ((), ())))
        what = " · ".join(dict.fromkeys(_kind(part) for part in self._held)) or "It holds nothing."
        state = ("  ↻ changed: r reads it again", "$text-warning") if changed else ("  ◉ watched", "$text-accent")
        pieces = [(what, "$text-muted"), *([state] if changed or watched else [])]
        self.query_one("#resource-state", Static).update(Content.assemble(*pieces))

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that comes before the first frame of this screen does nothing."""
        return self.is_mounted

    def action_mode(self) -> None:
        if roots(self._held):
            self.mode = "text" if self.mode == "tree" else "tree"

    @work(exclusive=True, group="resource")
    async def action_refresh(self) -> None:
        try:
            self._held = await self._chat.engine.read(self.server, self.uri, fresh=True)
        except FastchatError as error:
            self._chat.toast(error.text, error.remedy, "error")
        else:
            if self in self.app.screen_stack:  # it may have been closed meanwhile
                self.watch_mode()

    def action_watch(self) -> None:
        view = self._chat.engine.snapshot().servers.get(self.server)
        self._chat.tell(WatchResource(self.server, self.uri, not (view and self.uri in view.watched)))

    def action_attach(self) -> None:
        self._chat.run_command("attach", f"@{self.server}:{self.uri}")

    def action_copy(self) -> None:
        self._chat.program.copy("\n".join(part.text for part in self._held if part.text) or self.uri)

    @work(exclusive=True, group="resource")
    async def action_save(self) -> None:
        """Into a new file; what is there already is left alone."""
        path, note = file_name(self.uri), ""
        while True:
            given = await self.app.push_screen_wait(FormScreen("Save as", (Field("path", "File", path),), note))
            if given is None:
                return
            path = given["path"].strip() or path
            try:
                size = await self._chat.engine.save(self.server, self.uri, path)
            except FastchatError as error:
                note = f"{error.text} {error.remedy}".strip()
            else:
                self._chat.toast(f"{human_size(size)} are saved as {path}.")
                return

    def on_tree_view_value_wanted(self, event: TreeView.ValueWanted) -> None:
        self.app.push_screen(Reader(event.name or "value", [Passage(event.text)], self._chat.program.copy))

    def action_close(self) -> None:
        self.dismiss()


def roots(held: Sequence[EmbeddedResource]) -> list[Root]:
    """The parts as JSON; nothing where one of them is none."""
    if not held or not all(part.text and _is_json(part) for part in held):
        return []
    return [Root(part.text, one_line(part.uri) if len(held) > 1 else "") for part in held]


def _is_json(part: EmbeddedResource) -> bool:
    kind = part.mime_type.partition(";")[0].strip().lower()
    return kind.endswith(("/json", "+json")) or (not kind and part.text[:64].lstrip()[:1] in ("{", "["))


def passages(held: Sequence[EmbeddedResource]) -> list[Passage]:
    found: list[Passage] = []
    for part in held:
        if len(held) > 1:
            found.append(Passage(f"{part.uri}  {_kind(part)}", "text--heading"))
        found.append(Passage(part.text) if part.text or not part.blob else Passage(f"[{_kind(part)}]", "text--accent"))
    return found or [Passage("It holds nothing.", "text--muted")]


def _kind(part: EmbeddedResource) -> str:
    kind = one_line(part.mime_type, 60)
    if part.blob:
        what = kind.partition("/")[0] if kind.startswith(("image/", "audio/", "video/")) else "data"
        return " · ".join(word for word in (what, kind, size_of_base64(part.blob)) if word)
    return " · ".join(word for word in (kind or "text", human_size(len(part.text.encode("utf-8", "replace")))) if word)


def file_name(uri: str) -> str:
    """A name for a file that says what is in it, and nothing of folders."""
    try:
        path = urlsplit(uri).path or urlsplit(uri).netloc
    except ValueError:
        path = uri
    last = clean(unquote(path)).replace("\\\\", "/").rstrip("/").rpartition("/")[2].lstrip(".")
    return last[:100] or "resource"

"""Events to the screen: the one match. Nothing here decides, and no widget sees an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastchat_tui.wire.events import (
    SAVED,
    Answered,
    Asked,
    CallFinished,
    CallProgressed,
    CallProposed,
    CallStarted,
    CatalogueChanged,
    EngineStarted,
    FrameSeen,
    ModelChanged,
    Noticed,
    QueueChanged,
    ReplyFinished,
    ResourceRead,
    ResourceUpdated,
    ResourceWatched,
    RetryScheduled,
    ServerChanged,
    ServerLogged,
    ServerRemoved,
    SessionOpened,
    SessionTitled,
    SignInFinished,
    Stamped,
    StepStarted,
    TextDelta,
    ThoughtDelta,
    TurnFinished,
    TurnStarted,
)
from fastchat_tui.wire.text import one_line

if TYPE_CHECKING:
    from fastchat_tui.tui.chat_screen import ChatScreen
    from fastchat_tui.wire.servers import Level


async def draw(screen: ChatScreen, stamped: Stamped) -> None:
    """Shows one event. What a page of the log has shown already is left out."""
    event = stamped.event
    if isinstance(event, SAVED) and stamped.seq <= screen.conversation.seen:
        if not isinstance(event, Asked | Answered):  # a question is open whether a page of the log tells of it or not
            return
    elif isinstance(event, SAVED):
        screen.panes.draw(screen.conversation.apply(stamped))
    match event:
        case SessionOpened():
            await screen.open_session()
        case EngineStarted():
            screen.show_servers()
            screen.show_header()
            screen.welcome()
        case Noticed(level=level, text=text, remedy=remedy):
            screen.notice(text, remedy, level)
            screen.show_header()  # it may be that nothing is saved any more
        case ModelChanged() | SessionTitled():
            screen.show_header()
        case QueueChanged(messages=messages, returned=returned):
            screen.status.queued(len(messages))
            if returned:
                screen.composer.restore(returned)
        case ServerChanged() | ServerRemoved() | CatalogueChanged():
            screen.show_servers()
        case SignInFinished() as ended:
            screen.toast(*_signed(ended))
        case ResourceWatched():
            screen.pages.draw()
        case ResourceRead(server=server, uri=uri):
            screen.pages.read(server, uri)
        case ResourceUpdated(server=server, uri=uri):
            screen.pages.changed(server, uri)
        case TurnStarted():
            screen.status.working("thinking")
        case StepStarted(model=model, step=step):
            screen.status.working(f"{one_line(model, 40)} is asked" + (f", step {step}" if step > 1 else ""))
        case RetryScheduled(why=why, seconds=seconds):
            screen.status.waiting(why, seconds)
        case ThoughtDelta():
            screen.status.working("thinking")
        case TextDelta():
            screen.status.working("writing")
        case ReplyFinished():
            screen.show_header()
        case CallStarted() | CallFinished():
            screen.show_working()
        case TurnFinished(reason=reason):
            screen.status.working("")
            if reason != "done":
                screen.status.remark("F5 tries again")
            screen.show_header()
        case Asked() as asked:
            screen.asking.ask(screen.app, asked)
            screen.show_working()
        case Answered(question=question):
            screen.asking.withdraw(screen.app, question)
        case CallProposed() | CallProgressed() | ServerLogged() | FrameSeen():
            pass  # the folds have shown what there is to show
        case unknown:
            screen.toast(f"An event that this version does not know: {type(unknown).__name__}")


def _signed(ended: SignInFinished) -> tuple[str, str, Level]:
    """A toast: text, remedy, level."""
    match ended.outcome:
        case "failed":
            return f"{ended.server}: {ended.detail}", "Press a on it to sign in.", "warning"
        case "not_needed":
            return f"{ended.server}: no sign-in is needed.", "", "info"
        case "signed_in" | "signed_out":
            return f"{ended.server}: {ended.outcome.replace('_', ' ')}. {ended.detail}", "", "info"

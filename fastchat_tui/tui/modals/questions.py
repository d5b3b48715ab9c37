"""The modal that belongs to a question."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from time import monotonic

from textual.screen import ModalScreen

from fastchat_tui.tui.inspector.pages import pretty
from fastchat_tui.tui.inspector.wrap import Passage
from fastchat_tui.tui.modals.approval import ApprovalScreen
from fastchat_tui.tui.modals.filled import DECLINE, FILL, FilledScreen, VisitScreen
from fastchat_tui.tui.modals.frame import ALWAYS, NO, ONCE, Choice, QuestionScreen
from fastchat_tui.tui.modals.read_first import ReadFirstScreen
from fastchat_tui.tui.modals.sign_in import SignInScreen
from fastchat_tui.wire.addresses import UNENCRYPTED, doubt, host_of, is_unencrypted
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.events import Asked
from fastchat_tui.wire.questions import Approval, Elicitation, GoOn, KeyUse, Sampling, SamplingReview, SignIn, Trust
from fastchat_tui.wire.servers import ServerView, Tool
from fastchat_tui.wire.text import one_line

_APART = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")
_SECRET = re.compile(
    r"\b(?:pass(?:word|wd|phrase|code)s?|pwd|secrets?|token|(?:api|access|private|ssh) ?keys?|pin|otp|credentials?"
    r"|credit card|card number|cvv|cvc|seed phrase)\b"
)
_TRUST = (
    ONCE._replace(label="this run", help="Use the file in this run"),
    ALWAYS._replace(help="Use it from now on, until it changes"),
    NO._replace(help="Do not use it"),
)
_SEND_KEY = (
    ONCE._replace(label="this run", help="Send your key there in this run"),
    ALWAYS._replace(help="Send it there from now on"),
    NO._replace(help="Do not send it"),
)
_GO_ON = (ONCE._replace(label="go on", help="Go on with the turn"), NO._replace(label="stop", help="End the turn here"))
_SAMPLE = (
    ONCE._replace(help="Ask the model this once"),
    Choice("approval.session", "this session", "answer('session')", "Ask it without a question in this session"),
    FILL._replace(label="edit", help="Edit the request before it is sent"),
    Choice("approval.never", "never", "answer('never')"),
    NO._replace(help="Do not ask the model"),
)
_REVIEW = (
    ONCE._replace(help="Give the answer to the server"),
    FILL._replace(label="edit", help="Edit the answer before the server gets it"),
    NO._replace(help="Do not give it"),
)
_NOT_KNOWN = NO._replace(help="Say no")


def question_modal(
    asked: Asked,
    *,
    tool: Tool | None,
    server: ServerView | None,
    waiting: int = 0,
    clock: Callable[[], float] = monotonic,
) -> ModalScreen[Answer | None]:
    """``waiting`` is how many more questions stand in line; ``clock`` counts seconds."""

    def ask(heading: str, passages: list[Passage], *choices: Choice) -> QuestionScreen:
        return QuestionScreen(asked.question, heading, passages, choices, waiting=waiting, clock=clock)

    match asked.about:
        case Approval() as about:
            return ApprovalScreen(asked.question, about, tool=tool, server=server, waiting=waiting, clock=clock)
        case Trust() as about:
            heading, passages = "fastchat-tui asks: use this file?", trust_passages(about)
            return ReadFirstScreen(asked.question, heading, passages, _TRUST, waiting=waiting, clock=clock)
        case KeyUse() as about:
            return ask("fastchat-tui asks: send your key there?", key_passages(about), *_SEND_KEY)
        case GoOn() as about:
            steps = f"{about.steps} step{'' if about.steps == 1 else 's'}"
            return ask(f"fastchat-tui asks: go on after {steps}?", [Passage(about.why)], *_GO_ON)
        case Elicitation(schema=None) as about:
            heading, passages = f"{one_line(about.server, 60)} asks you to visit a page", visit_passages(about)
            return VisitScreen(asked.question, heading, passages, about.url, waiting=waiting, clock=clock)
        case SignIn() as about:
            return SignInScreen(asked.question, about, waiting=waiting, clock=clock)
        case Elicitation() | Sampling() | SamplingReview() as about:
            return filled(asked.question, about, waiting, clock)
        case other:
            return ask(*_unknown(other), _NOT_KNOWN)


def filled(
    question: str, about: Elicitation | Sampling | SamplingReview, waiting: int, clock: Callable[[], float]
) -> FilledScreen:
    """The questions of a server whose answer is an object."""
    server = one_line(about.server, 60)
    match about:
        case Elicitation():
            return FilledScreen(
                question,
                f"{server} asks you",
                [Passage(about.message), *warnings(about.message, about.schema or {})],
                (FILL, DECLINE),
                schema=about.schema or {},
                given={},
                written=lambda value: Answer(question, "accept", content=value),
                refusing="decline",
                leaving="cancel",
                waiting=waiting,
                clock=clock,
            )
        case Sampling():
            spent = (
                f"It would go to {about.model}. {server} has used {about.spent:,} of {about.budget:,} tokens so far."
            )
            return FilledScreen(
                question,
                f"{server} wants your model asked. May it?",
                [Passage(spent, "text--muted"), Passage(""), Passage(pretty(about.request), "text--json")],
                _SAMPLE,
                schema={},
                given=about.request,
                written=lambda value: Answer(question, "once", arguments=value),
                waiting=waiting,
                clock=clock,
            )
        case SamplingReview():
            return FilledScreen(
                question,
                f"{server} would get this answer of your model. May it?",
                [Passage(pretty(about.result), "text--json")],
                _REVIEW,
                schema={},
                given=about.result,
                written=lambda value: Answer(question, "once", content=value),
                waiting=waiting,
                clock=clock,
            )


def warnings(message: str, schema: Object) -> list[Passage]:
    """MCP forbids servers to ask for secrets in a form."""
    properties = schema.get("properties")
    fields = properties.items() if isinstance(properties, dict) else ()
    words = [
        message,
        *(f"{name} {field.get('title', '') if isinstance(field, dict) else ''}" for name, field in fields),
    ]
    if any(_SECRET.search(_APART.sub(" ", text).lower()) for text in words):
        return [Passage("A server must not ask for secrets in this way. Do not give any.", "text--bad")]
    return []


def visit_passages(about: Elicitation) -> list[Passage]:
    where = Passage(f"It goes to {host_of(about.url)}", "text--accent")
    return [Passage(about.message), Passage(""), where, Passage(about.url), *doubts(about.url)]


def doubts(url: str) -> list[Passage]:
    return [Passage(careful, "text--bad")] if (careful := doubt(url)) else []


def trust_passages(about: Trust) -> list[Passage]:
    """Everything that the file would start, contact or read, each whole."""
    found = [
        Passage("It was found in a folder; nothing in it has been used yet.", "text--muted"),
        Passage(""),
        Passage(f"file    {about.path}", "", 8),
        Passage(f"folder  {about.folder}", "", 8),
    ]
    if about.changed:
        found.append(Passage("It has changed since you trusted it.", "text--bad"))
    found += [Passage(warning, "text--bad") for warning in about.warnings]
    found.append(Passage(""))
    if about.starts:
        found.append(Passage("It would start or contact, with your rights:", "text--warning"))
        found += [Passage(f"{number:>2}. {start}", "", 4) for number, start in enumerate(about.starts, 1)]
    else:
        found.append(Passage("It starts no program and names no server.", "text--muted"))
    if about.names:
        found += [Passage(""), Passage("Variables that it reads or sets:", "text--heading")]
        found.append(Passage(", ".join(about.names)))
    found += [Passage(""), Passage(f"content {about.digest}", "text--muted", 8)]
    return found


def key_passages(about: KeyUse) -> list[Passage]:
    found = [
        Passage("Your API key was never sent to this origin before:", "text--muted"),
        Passage(about.origin, "text--accent"),
        Passage(f"named by {about.source}"),
    ]
    found += doubts(about.origin)
    if is_unencrypted(about.origin):
        found.append(Passage(UNENCRYPTED, "text--bad"))
    return found


def _unknown(about: object) -> tuple[str, list[Passage]]:
    """A question of a later version: it can be read and denied."""
    kind = getattr(about, "kind", type(about).__name__)
    body = pretty(asdict(about)) if is_dataclass(about) and not isinstance(about, type) else repr(about)
    note = "This version knows no answer to that but no."
    return f"fastchat-tui asks: {kind}", [Passage(note, "text--warning"), Passage(body)]

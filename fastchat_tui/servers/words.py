"""What an exception of the SDK means to a person. Needs no SDK: it reads what the exception carries."""

from __future__ import annotations

from fastchat_tui.wire.errors import ServerError
from fastchat_tui.wire.text import one_line

CLOSED = -32000
TIMED_OUT = -32001
PARSE = -32700
_GONE = ("session not found", "session terminated")


def leaf(error: BaseException) -> BaseException:
    """The cause inside nested exception groups."""
    while isinstance(error, BaseExceptionGroup):
        rest = error.split(lambda e: type(e).__name__ in ("CancelledError", "GeneratorExit"))[1]
        error = (rest or error).exceptions[0]
    return error


def code_of(error: BaseException) -> int:
    code = getattr(error, "code", 0)
    return code if isinstance(code, int) else 0


class SessionGone(ServerError):
    """The server knows the session no more, so it has not even looked at the request: it may be made again."""


def session_gone(error: BaseException, status: int) -> bool:
    """An HTTP server was restarted, or has forgotten us."""
    return status == 404 or (code_of(error) in (-32600, TIMED_OUT) and str(error).lower().startswith(_GONE))


def refusal(server: str, error: BaseException) -> ServerError:
    """A JSON-RPC error as the answer to one request."""
    message = one_line(str(error), 500)
    match code_of(error):
        case -32700:
            return ServerError(
                f"{server} sent an answer that cannot be used: {message.removeprefix('the server sent ')}.",
                "Tell the server's author; the frames of the call show it.",
            )
        case -32601:
            return ServerError(f"{server} does not know this request: {message}.")
        case -32602:
            return ServerError(
                f"{server} refused the request: {message}.", "Compare the arguments with what it offers."
            )
        case -32000:
            return ServerError(f"{server} did not answer: {message}.", "Try again, or reconnect the server (r).")
        case code:
            return ServerError(f"{server} answered with an error: {message} ({code}).")

"""argv → front end. Nothing heavy is imported before the choice is made, nor outside the guarded child."""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn, TextIO

from fastchat_tui import __version__, guardian
from fastchat_tui.wire.text import clean

USAGE_ERROR = 2
INTERRUPTED = 130
APPS = ("claude-desktop", "claude-code", "vscode", "cursor", "codex", "gemini", "opencode")
EPILOG = """\
exit status:
  0  done as asked              4  configuration file or value
  1  failed; tool said error    5  model or its endpoint
  2  usage; no terminal         6  MCP server
  3  consent is missing         130 interrupted · 128 + n stopped by signal n
"""


class Parser(argparse.ArgumentParser):
    """Its complaints quote what a script may have passed on: cleaned like every text from outside."""

    def error(self, message: str) -> NoReturn:
        super().error(clean(message))


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status. It returns in the guardians and in the program that they guard, each with the same."""
    closed = _open_closed_streams()
    _forgive_encoding(sys.stdout, sys.stderr)
    try:
        words = sys.argv[1:] if argv is None else argv
        arguments = make_parser(commands=not all(map(_is_for_the_screen, words))).parse_args(words)
        if "stdout" in closed:
            print("fastchat-tui: standard output is closed, so nothing could be written.", file=sys.stderr)
            return USAGE_ERROR
        if arguments.command != "chat":
            return guardian.guard(lambda: _run(arguments))
        if problem := no_screen():
            print(f"fastchat-tui: {problem}", file=sys.stderr)
            return USAGE_ERROR
        return guardian.guard(lambda: _run(arguments), full_screen=True)
    except KeyboardInterrupt:
        return INTERRUPTED


def _open_closed_streams() -> list[str]:
    """Puts the null device where a standard stream is closed, so that no file takes its number; which ones it were."""
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:
        setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115 - for the whole run
    return closed


def _is_for_the_screen(word: str) -> bool:
    """An option that needs no look at the commands, which take longer to set up than to paint."""
    return word.startswith("--") and word not in ("--", "--help")


def _forgive_encoding(*streams: TextIO) -> None:
    """What a terminal's encoding does not have is written as an escape, instead of ending the program."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _run(arguments: argparse.Namespace) -> int:
    gc.disable()  # until all is loaded: what is imported stays, and looking through it costs a tenth of the start
    from fastchat_tui.launch import run

    return run(arguments)


def no_screen() -> str:
    """Why the full screen cannot be shown here; empty when it can."""
    instead = "In scripts and pipes use: fastchat-tui ask “…”"
    for name, stream in (("standard input", sys.stdin), ("standard output", sys.stdout)):
        if not stream.isatty():
            return f"the full screen needs a terminal, and {name} is none.\n  {instead}"
    if os.environ.get("TERM") == "dumb":
        return f"the full screen needs a terminal that can move its cursor, and TERM is “dumb”.\n  {instead}"
    return ""


def make_parser(*, commands: bool = True) -> Parser:
    top = Parser(
        prog="fastchat-tui",
        description="Chat with any model over your MCP servers in a full-screen terminal, and see every call it makes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common()],
        allow_abbrev=False,
    )
    top.set_defaults(command="chat", config="", model="", base_url="", system="", session="", demo=False)
    top.add_argument("--version", action="version", version=f"fastchat-tui {__version__}")
    top.add_argument("--theme", default="", metavar="NAME", help="the theme of this run")
    top.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    if commands:
        _add_commands(top.add_subparsers(title="commands, without the screen", metavar="COMMAND"))
    return top


def _add_commands(commands: argparse._SubParsersAction[Parser]) -> None:
    ask = _command(commands, "ask", "Ask once; the answer goes to stdout.")
    ask.add_argument("message", nargs="*", help="the message; what is piped in follows it; “-”: read it from stdin")
    ask.add_argument(
        "--output",
        choices=("text", "json", "jsonl"),
        default="text",
        help="text, one object at the end, or every event",
    )
    ask.add_argument("--allow", action="append", default=[], metavar="SERVER.TOOL", help="run it unasked; may end in *")
    ask.add_argument("--yes", action="store_true", help="run every tool unasked")
    ask.add_argument("--no-tools", action="store_true", help="start no server")

    servers = _command(commands, "servers", "List the configured servers and how they came up.")
    servers.add_argument("--json", action="store_true", help="as JSON")
    _servers(servers)

    for what in ("tools", "resources", "prompts"):
        offers = _command(commands, what, f"List the {what} that the servers offer.")
        offers.add_argument("server", nargs="?", default="", help="only those of this server")
        offers.add_argument("--json", action="store_true", help="as JSON, with everything that is known of them")

    call = _at_server(commands, "call", "Call one tool by hand, without a model.")
    call.add_argument("tool", help="the tool's name")
    call.add_argument("arguments", nargs="?", default="{}", help="a JSON object; “-” reads it from stdin")
    call.add_argument("--json", action="store_true", help="the result as JSON")

    read = _at_server(commands, "read", "Print what a resource of a server holds.")
    read.add_argument("uri", help="the resource's URI")
    read.add_argument("--save", default="", metavar="FILE", help="into a new file, byte for byte")
    read.add_argument("--json", action="store_true", help="as JSON, what is no text as Base64")

    prompt = _at_server(commands, "prompt", "Print a prompt of a server, filled in.")
    prompt.add_argument("prompt", help="the prompt's name")
    prompt.add_argument("arguments", nargs="*", metavar="NAME=VALUE", help="its arguments")
    prompt.add_argument("--json", action="store_true", help="its messages as JSON")

    doctor = _command(commands, "doctor", "Find out what is wrong: configuration, keyring, model, servers.")
    doctor.add_argument("server", nargs="?", default="", help="only this server")
    doctor.add_argument("--json", action="store_true", help="as JSON")

    secret = _command(commands, "secret", "Keep a value in the keyring, for ${keyring:NAME} in a server's entry.")
    secret.add_argument("name", help="how it is called there; the value is asked for, or read from stdin")
    secret.add_argument("--forget", action="store_true", help="take it out again")

    login = _at_server(commands, "login", "Sign in at a server, in your browser.")
    login.add_argument("--no-browser", action="store_true", help="print the address, and take the one it ends at")

    _at_server(commands, "logout", "Forget the sign-in at a server; revoke it where that is offered.")

    auth = _command(commands, "auth", "Tell which sign-ins are kept.")
    auth.add_argument("what", choices=("status",), help="the sign-ins that are kept; no secret is printed")
    auth.add_argument("--json", action="store_true", help="as JSON")


def _at_server(commands: argparse._SubParsersAction[Parser], name: str, text: str) -> Parser:
    """A command for one server."""
    command = _command(commands, name, text)
    command.add_argument("server", help="the server's name in the configuration")
    return command


def _servers(servers: Parser) -> None:
    """``servers`` alone lists them; with a word behind it the configuration is changed, and nothing started."""
    servers.set_defaults(action="list")
    actions = servers.add_subparsers(title="changes to the configuration", metavar="ACTION")

    add = _command(actions, "add", "Add a server: NAME -- COMMAND ARGS…, or NAME URL.", of="servers")
    add.add_argument("name", help="how it is to be called")
    add.add_argument("place", nargs="+", metavar="COMMAND|URL", help="behind “--”: the command with its arguments")
    add.add_argument("--header", action="append", default=[], metavar="NAME=VALUE", help="sent to the URL")
    add.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="a variable of the command")
    bring = _command(actions, "import", "Show the servers of other programs, and take them over.", of="servers")
    bring.add_argument("--write", action="store_true", help="add the new ones to your own configuration file")
    bring.add_argument("--from", dest="app", choices=APPS, default="", help="only those of one program")
    bring.add_argument("--json", action="store_true", help="as JSON, secrets left out")
    for name, text in (
        ("remove", "Take a server out of the configuration file."),
        ("enable", "Switch a server on, as Space does on the screen."),
        ("disable", "Switch a server off, as Space does on the screen."),
    ):
        _command(actions, name, text, of="servers").add_argument("name", help="the server's name")


def _command(commands: argparse._SubParsersAction[Parser], name: str, text: str, of: str = "") -> Parser:
    command = commands.add_parser(
        name,
        help=text,
        description=text,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common()],
        allow_abbrev=False,
    )
    if of:
        command.set_defaults(command=of, action=name)
    else:
        command.set_defaults(command=name, quiet=False)
    command.add_argument("-q", "--quiet", action="store_true", default=argparse.SUPPRESS, help="no narration on stderr")
    return command


def _common() -> Parser:
    """Options that may stand before and after a command, so that behind it no default undoes what stood before it."""
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--config", metavar="FILE", help="the configuration; naming it is consent to what it starts")
    common.add_argument("--model", metavar="NAME", help="the model")
    common.add_argument("--base-url", metavar="URL", help="the endpoint of the model's API")
    common.add_argument("--system", metavar="TEXT", help="the system prompt")
    common.add_argument("--demo", action="store_true", help="a scripted model and a bundled server: no key, no network")
    session = common.add_mutually_exclusive_group()
    session.add_argument(
        "--continue", dest="session", action="store_const", const="continue", help="go on with the last session"
    )
    session.add_argument("--session", metavar="ID", help="go on with this session")
    return common

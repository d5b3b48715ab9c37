"""What to do, for somebody who has no screen: what is a key there is an option here."""

from __future__ import annotations

_INSTEAD = (
    ("F5 tries again; or ask to continue.", "Run it again; or ask it to go on, with --continue."),
    ("differently, or F5 to let it go on", "differently, with --continue"),
    ("; F5 tries again", ", then run it again"),
    ("F5 tries again", "Run it again"),
    ("then F5", "then run it again"),
    ("Paste a key (Ctrl+P, “key”), set OPENAI_API_KEY,", "Set OPENAI_API_KEY, paste a key in the full screen,"),
    ("(Ctrl+P, “key”)", "(in the full screen)"),
    ("a new session (Ctrl+N), switch servers off (F2),", "without --continue, leave the tools out (--no-tools),"),
    ("(/model)", "(--model)"),
    ("endpoint with /model", "endpoint with --base-url"),
    ("Set it with /model", "Set it with --base-url"),
    ("with /model", "with --model"),
    ("See the servers pane for", "“fastchat-tui servers” tells"),
    ("switch the servers off (F2)", "leave the tools out (--no-tools)"),
    ("Switch servers or tools off with Space (F2)", "Switch servers off with “fastchat-tui servers disable NAME”"),
    ("in the servers pane (F2)", "in the full screen"),
    ("in the servers pane", "in the full screen, or with “fastchat-tui servers enable”"),
    ("Ctrl+S lists the sessions.", "--continue takes the last one."),
    (" with Esc", ""),
)


def without_screen(remedy: str) -> str:
    for key, option in _INSTEAD:
        remedy = remedy.replace(key, option)
    return remedy

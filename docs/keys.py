"""Makes docs/keys.md, the ids of all keys, from the table of keys: ``python docs/keys.py``."""

from __future__ import annotations

from pathlib import Path

from fastchat_tui.tui.bindings import TABLE
from fastchat_tui.tui.modals.texts import PLACES

HEAD = """\
# Keys and their ids

Each id can be given other keys in `settings.toml` in your configuration folder (`~/.config/fastchat-tui/` on Linux),
several with commas between them. The key is then theirs: what had it before loses it. An empty text leaves no key.

```toml
[keymap]
"chat.sessions" = "f7"
"composer.send" = "ctrl+s"
"composer.newline" = "enter,ctrl+j"
```
"""


def text() -> str:
    lines = [HEAD]
    heading = ""
    for region in dict.fromkeys(row.region for row in TABLE):
        if heading != (heading := PLACES[region]):
            lines += [f"\n## {heading}\n\n| id | keys | does |\n|---|---|---|"]
        lines += [f"| `{row.id}` | {_code(row.keys)} | {row.help} |" for row in TABLE if row.region == region]
    return "\n".join(lines) + "\n"


def _code(keys: str) -> str:
    return " ".join(f"`{key}`" for key in keys.split(","))


if __name__ == "__main__":
    Path(__file__).with_name("keys.md").write_text(text(), encoding="utf-8")

"""What the demo's model says, and how it tells what a tool answered."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from typing import Any

INTRODUCTION = """\
I am the **scripted model** of the demo: no network, no key, and only a few words that I understand. \
The server, its tools and the screen are real.

"""
HELP = """\
Try one of these:

| say | and I call |
|:--|:--|
| *What time is it in Tokyo, and what is in my notes?* | `get_time` and `list_files` at once |
| *Compare the time in Oslo, Paris and Sydney* | `get_time` three times at once |
| *Read my notes* | `list_files`, then `read_file` for each |
| *Show data/temperatures.csv* | `read_file` |
| *Remember that the train leaves at nine* | `remember` |
| *Search the notebook for train* | `search_notes` |
| *Count slowly to ten* | `count_slowly`, with progress: **Esc** stops it |
| *Fail* | `always_fails` |

Say *markdown*, *table* or *code* to see how text is drawn.
"""
HELLO = "Hello! " + HELP
THANKS = "You are welcome. Say *help* to see what else there is."
WHO = INTRODUCTION + "Start `fastchat-tui` without `--demo` to chat with a real one.\n"
LOST = "I am only a script, and have no answer to that. " + HELP
OFF = (
    "The tool for that is not there: it or its server is switched off, or the server is still starting. "
    "The servers pane (**F2**) shows it; then ask again."
)
TABLE = """\
| drawn here | how |
|:--|--:|
| tables | wide ones scroll |
| wide text | 東京 🎌 |
| `code` in cells | **bold**, too |
"""
CODE = '''\
```python
def greet(name: str) -> str:
    """Say hello."""
    return f"Hello, {name}!"
```

Press **y** on it to copy.
'''
MARKDOWN = f"""\
## Text, as it is drawn here

A paragraph with **bold**, *italic*, ~~struck~~ and `inline code`, and a [link](https://modelcontextprotocol.io).

1. First
2. Second
   - nested, with an emoji 🎌 and wide text 東京

> Quotes have a bar.

{TABLE}
{CODE}"""
CARDS = "\n\nThe cards above hold the calls, the calls pane (**F3**) every byte of them."
MAX_ROWS = 20
MAX_LINES = 60


def told(tool: str, arguments: Mapping[str, Any], answer: str, *, is_error: bool) -> str:
    """One result, in a form that suits it."""
    answer = answer.strip()
    if is_error:
        reason = "\n".join(f"> {line}" for line in answer.splitlines()[:6])
        what = "failed, as it always does" if tool == "always_fails" else "did not work"
        return f"`{tool}` {what}:\n\n{reason}\n\nA tool that fails is an answer like any other: the chat goes on."
    match tool:
        case "get_time":
            place = str(arguments.get("timezone", "UTC")).rpartition("/")[2].replace("_", " ")
            return f"- In {place} it is **{answer}**"
        case "list_files":
            where = str(arguments.get("path", "."))
            lines = "\n".join(f"- `{line.split('  ')[0]}`{_size(line)}" for line in answer.splitlines())
            return f"In {'the folder' if where == '.' else f'`{where}`'} there are:\n\n{lines}"
        case "read_file":
            return f"### {arguments.get('path', 'The file')}\n\n{_contents(str(arguments.get('path')), answer)}"
        case "search_notes":
            return f"The notebook answers:\n\n{_quoted(answer)}"
        case "remember":
            return f"{answer} It lives as long as this demo; *search* finds it again."
        case "count_slowly":
            return (
                f"{answer} Its card shows how long it took, and the *timing* tab of the calls pane (**F3**) each step."
            )
        case _:
            return _quoted(answer)


def _contents(path: str, text: str) -> str:
    if path.endswith(".csv") and (rows := list(csv.reader(text.splitlines()))):
        head, *body = rows
        table = [head, [":--"] * len(head), *body[:MAX_ROWS]]
        return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in table)
    if path.endswith(".md"):
        return _quoted(text)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}\n" + "\n".join(text.splitlines()[:MAX_LINES]) + f"\n{fence}"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines()[:MAX_LINES])


def _size(line: str) -> str:
    return f" – {line.partition('  ')[2]}" if "  " in line else ""

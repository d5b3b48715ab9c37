"""The system's clipboard, by the tool that is there; the terminal's own (OSC 52) is Textual's business."""

from __future__ import annotations

import shutil
import subprocess
import sys

TOOLS = (
    ("pbcopy",),
    ("wl-copy",),
    ("xclip", "-selection", "clipboard"),
    ("xsel", "--clipboard", "--input"),
    ("clip.exe",),
)


def copy(text: str) -> bool:
    """Whether a tool took it. Blocks for a second at most: call it in a thread."""
    for tool in TOOLS:
        if (path := shutil.which(tool[0])) is None or (tool[0] == "pbcopy" and sys.platform != "darwin"):
            continue
        try:
            subprocess.run([path, *tool[1:]], input=text.encode(), timeout=1.0, check=True, capture_output=True)
        except (OSError, subprocess.SubprocessError):
            continue
        return True
    return False

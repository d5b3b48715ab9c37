"""What the demo's folder holds."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "welcome.md": "# Welcome\n\nThis folder belongs to the demo server. Ask what is in it, or what this file says.\n",
    "notes/tokyo.md": "# Tokyo\n\n- Land at Haneda on Friday, 09:40\n- Hotel in Yanaka, two nights\n"
    "- Ask Yuki about the jazz bar\n- The museum is closed on Mondays\n",
    "notes/shopping.txt": "rice\nmiso\nspring onions\ngreen tea\n",
    "data/temperatures.csv": "city,month,celsius\nTokyo,January,5.4\nTokyo,July,25.7\n"
    "Oslo,January,-4.3\nOslo,July,17.7\n",
}


def prepare(folder: Path) -> None:
    """Writes the sample files that are not there yet."""
    for name, text in FILES.items():
        path = folder / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

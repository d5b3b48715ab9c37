"""What a server holds, into a file of the user: whole, exact, and never over something that is there."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path

from fastchat_tui.wire.content import EmbeddedResource
from fastchat_tui.wire.errors import CommandError


def write_new(path: str, held: Sequence[EmbeddedResource]) -> int:
    """Blocks. Several parts are written one after the other. Raises CommandError."""
    content = b"".join(_bytes(part) for part in held)
    try:
        with Path(path).expanduser().open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise CommandError(f"{path} is there already.", "Give another name.") from None
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise CommandError(f"{path} cannot be written: {why}.", "Give another place.") from error
    return len(content)


def _bytes(part: EmbeddedResource) -> bytes:
    if not part.blob:
        return part.text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(part.blob, validate=True)
    except binascii.Error as error:
        raise CommandError(f"{part.uri} holds no valid base64: {error}.", "Tell the server's author.") from error

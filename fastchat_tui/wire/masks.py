"""Secrets in texts: found by value, however they are quoted, and by shape; shown as ``•••``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

MASK = "•••"
MIN_SECRET = 6
_PEM = "-----"
_MIN_PEM_LINE = 16

_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:[spr]k[-_]|gsk_|xai-|gh[oprsu]_|github_pat_|glpat-|dop_v1_|shpat_|xapp-|xox[a-z]-)[A-Za-z0-9_\-]{12,}"
    r"|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_\-]{50,}|ya29\.[A-Za-z0-9_\-]{20,}"
    r"|AIza[A-Za-z0-9_\-]{30,}|A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9]))"
    r"|(?<![A-Za-z0-9_\-])eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?"
    r"|(?i:(?<=bearer )|(?<=basic ))[A-Za-z0-9._~+/\-]{12,}=*"
    r"|(?<=://)(?:[^/\s:@]+:[^/\s@]+|[^/\s:@]{6,})(?=@)"
)
"""Keys of well-known providers, JSON Web Tokens, credentials in headers and in front of a host. Each alternative fails
within the run of characters where it began, so that no hostile text makes it slow."""
_NAMED = re.compile(
    r"((?:(?:access|refresh|id)[_-]?token|client[_-]?(?:secret|assertion)|code[_-]?verifier|api[_-]?key|passw(?:or)?d"
    r"|passphrase|[?&](?:code|token|key|sig|signature|secret|auth))"
    r"""(?:\\?["'])?\s*[=:]\s*(?:\\?["'])?)([^\s"'&,;}\\•]{6,})""",
    re.IGNORECASE,
)
"""``access_token=…``, ``"client_secret": "…"`` and the like: what stands behind a name that no other value has."""
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)[^-]+")
_KEYS = """
sk- sk_ pk- pk_ rk- rk_ xai- ghp_ gho_ ghr_ ghs_ ghu_ github_pat_ glpat- dop_v1_ shpat_ xapp- xox hf_ npm_ pypi- ya29.
aiza akia asia eyj bearer basic @
"""
_NAMES = """
_token -token accesstoken refreshtoken idtoken ?token &token secret assertion verifier api_key api-key apikey passw
passphrase ?code &code ?key &key ?sig &sig ?auth &auth
"""
_PATTERNS = (
    (_SHAPES, MASK, _KEYS.split()),
    (_NAMED, rf"\1{MASK}", _NAMES.split()),
    (_PRIVATE_KEY, rf"\1{MASK}", ["private key--"]),
)
"""Each with what it puts in the place, and the words without which there is nothing to look for: finding none of them
is many times as fast as the pattern."""


class Masker:
    """Replaces secrets by ``•••``: every known value, and whatever has the shape of a key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: tuple[str, ...] = ()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Values shorter than six characters are not learnt: masking them would blot out ordinary text."""
        known = {form for secret in secrets for form in _forms(secret) if len(form) >= MIN_SECRET}
        if not known <= set(self._known):
            self._known = tuple(sorted(known.union(self._known), key=len, reverse=True))

    def holds(self, text: str) -> bool:
        """Whether ``text`` contains a known secret, as it is or as JSON or a URL spells it."""
        return any(secret in text for secret in self._known)

    def mask(self, text: str) -> str:
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def mask_shapes(self, text: str) -> str:
        """``mask``, and whatever looks like a key: for error texts, logs and frames, not for chats."""
        text = self.mask(text)
        low = text.lower()
        for pattern, instead, words in _PATTERNS:
            if any(word in low for word in words):
                text = pattern.sub(instead, text)
        return text

    def begun(self, text: str) -> int:
        """How many characters at the end of ``text`` may be the beginning of a known secret."""
        return max((_begun(text, secret) for secret in self._known), default=0)


def is_key(text: str) -> bool:
    """Whether it is a key and nothing else."""
    return bool(_SHAPES.fullmatch(text))


def shaped(text: str) -> Iterator[str]:
    """Whatever in ``text`` has the shape of a key."""
    return (match[0] for match in _SHAPES.finditer(text))


def _begun(text: str, secret: str) -> int:
    at = text.find(secret[0], max(0, len(text) - len(secret) + 1))
    while at >= 0:
        if secret.startswith(text[at:]):
            return len(text) - at
        at = text.find(secret[0], at + 1)
    return 0


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is, as JSON, URLs and Python write it, and each line of one that has several."""
    secret = secret.strip()
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(secret, safe="", errors="replace")
    yield repr(secret)[1:-1]
    yield repr(secret.encode("utf-8", "replace"))[2:-1]
    if "\n" in secret:
        lines = map(str.strip, secret.splitlines())
        yield from (line for line in lines if len(line) >= _MIN_PEM_LINE and not line.startswith(_PEM))

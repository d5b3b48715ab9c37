"""How an entry says to sign in: its ``oauth``, and the ``auth.post_body`` of fastchat's own files."""

from __future__ import annotations

from typing import get_args
from urllib.parse import urlsplit

from fastchat_tui.config.values import Wrong, mapping, strings, text
from fastchat_tui.wire.content import Object
from fastchat_tui.wire.servers import NO_OAUTH, Grant, OAuth

_OTHER_NAMES: dict[str, str] = {
    "clientId": "client_id",
    "clientSecret": "client_secret",
    "clientMetadataUrl": "client_metadata_url",
    "scope": "scopes",
    "callbackPort": "port",
    "callback_port": "port",
    "redirectUri": "redirect_uri",
}
_TEXTS = (
    "client_id",
    "client_secret",
    "private_key",
    "signing_algorithm",
    "assertion",
    "assertion_file",
    "client_metadata_url",
    "issuer",
    "redirect_uri",
)


def oauth(entry: Object) -> OAuth:
    """Raises Wrong."""
    given = entry.get("oauth", {})
    if not isinstance(given, dict):
        raise Wrong("“oauth” must be an object with client_id, scopes and the like.")
    named: Object = {_OTHER_NAMES.get(str(key), str(key)): value for key, value in given.items()}
    scopes = named.get("scopes", "")
    auth = entry.get("auth")
    found = OAuth(
        grant=_grant(named),
        port=_port(named),
        scopes=scopes if isinstance(scopes, str) else " ".join(strings(named, "scopes")),
        form=mapping(auth, "post_body") if isinstance(auth, dict) else {},
        identity_provider=mapping(named, "identity_provider"),
        **{key: text(named, key) for key in _TEXTS if key in named},
    )
    _check(found)
    return found


def _grant(named: Object) -> Grant:
    grants: dict[object, Grant] = {grant: grant for grant in get_args(Grant)}
    grant = named.get("grant", NO_OAUTH.grant)
    if not isinstance(grant, str) or grant not in grants:
        raise Wrong(f"“oauth.grant” must be one of {', '.join(get_args(Grant))}.")
    return grants[grant]


def _port(named: Object) -> int:
    port = named.get("port", 0)
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port < 65536:
        raise Wrong("“oauth.port” must be the number of a port.")
    return port


def _check(found: OAuth) -> None:
    if found.grant != "authorization_code" and not found.client_id:
        raise Wrong(f"“oauth.client_id” is missing: {found.grant} belongs to a client.")
    if found.grant == "client_credentials" and not (found.client_secret or found.private_key):
        raise Wrong("“oauth.client_secret” or “oauth.private_key” is missing: client_credentials needs one of them.")
    if found.grant == "jwt_bearer" and not (found.assertion or found.assertion_file):
        raise Wrong("“oauth.assertion_file” (or “oauth.assertion”) is missing: jwt_bearer needs the token.")
    if found.grant == "jwt_bearer" and not found.issuer:
        raise Wrong("“oauth.issuer” is missing: the token of jwt_bearer goes to no other than it.")
    if found.identity_provider and not {"token_endpoint", "client_id"} <= set(found.identity_provider):
        raise Wrong("“oauth.identity_provider” must hold token_endpoint and client_id.")
    for key, url, schemes in (
        ("issuer", found.issuer, ("https", "http")),
        ("redirect_uri", found.redirect_uri, ("https", "http")),
        ("client_metadata_url", found.client_metadata_url, ("https",)),
        ("identity_provider.token_endpoint", found.identity_provider.get("token_endpoint", ""), ("https", "http")),
    ):
        if url and not _is_url(url, schemes):
            raise Wrong(f"“oauth.{key}” must be an address that begins with {schemes[0]}://.")
    if found.client_metadata_url and urlsplit(found.client_metadata_url).path in ("", "/"):
        raise Wrong("“oauth.client_metadata_url” must name a document, as in https://example.com/client.json.")


def _is_url(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False

"""The flow of a sign-in against servers that are not as they should be: each answer is a line of a test."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from fastchat_tui.auth.by_person import MAX_STEP_UPS, ByPerson
from fastchat_tui.auth.desk import SignInError
from fastchat_tui.auth.sign_in import ServerSignIn, sign_ins
from fastchat_tui.wire.commands import Answer
from fastchat_tui.wire.questions import SignIn
from fastchat_tui.wire.servers import OAuth, ServerSpec
from tests.fakes.world import MemoryVault

MCP = "https://mcp.example/mcp"
LOGIN = "https://login.example"
METADATA = {
    "issuer": LOGIN,
    "authorization_endpoint": f"{LOGIN}/authorize",
    "token_endpoint": f"{LOGIN}/token",
    "registration_endpoint": f"{LOGIN}/register",
    "code_challenge_methods_supported": ["S256"],
}


@dataclass
class Scene:
    """A server, its authorization server and a person, without a network."""

    folder: Path
    oauth: OAuth = field(default_factory=OAuth)
    vault: MemoryVault = field(default_factory=MemoryVault)
    metadata: dict[str, Any] | None = field(default_factory=lambda: dict(METADATA))
    named: str = LOGIN
    """The authorization server, as the MCP server spells it."""
    client: dict[str, Any] = field(default_factory=dict)
    wants: str = ""
    """A scope that no token is enough for."""
    told: bool = True
    """The MCP server says where to sign in."""
    refresh: httpx2.Response | None = None
    """The answer to a refresh, if it is not the usual one."""
    knows: bool = True
    """The authorization server knows the clients that it registered."""
    sent: list[httpx2.Request] = field(default_factory=list)
    asked: list[SignIn] = field(default_factory=list)
    learned: list[str] = field(default_factory=list)
    """The secrets that are never to be shown."""
    tokens: int = 0

    def sign_in(self) -> ServerSignIn:
        make = sign_ins(self.vault, self.folder, self.learned.extend)
        made = make(
            ServerSpec("s", "http", url=MCP, oauth=self.oauth), self.ask, lambda text, remedy: None, nullcontext
        )
        made.auth.errands.run = self.errand  # type: ignore[method-assign]
        made.invite()
        return made

    async def request(self, sign_in: ServerSignIn) -> int:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(self.serve), auth=sign_in.auth) as client:
            return (await client.post(MCP, json={})).status_code

    def serve(self, request: httpx2.Request) -> httpx2.Response:
        if request.headers.get("authorization") != f"Bearer token-{self.tokens}" or not self.tokens:
            return httpx2.Response(401, headers={"www-authenticate": "Bearer"})
        if self.wants:
            challenge = f'Bearer error="insufficient_scope", scope="{self.wants}"'
            return httpx2.Response(403, headers={"www-authenticate": challenge})
        return httpx2.Response(200)

    async def errand(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        match request.url.path:
            case "/.well-known/oauth-protected-resource/mcp" if self.told:
                return httpx2.Response(200, json={"resource": MCP, "authorization_servers": [self.named]})
            case "/.well-known/oauth-authorization-server" if self.metadata is not None:
                return httpx2.Response(200, json=self.metadata)
            case "/register":
                asked = json.loads(request.content)
                self.knows = True
                return httpx2.Response(201, json={**asked, "client_id": f"client-{len(self.sent)}", **self.client})
            case "/token" if self.refresh is not None and b"refresh_token" in request.content:
                return self.refresh
            case "/token":
                self.tokens += 1
                return httpx2.Response(
                    200, json={"access_token": f"token-{self.tokens}", "token_type": "Bearer", "refresh_token": "again"}
                )
            case _:
                return httpx2.Response(404)

    async def ask(self, about: SignIn) -> Answer:
        self.asked.append(about)
        if not self.knows:  # the page says so, and nobody comes back
            return Answer("q", "deny")
        state = parse_qs(urlsplit(about.url).query)["state"][0]
        return Answer("q", "accept", text=f"{about.redirect}?code=c&state={state}")

    def of(self, path: str) -> list[httpx2.Request]:
        return [request for request in self.sent if request.url.path == path]


async def test_a_slash_after_the_host_of_an_issuer_makes_no_other_of_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, named=f"{LOGIN}/")
    sign_in = scene.sign_in()
    assert await scene.request(sign_in) == 200
    await sign_in._grant.drop("tokens")
    scene.tokens, scene.knows = 7, False
    sign_in.invite()
    with pytest.raises(SignInError, match="cancelled"):
        await scene.request(sign_in)
    assert len(scene.asked) == 2  # nobody is asked once more because of a slash


async def test_every_secret_that_is_granted_is_known_to_be_one_also_after_a_restart(tmp_path: Path) -> None:
    scene = Scene(tmp_path, client={"client_secret": "s3cr3t-v4lue"})
    for _ in range(2):
        scene.learned.clear()
        assert await scene.request(scene.sign_in()) == 200
        assert {"token-1", "again", "s3cr3t-v4lue"} <= set(scene.learned)
    assert len(scene.asked) == 1


async def test_another_issuer_is_another(tmp_path: Path) -> None:
    scene = Scene(tmp_path, metadata={**METADATA, "issuer": "https://evil.example"})
    with pytest.raises(SignInError, match=r"issuer mismatch: https://evil\.example != https://login\.example"):
        await scene.request(scene.sign_in())
    assert (scene.asked, scene.of("/token")) == ([], [])


@pytest.mark.parametrize("metadata", [None, {**METADATA, "authorization_endpoint": "javascript:alert(1)"}])
async def test_where_no_metadata_can_be_used_nobody_is_sent_anywhere(
    tmp_path: Path, metadata: dict[str, Any] | None
) -> None:
    scene = Scene(tmp_path, metadata=metadata)
    with pytest.raises(SignInError, match="no metadata"):
        await scene.request(scene.sign_in())
    assert scene.asked == []


async def test_a_secret_goes_to_no_place_that_was_guessed(tmp_path: Path) -> None:
    oauth = OAuth(grant="client_credentials", client_id="me", client_secret="s3cr3t-v4lue", issuer=LOGIN)
    scene = Scene(tmp_path, oauth, metadata=None)
    with pytest.raises(SignInError):
        await scene.request(scene.sign_in())
    assert scene.of("/token") == []


@pytest.mark.parametrize(("taken", "in_body"), [(["client_secret_post"], True), (None, False)])
async def test_a_secret_is_sent_the_way_that_is_taken(tmp_path: Path, taken: list[str] | None, in_body: bool) -> None:
    metadata = {**METADATA, "token_endpoint_auth_methods_supported": taken}
    scene = Scene(tmp_path, OAuth(client_id="me", client_secret="s3cr3t-v4lue"), metadata=metadata)
    assert await scene.request(scene.sign_in()) == 200
    scene.tokens += 1  # the server takes that token no more, also not after a restart
    assert await scene.request(scene.sign_in()) == 200
    for request in scene.of("/token"):
        assert (b"client_secret=s3cr3t-v4lue" in request.content) is in_body
        assert ("authorization" in request.headers) is not in_body
    assert [b"refresh_token" in request.content for request in scene.of("/token")] == [False, True]


async def test_a_server_that_is_never_content_is_left_after_a_few_times(tmp_path: Path) -> None:
    scene = Scene(tmp_path, wants="admin")
    sign_in = scene.sign_in()
    statuses = [await scene.request(sign_in) for _ in range(6)]
    assert statuses == [403] * 6
    assert len(scene.asked) == 1 + MAX_STEP_UPS


async def test_rights_that_were_enough_leave_the_next_step_up_its_tries(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    sign_in = scene.sign_in()
    assert await scene.request(sign_in) == 200
    for scope in "abcdef":
        scene.wants = scope
        assert await scene.request(sign_in) == 403
        assert scope in scene.asked[-1].scopes.split()
        scene.wants = ""
        assert await scene.request(sign_in) == 200


async def test_a_client_that_was_forgotten_is_registered_anew_at_the_second_try(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    sign_in = scene.sign_in()
    assert await scene.request(sign_in) == 200
    await sign_in._grant.drop("tokens")
    scene.tokens, scene.knows = 7, False
    sign_in = scene.sign_in()
    with pytest.raises(SignInError, match="cancelled"):
        await scene.request(sign_in)
    assert len(scene.of("/register")) == 1
    sign_in.invite()
    assert await scene.request(sign_in) == 200
    assert len(scene.of("/register")) == 2


async def test_a_client_whose_secret_has_ended_is_registered_anew(tmp_path: Path) -> None:
    scene = Scene(tmp_path, client={"client_secret": "s3cr3t-v4lue", "client_secret_expires_at": int(time.time()) - 9})
    sign_in = scene.sign_in()
    assert await scene.request(sign_in) == 200
    await sign_in._grant.drop("tokens")
    scene.tokens = 7
    assert await scene.request(scene.sign_in()) == 200
    assert len(scene.of("/register")) == 2


async def test_what_another_window_was_granted_is_used_before_anybody_is_asked(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    first = scene.sign_in()
    assert isinstance(first.auth, ByPerson)
    first.auth.asking = False
    assert await scene.request(first) == 401
    assert await scene.request(scene.sign_in()) == 200
    assert await scene.request(first) == 200
    assert len(scene.asked) == 1


async def test_an_invitation_ends_with_the_token_that_is_taken(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    sign_in = scene.sign_in()
    assert await scene.request(sign_in) == 200
    sign_in.invite()
    assert await scene.request(sign_in) == 200
    await sign_in.forget()
    assert await scene.request(sign_in) == 401
    assert len(scene.asked) == 1


@pytest.mark.parametrize("spelt", [LOGIN, f"{LOGIN}/"])
@pytest.mark.parametrize("told", [True, False])
async def test_the_issuer_of_the_entry_is_gone_to_also_where_the_server_names_none(
    tmp_path: Path, told: bool, spelt: str
) -> None:
    scene = Scene(tmp_path, OAuth(issuer=spelt), told=told)
    assert await scene.request(scene.sign_in()) == 200


@pytest.mark.parametrize(
    "oauth",
    [
        OAuth(client_id="me", client_secret="s3cr3t-v4lue", issuer=LOGIN),
        OAuth(issuer=LOGIN),
        OAuth(grant="client_credentials", client_id="me", client_secret="s3cr3t-v4lue", issuer=LOGIN),
        OAuth(grant="jwt_bearer", client_id="me", assertion="a.b.c", issuer=LOGIN),
    ],
)
async def test_a_server_that_leads_to_another_issuer_than_the_entry_is_not_followed(
    tmp_path: Path, oauth: OAuth
) -> None:
    evil = "https://evil.example"
    scene = Scene(tmp_path, oauth, named=evil, metadata={**METADATA, "issuer": evil, "token_endpoint": f"{evil}/token"})
    with pytest.raises(SignInError, match=r"evil\.example.*, but its entry names https://login\.example"):
        await scene.request(scene.sign_in())
    assert (scene.asked, scene.of("/token"), scene.of("/register")) == ([], [], [])


def answered(status: int, body: Any = "") -> httpx2.Response:
    return httpx2.Response(status, json=body) if body else httpx2.Response(status, text="<html>")


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        (answered(400, {"error": "invalid_grant"}), True),
        (answered(401, {"error": "invalid_client"}), True),
        (answered(503, {"error": "temporarily_unavailable"}), False),
        (answered(429), False),
        (answered(403), False),
        (answered(404), False),
        (answered(302), False),
        (answered(200), False),
        (answered(200, {"hello": "you"}), False),
    ],
)
async def test_only_a_clear_no_costs_the_refresh_token(tmp_path: Path, answer: httpx2.Response, lost: bool) -> None:
    scene = Scene(tmp_path)
    sign_in = scene.sign_in()
    assert await scene.request(sign_in) == 200
    scene.tokens, scene.refresh = 7, answer
    if lost:
        assert await scene.request(sign_in) == 401
    else:
        with pytest.raises(SignInError, match=f"could not be renewed: the server answered {answer.status_code}"):
            await scene.request(sign_in)
    assert (await sign_in.look()).renews is not lost
    assert len(scene.asked) == 1


async def test_who_wants_to_sign_in_anew_can_though_the_renewal_fails(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    sign_in = scene.sign_in()
    assert await scene.request(sign_in) == 200
    scene.tokens, scene.refresh = 7, answered(500)
    sign_in.invite()
    assert await scene.request(sign_in) == 200
    assert len(scene.asked) == 2


async def test_a_sign_in_that_is_broken_off_leaves_what_could_be_renewed(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    sign_in = scene.sign_in()
    assert await scene.request(sign_in) == 200
    scene.tokens, scene.refresh, scene.knows = 7, answered(500), False
    sign_in.invite()
    with pytest.raises(SignInError, match="cancelled"):
        await scene.request(sign_in)
    scene.refresh = None
    assert await scene.request(sign_in) == 200
    assert len(scene.asked) == 2


@pytest.mark.parametrize(
    ("metadata", "told", "advice"),
    [(METADATA, True, "put its client_id into “oauth”"), (None, False, "put the “issuer” into “oauth”")],
)
async def test_who_registers_nobody_is_told_with_what_to_do(
    tmp_path: Path, metadata: dict[str, Any] | None, told: bool, advice: str
) -> None:
    class Closed(Scene):
        async def errand(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(403) if request.url.path == "/register" else await super().errand(request)

    scene = Closed(tmp_path, metadata=metadata, told=told)
    with pytest.raises(SignInError, match=rf"Registration failed \(HTTP 403\)\. .*{advice}"):
        await scene.request(scene.sign_in())
    assert scene.asked == []

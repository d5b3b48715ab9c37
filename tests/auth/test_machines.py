"""Sign-ins without anybody: what is sent, to whom, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fastchat_tui.auth.desk import SignInError
from fastchat_tui.wire.servers import OAuth
from tests.auth.test_provider import LOGIN, MCP, Scene

IDP = "https://idp.example/token"
TOKEN = "aGVhZA.Ym9keQ.c2lnbg"
WORKLOAD: dict[str, Any] = {"grant": "jwt_bearer", "client_id": "me", "issuer": LOGIN}


def form(request: httpx2.Request) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(request.content.decode()).items()}


async def test_a_key_signs_an_assertion_for_the_issuer_alone(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    oauth = OAuth(grant="client_credentials", client_id="me", private_key=pem, signing_algorithm="ES256", issuer=LOGIN)
    scene = Scene(tmp_path, oauth)
    assert await scene.request(scene.sign_in()) == 200
    sent = form(scene.of("/token")[0])
    claims = jwt.decode(sent["client_assertion"], key.public_key(), algorithms=["ES256"], audience=LOGIN)
    assert (claims["iss"], claims["sub"], sent["grant_type"]) == ("me", "me", "client_credentials")


@pytest.mark.parametrize("algorithm", ["RS256", "none", "no-such"])
async def test_a_key_that_cannot_sign_is_said_without_a_letter_of_it(tmp_path: Path, algorithm: str) -> None:
    oauth = OAuth(
        grant="client_credentials", client_id="me", private_key="s3cr3t-k3y", signing_algorithm=algorithm, issuer=LOGIN
    )
    scene = Scene(tmp_path, oauth)
    with pytest.raises(SignInError, match=r"Nothing could be signed with “oauth\.private_key”") as caught:
        await scene.request(scene.sign_in())
    assert "s3cr3t" not in str(caught.value)
    assert scene.of("/token") == []


@pytest.mark.parametrize("secret", ["", "s3cr3t-v4lue"])
async def test_the_token_of_a_workload_is_read_anew_for_each_exchange(tmp_path: Path, secret: str) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    scene = Scene(tmp_path, OAuth(**WORKLOAD, client_secret=secret, assertion_file=str(file), scopes="read"))
    sign_in = scene.sign_in()
    assert await scene.request(sign_in) == 200
    file.write_text("cmVuZXdlZA.Ym9keQ.c2lnbg")
    scene.tokens, scene.refresh = 7, httpx2.Response(400, json={"error": "invalid_grant"})
    assert await scene.request(sign_in) == 200
    exchanges = [request for request in scene.of("/token") if b"jwt-bearer" in request.content]
    sent = [form(request) for request in exchanges]
    assert [one["assertion"] for one in sent] == [TOKEN, "cmVuZXdlZA.Ym9keQ.c2lnbg"]
    assert {(one["client_id"], one["resource"], one["scope"]) for one in sent} == {("me", MCP, "read")}
    assert {"authorization" in request.headers for request in exchanges} == {bool(secret)}
    assert scene.asked == []


@pytest.mark.parametrize("content", ["-----BEGIN OPENSSH PRIVATE KEY-----", "a.b", "", None])
async def test_a_file_that_holds_no_token_goes_to_nobody(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    scene = Scene(tmp_path, OAuth(**WORKLOAD, assertion_file=str(file)))
    with pytest.raises(SignInError, match=r"holds no token|could not be read"):
        await scene.request(scene.sign_in())
    assert scene.of("/token") == []


class Company(Scene):
    """With an identity provider, which exchanges tokens of its own."""

    async def errand(self, request: httpx2.Request) -> httpx2.Response:
        if str(request.url) != IDP:
            return await super().errand(request)
        self.sent.append(request)
        if form(request)["subject_token"] != TOKEN:
            return httpx2.Response(400, json={"error": "invalid_grant", "error_description": TOKEN})
        return httpx2.Response(200, json={"access_token": "id-jag", "issued_token_type": "…:id-jag"})


def company(token: str) -> OAuth:
    exchange = {"token_endpoint": IDP, "client_id": "us", "client_secret": "1dp-s3cr3t"}
    return OAuth(**WORKLOAD, client_secret="s3cr3t", assertion=token, identity_provider=exchange)


async def test_the_companys_token_is_exchanged_there_first(tmp_path: Path) -> None:
    scene = Company(tmp_path, company(TOKEN))
    assert await scene.request(scene.sign_in()) == 200
    asked, used = (form(request) for request in scene.of("/token"))
    assert (asked["audience"], asked["resource"], asked["client_id"]) == (LOGIN, MCP, "us")
    assert asked["requested_token_type"].endswith(":id-jag")
    assert (used["assertion"], used["grant_type"]) == ("id-jag", "urn:ietf:params:oauth:grant-type:jwt-bearer")
    assert TOKEN not in scene.of("/token")[1].content.decode()


async def test_a_token_that_the_company_does_not_take_is_said_and_not_shown(tmp_path: Path) -> None:
    scene = Company(tmp_path, company("b2xk.b2xk.b2xk"))
    with pytest.raises(SignInError, match=r"did not exchange the token: invalid grant \(HTTP 400\)") as caught:
        await scene.request(scene.sign_in())
    assert TOKEN not in str(caught.value)

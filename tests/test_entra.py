"""People's tokens that hold and that do not; our own tokens by msal; against a small authority of our own and the sandbox's."""

import base64
import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from contract.conftest import sandbox_settings
from roombooker.entra import AppTokens, TokenVerifier, authority_of
from roombooker.errors import Denied, NotAllowed, NotSignedIn, RoomBookerError, Unavailable
from roombooker.settings import Settings
from roombooker.transport import Transport, open_session
from sandboxes import ALICE, CAROL, RunningSandbox, start_sandbox

TENANT, CLIENT, OTHER = (
    "5bd0f2c2-6a0e-4f57-9a4f-000000000001",
    "0b6f3a52-2f0d-4b8e-8d2e-000000000001",
    "aaaaaaaa-0000-4000-8000-000000000001",
)


class Authority:
    """Discovery and keys over http on loopback; `keys` maps kid to private key; `away` hangs up."""

    def __init__(self) -> None:
        self.keys: dict[str, RSAPrivateKey] = {"k1": _KEYS[0]}
        self.away = False
        self.fetches = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if outer.away:
                    self.send_error(503)
                    return
                body = json.dumps(outer.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    @property
    def issuer(self) -> str:
        return f"{self.url}/{TENANT}/v2.0"

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("openid-configuration"):
            return {"issuer": f"{self.url}/{{tenantid}}/v2.0", "jwks_uri": f"{self.url}/keys"}
        self.fetches += 1
        jwks = [json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig"} for kid, key in self.keys.items()]
        return {"keys": jwks}

    def token(self, *, kid: str = "k1", key: Any = None, alg: str = "RS256", without: str = "", **claims: Any) -> str:
        now = int(time.time())
        whole = {
            "iss": self.issuer, "aud": CLIENT, "tid": TENANT, "oid": "oid-alice", "iat": now, "nbf": now, "exp": now + 3600, "ver": "2.0",
            "azp": CLIENT, "scp": "Booking.ReadWrite", "name": "Alice", "preferred_username": "Alice.Jansen@Contoso.example",
        } | claims  # fmt: skip
        whole.pop(without, None)
        return jwt.encode(whole, key or self.keys.get(kid) or _KEYS[0], algorithm=alg, headers={"kid": kid})


_KEYS = [generate_private_key(65537, 2048) for _ in range(3)]


@pytest.fixture
def authority() -> Iterator[Authority]:
    running = Authority()
    yield running
    running.http.shutdown()
    running.http.server_close()


def settings(authority: Authority, **more: Any) -> Settings:
    return Settings(
        **({
            "topdesk_url": "http://localhost", "topdesk_username": "u", "topdesk_password": "p", "topdesk_person": "x", "topdesk_hook_secret": "s",
            "entra_tenant_id": TENANT, "entra_client_id": CLIENT, "entra_client_secret": "made-up", "entra_authority": authority.url,
            "read_timeout_seconds": 2.0,
        } | more)
    )  # fmt: skip


@pytest.fixture
def verifier(authority: Authority) -> Iterator[TokenVerifier]:
    yield from _verifier(settings(authority), cooldown=30)


def _verifier(s: Settings, cooldown: float) -> Iterator[TokenVerifier]:
    session = open_session(connect_timeout_seconds=1, read_timeout_seconds=2, ca_file=s.ca_file)
    yield TokenVerifier(s, Transport("entra", authority_of(s), session, clock=lambda: datetime.now(UTC)), refetch_cooldown_seconds=cooldown)
    session.close()


def test_a_good_token_tells_who_calls(authority: Authority, verifier: TokenVerifier) -> None:
    caller = verifier.verify(authority.token(roles=["RoomBooker.Admin"]))
    assert caller.key == f"{TENANT}:oid-alice"
    assert (caller.name, caller.email, caller.roles) == ("Alice", "alice.jansen@contoso.example", {"RoomBooker.Admin"})


def test_keys_are_fetched_once(authority: Authority, verifier: TokenVerifier) -> None:
    for _ in range(3):
        verifier.verify(authority.token())
    assert authority.fetches == 1


def _unsigned(authority: Authority) -> str:
    parts = authority.token().split(".")
    parts[0] = base64.urlsafe_b64encode(b'{"alg":"none","kid":"k1"}').decode().rstrip("=")
    return ".".join((*parts[:2], ""))


def _tampered(authority: Authority) -> str:
    head, body, signature = authority.token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["oid"] = "oid-somebody-else"
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.{signature}"


BAD: dict[str, Callable[[Authority], str]] = {
    "unsigned": _unsigned,
    "tampered": _tampered,
    "signed with the public key as a secret": lambda a: a.token(alg="HS256", key="x" * 64),
    "signed by somebody else": lambda a: a.token(key=_KEYS[1]),
    "of another algorithm": lambda a: a.token(alg="PS256"),
    "of an unknown key": lambda a: a.token(kid="nobody's"),
    "for another audience": lambda a: a.token(aud=OTHER),
    "for an API written as an address": lambda a: a.token(aud=f"api://{CLIENT}"),
    "of another issuer": lambda a: a.token(iss=f"https://evil.example/{TENANT}/v2.0"),
    "of another tenant": lambda a: a.token(tid=OTHER),
    "of another tenant's issuer": lambda a: a.token(tid=OTHER, iss=f"{a.url}/{OTHER}/v2.0"),
    "expired": lambda a: a.token(exp=int(time.time()) - 120),
    "not valid yet": lambda a: a.token(nbf=int(time.time()) + 600),
    "of version 1": lambda a: a.token(ver="1.0"),
    "without an expiry": lambda a: a.token(without="exp"),
    "without a tenant": lambda a: a.token(without="tid"),
    "without an object id": lambda a: a.token(without="oid"),
    "no token at all": lambda _: "hello",
    "empty": lambda _: "",
    "three dots": lambda _: "..",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_token_that_does_not_hold_signs_nobody_in(authority: Authority, verifier: TokenVerifier, name: str) -> None:
    with pytest.raises(NotSignedIn):
        verifier.verify(BAD[name](authority))


@pytest.mark.parametrize(
    "claims",
    [{"scp": "User.Read"}, {"scp": ""}, {"scp": "Booking.ReadWriteAll"}, {"without": "scp"}, {"azp": OTHER}, {"without": "azp"},
     {"without": "scp", "roles": ["Booking.ReadWrite"]}],
)  # fmt: skip
def test_a_token_for_something_else_is_not_allowed(authority: Authority, verifier: TokenVerifier, claims: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        verifier.verify(authority.token(**claims))


def test_a_little_clock_difference_is_forgiven(authority: Authority, verifier: TokenVerifier) -> None:
    assert verifier.verify(authority.token(exp=int(time.time()) - 20)).oid == "oid-alice"
    assert verifier.verify(authority.token(nbf=int(time.time()) + 20)).oid == "oid-alice"


def test_further_clients_may_be_allowed(authority: Authority) -> None:
    for verifier in _verifier(settings(authority, allowed_clients=f" {OTHER} ,"), 30):
        assert verifier.verify(authority.token(azp=OTHER)).oid == "oid-alice"


def test_a_rotated_key_is_taken_after_the_cooldown_and_not_before(authority: Authority) -> None:
    for patient in _verifier(settings(authority), 30):
        patient.verify(authority.token())
        authority.keys = {"k2": _KEYS[2]}
        with pytest.raises(NotSignedIn):
            patient.verify(authority.token(kid="k2"))
    authority.keys = {"k1": _KEYS[0]}
    for eager in _verifier(settings(authority), 0):
        eager.verify(authority.token())
        authority.keys = {"k2": _KEYS[2]}
        assert eager.verify(authority.token(kid="k2")).oid == "oid-alice"
        with pytest.raises(NotSignedIn):
            eager.verify(authority.token(kid="k1"))


def test_a_token_that_held_is_not_checked_again_at_once(
    authority: Authority, verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = authority.token()
    verifier.verify(authority.token(oid="oid-first"))  # the first one fetches the keys
    found = verifier.verify(token)
    checked: list[str] = []
    decode = jwt.decode
    monkeypatch.setattr(jwt, "decode", lambda *a, **k: checked.append(a[0]) or decode(*a, **k))  # type: ignore[func-returns-value]
    assert verifier.verify(token) == found
    assert checked == []
    with pytest.raises(NotSignedIn):
        verifier.verify(token[:-6] + "AAAAAA")
    verifier.verify(authority.token(oid="oid-bob"))
    assert len(checked) == 2


def test_a_token_that_held_ends_with_its_time_and_with_its_key(authority: Authority) -> None:
    for eager in _verifier(settings(authority), 0):
        eager.verify(authority.token(oid="oid-first"))
        short, long = authority.token(exp=int(time.time()) - 58), authority.token(oid="oid-long")
        assert (eager.verify(short).oid, eager.verify(long).oid) == ("oid-alice", "oid-long")
        time.sleep(2.1)
        with pytest.raises(NotSignedIn):
            eager.verify(short)
        authority.keys = {"k2": _KEYS[2]}
        eager.verify(authority.token(kid="k2"))
        with pytest.raises(NotSignedIn):
            eager.verify(long)


def test_forged_key_ids_do_not_make_us_ask_at_will(authority: Authority, verifier: TokenVerifier) -> None:
    verifier.verify(authority.token())
    for number in range(20):
        with pytest.raises(NotSignedIn):
            verifier.verify(authority.token(kid=f"forged-{number}"))
    assert authority.fetches == 1


def test_an_authority_that_is_away_is_unavailable_and_not_a_bad_token(authority: Authority, verifier: TokenVerifier) -> None:
    token = authority.token()
    authority.away = True
    with pytest.raises(Unavailable):
        verifier.verify(token)
    authority.away = False
    assert verifier.verify(token).oid == "oid-alice"


def test_a_token_in_use_outlives_an_outage(authority: Authority, verifier: TokenVerifier) -> None:
    verifier.verify(authority.token())
    authority.away = True
    assert verifier.verify(authority.token()).oid == "oid-alice"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(tls=True, rooms=3, people=5, days=1, per_day=1) as running:
        yield running


@pytest.fixture
def real(sandbox: RunningSandbox) -> Settings:
    return sandbox_settings(sandbox, entra_authority=f"{sandbox.tls_url}/entra", ca_file=Path(sandbox.ca_file))


def _app_tokens(s: Settings) -> AppTokens:
    return AppTokens(s, open_session(connect_timeout_seconds=2, read_timeout_seconds=5, ca_file=s.ca_file))


def test_our_own_token_is_fetched_over_tls_and_kept(sandbox: RunningSandbox, real: Settings) -> None:
    tokens = _app_tokens(real)
    first = tokens.token()
    assert tokens.token() == first
    tokens.forget()
    assert tokens.token() != first
    tokens._session.close()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"entra_client_secret": "wrong"}, "client_secret"),
        ({"entra_client_id": OTHER}, "client_id"),
        ({"entra_tenant_id": OTHER}, "tenant_id"),
    ],
)
def test_what_entra_refuses_is_named(real: Settings, wrong: dict[str, str], right: str) -> None:
    tokens = _app_tokens(dataclasses.replace(real, **wrong))  # type: ignore[arg-type]
    with pytest.raises(Denied) as caught:
        tokens.token()
    assert caught.value.right == right
    assert "wrong" not in caught.value.message.replace("is wrong", "")
    tokens._session.close()


def test_an_authority_that_we_do_not_trust_gives_no_token(sandbox: RunningSandbox, real: Settings) -> None:
    tokens = _app_tokens(dataclasses.replace(real, ca_file=None))
    with pytest.raises(RoomBookerError):
        tokens.token()
    tokens._session.close()


@pytest.mark.parametrize(("address", "roles"), [(ALICE, set()), (CAROL, {"RoomBooker.Admin"})])
def test_people_of_the_sandbox_are_let_in(sandbox: RunningSandbox, real: Settings, address: str, roles: set[str]) -> None:
    for verifier in _verifier(real, 30):
        caller = verifier.verify(sandbox.person_token(address))
        assert (caller.email, set(caller.roles)) == (address, roles)


def test_an_app_of_its_own_is_nobody(sandbox: RunningSandbox, real: Settings) -> None:
    for verifier in _verifier(real, 30):
        with pytest.raises((NotAllowed, NotSignedIn)):
            verifier.verify(sandbox.app_token())

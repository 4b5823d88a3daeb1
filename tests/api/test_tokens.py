"""Who may not come in: every token that does not hold, at every address that asks for one."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from api.conftest import House, Person
from roombooker_sandbox.entra.keys import keys_of
from roombooker_sandbox.entra.tokens import frame, sign
from roombooker_sandbox.world import CLIENT_ID
from sandboxes import ALICE, GRAPH_DEFAULT, RunningSandbox

_FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
PROTECTED = [
    ("GET", "/api/v1/rooms"),
    ("POST", "/api/v1/availability"),
    ("GET", "/api/v1/appointments"),
    ("GET", "/api/v1/bookings"),
    ("POST", "/api/v1/bookings"),
    ("GET", f"/api/v1/bookings/{_ID}"),
    ("PATCH", f"/api/v1/bookings/{_ID}"),
    ("DELETE", f"/api/v1/bookings/{_ID}"),
    ("POST", f"/api/v1/bookings/{_ID}/hold"),
]


def _claims(sandbox: RunningSandbox, **changed: Any) -> dict[str, Any]:
    oid = next(p.oid for p in sandbox.world.directory.people if p.mail == ALICE)
    whole = (
        frame(sandbox.world, CLIENT_ID, "subject", oid)
        | {"azp": CLIENT_ID, "scp": "Booking.ReadWrite", "preferred_username": ALICE}
        | changed
    )
    return {name: value for name, value in whole.items() if value is not None}


def _signed(**changed: Any) -> Callable[[RunningSandbox], str]:
    return lambda sandbox: sign(sandbox.world, _claims(sandbox, **changed))


def _forged(algorithm: str, key: Any, kid: str | None = None) -> Callable[[RunningSandbox], str]:
    def make(sandbox: RunningSandbox) -> str:
        return jwt.encode(_claims(sandbox), key, algorithm=algorithm, headers={"kid": kid or keys_of(sandbox.world).signing[0]})

    return make


def _public_key_as_secret(sandbox: RunningSandbox) -> str:
    """The classic: our public key, which everybody has, taken as the secret of a symmetric signature."""
    kid, key = keys_of(sandbox.world).signing
    public = key.public_key().public_numbers().n.to_bytes(256, "big")
    return jwt.encode(_claims(sandbox), public, algorithm="HS256", headers={"kid": kid})


def _altered(sandbox: RunningSandbox) -> str:
    head, _, signature = sign(sandbox.world, _claims(sandbox)).split(".")
    body = (
        base64.urlsafe_b64encode(json.dumps(_claims(sandbox, oid="somebody-else", roles=["RoomBooker.Admin"])).encode())
        .rstrip(b"=")
        .decode()
    )
    return f"{head}.{body}.{signature}"


_HOUR = 3600
TOKENS: dict[str, tuple[Callable[[RunningSandbox], str], int]] = {
    "not a token": (lambda _s: "hello", 401),
    "three dots": (lambda _s: "a.b.c", 401),
    "not latin": (lambda _s: "é.ü.ß", 401),
    "very long": (lambda _s: "x" * 20_000, 401),
    "expired": (_signed(exp=int(time.time()) - _HOUR, iat=int(time.time()) - 2 * _HOUR, nbf=int(time.time()) - 2 * _HOUR), 401),
    "not valid yet": (_signed(nbf=int(time.time()) + _HOUR), 401),
    "without expiry": (_signed(exp=None), 401),
    "for Graph": (lambda s: s.person_token(ALICE, "https://graph.microsoft.com/Calendars.ReadWrite"), 401),
    "wrong audience": (_signed(aud="00000000-0000-4000-8000-000000000000"), 401),
    "two audiences, not ours": (_signed(aud=["a", "b"]), 401),
    "wrong issuer": (_signed(iss="https://login.microsoftonline.com/other/v2.0"), 401),
    "wrong tenant": (_signed(tid="00000000-0000-4000-8000-000000000000"), 401),
    "without tenant": (_signed(tid=None), 401),
    "without object id": (_signed(oid=None), 401),
    "version 1.0": (_signed(ver="1.0"), 401),
    "unsigned": (_forged("none", None), 401),
    "symmetric": (_forged("HS256", "secret-of-at-least-thirty-two-bytes!"), 401),
    "public key as secret": (_public_key_as_secret, 401),
    "RS512": (lambda s: jwt.encode(_claims(s), keys_of(s.world).signing[1], algorithm="RS512", headers={"kid": keys_of(s.world).signing[0]}), 401),
    "foreign key under our kid": (_forged("RS256", _FOREIGN), 401),
    "unknown kid": (_forged("RS256", _FOREIGN, "nobody-knows-this-kid"), 401),
    "altered": (_altered, 401),
    "no scope": (_signed(scp=None), 403),
    "another scope": (_signed(scp="User.Read openid"), 403),
    "a scope that only begins alike": (_signed(scp="Booking.ReadWrite.All"), 403),
    "another application": (_signed(azp="00000000-0000-4000-8000-000000000000"), 403),
    "an application's own": (lambda s: s.app_token(f"api://{CLIENT_ID}/.default"), 403),
}  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_without_a_token_nothing_is_told(house: House, method: str, path: str) -> None:
    answer = house.nobody().call(method, path, json={} if method != "GET" else None)
    assert answer.status_code == 401
    assert answer.get_json()["code"] == "not_signed_in"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/rooms"), ("POST", "/api/v1/bookings")])
def test_a_token_that_does_not_hold_opens_nothing(house: House, name: str, method: str, path: str) -> None:
    make, expected = TOKENS[name]
    header = {"Authorization": f"Bearer {make(house.sandbox)}".encode().decode("latin-1")}
    answer = house.nobody().call(method, path, headers=header, json={} if method != "GET" else None)
    assert answer.status_code == expected, answer.text
    body = answer.get_json()
    assert body["code"] == {401: "not_signed_in", 403: "not_allowed"}[expected]
    assert body.keys() == {"code", "message", "request_id"}
    assert all(r["mailbox"] not in answer.text for r in house.rooms)


@pytest.mark.parametrize("scheme", ["Basic", "Token", "", "bearerx"])
def test_only_bearer_counts(house: House, scheme: str) -> None:
    token = house.sandbox.person_token(ALICE)
    assert house.nobody().call("GET", "/api/v1/rooms", headers={"Authorization": f"{scheme} {token}".strip()}).status_code == 401


def test_a_good_token_among_these_opens(house: House) -> None:
    """The table above fails for its reasons, not because nothing is ever let in."""
    good = Person(house.product, sign(house.sandbox.world, _claims(house.sandbox)), ALICE)
    assert good.get("/api/v1/rooms").status_code == 200


def test_a_bad_body_of_a_stranger_is_not_even_read(house: House) -> None:
    answer = house.nobody().call("POST", "/api/v1/bookings", data=b"{broken", content_type="application/json")
    assert answer.status_code == 401


def test_the_app_s_own_token_is_for_graph_alone(house: House) -> None:
    answer = Person(house.product, house.sandbox.app_token(GRAPH_DEFAULT)).get("/api/v1/rooms")
    assert answer.status_code == 401


def test_times_of_a_token_are_checked_with_a_minute_of_grace_and_no_more(house: House) -> None:
    now = int(time.time())
    just_over = Person(house.product, sign(house.sandbox.world, _claims(house.sandbox, exp=now - 20)))
    long_over = Person(house.product, sign(house.sandbox.world, _claims(house.sandbox, exp=now - 120)))
    assert (just_over.get("/api/v1/rooms").status_code, long_over.get("/api/v1/rooms").status_code) == (200, 401)


def test_every_protected_address_is_in_the_table(house: House) -> None:
    """A new view without a line above would go untested."""
    ours = {
        (method, rule.rule.replace("<string(maxlength=40):booking_id>", _ID))
        for rule in house.product.web.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and "/admin/" not in rule.rule
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert ours == set(PROTECTED)

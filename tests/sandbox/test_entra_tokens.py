"""The stand-in Entra's token endpoint, keys and discovery, as clients of the real one use them."""

import time
from typing import Any

import jwt
import msal
import pytest
import requests

from roombooker_sandbox.entra.applications import OTHER_CLIENT_ID, OTHER_CLIENT_SECRET, OUTLOOK_CLIENT_ID
from roombooker_sandbox.entra.tokens import GRAPH, InvalidToken, frame, sign, verify_bearer
from roombooker_sandbox.tls import app_certificate
from roombooker_sandbox.world import CLIENT_ID, CLIENT_SECRET, PERSON_PASSWORD, TENANT_ID
from sandboxes import ALICE, BOOKING_SCOPE, CAROL, GRAPH_DEFAULT, RunningSandbox

TOKEN = "/oauth2/v2.0/token"


def _ask(sandbox: RunningSandbox, **form: str) -> requests.Response:
    return sandbox.entra.post(TOKEN, data={"client_id": CLIENT_ID} | form)


def _password(sandbox: RunningSandbox, **form: str) -> requests.Response:
    return _ask(sandbox, **({"grant_type": "password", "username": ALICE, "password": PERSON_PASSWORD, "scope": BOOKING_SCOPE} | form))


def _verified(sandbox: RunningSandbox, token: str, audience: str) -> dict[str, Any]:
    """As a resource server does it: discovery, key set, PyJWT."""
    about = sandbox.entra.get("/v2.0/.well-known/openid-configuration").json()
    keys = {key["kid"]: jwt.PyJWK(key) for key in sandbox.entra.get(about["jwks_uri"]).json()["keys"]}
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=about["issuer"])
    return claims


def test_discovery_names_the_issuer_that_the_product_computes_and_addresses_on_the_host_that_was_asked(sandbox: RunningSandbox) -> None:
    path = f"/entra/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    plain = sandbox.entra.get(sandbox.url + path).json()
    secure = sandbox.entra.get(sandbox.tls_url + path, verify=sandbox.ca_file).json()
    assert plain["issuer"] == secure["issuer"] == f"{sandbox.tls_url}/entra/{TENANT_ID}/v2.0"
    assert plain["token_endpoint"] == f"{sandbox.url}/entra/{TENANT_ID}{TOKEN}"
    assert secure["token_endpoint"] == f"{sandbox.tls_url}/entra/{TENANT_ID}{TOKEN}"


def test_without_tls_the_issuer_is_the_http_address(fresh_sandbox: RunningSandbox) -> None:
    about = fresh_sandbox.entra.get("/v2.0/.well-known/openid-configuration").json()
    assert about["issuer"] == f"{fresh_sandbox.url}/entra/{TENANT_ID}/v2.0"


def test_a_person_s_token_carries_the_claims_of_a_real_one(sandbox: RunningSandbox) -> None:
    alice = sandbox.world.directory.people[0]
    claims = _verified(sandbox, sandbox.person_token(ALICE), CLIENT_ID)
    expected = {"aud": CLIENT_ID, "tid": TENANT_ID, "oid": alice.oid, "preferred_username": ALICE, "name": "Alice Jansen"}
    assert claims.items() >= (expected | {"scp": "Booking.ReadWrite", "azp": CLIENT_ID, "ver": "2.0"}).items()
    assert claims.keys() >= {"iss", "sub", "iat", "nbf", "exp", "uti"}
    assert "roles" not in claims
    assert claims["sub"] != claims["oid"]
    assert 3600 <= claims["exp"] - claims["iat"] < 5400


def test_an_administrator_s_token_carries_the_app_role(sandbox: RunningSandbox) -> None:
    assert _verified(sandbox, sandbox.person_token(CAROL), CLIENT_ID)["roles"] == ["RoomBooker.Admin"]


@pytest.mark.parametrize("resource", [f"api://{CLIENT_ID}", CLIENT_ID, f"api://localhost:8000/{CLIENT_ID}"])
@pytest.mark.parametrize("scope", ["Booking.ReadWrite", ".default"])
def test_our_api_is_known_by_each_form_of_its_identifier(sandbox: RunningSandbox, resource: str, scope: str) -> None:
    token = _password(sandbox, scope=f"{resource}/{scope}").json()["access_token"]
    assert _verified(sandbox, token, CLIENT_ID)["scp"] == "Booking.ReadWrite"


@pytest.mark.parametrize("scope", ["https://graph.microsoft.com/Calendars.ReadWrite", "Calendars.ReadWrite openid"])
def test_a_person_s_graph_token_is_meant_for_graph(sandbox: RunningSandbox, scope: str) -> None:
    token = _password(sandbox, scope=scope).json()["access_token"]
    assert verify_bearer(sandbox.world, f"Bearer {token}", GRAPH)["scp"] == "Calendars.ReadWrite"


def test_msal_gets_an_app_token_over_tls(sandbox: RunningSandbox) -> None:
    claims = verify_bearer(sandbox.world, f"Bearer {_msal(sandbox, CLIENT_SECRET)['access_token']}", GRAPH)
    assert claims["roles"] == ["Mail.Send", "Place.Read.All", "User.Read.All"]
    assert (claims["aud"], claims["sub"], claims["idtyp"]) == (GRAPH, claims["oid"], "app")
    assert "scp" not in claims


def test_msal_may_prove_the_app_by_its_certificate(sandbox: RunningSandbox) -> None:
    pem = app_certificate(sandbox.world.options.certificates).read_text()
    public = pem[pem.index("-----BEGIN CERTIFICATE") :]
    got = _msal(sandbox, {"private_key": pem, "public_certificate": public})
    assert verify_bearer(sandbox.world, f"Bearer {got['access_token']}", GRAPH)["azpacr"] == "2"


def test_a_wrong_certificate_is_refused(sandbox: RunningSandbox, tmp_path: Any) -> None:
    pem = app_certificate(tmp_path).read_text()
    got = _msal(sandbox, {"private_key": pem, "public_certificate": pem[pem.index("-----BEGIN CERTIFICATE") :]})
    assert (got["error"], got["error_codes"]) == ("invalid_client", [700027])


def test_msal_learns_of_a_wrong_secret_in_entra_s_words(sandbox: RunningSandbox) -> None:
    got = _msal(sandbox, "wrong")
    assert (got["error"], got["error_codes"]) == ("invalid_client", [7000215])
    assert got["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")


def _msal(sandbox: RunningSandbox, credential: Any) -> dict[str, Any]:
    with requests.Session() as session:
        session.trust_env = False  # else REQUESTS_CA_BUNDLE would overrule the next line
        session.verify = sandbox.ca_file
        app = msal.ConfidentialClientApplication(
            CLIENT_ID, client_credential=credential, authority=f"{sandbox.tls_url}/entra/{TENANT_ID}", instance_discovery=False,
            http_client=session,
        )  # fmt: skip
        got: dict[str, Any] = app.acquire_token_for_client([GRAPH_DEFAULT])
    return got


def test_a_role_that_was_taken_away_is_in_no_new_token(sandbox: RunningSandbox) -> None:
    sandbox.control.post("/rights", json={"remove": ["User.Read.All"]})
    assert verify_bearer(sandbox.world, f"Bearer {sandbox.app_token()}", GRAPH)["roles"] == ["Mail.Send", "Place.Read.All"]


@pytest.mark.parametrize(
    ("form", "status", "error", "number"),
    [
        ({}, 400, "invalid_request", 900144),
        ({"grant_type": "device_code"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": "client_credentials", "scope": GRAPH_DEFAULT}, 401, "invalid_client", 7000218),
        ({"grant_type": "client_credentials", "scope": GRAPH_DEFAULT, "client_secret": "no"}, 401, "invalid_client", 7000215),
        ({"grant_type": "client_credentials", "scope": "User.Read.All", "client_secret": CLIENT_SECRET}, 400, "invalid_scope", 1002012),
        (
            {"grant_type": "client_credentials", "scope": "api://x/.default", "client_secret": CLIENT_SECRET},
            400,
            "invalid_resource",
            500011,
        ),
        ({"grant_type": "client_credentials", "client_id": TENANT_ID}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password", "username": ALICE, "password": "guess", "scope": BOOKING_SCOPE}, 400, "invalid_grant", 50126),
        (
            {"grant_type": "password", "username": "x@contoso.example", "password": "sandbox", "scope": "openid"},
            400,
            "invalid_grant",
            50034,
        ),
        (
            {"grant_type": "password", "username": ALICE, "password": "sandbox", "scope": f"api://{CLIENT_ID}/Fly"},
            400,
            "invalid_scope",
            70011,
        ),
        (
            {"grant_type": "password", "username": ALICE, "password": "sandbox", "scope": f"{BOOKING_SCOPE} User.Read"},
            400,
            "invalid_request",
            28000,
        ),
        ({"grant_type": "refresh_token", "refresh_token": "1.none", "scope": BOOKING_SCOPE}, 400, "invalid_grant", 70000),
        ({"grant_type": "authorization_code", "code": "1.none", "redirect_uri": "http://localhost"}, 400, "invalid_grant", 70000),
    ],
)
def test_each_refusal_has_entra_s_shape_and_number(
    sandbox: RunningSandbox, form: dict[str, str], status: int, error: str, number: int
) -> None:
    answer = _ask(sandbox, **form)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body.keys() >= {"timestamp", "trace_id", "correlation_id", "error_uri"}


def test_an_unknown_tenant_is_refused(sandbox: RunningSandbox) -> None:
    answer = sandbox.entra.get(f"{sandbox.url}/entra/{CLIENT_ID}/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


def test_the_tenant_may_be_named_by_its_domain(sandbox: RunningSandbox) -> None:
    answer = sandbox.entra.get(f"{sandbox.url}/entra/contoso.example/v2.0/.well-known/openid-configuration")
    assert answer.json()["issuer"].endswith(f"/{TENANT_ID}/v2.0")


def test_another_app_s_token_says_so(sandbox: RunningSandbox) -> None:
    answer = _ask(
        sandbox, client_id=OTHER_CLIENT_ID, grant_type="client_credentials", client_secret=OTHER_CLIENT_SECRET, scope=GRAPH_DEFAULT
    )
    assert verify_bearer(sandbox.world, f"Bearer {answer.json()['access_token']}", GRAPH)["azp"] == OTHER_CLIENT_ID


def test_a_public_client_signs_people_in_without_a_secret(sandbox: RunningSandbox) -> None:
    claims = _verified(sandbox, _password(sandbox, client_id=OUTLOOK_CLIENT_ID).json()["access_token"], CLIENT_ID)
    assert (claims["azp"], claims["azpacr"]) == (OUTLOOK_CLIENT_ID, "0")


def test_a_refresh_token_brings_new_tokens_again_and_again(sandbox: RunningSandbox) -> None:
    first = _password(sandbox, scope=f"{BOOKING_SCOPE} openid offline_access", client_info="1").json()
    assert first.keys() >= {"id_token", "refresh_token", "client_info"}
    for _ in range(2):
        again = _ask(sandbox, grant_type="refresh_token", refresh_token=first["refresh_token"], scope=BOOKING_SCOPE).json()
        assert _verified(sandbox, again["access_token"], CLIENT_ID)["preferred_username"] == ALICE
    stranger = _ask(sandbox, grant_type="refresh_token", refresh_token=first["refresh_token"], client_id=OUTLOOK_CLIENT_ID)
    assert stranger.json()["error"] == "invalid_grant"


def test_after_expiring_the_keys_a_new_one_signs_and_is_the_only_one_published(fresh_sandbox: RunningSandbox) -> None:
    old = fresh_sandbox.person_token()
    fresh_sandbox.control.post("/expire", json={"what": "keys"}).raise_for_status()
    new = fresh_sandbox.person_token()
    assert _verified(fresh_sandbox, new, CLIENT_ID)["preferred_username"] == ALICE
    with pytest.raises(KeyError):
        _verified(fresh_sandbox, old, CLIENT_ID)


def test_graph_honours_a_token_from_before_the_rotation(fresh_sandbox: RunningSandbox) -> None:
    token = fresh_sandbox.app_token()
    fresh_sandbox.control.post("/expire", json={"what": "keys"})
    assert verify_bearer(fresh_sandbox.world, f"Bearer {token}", GRAPH)["tid"] == TENANT_ID


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic eHg6eXk=", "Bearer a.b.c", "Bearer nonsense"])
def test_what_is_no_bearer_token_is_refused(sandbox: RunningSandbox, header: str | None) -> None:
    with pytest.raises(InvalidToken):
        verify_bearer(sandbox.world, header, GRAPH)


def test_a_token_for_another_api_or_of_another_age_or_hand_is_refused(sandbox: RunningSandbox) -> None:
    claims = frame(sandbox.world, GRAPH, "sub", "oid")
    good = sign(sandbox.world, claims)
    assert verify_bearer(sandbox.world, f"Bearer {good}", GRAPH)["oid"] == "oid"
    bad = [
        sandbox.person_token(),
        sign(sandbox.world, claims | {"exp": int(time.time()) - 5}),
        sign(sandbox.world, claims | {"iss": "https://elsewhere.example/v2.0"}),
        jwt.encode(claims, "x" * 32, algorithm="HS256", headers=jwt.get_unverified_header(good) | {"alg": "HS256"}),
        good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"),
    ]
    for token in bad:
        with pytest.raises(InvalidToken):
            verify_bearer(sandbox.world, f"Bearer {token}", GRAPH)


def test_a_page_of_another_site_may_ask_for_tokens(sandbox: RunningSandbox) -> None:
    asked = sandbox.entra.options(TOKEN, headers={"Origin": "http://localhost:8000", "Access-Control-Request-Method": "POST"})
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (200, "*")

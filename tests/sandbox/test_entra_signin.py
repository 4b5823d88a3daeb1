"""The sign-in page: code with PKCE, single sign-on, and every way back to the application."""

import base64
import hashlib
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from roombooker_sandbox.world import CLIENT_ID, CLIENT_SECRET, PERSON_PASSWORD, TENANT_ID
from sandboxes import ALICE, BOB, BOOKING_SCOPE, Calls, RunningSandbox

BACK = "http://localhost:8000/admin/"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": CLIENT_ID, "response_type": "code", "redirect_uri": BACK, "scope": f"{BOOKING_SCOPE} openid offline_access",
    "state": "s1", "nonce": "n1", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
}  # fmt: skip


@pytest.fixture
def browser(sandbox: RunningSandbox) -> Iterator[Calls]:
    with Calls(f"{sandbox.url}/entra/{TENANT_ID}/oauth2/v2.0") as calls:
        yield calls


def _sign_in(browser: Calls, person: str = ALICE, password: str = PERSON_PASSWORD, **asked: str) -> requests.Response:
    page = browser.get("/authorize", params=ASKED | asked)
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    return browser.post(page.url, data=fields | {"username": person, "password": password}, allow_redirects=False)


def _brought(answer: requests.Response, part: str = "query") -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(getattr(urlsplit(answer.headers["Location"]), part)).items()}


def _redeem(browser: Calls, code: str, **form: str) -> requests.Response:
    whole = {"client_id": CLIENT_ID, "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return browser.post("/token", data=whole | form)


def test_a_person_signs_in_and_the_code_brings_tokens(browser: Calls) -> None:
    brought = _brought(_sign_in(browser))
    assert brought["state"] == "s1"
    tokens = _redeem(browser, brought["code"]).json()
    seen = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert (seen["nonce"], seen["aud"], seen["preferred_username"]) == ("n1", CLIENT_ID, ALICE)
    assert jwt.decode(tokens["access_token"], options={"verify_signature": False})["scp"] == "Booking.ReadWrite"
    assert tokens["refresh_token"]


def test_a_code_works_once(browser: Calls) -> None:
    code = _brought(_sign_in(browser))["code"]
    assert _redeem(browser, code).status_code == 200
    assert _redeem(browser, code).json()["error_codes"] == [54005]


@pytest.mark.parametrize(
    ("form", "number"),
    [
        ({"code_verifier": "w" * 50}, 501481),
        ({"code_verifier": ""}, 501481),
        ({"redirect_uri": "http://localhost:8000/other"}, 500112),
        ({"client_id": "d3590ed6-52b3-4102-aeff-aad2292ab01c"}, 70000),
    ],
)
def test_a_code_is_for_the_one_who_asked(browser: Calls, form: dict[str, str], number: int) -> None:
    assert _redeem(browser, _brought(_sign_in(browser))["code"], **form).json()["error_codes"] == [number]


def test_a_web_server_s_code_without_pkce_wants_the_secret(browser: Calls) -> None:
    asked = {"code_challenge": "", "code_challenge_method": ""}
    assert _redeem(browser, _brought(_sign_in(browser, **asked))["code"], code_verifier="").json()["error_codes"] == [7000218]
    browser.cookies.clear()
    code = _brought(_sign_in(browser, **asked))["code"]
    assert _redeem(browser, code, code_verifier="", client_secret=CLIENT_SECRET).status_code == 200


def test_a_wrong_password_shows_the_page_again_with_the_address_kept(browser: Calls) -> None:
    answer = _sign_in(browser, password="guess")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert f'value="{ALICE}"' in answer.text


def test_the_hint_fills_in_the_address(browser: Calls) -> None:
    page = browser.get("/authorize", params=ASKED | {"login_hint": BOB})
    assert re.search(rf'name="username"[^>]*value="{BOB}"', page.text)


def test_what_the_application_sends_is_escaped_on_the_page(browser: Calls) -> None:
    page = browser.get("/authorize", params=ASKED | {"state": '"><script>alert(1)</script>'})
    assert "<script>" not in page.text


def test_who_is_signed_in_comes_back_without_the_page(browser: Calls) -> None:
    _sign_in(browser)
    assert "code" in _brought(browser.get("/authorize", params=ASKED | {"prompt": "none"}, allow_redirects=False))
    assert "code" in _brought(browser.get("/authorize", params=ASKED, allow_redirects=False))
    for shown in ({"prompt": "select_account"}, {"login_hint": BOB}):
        assert browser.get("/authorize", params=ASKED | shown, allow_redirects=False).status_code == 200


def test_silent_sign_in_of_nobody_is_an_error_for_the_application(browser: Calls) -> None:
    brought = _brought(browser.get("/authorize", params=ASKED | {"prompt": "none"}, allow_redirects=False))
    assert (brought["error"], brought["state"]) == ("login_required", "s1")


def test_after_signing_out_the_page_is_back(browser: Calls) -> None:
    _sign_in(browser)
    answer = browser.get("/logout", params={"post_logout_redirect_uri": BACK}, allow_redirects=False)
    assert answer.headers["Location"] == BACK
    assert browser.get("/authorize", params=ASKED, allow_redirects=False).status_code == 200


def test_the_code_comes_back_as_fragment_or_form_when_asked_so(browser: Calls) -> None:
    assert "code" in _brought(_sign_in(browser, response_mode="fragment"), "fragment")
    browser.cookies.clear()
    page = _sign_in(browser, response_mode="form_post")
    assert f'action="{BACK}"' in page.text
    assert 'name="code"' in page.text


@pytest.mark.parametrize("redirect", ["https://evil.example/", "javascript:alert(1)", ""])
def test_a_way_back_that_nobody_registered_is_never_taken(browser: Calls, redirect: str) -> None:
    answer = browser.get("/authorize", params=ASKED | {"redirect_uri": redirect}, allow_redirects=False)
    assert answer.status_code == 400
    assert "AADSTS50011" in answer.text


@pytest.mark.parametrize(
    ("asked", "error"), [({"response_type": "token"}, "unsupported_response_type"), ({"scope": f"api://{CLIENT_ID}/Fly"}, "invalid_scope")]
)
def test_what_cannot_be_granted_is_told_to_the_application(browser: Calls, asked: dict[str, str], error: str) -> None:
    assert _brought(browser.get("/authorize", params=ASKED | asked, allow_redirects=False))["error"] == error

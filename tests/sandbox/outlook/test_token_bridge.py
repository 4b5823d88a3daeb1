"""The real MSAL gets a person's token from the page that hosts the pane (nested app authentication)."""

import jwt
import pytest
from playwright.sync_api import Frame

from outlook_pages import MSAL, pane_of
from roombooker_sandbox.world import CLIENT_ID, TENANT_ID
from sandboxes import BOOKING_SCOPE

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not MSAL.exists(), reason="the add-in's Node packages are not installed")]


def msal_in(pane: Frame) -> None:
    pane.add_script_tag(url="/msal.js")
    pane.evaluate(
        """async (clientId) => {
          window.app = await msal.createNestablePublicClientApplication({auth: {clientId, authority: "https://login.microsoftonline.com/common"}});
        }""",
        CLIENT_ID,
    )


def test_msal_signs_the_person_in_without_asking(outlook):
    pane = pane_of(outlook(compose=1, pane=1))
    msal_in(pane)
    result = pane.evaluate(
        "scope => app.acquireTokenSilent({scopes: [scope], account: app.getActiveAccount() ?? undefined})", BOOKING_SCOPE
    )
    assert result["account"]["username"] == "alice.jansen@contoso.example"
    assert result["account"]["name"] == "Alice Jansen"
    assert result["tenantId"] == TENANT_ID
    claims = jwt.decode(result["accessToken"], options={"verify_signature": False})
    assert (claims["aud"], claims["scp"], claims["preferred_username"]) == (CLIENT_ID, "Booking.ReadWrite", "alice.jansen@contoso.example")
    assert result["idTokenClaims"]["oid"] == claims["oid"] == result["uniqueId"]


def test_consent_is_asked_once_by_the_host_and_only_interactively(outlook):
    page = outlook(compose=1, pane=1, consent=1)
    pane = pane_of(page)
    msal_in(pane)
    silent = "scope => app.acquireTokenSilent({scopes: [scope]}).then((r) => r.account.username, (e) => e.name)"
    assert pane.evaluate(silent, BOOKING_SCOPE) == "InteractionRequiredAuthError"
    pane.evaluate(
        "scope => { window.popup = app.acquireTokenPopup({scopes: [scope]}).then((r) => r.account.username, (e) => e.errorCode); }",
        BOOKING_SCOPE,
    )
    page.get_by_test_id("dialog-cancel").click()
    assert pane.evaluate("popup") == "user_canceled"
    pane.evaluate("scope => { window.popup = app.acquireTokenPopup({scopes: [scope]}).then((r) => r.account.username); }", BOOKING_SCOPE)
    page.get_by_test_id("dialog-accept").click()
    assert pane.evaluate("popup") == "alice.jansen@contoso.example"
    assert pane.evaluate(silent, BOOKING_SCOPE) == "alice.jansen@contoso.example"


def test_the_page_works_over_tls_too(outlook, sandbox):
    pane = pane_of(outlook(sandbox.tls_url, compose=1, pane=1))
    msal_in(pane)
    assert pane.evaluate("scope => app.acquireTokenSilent({scopes: [scope]}).then((r) => r.account.username)", BOOKING_SCOPE)


def test_an_exchange_of_ones_own_brokers_no_tokens(outlook):
    pane = pane_of(outlook(compose=1, pane=1, profile="onprem"))
    assert pane.evaluate("Office.context.requirements.isSetSupported('NestedAppAuth', '1.1')") is False
    assert pane.evaluate("'nestedAppAuthBridge' in window") is False

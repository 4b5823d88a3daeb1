"""Entra's errors: an OAuth error, an AADSTS number and the sentence that Microsoft publishes for it."""

import uuid
from datetime import UTC, datetime
from typing import Any

# numbers and OAuth errors: learn.microsoft.com/entra/identity-platform/reference-error-codes (2025); sentences shortened
KNOWN: dict[int, tuple[str, int, str]] = {
    16000: ("interaction_required", 400, "Either multiple user identities are available or the account was not selected."),
    28000: (
        "invalid_request",
        400,
        "Provided value for the input parameter scope is not valid because it contains more than one resource.",
    ),
    50011: (
        "invalid_request",
        400,
        "The redirect URI specified in the request does not match the redirect URIs configured for the application.",
    ),
    50034: ("invalid_grant", 400, "The user account does not exist in the directory."),
    50058: ("login_required", 400, "A silent sign-in request was sent but no user is signed in."),
    50126: ("invalid_grant", 400, "Error validating credentials due to invalid username or password."),
    54005: ("invalid_grant", 400, "OAuth2 Authorization code was already redeemed, please retry with a new valid code."),
    70000: ("invalid_grant", 400, "The provided grant is invalid or malformed."),
    70003: ("unsupported_grant_type", 400, "The app requested an unsupported grant type."),
    70008: ("invalid_grant", 400, "The provided authorization code or refresh token has expired due to inactivity."),
    70011: ("invalid_scope", 400, "The provided value for the input parameter 'scope' is not valid."),
    90002: ("invalid_request", 400, "Tenant not found. Check to make sure you have the correct tenant ID."),
    500011: ("invalid_resource", 400, "The resource principal was not found in the tenant."),
    500112: ("invalid_grant", 400, "The reply address does not match the reply address provided when requesting the authorization code."),
    501481: ("invalid_grant", 400, "The Code_Verifier does not match the code_challenge supplied in the authorization request."),
    700016: ("unauthorized_client", 400, "Application was not found in the directory."),
    700027: ("invalid_client", 401, "Client assertion failed signature validation."),
    700051: ("unsupported_response_type", 400, "The response type asked for is not enabled for the application."),
    900144: ("invalid_request", 400, "The request body must contain a parameter that is missing."),
    1002012: ("invalid_scope", 400, "Client credential flows must have a scope value with /.default suffixed to the resource identifier."),
    7000215: (
        "invalid_client",
        401,
        "Invalid client secret provided. Ensure the secret being sent is the client secret value, not its ID.",
    ),
    7000218: ("invalid_client", 401, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
    9002325: ("invalid_request", 400, "Proof Key for Code Exchange is required for cross-origin authorization code redemption."),
}


class EntraError(Exception):
    def __init__(self, number: int, detail: str = "") -> None:
        self.number = number
        self.error, self.status, sentence = KNOWN[number]
        self.sentence = f"AADSTS{number}: {sentence}{' ' + detail if detail else ''}"
        super().__init__(self.sentence)

    def as_json(self) -> dict[str, Any]:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": self.error,
            "error_description": f"{self.sentence} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [self.number], "timestamp": stamp, "trace_id": trace, "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }  # fmt: skip

"""The applications that the stand-in tenant knows, and how one proves to be itself."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import jwt
from cryptography import x509

from roombooker_sandbox.directory import stable_id
from roombooker_sandbox.entra.errors import EntraError
from roombooker_sandbox.tls import app_certificate
from roombooker_sandbox.world import CLIENT_ID, CLIENT_SECRET, World

OUTLOOK_CLIENT_ID = "d3590ed6-52b3-4102-aeff-aad2292ab01c"  # Microsoft Office, the same in every tenant; the stand-in Outlook is it
OTHER_CLIENT_ID = stable_id("application", "other")  # an app of the same tenant that has nothing to do with rooms
OTHER_CLIENT_SECRET = "other-client-secret"  # noqa: S105  published like the rest
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Application:
    client_id: str
    name: str
    secret: str | None  # None: a public client


APPLICATIONS = {
    application.client_id: application
    for application in (
        Application(CLIENT_ID, "Room Booker", CLIENT_SECRET),
        Application(OUTLOOK_CLIENT_ID, "Microsoft Office", None),
        Application(OTHER_CLIENT_ID, "Another application", OTHER_CLIENT_SECRET),
    )
}


def find_application(client_id: str | None) -> Application:
    if not client_id:
        raise EntraError(900144, "The missing parameter: 'client_id'.")
    if client_id.lower() not in APPLICATIONS:
        raise EntraError(700016, f"Application with identifier '{client_id}'.")
    return APPLICATIONS[client_id.lower()]


def prove(world: World, application: Application, form: Mapping[str, str], *, required: bool) -> str | None:
    """How the application proved itself: "secret", "certificate", or None where no proof is required and none was given."""
    if assertion := form.get("client_assertion"):
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise EntraError(900144, "The missing parameter: 'client_assertion_type'.")
        _check_assertion(world, application, assertion)
        return "certificate"
    if secret := form.get("client_secret"):
        if application.secret is None or not secrets.compare_digest(secret.encode(), application.secret.encode()):
            raise EntraError(7000215)
        return "secret"
    if required:
        raise EntraError(7000218)
    return None


def allowed_redirect(world: World, redirect_uri: str) -> bool:
    """Loopback addresses on any port, this sandbox and the product it serves: nobody registers anything on a laptop."""
    parts = urlsplit(redirect_uri)
    if parts.scheme not in ("http", "https"):
        return False
    return parts.hostname in ("localhost", "127.0.0.1", "::1") or parts.netloc == urlsplit(world.options.product_url).netloc


def _check_assertion(world: World, application: Application, assertion: str) -> None:
    certificate = x509.load_pem_x509_certificate(app_certificate(world.options.certificates).read_bytes())
    try:
        jwt.decode(
            assertion, certificate.public_key(), algorithms=["RS256", "PS256"], issuer=application.client_id,  # type: ignore[arg-type]
            subject=application.client_id, options={"verify_aud": False, "require": ["aud", "exp", "iss", "sub", "jti"]},
        )  # fmt: skip
        audience = str(jwt.decode(assertion, options={"verify_signature": False})["aud"])
    except jwt.InvalidTokenError as error:
        raise EntraError(700027) from error
    if application.client_id != CLIENT_ID or not audience.endswith("/oauth2/v2.0/token"):
        raise EntraError(700027)

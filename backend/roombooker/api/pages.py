"""The pane's files and the manifest for this deployment."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, send_from_directory
from markupsafe import Markup

from roombooker.api.auth import public
from roombooker.api.context import services
from roombooker.manifest import manifest_for
from roombooker.settings import Settings

PANE = Path(__file__).parent.parent / "pane"
blueprint = Blueprint("pages", __name__)


@blueprint.route("/taskpane.html")
@public
def taskpane() -> Response:
    """The pane, told where Office.js is and whom to sign in with."""
    return _page("taskpane.html")


@blueprint.route("/auth-redirect.html")
@public
def auth_redirect() -> Response:
    """MSAL's redirect bridge: never cached, and without any Cross-Origin-Opener-Policy."""
    return _page("auth-redirect.html")


@blueprint.route("/assets/<path:name>")
@public
def assets(name: str) -> Response:
    response = send_from_directory(PANE / "assets", name, max_age=31536000)
    if name.startswith("icon-"):  # Office swaps in a generic icon where one comes with any Cache-Control
        response.headers.pop("Cache-Control", None)
    elif name.startswith("docs/"):  # named by what they are, so a new version keeps the name
        response.headers["Cache-Control"] = "public, max-age=3600"
    else:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@blueprint.route("/docs")
@public
def docs() -> Response:
    """Our API, drawn from /openapi.json by files of our own."""
    return _page("docs.html")


@blueprint.route("/manifest.xml")
@public
def manifest() -> Response:
    settings = services().settings
    return Response(manifest_for(settings.public_url, settings.entra_client_id), mimetype="application/xml")


def _page(name: str) -> Response:
    file = PANE / name
    if not file.is_file():
        abort(404, "The pane has not been built: run `make build`.")
    settings = services().settings
    config = {
        "clientId": settings.entra_client_id,
        "tenantId": settings.entra_tenant_id,
        "authority": f"{settings.entra_authority.rstrip('/')}/{settings.entra_tenant_id}",
        "apiScope": f"api://{settings.entra_client_id}/Booking.ReadWrite",
        "supportUrl": settings.support_url,
    }
    text = file.read_text(encoding="utf-8")
    text = text.replace("__OFFICE_JS_URL__", str(Markup.escape(settings.office_js_url)))
    text = text.replace("__CONFIG__", json.dumps(config).replace("<", "\\u003c"))
    return Response(text, mimetype="text/html", headers={"Cache-Control": "no-store"})


def policy(settings: Settings) -> str:
    """The pane's Content-Security-Policy: our own files, Office.js, sign-in; framed by Outlook only."""
    office = "{0.scheme}://{0.netloc}".format(urlsplit(settings.office_js_url))
    login = "{0.scheme}://{0.netloc}".format(urlsplit(settings.entra_authority))
    ancestors = f"{settings.frame_ancestors} {office}" if "localhost" in office else settings.frame_ancestors
    return (
        f"default-src 'none'; script-src 'self' {office}; style-src 'self' {office}; img-src 'self' data: https:; font-src 'self' {office}; "
        f"connect-src 'self' {login} {office}; frame-src {login}; frame-ancestors {ancestors}; base-uri 'none'; form-action 'self'"
    )

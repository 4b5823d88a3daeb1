"""The add-in's manifest for one deployment: the packaged one with this deployment's address and client id."""

from importlib.resources import files
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from roombooker.errors import InvalidInput

_BASE_URL = "https://localhost:8000"
_CLIENT_ID = "00000000-0000-0000-0000-000000000000"


def manifest_for(base_url: str, client_id: str) -> str:
    """XML text; Outlook takes https addresses only, so an http one is an error except on localhost (where it is made https)."""
    parts = urlsplit(base_url.rstrip("/"))
    if parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1"):
        parts = parts._replace(scheme="https")
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise InvalidInput(
            "The base address must begin with https://, since Outlook opens nothing else.", {"base_url": ["Not an https address."]}
        )
    text = files("roombooker").joinpath("manifest.xml").read_text(encoding="utf-8")
    return text.replace(_BASE_URL, escape(parts.geturl())).replace(_CLIENT_ID, escape(client_id))

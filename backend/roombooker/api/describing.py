"""What /openapi.json says of the API as a whole: where it is and how to sign in."""

from typing import Any

from roombooker.settings import Settings


def facts(settings: Settings) -> dict[str, Any]:
    """For flask-smorest's `spec_kwargs`; every view asks for a token unless it says otherwise."""
    authority = f"{settings.entra_authority.rstrip('/')}/{settings.entra_tenant_id}/oauth2/v2.0"
    scope = f"api://{settings.entra_client_id}/Booking.ReadWrite"
    flow = {"authorizationUrl": f"{authority}/authorize", "tokenUrl": f"{authority}/token", "scopes": {scope: "Book, move and cancel"}}
    return {
        "info": {"description": "Book TOPdesk rooms from Outlook. Times are ISO 8601 with an offset, answered in UTC."},
        "servers": [{"url": settings.public_url.rstrip("/")}],
        "security": [{"entra": [scope]}],
        "components": {"securitySchemes": {"entra": {"type": "oauth2", "flows": {"authorizationCode": flow}}}},
    }

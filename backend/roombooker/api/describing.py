"""What /openapi.json says of the API as a whole: where it is and how to sign in."""

from typing import Any

from roombooker.settings import Settings


def facts(settings: Settings) -> dict[str, Any]:
    """For flask-smorest's `spec_kwargs`; every view asks for a token unless it says otherwise."""
    authority = f"{settings.entra_authority.rstrip('/')}/{settings.entra_tenant_id}/v2.0"
    how = f"An access token (v2.0) of {authority} with the scope api://{settings.entra_client_id}/Booking.ReadWrite."
    return {
        "info": {"description": "Book TOPdesk rooms from Outlook. Times are ISO 8601 with an offset, answered in UTC."},
        "servers": [{"url": settings.public_url.rstrip("/")}],
        "security": [{"entra": []}],
        "components": {"securitySchemes": {"entra": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": how}}},
    }

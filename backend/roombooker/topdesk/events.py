"""The action sequence that tells us of changed reservations, as the file that TOPdesk's own import takes."""

import json
from typing import Any

SECRET = "HookSecret"  # noqa: S105  the variable's name: its value is typed in by the administrator, and is in no file


def action_sequence(public_url: str, *, exported_at_ms: int = 0) -> dict[str, Any]:
    """`{"formatVersion", "exportDate", "actionSequence": …}`: one POST with the reservation's id, all else is read again by us.

    The envelope follows exports that others have published (format 2.7; reference: InfoJester/xm-labs-topdesk); that reservations are
    called `reservation` there is inferred. FreeMarker fails on an empty value, so only the id is sent, which is never empty."""
    step = {
        "name": "Notify",
        "method": "POST",
        "url": f"{public_url.rstrip('/')}/hooks/topdesk",
        "headers": [
            {"name": "Content-Type", "value": "application/json"},
            {"name": "X-Room-Booker-Secret", "value": "${_variables." + SECRET + "}"},
        ],
        "escapeBodyValues": True,
        "body": json.dumps({"reservationId": "${unid}"}),
        "executionCondition": "ONLY_WHEN_PREVIOUS_SUCCEEDED",
        "customExecutionCondition": "",
    }
    return {
        "formatVersion": "2.7",
        "exportDate": exported_at_ms,
        "actionSequence": {
            "name": "Room Booker: a reservation changed",
            "description": "Call it from events for a new, a changed and a deleted reservation. Set the variable HookSecret.",
            "structureName": "reservation",
            "configuration": {"variables": [{"name": SECRET, "value": ""}], "mappingDefinitions": [], "steps": [step]},
        },
    }

"""getSchedule: free/busy of up to twenty mailboxes."""

from sqlite3 import Connection
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.errors import bad_request, invalid_property
from roombooker_sandbox.exchange.mailboxes import Mailbox
from roombooker_sandbox.exchange.occurrences import Row, view
from roombooker_sandbox.exchange.odata import root, style
from roombooker_sandbox.exchange.routes import MailboxRoutes, json_body
from roombooker_sandbox.exchange.service import Exchange
from roombooker_sandbox.exchange.users import working_hours
from roombooker_sandbox.exchange.zones import epoch, local_time, pair

_DIGIT = {"free": 0, "workingElsewhere": 0, "tentative": 1, "busy": 2, "oof": 3, "unknown": 2}


def register(route: MailboxRoutes, exchange: Exchange) -> None:
    @route("POST", "/calendar/getSchedule", write=False)
    def get_schedule(mailbox: Mailbox) -> ResponseReturnValue:
        body = json_body()
        names, low, high, step_s = _asked(body)
        zone = style().zone
        with exchange.world.store.transaction() as db:
            value = [_information(exchange, db, mailbox, name, (low, high), step_s, zone) for name in names]
        return jsonify({"@odata.context": f"{root()}$metadata#Collection(microsoft.graph.scheduleInformation)", "value": value})


def _asked(body: dict[str, Any]) -> tuple[list[str], int, int, int]:
    body = {name[0].lower() + name[1:]: value for name, value in body.items()}
    names = body.get("schedules")
    if not isinstance(names, list) or not names:
        raise invalid_property("schedules")
    if len(names) > inferred.MAX_SCHEDULES:
        raise bad_request(f"The number of mailboxes exceeds the limit of {inferred.MAX_SCHEDULES}.", inferred.TOO_MANY_SCHEDULES_CODE)
    low, high = (epoch(*local_time(body.get(name), name)) for name in ("startTime", "endTime"))
    if high <= low:
        raise bad_request("The end of the interval is not after its start.", "ErrorInvalidTimeInterval")
    if high - low > inferred.MAX_SCHEDULE_WINDOW.total_seconds():
        raise bad_request("The requested time duration is too long.", inferred.TOO_LONG_WINDOW_CODE)
    minutes = body.get("availabilityViewInterval", 30)
    if not isinstance(minutes, int) or not 5 <= minutes <= 1440:
        raise bad_request("availabilityViewInterval must be between 5 and 1440.", "ErrorInvalidMergedFreeBusyInterval")
    return names, low, high, minutes * 60


def _information(
    exchange: Exchange, db: Connection, asker: Mailbox, name: str, window: tuple[int, int], step_s: int, zone: str
) -> dict[str, Any]:
    found = exchange.mailboxes.find(str(name))
    if found is None:
        message = f"Unable to resolve e-mail address {name} to an Active Directory object."
        return _failed(name, "ErrorMailRecipientNotFound", message)
    rows = [row for row in view(exchange.items, db, found.key, *window) if not row.data.get("cancelled")]
    if len(rows) > inferred.MAX_SCHEDULE_ITEMS:
        return _failed(name, inferred.TOO_MANY_ITEMS_CODE, "The result set contains too many calendar entries.")
    return {
        "scheduleId": name,
        "availabilityView": _availability(rows, window, step_s),
        "scheduleItems": [_item(row, zone, shows_details=found is asker) for row in rows],
        "workingHours": working_hours(found),
    }


def _failed(name: str, code: str, message: str) -> dict[str, Any]:
    return {"scheduleId": name, "availabilityView": "", "scheduleItems": [], "error": {"message": message, "responseCode": code}}


def _availability(rows: list[Row], window: tuple[int, int], step_s: int) -> str:
    low, high = window
    digits = [0] * -(-(high - low) // step_s)
    for row in rows:
        digit = _DIGIT[row.data.get("showAs", "busy")]
        first, last = max(0, (row.start - low) // step_s), min(len(digits), -(-(row.end - low) // step_s))
        for slot in range(first, last):
            digits[slot] = max(digits[slot], digit)
    return "".join(map(str, digits))


def _item(row: Row, zone: str, *, shows_details: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"status": row.data.get("showAs", "busy"), "start": pair(row.start, zone), "end": pair(row.end, zone)}
    if shows_details:
        location = (row.data.get("location") or {}).get("displayName", "")
        private = row.data.get("sensitivity") == "private"
        found |= {"isPrivate": private, "subject": "" if private else row.data.get("subject", ""), "location": "" if private else location}
    return found

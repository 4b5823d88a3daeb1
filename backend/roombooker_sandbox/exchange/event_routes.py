"""Events of a mailbox: list, read, create, change, delete, cancel, answer, open extensions."""

from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.errors import GraphError, item_not_found
from roombooker_sandbox.exchange.ids import COPIES, etag, parse_ical_uid
from roombooker_sandbox.exchange.incoming import open_extension
from roombooker_sandbox.exchange.mailboxes import Mailbox
from roombooker_sandbox.exchange.occurrences import Row, row_of, unrolled, whole
from roombooker_sandbox.exchange.odata import argument, collection, page_size, preferences, query, root, selected, style
from roombooker_sandbox.exchange.routes import MailboxRoutes, json_body, no_content, optional_body, property_of
from roombooker_sandbox.exchange.service import Exchange
from roombooker_sandbox.exchange.wire import Style, cancelled_ids, event_json, expansions, extension_json
from roombooker_sandbox.exchange.zones import epoch, instant, local_time

_FAR = 2**40


def find(exchange: Exchange, mailbox: Mailbox, event: str) -> Row:
    with exchange.world.store.transaction() as db:
        return row_of(exchange.items, db, exchange.items.resolve(mailbox, event))


def show(exchange: Exchange, row: Row, mailbox: Mailbox, status: int = 200) -> Response:
    wanted = query()
    how = style()
    event = event_json(exchange.items, row, how) | more(exchange, row, wanted.expand, wanted.select, how)
    keep = (*wanted.select, *(name for name, _ in wanted.expand)) if wanted.select else ()
    answer = jsonify({"@odata.context": f"{root()}$metadata#users('{mailbox.oid}')/events/$entity", **selected(event, keep)})
    answer.status_code = status
    return applied(answer)


def more(exchange: Exchange, row: Row, expand: list[tuple[str, str]], select: tuple[str, ...], how: Style) -> dict[str, Any]:
    """Navigations by $expand, and cancelledOccurrences, which a $select must name."""
    names = {name for name, _ in expand}
    dates: list[Row] = []
    if row.kind == "seriesMaster" and names & {"exceptionOccurrences", "instances"}:
        dates = list(unrolled(row.item, -_FAR, _FAR))
    found = expansions(exchange.items, row, expand, how, dates)
    if "cancelledOccurrences" in (*select, *names) and row.kind == "seriesMaster":
        found["cancelledOccurrences"] = cancelled_ids(exchange.items, row, how)
    return found


def applied(answer: Response) -> Response:
    """Preference-Applied for what of the Prefer header was honoured."""
    known = {"outlook.timezone", "outlook.body-content-type", "idtype", "odata.maxpagesize"}
    said = [f'{name}="{value}"' for name, value in preferences().items() if name in known]
    if said:
        answer.headers["Preference-Applied"] = ", ".join(said)
    return answer


def check_etag(row: Row) -> None:
    """412 when If-Match names another version."""
    wanted = request.headers.get("If-Match")
    if wanted and wanted != "*" and wanted.removeprefix("W/") != etag(row.item.id, row.item.version).removeprefix("W/"):
        raise GraphError(
            412, inferred.STALE_CHANGE_KEY_CODE,
            "The send or update operation could not be performed because the change key passed in the request does not match"
            " the current change key for the item.",
        )  # fmt: skip


def register(route: MailboxRoutes, exchange: Exchange) -> None:
    items, meetings = exchange.items, exchange.meetings
    collections = ("/events", "/calendar/events", "/calendars/<calendar>/events")
    single = tuple(f"{path}/<event>" for path in collections)

    @route("GET", *collections)
    def list_events(mailbox: Mailbox, calendar: str = "") -> ResponseReturnValue:
        del calendar
        wanted, how = query(), style()
        with exchange.world.store.transaction() as db:
            meeting = _asked_uid(request.args.get("$filter", ""))
            if meeting is None:
                rows = [whole(item) for item in items.in_mailbox(db, mailbox.key)]
            else:
                number, salt = meeting
                known = salt == items.salt_of(number)
                rows = [whole(item) for item in items.copies(db, number) if item.mailbox == mailbox.key] if known else []
        page = collection(
            rows, lambda row: event_json(items, row, how), wanted, size=page_size(wanted.top), context=f"users('{mailbox.oid}')/events",
            extra=lambda row: more(exchange, row, wanted.expand, wanted.select, how),
        )  # fmt: skip
        return applied(jsonify(page))

    @route("POST", *collections)
    def create(mailbox: Mailbox, calendar: str = "") -> ResponseReturnValue:
        del calendar
        row = meetings.create(mailbox, json_body())
        answer = show(exchange, row, mailbox, 201)
        answer.headers["Location"] = f"{root()}users/{mailbox.oid}/events/{items.id_of(row.item)}"
        return answer

    @route("GET", *single)
    def read(mailbox: Mailbox, event: str, calendar: str = "") -> ResponseReturnValue:
        del calendar
        return show(exchange, find(exchange, mailbox, event), mailbox)

    @route("PATCH", *single)
    def change(mailbox: Mailbox, event: str, calendar: str = "") -> ResponseReturnValue:
        del calendar
        with items.change():
            row = find(exchange, mailbox, event)
            check_etag(row)
            row = meetings.update(row, json_body())
        return show(exchange, row, mailbox)

    @route("DELETE", *single)
    def delete(mailbox: Mailbox, event: str, calendar: str = "") -> ResponseReturnValue:
        del calendar
        with items.change():
            row = find(exchange, mailbox, event)
            check_etag(row)
            meetings.remove(row)
        return no_content()

    @route("POST", *(f"{path}/cancel" for path in single))
    def cancel(mailbox: Mailbox, event: str, calendar: str = "") -> ResponseReturnValue:
        del calendar
        comment = property_of(optional_body(), "comment") or ""
        with items.change():
            meetings.cancel(find(exchange, mailbox, event), comment)
        return no_content(202)

    def answering(action: str, answer: str) -> None:
        @route("POST", *(f"{path}/{action}" for path in single))
        def respond(mailbox: Mailbox, event: str, calendar: str = "") -> ResponseReturnValue:
            del calendar
            body = optional_body()
            slot = property_of(body, "proposedNewTime")
            proposed = _slot(slot) if slot and answer != "accepted" else None
            with items.change():
                row = find(exchange, mailbox, event)
                send = property_of(body, "sendResponse") is not False
                meetings.respond(mailbox, row, answer, property_of(body, "comment") or "", send=send, proposed=proposed)
            return no_content(202)

    answering("accept", "accepted")
    answering("tentativelyAccept", "tentativelyAccepted")
    answering("decline", "declined")

    @route("POST", *(f"{path}/extensions" for path in single))
    def extend(mailbox: Mailbox, event: str, calendar: str = "") -> ResponseReturnValue:
        del calendar
        extension = open_extension(json_body())
        with items.change() as db:
            item = find(exchange, mailbox, event).item
            others = [e for e in item.data.get("extensions", ()) if e["extensionName"] != extension["extensionName"]]
            item.data["extensions"] = [*others, extension]
            items.save(db, item)
        return jsonify({"@odata.context": f"{root()}$metadata#extensions/$entity", **extension_json(extension)}), 201

    @route("GET", *(f"{path}/extensions/<name>" for path in single))
    def extension(mailbox: Mailbox, event: str, name: str, calendar: str = "") -> ResponseReturnValue:
        del calendar
        for held in find(exchange, mailbox, event).data.get("extensions", ()):
            if name.removeprefix("Microsoft.OutlookServices.OpenTypeExtension.") == held["extensionName"]:
                return jsonify(extension_json(held))
        raise item_not_found()


def _slot(value: dict[str, Any]) -> tuple[int, int]:
    start, zone = local_time(value.get("start"), "proposedNewTime")
    end, end_zone = local_time(value.get("end"), "proposedNewTime")
    return epoch(start, zone), epoch(end, end_zone)


def _asked_uid(text: str) -> tuple[int, bytes] | None:
    """The commonest filter, answered without reading the whole calendar: `iCalUId eq '…'`."""
    words = text.strip().split()
    if len(words) != 3 or words[0] != "iCalUId" or words[1] != "eq":
        return None
    return parse_ical_uid(words[2].strip("'")) or (-COPIES, b"")


def window() -> tuple[int, int]:
    """startDateTime and endDateTime; 400 when one is missing."""
    found = [argument(name) for name in ("startDateTime", "endDateTime")]
    if not all(found):
        raise GraphError(
            400,
            "ErrorInvalidRequest",
            "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.",
        )
    low, high = instant(found[0], "startDateTime"), instant(found[1], "endDateTime")
    if high < low:
        raise GraphError(400, "ErrorInvalidRequest", "The end date must be after the start date.")
    return low, high

"""Calendar views, instances of a series, delta, and the calendar itself."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from roombooker_sandbox.exchange.delta import changes
from roombooker_sandbox.exchange.errors import bad_request
from roombooker_sandbox.exchange.event_routes import applied, find, more, window
from roombooker_sandbox.exchange.mailboxes import Mailbox
from roombooker_sandbox.exchange.occurrences import Row, unrolled, view
from roombooker_sandbox.exchange.odata import collection, page_size, query, root, style
from roombooker_sandbox.exchange.routes import MailboxRoutes
from roombooker_sandbox.exchange.service import Exchange
from roombooker_sandbox.exchange.wire import event_json


def register(route: MailboxRoutes, exchange: Exchange) -> None:
    items = exchange.items

    def page(mailbox: Mailbox, rows: list[Row]) -> ResponseReturnValue:
        wanted, how = query(), style()
        found = collection(
            rows, lambda row: event_json(items, row, how), wanted, size=page_size(wanted.top),
            context=f"users('{mailbox.oid}')/calendarView",
            extra=(lambda row: more(exchange, row, wanted.expand, wanted.select, how)) if wanted.expand else None,
        )  # fmt: skip
        return applied(jsonify(found))

    @route("GET", "/calendarView", "/calendar/calendarView", "/calendars/<calendar>/calendarView")
    def calendar_view(mailbox: Mailbox, calendar: str = "") -> ResponseReturnValue:
        del calendar
        low, high = window()
        with exchange.world.store.transaction() as db:
            rows = view(items, db, mailbox.key, low, high)
        return page(mailbox, rows)

    @route("GET", "/calendarView/delta", "/calendar/calendarView/delta", "/calendars/<calendar>/calendarView/delta")
    def calendar_view_delta(mailbox: Mailbox, calendar: str = "") -> ResponseReturnValue:
        del calendar
        return applied(jsonify(changes(items, mailbox, style())))

    @route("GET", "/events/<event>/instances", "/calendar/events/<event>/instances", "/calendars/<calendar>/events/<event>/instances")
    def instances(mailbox: Mailbox, event: str, calendar: str = "") -> ResponseReturnValue:
        del calendar
        low, high = window()
        row = find(exchange, mailbox, event)
        if row.kind != "seriesMaster":
            raise bad_request("The request is only valid for a recurring master item.", "ErrorInvalidRequest")
        return page(mailbox, sorted(unrolled(row.item, low, high), key=lambda r: r.start))

    def calendar_json(mailbox: Mailbox) -> dict[str, object]:
        return {
            "id": f"AAMkCalendar{mailbox.key}", "name": "Calendar", "color": "auto", "hexColor": "", "isDefaultCalendar": True, "changeKey": "AAA=",
            "canShare": True, "canViewPrivateItems": True, "canEdit": True, "isTallyingResponses": True, "isRemovable": False,
            "allowedOnlineMeetingProviders": ["teamsForBusiness"], "defaultOnlineMeetingProvider": "teamsForBusiness",
            "owner": mailbox.recipient()["emailAddress"],
        }  # fmt: skip

    @route("GET", "/calendar", "/calendars/<calendar>")
    def default_calendar(mailbox: Mailbox, calendar: str = "") -> ResponseReturnValue:
        del calendar
        return jsonify({"@odata.context": f"{root()}$metadata#users('{mailbox.oid}')/calendar/$entity", **calendar_json(mailbox)})

    @route("GET", "/calendars")
    def calendars(mailbox: Mailbox) -> ResponseReturnValue:
        return jsonify({"@odata.context": f"{root()}$metadata#users('{mailbox.oid}')/calendars", "value": [calendar_json(mailbox)]})

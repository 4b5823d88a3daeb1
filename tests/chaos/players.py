"""The people of a history: each operation done by its person's own means, and what came of it."""

import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from chaos.history import Operation
from chaos.outside import Product, SandboxProcess
from sandboxes import ALICE, BOB, CAROL, ERIN, Calls
from stack import zulu

PEOPLE = (ALICE, BOB, CAROL, ERIN)  # Erin has no card in TOPdesk
PERSON_ACCOUNT = "room.booker@contoso.example"
FINAL = (400, 403, 404, 409, 422)
_LIVE = ("planned", "request", "conflictingPlanned", "conflictingRequest")


@dataclass
class Thing:
    """What an operation has made: a booking through us, a meeting of a person's, or an operator's reservation."""

    made_by: int
    who: int
    room: int
    start: datetime
    end: datetime
    key: str = ""  # of the press
    body: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] | None = None  # the 201's
    acknowledged_at: float | None = None
    event: str | None = None  # Graph's id on the organizer's calendar
    reservation: str | None = None
    touched: list[str] = field(default_factory=list)  # kinds of operations that people did to it afterwards


@dataclass(frozen=True)
class RoomSeen:
    id: str  # ours
    mailbox: str
    location_id: str
    name: str


class Players:
    """`rooms` are those that are played with, `cards` the ids of people in TOPdesk by address. Every call is the person's own; a failed one is an outcome, not an error."""

    def __init__(self, sandbox: SandboxProcess, product: Product, rooms: list[RoomSeen], cards: dict[str, str], midnight: datetime) -> None:
        self.sandbox = sandbox
        self.rooms = rooms
        self.things: dict[int, Thing] = {}
        self.bookings: list[Thing] = []
        self._product = product
        self._midnight = midnight
        self._panes: dict[tuple[int, int], requests.Session] = {}
        self._lock = threading.Lock()
        self._cards = cards
        self._reject_reason = sandbox.topdesk.get("/reservationRejectionReasons").json()["results"][0]["id"]

    def play(self, operation: Operation) -> dict[str, Any]:
        """What came of it, as JSON. A thing that is not there (yet) makes the operation void."""
        thing = None
        if operation.of is not None:
            thing = self._thing(operation.of)
            if thing is None:
                return {"void": f"nothing came of {operation.of}"}
        try:
            return getattr(self, f"_{operation.kind}")(operation, thing) or {}
        except requests.RequestException as error:
            return {"lost": type(error).__name__}

    # The pane: through the product's API

    def _pane_book(self, operation: Operation, _: Thing | None) -> dict[str, Any]:
        thing = self._new(operation)
        thing.body = {
            "rooms": [self.rooms[thing.room].id], "start": zulu(thing.start), "end": zulu(thing.end), "subject": f"Chaos {operation.number}",
            "organizer": PEOPLE[operation.who], "attendees": operation.facts["attendees"], "private": operation.facts["private"],
        }  # fmt: skip
        return self._press(thing, operation.lane)

    def _pane_book_two(self, operation: Operation, _: Thing | None) -> dict[str, Any]:
        thing = self._new(operation)
        both = sorted({self.rooms[thing.room].id, self.rooms[operation.facts["second"]].id})
        thing.body = {
            "rooms": both, "start": zulu(thing.start), "end": zulu(thing.end), "subject": f"Chaos {operation.number}",
            "organizer": PEOPLE[operation.who], "attendees": 2,
        }  # fmt: skip
        return self._press(thing, operation.lane)

    def _press(self, thing: Thing, lane: int) -> dict[str, Any]:
        """As the pane does: the same key again until the answer is final, a few times; then the person gives up."""
        said: list[Any] = []
        for _ in range(8):
            answer = self._call(thing.who, lane, "POST", "/bookings", key=thing.key, json=thing.body)
            said.append(_said(answer))
            if answer is not None and answer.status_code in (201, 202):
                thing.answer = answer.json()
                if answer.status_code == 201:
                    if thing.acknowledged_at is None:
                        thing.acknowledged_at = time.time()
                        self.bookings.append(thing)
                    with self._lock:
                        self.things[thing.made_by] = thing
                    break
            elif answer is not None and answer.status_code in FINAL and not _is_in_progress(answer):
                break
            time.sleep(1)
        return {"said": said, "id": (thing.answer or {}).get("id")}

    def _pane_again(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        """The same key and body once more: never another booking."""
        before = (thing.answer or {}).get("id")
        answer = self._call(thing.who, operation.lane, "POST", "/bookings", key=thing.key, json=thing.body)
        if answer is not None and answer.status_code == 201 and answer.json()["id"] != before:
            return {"WRONG": f"the same press made {answer.json()['id']} besides {before}"}
        return {"said": _said(answer)}

    def _pane_send(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        """Send the appointment that the booking is for, perhaps after shifting it."""
        if thing.event is not None:
            return {"void": "sent already"}
        shift = timedelta(minutes=operation.facts["shift"])
        if shift:
            thing.touched.append("shifted")
        rooms = [r.mailbox for r in self.rooms if r.id in thing.body["rooms"]]
        return self._send(operation, thing, rooms, thing.start + shift, thing.end + shift)

    def _pane_move(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        start, end = self._shifted(thing, operation)
        body = {"start": zulu(start), "end": zulu(end)}
        answer = self._call(
            thing.who, operation.lane, "PATCH", f"/bookings/{(thing.answer or {}).get('id')}", key=uuid.uuid4().hex, json=body
        )
        thing.touched.append("pane_move")
        said = {"said": _said(answer)}
        if answer is not None and answer.status_code == 200:
            thing.start, thing.end = start, end
            if thing.event is not None and operation.facts["follows"]:  # as the pane does: the item's time is set, the person sends
                said["followed"] = _said(self._graph(thing.who).patch(f"/me/events/{thing.event}", json=_times(start, end)))
        return said

    def _pane_cancel(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        thing.touched.append("pane_cancel")
        return {
            "said": _said(
                self._call(thing.who, operation.lane, "DELETE", f"/bookings/{(thing.answer or {}).get('id')}", key=uuid.uuid4().hex)
            )
        }

    def _pane_hold(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        return {
            "said": _said(self._call(thing.who, operation.lane, "POST", f"/bookings/{(thing.answer or {}).get('id')}/hold", key="hold"))
        }

    # Phones and Outlook: through Graph as the person

    def _phone_invite(self, operation: Operation, _: Thing | None) -> dict[str, Any]:
        thing = self._new(operation)
        more = {"sensitivity": "private"} if operation.facts["private"] else {}
        return self._send(operation, thing, [self.rooms[thing.room].mailbox], thing.start, thing.end, **more)

    def _phone_series(self, operation: Operation, _: Thing | None) -> dict[str, Any]:
        thing = self._new(operation)
        first = thing.start.date()
        pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [first.strftime("%A").lower()]}
        numbered = {"type": "numbered", "startDate": first.isoformat(), "numberOfOccurrences": operation.facts["count"]}
        return self._send(
            operation, thing, [self.rooms[thing.room].mailbox], thing.start, thing.end, recurrence={"pattern": pattern, "range": numbered}
        )

    def _phone_move(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        start, end = self._shifted(thing, operation)
        return self._change(operation, thing, _times(start, end))

    def _phone_other_room(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        return self._change(operation, thing, _places([self.rooms[operation.facts["room"]].mailbox]))

    def _phone_no_room(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        return self._change(operation, thing, _places([]))

    def _phone_words(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        return self._change(operation, thing, {"subject": operation.facts["subject"]})

    def _phone_cancel(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        if thing.event is None:
            return {"void": "never sent"}
        thing.touched.append(operation.kind)
        return {"said": _said(self._graph(thing.who).delete(f"/me/events/{thing.event}"))}

    _phone_cancel_series = _phone_cancel

    def _phone_move_date(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        date = self._date(operation, thing)
        if date is None:
            return {"void": "no such date"}
        thing.touched.append(operation.kind)
        shift = timedelta(minutes=operation.facts["by"])
        start, end = (datetime.fromisoformat(date[name]["dateTime"][:19]).replace(tzinfo=UTC) + shift for name in ("start", "end"))
        return {"said": _said(self._graph(thing.who).patch(f"/me/events/{date['id']}", json=_times(start, end)))}

    def _phone_cancel_date(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        date = self._date(operation, thing)
        if date is None:
            return {"void": "no such date"}
        thing.touched.append(operation.kind)
        return {"said": _said(self._graph(thing.who).delete(f"/me/events/{date['id']}"))}

    def _date(self, operation: Operation, thing: Thing) -> dict[str, Any] | None:
        if thing.event is None:
            return None
        window = {"startDateTime": zulu(thing.start - timedelta(days=1)), "endDateTime": zulu(thing.start + timedelta(days=60))}
        dates = self._graph(thing.who).get(f"/me/events/{thing.event}/instances", params=window)
        found = dates.json().get("value", []) if dates.status_code == 200 else []
        return found[operation.facts["date"] % len(found)] if found else None

    # TOPdesk: operators, facilities, approvers

    def _operator_reserve(self, operation: Operation, _: Thing | None) -> dict[str, Any]:
        thing = self._new(operation)
        room = self.rooms[thing.room]
        if operation.facts["careful"] and self._is_taken(room.location_id, thing.start, thing.end):
            return {"void": "taken, as the operator saw"}
        body = {
            "requester": {"id": self._cards.get(PEOPLE[operation.who]) or self._cards[PERSON_ACCOUNT]}, "plannedStartDate": zulu(thing.start),
            "plannedEndDate": zulu(thing.end), "briefDescription": f"Desk {operation.number}",
            "reservedFacilities": [{"location": {"id": room.location_id}}],
        }  # fmt: skip
        answer = self.sandbox.topdesk.post("/reservations", json=body)
        if answer.status_code == 201:
            thing.reservation = answer.json()["id"]
            with self._lock:
                self.things[operation.number] = thing
        return {"said": _said(answer), "id": thing.reservation}

    def _operator_move(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        start, end = self._shifted(thing, operation)
        return self._at_desk(operation, thing, "/reschedule", {"plannedStartDate": zulu(start), "plannedEndDate": zulu(end)})

    def _operator_other_room(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        ref = self._ref(thing)
        seen = self.sandbox.topdesk.get(f"/reservations/{ref}") if ref else None
        if seen is None or seen.status_code != 200:
            return {"void": "not found"}
        held = seen.json()["reservedFacilities"][0]["location"]["id"]
        to = {"location": {"id": self.rooms[operation.facts["room"]].location_id}}
        return self._at_desk(operation, thing, "/reservedFacilities/move", {"from": {"location": {"id": held}}, "to": to})

    def _operator_cancel(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        reason = self.sandbox.topdesk.get("/reservationCancellationReasons")
        body = {"id": reason.json()["results"][0]["id"]} if reason.status_code == 200 else {}
        return self._at_desk(operation, thing, "/cancel", body)

    def _operator_count(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        ref = self._ref(thing)
        if ref is None:
            return {"void": "no reservation"}
        thing.touched.append(operation.kind)
        return {"said": _said(self.sandbox.topdesk.patch(f"/reservations/{ref}", json={"numberOfPersons": operation.facts["attendees"]}))}

    def _approver_approve(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        return self._at_desk(operation, thing, "/approve", None)

    def _approver_reject(self, operation: Operation, thing: Thing) -> dict[str, Any]:
        return self._at_desk(operation, thing, "/reject", {"id": self._reject_reason})

    def _at_desk(self, operation: Operation, thing: Thing, action: str, body: dict[str, Any] | None) -> dict[str, Any]:
        ref = self._ref(thing)
        if ref is None:
            return {"void": "no reservation"}
        thing.touched.append(operation.kind)
        return {"said": _said(self.sandbox.topdesk.post(f"/reservations/{ref}{action}", json=body))}

    def _ref(self, thing: Thing) -> str | None:
        if thing.reservation:
            return thing.reservation
        places = (thing.answer or {}).get("rooms") or [{}]
        return str((places[0].get("reservation") or {}).get("id") or "") or None

    def _is_taken(self, location_id: str, start: datetime, end: datetime) -> bool:
        query = f"reservedFacilities.location.id=={location_id};plannedEndDate=gt={zulu(start)};plannedStartDate=lt={zulu(end)}"
        answer = self.sandbox.topdesk.get("/reservations", params={"query": query})
        return answer.status_code != 200 or any(r["status"] in _LIVE for r in answer.json()["results"])

    # Shared

    def _new(self, operation: Operation) -> Thing:
        facts = operation.facts
        start = self._midnight + timedelta(days=facts["day"], minutes=facts["minute"])
        return Thing(
            operation.number, operation.who, facts["room"], start, start + timedelta(minutes=facts["length"]), key=uuid.uuid4().hex
        )

    def _shifted(self, thing: Thing, operation: Operation) -> tuple[datetime, datetime]:
        facts = operation.facts
        if "by" in facts:
            by = timedelta(minutes=facts["by"])
            return thing.start + by, thing.end + by
        start = self._midnight + timedelta(days=facts["day"], minutes=facts["minute"])
        return start, start + timedelta(minutes=facts["length"])

    def _send(
        self, operation: Operation, thing: Thing, mailboxes: list[str], start: datetime, end: datetime, **more: Any
    ) -> dict[str, Any]:
        body = {"subject": f"Chaos {operation.number}", **_times(start, end), **_places(mailboxes), **more}
        answer = self._graph(operation.who).post("/me/events", json=body)
        if answer.status_code == 201:
            thing.event = answer.json()["id"]
            with self._lock:
                self.things[operation.number] = thing
        return {"said": _said(answer), "event": thing.event}

    def _change(self, operation: Operation, thing: Thing, body: dict[str, Any]) -> dict[str, Any]:
        if thing.event is None:
            return {"void": "never sent"}
        thing.touched.append(operation.kind)
        return {"said": _said(self._graph(thing.who).patch(f"/me/events/{thing.event}", json=body))}

    def _thing(self, number: int) -> Thing | None:
        """People act on what they have seen: a moment's patience for a slower lane, then there is nothing to act on."""
        for _ in range(10):
            with self._lock:
                if number in self.things:
                    return self.things[number]
            time.sleep(0.05)
        return None

    def _graph(self, who: int) -> Calls:
        with self._lock:
            return self.sandbox.graph_as(PEOPLE[who])

    def _call(self, who: int, lane: int, method: str, path: str, *, key: str, **more: Any) -> requests.Response | None:
        """None where nobody answered."""
        session = self._panes.get((who, lane))
        if session is None:
            session = self._panes[who, lane] = requests.Session()
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {self.sandbox.person_token(PEOPLE[who])}"
        try:
            answer = session.request(method, f"{self._product.url}/api/v1{path}", headers={"Idempotency-Key": key}, timeout=30, **more)
        except requests.RequestException:
            return None
        if answer.status_code == 401:  # the keys were rotated: sign in again next time
            self._panes.pop((who, lane), None)
        return answer


def _times(start: datetime, end: datetime) -> dict[str, Any]:
    return {
        name: {"dateTime": instant.astimezone(UTC).replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
        for name, instant in (("start", start), ("end", end))
    }


def _places(mailboxes: list[str]) -> dict[str, Any]:
    return {
        "attendees": [{"type": "resource", "emailAddress": {"address": mailbox}} for mailbox in mailboxes],
        "locations": [{"displayName": m, "locationEmailAddress": m, "locationType": "conferenceRoom"} for m in mailboxes],
    }


def _said(answer: requests.Response | None) -> Any:
    if answer is None:
        return "no answer"
    if answer.status_code < 400:
        return answer.status_code
    return [answer.status_code, answer.text[:200]]


def _is_in_progress(answer: requests.Response) -> bool:
    try:
        return answer.json().get("code") == "in_progress"
    except requests.JSONDecodeError:
        return False

"""What comes in and goes out, as marshmallow schemas: they check the requests and describe the API."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, pre_load, validate, validates_schema

MAX_ATTENDEES = 10_000
MAX_SLOTS = 400


class Instant(fields.AwareDateTime):
    """ISO 8601 with an offset; a naive time is refused. Answered in UTC with `Z`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = super()._deserialize(value, attr, data, **kwargs)
        try:
            return found.astimezone(UTC)
        except OverflowError as error:  # in the year 0 or 10000, once it is UTC
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from error

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Text(fields.String):
    """Text that can be stored and sent: neither NUL, which PostgreSQL refuses, nor half of a surrogate pair, which is no UTF-8."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        found = str(super()._deserialize(value, attr, data, **kwargs))
        if sound(found) != found:
            raise ValidationError("Contains characters that are none.")
        return found


class Words(fields.String):
    """What a person wrote: such characters are left out instead."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return sound(str(super()._deserialize(value, attr, data, **kwargs)))


def sound(text: str) -> str:
    return text.encode("utf-8", "ignore").decode().replace("\x00", "")


class Attendees(fields.Field[int]):
    """A number of persons, or the list of their addresses, which is counted and not kept."""

    def __init__(self, **kwargs: Any) -> None:
        either = [{"type": "integer", "minimum": 0, "maximum": MAX_ATTENDEES}, {"type": "array", "items": {}, "maxItems": MAX_ATTENDEES}]
        super().__init__(metadata={"oneOf": either}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        count = len(value) if isinstance(value, list) else value
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_ATTENDEES:
            raise ValidationError(f"Give a number of persons from 0 to {MAX_ATTENDEES}, or a list of addresses.")
        return count


class Strict(Schema):
    """Unknown members are refused, so that a misspelt one is not silently lost."""

    class Meta:
        unknown = RAISE


class Answer(Schema):
    class Meta:
        unknown = EXCLUDE


class SlotIn(Strict):
    start = Instant(required=True)
    end = Instant(required=True)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        _check_order(data)


def _check_order(data: dict[str, Any]) -> None:
    if data["end"].replace(second=0, microsecond=0) <= data["start"].replace(second=0, microsecond=0):
        raise ValidationError("The end must be at least a minute after the start.", "end")


class PatternIn(Strict):
    type = fields.String(
        required=True,
        validate=validate.OneOf(["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"]),
    )
    interval = fields.Integer(required=True, strict=True, validate=validate.Range(1, 99))
    daysOfWeek = fields.List(
        fields.String(validate=validate.OneOf(["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"])),
        validate=validate.Length(1, 7),
    )
    firstDayOfWeek = fields.String()
    dayOfMonth = fields.Integer(strict=True, validate=validate.Range(0, 31))
    index = fields.String(validate=validate.OneOf(["first", "second", "third", "fourth", "last"]))
    month = fields.Integer(strict=True, validate=validate.Range(0, 12))


class RangeIn(Strict):
    type = fields.String(required=True, validate=validate.OneOf(["endDate", "noEnd", "numbered"]))
    startDate = fields.Date(required=True)
    endDate = fields.Date()
    numberOfOccurrences = fields.Integer(strict=True, validate=validate.Range(0, 999))
    recurrenceTimeZone = fields.String(required=True, validate=validate.Length(1, 64))


class RecurrenceIn(Strict):
    """Graph's patternedRecurrence, with an IANA recurrenceTimeZone."""

    pattern = fields.Nested(PatternIn, required=True)
    range = fields.Nested(RangeIn, required=True)


class FiltersIn(Strict):
    capacity = fields.Integer(strict=True, validate=validate.Range(1, MAX_ATTENDEES))
    buildings = fields.List(Text(validate=validate.Length(1, 255)), validate=validate.Length(max=50))
    equipment = fields.List(Text(validate=validate.Length(1, 100)), validate=validate.Length(max=30))
    text = Words(validate=validate.Length(max=200))
    organizer = Text(validate=validate.Length(max=320))


class AvailabilityIn(Strict):
    """One slot (`start`, `end`), a series (`start`, `end`, `recurrence`), or several `slots`."""

    start = Instant()
    end = Instant()
    recurrence = fields.Nested(RecurrenceIn, allow_none=True)
    slots = fields.List(fields.Nested(SlotIn), validate=validate.Length(1, MAX_SLOTS))
    attendees = Attendees(load_default=1)
    filters = fields.Nested(FiltersIn, load_default=dict)
    limit = fields.Integer(strict=True, load_default=50, validate=validate.Range(1, 500))

    @validates_schema
    def _one_way_to_say_when(self, data: dict[str, Any], **_: Any) -> None:
        if ("slots" in data) == ("start" in data or "end" in data):
            raise ValidationError("Give either start and end, or slots.", "slots")
        if "slots" not in data:
            if "start" not in data or "end" not in data:
                raise ValidationError("Give both start and end.", "end" if "start" in data else "start")
            _check_order(data)
        elif data.get("recurrence"):
            raise ValidationError("A series is given by start, end and recurrence, without slots.", "recurrence")


class Address(Text):
    """An e-mail address, loosely checked (TOPdesk and Exchange know which exist), lower case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            validate=[validate.Length(3, 320), validate.Regexp(r"^[^@\s<>\x00-\x1f]+@[^@\s<>\x00-\x1f]+$", error="Not an e-mail address.")],
            **kwargs,
        )


class BookingIn(SlotIn):
    rooms = fields.List(Text(validate=validate.Length(1, 40)), required=True, validate=validate.Length(1, 20))
    subject = Words(load_default="", validate=validate.Length(max=10_000))
    organizer = Address(required=True)
    attendees = Attendees(load_default=1)
    recurrence = fields.Nested(RecurrenceIn, allow_none=True)
    private = fields.Boolean(load_default=False)
    services = fields.List(fields.Raw(), validate=validate.Length(max=0, error="Services cannot be booked here yet."))

    @pre_load
    def _each_room_once(self, data: Any, **_: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("rooms"), list):
            data = data | {
                "rooms": list(dict.fromkeys(r for r in data["rooms"] if isinstance(r, str)))
                + [r for r in data["rooms"] if not isinstance(r, str)]
            }
        return data


class MoveIn(Strict):
    """At least one of them; what is left out stays."""

    start = Instant()
    end = Instant()
    rooms = fields.List(Text(validate=validate.Length(1, 40)), validate=validate.Length(1, 20))

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("Say what to change: start and end, or rooms.", "start")
        if ("start" in data) != ("end" in data):
            raise ValidationError("Give both start and end.", "end" if "start" in data else "start")
        if "start" in data:
            _check_order(data)


class IdempotencyIn(Schema):
    """One key per press of the button, kept until a final answer."""

    key = fields.String(required=True, data_key="Idempotency-Key", validate=[validate.Length(8, 200), validate.Regexp(r"^[\x21-\x7e]+$")])

    class Meta:
        unknown = EXCLUDE


class ErrorOut(Answer):
    code = fields.String(required=True)
    message = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.Dict(metadata={"description": "By field, what is wrong with it."})
    alternatives = fields.List(fields.Dict(), metadata={"description": "Of slot_taken: other times or rooms."})
    rooms = fields.List(fields.String(), metadata={"description": "Of slot_taken: ids of the rooms that were not free."})
    side = fields.String(metadata={"description": "Of side_…: topdesk, exchange or entra."})


class ReasonOut(Answer):
    code = fields.String(required=True)
    message = fields.String(required=True)
    facts = fields.Dict(keys=fields.String(), metadata={"description": "What the message is made of, for saying it in another language."})


class RoomOut(Answer):
    id = fields.String(required=True)
    name = fields.String(required=True)
    number = fields.String(allow_none=True)
    building = fields.String(allow_none=True)
    floor = fields.String(allow_none=True)
    capacity = fields.Integer(allow_none=True)
    equipment = fields.List(fields.String())
    mailbox = fields.String(required=True)
    time_zone = fields.String()
    requires_approval = fields.Boolean()
    wheelchair_accessible = fields.Boolean(allow_none=True)
    photo_url = fields.String(allow_none=True)


class RoomsOut(Answer):
    as_of = fields.String(allow_none=True)
    rooms = fields.List(fields.Nested(RoomOut), required=True)


class AlternativeOut(Answer):
    kind = fields.String(required=True)
    start = fields.String(required=True)
    end = fields.String(required=True)
    room = fields.Nested(RoomOut, allow_none=True)


class ConflictOut(Answer):
    start = fields.String(required=True)
    end = fields.String(required=True)
    by = fields.String(allow_none=True)


class RoomAvailabilityOut(Answer):
    room = fields.Nested(RoomOut, required=True)
    state = fields.String(required=True, validate=validate.OneOf(["free", "busy", "not_bookable"]))
    reason = fields.Nested(ReasonOut, allow_none=True)
    conflicts = fields.List(fields.Nested(ConflictOut))
    free_until = fields.String(allow_none=True)
    alternatives = fields.List(fields.Nested(AlternativeOut))
    slots = fields.Dict(keys=fields.String(), values=fields.Integer())


class AvailabilityOut(Answer):
    as_of = fields.String(allow_none=True)
    total = fields.Integer(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    rooms = fields.List(fields.Nested(RoomAvailabilityOut), required=True)


class ReservationOut(Answer):
    id = fields.String(required=True)
    number = fields.String(allow_none=True)


class BookedRoomOut(Answer):
    room = fields.Nested(RoomOut, required=True)
    match_key = fields.String()
    reservation = fields.Nested(ReservationOut, allow_none=True)
    state = fields.String()
    start = fields.String()
    end = fields.String()
    reason = fields.Nested(ReasonOut, allow_none=True)


class TimelineEntryOut(Answer):
    at = fields.String(required=True)
    kind = fields.String(required=True)
    message = fields.String(required=True)
    by = fields.String(allow_none=True)
    side = fields.String(allow_none=True)


class BookingOut(Answer):
    id = fields.String(required=True)
    state = fields.String(required=True)
    start = fields.String(required=True)
    end = fields.String(required=True)
    subject = fields.String(allow_none=True)
    organizer = fields.String(allow_none=True)
    attendees = fields.Integer(allow_none=True)
    private = fields.Boolean()
    held_until = fields.String(allow_none=True)
    rooms = fields.List(fields.Nested(BookedRoomOut))
    reason = fields.Nested(ReasonOut, allow_none=True)
    alternatives = fields.List(fields.Nested(AlternativeOut))
    timeline = fields.List(fields.Nested(TimelineEntryOut))
    moving_to = fields.Dict(allow_none=True)


class BookingsOut(Answer):
    bookings = fields.List(fields.Nested(BookingOut), required=True)


class AppointmentIn(Strict):
    """`room` is the room's mailbox, `start` the appointment's."""

    start = Instant(required=True)
    room = Address(required=True)


class AppointmentOut(Answer):
    room = fields.String(required=True)
    state = fields.String(required=True, allow_none=True)


class HoldOut(Answer):
    held_until = fields.String(required=True)


class HealthOut(Answer):
    ok = fields.Boolean(required=True)


class ReadyOut(Answer):
    ok = fields.Boolean(required=True)
    database = fields.Dict(required=True)
    sides = fields.Dict()
    sync = fields.Dict()


class GraphHookIn(Schema):
    value = fields.List(fields.Dict(), required=True)

    class Meta:
        unknown = EXCLUDE


class TopdeskHookIn(Schema):
    reservationId = fields.UUID(required=True)

    class Meta:
        unknown = EXCLUDE

"""What the admin pages send and get."""

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from roombooker.api.schemas import Answer, BookingOut, Instant, Strict, Text


def _kept(what: str) -> "fields.List[Any]":
    return fields.List(fields.Dict(), required=True, metadata={"description": what})


class Query(Schema):
    class Meta:
        unknown = EXCLUDE


class WorkItemsQuery(Query):
    settled = fields.Boolean(load_default=False)
    kind = Text(load_default=None, validate=validate.Length(1, 48))
    room = Text(load_default=None, validate=validate.Length(1, 40))
    before = Text(load_default=None, validate=validate.Length(1, 40))
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 500))


class SettleIn(Strict):
    """`candidate` is the `ref` of one of the item's candidates, where an action needs to know which."""

    action = Text(required=True, validate=validate.Length(1, 40))
    candidate = Text(allow_none=True, load_default=None, validate=validate.Length(1, 512))


class LogQuery(Query):
    since = Instant(load_default=None)
    until = Instant(load_default=None)
    email = Text(load_default=None, validate=validate.Length(3, 320))
    room = Text(load_default=None, validate=validate.Length(1, 40))
    kind = Text(load_default=None, validate=validate.Length(1, 64))
    before = fields.Integer(load_default=None, validate=validate.Range(1, 2**62))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class EmailIn(Strict):
    email = Text(required=True, validate=validate.Length(3, 320))


class NamedOut(Answer):
    id = fields.String(required=True)
    name = fields.String(required=True)


class RecordOut(Answer):
    side = fields.String(required=True)
    ref = fields.String(required=True)
    number = fields.String(allow_none=True)
    start = fields.String(required=True)
    end = fields.String(required=True)
    organizer = fields.String(allow_none=True)
    standing = fields.String(required=True)


class OriginalOut(Answer):
    side = fields.String(required=True)
    ref = fields.String(required=True)
    record = fields.Nested(RecordOut, allow_none=True, required=True)
    said = fields.String(allow_none=True, required=True)


class WorkItemOut(Answer):
    id = fields.String(required=True)
    kind = fields.String(required=True)
    reason = fields.String(required=True)
    room = fields.Nested(NamedOut, allow_none=True, required=True)
    booking_id = fields.String(allow_none=True)
    candidates = fields.List(fields.Nested(RecordOut), required=True)
    actions = fields.List(fields.String(), required=True)
    created_at = fields.String(required=True)
    settled_at = fields.String(allow_none=True)
    settled_by = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)


class WorkItemStatusOut(WorkItemOut):
    originals = fields.List(fields.Nested(OriginalOut), metadata={"description": "Of `status`: both sides as they are now."})


class WorkItemsOut(Answer):
    items = fields.List(fields.Nested(WorkItemOut), required=True)
    next = fields.String(allow_none=True)


class AdminRoomOut(Answer):
    id = fields.String(required=True)
    name = fields.String(required=True)
    number = fields.String(allow_none=True)
    building = fields.String(allow_none=True)
    floor = fields.String(allow_none=True)
    capacity = fields.Integer(allow_none=True)
    mailbox = fields.String(required=True)
    topdesk_location_id = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    mapped_in = fields.String(required=True)
    alarm = fields.String(allow_none=True)


class AdminRoomsOut(Answer):
    rooms = fields.List(fields.Nested(AdminRoomOut), required=True)


class DoubtOut(Answer):
    kind = fields.String(required=True)
    reason = fields.String(required=True)
    records = fields.List(fields.Nested(RecordOut), required=True)


class GoLiveRoomOut(Answer):
    room = fields.String(required=True)
    name = fields.String(required=True)
    mailbox = fields.String(required=True)
    skipped = fields.Boolean()
    matched = fields.Integer()
    only_in_exchange = fields.List(fields.Nested(RecordOut))
    only_in_topdesk = fields.List(fields.Nested(RecordOut))
    conflicts = fields.List(fields.Nested(DoubtOut))
    other_changes = fields.Integer()
    enabled = fields.Boolean()
    adopted = fields.Integer()
    made = fields.Integer()
    for_the_work_list = fields.Integer()
    failed = fields.Integer()
    reason = fields.String(metadata={"description": "Why the room is on but not loaded yet; a worker does it later."})
    lines = fields.List(fields.String(), required=True)


class GoLiveOut(Answer):
    ok = fields.Boolean(required=True, metadata={"description": "All that was asked for is done."})
    rooms = fields.List(fields.Nested(GoLiveRoomOut), required=True)
    lines = fields.List(fields.String(), required=True)


class DisabledOut(Answer):
    disabled = fields.List(fields.String(), required=True)


class LogEntryOut(Answer):
    id = fields.Integer(required=True)
    at = fields.String(required=True)
    kind = fields.String(required=True)
    message = fields.String(required=True)
    by = fields.String(allow_none=True)
    side = fields.String(allow_none=True)
    ref = fields.String(allow_none=True)
    room = fields.Nested(NamedOut, allow_none=True)
    booking_id = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    before = fields.Dict(allow_none=True)
    after = fields.Dict(allow_none=True)


class LogOut(Answer):
    entries = fields.List(fields.Nested(LogEntryOut), required=True)
    next = fields.Integer(allow_none=True)


class AdminBookingOut(BookingOut):
    timeline = fields.List(fields.Nested(LogEntryOut), required=True)


class PersonOut(Answer):
    email = fields.String(required=True)
    person = fields.Dict(allow_none=True)
    sign_ins = fields.List(fields.Dict(), required=True)
    bookings = fields.List(fields.Dict(), required=True)
    requests = _kept("What was asked of us for them or by them, with the subject; kept for 72 hours.")
    journal = _kept("Every line about them, with the record before and after.")
    mails = _kept("Not sent yet.")
    work_items = _kept("That concern their bookings, show them as a candidate's organizer, or were settled by them.")
    sightings = _kept("What a room's calendar last showed of their meetings.")
    index = _kept("Rows of the search index that show their name or address.")


class ErasedOut(Answer):
    erased = fields.Dict(required=True)
    kept = fields.Integer(required=True)
    lines = fields.List(fields.String(), required=True)


class PolicyIn(Strict):
    """How one room is kept; what is left out stays."""

    series_mode = Text(validate=validate.OneOf(["singles", "series"]))
    cancellation = Text(validate=validate.OneOf(["automatic", "manual"]))
    dominant = Text(validate=validate.OneOf(["topdesk", "exchange"]))
    meeting_mode = Text(validate=validate.OneOf(["room_only", "person"]))
    topdesk_leads = fields.Boolean()
    keeps_subject = fields.Boolean()
    max_duration_minutes = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, 999_999))
    horizon_days = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, 3_650))


class RulesOut(Answer):
    series_mode = fields.String(required=True)
    cancellation = fields.String(required=True)
    dominant = fields.String(required=True)
    meeting_mode = fields.String(required=True)
    topdesk_leads = fields.Boolean(required=True)
    keeps_subject = fields.Boolean(required=True)
    max_duration_minutes = fields.Integer(allow_none=True, required=True)
    horizon_days = fields.Integer(allow_none=True, required=True)


class PolicyOut(NamedOut):
    policy = fields.Nested(RulesOut, required=True)

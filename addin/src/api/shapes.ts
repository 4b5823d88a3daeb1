/**
 * What the API answers and what we send it: the one place where its JSON is described.
 *
 * Everything that arrives is parsed with these schemas, never cast; a shape that does not fit is `side_garbled`.
 * Members that we do not name are ignored, so the API may add to them freely. Ids are opaque strings, times are
 * ISO 8601 with an offset (`Z` in answers), numbers are whole.
 *
 *   GET    /api/v1/rooms                -> RoomsAnswer        {"as_of"?, "rooms": [Room]}
 *   POST   /api/v1/availability         AvailabilityQuestion -> Availability
 *   POST   /api/v1/bookings             BookingRequest, Idempotency-Key -> 201 | 202 Booking, 409 Refusal with alternatives
 *   GET    /api/v1/bookings             -> BookingsAnswer     {"bookings": [Booking]}, soonest first
 *   GET    /api/v1/bookings/<id>        -> Booking with "timeline"
 *   PATCH  /api/v1/bookings/<id>        MoveRequest, Idempotency-Key -> 200 | 202 Booking (state "moving", "moving_to" set)
 *   DELETE /api/v1/bookings/<id>        Idempotency-Key -> 200 Booking
 *   GET    /api/v1/appointments?start&room -> AppointmentAnswer: for whoever is invited, the state and nothing else
 *   POST   /api/v1/bookings/<id>/hold   -> {"held_until"}; anything but 2xx means: not longer than it is
 *   any other answer                    -> Refusal            {"code", "message", "request_id", "errors"?, "alternatives"?}
 */
import * as v from 'valibot';

const instant = v.pipe(
  v.string(),
  v.check((text) => /(Z|[+-]\d\d:?\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)), 'a time with an offset'),
);
const maybe = <T extends v.GenericSchema>(schema: T) => v.optional(v.nullable(schema), null);

/** Why something is so: `code` is stable, `message` is a sentence for people. */
export const Reason = v.object({ code: v.string(), message: v.string(), facts: v.optional(v.record(v.string(), v.union([v.string(), v.number()]))) });

export const Room = v.object({
  id: v.string(),
  name: v.string(),
  number: maybe(v.string()),
  building: maybe(v.string()),
  floor: maybe(v.string()),
  capacity: maybe(v.number()),
  equipment: v.optional(v.array(v.string()), []),
  mailbox: v.string(),
  time_zone: maybe(v.string()),
  requires_approval: v.optional(v.boolean(), false),
  wheelchair_accessible: maybe(v.boolean()),
  photo_url: maybe(v.string()),
});

export const RoomsAnswer = v.object({ as_of: maybe(instant), rooms: v.array(Room) });

/** A way out of a refusal. Without `room` it is about the room that was asked for. */
export const Alternative = v.object({
  kind: v.picklist(['earlier', 'later', 'shorter', 'other_room']),
  start: instant,
  end: instant,
  room: maybe(Room),
});

/** What is in the way; `by` only where the caller may know. For a series: one per date that clashes. */
export const Conflict = v.object({ start: instant, end: instant, by: maybe(v.string()) });

export const RoomAvailability = v.object({
  room: Room,
  state: v.picklist(['free', 'busy', 'not_bookable']),
  reason: maybe(Reason),
  conflicts: v.optional(v.array(Conflict), []),
  /** When a free room is next taken. */
  free_until: maybe(instant),
  alternatives: v.optional(v.array(Alternative), []),
  /** Only when more than one slot was asked: how many of them are free. */
  slots: maybe(v.object({ free: v.number(), total: v.number() })),
});

export const Availability = v.object({
  /** How fresh our index is; null before its first reading. */
  as_of: maybe(instant),
  total: v.number(),
  counts: v.object({ free: v.number(), busy: v.number(), not_bookable: v.number() }),
  rooms: v.array(RoomAvailability),
});

export const BOOKING_STATES = [
  'reserving', 'awaiting_approval', 'awaiting_appointment', 'confirmed', 'moving', 'releasing', 'released', 'cancelled',
  'refused', 'on_hold',
] as const;
const BookingState = v.picklist(BOOKING_STATES);

export const BookedRoom = v.object({
  room: Room,
  match_key: maybe(v.string()),
  reservation: maybe(v.object({ id: v.string(), number: maybe(v.string()) })),
  state: v.optional(v.string(), ''),
  /** Of a series: which date this is, and why it is not as the others. */
  start: maybe(instant),
  end: maybe(instant),
  reason: maybe(Reason),
});

export const TimelineEntry = v.object({ at: instant, kind: v.string(), message: v.string(), by: maybe(v.string()) });

export const Booking = v.object({
  id: v.string(),
  state: BookingState,
  start: instant,
  end: instant,
  subject: maybe(v.string()),
  organizer: maybe(v.string()),
  attendees: maybe(v.number()),
  private: v.optional(v.boolean(), false),
  held_until: maybe(instant),
  rooms: v.array(BookedRoom),
  reason: maybe(Reason),
  alternatives: v.optional(v.array(Alternative), []),
  timeline: v.optional(v.array(TimelineEntry), []),
  /** While `moving`: where the booking is going; `start`, `end` and `rooms` still say where it stands. */
  moving_to: maybe(v.object({ start: instant, end: instant })),
});

export const BookingsAnswer = v.object({ bookings: v.array(Booking) });
/** `room` is the mailbox; no state: not booked through us at that start. */
export const AppointmentAnswer = v.object({ room: v.string(), state: v.nullable(BookingState) });
export const HoldAnswer = v.object({ held_until: instant });

export const Refusal = v.object({
  code: v.string(),
  message: v.string(),
  request_id: maybe(v.string()),
  /** Field name to what is wrong with it, as marshmallow writes it. */
  errors: v.optional(v.record(v.string(), v.unknown())),
  alternatives: v.optional(v.array(Alternative), []),
});

export type Reason = v.InferOutput<typeof Reason>;
export type Room = v.InferOutput<typeof Room>;
export type Alternative = v.InferOutput<typeof Alternative>;
export type Conflict = v.InferOutput<typeof Conflict>;
export type RoomAvailability = v.InferOutput<typeof RoomAvailability>;
export type Availability = v.InferOutput<typeof Availability>;
export type BookedRoom = v.InferOutput<typeof BookedRoom>;
export type BookingState = v.InferOutput<typeof BookingState>;
export type Booking = v.InferOutput<typeof Booking>;
export type TimelineEntry = v.InferOutput<typeof TimelineEntry>;
export type Refusal = v.InferOutput<typeof Refusal>;

/** Graph's patternedRecurrence; `recurrenceTimeZone` is an IANA name, `type` as Graph spells it. */
export interface PatternedRecurrence {
  pattern: {
    type: 'daily' | 'weekly' | 'absoluteMonthly' | 'relativeMonthly' | 'absoluteYearly' | 'relativeYearly';
    interval: number;
    daysOfWeek?: string[];
    firstDayOfWeek?: string;
    dayOfMonth?: number;
    index?: string;
    month?: number;
  };
  range: {
    type: 'endDate' | 'noEnd' | 'numbered';
    startDate: string;
    endDate?: string;
    numberOfOccurrences?: number;
    recurrenceTimeZone: string;
  };
}

export interface AvailabilityQuestion {
  start: string;
  end: string;
  recurrence?: PatternedRecurrence;
  /** Number of persons, the organizer included. */
  attendees: number;
  filters: { capacity?: number; buildings?: string[]; equipment?: string[]; text?: string; organizer?: string };
  limit?: number;
}

export interface BookingRequest {
  rooms: string[];
  start: string;
  end: string;
  subject: string;
  organizer: string;
  attendees: number;
  recurrence?: PatternedRecurrence;
  private?: boolean;
}

export interface MoveRequest {
  start: string;
  end: string;
  rooms: string[];
}

/** What each state of a booking means for the person: whether it stands, what may be done, how often to look again. */
import type { Booking, BookingState, Room } from '../api/shapes.ts';
import { sameSlot, slotOf, type Form, type Slot } from './form.ts';

export type Tone = 'progress' | 'waiting' | 'good' | 'over' | 'bad';

interface Meaning {
  tone: Tone;
  /** Holds a room, so cancelling and moving make sense. */
  live: boolean;
  /** Milliseconds until the next look while the pane is open; null: it will not change by itself. */
  lookAgainMs: number | null;
}

const MEANINGS: Record<BookingState, Meaning> = {
  reserving: { tone: 'progress', live: false, lookAgainMs: 1_000 },
  awaiting_approval: { tone: 'waiting', live: true, lookAgainMs: 15_000 },
  awaiting_appointment: { tone: 'waiting', live: true, lookAgainMs: 3_000 },
  confirmed: { tone: 'good', live: true, lookAgainMs: 15_000 },
  moving: { tone: 'progress', live: true, lookAgainMs: 2_000 },
  releasing: { tone: 'progress', live: false, lookAgainMs: 2_000 },
  released: { tone: 'over', live: false, lookAgainMs: null },
  cancelled: { tone: 'over', live: false, lookAgainMs: null },
  refused: { tone: 'bad', live: false, lookAgainMs: null },
  on_hold: { tone: 'bad', live: true, lookAgainMs: 15_000 },
};

export function meaningOf(state: BookingState): Meaning {
  return MEANINGS[state];
}

/** A final answer to a press: nothing is left to find out about it. */
export function isSettled(booking: Booking): boolean {
  return booking.state !== 'reserving' && booking.state !== 'releasing';
}

/** Where the booking is or is about to be. */
export function slotOfBooking(booking: Booking): Slot {
  return booking.moving_to ?? { start: booking.start, end: booking.end };
}

/** Each room once; a series names it for each date. */
export function roomsOf(booking: Booking): Room[] {
  return [...new Map(booking.rooms.map(({ room }) => [room.id, room])).values()];
}

/** The form's time when it is no longer the booking's: the room has to be moved too, or the time set back. */
export function driftOf(form: Form | null, booking: Booking): Slot | null {
  if (!form || !meaningOf(booking.state).live || form.recurrence) return null;
  // A series has many dates; Outlook and the plan move those.
  if (booking.rooms.length > roomsOf(booking).length) return null;
  const slot = slotOf(form);
  return slot && !sameSlot(slot, slotOfBooking(booking)) ? slot : null;
}

/** The live booking of this appointment, for when the item has forgotten it: same time, and its room is on the form. */
export function findBooking(bookings: Booking[], form: Form): Booking | null {
  const slot = slotOf(form);
  if (!slot) return null;
  return bookings.find((booking) => meaningOf(booking.state).live && sameSlot(slotOfBooking(booking), slot)
    && booking.rooms.some(({ room }) => form.rooms.includes(room.mailbox.toLowerCase()))) ?? null;
}

/** An answer that is older than what is shown must not undo it: a timeline only grows. */
export function newest(shown: Booking | null, answer: Booking): Booking {
  if (!shown || shown.id !== answer.id) return answer;
  return answer.timeline.length === 0 && shown.timeline.length > 0 ? { ...answer, timeline: shown.timeline } : answer;
}

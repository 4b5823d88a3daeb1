/** The fixed cast and furniture of the tests. */
import type { Availability, Booking, Room, RoomAvailability } from '../src/api/shapes.ts';
import type { Form } from '../src/model/form.ts';

export const START = '2026-11-24T09:00:00.000Z';
export const END = '2026-11-24T10:00:00.000Z';

export function room(id: string, more: Partial<Room> = {}): Room {
  return {
    id, name: `Room ${id}`, number: null, building: 'HQ', floor: '1', capacity: 8, equipment: [], mailbox: `room${id}@contoso.example`,
    time_zone: 'Europe/Amsterdam', requires_approval: false, wheelchair_accessible: null, photo_url: null, ...more,
  };
}

export function row(id: string, state: RoomAvailability['state'] = 'free', more: Partial<RoomAvailability> = {}): RoomAvailability {
  return { room: room(id), state, reason: null, conflicts: [], free_until: null, alternatives: [], slots: null, ...more };
}

export function availability(rows: RoomAvailability[], asOf = new Date().toISOString()): Availability {
  const count = (state: string) => rows.filter((one) => one.state === state).length;
  return { as_of: asOf, total: rows.length, counts: { free: count('free'), busy: count('busy'), not_bookable: count('not_bookable') }, rooms: rows };
}

export function booking(state: Booking['state'], more: Partial<Booking> = {}): Booking {
  return {
    id: 'b1', state, start: START, end: END, subject: 'Planning', organizer: 'alice.jansen@contoso.example', attendees: 3, private: false,
    held_until: null, rooms: [{ room: room('1'), match_key: 'ORB-1', reservation: { id: 'r', number: 'R1' }, state: 'planned', start: null, end: null, reason: null }],
    reason: null, alternatives: [], timeline: [], moving_to: null, ...more,
  };
}

export function form(more: Partial<Form> = {}): Form {
  return {
    subject: 'Planning', start: START, end: END, zone: 'Europe/Amsterdam', organizer: 'alice.jansen@contoso.example', persons: 3,
    rooms: [], recurrence: null, isPrivate: false, unknownSeries: false, ...more,
  };
}

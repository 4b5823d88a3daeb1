/** The resources of our API, one function per call. */
import type { Client } from './client.ts';
import {
  AppointmentAnswer, Availability, Booking, BookingsAnswer, HoldAnswer, RoomsAnswer,
  type AvailabilityQuestion, type BookingRequest, type BookingState, type MoveRequest, type Room,
} from './shapes.ts';

/** Booking talks to two other systems before it answers. */
const BOOKING_MS = 30_000;

export interface RoomBooker {
  rooms(signal?: AbortSignal): Promise<Room[]>;
  availability(question: AvailabilityQuestion, signal?: AbortSignal): Promise<Availability>;
  book(request: BookingRequest, key: string): Promise<Booking>;
  bookings(): Promise<Booking[]>;
  /** How a room stands for an appointment that somebody else organizes. */
  appointment(start: string, mailbox: string): Promise<BookingState | null>;
  booking(id: string): Promise<Booking>;
  move(id: string, request: MoveRequest, key: string): Promise<Booking>;
  cancel(id: string, key: string): Promise<Booking>;
  /** Asks for more time; the new end of the hold. */
  hold(id: string): Promise<string>;
}

export function createRoomBooker(client: Client): RoomBooker {
  const one = (id: string) => `api/v1/bookings/${encodeURIComponent(id)}`;
  return {
    rooms: async (signal) => (await client.call('api/v1/rooms', RoomsAnswer, signal ? { signal } : {})).rooms,
    availability: (body, signal) =>
      client.call('api/v1/availability', Availability, { method: 'POST', body, ...(signal ? { signal } : {}) }),
    book: (body, key) => client.call('api/v1/bookings', Booking, { method: 'POST', body, key, timeoutMs: BOOKING_MS }),
    bookings: async () => (await client.call('api/v1/bookings', BookingsAnswer)).bookings,
    appointment: async (start, room) =>
      (await client.call(`api/v1/appointments?${new URLSearchParams({ start, room }).toString()}`, AppointmentAnswer)).state,
    booking: (id) => client.call(one(id), Booking),
    move: (id, body, key) => client.call(one(id), Booking, { method: 'PATCH', body, key, timeoutMs: BOOKING_MS }),
    cancel: (id, key) => client.call(one(id), Booking, { method: 'DELETE', key, timeoutMs: BOOKING_MS }),
    hold: async (id) => (await client.call(`${one(id)}/hold`, HoldAnswer, { method: 'POST' })).held_until,
  };
}

/** Outlook and the API as the pane's flows see them, in memory; what was done to them can be read back. */
import { Failure } from '../../src/api/client.ts';
import type { RoomBooker } from '../../src/api/resources.ts';
import type { Booking } from '../../src/api/shapes.ts';
import type { Form } from '../../src/model/form.ts';
import type { Remembered } from '../../src/office/memory.ts';
import type { Outlook } from '../../src/taskpane/outlook.ts';
import { availability, booking, form, room, row } from '../people.ts';

export class MadeUpOutlook implements Outlook {
  kind: 'compose' | 'read' = 'compose';
  form: Form = form();
  kept: Remembered = { bookings: [], keys: [] };
  refusesRooms = false;
  refusesTime = false;
  private changed: () => void = () => undefined;

  read = () => Promise.resolve({ ...this.form });
  watch = (changed: () => void) => {
    this.changed = changed;
    return () => undefined;
  };
  setTime = (start: string, end: string) => {
    if (this.refusesTime) return Promise.reject(new Error('no'));
    this.form = { ...this.form, start, end };
    return Promise.resolve();
  };
  addRoom = ({ mailbox }: { mailbox: string }) => {
    if (this.refusesRooms) return Promise.reject(new Error('no'));
    this.form = { ...this.form, rooms: [...new Set([...this.form.rooms, mailbox])] };
    return Promise.resolve();
  };
  removeRoom = ({ mailbox }: { mailbox: string }) => {
    this.form = { ...this.form, rooms: this.form.rooms.filter((one) => one !== mailbox) };
    return Promise.resolve();
  };
  recall = () => Promise.resolve(this.kept);
  remember = (what: Remembered) => {
    this.kept = what;
    return Promise.resolve(true);
  };

  /** Somebody types into the form. */
  type(change: Partial<Form>): void {
    this.form = { ...this.form, ...change };
    this.changed();
  }
}

export class MadeUpApi implements RoomBooker {
  rows = [row('1'), row('2'), row('3', 'busy')];
  known = new Map<string, Booking>();
  keys: string[] = [];
  /** Mailbox to how the room stands, for who is invited. */
  stands: Record<string, Booking['state']> = {};
  asked: string[] = [];
  /** Taken one per call of what changes something, then all goes well. */
  faults: Failure[] = [];
  next: Booking['state'] = 'awaiting_appointment';

  private meet(what: string, key: string): void {
    this.asked.push(what);
    this.keys.push(key);
    const fault = this.faults.shift();
    if (fault) throw fault;
  }

  rooms = () => Promise.resolve(this.rows.map((one) => one.room));
  availability = (question: { start: string }) => {
    this.asked.push(`availability ${question.start}`);
    return Promise.resolve(availability(this.rows));
  };
  book = async (request: { start: string; end: string; rooms: string[] }, key: string) => {
    this.meet(`book ${request.rooms.join()} ${request.start}`, key);
    return this.keep(booking(this.next, {
      start: request.start, end: request.end,
      held_until: this.next === 'awaiting_appointment' ? new Date(Date.now() + 1_800_000).toISOString() : null,
      rooms: request.rooms.map((id) => ({ room: room(id), match_key: `ORB-${id}`, reservation: null, state: '', start: null, end: null, reason: null })),
    }));
  };
  appointment = (_start: string, mailbox: string) => Promise.resolve(this.stands[mailbox] ?? null);
  bookings = () => Promise.resolve([...this.known.values()]);
  booking = (id: string) => {
    const found = this.known.get(id);
    return found ? Promise.resolve(found) : Promise.reject(new Failure('not_found'));
  };
  move = async (id: string, request: { start: string; end: string; rooms: string[] }, key: string) => {
    this.meet(`move ${request.start}`, key);
    const old = await this.booking(id);
    return this.keep({ ...old, state: 'moving', moving_to: { start: request.start, end: request.end }, rooms: request.rooms.map((one) => ({ room: room(one), match_key: null, reservation: null, state: '', start: null, end: null, reason: null })) });
  };
  cancel = async (id: string, key: string) => {
    this.meet('cancel', key);
    return this.keep({ ...(await this.booking(id)), state: 'cancelled', held_until: null });
  };
  hold = (id: string) => {
    this.asked.push(`hold ${id}`);
    const until = new Date(Date.now() + 1_800_000).toISOString();
    const found = this.known.get(id);
    if (found) this.keep({ ...found, held_until: until });
    return Promise.resolve(until);
  };

  keep(one: Booking): Booking {
    this.known.set(one.id, one);
    return one;
  }
}

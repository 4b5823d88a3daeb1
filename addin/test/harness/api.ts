/** A made-up API for the harness: forty rooms, and every mood a server can be in (?mood=slow|failing|empty|taken|...). */
import type { Alternative, Booking, Room, RoomAvailability } from '../../src/api/shapes.ts';

const wanted = new URLSearchParams(location.search);
const mood = () => wanted.get('mood') ?? '';
const NAMES = ['Zuiderzee', 'Noordzee', 'Maas', 'IJssel', 'Amstel', 'Vecht', 'Board Room with a very long name that wraps', 'Dommel', 'Rijn', 'Waal', 'Linge', 'Merwede', 'Schelde', 'Eem', 'Dinkel', 'Berkel'];
const rooms: Room[] = NAMES.map((name, n) => ({
  id: String(n + 1), name, number: `A${n % 4}.${10 + n}`, building: ['HQ North', 'HQ South', 'New York'][n % 7 === 5 ? 2 : n % 2] ?? '', floor: String(n % 4),
  capacity: [6, 8, 12, 4, 20, 10][n % 6] ?? 6, equipment: [['Screen', 'Whiteboard'], ['Video', 'Screen', 'Hearing loop'], ['Whiteboard']][n % 3] ?? [],
  mailbox: `room${n + 1}@contoso.example`, time_zone: n % 7 === 5 ? 'America/New_York' : 'Europe/Amsterdam', requires_approval: n === 4, wheelchair_accessible: n % 2 === 0, photo_url: null,
}));
const room = (n: number): Room => rooms[n] as Room;
const shift = (instant: string, minutes: number) => new Date(Date.parse(instant) + minutes * 60_000).toISOString();
const made = new Map<string, Booking>();

function booking(id: string, state: Booking['state'], start: string, end: string, ids: string[], more: Partial<Booking> = {}): Booking {
  const made_: Booking = {
    id, state, start, end, subject: 'Quarterly planning', organizer: 'alice.jansen@contoso.example', attendees: 6, private: false,
    held_until: state === 'awaiting_appointment' ? shift(new Date().toISOString(), Number(wanted.get('hold') ?? 29.6)) : null,
    rooms: ids.map((one) => ({ room: rooms.find((r) => r.id === one) ?? room(0), match_key: `ORB-${one}`, reservation: { id: 'x', number: `R2611 ${40 + Number(one)}` }, state: 'planned', start: null, end: null, reason: null })),
    reason: null, alternatives: [], moving_to: null,
    timeline: [
      { at: shift(new Date().toISOString(), -4), kind: 'intent', message: 'Booked from Outlook', by: 'Alice Jansen' },
      { at: shift(new Date().toISOString(), -3), kind: 'topdesk', message: 'Reserved in TOPdesk as R2611 041', by: null },
      { at: shift(new Date().toISOString(), -1), kind: 'exchange', message: 'Seen on the room’s calendar and matched', by: null },
    ],
    ...more,
  };
  made.set(id, made_);
  return made_;
}

function availability(question: { start: string; end: string; recurrence?: unknown; filters: { text?: string; buildings?: string[]; equipment?: string[] } }) {
  const { start, end } = question;
  const found = rooms.filter((one) => (!question.filters.text || one.name.toLowerCase().includes(question.filters.text.toLowerCase()))
    && (!question.filters.buildings || question.filters.buildings.includes(one.building ?? ''))
    && (question.filters.equipment ?? []).every((thing) => one.equipment.includes(thing)));
  const rows: RoomAvailability[] = found.map((one, at) => {
    const n = rooms.indexOf(one);
    const state = mood() === 'full' ? (n % 5 === 4 ? 'not_bookable' : 'busy') : n < 6 ? 'free' : n < 12 ? 'busy' : 'not_bookable';
    const others: Alternative[] = [
      { kind: 'earlier', start: shift(start, -30), end: shift(end, -30), room: null },
      { kind: 'later', start: shift(start, 30), end: shift(end, 30), room: null },
      { kind: 'other_room', start, end, room: room(0) },
    ];
    return {
      room: one, state, conflicts: state === 'busy' ? [{ start: shift(start, -15), end: shift(start, 30 + 15 * (at % 3)), by: at % 2 ? 'Bob de Vries' : null }] : [],
      reason: state === 'not_bookable' ? { code: 'too_small', message: `This room has ${one.capacity} seats; your meeting needs more.` } : null,
      free_until: n % 2 ? shift(end, 60) : null, alternatives: state === 'busy' ? others : [], slots: null,
      ...(question.recurrence ? { slots: { free: 26 - (n % 5), total: 26 }, conflicts: Array.from({ length: n % 5 }, (_, k) => ({ start: shift(start, 10_080 * (k + 2)), end: shift(end, 10_080 * (k + 2)), by: null })) } : {}),
    };
  });
  return {
    as_of: new Date(Date.now() - 12_000).toISOString(), total: mood() === 'empty' ? 0 : rows.length,
    counts: { free: rows.filter((r) => r.state === 'free').length, busy: rows.filter((r) => r.state === 'busy').length, not_bookable: rows.filter((r) => r.state === 'not_bookable').length },
    rooms: mood() === 'empty' ? [] : rows,
  };
}

const refusal = (status: number, code: string, message: string, more = {}) => new Response(JSON.stringify({ code, message, request_id: 'req-7f3a', ...more }), { status });
const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });
const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));
const asked: string[] = [];
Object.assign(window, { asked });

const real = window.fetch.bind(window);
window.fetch = async (input, init) => {
  const url = new URL(String(input), location.href);
  const at = url.pathname.indexOf('/api/v1/');
  if (at < 0) return real(input, init);
  const path = url.pathname.slice(at + 8);
  const body = init?.body ? JSON.parse(String(init.body)) : {};
  asked.push(`${init?.method ?? 'GET'} ${path} ${new Headers(init?.headers).get('Idempotency-Key') ?? ''}`);
  await wait(mood() === 'slow' ? 60_000 : Number(wanted.get('ms') ?? 80));
  if (mood() === 'failing') return refusal(503, 'side_unavailable', 'TOPdesk does not answer');
  if (mood() === 'offline') throw new TypeError('Failed to fetch');
  if (mood() === 'denied') return refusal(502, 'side_denied', 'no right');
  if (path === 'rooms') return json({ rooms });
  if (path === 'availability') return json(availability(body));
  const [, id, hold] = path.split('/');
  if (path === 'bookings' && init?.method === 'POST') {
    if (mood() === 'taken') {
      return refusal(409, 'slot_taken', `${rooms.find((r) => r.id === body.rooms[0])?.name} was taken a moment ago.`, {
        alternatives: [{ kind: 'later', start: shift(body.start, 30), end: shift(body.end, 30) }, { kind: 'other_room', start: body.start, end: body.end, room: room(1) }] });
    }
    if (body.recurrence) return refusal(422, 'invalid_input', 'Series cannot be booked yet. Book the dates one by one, or invite the room.', { errors: { recurrence: ['not yet'] } });
    return json(booking('b-new', 'awaiting_appointment', body.start, body.end, body.rooms), 201);
  }
  if (path === 'bookings') {
    const base = new Date(Date.now() + 86_400_000).toISOString();
    return json({ bookings: mood() === 'none' ? [] : [
      booking('b1', 'awaiting_appointment', shift(base, 0), shift(base, 60), ['1']), booking('b2', 'confirmed', shift(base, 1440), shift(base, 1500), ['3', '4'], { subject: 'Interview' }),
      booking('b3', 'awaiting_approval', shift(base, 2880), shift(base, 3000), ['5'], { subject: null }), booking('b4', 'on_hold', shift(base, 4000), shift(base, 4060), ['8'], { private: true }),
      booking('b5', 'cancelled', shift(base, 4000), shift(base, 4060), ['8'], { subject: 'Old plan' }),
    ] });
  }
  const known = made.get(id ?? '') ?? (id && wanted.get('booked') === id
    ? booking(id, (wanted.get('state') ?? 'awaiting_appointment') as Booking['state'], tomorrowAt(), shift(tomorrowAt(), 60), ['1'], wanted.get('state') === 'refused' || wanted.get('state') === 'on_hold' ? { reason: { code: 'moved_in_topdesk', message: 'Facilities moved this reservation to 14:00 in TOPdesk.' } } : {}) : null);
  if (!known || !id) return refusal(404, 'not_found', 'no such booking');
  if (hold) return json({ held_until: shift(new Date().toISOString(), 30) });
  if (init?.method === 'DELETE') made.set(id, { ...known, state: 'cancelled', held_until: null });
  if (init?.method === 'PATCH') {
    if (mood() === 'move_taken') return refusal(409, 'slot_taken', 'Zuiderzee is taken at that time.', { alternatives: [{ kind: 'later', start: shift(body.start, 30), end: shift(body.end, 30) }] });
    made.set(id, { ...known, state: 'moving', moving_to: { start: body.start, end: body.end }, rooms: body.rooms.map((one: string) => ({ ...known.rooms[0], room: rooms.find((r) => r.id === one) })) });
  }
  return json(made.get(id));
};

function tomorrowAt(): string {
  const day = new Date(Date.now() + 86_400_000);
  day.setUTCHours(9, 0, 0, 0);
  return day.toISOString();
}
